"""Inception v3: windows of several sizes side by side, large ones made of small and flat ones.

Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision", table 1: two
windows of 3x3 see what one of 5x5 sees, one of 1x7 and one of 7x1 what one of 7x7 sees, for less.
23,851,784 numbers, with names and order of keras.applications, without the auxiliary classifier;
images are meant to be numbers from -1 to 1.
"""

from __future__ import annotations

from typing import Any

from neurona.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import Names, Shape, images, pooled


class Blocks:
    """The blocks of figures 5 to 7 and 10, with filters by a factor."""

    def __init__(self, width: float) -> None:
        self.width, self.names = width, Names()

    def conv(
        self, x: Symbolic, filters: int, rows: int, columns: int, stride: int = 1,
        padding: str = "same",
    ) -> Symbolic:  # fmt: skip
        """relu(norm(W * x)), the norm without a scale."""
        x = Conv2D(
            max(1, int(filters * self.width)), (rows, columns), stride, padding, use_bias=False,
            name=self.names("conv2d"),
        )(x)  # fmt: skip
        x = BatchNormalization(scale=False, name=self.names("batch_normalization"))(x)
        return Activation("relu", name=self.names("activation"))(x)

    def row(self, x: Symbolic, *convolutions: tuple[int, int, int]) -> Symbolic:
        """Convolutions (filters, rows, columns) one after the other."""
        for filters, rows, columns in convolutions:
            x = self.conv(x, filters, rows, columns)
        return x

    def average(self, x: Symbolic, filters: int) -> Symbolic:
        """Averages of 3x3, and a convolution of 1x1."""
        x = AveragePooling2D(3, 1, "same", name=self.names("average_pooling2d"))(x)
        return self.conv(x, filters, 1, 1)

    def largest(self, x: Symbolic) -> Symbolic:
        """The largest of 3x3, half as high and wide."""
        return MaxPooling2D(3, 2, name=self.names("max_pooling2d"))(x)

    def five(self, x: Symbolic, averaged: int, name: str) -> Symbolic:
        """Figure 5: windows up to 5x5."""
        branches = [
            self.row(x, (64, 1, 1)),
            self.row(x, (48, 1, 1), (64, 5, 5)),
            self.row(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
            self.average(x, averaged),
        ]
        return Concatenate(name=name)(branches)

    def seven(self, x: Symbolic, filters: int, name: str) -> Symbolic:
        """Figure 6: windows up to 13x13, of 1x7 and 7x1."""
        f = filters
        branches = [
            self.row(x, (192, 1, 1)),
            self.row(x, (f, 1, 1), (f, 1, 7), (192, 7, 1)),
            self.row(x, (f, 1, 1), (f, 7, 1), (f, 1, 7), (f, 7, 1), (192, 1, 7)),
            self.average(x, 192),
        ]
        return Concatenate(name=name)(branches)

    def broad(self, x: Symbolic, number: int) -> Symbolic:
        """Figure 7: 1x3 and 3x1 side by side."""
        single = self.row(x, (320, 1, 1))
        y = self.row(x, (384, 1, 1))
        parts = [self.conv(y, 384, 1, 3), self.conv(y, 384, 3, 1)]
        double = Concatenate(name=f"mixed9_{number}")(parts)
        y = self.row(x, (448, 1, 1), (384, 3, 3))
        parts = [self.conv(y, 384, 1, 3), self.conv(y, 384, 3, 1)]
        triple = Concatenate(name=self.names("concatenate"))(parts)
        branches = [single, double, triple, self.average(x, 192)]
        return Concatenate(name=f"mixed{9 + number}")(branches)


def InceptionV3(
    width: float = 1.0,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "inception_v3",
) -> Model:
    """Inception v3: 5.7e9 multiply-adds, top-1 error 21.2 % (table 3).

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, 2048).

    Args:
        width: a factor on all numbers of filters.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (299, 299, 3) by default, and may be any size of
            75 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 75, or weights are asked for.

    >>> InceptionV3(0.1, input_shape=(75, 75, 3), classes=10).output_shape
    (None, 10)
    """
    b = Blocks(width)
    x = image = images(input_shape or (299, 299, 3), weights, classes, pooling, smallest=75)
    x = b.conv(x, 32, 3, 3, 2, "valid")  # (B, 149, 149, 32)
    x = b.conv(x, 32, 3, 3, 1, "valid")
    x = b.largest(b.conv(x, 64, 3, 3))  # (B, 73, 73, 64)
    x = b.conv(x, 80, 1, 1, 1, "valid")
    x = b.largest(b.conv(x, 192, 3, 3, 1, "valid"))  # (B, 35, 35, 192)
    for number, averaged in enumerate((32, 64, 64)):
        x = b.five(x, averaged, f"mixed{number}")  # (B, 35, 35, 288)
    once = b.conv(x, 384, 3, 3, 2, "valid")
    twice = b.conv(b.row(x, (64, 1, 1), (96, 3, 3)), 96, 3, 3, 2, "valid")
    x = Concatenate(name="mixed3")([once, twice, b.largest(x)])  # (B, 17, 17, 768)
    for number, filters in enumerate((128, 160, 160, 192), 4):
        x = b.seven(x, filters, f"mixed{number}")
    once = b.conv(b.row(x, (192, 1, 1)), 320, 3, 3, 2, "valid")
    twice = b.conv(b.row(x, (192, 1, 1), (192, 1, 7), (192, 7, 1)), 192, 3, 3, 2, "valid")
    x = Concatenate(name="mixed8")([once, twice, b.largest(x)])  # (B, 8, 8, 1280)
    for number in range(2):
        x = b.broad(x, number)  # (B, 8, 8, 2048)
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 2048)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)
