"""EfficientNet v2: blocks with whole convolutions where images are large, for faster training.

Tan and Le 2021, "EfficientNetV2: Smaller Models and Faster Training", table 4: where a block looks
in each channel and then widens, a fused one does both with one window of 3x3. `EfficientNetV2S` has
21,612,360 numbers, with names and order of keras.applications. Images are numbers from 0 to 255.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Unpack

from neurona.errors import check_number
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
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.convnext import DEVIATION, MEAN
from neurona.zoo.efficientnet import HE, LE_CUN
from neurona.zoo.images import ImageOptions, Names, Shape, images, pooled

Row = tuple[int, int, int, int, int, bool]

# blocks, filters in and out, expansion, stride of the first, whether fused; windows are 3x3
S: tuple[Row, ...] = (
    (2, 24, 24, 1, 1, True), (4, 24, 48, 4, 2, True), (4, 48, 64, 4, 2, True),
    (6, 64, 128, 4, 2, False), (9, 128, 160, 6, 1, False), (15, 160, 256, 6, 2, False),
)  # fmt: skip
M: tuple[Row, ...] = (
    (3, 24, 24, 1, 1, True), (5, 24, 48, 4, 2, True), (5, 48, 80, 4, 2, True),
    (7, 80, 160, 4, 2, False), (14, 160, 176, 6, 1, False), (18, 176, 304, 6, 2, False),
    (5, 304, 512, 6, 1, False),
)  # fmt: skip
L: tuple[Row, ...] = (
    (4, 32, 32, 1, 1, True), (7, 32, 64, 4, 2, True), (7, 64, 96, 4, 2, True),
    (10, 96, 192, 4, 2, False), (19, 192, 224, 6, 1, False), (25, 224, 384, 6, 2, False),
    (7, 384, 640, 6, 1, False),
)  # fmt: skip
B: tuple[Row, ...] = (
    (1, 32, 16, 1, 1, True), (2, 16, 32, 4, 2, True), (2, 32, 48, 4, 2, True),
    (3, 48, 96, 4, 2, False), (5, 96, 112, 6, 1, False), (8, 112, 192, 6, 2, False),
)  # fmt: skip


def width_of(filters: float) -> int:
    """Return the nearest multiple of 8, 8 or more."""
    return max(8, int(filters + 4) // 8 * 8)


def norm(x: Symbolic, name: str) -> Symbolic:
    """Return x with mean 0 and variance 1 in each channel, scaled and shifted."""
    return BatchNormalization(momentum=0.9, name=name)(x)


def swish(x: Symbolic, name: str) -> Symbolic:
    """Return x sigmoid(x)."""
    return Activation("swish", name=name)(x)


def conv(x: Symbolic, filters: int, size: int, stride: int, name: str) -> Symbolic:
    """Return a convolution without a bias."""
    return Conv2D(
        filters, size, stride, "same", use_bias=False, kernel_initializer=HE, name=f"{name}conv"
    )(x)


def excited(x: Symbolic, filters: int, name: str) -> Symbolic:
    """x * sigmoid(W swish(V mean(x))): a weight for each channel."""  # (B, H, W, C)
    channels = x.shape[-1]
    y = GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    y = Reshape((1, 1, channels), name=f"{name}se_reshape")(y)
    for size, activation, called in ((filters, "swish", "reduce"), (channels, "sigmoid", "expand")):
        y = Conv2D(
            size, 1, padding="same", activation=activation, kernel_initializer=HE,
            name=f"{name}se_{called}",
        )(y)  # fmt: skip
    return Multiply(name=f"{name}se_excite")([x, y])


def block(
    x: Symbolic, filters: int, expansion: int, stride: int, fused: bool, drop: float, name: str
) -> Symbolic:
    """x + F(x), F widens and looks around, at once or in turn, and narrows: figure 2."""
    channels, y = x.shape[-1], x  # (B, H, W, C)
    wide = channels * expansion
    if expansion > 1:
        y = conv(y, wide, 3 if fused else 1, stride if fused else 1, f"{name}expand_")
        y = swish(norm(y, f"{name}expand_bn"), f"{name}expand_activation")
    if not fused:
        y = DepthwiseConv2D(
            3, stride, "same", use_bias=False, depthwise_initializer=HE, name=f"{name}dwconv2"
        )(y)
        y = swish(norm(y, f"{name}bn"), f"{name}activation")
        y = excited(y, max(1, channels // 4), name)
    whole = fused and expansion == 1  # then this is the only convolution
    y = conv(y, filters, 3 if whole else 1, stride if whole else 1, f"{name}project_")
    y = norm(y, f"{name}project_bn")
    if whole:
        y = swish(y, f"{name}project_activation")
    if stride > 1 or channels != filters:
        return y
    if drop > 0:  # of a whole F(x): stochastic depth
        y = Dropout(drop, (None, 1, 1, 1), name=f"{name}drop")(y)
    return Add(name=f"{name}add")([y, x])


def EfficientNetV2(
    rows: Sequence[Row] = S,
    width: float = 1.0,
    depth: float = 1.0,
    dropout: float = 0.2,
    drop_connect: float = 0.2,
    include_preprocessing: bool = True,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetv2",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, features).

    Args:
        rows: the blocks: see the top of the file.
        width, depth: factors on numbers of filters, rounded to multiples of 8, and of blocks.
        dropout: share of the averages that is dropped in training.
        drop_connect: share of images whose F(x) is dropped in the last block; less before.
        include_preprocessing: whether images are numbers from 0 to 255. Those of B, with three
            colours, are standardised by ImageNet's, all others brought to -1 to 1.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> EfficientNetV2(S[:2], 0.3, 0.3, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    width = check_number("width", width, low=0, open=True)
    depth, names = check_number("depth", depth, low=0, open=True), Names()
    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    if include_preprocessing and rows is B and image.shape[-1] == 3:
        x = Rescaling(1 / 255, name="rescaling")(x)
        variance = [deviation**2 for deviation in DEVIATION]
        x = Normalization(-1, list(MEAN), variance, name="normalization")(x)
    elif include_preprocessing:
        x = Rescaling(1 / 128, -1.0, name=names("rescaling"))(x)
    x = conv(x, width_of(rows[0][1] * width), 3, 2, "stem_")  # (B, 112, 112, 24)
    x = swish(norm(x, "stem_bn"), "stem_activation")
    repeats = [ceil(depth * row[0]) for row in rows]
    done = 0
    for stage, (_, _, filters, expansion, stride, fused) in enumerate(rows):
        for n in range(repeats[stage]):  # 112, 56, 28, 14, 14, 7 high and wide
            drop, called = drop_connect * done / sum(repeats), f"block{stage + 1}{chr(97 + n)}_"
            size = width_of(filters * width)
            x = block(x, size, expansion, 1 if n else stride, fused, drop, called)
            done += 1
    x = conv(x, width_of(1280 * width), 1, 1, "top_")
    x = swish(norm(x, "top_bn"), "top_activation")  # (B, 7, 7, 1280)
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 1280)
        if dropout > 0:
            x = Dropout(dropout, name="top_dropout")(x)
        x = Dense(classes, classifier_activation, kernel_initializer=LE_CUN, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)


def EfficientNetV2B0(**options: Unpack[ImageOptions]) -> Model:
    """EfficientNetV2-B0: 0.72e9 multiply-adds, top-1 accuracy 78.7 %. Args: see above."""
    options.setdefault("name", "efficientnetv2-b0")
    return EfficientNetV2(B, **options)


def EfficientNetV2S(**options: Unpack[ImageOptions]) -> Model:
    """EfficientNetV2-S: 8.4e9 multiply-adds, top-1 accuracy 83.9 % (table 7). Args: see above."""
    options.setdefault("name", "efficientnetv2-s")
    options.setdefault("input_shape", (384, 384, 3))
    return EfficientNetV2(S, **options)
