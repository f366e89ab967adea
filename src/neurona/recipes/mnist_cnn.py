"""mnist-cnn: five convolutions read MNIST better than one hidden layer ever will.

What LeNet began (LeCun et al. 1998), with what came later: small kernels one after the other
(Simonyan and Zisserman 2014), batch normalisation (Ioffe and Szegedy 2015), a mean over places
instead of hidden units (Lin et al. 2013), images that are turned and shifted a little, and a
learning rate that rises for a while and falls to 0 along a cosine. The baseline is the network of
the recipe mnist, with more weights, on the same moved images for as many epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.data import batches
from neurona.datasets import mnist
from neurona.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    MaxPooling2D,
    RandomCrop,
    RandomRotation,
    ZeroPadding2D,
)
from neurona.models import Sequential
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import (
    show_rate,
    show_samples,
    show_training,
    show_wrong,
    test_images,
)
from neurona.recipes.prepared import takes_digits
from neurona.recipes.recipe import Recipe, Settings

if TYPE_CHECKING:
    from neurona.recipes.run import Run

HELD = 5000  # the last training images, for validation
TURN, SHIFT = 0.03, 2  # of a full circle: 11 degrees; pixels


def perform(run: Run) -> None:
    """Train a convolutional network on MNIST, and a dense one beside it."""
    (x, y), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (a[..., None].astype(np.float32) / 255 for a in (x, x_test))  # ink in 0 to 1
    held = min(HELD, len(x) // 10)
    run.fact(
        "samples",
        f"{len(x) - held:,} for training, {held:,} for validation, {len(x_test):,} for testing",
    )
    run.fact("features", "28 x 28 pixels, 0 paper to 1 ink")
    run.fact(
        "augmentation",
        f"training images are turned by up to {360 * TURN:.0f} degrees and shifted by up to "
        f"{SHIFT} pixels, anew in each epoch",
    )
    run.fact("classes", "the digits 0 to 9")
    run.fact("licence", mnist.CARD.licence)
    show_samples(run, x, y)

    settings = run.settings
    moved = [
        RandomRotation(TURN, fill_mode="constant"),
        ZeroPadding2D(SHIFT),
        RandomCrop(28, 28),
    ]
    models = {"dense": dense_network(), "cnn": network(8 if run.quick else 16)}
    for stage, model in models.items():
        train = batches(
            x[:-held],
            y[:-held],
            settings.batch_size or 32,
            shuffle=True,
            seed=settings.seed,
            augment=moved,
        )
        steps = len(train) * settings.epochs
        schedule = run.warmed_up(steps, steps // 5)
        optimizer = run.optimizer(schedule)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        takes_digits(model)
        run.fit(model, train, validation_data=(x[-held:], y[-held:]), stage=stage)

    show_training(run)
    show_rate(run, schedule, steps)
    show_sight(run, x_test[0], int(y_test[0]))
    said = models["dense"].predict(x_test, batch_size=512, verbose=0).argmax(-1)
    run.score("test accuracy of the dense network", (said == y_test).mean())
    test_images(run, x_test, y_test, mnist.CARD.classes)
    compare(run, models)


def network(width: int, classes: int = 10) -> Sequential:
    """Return the convolutional network; its layers have width, 2 width and 4 width channels."""
    return Sequential(
        [
            Input((28, 28, 1)),
            *convolution(width, 5, "edges"),
            MaxPooling2D(),  # 14 x 14
            *convolution(2 * width, 3, "strokes_1"),
            *convolution(2 * width, 3, "strokes_2"),
            MaxPooling2D(),  # 7 x 7
            Dropout(0.1),
            *convolution(4 * width, 3, "parts_1"),
            *convolution(4 * width, 3, "parts_2"),
            GlobalAveragePooling2D(),
            Dropout(0.2),
            Dense(classes, activation="softmax", name="decide"),
        ]
    )


def convolution(filters: int, size: int, name: str) -> list[Layer]:
    """Return relu(norm(x * kernel)): the normalisation has the bias."""
    return [
        Conv2D(filters, size, padding="same", use_bias=False, name=f"{name}_kernel"),
        BatchNormalization(momentum=0.95, name=f"{name}_norm"),  # remembers 20 batches
        Activation("relu", name=name),
    ]


def dense_network() -> Sequential:
    """Return the network of the recipe mnist: 101,770 weights."""
    decide = Dense(10, activation="softmax")
    hidden = Dense(128, activation="relu")
    return Sequential([Input((28, 28, 1)), Flatten(), hidden, Dropout(0.2), decide])


def show_sight(run: Run, image: np.ndarray, digit: int) -> None:
    """Draw the first filters, and what the layers make of a test image."""
    filters = next(layer for layer in run.model.layers if layer.name == "edges_kernel")
    run.picture(
        "filters",
        "What the first layer looks for",
        plots.weights(filters),
        f"The {filters.filters} filters of the first layer, 5 x 5 weights each, blue below 0 and "
        "red above: strokes and edges of several directions.",
    )
    rows = ["edges", "strokes_1", "strokes_2", "parts_1", "parts_2"]
    run.picture(
        "feature_maps",
        "What the layers see",
        plots.feature_maps(run.model, image, rows),
        f"A test image, a {digit}, and the first channels of each layer: from edges, in 28 x 28, "
        "to parts of digits, in 7 x 7; white is where a filter found what it looks for.",
    )


def compare(run: Run, models: dict[str, Sequential]) -> None:
    """Show both networks side by side."""
    reached = {
        "dense network": run.scores["test accuracy of the dense network"],
        "convolutional network": run.scores["test accuracy"],
    }
    run.table(
        "Test images that are classified correctly",
        ("network", "weights", "accuracy"),
        [
            (name, f"{model.count_params():,}", f"{100 * value:.2f} %")
            for (name, value), model in zip(reached.items(), models.values(), strict=True)
        ],
    )
    show_wrong(run, "baseline", "Beside a dense network", reached)


RECIPE = Recipe(
    name="mnist-cnn",
    description="Five convolutions read MNIST, and show what they look for",
    defaults=Settings(epochs=20, learning_rate=4e-3, batch_size=128, optimizer="adam"),
    perform=perform,
    data="MNIST, 70,000 images of 28 x 28",
    model="5 convolutions with batch normalisation: 71,002 numbers",
    reaches="test accuracy 0.996, in six minutes",
    quick=Settings(epochs=6, learning_rate=4e-3, batch_size=32, optimizer="adam"),
)
