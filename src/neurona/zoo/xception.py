"""Xception: an Inception whose branches are as many as channels, with sums around them.

Chollet 2016, "Xception: Deep Learning with Depthwise Separable Convolutions", figure 5: over places
in each channel and then over channels, with nothing in between; 22,910,480 numbers, with names and
order of keras.applications; images are meant to be numbers from -1 to 1.
"""

from __future__ import annotations

from typing import Any

from neurona.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import Names, Shape, images, pooled


def relu(x: Symbolic, name: str) -> Symbolic:
    """Return max(x, 0)."""
    return Activation("relu", name=f"{name}_act")(x)


def separable(x: Symbolic, filters: int, name: str) -> Symbolic:
    """Return a window of 3x3 in each channel, then all channels, normalised."""
    x = SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return BatchNormalization(name=f"{name}_bn")(x)


def Xception(
    width: int = 32,
    middle: int = 8,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "xception",
) -> Model:
    """Xception: 8.4e9 multiply-adds, top-1 accuracy 79.0 % (table 1).

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, 2048).

    Args:
        width: filters of the first convolution; all others are in proportion.
        middle: blocks of the middle flow.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (299, 299, 3) by default, and may be any size of
            71 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 71, or weights are asked for.

    >>> Xception(4, 1, input_shape=(71, 71, 3), classes=10).output_shape
    (None, 10)
    """
    names = Names()

    def wide(filters: int) -> int:
        return filters * width // 32

    def halved(x: Symbolic, filters: int, before: bool, inner: int, number: int) -> Symbolic:
        """pool(F(x)) + P x, F of two separable convolutions."""
        called = f"block{number}_sepconv"
        residual = Conv2D(filters, 1, 2, padding="same", use_bias=False, name=names("conv2d"))(x)
        residual = BatchNormalization(name=names("batch_normalization"))(residual)
        y = relu(x, f"{called}1") if before else x
        y = relu(separable(y, inner, f"{called}1"), f"{called}2")
        y = separable(y, filters, f"{called}2")
        y = MaxPooling2D(3, 2, padding="same", name=f"block{number}_pool")(y)
        return Add(name=names("add"))([y, residual])

    x = image = images(input_shape or (299, 299, 3), weights, classes, pooling, smallest=71)
    for number, (filters, stride) in enumerate(((32, 2), (64, 1)), 1):  # (B, 147, 147, 64)
        called = f"block1_conv{number}"
        x = Conv2D(wide(filters), 3, stride, use_bias=False, name=called)(x)
        x = relu(BatchNormalization(name=f"{called}_bn")(x), called)
    for number, filters in ((2, 128), (3, 256), (4, 728)):  # to (B, 19, 19, 728): entry flow
        x = halved(x, wide(filters), number > 2, wide(filters), number)
    for block in range(5, 5 + middle):  # middle flow
        residual = x
        for n in (1, 2, 3):
            called = f"block{block}_sepconv{n}"
            x = separable(relu(x, called), wide(728), called)
        x = Add(name=names("add"))([x, residual])
    last = 5 + middle
    x = halved(x, wide(1024), True, wide(728), last)  # (B, 10, 10, 1024): exit flow
    for n, filters in ((1, 1536), (2, 2048)):
        called = f"block{last + 1}_sepconv{n}"
        x = relu(separable(x, wide(filters), called), called)
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 2048)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)
