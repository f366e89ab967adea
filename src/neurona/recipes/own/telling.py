"""What is told of somebody's data: what was assumed, how training went, and the verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.recipes.advice import Advice, on_training
from neurona.recipes.examine import explain_curves
from neurona.recipes.own.parts import Part
from neurona.recipes.own.verdict import Measure, Verdict

if TYPE_CHECKING:
    from neurona.recipes.own.rows import Rows
    from neurona.recipes.run import Run

SHOWN = 20  # columns, on the screen
LISTED = 100  # in the report


def tell_rows(run: Run, rows: Rows) -> None:
    """Say what was assumed of a table, a line for each column."""
    tell(run, rows.assumed, [(k.name, f"{k.what}, {k.told}") for k in rows.kinds], rows.notes)


def tell(
    run: Run, assumed: dict[str, str], columns: list[tuple[str, str]], notes: list[str]
) -> None:
    """Say what was assumed of somebody's data, and what was left out or put right."""
    for name, told in assumed.items():
        run.fact(name, told)
    for name, told in columns[:LISTED]:
        run.fact(f"column {name}", told)
    for number, note in enumerate(notes[:LISTED], start=1):
        run.fact(f"note {number}", note)
    shown = [*assumed.items(), *(columns if len(columns) <= SHOWN else columns[: SHOWN - 1])]
    width = min(24, max(len(name) for name, _ in shown))
    for name, told in shown:
        run.say(f"{name[:width]:<{width}}  {told}")
    if len(columns) > SHOWN:
        run.say(f"{'...':<{width}}  and {len(columns) - SHOWN + 1} more; the report has them")
    for note in notes[:SHOWN]:
        run.say(f"note: {note}")
    if len(notes) > SHOWN:
        run.say(f"note: {len(notes) - SHOWN:,} more such notes stand in the report")


def tell_parts(run: Run, found: list[Part], how: Measure, what: str = "rows") -> None:
    """Say how the rows or images are divided, and how the network will be judged."""
    last = found[-1]
    if len(found) == 1:
        told = (
            f"{len(last.train):,} for training, {len(last.held):,} for validation, "
            f"{len(last.test):,} for testing"
        )
    else:
        told = (
            f"{len(last.train) + len(last.held):,} {what}: too few for a test part, so "
            f"{len(found) - 1} networks are each tested on what they have not seen, and the one "
            "that is kept learns from all"
        )
    run.say(f"{told}.")
    run.fact("samples", told)
    run.fact("score", f"{how.name}: {how.meaning}")


def show_curves(run: Run) -> None:
    """Draw the curves of the training; advise if it went wrong."""
    history = {name: values for name, values in run.history.items() if values}
    words = [
        f"{name.replace('_', ' ')} goes from {values[0]:.3g} to {values[-1]:.3g}"
        for name, values in history.items()
    ]
    alt = f"Curves over {max(map(len, history.values()))} epochs: {', '.join(words)}."
    run.picture("history", "How training went", plots.history(history), alt)
    rate, usual = run.settings.learning_rate, run.recipe.defaults.learning_rate
    run.advise([a for a in on_training(history, 0, rate, usual) if a.wrong])
    explain_curves(run)


def show_verdict(
    run: Run,
    verdict: Verdict,
    truth: np.ndarray,
    said: dict[str, np.ndarray],
    what: str = "rows",
) -> None:
    """Show the network beside the baselines, and say whether it is worth it."""
    how, scores = verdict.measure, verdict.scores
    run.table(
        f"The network beside baselines: {how.name}",
        ("", how.name, "standard error"),
        [(name, f"{value:.4f}", f"{error:.4f}") for name, (value, error) in scores.items()],
    )
    shown = {name: value for name, (value, _) in scores.items()}
    least = min(shown.values())
    if math.isfinite(least) and least > -1:
        run.picture(
            "baselines",
            "The network beside baselines",
            plots.bars(
                shown, how.name, baselines=len(shown) - 1,
                intervals=[error for _, error in scores.values()],
            ),
            "; ".join(f"{name}: {v:.4g} ± {e:.2g}" for name, (v, e) in scores.items()) + ".",
        )  # fmt: skip
    run.say(verdict.told())
    run.fact("verdict", verdict.told())
    count = len(truth)
    seen = f"{verdict.told()[0].upper()}{verdict.told()[1:]}."
    if verdict.worth:
        attempt = (
            f"More {what} help most; --epochs and --lr are next. Compare several --seed values "
            "before you trust a small difference."
        )
    else:
        attempt = (
            f"Use {verdict.best}, which is simpler; a network pays with more {what} than "
            f"these {count:,}, or with such that tell more."
        )
    run.advise([Advice(seen, attempt)])
    if how.classes and how.even:
        network = list(said.values())[-1]
        run.score("test accuracy", float((network == truth).mean()))
    run.score(f"{how.name} of the best baseline ({verdict.best})", scores[verdict.best][0])
    run.score(how.name, list(scores.values())[-1][0])
