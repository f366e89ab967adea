"""MobileNet v3: MobileNet v2 with weighed channels and cheap activations, found by search.

Howard et al. 2019, "Searching for MobileNetV3", tables 1 and 2. `MobileNetV3Large` has 5,507,432
numbers, `MobileNetV3Small` 2,554,968, with order of keras.applications; hard sigmoid and hard swish
are made of straight lines. Images are numbers from 0 to 255.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurona.errors import check_number
from neurona.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Multiply,
    ReLU,
    Rescaling,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import Names, Shape, halving_pad, images, pooled, rounded_width

Row = tuple[float, int, int, int, bool, bool]

# expansion, filters, size of the window, stride, weighed channels, hard swish: tables 1 and 2
LARGE: tuple[Row, ...] = (
    (1, 16, 3, 1, False, False), (4, 24, 3, 2, False, False), (3, 24, 3, 1, False, False),
    (3, 40, 5, 2, True, False), (3, 40, 5, 1, True, False), (3, 40, 5, 1, True, False),
    (6, 80, 3, 2, False, True), (2.5, 80, 3, 1, False, True), (2.3, 80, 3, 1, False, True),
    (2.3, 80, 3, 1, False, True), (6, 112, 3, 1, True, True), (6, 112, 3, 1, True, True),
    (6, 160, 5, 2, True, True), (6, 160, 5, 1, True, True), (6, 160, 5, 1, True, True),
)  # fmt: skip
SMALL: tuple[Row, ...] = (
    (1, 16, 3, 2, True, False), (72 / 16, 24, 3, 2, False, False),
    (88 / 24, 24, 3, 1, False, False), (4, 40, 5, 2, True, True), (6, 40, 5, 1, True, True),
    (6, 40, 5, 1, True, True), (3, 48, 5, 1, True, True), (3, 48, 5, 1, True, True),
    (6, 96, 5, 2, True, True), (6, 96, 5, 1, True, True), (6, 96, 5, 1, True, True),
)  # fmt: skip


def norm(x: Symbolic, name: str) -> Symbolic:
    """Return x with mean 0 and variance 1 in each channel, scaled and shifted."""
    return BatchNormalization(epsilon=1e-3, momentum=0.999, name=name)(x)


def weighed(x: Symbolic, filters: int, name: str) -> Symbolic:
    """x * hard_sigmoid(W relu(V mean(x))): a weight for each channel."""  # (B, H, W, C)
    y = GlobalAveragePooling2D(keepdims=True, name=f"{name}squeeze_excite_avg_pool")(x)
    y = Conv2D(filters, 1, padding="same", name=f"{name}squeeze_excite_conv")(y)
    y = ReLU(name=f"{name}squeeze_excite_relu")(y)
    y = Conv2D(x.shape[-1], 1, padding="same", name=f"{name}squeeze_excite_conv_1")(y)
    y = Activation("hard_sigmoid", name=f"{name}squeeze_excite_sigmoid")(y)
    return Multiply(name=f"{name}squeeze_excite_mul")([x, y])


def block(x: Symbolic, row: Row, filters: int, act: Callable[..., Symbolic], name: str) -> Symbolic:
    """x + F(x), F widens, looks in each channel, weighs the channels, and narrows."""
    expansion, _, size, stride, weighs, _ = row
    channels, y = x.shape[-1], x  # (B, H, W, C)
    wide = rounded_width(channels * expansion)
    if name != "expanded_conv_":
        y = Conv2D(wide, 1, padding="same", use_bias=False, name=f"{name}expand")(y)
        y = act(norm(y, f"{name}expand_bn"))
    around = "same"
    if stride == 2:
        around, y = "valid", ZeroPadding2D(halving_pad(y, size), name=f"{name}depthwise_pad")(y)
    y = DepthwiseConv2D(size, stride, around, use_bias=False, name=f"{name}depthwise")(y)
    y = act(norm(y, f"{name}depthwise_bn"))  # (B, H / s, W / s, t C)
    if weighs:
        y = weighed(y, rounded_width(wide * 0.25), name)
    y = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(y)
    y = norm(y, f"{name}project_bn")
    return Add(name=f"{name}add")([x, y]) if stride == 1 and channels == filters else y


def MobileNetV3(
    rows: Sequence[Row] = LARGE,
    last: int = 1280,
    alpha: float = 1.0,
    minimalistic: bool = False,
    dropout: float = 0.2,
    include_preprocessing: bool = True,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "mobilenetv3",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, features).

    Args:
        rows, last: the blocks, and the filters before the classes.
        alpha: numbers of filters are multiplied by it and rounded to multiples of 8.
        minimalistic: windows of 3x3, ReLU and no weighed channels throughout.
        dropout: share of the averages that is dropped in training.
        include_preprocessing: whether images are brought from 0 to 255 to -1 to 1.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> MobileNetV3(LARGE[:2], 16, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    alpha, names = check_number("alpha", alpha, low=0, open=True), Names()

    def activated(x: Symbolic, swish: bool) -> Symbolic:
        if minimalistic or not swish:
            return ReLU(name=names("re_lu"))(x)
        return Activation("hard_swish", name=names("activation"))(x)

    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    if include_preprocessing:
        x = Rescaling(1 / 127.5, -1.0, name="rescaling")(x)
    x = Conv2D(16, 3, 2, "same", use_bias=False, name="conv")(x)  # (B, 112, 112, 16)
    x = activated(norm(x, "conv_bn"), True)
    for number, (expansion, filters, size, stride, weighs, swish) in enumerate(rows):
        called = f"expanded_conv_{number}_" if number else "expanded_conv_"
        row = expansion, filters, 3 if minimalistic else size, stride, weighs and not minimalistic
        x = block(
            x, (*row, swish), rounded_width(filters * alpha),
            lambda x, swish=swish: activated(x, swish), called,
        )  # fmt: skip
    x = Conv2D(rounded_width(x.shape[-1] * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
    x = activated(norm(x, "conv_1_bn"), True)  # (B, 7, 7, 960)
    if not include_top:
        return Model(image, pooled(x, pooling), name=name)
    x = GlobalAveragePooling2D(keepdims=True, name="global_average_pooling2d")(x)
    x = Conv2D(
        rounded_width(last * alpha) if alpha > 1 else last, 1, padding="same", name="conv_2"
    )(x)  # (B, 1, 1, 1280)
    x = activated(x, True)
    if dropout > 0:
        x = Dropout(dropout, name="dropout")(x)
    x = Conv2D(classes, 1, padding="same", name="logits")(x)
    x = Flatten(name="flatten")(x)
    return Model(image, Activation(classifier_activation, name="predictions")(x), name=name)


def MobileNetV3Large(**options: Any) -> Model:
    """MobileNetV3-Large: 217e6 multiply-adds, top-1 accuracy 75.2 %. Args: see MobileNetV3."""
    return MobileNetV3(LARGE, 1280, **{"name": "MobileNetV3Large", **options})


def MobileNetV3Small(**options: Any) -> Model:
    """MobileNetV3-Small: 57e6 multiply-adds, top-1 accuracy 67.4 %. Args: see MobileNetV3."""
    return MobileNetV3(SMALL, 1024, **{"name": "MobileNetV3Small", **options})
