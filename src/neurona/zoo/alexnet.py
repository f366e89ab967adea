"""AlexNet: five convolutions, two GPUs and ReLU, which ended the age of hand-made features.

Krizhevsky, Sutskever and Hinton 2012, "ImageNet Classification with Deep Convolutional Neural
Networks", as torchvision has it: 61,100,840 numbers. That is the single tower of Krizhevsky 2014,
"One weird trick for parallelizing convolutional neural networks": 64, 192, 384, 256 and 256 filters
instead of 96, 256, 384, 384 and 256 on two GPUs, and no local response normalisation.
"""

from __future__ import annotations

from typing import Any

from neurona.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ZeroPadding2D
from neurona.models import Model
from neurona.zoo.images import Shape, images, pooled


def AlexNet(
    width: int = 64,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "alexnet",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, 6, 6, 256) for 224 x 224.

    Args:
        width: filters of the first convolution; the others have 3, 6 and 4 times as many.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default.

    Raises:
        ArgumentError: if an image is smaller than 63, or weights are asked for.

    >>> AlexNet(width=4, input_shape=(64, 64, 3), classes=10).output_shape
    (None, 10)
    """
    x = image = images(
        input_shape or (224, 224, 3), weights, classes, pooling, smallest=63, fixed=include_top
    )
    x = ZeroPadding2D(2, name="pad1")(x)
    x = Conv2D(width, 11, 4, activation="relu", name="conv1")(x)  # (B, 55, 55, 64)
    x = MaxPooling2D(3, 2, name="pool1")(x)  # (B, 27, 27, 64): windows overlap
    x = Conv2D(3 * width, 5, padding="same", activation="relu", name="conv2")(x)
    x = MaxPooling2D(3, 2, name="pool2")(x)  # (B, 13, 13, 192)
    x = Conv2D(6 * width, 3, padding="same", activation="relu", name="conv3")(x)
    x = Conv2D(4 * width, 3, padding="same", activation="relu", name="conv4")(x)
    x = Conv2D(4 * width, 3, padding="same", activation="relu", name="conv5")(x)
    x = MaxPooling2D(3, 2, name="pool5")(x)  # (B, 6, 6, 256)
    if include_top:
        x = Flatten(name="flatten")(x)  # (B, 9216)
        x = Dropout(0.5, name="drop6")(x)
        x = Dense(64 * width, "relu", name="fc6")(x)  # (B, 4096)
        x = Dropout(0.5, name="drop7")(x)
        x = Dense(64 * width, "relu", name="fc7")(x)  # (B, 4096)
        x = Dense(classes, classifier_activation, name="fc8")(x)
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)
