"""MobileNet: a convolution in two steps, over places in each channel and then over channels.

Howard et al. 2017, "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
Applications", table 1: a window of 3x3 for each channel and one of 1x1 for all cost an eighth to a
ninth of a whole 3x3. 4,253,864 numbers, with names and order of keras.applications; images are
meant to be numbers from -1 to 1.
"""

from __future__ import annotations

from typing import Any

from neurona.errors import check_integer, check_number
from neurona.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import Shape, images, pooled

# filters and stride of the blocks: table 1
BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1),
    (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1),
)  # fmt: skip


def relu6(x: Symbolic, name: str) -> Symbolic:
    """Return min(max(x, 0), 6): what few bits can hold."""
    return ReLU(6.0, name=name)(x)


def MobileNet(
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "mobilenet",
) -> Model:
    """MobileNet: 569e6 multiply-adds, top-1 accuracy 70.6 % (table 4).

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, 1024).

    Args:
        alpha: all numbers of filters are multiplied by it: 0.5 costs about a quarter.
        depth_multiplier: windows for each channel.
        dropout: share of the averages that is dropped in training.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> MobileNet(alpha=0.125, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    alpha = check_number("alpha", alpha, low=0, open=True)
    depth_multiplier = check_integer("depth_multiplier", depth_multiplier, minimum=1)
    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    x = Conv2D(_share(32, alpha), 3, 2, "same", use_bias=False, name="conv1")(x)
    x = relu6(BatchNormalization(name="conv1_bn")(x), "conv1_relu")  # (B, 112, 112, 32)
    for n, (filters, stride) in enumerate(BLOCKS, 1):
        around = "same"
        if stride == 2:
            around, x = "valid", ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{n}")(x)
        x = DepthwiseConv2D(
            3, stride, around, depth_multiplier, use_bias=False, name=f"conv_dw_{n}"
        )(x)
        x = relu6(BatchNormalization(name=f"conv_dw_{n}_bn")(x), f"conv_dw_{n}_relu")
        x = Conv2D(_share(filters, alpha), 1, padding="same", use_bias=False, name=f"conv_pw_{n}")(
            x
        )
        x = relu6(BatchNormalization(name=f"conv_pw_{n}_bn")(x), f"conv_pw_{n}_relu")
    if not include_top:
        return Model(image, pooled(x, pooling), name=name)
    x = GlobalAveragePooling2D(keepdims=True, name="global_average_pooling2d")(x)  # (B, 1, 1, 1024)
    x = Dropout(dropout, name="dropout")(x)
    x = Conv2D(classes, 1, padding="same", name="conv_preds")(x)
    x = Reshape((classes,), name="reshape_2")(x)
    x = Activation(classifier_activation, name="predictions")(x)
    return Model(image, x, name=name)


def _share(filters: int, alpha: float) -> int:
    return max(int(filters * alpha), 1)
