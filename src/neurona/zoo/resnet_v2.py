"""ResNet v2: norm and activation before each convolution, so that nothing is in the way of the sum.

He, Zhang, Ren and Sun 2016, "Identity Mappings in Deep Residual Networks", figure 4e. `ResNet50V2`
has 25,613,800 numbers, with names and order of keras.applications, where the last block of each
size halves it; images are meant to be numbers from -1 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from neurona.layers import Add, Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D, ZeroPadding2D
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import ImageOptions, Names, Shape, images, pooled
from neurona.zoo.resnet import norm, relu


def block(
    x: Symbolic, filters: int, stride: int, project: bool, name: str, names: Names
) -> Symbolic:
    """x + F(relu(norm(x))), F narrows, looks 3x3 and widens."""  # (B, H, W, C)
    first = relu(norm(x, f"{name}_preact"), f"{name}_preact_relu")
    if project:
        x = Conv2D(4 * filters, 1, stride, name=f"{name}_0_conv")(first)
    elif stride > 1:
        x = MaxPooling2D(1, stride, name=names("max_pooling2d"))(x)
    y = Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(first)  # (B, H, W, F)
    y = relu(norm(y, f"{name}_1"), f"{name}_1_relu")
    y = ZeroPadding2D(1, name=f"{name}_2_pad")(y)
    y = Conv2D(filters, 3, stride, use_bias=False, name=f"{name}_2_conv")(y)
    y = relu(norm(y, f"{name}_2"), f"{name}_2_relu")  # (B, H / stride, W / stride, F)
    y = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(y)  # (B, H / stride, W / stride, 4 F)
    return Add(name=f"{name}_out")([x, y])


def ResNetV2(
    depths: Sequence[int] = (3, 4, 6, 3),
    width: int = 64,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnetv2",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, features).

    Args:
        depths: number of blocks of each size, 2 or more.
        width: filters of the first blocks; they double where height and width are halved.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> ResNetV2((2, 2), 4, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    names = Names()
    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    x = ZeroPadding2D(3, name="conv1_pad")(x)
    x = Conv2D(width, 7, 2, name="conv1_conv")(x)  # (B, 112, 112, 64)
    x = ZeroPadding2D(1, name="pool1_pad")(x)
    x = MaxPooling2D(3, 2, name="pool1_pool")(x)  # (B, 56, 56, 64)
    for stage, depth in enumerate(depths):  # 56, 28, 14, 7 high and wide, halved behind the last
        for n in range(depth):
            last = n == depth - 1 and stage < len(depths) - 1
            called = f"conv{stage + 2}_block{n + 1}"
            x = block(x, width * 2**stage, 2 if last else 1, not n, called, names)
    x = relu(norm(x, "post"), "post_relu")
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)  # (B, 2048)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)


def ResNet50V2(width: int = 64, **options: Unpack[ImageOptions]) -> Model:
    """ResNet-50 v2: 3.5e9 multiply-adds. Args: see ResNetV2."""
    options.setdefault("name", "resnet50v2")
    return ResNetV2((3, 4, 6, 3), width, **options)
