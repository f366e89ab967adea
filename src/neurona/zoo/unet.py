"""U-Net: down to see what there is, up again to say where, with a bridge at each size.

Ronneberger, Fischer and Brox 2015, "U-Net: Convolutional Networks for Biomedical Image
Segmentation", figure 1: 31,030,658 numbers for two classes. There windows have no padding, so an
image of 572x572 gives a map of 388x388, and bridges are cropped; `padding="same"` is what most
use now: the map is as large as the image. Transposed convolutions of 2x2 double the size.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from neurona.errors import ArgumentError, check_choice, check_integer
from neurona.layers import (
    Activation,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Cropping2D,
    Dropout,
    MaxPooling2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import Shape, images


def twice(x: Symbolic, filters: int, padding: str, normalize: bool, name: str) -> Symbolic:
    """relu(relu(x * k) * l): two windows of 3x3."""  # (B, H, W, C) -> (B, H - 4, W - 4, filters)
    for n in (1, 2):
        x = Conv2D(filters, 3, padding=padding, use_bias=not normalize, name=f"{name}_conv{n}")(x)
        if normalize:
            x = BatchNormalization(name=f"{name}_bn{n}")(x)
        x = Activation("relu", name=f"{name}_relu{n}")(x)
    return x


def UNet(
    classes: int = 2,
    width: int = 64,
    depth: int = 4,
    padding: str = "valid",
    normalize: bool = False,
    dropout: float = 0.5,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    classifier_activation: Any = "softmax",
    name: str = "unet",
) -> Model:
    """Probabilities of each class at each place of an image.

    Shapes: images (B, H, W, C) -> (B, H', W', classes), H' = H for "same" padding; for "valid" 572
    -> 388, as in the paper.

    Args:
        classes: how many there are; with an activation of "sigmoid", 1 for a mask.
        width: filters at the largest size; they double at each smaller one.
        depth: how often the size is halved.
        padding: "valid" as in the paper, or "same".
        normalize: batch normalisation behind each convolution; the paper has none.
        dropout: share that is dropped in training at the end of the way down.
        include_top: whether it ends with classes, or with `width` features at each place.
        weights: None: parameters begin at random.
        input_shape: height, width and channels of the images, (572, 572, 1) by default. For "same"
            height and width are multiples of 2**depth, or None.
        classifier_activation: "softmax" for probabilities, None for logits.
        name: of the model.

    Raises:
        ArgumentError: if an image cannot be halved so often.

    >>> UNet(3, width=2, depth=2, padding="same", input_shape=(16, 24, 1)).output_shape
    (None, 16, 24, 3)
    """
    depth = check_integer("depth", depth, minimum=1)
    check_choice("padding", padding, ("valid", "same"))
    smallest = next(s for s in count(1) if _mapped(s, depth, padding))
    x = image = images(input_shape or (572, 572, 1), weights, classes, None, smallest=smallest)
    _check_sizes(image.shape[1:3], depth, padding)
    bridges = []
    for level in range(depth):  # 568, 280, 136, 64 high and wide
        x = twice(x, width * 2**level, padding, normalize, f"down{level + 1}")
        if level == depth - 1 and dropout > 0:
            x = Dropout(dropout, name="down_dropout")(x)
        bridges.append(x)
        x = MaxPooling2D(2, name=f"down{level + 1}_pool")(x)
    x = twice(x, width * 2**depth, padding, normalize, "bottom")  # (B, 28, 28, 1024)
    if dropout > 0:
        x = Dropout(dropout, name="bottom_dropout")(x)
    for level in reversed(range(depth)):  # 52, 100, 196, 388 high and wide
        called, filters = f"up{level + 1}", width * 2**level
        x = Conv2DTranspose(filters, 2, 2, name=f"{called}_conv_transpose")(x)
        bridge = bridges[level]
        if padding == "valid":
            bridge = Cropping2D(_border(bridge, x), name=f"{called}_crop")(bridge)
        x = Concatenate(name=f"{called}_concat")([bridge, x])
        x = twice(x, filters, padding, normalize, called)
    if include_top:
        x = Conv2D(classes, 1, name="predictions_conv")(x)
        x = Activation(classifier_activation, name="predictions")(x)
    return Model(image, x, name=name)


def _border(large: Symbolic, small: Symbolic) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the rows and columns that the larger one has more, on both sides."""
    more = [a - b for a, b in zip(large.shape[1:3], small.shape[1:3], strict=True)]
    top, left = (m // 2 for m in more)
    return (top, more[0] - top), (left, more[1] - left)


def _mapped(size: int, depth: int, padding: str) -> int:
    """Return how large the map of an image is, 0 if it cannot be halved so often.

    >>> _mapped(572, 4, "valid"), _mapped(570, 4, "valid"), _mapped(48, 4, "same")
    (388, 0, 48)
    """
    lost = 4 if padding == "valid" else 0  # by two windows
    for _ in range(depth):
        size -= lost
        if size < 2 or size % 2:
            return 0
        size //= 2
    size -= lost
    for _ in range(depth):
        size = 2 * size - lost
    return max(size, 0)


def _check_sizes(sizes: tuple[int | None, ...], depth: int, padding: str) -> None:
    if padding == "valid" and None in sizes:
        raise ArgumentError(
            "without padding, bridges are cropped for images of one size.",
            got=f"height and width {sizes}",
            hint='give both, or padding="same"',
        )
    known = [s for s in sizes if s is not None]
    if not all(_mapped(s, depth, padding) for s in known):
        near = [next(n for n in count(s) if _mapped(n, depth, padding)) for s in known]
        raise ArgumentError(
            f"the image cannot be halved {depth} times.",
            got=f"height and width {sizes}",
            hint=f"the next larger sizes that can: {', '.join(map(str, near))}; or a smaller depth",
        )
