"""DenseNet: each layer reads all that came before it in its block, and adds a little.

Huang, Liu, van der Maaten and Weinberger 2016, "Densely Connected Convolutional Networks", table 1.
`DenseNet121` has 8,062,504 numbers, as Keras counts, with names and order of keras.applications.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from neurona.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import ImageOptions, Shape, images, pooled


def relu_of_norm(x: Symbolic, name: str) -> Symbolic:
    """Return relu(norm(x))."""
    x = BatchNormalization(epsilon=1.001e-5, name=f"{name}bn")(x)
    return Activation("relu", name=f"{name}relu")(x)


def dense(x: Symbolic, growth: int, name: str) -> Symbolic:
    """H of the paper, with a bottleneck: section 3."""  # (B, H, W, C)
    y = relu_of_norm(x, f"{name}_0_")
    y = Conv2D(4 * growth, 1, use_bias=False, name=f"{name}_1_conv")(y)  # (B, H, W, 4 k)
    y = relu_of_norm(y, f"{name}_1_")
    y = Conv2D(growth, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return Concatenate(name=f"{name}_concat")([x, y])  # (B, H, W, C + k)


def transition(x: Symbolic, name: str) -> Symbolic:
    """Half of the channels, half of height and width."""  # (B, H, W, C)
    x = relu_of_norm(x, f"{name}_")
    x = Conv2D(x.shape[-1] // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return AveragePooling2D(2, 2, name=f"{name}_pool")(x)  # (B, H / 2, W / 2, C / 2)


def DenseNet(
    depths: Sequence[int] = (6, 12, 24, 16),
    growth: int = 32,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "densenet",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, features).

    Args:
        depths: number of layers in each block.
        growth: channels k that a layer adds; the first convolution makes 2 k.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> DenseNet((1, 2), growth=2, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    x = ZeroPadding2D(3, name="zero_padding2d")(x)
    x = Conv2D(2 * growth, 7, 2, use_bias=False, name="conv1_conv")(x)  # (B, 112, 112, 64)
    x = relu_of_norm(x, "conv1_")
    x = ZeroPadding2D(1, name="zero_padding2d_1")(x)
    x = MaxPooling2D(3, 2, name="pool1")(x)  # (B, 56, 56, 64)
    for block, depth in enumerate(depths, 2):  # 56, 28, 14, 7 high and wide
        if block > 2:
            x = transition(x, f"pool{block - 1}")  # to 128, 256, 512 channels
        for n in range(1, depth + 1):
            x = dense(x, growth, f"conv{block}_block{n}")  # up to 256, 512, 1024, 1024
    x = relu_of_norm(x, "")
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 1024)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)


def DenseNet121(growth: int = 32, **options: Unpack[ImageOptions]) -> Model:
    """DenseNet-121: top-1 error 25.02 % (table 3 of the paper). Args: see DenseNet."""
    options.setdefault("name", "densenet121")
    return DenseNet((6, 12, 24, 16), growth, **options)
