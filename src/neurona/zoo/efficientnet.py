"""EfficientNet: depth, width and size of the images grow together, by one number.

Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
table 1. Its block is that of MobileNet v2, with a weight for each channel from the averages of all
("squeeze and excitation", Hu et al. 2018), and swish. B0 has 5,330,570 numbers, 6 of them moments
of the colours; Keras counts one more, the samples that these are of. Names and order are those of
keras.applications, without the second rescaling that its own trained weights need. Images are
numbers from 0 to 255.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any, Unpack

from neurona.errors import check_number
from neurona.initializers import VarianceScaling
from neurona.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    Multiply,
    Normalization,
    Rescaling,
    Reshape,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import ImageOptions, Shape, halving_pad, images, pooled, rounded_width

# size k of the windows, expansion t, filters c, blocks n and stride s of the first: table 1
BLOCKS = (
    (3, 1, 16, 1, 1), (3, 6, 24, 2, 2), (5, 6, 40, 2, 2), (3, 6, 80, 3, 2), (5, 6, 112, 3, 1),
    (5, 6, 192, 4, 2), (3, 6, 320, 1, 1),
)  # fmt: skip
DEVIATION = (0.229, 0.224, 0.225)  # of ImageNet's colours
HE = VarianceScaling(2.0, "fan_out", "truncated_normal")
LE_CUN = VarianceScaling(1 / 3, "fan_out", "uniform")


def swish(x: Symbolic, name: str) -> Symbolic:
    """Return x sigmoid(x)."""
    return Activation("swish", name=name)(x)


def norm(x: Symbolic, name: str) -> Symbolic:
    """Return x with mean 0 and variance 1 in each channel, scaled and shifted."""
    return BatchNormalization(name=name)(x)


def excited(x: Symbolic, filters: int, name: str) -> Symbolic:
    """x * sigmoid(W swish(V mean(x))): a weight for each channel."""  # (B, H, W, C)
    channels = x.shape[-1]
    y = GlobalAveragePooling2D(name=f"{name}_squeeze")(x)
    y = Reshape((1, 1, channels), name=f"{name}_reshape")(y)
    y = Conv2D(
        filters, 1, padding="same", activation="swish", kernel_initializer=HE,
        name=f"{name}_reduce",
    )(y)  # fmt: skip
    y = Conv2D(
        channels, 1, padding="same", activation="sigmoid", kernel_initializer=HE,
        name=f"{name}_expand",
    )(y)  # fmt: skip
    return Multiply(name=f"{name}_excite")([x, y])


def block(
    x: Symbolic, size: int, expansion: int, filters: int, stride: int, dropout: float, name: str
) -> Symbolic:
    """x + F(x), F widens, looks in each channel, weighs the channels, and narrows."""
    channels, y = x.shape[-1], x  # (B, H, W, C)

    def pointwise(x: Symbolic, filters: int, name: str) -> Symbolic:
        x = Conv2D(
            filters, 1, padding="same", use_bias=False, kernel_initializer=HE, name=f"{name}_conv"
        )(x)
        return norm(x, f"{name}_bn")

    if expansion > 1:
        y = pointwise(y, expansion * channels, f"{name}_expand")  # (B, H, W, t C)
        y = swish(y, f"{name}_expand_activation")
    around = "same"
    if stride == 2:
        around, y = "valid", ZeroPadding2D(halving_pad(y, size), name=f"{name}_dwconv_pad")(y)
    y = DepthwiseConv2D(
        size, stride, around, use_bias=False, depthwise_initializer=HE, name=f"{name}_dwconv"
    )(y)
    y = swish(norm(y, f"{name}_bn"), f"{name}_activation")  # (B, H / s, W / s, t C)
    y = excited(y, max(1, channels // 4), f"{name}_se")
    y = pointwise(y, filters, f"{name}_project")  # (B, H / s, W / s, filters)
    if stride > 1 or channels != filters:
        return y
    if dropout > 0:  # of a whole F(x): stochastic depth
        y = Dropout(dropout, (None, 1, 1, 1), name=f"{name}_drop")(y)
    return Add(name=f"{name}_add")([y, x])


def EfficientNet(
    width: float = 1.0,
    depth: float = 1.0,
    dropout: float = 0.2,
    drop_connect: float = 0.2,
    rescaled: bool = False,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnet",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, features).

    Args:
        width, depth: factors on numbers of filters, rounded to multiples of 8, and of blocks,
            rounded up.
        dropout: share of the averages that is dropped in training.
        drop_connect: share of images whose F(x) is dropped in the last block; less before.
        rescaled: whether colours are divided once more by the roots of their deviations, which
            weights that were trained elsewhere need.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> EfficientNet(width=0.1, depth=0.2, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    width = check_number("width", width, low=0, open=True)
    depth = check_number("depth", depth, low=0, open=True)
    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    x = Rescaling(1 / 255, name="rescaling")(x)
    x = Normalization(name="normalization")(x)
    if rescaled:
        x = Rescaling([1 / sqrt(deviation) for deviation in DEVIATION], name="rescaling_1")(x)
    x = ZeroPadding2D(halving_pad(x, 3), name="stem_conv_pad")(x)
    x = Conv2D(
        rounded_width(32 * width), 3, 2, use_bias=False, kernel_initializer=HE, name="stem_conv"
    )(x)
    x = swish(norm(x, "stem_bn"), "stem_activation")  # (B, 112, 112, 32)
    repeats = [ceil(depth * n) for _, _, _, n, _ in BLOCKS]
    done = 0
    for stage, (size, expansion, filters, _, stride) in enumerate(BLOCKS):
        for n in range(repeats[stage]):  # 112, 56, 28, 14, 14, 7, 7 high and wide
            rate, called = drop_connect * done / sum(repeats), f"block{stage + 1}{chr(97 + n)}"
            filters_out = rounded_width(filters * width)
            x = block(x, size, expansion, filters_out, 1 if n else stride, rate, called)
            done += 1
    x = Conv2D(
        rounded_width(1280 * width), 1, padding="same", use_bias=False, kernel_initializer=HE,
        name="top_conv",
    )(x)  # fmt: skip
    x = swish(norm(x, "top_bn"), "top_activation")  # (B, 7, 7, 1280)
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 1280)
        if dropout > 0:
            x = Dropout(dropout, name="top_dropout")(x)
        x = Dense(classes, classifier_activation, kernel_initializer=LE_CUN, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)


def EfficientNetB0(**options: Unpack[ImageOptions]) -> Model:
    """EfficientNet-B0: 390e6 multiply-adds, top-1 accuracy 77.1 % (table 2). Args: see above."""
    options.setdefault("name", "efficientnetb0")
    return EfficientNet(1.0, 1.0, **options)
