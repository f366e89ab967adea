"""Own losses: a function of the user's is asked what it compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from neurona.core import random
from neurona.doctor.case import Case
from neurona.doctor.data.labels import SHAPE
from neurona.doctor.ends import End
from neurona.doctor.finding import WARNING, Finding

ROWS, SOME = 64, 16
LARGE = 100.0  # targets beside which answers near 1 are all the same
SAME, OTHER = 1e-5, 1e-3  # of the loss: what rounding may change, and what a change is


def own_loss(case: Case) -> Iterator[Finding]:
    """Try losses that are not of the library on targets of the data and made up answers."""
    for end in [] if case.custom else case.ends:
        if end.loss is None or not _of_the_user(end.loss) or not end.values.size:
            continue
        assert end.target is not None
        y = end.target.values[case.rows[:: max(1, len(case.rows) // ROWS)]][:ROWS]
        if len(y) < 4 or not np.isfinite(y).all() or not (y != y[:1]).any():
            continue
        answers = _answers(end, y)

        def loss(y: np.ndarray, p: np.ndarray, end: End = end) -> float:
            with random.undisturbed(), np.errstate(all="ignore"):
                try:
                    return float(np.mean(np.asarray(end.loss(y, p), np.float64)))
                except Exception:  # of the user's code, which wants other things
                    return float("nan")

        yield from _mixed_up(end, loss, y, answers)


def _of_the_user(loss: object) -> bool:
    return type(loss).__name__ == "FunctionLoss" or not type(loss).__module__.startswith("neurona.")


def _answers(end: End, y: np.ndarray) -> np.ndarray:
    """Return answers to try: as far apart as targets are, else these would drown them."""
    made = np.random.default_rng(0).normal(size=(len(y), *end.shape[1:]))
    if end.activation in ("softmax", "sigmoid"):
        made = 1 / (1 + np.exp(-made))
    if end.activation == "softmax":
        made = made / made.sum(axis=-1, keepdims=True)
    if end.activation not in ("softmax", "sigmoid") and abs(y).max() > LARGE:
        made = y.mean() + y.std() * made
    return made.astype(np.float32)


def _mixed_up(end: End, loss: Callable, y: np.ndarray, p: np.ndarray) -> Iterator[Finding]:
    """Give the targets to other samples: if the loss stays, it compares each with every other."""
    first, moved, one = loss(y, p), loss(np.roll(y, 1, 0), p), loss(np.repeat(y[:1], len(y), 0), p)
    if not np.isfinite([first, moved, one]).all():
        return
    if abs(moved - first) > SAME * abs(first) or abs(one - first) <= OTHER * abs(first):
        return
    some = np.linspace(0, len(y) - 1, SOME).astype(int)
    all_pairs = np.mean([loss(np.repeat(y[i : i + 1], SOME, 0), p[some]) for i in some])
    if not abs(all_pairs - loss(y[some], p[some])) <= OTHER * abs(first):
        return  # pairs are not just added up: it compares distributions, or ranks
    yield SHAPE.found(
        f"the loss stays at {first:.4g} when the targets are given to other samples, so it "
        "compares every answer with every target",
        where=end.place,
        evidence={"loss": first, "targets moved": moved, "outputs": list(p.shape)},
        threshold="another loss with other targets",
        fix="+ y = nn.ops.reshape(y, p.shape)  # in the loss: (n,) and (n, 1) broadcast to (n, n)",
        severity=WARNING,
    )  # fmt: skip


CHECKS = {own_loss: (SHAPE,)}
