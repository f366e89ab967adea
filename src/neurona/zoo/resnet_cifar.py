"""ResNet for small images: 20, 32 or 56 layers, each of them thin.

He, Zhang, Ren and Sun 2015, "Deep Residual Learning for Image Recognition", section 4.2: 6n + 2
layers, n blocks each of 16, 32 and 64 filters, and shortcuts without weights (option A). Error on
CIFAR-10 (table 6): 8.75 % with 20 layers (0.27 million numbers), 7.51 % with 32 (0.46), 6.97 % with
56 (0.85). For images of ImageNet's size see `zoo/resnet.py`.
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import ImageOptions, Shape, images, pooled


def convolved(x: Symbolic, filters: int, stride: int, name: str) -> Symbolic:
    """Return the norm of a 3x3 convolution, with a row of zeros on each side."""  # (B, H, W, C)
    around = "same"
    if stride > 1:
        around, x = "valid", ZeroPadding2D(1, name=f"{name}_pad")(x)
    x = Conv2D(
        filters, 3, stride, around, use_bias=False, kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)  # fmt: skip
    return BatchNormalization(epsilon=1e-5, name=f"{name}_bn")(x)  # (B, H / s, W / s, filters)


def residual(x: Symbolic, filters: int, stride: int, name: str) -> Symbolic:
    """relu(x + F(x)); where F has more channels than x, x has zeros there."""  # (B, H, W, C)
    y = Activation("relu", name=f"{name}_1_relu")(convolved(x, filters, stride, f"{name}_1"))
    y = convolved(y, filters, 1, f"{name}_2")  # (B, H / stride, W / stride, filters)
    if stride > 1:
        new = filters - x.shape[-1]
        half = new // 2
        x = ops.pad(x[:, ::2, ::2], ((0, 0), (0, 0), (0, 0), (half, new - half)))
    return Activation("relu", name=f"{name}_out")(Add(name=f"{name}_add")([x, y]))


def CIFARResNet(
    depth: int = 3,
    width: int = 16,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 10,
    classifier_activation: Any = "softmax",
    name: str = "cifar_resnet",
) -> Model:
    """Probabilities of each class of a small image.

    Shapes: images (B, 32, 32, 3) -> (B, classes); without a top (B, 8, 8, 64).

    Args:
        depth: number n of blocks of each of the three sizes.
        width: filters of the first blocks; they double where height and width are halved.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (32, 32, 3) by default, and may be any size of 8
            or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 8, or weights are asked for.

    >>> CIFARResNet(1, 4, input_shape=(28, 28, 1)).output_shape
    (None, 10)
    """
    x = image = images(input_shape or (32, 32, 3), weights, classes, pooling, smallest=8)
    x = Activation("relu", name="conv1_relu")(convolved(x, width, 1, "conv1"))  # (B, 32, 32, 16)
    for stage in range(3):  # 32, 16, 8 high and wide
        for n in range(depth):
            stride = 2 if stage and not n else 1
            x = residual(x, width * 2**stage, stride, f"conv{stage + 2}_block{n + 1}")
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 64)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)


def ResNet20(width: int = 16, **options: Unpack[ImageOptions]) -> Model:
    """20 layers: 269,722 numbers and 1,376 moving averages. Args: see CIFARResNet."""
    options.setdefault("name", "resnet20")
    return CIFARResNet(3, width, **options)


def ResNet32(width: int = 16, **options: Unpack[ImageOptions]) -> Model:
    """32 layers: 464,154 numbers and 2,272 moving averages. Args: see CIFARResNet."""
    options.setdefault("name", "resnet32")
    return CIFARResNet(5, width, **options)


def ResNet56(width: int = 16, **options: Unpack[ImageOptions]) -> Model:
    """56 layers: 853,018 numbers and 4,064 moving averages. Args: see CIFARResNet."""
    options.setdefault("name", "resnet56")
    return CIFARResNet(9, width, **options)
