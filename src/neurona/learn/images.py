"""Page 8: bytes, names of classes, and the middle of an image."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def scaled(pixels):
    """Bytes from 0 to 255 as numbers from 0 to 1, whatever the brightest of these pixels is."""
    return np.asarray(pixels) / 255


def numbers(folders):
    """The number of each image's class, from the folder that each image lies in.

    Classes are numbered from 0 in the alphabetical order of their names, as `from_folder` does.
    """
    names = sorted(set(folders))
    return np.array([names.index(folder) for folder in folders])


def middle(image, height, width):
    """The middle of an image (H, W), of this height and width.

    Opposite sides lose as much: H - height and W - width are even.
    """
    top, left = (np.array(image.shape) - (height, width)) // 2
    return image[top : top + height, left : left + width]


def as_seen(folders):
    """Classes in the order in which they come."""
    names = list(dict.fromkeys(folders))
    return np.array([names.index(folder) for folder in folders])


def by_size(folders):
    """Classes in the order of the numbers that their names are, if they all are."""
    names = sorted(set(folders), key=lambda name: int(name) if name.isdigit() else 0)
    return np.array([names.index(folder) for folder in folders])


def thinned(image, height, width):
    """Pixels from all over the image."""
    rows = np.arange(height) * image.shape[0] // height
    return image[rows][:, np.arange(width) * image.shape[1] // width]


GREY = np.array([[0, 51, 102], [204, 153, 0]], np.uint8)
WIDE = np.arange(32.0).reshape(4, 8)

PAGE = Page(
    "Your own folder of images",
    (
        Exercise(
            scaled,
            ((GREY,), (np.array([255, 128, 0], np.uint8),)),
            (
                (
                    lambda pixels: pixels / pixels.max(),
                    "a dark image would become a light one: divide by 255, always.",
                ),
                (lambda pixels: pixels / 256, "the brightest pixel is 255, and 255 / 255 is 1."),
                (lambda pixels: pixels // 255, "// leaves whole numbers only; use /."),
                (
                    lambda pixels: (pixels - pixels.mean()) / pixels.std(),
                    "that makes the mean 0; numbers from 0 to 1 are asked for.",
                ),
                (lambda pixels: 1 - pixels / 255, "light and dark are exchanged."),
                (lambda pixels: pixels / 127.5 - 1, "that is from -1 to 1."),
            ),
            "divide by the largest number that a byte can be.",
        ),
        Exercise(
            numbers,
            (
                (["dog", "cat", "dog", "eel"],),
                (["9", "10", "9", "2"],),
            ),
            (
                (as_seen, "the order is that of the alphabet, not the one in which they come."),
                (
                    by_size,
                    'names are text, and there "10" stands before "2": "1" comes before "2".',
                ),
                (lambda folders: numbers(folders) + 1, "the first class has the number 0."),
                (
                    lambda folders: numbers(folders)[:, None] == np.arange(len({*folders})),
                    "that is a row of 0 and 1 for each image; the class's number is asked for.",
                ),
                (lambda folders: np.arange(len(folders)), "images of one folder are of one class."),
            ),
            "sorted(set(folders)) are the names in order; the place of a name is its number.",
        ),
        Exercise(
            middle,
            ((WIDE, 2, 4), (WIDE.T, 4, 4), (WIDE[:, :6], 4, 2)),
            (
                (
                    lambda image, height, width: image[:height, :width],
                    "that is the upper left corner; leave out as much on the other sides.",
                ),
                (
                    lambda image, height, width: image[-height:, -width:],
                    "that is the lower right corner; leave out as much on the other sides.",
                ),
                (
                    lambda image, height, width: middle(image, width, height),
                    "rows come first: an image is (height, width).",
                ),
                (
                    thinned,
                    "that is a smaller copy of the whole image; its middle is asked for.",
                ),
            ),
            "the first row is (H - height) // 2, and the columns are found alike.",
        ),
    ),
)
