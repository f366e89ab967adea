"""Page 12: a kernel by hand, sizes, and how many weights there are."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def convolved(image, kernel):
    """The sum of window times kernel at each place where the window lies within the image.

    image is (H, W), kernel (h, w); what is asked for is (H - h + 1, W - w + 1).
    """
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum(axis=(2, 3))


def size(n, k, stride, padding):
    """Pixels a side of the result: an image of n, a window of k that moves by stride.

    Around the image are padding pixels of zeros, on each side.
    """
    return (n + 2 * padding - k) // stride + 1


def parameters():
    """How many numbers Conv2D(16, 3) learns, if 8 channels come in."""
    return 16.0 * (3 * 3 * 8 + 1)


def averaged(image, kernel):
    """The mean of each window, as if all weights were alike."""
    return convolved(image, np.full(kernel.shape, 1 / kernel.size))


IMAGE = np.array([[0.0, 1, 2, 0], [3, 0, 1, 4], [2, 2, 0, 1], [0, 5, 1, 3]])

PAGE = Page(
    "Convolutions",
    (
        Exercise(
            convolved,
            (
                (IMAGE, np.array([[1.0, 0], [-2, 3]])),
                (IMAGE, np.array([[-1.0, 0, 1], [-2, 0, 1], [-1, 0, 1]])),
                (IMAGE, np.array([[2.0, -1, 1]])),
            ),
            (
                (
                    lambda image, kernel: convolved(image, kernel[::-1, ::-1]),
                    "the kernel is turned round, as in mathematics; networks leave it as it is.",
                ),
                (
                    lambda image, kernel: convolved(image, kernel.T),
                    "rows and columns of the kernel are exchanged.",
                ),
                (
                    lambda image, kernel: convolved(image, kernel) / kernel.size,
                    "the products are added, not averaged.",
                ),
                (
                    lambda image, kernel: convolved(image, np.ones(kernel.shape)),
                    "each pixel of the window is multiplied by its weight first.",
                ),
                (averaged, "that is the mean of the window; multiply by the kernel, and add."),
                (
                    lambda image, kernel: convolved(image, kernel)[:-1, :-1],
                    "the last places are missing: range ends before its last number, "
                    "and there are H - h + 1 of them.",
                ),
            ),
            "at (i, j) the window is image[i : i + h, j : j + w].",
        ),
        Exercise(
            size,
            ((8, 3, 1, 0), (8, 3, 2, 1), (28, 5, 1, 2), (224, 7, 2, 3), (9, 2, 2, 0)),
            (
                (
                    lambda n, k, stride, padding: (n + 2 * padding - k) // stride,
                    "that many steps the window makes; it stands at one place more.",
                ),
                (
                    lambda n, k, stride, padding: (n + padding - k) // stride + 1,
                    "there is padding on both sides.",
                ),
                (
                    lambda n, k, stride, padding: (n - k) // stride + 1,
                    "the padding is missing: the window has n + 2 * padding pixels to move in.",
                ),
                (
                    lambda n, k, stride, padding: (n + 2 * padding - k) / stride + 1,
                    "a step that does not fit is not made: round down.",
                ),
                (
                    lambda n, k, stride, padding: -(-(n + 2 * padding - k) // stride) + 1,
                    "a step that does not fit is not made: round down, not up.",
                ),
                (
                    lambda n, k, stride, padding: n + 2 * padding - k + 1,
                    "with a stride of 2 the window stands at half of the places.",
                ),
            ),
            "how many steps of the stride can the window make until it meets the other side?",
        ),
        Exercise(
            parameters,
            mistakes=(
                (lambda: 1152.0, "each of the 16 kernels has a bias as well."),
                (lambda: 160.0, "each kernel has a window on every one of the 8 channels."),
                (lambda: 144.0, "each kernel looks at 8 channels, and has a bias."),
                (lambda: 1153.0, "each kernel has a bias of its own: 16, not 1."),
                (lambda: 1280.0, "the bias is one for each kernel, not one for each channel too."),
                (lambda: 584.0, "that is with 8 kernels; how many are there?"),
            ),
            hint="a kernel is 3 x 3 x 8 and has a bias; there are 16.",
            tolerance=1e-6,
        ),
    ),
)
