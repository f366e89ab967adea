"""NASNet-A: cells that a search found on small images, stacked for large ones.

Zoph, Vasudevan, Shlens and Le 2017, "Learning Transferable Architectures for Scalable Image
Recognition", figure 4: a cell reads the outputs of the two cells before it. `NASNetMobile` has
5,326,716 numbers, with order of keras.applications; images are meant to be numbers from -1 to 1.
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona.errors import ArgumentError
from neurona.layers import (
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Cropping2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import ImageOptions, Names, Shape, halving_pad, images, pooled


def norm(x: Symbolic, name: str) -> Symbolic:
    """Return x with mean 0 and variance 1 in each channel, scaled and shifted."""
    return BatchNormalization(momentum=0.9997, epsilon=1e-3, name=name)(x)


def conv(x: Symbolic, filters: int, name: str) -> Symbolic:
    """Return a convolution of 1x1."""
    return Conv2D(
        filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)


class Cells:
    """The cells of figure 4, and what makes inputs of one size of their two."""

    def __init__(self) -> None:
        self.names = Names()

    def relu(self, x: Symbolic) -> Symbolic:
        """Return max(x, 0)."""
        return Activation("relu", name=self.names("activation"))(x)

    def separable(
        self, x: Symbolic, filters: int, size: int, name: str, stride: int = 1
    ) -> Symbolic:
        """Twice relu, a separable convolution and a norm."""
        x, around = self.relu(x), "same"
        if stride == 2:
            around, x = (
                "valid",
                ZeroPadding2D(halving_pad(x, size), name=f"separable_conv_1_pad_{name}")(x),
            )
        for n, (step, padding) in enumerate(((stride, around), (1, "same")), 1):
            x = self.relu(x) if n == 2 else x
            called = f"separable_conv_{n}_{name}"
            x = SeparableConv2D(filters, size, step, padding, use_bias=False, name=called)(x)
            x = norm(x, f"separable_conv_{n}_bn_{name}")
        return x

    def adjusted(self, p: Symbolic | None, x: Symbolic, filters: int, name: str) -> Symbolic:
        """Return the output of the cell before the last, of the size that x and filters have."""
        if p is None:
            return x
        if p.shape[-2] != x.shape[-2]:
            p = Activation("relu", name=f"adjust_relu_1_{name}")(p)
            moved = ZeroPadding2D(((0, 1), (0, 1)), name=self.names("zero_padding2d"))(p)
            moved = Cropping2D(((1, 0), (1, 0)), name=self.names("cropping2d"))(moved)
            parts = []
            for n, part in ((1, p), (2, moved)):  # pixels 0, 2, 4, ... and 1, 3, 5, ...
                part = AveragePooling2D(1, 2, name=f"adjust_avg_pool_{n}_{name}")(part)
                parts.append(conv(part, filters // 2, f"adjust_conv_{n}_{name}"))
            return norm(Concatenate(name=self.names("concatenate"))(parts), f"adjust_bn_{name}")
        if p.shape[-1] != filters:
            p = conv(self.relu(p), filters, f"adjust_conv_projection_{name}")
            return norm(p, f"adjust_bn_{name}")
        return p

    def normal(self, x: Symbolic, p: Symbolic | None, filters: int, name: str) -> Symbolic:
        """Figure 4, left: as high and wide as x."""
        p = self.adjusted(p, x, filters, name)
        h = norm(conv(self.relu(x), filters, f"normal_conv_1_{name}"), f"normal_bn_1_{name}")

        def average(x: Symbolic, side: str) -> Symbolic:
            return AveragePooling2D(3, 1, "same", name=f"normal_{side}_{name}")(x)

        def separable(x: Symbolic, size: int, side: str) -> Symbolic:
            return self.separable(x, filters, size, f"normal_{side}_{name}")

        pairs = [
            (separable(h, 5, "left1"), separable(p, 3, "right1")),
            (separable(p, 5, "left2"), separable(p, 3, "right2")),
            (average(h, "left3"), p),
            (average(p, "left4"), average(p, "right4")),
            (separable(h, 3, "left5"), h),
        ]
        sums = [Add(name=f"normal_add_{n}_{name}")([*pair]) for n, pair in enumerate(pairs, 1)]
        return Concatenate(name=f"normal_concat_{name}")([p, *sums])

    def reduction(self, x: Symbolic, p: Symbolic | None, filters: int, name: str) -> Symbolic:
        """Figure 4, right: half as high and wide as x."""
        p = self.adjusted(p, x, filters, name)
        h = norm(conv(self.relu(x), filters, f"reduction_conv_1_{name}"), f"reduction_bn_1_{name}")
        padded = ZeroPadding2D(halving_pad(h, 3), name=f"reduction_pad_1_{name}")(h)

        def separable(x: Symbolic, size: int, side: str) -> Symbolic:
            return self.separable(x, filters, size, f"reduction_{side}_{name}", 2)

        left, right = separable(h, 5, "left1"), separable(p, 7, "right1")
        first = Add(name=f"reduction_add_1_{name}")([left, right])
        left = MaxPooling2D(3, 2, name=f"reduction_left2_{name}")(padded)
        second = Add(name=f"reduction_add_2_{name}")([left, separable(p, 7, "right2")])
        left = AveragePooling2D(3, 2, name=f"reduction_left3_{name}")(padded)
        third = Add(name=f"reduction_add3_{name}")([left, separable(p, 5, "right3")])
        left = AveragePooling2D(3, 1, "same", name=f"reduction_left4_{name}")(first)
        fourth = Add(name=self.names("add"))([second, left])
        left = self.separable(first, filters, 3, f"reduction_left4_{name}")
        right = MaxPooling2D(3, 2, name=f"reduction_right5_{name}")(padded)
        fifth = Add(name=f"reduction_add4_{name}")([left, right])
        return Concatenate(name=f"reduction_concat_{name}")([second, third, fourth, fifth])


def NASNet(
    penultimate: int = 1056,
    blocks: int = 4,
    stem: int = 32,
    skip_reduction: bool = False,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "nasnet",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, penultimate).

    Args:
        penultimate: features in front of the classes, a multiple of 96.
        blocks: normal cells of each size.
        stem: filters of the first convolution.
        skip_reduction: whether a cell behind a reduction reads what came before that.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more.

    Raises:
        ArgumentError: if an image is smaller than 32, weights are asked for, or penultimate is no
            multiple of 96.

    >>> NASNet(96, 1, 4, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    if penultimate % 96:
        raise ArgumentError("penultimate is a multiple of 96.", got=repr(penultimate))
    cells, filters = Cells(), penultimate // 24
    x = image = images(
        input_shape or (224, 224, 3), weights, classes, pooling, smallest=32, fixed=True
    )
    x = Conv2D(stem, 3, 2, use_bias=False, kernel_initializer="he_normal", name="stem_conv1")(
        x
    )  # (B, 111, 111, 32)
    x = norm(x, "stem_bn1")
    p: Symbolic | None = None
    for n, size in ((1, filters // 4), (2, filters // 2)):  # (B, 28, 28, ...)
        x, p = cells.reduction(x, p, size, f"stem_{n}"), x
    for stage in range(3):
        if stage:
            called = f"reduce_{stage * blocks}"
            before, x = x, cells.reduction(x, p, filters * 2**stage, called)
            p = p if skip_reduction else before
        for n in range(blocks):
            number = stage * blocks + n + (stage > 0)
            x, p = cells.normal(x, p, filters * 2**stage, str(number)), x
    x = cells.relu(x)
    if include_top:
        x = GlobalAveragePooling2D(name="global_average_pooling2d")(x)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)


def NASNetMobile(**options: Unpack[ImageOptions]) -> Model:
    """NASNet-A (4 @ 1056): 564e6 multiply-adds, top-1 accuracy 74.0 %. Args: see NASNet."""
    options.setdefault("name", "nasnet_mobile")
    return NASNet(**options)
