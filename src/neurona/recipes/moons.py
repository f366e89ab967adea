"""moons: two interlocking half moons, parted by a small network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.data import train_test_split
from neurona.data.preparation import Arrays
from neurona.datasets import make_moons
from neurona.layers import Dense
from neurona.models import Sequential
from neurona.recipes.advice import Advice, on_chance
from neurona.recipes.examine import show_dead, show_training
from neurona.recipes.recipe import Recipe, Settings

if TYPE_CHECKING:
    from neurona.recipes.run import Run

SAMPLES, NOISE = 2000, 0.2
BEST = 0.97  # what the best possible classifier gets right, with this noise
NAMES = ("upper moon", "lower moon")


def perform(run: Run) -> None:
    """Train two hidden layers on noisy moons."""
    X, y = make_moons(SAMPLES, noise=NOISE, random_state=0)
    rest, x_test, y_rest, y_test = train_test_split(X.astype(np.float32), y, seed=0, stratify=y)
    x_train, x_held, y_train, y_held = train_test_split(
        rest, y_rest, test_size=0.2, seed=0, stratify=y_rest
    )
    run.fact(
        "samples",
        f"{len(x_train)} for training, {len(x_held)} for validation, {len(x_test)} for testing",
    )
    run.fact("features", "2: where a point lies")
    run.fact("classes", f"2 half moons with noise of {NOISE}, so that they overlap a little")

    settings = run.settings
    model = Sequential(
        [
            *[
                Dense(settings.units or 32, activation=settings.activation)
                for _ in range(settings.layers or 0)
            ],
            Dense(1, activation="sigmoid"),
        ],
    )
    model.compile(run.optimizer(), "binary_crossentropy", metrics=["accuracy"])
    model.preparation, model.class_names = Arrays((2,)), NAMES
    run.fit(model, x_train, y_train, validation_data=(x_held, y_held))

    show_training(run)
    said = (model.predict(x_test, verbose=0).ravel() > 0.5).astype(int)
    counts = np.zeros((2, 2), np.int64)
    np.add.at(counts, (y_test, said), 1)
    right = float((said == y_test).mean())
    run.picture(
        "decision_boundary",
        "What the network says on the plane",
        plots.decision_boundary(
            lambda p: model.predict(p, batch_size=4096, verbose=0),
            x_test,
            y_test,
            class_names=NAMES,
        ),
        f"The plane coloured by the predicted moon, under the {len(y_test)} test points; "
        f"{100 * right:.1f} % of them lie on their side.",
    )
    run.picture(
        "confusion_matrix",
        "Which moon is taken for which",
        plots.confusion_matrix(y_test, said, class_names=NAMES),
        f"Of the upper moon {counts[0, 1]}, of the lower {counts[1, 0]} test points are wrong.",
    )
    run.picture(
        "weights",
        "The weights of each layer",
        plots.weights(model),
        f"Histograms of the weights of {len(model.layers)} layers.",
    )
    show_dead(run, x_test, "test points")
    run.advise([_advice(right), on_chance(right, len(y_test))])
    run.score("test accuracy", right)


def _advice(right: float) -> Advice:
    if right < BEST - 0.02:
        return Advice(
            f"About {100 * BEST:.0f} % is possible on points with this noise, {100 * right:.1f} % "
            "was reached.",
            "More epochs, or a larger learning rate (--lr).",
        )
    return Advice(
        f"With this noise the moons overlap: nothing gets much above {100 * BEST:.0f} %.",
        "Watch a network that is too large learn the noise: --epochs 500, and compare the curves.",
    )


RECIPE = Recipe(
    name="moons",
    description="Two half moons in the plane, parted by two hidden layers",
    defaults=Settings(
        epochs=40, learning_rate=0.005, batch_size=32, optimizer="adam",
        units=32, layers=2, activation="relu",
    ),
    perform=perform,
    data="points in the plane, made with a seed",
    model="two hidden layers",
    reaches="test accuracy 0.97 or so, in two seconds",
    quick=Settings(
        epochs=10, learning_rate=0.005, batch_size=32, optimizer="adam",
        units=32, layers=2, activation="relu",
    ),
)  # fmt: skip
