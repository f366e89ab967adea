"""Somebody's table: what it holds is found out, a small network learns it, baselines beside it."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.classic import baselines
from neurona.data.preparation.table import Table
from neurona.layers import Layer, Rescaling
from neurona.losses import Huber, MeanSquaredError
from neurona.models import Sequential
from neurona.optimizers import AdamW
from neurona.recipes.examine import show_confusion
from neurona.recipes.own import network
from neurona.recipes.own.kinds import fitted
from neurona.recipes.own.parts import Part, parts
from neurona.recipes.own.rows import Rows, read_rows
from neurona.recipes.own.telling import show_curves, show_verdict, tell_parts, tell_rows
from neurona.recipes.own.verdict import Measure, judged, measure
from neurona.recipes.recipe import Recipe, Settings

if TYPE_CHECKING:
    from neurona.recipes.run import Run

ENOUGH = 1000  # rows for one split; of fewer, the test part would be too small to tell anything
STEPS = 4000  # of a training, about
MOST_ASKED = 2000  # rows, to find out which columns count
RATE = 3e-3
NETWORK, GUESSES = "network", ("the commonest class", "the mean", "the median")
LINEAR = {True: "logistic regression", False: "linear regression"}
NEAREST = "nearest neighbours"


def recipe(
    path: str | os.PathLike[str], target: str | None = None, task: str | None = None
) -> Recipe:
    """Return the recipe that learns a table; see `read_rows` for the arguments and errors."""
    rows = read_rows(path, target, task)
    count = rows.sheet.rows
    batch = 16 if count < 300 else 32 if count < 3000 else 128 if count < 30_000 else 256
    epochs = int(np.clip(STEPS * batch // count, 15, 200))
    settings = functools.partial(
        Settings, learning_rate=RATE, batch_size=batch, optimizer=network.MODERN
    )
    words = [
        str(path),
        *(["--target", target] if target else []),
        *(["--task", task] if task else []),
    ]
    return Recipe(
        name=Path(path).stem,
        description=f"{rows.target} from {len(rows.used)} columns of {Path(path).name}",
        defaults=settings(epochs=epochs),
        perform=functools.partial(perform, rows=rows),
        data=f"{count:,} rows of {path}",
        model="two hidden layers, as wide as the number of rows allows",
        reaches="what stands in the report beside its baselines",
        quick=settings(epochs=max(5, epochs // 10)),
        arguments=tuple(words),
    )


def perform(run: Run, rows: Rows) -> None:
    """Train a network on the rows, or one on each fold of them; judge it beside baselines."""
    tell_rows(run, rows)
    y, classes = rows.y, len(rows.class_names)
    how = measure(y, classes)
    found = parts(y, classes, run.settings.seed, ENOUGH)
    tell_parts(run, found, how)
    tested: list[np.ndarray] = []
    said: dict[str, list[np.ndarray]] = {}
    shares: list[np.ndarray] = []
    counts: dict[str, list[float]] = {}
    for part in found:
        training = rows.sheet.take(part.train)
        columns = tuple(fitted(kind, training[kind.name]) for kind in rows.used)
        preparation = Table(columns, rows.target)
        x = preparation.samples(rows.sheet)
        model = learned(run, x, y, classes, part, how)
        if not len(part.test):
            continue
        tested.append(part.test)
        outputs = model.predict(x[part.test], batch_size=512, verbose=0)
        told = without_network(x, y, classes, part, how)
        told[NETWORK] = outputs if classes else outputs[:, 0].astype(np.float64)
        for name, values in told.items():
            said.setdefault(name, []).append(values.argmax(-1) if classes else values)
        shares.append(outputs)
        for name, loss in column_losses(model, x, y, part.test, preparation, how).items():
            counts.setdefault(name, []).append(loss)
    model.preparation = preparation
    model.class_names = rows.class_names or None
    run.model = model

    truth = y[np.concatenate(tested)]
    together = {name: np.concatenate(values) for name, values in said.items()}
    show_curves(run)
    if classes:
        show_confusion(run, truth, np.concatenate(shares), rows.class_names, "tested rows")
    else:
        show_numbers(run, rows.target, truth, together[NETWORK])
    show_columns(run, {name: float(np.mean(values)) for name, values in counts.items()}, how)
    show_verdict(run, judged(truth, together, how), truth, together)


def learned(
    run: Run, x: np.ndarray, y: np.ndarray, classes: int, part: Part, how: Measure
) -> Sequential:
    """Return the network that learned a part; it says numbers in the units of the target."""
    model = network.network(x.shape[1], classes, len(part.train))
    train, held = part.train, part.held
    weights = network.balanced(y[train], classes) if how.even else None
    if classes:
        validation: tuple[np.ndarray, ...] | None = None
        if len(held):
            validation = (x[held], y[held].astype(np.int32))
            if weights is not None:
                each = network.of_each(weights, y[held]).astype(np.float32)
                validation = (*validation, each)
        network.train(
            run, model, x[train], y[train].astype(np.int32), validation, stage=part.name,
            class_weight=weights,
        )  # fmt: skip
        return model
    middle, spread = float(y[train].mean()), float(y[train].std()) or 1.0
    if how.robust:
        low, middle, high = np.percentile(y[train], (25, 50, 75)).tolist()
        spread = (high - low) / 1.349 or spread
    z = ((y - middle) / spread).astype(np.float32)[:, None]
    loss = Huber() if how.robust else MeanSquaredError()
    validation = (x[held], z[held]) if len(held) else None
    network.train(run, model, x[train], z[train], validation, loss=loss, stage=part.name)
    back: list[Layer] = [Rescaling(spread, offset=middle, name="units")]
    whole = Sequential([*model.layers, *back], name=model.name)
    whole.build((None, x.shape[1]))
    whole.compile(AdamW(run.settings.learning_rate), loss, metrics=["mae"])
    return whole


def without_network(
    x: np.ndarray, y: np.ndarray, classes: int, part: Part, how: Measure
) -> dict[str, np.ndarray]:
    """Return what baselines say of the test part: shares (M, K), or numbers (M,)."""
    train, asked = part.train, x[part.test]
    guess = GUESSES[0] if classes else GUESSES[2 if how.robust else 1]
    told = {guess: baselines.guess(y[train], classes, len(asked), how.robust)}
    each = None
    if how.even:
        weights = network.balanced(y[train], classes)
        each = network.of_each(weights, y[train])
    if classes:
        told[LINEAR[True]] = baselines.logistic(x[train], y[train], asked, classes, each)
    else:
        told[LINEAR[False]] = baselines.linear(x[train], y[train], asked, robust=how.robust)
    values = np.eye(classes)[y] if classes else y
    if how.even:
        values = values * [weights[number] for number in range(classes)]
    held = part.held if len(part.held) else train[:0]
    best, count = -np.inf, baselines.COUNTS[1]
    for number in baselines.COUNTS if len(held) else ():
        near = baselines.neighbours(x[train], values[train], x[held], number)
        merit = how.mean(y[held], how.merits(y[held], near.argmax(-1) if classes else near))[0]
        if merit > best:
            best, count = merit, number
    told[NEAREST] = baselines.neighbours(x[train], values[train], asked, count)
    return told


def column_losses(
    model: Sequential,
    x: np.ndarray,
    y: np.ndarray,
    test: np.ndarray,
    preparation: Table,
    how: Measure,
) -> dict[str, float]:
    """Return how much worse the predictions get when a column is shuffled (Breiman 2001)."""
    asked = test[:MOST_ASKED]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(asked))

    def merit(inputs: np.ndarray) -> float:
        outputs = model.predict(inputs, batch_size=512, verbose=0)
        said = outputs.argmax(-1) if how.classes else outputs[:, 0].astype(np.float64)
        return how.mean(y[asked], how.merits(y[asked], said))[0]

    whole, start, found = merit(x[asked]), 0, {}
    for column in preparation.columns:
        end = start + len(column.inputs)
        shuffled = x[asked].copy()
        shuffled[:, start:end] = shuffled[order, start:end]
        found[column.name] = whole - merit(shuffled)
        start = end
    return found


def show_columns(run: Run, losses: dict[str, float], how: Measure) -> None:
    """Draw which columns count, the first ones of many."""
    ranked = sorted(losses.items(), key=lambda pair: -pair[1])[:12]
    what = "error added" if not how.classes else "accuracy lost"
    scale = 100.0 if how.classes else 1.0
    unit = ", in points" if how.classes else "" if how.robust else " (squared)"
    shown = [(name, scale * loss) for name, loss in ranked[:5]]
    told = "; ".join(f"{n}: {v:,.0f}" if v > 999 else f"{n}: {v:.3g}" for n, v in shown)
    run.picture(
        "columns",
        "Which columns count",
        plots.bars(
            {name[:30]: scale * loss for name, loss in ranked},
            f"{what} when the column is shuffled{unit}",
            baselines=0,
        ),
        f"How much worse the network gets when a column is shuffled among the tested rows; {told}. "
        "Of columns that say the same, each seems to count little.",
    )


def show_numbers(run: Run, target: str, truth: np.ndarray, said: np.ndarray) -> None:
    """Draw what was predicted over what is true, and tell the errors in the target's units."""
    run.picture(
        "predictions",
        "Predicted and true",
        plots.predictions(truth, said, label=target),
        f"What the network says of {len(truth):,} rows that it has not seen, over what is true; on "
        "the line, both are equal.",
    )
    errors = said - truth
    run.score(f"root mean squared error of {target}", float(np.sqrt((errors**2).mean())))
    run.score(f"mean absolute error of {target}", float(np.abs(errors).mean()))
