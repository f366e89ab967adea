"""Whether the order of the steps matters: to the model, and to what it is to tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.classic.baselines import linear, logistic
from neurona.core.tree import flatten
from neurona.doctor.case import Case
from neurona.doctor.finding import WARNING, Finding, Rule
from neurona.doctor.probe.mixing import SAME, change_of
from neurona.doctor.probe.probe import probe_of
from neurona.doctor.probe.twin import Batch

UNORDERED = Rule(
    "GD310", "the order does not matter", WARNING,
    "Attention and means treat their inputs as a set. Without positions, 'dog bites man' and 'man "
    "bites dog' are the same to the model.",
    because=("GD302", "GD307", "GD308"),
    accepted=("nn.layers.SinePositionEncoding", "rotary positions"),
    source="Vaswani et al. 2017",
)  # fmt: skip

GAIN = 0.1  # of the share that is right, or explained, from which on the order matters
WIDE, MOST_ROWS = 4000, 1500  # places times words, and rows, with which that is asked
MIXED, DRAWN = 256, 64  # columns that numbers at their places are mixed to; features of a step
MOST_CLASSES = 20


def check_order(case: Case) -> Iterator[Finding]:
    """GD310: put the steps of x into another order.

    Attention over ids is to know it. Means of them, and all that reads numbers, which may be a set
    of points, only where the targets depend on it.
    """
    probe = probe_of(case)
    batch, predict = probe.prediction.batch, probe.prediction
    leaves, structure = flatten(batch.x)
    if len(leaves) != 1 or batch.size < 2 or not _is_sequence(leaves[0]):
        return
    x = leaves[0]
    order = np.random.default_rng(0).permutation(x.shape[1])
    before = predict(batch)
    after = predict(Batch(structure.unflatten([x[:, order]]), batch.y, batch.weight))
    changes = []
    for name, y in before.items():
        if y.dtype.kind != "f":
            return
        if change_of(y, np.broadcast_to(y[:1], y.shape)).max() < SAME:
            return  # one answer for all: that is another fault
        each = y.ndim > 2 and y.shape[1] == len(order)
        changes.append(float(change_of(y[:, order] if each else y, after[name]).max()))
    if not changes or max(changes) >= SAME:
        return
    sure = probe.attends and x.dtype.kind in "iu"
    gain = None if sure else gain_of_places(case.inputs, case.targets)
    if sure or (gain is not None and gain > GAIN):
        more = (
            ""
            if gain is None
            else f"; with places, a linear model has {gain:.0%} more of the targets right"
        )
        yield UNORDERED.found(
            f"the answers stay as they are when the steps of x come in another order{more}",
            where="attention" if probe.attends else "x",
            evidence={"change": max(changes), "gain": gain},
            threshold=f"change above {SAME}",
            fix="+ x = x + nn.layers.SinePositionEncoding()(x)  # before the attention"
            if probe.attends
            else "- GlobalAveragePooling1D()\n+ GRU(32)  # reads the steps in their order",
        )


def _is_sequence(x: np.ndarray) -> bool:
    """Whether x has steps that differ: ids (B, T), or numbers (B, T, C)."""
    fits = x.ndim == (2 if x.dtype.kind in "iu" else 3)
    return fits and x.shape[1] > 3 and bool((x[:, 1:] != x[:, :-1]).any())


def gain_of_places(inputs: list[np.ndarray], targets: list[np.ndarray]) -> float | None:
    """Return how much more of the targets a linear model tells if it knows what stands where.

    Of classes it is the share that is right, of numbers that of the variance. 0 if that is within
    three standard errors; None if it cannot be asked.
    """
    x, y = inputs[0], targets[0] if len(targets) == 1 else np.zeros(0)
    if y.size != len(x) or len(x) < 100 or not np.isfinite(x).all() or not np.isfinite(y).all():
        return None
    rows = np.random.default_rng(0).permutation(len(x))[:MOST_ROWS]
    features = _words(x, rows) if x.dtype.kind in "iu" else _numbers(x[rows])
    if features is None:
        return None
    y, held = y.reshape(len(y)), len(rows) // 3
    classes, labels = np.unique(y, return_inverse=True)
    few = len(classes) <= MOST_CLASSES
    if len(classes) < 2 or not (few or y.dtype.kind == "f"):
        return None
    told = []
    for a in features:
        if not few:
            known = linear(a[held:], y[rows[held:]], a[:held], penalty=0.01 * len(rows))
            told.append(-((known - y[rows[:held]]) ** 2) / max(float(y.var()), 1e-12))
        else:
            shares = logistic(a[held:], labels[rows[held:]], a[:held], len(classes))
            told.append((shares.argmax(axis=1) == labels[rows[:held]]).astype(float))
    gains = told[1] - told[0]
    sure = 3 * float(gains.std()) / held**0.5
    return float(gains.mean()) if gains.mean() > sure else 0.0


def _words(x: np.ndarray, rows: np.ndarray) -> list[np.ndarray] | None:
    """Return how often each word comes in a row, and which stands where."""
    words = int(x.max()) + 1
    if x.min() < 0 or words * x.shape[1] > WIDE:
        return None
    at_places = np.eye(words)[x[rows]]  # (N, T, V)
    return [at_places.sum(axis=1), at_places.reshape(len(rows), -1)]


def _numbers(x: np.ndarray) -> list[np.ndarray]:
    """Return what a set of steps can be told by, and the numbers at their places, mixed."""
    random = np.random.default_rng(0)
    x = x.astype(np.float64)
    x = (x - x.mean(axis=(0, 1))) / (x.std(axis=(0, 1)) + 1e-9)  # (N, T, C)
    mixing = random.normal(size=(x.shape[2] + 1, DRAWN))
    steps = np.maximum(x @ mixing[:-1] / x.shape[2] ** 0.5 + mixing[-1], 0)
    sets = np.concatenate([f(steps, axis=1) for f in (np.mean, np.max)], axis=1)
    places = x.reshape(len(x), -1)
    if places.shape[1] > MIXED:
        places = places @ random.normal(0, places.shape[1] ** -0.5, (places.shape[1], MIXED))
    return [sets, places]
