"""LeNet-5: the first convolutional network that read digits for a living, 12 million cheques a day.

LeCun, Bottou, Bengio and Haffner 1998, "Gradient-Based Learning Applied to Document Recognition",
figure 2. In the modern form, 61,706 numbers: C3 sees all maps of S2 and not the paper's table 1, S2
and S4 average without weights of their own, and dense layers stand for C5 and for the distances to
drawn digits. Layers have the paper's names.
"""

from __future__ import annotations

from typing import Any

from neurona.layers import AveragePooling2D, Conv2D, Dense, Flatten
from neurona.models import Model
from neurona.zoo.images import Shape, images, pooled


def LeNet5(
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 10,
    classifier_activation: Any = "softmax",
    name: str = "lenet5",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, 28, 28, 1) -> (B, classes); without a top (B, 5, 5, 16).

    Args:
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (28, 28, 1) by default.

    Raises:
        ArgumentError: if an image is smaller than 12, or weights are asked for.

    >>> LeNet5().count_params()
    61706
    """
    x = image = images(
        input_shape or (28, 28, 1), weights, classes, pooling, smallest=12, fixed=include_top
    )
    x = Conv2D(6, 5, padding="same", activation="tanh", name="C1")(x)  # (B, 28, 28, 6), 156 numbers
    x = AveragePooling2D(2, name="S2")(x)  # (B, 14, 14, 6)
    x = Conv2D(16, 5, activation="tanh", name="C3")(x)  # (B, 10, 10, 16), 2,416
    x = AveragePooling2D(2, name="S4")(x)  # (B, 5, 5, 16)
    if include_top:
        x = Flatten(name="flatten")(x)  # (B, 400)
        x = Dense(120, "tanh", name="C5")(x)  # (B, 120), 48,120
        x = Dense(84, "tanh", name="F6")(x)  # (B, 84), 10,164
        x = Dense(classes, classifier_activation, name="output")(x)  # (B, 10), 850
    else:
        x = pooled(x, pooling)
    return Model(image, x, name=name)
