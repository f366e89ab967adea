"""vision-transformer: a small ViT reads each digit of MNIST as a sentence of sixteen patches.

Dosovitskiy et al. 2021. A Transformer does not know that neighbouring pixels belong together: it
learns where patches lie from the data, so images that are shifted by up to a pixel help it much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.core.tensor import tensor
from neurona.data import batches
from neurona.datasets import mnist
from neurona.layers import Dense, Flatten, Input, RandomCrop, Softmax, ZeroPadding2D
from neurona.models import Sequential
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import show_rate, show_training, show_wrong, test_images
from neurona.recipes.nearest import nearest
from neurona.recipes.prepared import takes_digits
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import ViT

if TYPE_CHECKING:
    from neurona.recipes.run import Run

HELD = 5000  # the last training images, for validation
SIDE, PATCH = 28, 7
SHOWN = 10  # digits whose attention is drawn


def perform(run: Run) -> None:
    """Train a Vision Transformer on MNIST."""
    (x, y), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (a[..., None].astype(np.float32) / 255 for a in (x, x_test))  # ink in 0 to 1
    held = min(HELD, len(x) // 10)
    run.fact(
        "samples",
        f"{len(x) - held:,} for training, {held:,} for validation, {len(x_test):,} for testing",
    )
    run.fact("features", f"28 x 28 pixels, cut into {(SIDE // PATCH) ** 2} patches of 7 x 7")
    run.fact("augmentation", "training images are shifted by up to one pixel, anew in each epoch")
    run.fact("classes", "the digits 0 to 9")
    run.fact("licence", mnist.CARD.licence)

    transformer = ViT(
        SIDE,
        PATCH,
        classes=10,
        depth=2 if run.quick else 4,
        width=32 if run.quick else 64,
        hidden=64 if run.quick else 128,
        heads=4,
    )
    model = Sequential([Input((SIDE, SIDE, 1)), transformer, Softmax()])
    settings = run.settings
    train = batches(
        x[:-held],
        y[:-held],
        settings.batch_size or 32,
        shuffle=True,
        seed=settings.seed,
        augment=[ZeroPadding2D(1), RandomCrop(SIDE, SIDE)],
    )
    steps = len(train) * settings.epochs
    schedule = run.warmed_up(steps, steps // 10)
    optimizer = run.optimizer(schedule, {"weight_decay": 0.05, "global_clipnorm": 1.0})
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    takes_digits(model)
    run.fit(model, train, validation_data=(x[-held:], y[-held:]))

    show_training(run)
    show_rate(run, schedule, steps)
    show_attention(run, transformer, x_test[:SHOWN], y_test[:SHOWN])
    linear = linear_accuracy(x[:-held], y[:-held], x_test, y_test)
    neighbour = float((nearest(x[:-held], y[:-held], x_test) == y_test).mean())
    run.score("test accuracy of the nearest neighbour", neighbour)
    test_images(run, x_test, y_test, mnist.CARD.classes)
    compare(run, {"linear classifier": linear, "nearest neighbour": neighbour})


def show_attention(run: Run, model: ViT, x: np.ndarray, y: np.ndarray) -> None:
    """Draw digits, and below each how much the first and the last block take of its patches."""
    maps = model.attention_maps(tensor(x)).numpy()  # (B, depth, P)
    count = SIDE // PATCH
    maps = maps.reshape(len(x), -1, count, count).repeat(PATCH, axis=2).repeat(PATCH, axis=3)
    maps /= maps.max(axis=(2, 3), keepdims=True)  # the patch that counts most is white
    pictures = np.concatenate([x[..., 0], maps[:, 0], maps[:, -1]])
    captions = [str(d) for d in y] + ["first block"] * len(x) + ["last block"] * len(x)
    run.picture(
        "attention",
        "Where the Transformer looks",
        plots.samples(pictures, captions, count=len(pictures), columns=len(x)),
        f"The digits {', '.join(map(str, y))}, and below each the share that the place of the "
        "class takes of each patch in the first and in the last block: the lighter, the more.",
    )


def linear_accuracy(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray) -> float:
    """Return the test accuracy of one layer, p = softmax(W x + b)."""
    decide = Dense(10, activation="softmax", kernel_initializer="zeros")
    model = Sequential([Input(x.shape[1:]), Flatten(), decide])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(batches(x, y, 128, shuffle=True, seed=0), epochs=5, verbose=0)
    return float((model.predict(x_test, batch_size=512, verbose=0).argmax(-1) == y_test).mean())


def compare(run: Run, baselines: dict[str, float]) -> None:
    """Show the accuracy of the run beside what simpler means reach on the same test images."""
    learned = {"linear classifier": 7_850, "Vision Transformer": run.model.count_params()}
    reached = {**baselines, "Vision Transformer": run.scores["test accuracy"]}
    run.table(
        "Test images that are classified correctly",
        ("classifier", "numbers learned", "accuracy"),
        [
            (name, f"{learned.get(name, 0):,}", f"{100 * value:.2f} %")
            for name, value in reached.items()
        ],
    )
    show_wrong(run, "baselines", "Beside simpler means", reached, len(baselines))


RECIPE = Recipe(
    name="vision-transformer",
    description="A small Vision Transformer reads digits as sentences of sixteen patches",
    defaults=Settings(epochs=12, learning_rate=3e-3, batch_size=128, optimizer="adamw"),
    perform=perform,
    data="MNIST, 70,000 images of 28 x 28",
    model="ViT: patches of 7 x 7, 4 blocks of 64, 4 heads",
    reaches="test accuracy 0.989, in three minutes",
    quick=Settings(epochs=2, learning_rate=3e-3, batch_size=64, optimizer="adamw"),
)
