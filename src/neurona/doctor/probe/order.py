"""Whether the order of the steps matters: to the model, and to what it is to tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from neurona.classic.baselines import linear, logistic
from neurona.core.tree import flatten
from neurona.doctor.case import Case
from neurona.doctor.finding import INFO, WARNING, Finding, Rule
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
ENOUGH = 0.5  # of what guessing leaves: a model that counts words is then no wrong one
WIDE, MOST_ROWS = 4000, 1500  # places times words, and rows, with which that is asked
MIXED, DRAWN = 256, 64  # columns that numbers at their places are mixed to; features of a step
MOST_CLASSES = 20


def check_order(case: Case) -> Iterator[Finding]:
    """GD310: put the steps of x into another order.

    Attention over ids is to know it; a fact where counts of them tell most of the targets. Means of
    them, and all that reads numbers, which may be a set of points, only where targets depend on it.
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
    ids = probe.attends and x.dtype.kind in "iu"
    told = told_by(case.inputs, case.targets, wide=ids)
    matters = told is not None and told.gain > GAIN
    counts = told is not None and told.counts > ENOUGH and not matters
    if matters or ids:
        more = ""
        if told is not None and matters:
            more = f"; with places, a linear model has {told.gain:.0%} more of the targets right"
        elif told is not None and counts:
            more = f"; how often each word comes tells {told.counts:.0%} of the targets"
        yield UNORDERED.found(
            f"the answers stay as they are when the steps of x come in another order{more}",
            where="attention" if probe.attends else "x",
            evidence={"change": max(changes), "gain": told and told.gain},
            threshold=f"change above {SAME}",
            fix="+ x = x + nn.layers.SinePositionEncoding()(x)  # before the attention"
            if probe.attends
            else "- GlobalAveragePooling1D()\n+ GRU(32)  # reads the steps in their order",
            severity=INFO if counts else None,
        )


def _is_sequence(x: np.ndarray) -> bool:
    """Whether x has steps that differ: ids (B, T), or numbers (B, T, C)."""
    fits = x.ndim == (2 if x.dtype.kind in "iu" else 3)
    return fits and x.shape[1] > 3 and bool((x[:, 1:] != x[:, :-1]).any())


class Told(NamedTuple):
    """What linear models tell of targets.

    Attributes:
        counts: what one that knows which steps there are tells of what guessing leaves.
        gain: how much more one tells that knows what stands where; 0 if that is within three
            standard errors. Of classes it is the share that is right, of numbers of the variance.
    """

    counts: float
    gain: float


def told_by(inputs: list[np.ndarray], targets: list[np.ndarray], wide: bool) -> Told | None:
    """Return what linear models tell of targets; None if they cannot be asked.

    Args:
        inputs, targets: arrays (N, ...).
        wide: whether to count words even if there are too many to ask for their places.
    """
    x, y = inputs[0], targets[0] if len(targets) == 1 else np.zeros(0)
    if y.size != len(x) or len(x) < 100 or not np.isfinite(x).all() or not np.isfinite(y).all():
        return None
    rows = np.random.default_rng(0).permutation(len(x))[:MOST_ROWS]
    features = _words(x[rows], wide) if x.dtype.kind in "iu" else _numbers(x[rows])
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
            told.append(1 - ((known - y[rows[:held]]) ** 2) / max(float(y.var()), 1e-12))
        else:
            shares = logistic(a[held:], labels[rows[held:]], a[:held], len(classes))
            told.append((shares.argmax(axis=1) == labels[rows[:held]]).astype(float))
    guess = float(np.bincount(labels[rows[:held]]).max()) / held if few else 0.0
    gains = told[-1] - told[0]
    sure = 3 * float(gains.std()) / held**0.5
    gain = float(gains.mean()) if gains.mean() > sure else 0.0
    return Told((float(told[0].mean()) - guess) / max(1 - guess, 1e-12), gain)


def _words(x: np.ndarray, wide: bool) -> list[np.ndarray] | None:
    """Return how often each word comes in a row, and which stands where unless that is too much."""
    words = int(x.max()) + 1
    much = words * x.shape[1] > WIDE
    if x.min() < 0 or (much and not (wide and words <= WIDE)):
        return None
    counts = np.stack([np.bincount(row, minlength=words) for row in x]).astype(float)
    return [counts] if much else [counts, np.eye(words)[x].reshape(len(x), -1)]


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
