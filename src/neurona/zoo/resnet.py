"""ResNet: what a block learns is added to what goes in, so that 50 layers train as well as 5.

He, Zhang, Ren and Sun 2015, "Deep Residual Learning for Image Recognition", table 1. `ResNet50` has
keras.applications' names, order and biases, and 25,636,712 numbers as Keras counts; as in the paper
the first convolution of a block has the stride (torchvision's has it in the second). `ResNet18` and
`ResNet34` are torchvision's, without biases in front of norms: 11,689,512 and 21,797,672 numbers
besides the moving averages. For images of CIFAR's size see `zoo/resnet_cifar.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

from neurona.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import ImageOptions, Shape, images, pooled


def norm(x: Symbolic, name: str) -> Symbolic:
    """Return x with mean 0 and variance 1 in each channel, scaled and shifted."""
    return BatchNormalization(epsilon=1.001e-5, name=f"{name}_bn")(x)


def relu(x: Symbolic, name: str) -> Symbolic:
    """Return max(x, 0)."""
    return Activation("relu", name=name)(x)


def bottleneck(x: Symbolic, filters: int, stride: int, project: bool, name: str) -> Symbolic:
    """relu(x + F(x)), F narrows, looks 3x3 and widens: figure 5, right."""  # (B, H, W, C)

    def conv(x: Symbolic, filters: int, size: int, number: int, stride: int = 1) -> Symbolic:
        x = Conv2D(filters, size, stride, padding="same", name=f"{name}_{number}_conv")(x)
        return norm(x, f"{name}_{number}")

    y = relu(conv(x, filters, 1, 1, stride), f"{name}_1_relu")  # (B, H / stride, W / stride, F)
    y = relu(conv(y, filters, 3, 2), f"{name}_2_relu")
    if project:  # sizes differ: option B of the paper
        x = conv(x, 4 * filters, 1, 0, stride)
    y = conv(y, 4 * filters, 1, 3)  # (B, H / stride, W / stride, 4 F)
    return relu(Add(name=f"{name}_add")([x, y]), f"{name}_out")


def basic(x: Symbolic, filters: int, stride: int, project: bool, name: str) -> Symbolic:
    """relu(x + F(x)), F looks 3x3 twice: figure 5, left."""  # (B, H, W, C)
    around, y = "same", x
    if stride > 1:  # one row of zeros on each side, as in PyTorch: "same" has it on one
        around, y = "valid", ZeroPadding2D(1, name=f"{name}_1_pad")(x)
    y = Conv2D(filters, 3, stride, around, use_bias=False, name=f"{name}_1_conv")(y)
    y = relu(norm(y, f"{name}_1"), f"{name}_1_relu")  # (B, H / stride, W / stride, F)
    y = Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    y = norm(y, f"{name}_2")
    if project and stride > 1:
        x = Conv2D(filters, 1, stride, use_bias=False, name=f"{name}_0_conv")(x)
        x = norm(x, f"{name}_0")
    return relu(Add(name=f"{name}_add")([x, y]), f"{name}_out")


def ResNet(
    block: Callable[..., Symbolic] = bottleneck,
    depths: Sequence[int] = (3, 4, 6, 3),
    width: int = 64,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, features).

    Args:
        block: `bottleneck` or `basic`.
        depths: number of blocks of each size.
        width: filters of the first blocks; they double where height and width are halved.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> ResNet(depths=(1, 1), width=4, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    x = ZeroPadding2D(3, name="conv1_pad")(x)
    x = Conv2D(width, 7, 2, use_bias=block is bottleneck, name="conv1_conv")(x)  # (B, 112, 112, 64)
    x = relu(norm(x, "conv1"), "conv1_relu")
    x = ZeroPadding2D(1, name="pool1_pad")(x)
    x = MaxPooling2D(3, 2, name="pool1_pool")(x)  # (B, 56, 56, 64)
    for stage, depth in enumerate(depths):  # 56, 28, 14, 7 high and wide
        for n in range(depth):
            stride = 2 if stage and not n else 1
            x = block(x, width * 2**stage, stride, not n, f"conv{stage + 2}_block{n + 1}")
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 2048)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)


def ResNet18(width: int = 64, **options: Unpack[ImageOptions]) -> Model:
    """ResNet-18: 1.8e9 multiply-adds, top-1 error 27.88 % (table 2). Args: see ResNet."""
    options.setdefault("name", "resnet18")
    return ResNet(basic, (2, 2, 2, 2), width, **options)


def ResNet34(width: int = 64, **options: Unpack[ImageOptions]) -> Model:
    """ResNet-34: 3.6e9 multiply-adds, top-1 error 25.03 % (table 2). Args: see ResNet."""
    options.setdefault("name", "resnet34")
    return ResNet(basic, (3, 4, 6, 3), width, **options)


def ResNet50(width: int = 64, **options: Unpack[ImageOptions]) -> Model:
    """ResNet-50: 3.8e9 multiply-adds, top-1 error 22.85 % (table 3). Args: see ResNet."""
    options.setdefault("name", "resnet50")
    return ResNet(bottleneck, (3, 4, 6, 3), width, **options)
