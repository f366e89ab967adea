"""transfer: what a network learned on the digits 0 to 4 is worth for 5 to 9, of 20 images each.

Lower layers of a network see edges and strokes whatever the digits are called, higher ones know the
digits that they were trained on (Yosinski et al. 2014). The digits 0 to 4 are learned in all four
quarter turns, each a class of its own: twenty classes know more of strokes than five (Vinyals et
al. 2016), though a 0 or a 1 upside down is only guessed. That network is moved to 5 to 9 in four
ways: all but the last layer frozen; the convolutions frozen below new dense layers; the same, and
then all unfrozen at a tenth of the rate; and all learning at once, lower layers more slowly (Howard
and Ruder 2018). Beside them stands the same network from scratch, on the same hundred images, over
several seeds. Normalisations that are moved stay frozen: they go on with the moments of thirty
thousand images and their turns, as in inference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.data import batches
from neurona.datasets import mnist
from neurona.layers import (
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
    RandomCrop,
    RandomRotation,
    ZeroPadding2D,
)
from neurona.models import Sequential
from neurona.optimizers.schedules import CosineDecay
from neurona.recipes.advice import Advice
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import show_confusion, show_training
from neurona.recipes.interval import interval
from neurona.recipes.mnist_cnn import convolution
from neurona.recipes.nearest import nearest
from neurona.recipes.prepared import takes_digits
from neurona.recipes.recipe import Recipe, Settings
from neurona.utils import set_random_seed

if TYPE_CHECKING:
    from neurona.recipes.run import Run

NEW = range(5, 10)  # digits
EACH, BATCH, RATE = 20, 20, 2e-3  # images of each new digit, a step, and the largest rate there
SCRATCH, CHOSEN = "from scratch", "frozen, then unfrozen"  # before anything was tested
# way -> layers that begin anew, and those that are frozen, by the beginnings of their names
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "all but the last layer frozen": (("decide",), ("edges", "strokes", "combine")),
    "convolutions frozen": (("combine", "decide"), ("edges", "strokes")),
    "frozen, then unfrozen": (("combine", "decide"), ("edges", "strokes")),
    "lower layers more slowly": (("combine", "decide"), ()),
}
SLOWER = {"edges": 0.1, "strokes": 0.3}  # parts of the rate


def perform(run: Run) -> None:
    """Train on the digits 0 to 4, and move to 5 to 9 in four ways."""
    (x, y), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (a[..., None].astype(np.float32) / 255 for a in (x, x_test))  # ink in 0 to 1
    known, tested = y < NEW[0], y_test >= NEW[0]
    x_test, y_test = x_test[tested], y_test[tested] - NEW[0]
    seeds = 3 if run.quick else 5
    base = learn_known(run, x[known], y[known], seeds, len(y_test))
    learned = run.history

    ways = (SCRATCH, *WAYS)
    right: dict[str, list[float]] = {way: [] for way in ("nearest neighbour", *ways)}
    models = {}
    for seed in range(seeds * run.settings.seed, seeds * (run.settings.seed + 1)):
        chosen = draw(y, seed)
        few, names = x[chosen], y[chosen] - NEW[0]
        right["nearest neighbour"].append((nearest(few, names, x_test) == y_test).mean())
        for way in ways:
            set_random_seed(seed)
            models[way] = model = network(run)
            move(run, base, model, way, few, names, f"{way} {seed}")
            said = model.predict(x_test, batch_size=512, verbose=0).argmax(-1)
            right[way].append((said == y_test).mean())
    run.picture(
        "samples",
        "All there is to learn from",
        plots.samples(few, y[chosen], count=len(few), columns=EACH),
        f"The {len(few)} training images of the last seed, {EACH} of each of the digits 5 to 9.",
    )

    run.model, run.history = models[CHOSEN], learned
    takes_digits(run.model, names=list(map(str, NEW)))
    show_training(run)
    probabilities = run.model.predict(x_test, batch_size=512, verbose=0)
    show_confusion(run, y_test, probabilities, list(map(str, NEW)), "test images")
    compare(run, right)


def network(run: Run, classes: int = len(NEW)) -> Sequential:
    """Return two convolutions with normalisations, and two dense layers."""
    width = 8 if run.quick else 32
    return Sequential(
        [
            Input((28, 28, 1)),
            *convolution(width, 5, "edges"),
            MaxPooling2D(),  # 14 x 14
            *convolution(2 * width, 3, "strokes"),
            MaxPooling2D(),  # 7 x 7
            Dropout(0.25),
            Flatten(),
            Dense(128, activation="relu", name="combine"),
            Dropout(0.5),
            Dense(classes, activation="softmax", name="decide"),
        ]
    )


def learn_known(run: Run, x: np.ndarray, y: np.ndarray, seeds: int, tested: int) -> Sequential:
    """Return a network that knows the digits 0 to 4, trained on images that are moved a little."""
    held, settings = len(x) // 10, run.settings
    run.fact(
        "samples",
        f"{len(x) - held:,} of the digits 0 to 4 for training and {held:,} for validation, each in "
        f"four quarter turns; {EACH} of each of 5 to 9, drawn anew for each of {seeds} seeds; "
        f"{tested:,} of 5 to 9 for testing",
    )
    run.fact("features", "28 x 28 pixels, 0 paper to 1 ink")
    run.fact("augmentation", "images of 0 to 4 are turned and shifted, those of 5 to 9 are not")
    run.fact("training", f"{_epochs(run)} epochs each way, twice that for '{CHOSEN}'")
    run.fact("licence", mnist.CARD.licence)
    model = network(run, 4 * len(NEW))
    (x, y), kept = turned(x[:-held], y[:-held]), turned(x[-held:], y[-held:])
    train = batches(
        x,
        y,
        settings.batch_size or 32,
        shuffle=True,
        seed=settings.seed,
        augment=[
            RandomRotation(0.04, fill_mode="constant"),  # 14 degrees
            ZeroPadding2D(2),
            RandomCrop(28, 28),  # shifts of two pixels
        ],
    )
    steps = len(train) * settings.epochs
    optimizer = run.optimizer(run.warmed_up(steps, steps // 10))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    run.fit(model, train, validation_data=kept, stage="base")
    return model


def turned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return images in all four quarter turns, each turn of each digit as a class of its own."""
    turns = range(4)
    return (
        np.concatenate([np.rot90(x, k, axes=(1, 2)) for k in turns]),
        np.concatenate([y + len(NEW) * k for k in turns]),
    )


def draw(y: np.ndarray, seed: int) -> np.ndarray:
    """Return where 20 images of each new digit are, chosen by a seed."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.choice(np.flatnonzero(y == d), EACH, replace=False) for d in NEW])


def move(
    run: Run,
    base: Sequential,
    model: Sequential,
    way: str,
    x: np.ndarray,
    y: np.ndarray,
    stage: str,
) -> None:
    """Train a network on a few images of new digits, from scratch or in one of four ways."""
    if way == SCRATCH:
        learn(run, model, x, y, stage)
        return
    anew, frozen = WAYS[way]
    for layer, trained in zip(model.layers, base.layers, strict=True):
        if not layer.name.startswith(anew):
            layer.set_weights(trained.get_weights())
            norm = isinstance(layer, BatchNormalization)
            layer.trainable = not (norm or layer.name.startswith(frozen or ("none",)))
    learn(run, model, x, y, stage, {} if frozen else SLOWER)
    if way == "frozen, then unfrozen":
        for layer in model.layers:
            layer.trainable = not isinstance(layer, BatchNormalization)
        learn(run, model, x, y, f"{stage} unfrozen", {"": 0.1})


def learn(
    run: Run,
    model: Sequential,
    x: np.ndarray,
    y: np.ndarray,
    stage: str,
    slower: dict[str, float] | None = None,
) -> None:
    """Train what is not frozen; layers whose names begin so have a part of the learning rate."""
    epochs = _epochs(run)
    train = batches(x, y, BATCH, shuffle=True, seed=run.settings.seed)
    optimizer = run.optimizer(CosineDecay(RATE, len(train) * epochs))
    for beginning, factor in (slower or {}).items():
        for layer in model.layers:
            if layer.name.startswith(beginning) and layer.trainable_weights:
                optimizer.scale_learning_rate(factor, layer)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    run.fit(model, train, stage=stage, epochs=epochs)


def _epochs(run: Run) -> int:
    return 10 if run.quick else 40


def compare(run: Run, right: dict[str, list[float]]) -> None:
    """Show how many test images each way classifies correctly, with intervals over the seeds."""
    means = {way: interval(100 * np.array(values)) for way, values in right.items()}
    scratch = np.array(right[SCRATCH])
    gains = {way: interval(100 * (np.array(values) - scratch)) for way, values in right.items()}
    run.table(
        f"Test images of 5 to 9 that are classified correctly, {len(scratch)} seeds",
        ("way", "accuracy", "points over from scratch"),
        [
            (
                way,
                f"{mean:.1f} ± {half:.1f} %",
                "" if way == SCRATCH else f"{gains[way][0]:+.1f} ± {gains[way][1]:.1f}",
            )
            for way, (mean, half) in means.items()
        ],
    )
    run.picture(
        "ways",
        "What was learned before is worth",
        plots.bars(
            {way: mean for way, (mean, _) in means.items()},
            "% of the test images of 5 to 9 classified correctly; lines: 95 % intervals",
            baselines=2,
            intervals=[half for _, half in means.values()],
        ),
        "; ".join(f"{way}: {mean:.1f} % ± {half:.1f}" for way, (mean, half) in means.items()) + ".",
    )
    run.advise(
        [
            Advice(
                f"With {EACH} images of each digit, what was learned before is worth "
                f"{gains[CHOSEN][0]:+.1f} ± {gains[CHOSEN][1]:.1f} points ({CHOSEN}).",
                "With more images the ways come closer: try EACH = 200 in the recipe's file.",
            )
        ]
    )
    run.score("accuracy of the nearest neighbour", means["nearest neighbour"][0] / 100)
    run.score("accuracy from scratch", means[SCRATCH][0] / 100)
    run.score("half of the interval of the gain", gains[CHOSEN][1] / 100)
    run.score("test accuracy", means[CHOSEN][0] / 100)


RECIPE = Recipe(
    name="transfer",
    description="What was learned on the digits 0 to 4 helps with 5 to 9, of 20 images each",
    defaults=Settings(epochs=6, learning_rate=4e-3, batch_size=128, optimizer="adam"),
    perform=perform,
    data="MNIST, 70,000 images of 28 x 28",
    model="two convolutions and two dense layers; frozen, unfrozen, rates by layer",
    reaches="test accuracy 0.97, from scratch 0.92, in five minutes",
    quick=Settings(epochs=4, learning_rate=4e-3, batch_size=32, optimizer="adam"),
)
