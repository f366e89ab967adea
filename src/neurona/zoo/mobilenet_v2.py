"""MobileNet v2: between blocks few channels, and nothing is cut off; within a block many.

Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", table 2: a block
widens to six times as many channels, looks 3x3 in each, and narrows without an activation, which
would lose what few channels hold; the narrow ends are what is added. 3,538,984 numbers, with names,
order and rounding of keras.applications; images are meant to be numbers from -1 to 1.
"""

from __future__ import annotations

from typing import Any

from neurona.errors import check_number
from neurona.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    ReLU,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import Shape, halving_pad, images, pooled, rounded_width

# expansion t, filters c, blocks n and stride s of the first of them: table 2
BLOCKS = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip


def norm(x: Symbolic, name: str) -> Symbolic:
    """Return x with mean 0 and variance 1 in each channel, scaled and shifted."""
    return BatchNormalization(momentum=0.999, name=name)(x)


def relu6(x: Symbolic, name: str) -> Symbolic:
    """Return min(max(x, 0), 6): what few bits can hold."""
    return ReLU(6.0, name=name)(x)


def block(x: Symbolic, filters: int, stride: int, expansion: int, name: str) -> Symbolic:
    """x + F(x), F widens, looks 3x3 in each channel, and narrows: figure 4d."""  # (B, H, W, C)
    channels, y = x.shape[-1], x
    if expansion > 1:
        y = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{name}_expand")(
            y
        )
        y = relu6(norm(y, f"{name}_expand_BN"), f"{name}_expand_relu")  # (B, H, W, t C)
    around = "same"
    if stride == 2:
        around, y = "valid", ZeroPadding2D(halving_pad(y, 3), name=f"{name}_pad")(y)
    y = DepthwiseConv2D(3, stride, around, use_bias=False, name=f"{name}_depthwise")(y)
    y = relu6(norm(y, f"{name}_depthwise_BN"), f"{name}_depthwise_relu")  # (B, H / s, W / s, t C)
    y = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project")(y)
    y = norm(y, f"{name}_project_BN")  # (B, H / s, W / s, filters)
    return Add(name=f"{name}_add")([x, y]) if stride == 1 and channels == filters else y


def MobileNetV2(
    alpha: float = 1.0,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "mobilenetv2",
) -> Model:
    """MobileNet v2: 300e6 multiply-adds, top-1 accuracy 72.0 % (table 4).

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, 1280).

    Args:
        alpha: numbers of filters are multiplied by it and rounded to multiples of 8; the last is
            1280 at least.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> MobileNetV2(alpha=0.1, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    alpha = check_number("alpha", alpha, low=0, open=True)
    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    x = Conv2D(rounded_width(32 * alpha), 3, 2, "same", use_bias=False, name="Conv1")(x)
    x = relu6(norm(x, "bn_Conv1"), "Conv1_relu")  # (B, 112, 112, 32)
    number = 0
    for expansion, filters, blocks, stride in BLOCKS:  # 112, 56, 28, 14, 14, 7, 7 high and wide
        for n in range(blocks):
            called = f"block_{number}" if number else "expanded_conv"
            width = rounded_width(int(filters * alpha))
            x = block(x, width, 1 if n else stride, expansion, called)
            number += 1
    x = Conv2D(rounded_width(1280 * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
    x = relu6(norm(x, "Conv_1_bn"), "out_relu")  # (B, 7, 7, 1280)
    if include_top:
        x = GlobalAveragePooling2D(name="global_average_pooling2d")(x)  # (B, 1280)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)
