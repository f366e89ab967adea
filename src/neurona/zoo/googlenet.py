"""GoogLeNet, or Inception v1: windows of several sizes side by side, made cheap by 1x1 windows.

Szegedy et al. 2014, "Going Deeper with Convolutions", table 1, as torchvision has it: 6,624,904
numbers besides the moving averages, 13,004,888 with the two auxiliary classifiers. That form has
batch normalisation behind each convolution and so no biases; the paper has biases, no norms, local
response normalisation behind the first two stages, and 5x5 where "5x5" stands (torchvision's has
3x3): 6,998,552 numbers.
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
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import Shape, images, pooled

# filters of an inception of:  1x1, 3x3 reduce, 3x3, "5x5" reduce, "5x5", projection of the pooling
INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32),  # 28 x 28
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),  # 14 x 14
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),  # 7 x 7
    "5b": (384, 192, 384, 48, 128, 128),
}


def conv(x: Symbolic, filters: int, size: int, name: str) -> Symbolic:
    """Return relu(norm(convolution))."""  # (B, H, W, C)
    x = Conv2D(filters, size, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return Activation("relu", name=f"{name}_relu")(x)  # (B, H, W, filters)


def inception(x: Symbolic, filters: tuple[int, ...], name: str) -> Symbolic:
    """Four branches, side by side: figure 2 (b)."""  # (B, H, W, C)
    one, reduce3, three, reduce5, five, projection = filters
    branches = [
        conv(x, one, 1, f"{name}_branch1"),
        conv(conv(x, reduce3, 1, f"{name}_branch2_0"), three, 3, f"{name}_branch2_1"),
        conv(conv(x, reduce5, 1, f"{name}_branch3_0"), five, 3, f"{name}_branch3_1"),
        conv(
            MaxPooling2D(3, 1, "same", name=f"{name}_branch4_0")(x),
            projection, 1, f"{name}_branch4_1",
        ),
    ]  # fmt: skip
    return Concatenate(name=f"{name}_concat")(branches)


def auxiliary_scores(
    x: Symbolic, width: int, classes: int, activation: Any, name: str
) -> Symbolic:  # (B, 14, 14, C)
    """Return what a classifier on the way makes of it, so that gradients reach the first layers."""
    x = AveragePooling2D(5, 3, name=f"{name}_pool")(x)  # (B, 4, 4, C)
    x = conv(x, 2 * width, 1, name)  # (B, 4, 4, 128)
    x = Dense(16 * width, "relu", name=f"{name}_fc1")(Flatten(name=f"{name}_flatten")(x))
    x = Dropout(0.7, name=f"{name}_drop")(x)  # (B, 1024)
    return Dense(classes, activation, name=f"{name}_fc2")(x)


def GoogLeNet(
    width: int = 64,
    auxiliary: bool = False,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "googlenet",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes), with auxiliary classifiers a list of three;
    without a top (B, H / 32, W / 32, 1024).

    Args:
        width: filters of the first convolution; all others are as many times more or fewer.
        auxiliary: whether there are also the outputs of two classifiers on the way; in training the
            paper takes 0.3 of their losses: `loss_weights=[1, 0.3, 0.3]`.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None; with auxiliary classifiers one size, of 65 or more.

    Raises:
        ArgumentError: if an image is smaller, or weights are asked for.

    >>> GoogLeNet(4, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    x = image = images(
        input_shape or (224, 224, 3), weights, classes, pooling,
        smallest=65 if auxiliary else 32, fixed=auxiliary,
    )  # fmt: skip
    x = ZeroPadding2D(3, name="conv1_pad")(x)
    x = Conv2D(width, 7, 2, use_bias=False, name="conv1_conv")(x)  # (B, 112, 112, 64)
    x = Activation("relu", name="conv1_relu")(BatchNormalization(epsilon=1e-3, name="conv1_bn")(x))
    x = MaxPooling2D(3, 2, "same", name="maxpool1")(x)  # (B, 56, 56, 64)
    x = conv(conv(x, width, 1, "conv2"), 3 * width, 3, "conv3")  # (B, 56, 56, 192)
    x = MaxPooling2D(3, 2, "same", name="maxpool2")(x)  # (B, 28, 28, 192)
    between: dict[str, Symbolic] = {}
    for block, filters in INCEPTIONS.items():
        counts = tuple(max(1, f * width // 64) for f in filters)
        x = between[block] = inception(x, counts, f"inception{block}")
        if block == "3b":
            x = MaxPooling2D(3, 2, "same", name="maxpool3")(x)  # (B, 14, 14, 480)
        if block == "4e":
            x = MaxPooling2D(2, 2, "same", name="maxpool4")(x)  # (B, 7, 7, 832)
    if not include_top:
        return Model(image, pooled(x, pooling), name=name)
    x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 1024)
    x = Dropout(0.4, name="drop")(x)
    x = Dense(classes, classifier_activation, name="predictions")(x)
    if not auxiliary:
        return Model(image, x, name=name)
    scores = [
        auxiliary_scores(between[block], width, classes, classifier_activation, f"aux{n}")
        for n, block in ((1, "4a"), (2, "4d"))
    ]
    return Model(image, [x, *scores], name=name)
