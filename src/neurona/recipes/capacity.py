"""capacity: how many hidden units it takes, and what more of them do.

One unit folds the plane once, so it takes several to follow a curve: two moons need a few, two
spirals many more (Lang and Witbrock 1988; Hornik 1991: with enough of them, any curve). Networks
with one hidden layer are trained on 200 points of each, over several seeds, and tested on others.
The baseline is a line: no hidden unit at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.classic import compare_capacities
from neurona.data import batches
from neurona.data.preparation import Arrays
from neurona.datasets import make_moons, make_spirals
from neurona.layers import Dense, Input
from neurona.models import Sequential
from neurona.recipes.advice import Advice
from neurona.recipes.examine import show_training
from neurona.recipes.interval import interval
from neurona.recipes.nearest import nearest
from neurona.recipes.recipe import Recipe, Settings
from neurona.utils import set_random_seed

if TYPE_CHECKING:
    from neurona.recipes.run import Run

POINTS, TESTED = 200, 2000
PANELS = (2, 4, 8, 16)  # hidden units
NOISE = {"moons": 0.2, "spirals": 0.03}


def perform(run: Run) -> None:
    """Train networks of several widths on moons and spirals."""
    widest, step = run.settings.units or 64, 4 if run.quick else 2
    sizes = (*(n for n in (step**k for k in range(20)) if n < widest), widest)
    seeds = 3 if run.quick else 5
    run.fact("samples", f"{POINTS} points for training and {TESTED:,} for testing, of each kind")
    run.fact("features", "2: where a point lies")
    run.fact("noise", ", ".join(f"{kind} {noise}" for kind, noise in NOISE.items()))
    run.fact("seeds", f"{seeds}, of points and of weights")

    x, y = points("moons", POINTS, 42)  # the tutorials'
    run.picture(
        "panels",
        "What 2, 4, 8 and 16 hidden units can say",
        compare_capacities(x, y, PANELS, epochs=500 if run.quick else 5000),
        "The plane coloured by what four networks of the textbook say, under 200 points of two "
        "moons: two sigmoids draw nearly a line, more of them follow the moons.",
    )
    scores = {}
    for kind in NOISE:
        right: dict[str, list[tuple[float, float]]] = {"training": [], "test": []}  # by size
        drawn = {}
        for units in (0, *sizes):
            reached = [train(run, kind, units, seed) for seed in range(seeds)]
            for part, values in zip(right, zip(*reached, strict=True), strict=True):
                right[part].append(interval(100 * np.array(values)))
            drawn[f"{units} hidden unit{'s' * (units > 1)}" if units else "a line"] = run.model
        near = interval([100 * _neighbour(kind, seed) for seed in range(seeds)])
        show_sizes(run, kind, sizes, right, near)
        show_planes(run, kind, drawn)
        scores[kind] = right["test"]
    show_training(run)
    best = {kind: max(mean for mean, _ in found) for kind, found in scores.items()}
    run.advise(
        [
            Advice(
                f"{kind.capitalize()}: a line has {found[0][0]:.1f} % of new points right, the "
                f"best width {best[kind]:.1f} %.",
                "Two hidden layers need fewer units for spirals than one: --layers 2.",
            )
            for kind, found in scores.items()
        ]
    )
    for kind, found in scores.items():
        run.score(f"accuracy of a line on {kind}", found[0][0] / 100)
        run.score(f"test accuracy on {kind}", found[-1][0] / 100)


def points(kind: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points (N, 2) of two moons or of two spirals, and which one each belongs to."""
    make = make_moons if kind == "moons" else make_spirals
    x, y = make(count, noise=NOISE[kind], random_state=seed)
    return x.astype(np.float32), y


def network(run: Run, units: int) -> Sequential:
    """Return p = sigmoid(w tanh(W x + b) + c), without the tanh for no units."""
    settings = run.settings
    layers = settings.layers or 0
    hidden = [Dense(units, activation=settings.activation) for _ in range(layers)] if units else []
    return Sequential([Input((2,)), *hidden, Dense(1, activation="sigmoid")])


def train(run: Run, kind: str, units: int, seed: int) -> tuple[float, float]:
    """Train a network, and return its accuracy on its points and on new ones."""
    settings = run.settings
    seed += 100 * settings.seed
    (x, y), (x_test, y_test) = points(kind, POINTS, seed), points(kind, TESTED, seed + 50)
    set_random_seed(seed)
    model = network(run, units)
    model.compile(run.optimizer(), "binary_crossentropy", metrics=["accuracy"])
    model.preparation = Arrays((2,))
    train = batches(x, y, settings.batch_size or 32, shuffle=True, seed=seed)
    run.fit(model, train, stage=f"{kind}, {units} units, {seed}")
    own, new = (
        float(((model.predict(a, verbose=0)[:, 0] > 0.5) == b).mean())
        for a, b in ((x, y), (x_test, y_test))
    )
    return own, new


def _neighbour(kind: str, seed: int) -> float:
    (x, y), (x_test, y_test) = points(kind, POINTS, seed), points(kind, TESTED, seed + 50)
    return float((nearest(x, y, x_test) == y_test).mean())


def show_sizes(
    run: Run,
    kind: str,
    sizes: tuple[int, ...],
    right: dict[str, list[tuple[float, float]]],
    near: tuple[float, float],
) -> None:
    """Show the accuracy for each number of hidden units."""
    run.table(
        f"Points of two {kind} that are classified correctly",
        ("hidden units", "numbers", "of 200 trained on", "of new ones"),
        [
            (units or "none: a line", network(run, units).count_params(), *cells)
            for units, *cells in zip(
                (0, *sizes),
                *([f"{m:.1f} ± {h:.1f} %" for m, h in found] for found in right.values()),
                strict=True,
            )
        ],
    )
    curves, bands = ({k: [v[i] for v in found[1:]] for k, found in right.items()} for i in (0, 1))
    line = right["test"][0][0]
    run.picture(
        f"{kind}_by_units",
        f"Two {kind}: accuracy by hidden units",
        plots.lines(
            curves,
            sizes,
            intervals=bands,
            baselines={"a line, test": line, "nearest neighbour, test": near[0]},
            xlabel="hidden units",
            ylabel="% of the points classified correctly",
            log_x=True,
            title=f"Two {kind}; bands: 95 % intervals of the mean",
        ),
        f"Test accuracy on two {kind}: a line {line:.1f} %; "
        + "; ".join(
            f"{n} units {m:.1f} % ± {h:.1f}"
            for n, (m, h) in zip(sizes, right["test"][1:], strict=True)
        )
        + f"; the nearest of the 200 points {near[0]:.1f} %.",
    )


def show_planes(run: Run, kind: str, models: dict[str, Sequential]) -> None:
    """Draw what networks of the last seed say on the plane, on new points."""
    x, y = points(kind, POINTS, 99)
    run.picture(
        f"{kind}_planes",
        f"Two {kind}: what each width says",
        plots.boundary_grid(models, x, y, columns=4),
        f"The plane as {len(models)} networks colour it, from a line to the widest, under 200 new "
        f"points of two {kind}.",
    )


RECIPE = Recipe(
    name="capacity",
    description="How many hidden units moons and spirals take, and what more of them do",
    defaults=Settings(
        epochs=400, learning_rate=0.1, batch_size=32, optimizer="adam",
        units=64, layers=1, activation="tanh",
    ),
    perform=perform,
    data="points in the plane, made with seeds",
    model="one hidden layer of 1 to 64 units, five seeds each",
    reaches="on moons 0.96, on spirals 0.98 (a line: 0.87 and 0.52), in two minutes",
    quick=Settings(
        epochs=40, learning_rate=0.05, batch_size=32, optimizer="adam",
        units=16, layers=1, activation="tanh",
    ),
)  # fmt: skip
