"""Inception-ResNet v2: Inception's branches are what a residual block learns.

Szegedy et al. 2016, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on
Learning", figures 15 to 19, with a share of what a block adds; 55,873,736 numbers, with order of
keras.applications; images are meant to be numbers from -1 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurona.layers import Activation, Add, Concatenate, Conv2D, Dense, GlobalAveragePooling2D

from neurona.layers import BatchNormalization, Rescaling  # isort: skip
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import Shape, images, pooled
from neurona.zoo.inception_v3 import Blocks

# the branches of a block: filters, rows and columns of their convolutions, one after the other
BRANCHES: dict[str, tuple[tuple[tuple[int, int, int], ...], ...]] = {
    "block35": (
        ((32, 1, 1),), ((32, 1, 1), (32, 3, 3)), ((32, 1, 1), (48, 3, 3), (64, 3, 3)),
    ),
    "block17": (((192, 1, 1),), ((128, 1, 1), (160, 1, 7), (192, 7, 1))),
    "block8": (((192, 1, 1),), ((192, 1, 1), (224, 1, 3), (256, 3, 1))),
}  # fmt: skip


def residual(b: Blocks, x: Symbolic, kind: str, number: int, share: float) -> Symbolic:
    """relu(x + share F(x)), F the branches of a kind and one of 1x1; the last is linear."""
    name = f"{kind}_{number}"
    mixed = Concatenate(name=f"{name}_mixed")([b.row(x, *branch) for branch in BRANCHES[kind]])
    y = Conv2D(x.shape[-1], 1, padding="same", name=f"{name}_conv")(mixed)
    y = Rescaling(share, name=f"{name}_scale")(y)
    x = Add(name=f"{name}_add")([x, y])
    return x if share == 1 else Activation("relu", name=f"{name}_ac")(x)


def InceptionResNetV2(
    width: float = 1.0,
    depths: Sequence[int] = (10, 20, 10),
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "inception_resnet_v2",
) -> Model:
    """Inception-ResNet v2: 13e9 multiply-adds, top-1 error 19.9 % (table 2).

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, 1536).

    Args:
        width: a factor on all numbers of filters.
        depths: number of residual blocks of each size.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (299, 299, 3) by default, and may be any size of
            75 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 75, or weights are asked for.

    >>> InceptionResNetV2(0.1, (1, 1, 1), input_shape=(75, 75, 3), classes=10).output_shape
    (None, 10)
    """
    b = Blocks(width)
    x = image = images(input_shape or (299, 299, 3), weights, classes, pooling, smallest=75)
    x = b.conv(x, 32, 3, 3, 2, "valid")  # (B, 149, 149, 32)
    x = b.conv(x, 32, 3, 3, 1, "valid")
    x = b.largest(b.conv(x, 64, 3, 3))  # (B, 73, 73, 64)
    x = b.conv(x, 80, 1, 1, 1, "valid")
    x = b.largest(b.conv(x, 192, 3, 3, 1, "valid"))  # (B, 35, 35, 192)
    branches = [
        b.row(x, (96, 1, 1)), b.row(x, (48, 1, 1), (64, 5, 5)),
        b.row(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)), b.average(x, 64),
    ]  # fmt: skip
    x = Concatenate(name="mixed_5b")(branches)  # (B, 35, 35, 320)
    for number in range(1, depths[0] + 1):
        x = residual(b, x, "block35", number, 0.17)
    once = b.conv(x, 384, 3, 3, 2, "valid")
    twice = b.conv(b.row(x, (256, 1, 1), (256, 3, 3)), 384, 3, 3, 2, "valid")
    x = Concatenate(name="mixed_6a")([once, twice, b.largest(x)])  # (B, 17, 17, 1088)
    for number in range(1, depths[1] + 1):
        x = residual(b, x, "block17", number, 0.1)
    branches = [
        b.conv(b.row(x, (256, 1, 1)), 384, 3, 3, 2, "valid"),
        b.conv(b.row(x, (256, 1, 1)), 288, 3, 3, 2, "valid"),
        b.conv(b.row(x, (256, 1, 1), (288, 3, 3)), 320, 3, 3, 2, "valid"),
        b.largest(x),
    ]
    x = Concatenate(name="mixed_7a")(branches)  # (B, 8, 8, 2080)
    for number in range(1, depths[2] + 1):
        x = residual(b, x, "block8", number, 0.2 if number < depths[2] else 1.0)
    x = Conv2D(max(1, int(1536 * width)), 1, padding="same", use_bias=False, name="conv_7b")(x)
    x = BatchNormalization(scale=False, name="conv_7b_bn")(x)
    x = Activation("relu", name="conv_7b_ac")(x)  # (B, 8, 8, 1536)
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)
