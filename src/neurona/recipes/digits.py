"""digits: small handwritten digits, with a small convolutional network, in a few seconds.

The data set ships with the package, so this is the first thing to run after the installation.
Five-fold cross-validation on the training images gives 99 % for this network; the 360 test images
give 98 %, half a point more or less with the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.data import train_test_split
from neurona.datasets import digits
from neurona.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from neurona.losses import CategoricalCrossentropy
from neurona.models import Sequential
from neurona.optimizers.schedules import CosineDecay
from neurona.recipes.examine import show_rate, show_samples, show_training, test_images
from neurona.recipes.prepared import takes_digits
from neurona.recipes.recipe import Recipe, Settings
from neurona.utils import to_categorical

if TYPE_CHECKING:
    from neurona.recipes.run import Run


def perform(run: Run) -> None:
    """Train a small convolutional network on the digits."""
    (x, y), (x_test, y_test) = digits.load_data()
    x, x_test = (a[..., None].astype(np.float32) / 16 for a in (x, x_test))  # ink in 0 to 1
    x_train, x_held, y_train, y_held = train_test_split(x, y, test_size=0.1, seed=0, stratify=y)
    run.fact(
        "samples",
        f"{len(x_train):,} for training, {len(x_held)} for validation, {len(x_test)} for testing",
    )
    run.fact("features", "8 x 8 pixels, 0 paper to 1 ink")
    run.fact("classes", "the digits 0 to 9")
    run.fact("licence", digits.CARD.licence)
    show_samples(run, x_train, y_train)

    settings = run.settings
    model = Sequential(
        [
            Input((8, 8, 1)),
            Conv2D(32, 3, padding="same", activation=settings.activation),
            Conv2D(32, 3, padding="same", activation=settings.activation),
            MaxPooling2D(),
            Dropout(0.4),
            Flatten(),
            *[
                Dense(settings.units or 128, activation=settings.activation)
                for _ in range(settings.layers or 0)
            ],
            Dropout(0.4),
            Dense(10, activation="softmax"),
        ],
    )
    steps = settings.steps(len(x_train))
    schedule = CosineDecay(settings.learning_rate, steps)
    loss = CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(run.optimizer(schedule), loss, metrics=["accuracy"])
    takes_digits(model, (8, 8), largest=16)
    held = x_held, to_categorical(y_held, 10)
    run.fit(model, x_train, to_categorical(y_train, 10), validation_data=held)

    show_training(run)
    show_rate(run, schedule, steps)
    run.picture(
        "weights",
        "What the filters look for",
        plots.weights(model.layers[0]),
        "The 32 filters of 3 x 3 weights of the first convolution.",
    )
    test_images(run, x_test, to_categorical(y_test, 10), digits.CARD.classes)


RECIPE = Recipe(
    name="digits",
    description="1,797 small handwritten digits (in the package), a small convolutional network",
    defaults=Settings(
        epochs=20, learning_rate=0.002, batch_size=32, optimizer="adam",
        units=128, layers=1, activation="relu",
    ),
    perform=perform,
    data="1,797 images of 8 x 8, in the package",
    model="two convolutions and a hidden layer",
    reaches="test accuracy 0.98 to 0.99, in five seconds",
    quick=Settings(
        epochs=5, learning_rate=0.002, batch_size=32, optimizer="adam",
        units=128, layers=1, activation="relu",
    ),
)  # fmt: skip
