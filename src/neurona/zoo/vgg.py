"""VGG: windows of 3x3 only, two or three in a row see as much as one of 5x5 or 7x7, with less.

Simonyan and Zisserman 2014, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
table 1: `VGG11` is its column A (132,863,336 numbers), `VGG16` D (138,357,544), `VGG19` E
(143,667,240). Most of them are in the first dense layer. Names and order are those of
keras.applications.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from neurona.layers import Conv2D, Dense, Flatten, MaxPooling2D
from neurona.models import Model
from neurona.zoo.images import ImageOptions, Shape, images, pooled


def VGG(
    depths: Sequence[int] = (2, 2, 3, 3, 3),
    width: int = 64,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, 512).

    Args:
        depths: number of convolutions in front of each pooling.
        width: filters of the first; they double up to eight times as many.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> VGG(width=4, input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    x = image = images(
        input_shape or (224, 224, 3), weights, classes, pooling, smallest=32, fixed=include_top
    )
    for block, depth in enumerate(depths, 1):
        filters = width * min(2 ** (block - 1), 8)  # 64, 128, 256, 512, 512
        for n in range(1, depth + 1):
            x = Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv{n}")(
                x
            )
        x = MaxPooling2D(2, name=f"block{block}_pool")(x)  # (B, H / 2, W / 2, filters)
    if include_top:
        x = Flatten(name="flatten")(x)  # (B, 7 * 7 * 512)
        x = Dense(64 * width, "relu", name="fc1")(x)  # (B, 4096)
        x = Dense(64 * width, "relu", name="fc2")(x)
        x = Dense(classes, classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)


def VGG11(width: int = 64, **options: Unpack[ImageOptions]) -> Model:
    """VGG, column A: top-1 error 29.6 % (table 3). Args: see VGG."""
    options.setdefault("name", "vgg11")
    return VGG((1, 1, 2, 2, 2), width, **options)


def VGG16(width: int = 64, **options: Unpack[ImageOptions]) -> Model:
    """VGG, column D: top-1 error 25.6 %, of several sizes in training (table 3). Args: see VGG."""
    options.setdefault("name", "vgg16")
    return VGG((2, 2, 3, 3, 3), width, **options)


def VGG19(width: int = 64, **options: Unpack[ImageOptions]) -> Model:
    """VGG, column E: top-1 error 25.5 %, of several sizes in training (table 3). Args: see VGG."""
    options.setdefault("name", "vgg19")
    return VGG((2, 2, 4, 4, 4), width, **options)
