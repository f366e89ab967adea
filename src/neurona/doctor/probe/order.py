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
from neurona.doctor.probe.probe import Probe, probe_of
from neurona.doctor.probe.twin import Batch
from neurona.doctor.task import is_one_hot

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
FEW = 8  # targets of a sample


def check_order(case: Case) -> Iterator[Finding]:
    """GD310: put the steps of x into another order.

    Attention over ids is to know it; a fact where counts of them, and of pairs, tell most of the
    targets. Means of them, and all that reads numbers, which may be a set of points, only where
    targets depend on it.
    """
    probe = probe_of(case)
    leaves, _ = flatten(probe.prediction.batch.x)
    if probe.prediction.batch.size < 2:
        return
    if len(leaves) > 1:
        yield from _of_sources(case, probe, leaves)
        return
    x = leaves[0]
    if probe.attends and x.ndim == 4:
        yield from _of_patches(case, probe, x)
    if not _is_sequence(x):
        return
    order = np.random.default_rng(0).permutation(x.shape[1])
    change = _change(probe, 0, x[:, order], order)
    if change is None or change >= SAME:
        return
    ids = probe.attends and x.dtype.kind in "iu"
    told = _told(case.inputs[0], case.targets, wide=ids)
    if ids or (told is not None and told.gain > GAIN):
        yield _found(probe, change, told)


def _of_sources(case: Case, probe: Probe, leaves: list[np.ndarray]) -> Iterator[Finding]:
    """Of several inputs: one of ids that is asked for, of which the targets need the places."""
    targets = case.targets
    if not probe.attends or len(targets) != 1 or len(case.inputs) != len(leaves):
        return
    y = targets[0]
    for i, x in enumerate(leaves):
        known = case.inputs[i].shape[1:] == x.shape[1:]
        if x.dtype.kind not in "iu" or not known or not _is_sequence(x):
            continue
        change = _change(probe, i, x[:, np.random.default_rng(0).permutation(x.shape[1])])
        if change is None or change >= SAME:
            continue
        asked = _change(probe, i, np.roll(x, 1, axis=0))
        if asked is None or asked < SAME:
            continue
        steps = [y] if y.size == len(y) else [y[:, 0], y[:, -1]] if y.ndim == 2 else []
        told = [told_by(case.inputs[i], step, wide=False) for step in steps]
        best = max((t for t in told if t is not None), key=lambda t: t.gain, default=None)
        if best is not None and best.gain > GAIN:
            yield _found(probe, change, best)
            return


def _of_patches(case: Case, probe: Probe, x: np.ndarray) -> Iterator[Finding]:
    """Of pictures that are cut into patches: swap blocks, which are some patches each."""
    high, wide = x.shape[1:3]
    pictures = case.inputs[0]
    if pictures.shape[1:] != x.shape[1:] or any(len(y) != len(pictures) for y in case.targets):
        return
    rows = np.random.default_rng(0).permutation(len(pictures))[:MOST_ROWS]
    for parts in (2, 3, 5, 7):  # patches of any size that divides a picture make up such blocks
        if high % parts or wide % parts:
            continue
        order = np.random.default_rng(0).permutation(parts**2)
        change = _change(probe, 0, _picture(_blocks(x, parts)[:, order], x.shape))
        if change is not None and change < SAME:
            blocks, targets = _blocks(pictures[rows], parts), [y[rows] for y in case.targets]
            told = _told(blocks, targets, wide=False)
            if told is not None and told.gain > GAIN:
                yield _found(probe, change, told)
            return


def _blocks(x: np.ndarray, parts: int) -> np.ndarray:
    """Return pictures (N, H, W, C) as blocks (N, parts^2, numbers of a block)."""
    n, high, wide, c = x.shape
    x = x.reshape(n, parts, high // parts, parts, wide // parts, c)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(n, parts**2, -1)


def _picture(blocks: np.ndarray, shape: tuple) -> np.ndarray:
    """Return the pictures of blocks."""
    n, high, wide, c = shape
    parts = round(blocks.shape[1] ** 0.5)
    x = blocks.reshape(n, parts, parts, high // parts, wide // parts, c)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(shape)


def _change(probe: Probe, i: int, x: np.ndarray, order: np.ndarray | None = None) -> float | None:
    """Return how far the answers change with another input i; None if they are all one.

    Args:
        order: of the steps, if answers for each of them are to be in that order too.
    """
    batch, predict = probe.prediction.batch, probe.prediction
    leaves, structure = flatten(batch.x)
    before = predict(batch)
    other = structure.unflatten([*leaves[:i], x, *leaves[i + 1 :]])
    after = predict(Batch(other, batch.y, batch.weight))
    changes = []
    for name, y in before.items():
        if y.dtype.kind != "f" or change_of(y, np.broadcast_to(y[:1], y.shape)).max() < SAME:
            return None  # one answer for all: that is another fault
        each = order is not None and y.ndim > 2 and y.shape[1] == len(order)
        changes.append(float(change_of(y[:, order] if each else y, after[name]).max()))
    return max(changes, default=None)


def _found(probe: Probe, change: float, told: Told | None) -> Finding:
    matters = told is not None and told.gain > GAIN
    counts = told is not None and told.counts > ENOUGH and not matters
    more = ""
    if told is not None and matters:
        more = f"; with places, a linear model has {told.gain:.0%} more of the targets right"
    elif told is not None and counts:
        more = f"; which words come, and how often, tells {told.counts:.0%} of the targets"
    return UNORDERED.found(
        f"the answers stay as they are when the steps of x come in another order{more}",
        where="attention" if probe.attends else "x",
        evidence={"change": change, "gain": told and told.gain},
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
        counts: what one that knows which steps there are tells of what guessing leaves; of words it
            may know which pairs of them there are, too.
        gain: how much more one tells that knows what stands where; 0 if that is within three
            standard errors. Of classes it is the share that is right, of numbers of the variance.
    """

    counts: float
    gain: float


def _told(x: np.ndarray, targets: list[np.ndarray], wide: bool) -> Told | None:
    """Return what linear models tell of all targets: one-hot classes, or a few for each sample.

    Of several the mean is told by counts, and the best gains by places.
    """
    y = targets[0] if len(targets) == 1 else np.zeros(0)
    several = y.ndim == 2 and y.dtype.kind in "biuf" and 1 < y.shape[1] != x.shape[1]
    if several and is_one_hot(y):
        return told_by(x, np.argmax(y, axis=1), wide)
    if not several or y.shape[1] > FEW:
        return told_by(x, y, wide)
    columns = (y[:, k] for k in range(y.shape[1]))
    told = [told for column in columns if (told := told_by(x, column, wide)) is not None]
    if not told:
        return None
    return Told(float(np.mean([t.counts for t in told])), max(t.gain for t in told))


def told_by(x: np.ndarray, y: np.ndarray, wide: bool) -> Told | None:
    """Return what linear models tell of targets; None if they cannot be asked.

    Args:
        x, y: arrays (N, ...), (N,) or (N, 1).
        wide: whether to count words even if there are too many to ask for their places.
    """
    if y.size != len(x) or len(x) < 100 or not np.isfinite(x).all() or not np.isfinite(y).all():
        return None
    rows = np.random.default_rng(0).permutation(len(x))[:MOST_ROWS]
    features = _words(x[rows], wide) if x.dtype.kind in "iu" else _numbers(x[rows])
    if features is None:
        return None
    y, held = y.reshape(len(y)), len(rows) // 3
    classes, labels = np.unique(y, return_inverse=True)
    few = len(classes) <= MOST_CLASSES and bool((classes == np.rint(classes)).all())
    if len(classes) < 2 or not (few or y.dtype.kind == "f"):
        return None

    def right(a: np.ndarray) -> np.ndarray:
        """Return what a linear model of features tells of each row that it does not know."""
        if few:
            shares = logistic(a[held:], labels[rows[held:]], a[:held], len(classes))
            return (shares.argmax(axis=1) == labels[rows[:held]]).astype(float)
        known = linear(a[held:], y[rows[held:]], a[:held], penalty=0.01 * len(rows))
        return 1 - ((known - y[rows[:held]]) ** 2) / max(float(y.var()), 1e-12)

    told = [right(a) for a in features]
    guess = float(np.bincount(labels[rows[:held]]).max()) / held if few else 0.0
    gains = told[-1] - told[0]
    sure = 3 * float(gains.std()) / held**0.5
    gain = float(gains.mean()) if gains.mean() > sure else 0.0
    counts = float(told[0].mean())
    if x.dtype.kind in "iu" and not gain and counts - guess <= ENOUGH * (1 - guess):
        pairs = _pairs(features[0])
        counts = counts if pairs is None else max(counts, float(right(pairs).mean()))
    return Told((counts - guess) / max(1 - guess, 1e-12), gain)


def _words(x: np.ndarray, wide: bool) -> list[np.ndarray] | None:
    """Return how often each word comes in a row, and which stands where unless that is too much."""
    words = int(x.max()) + 1
    much = words * x.shape[1] > WIDE
    if x.min() < 0 or (much and not (wide and words <= WIDE)):
        return None
    counts = np.stack([np.bincount(row, minlength=words) for row in x]).astype(float)
    return [counts] if much else [counts, np.eye(words)[x].reshape(len(x), -1)]


def _pairs(counts: np.ndarray) -> np.ndarray | None:
    """Return how often each two words come together in a row; None if they are too many."""
    words = counts.shape[1]
    if words * words > 2 * WIDE:
        return None
    a, b = np.triu_indices(words)
    return counts[:, a] * (counts[:, b] - (a == b))


def _numbers(x: np.ndarray) -> list[np.ndarray]:
    """Return what a set of steps can be told by, and that beside the numbers at their places."""
    random = np.random.default_rng(0)
    x = x.astype(np.float64)
    x = (x - x.mean(axis=(0, 1))) / (x.std(axis=(0, 1)) + 1e-9)  # (N, T, C)
    mixing = random.normal(size=(x.shape[2] + 1, DRAWN))
    steps = np.maximum(x @ mixing[:-1] / x.shape[2] ** 0.5 + mixing[-1], 0)
    sets = np.concatenate([f(steps, axis=1) for f in (np.mean, np.max)], axis=1)
    places = x.reshape(len(x), -1)
    if places.shape[1] > MIXED:
        places = places @ random.normal(0, places.shape[1] ** -0.5, (places.shape[1], MIXED))
    return [sets, np.concatenate([sets, places], axis=1)]
