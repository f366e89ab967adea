"""Splits: what is held out must be unseen, and alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor.anytime import MISMATCH
from neurona.doctor.case import Case
from neurona.doctor.data.hashing import row_hashes
from neurona.doctor.data.inputs import ids_of
from neurona.doctor.data.other_classes import LEAST, other_classes, other_shares
from neurona.doctor.finding import ERROR, Finding, Rule
from neurona.doctor.parts import Part
from neurona.doctor.scan import Scan, sample, share_error

OVERLAP = Rule(
    "GD108",
    "validation rows in training",
    "warning",
    "What was learnt by heart is asked again, so the validation says too much, and overfitting "
    "goes unseen.",
    accepted=("split before rows are doubled or cut into windows", "split by group or by time"),
    source="deepchecks",
)
FEW, MANY = 0.01, 0.05  # shares of the validation
NATURAL = 1.5  # times as often as rows come twice within training
WINDOW, SHIFTS = 5, 4  # least steps of a window, and by how many it may have moved
TEXT = 24  # tokens: shorter pieces of sentences come again by themselves
LEVELS, VALUES = 8, 100_000  # different values of such data, and how many are looked at
STEPS = 64  # different values of a column on a grid
LARGE = 4_000_000  # values: more are hardly windows of one series


def overlap(case: Case) -> Iterator[Finding]:
    """Look for rows that are in both parts, and for windows that overlap."""
    held_x, _ = case.validation_parts
    if len(held_x) != len(case.x_parts):
        return
    if len(held_x) > 1:
        yield from _together(case, held_x)
        return
    for part, held in zip(case.x_parts, held_x, strict=True):
        if not _alike(part, held):
            continue
        train, other = _same_type(part.values, held.values)
        if train is other or (train.shape == other.shape and np.array_equal(train, other)):
            if len(train) > 50:
                yield _shared(case, held, len(other), len(other), ": they are the same data")
            continue
        shared, twice = _again(train, other)
        share = shared / len(other)
        tokens = train.ndim == 2 and train.dtype.kind in "iu"  # which hang on each other
        often = shared > 1 and share > FEW
        natural = often and share <= _by_chance(twice, len(other)) and (tokens or _simple(train))
        if often and not natural:
            yield _shared(case, held, shared, len(other))
        elif (not tokens or train.shape[1] >= TEXT) and (moved := _moved(train, other)) > MANY:
            count = round(moved * len(other))
            yield OVERLAP.found(
                f"{count:,} of {len(other):,} windows of {held.name} are windows of training, "
                "moved by a step or a few",
                where=held.name,
                evidence={"shared": count, "of": len(other), "share": moved},
                threshold=f"at most {MANY:.0%}",
                fix="- train_test_split(windows, targets)\n"
                "+ cut = int(0.8 * len(series))  # split by time, then cut into windows",
            )
        return


def _together(case: Case, held: list[Part]) -> Iterator[Finding]:
    """Look for samples of several inputs: each by itself, a user or a picture, may come again."""
    pairs = list(zip(case.x_parts, held, strict=True))
    if not all(_alike(part, other) for part, other in pairs):
        return
    if any(len({len(p.values) for p in parts}) > 1 for parts in zip(*pairs, strict=True)):
        return
    typed = [_same_type(part.values, other.values) for part, other in pairs]
    train, other = (
        np.stack([row_hashes(a) for a in arrays], 1) for arrays in zip(*typed, strict=True)
    )
    shared, twice = _again(train, other)
    share = shared / len(other)
    if shared > 1 and share > _by_chance(twice, len(other)):
        whole = Part("validation x", held[0].values)
        yield _shared(case, whole, shared, len(other))


def _again(train: np.ndarray, other: np.ndarray) -> tuple[int, float]:
    """Return how many rows are rows of training, too; and the share that chance alone would give.

    That is one less the share of rows that came once, were both drawn alike (Good 1953).
    """
    known, times = np.unique(row_hashes(train), return_counts=True)
    shared = int(np.isin(row_hashes(other), known).sum())
    return shared, float(1 - (times == 1).sum() / len(train))


def _by_chance(twice: float, samples: int) -> float:
    """Return the share of so many samples that may well be in training, too, without a leak."""
    return NATURAL * twice + FEW + 2 * share_error(twice, samples, least=0.0)


AGAIN = "- model.fit(x, y, validation_data=...)\n+ model.fit(x, y, validation_split=0.2)"
ONCE = (
    "+ rows = np.unique(x, axis=0, return_index=True)[1]\n"
    "+ x, y = x[rows], y[rows]  # then split again"
)
ONCE_OF_SEVERAL = (
    "+ whole = np.concatenate([a.reshape(len(a), -1) for a in x], axis=1)\n"
    "+ rows = np.unique(whole, axis=0, return_index=True)[1]\n"
    "+ x, y = [a[rows] for a in x], y[rows]  # then split again"
)


def _shared(case: Case, held: Part, shared: int, of: int, more: str = "") -> Finding:
    share = shared / of
    return OVERLAP.found(
        f"{shared:,} of {of:,} rows of {held.name} are also in training{more}",
        where=held.name,
        evidence={"shared": shared, "of": of, "share": share},
        threshold=f"at most {FEW:.0%}; above {MANY:.0%} it is an error",
        fix=AGAIN if share > 0.5 else ONCE if len(case.x_parts) == 1 else ONCE_OF_SEVERAL,
        severity=ERROR if share > MANY else None,
    )


def _alike(part: Part, held: Part) -> bool:
    """Say whether rows of both can be compared."""
    whole = part.numeric and held.numeric and len(part.values) > 0 and len(held.values) > 0
    return whole and part.values.shape[1:] == held.values.shape[1:]


def _same_type(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if a.dtype == b.dtype:
        return a, b
    floats = [x.dtype for x in (a, b) if x.dtype.kind == "f"]
    dtype = min(floats, key=lambda d: d.itemsize) if floats else np.dtype("int64")
    return a.astype(dtype), b.astype(dtype)


def _simple(train: np.ndarray) -> bool:
    """Say whether samples have so few values that some are equal without a leak."""
    few = _likely_equal(train) > 0.5 / len(train)
    return few or _coarse(train) or _on_a_grid(train)


def _flat(train: np.ndarray) -> np.ndarray:
    return sample(train).reshape(-1, int(np.prod(train.shape[1:], dtype=int)))


def _columns(rows: np.ndarray) -> np.ndarray:
    """Return some columns of rows, evenly spread."""
    return rows.T[:: max(1, rows.shape[1] // 64)]


def _coarse(train: np.ndarray) -> bool:
    """Say whether there are hardly any different values: black and white, or one-hot letters."""
    return len(np.unique(sample(train).reshape(-1)[:VALUES])) <= LEVELS


def _on_a_grid(train: np.ndarray) -> bool:
    """Say whether columns have few values each, as days and hours have, but many rows together.

    Rows of measurements that were copied have as many values in a column as there are rows.
    """
    rows = _flat(train)
    most = max(len(np.unique(column)) for column in _columns(rows))
    return most <= STEPS and len(np.unique(row_hashes(rows))) > LEVELS * most


def _likely_equal(train: np.ndarray) -> float:
    """Return how likely two samples are equal, if features were independent of each other."""
    rows = _flat(train)[:2000]
    chance = 1.0
    for column in _columns(rows):
        shares = np.unique(column, return_counts=True)[1] / len(column)
        chance *= float((shares**2).sum())
        if chance < 1e-12:
            break
    return chance


def _moved(train: np.ndarray, other: np.ndarray) -> float:
    """Return the share of windows (N, T, ...) of one that are those of the other, moved.

    Those where both parts meet in time are none of them: at each end as many as steps are moved.
    """
    if train.ndim not in (2, 3) or train.shape[1] < WINDOW or train.size > LARGE:
        return 0.0
    other = other[:: max(1, len(other) // 2000)]
    rich = _distinct(other) >= WINDOW - 1
    if rich.mean() < 0.5:
        return 0.0
    best = 0.0
    for shift in range(1, min(SHIFTS, train.shape[1] // 2) + 1):
        later = np.isin(row_hashes(other[:, shift:]), row_hashes(train[:, :-shift]))
        earlier = np.isin(row_hashes(other[:, :-shift]), row_hashes(train[:, shift:]))
        count = ((later | earlier) & rich).sum() - 2 * shift
        best = max(best, float(count / len(other)))
    return best


def _distinct(windows: np.ndarray) -> np.ndarray:
    """Return how many different values each window has."""
    ordered = np.sort(windows.reshape(len(windows), -1), axis=1)
    return 1 + (np.diff(ordered, axis=1) != 0).sum(axis=1)


SHIFT, RATIO, WRONG = 1.0, 3.0, 10.0  # standard deviations; times
DRIFT, SMOOTH = 3.0, 0.9  # what a series may drift by; the correlation of neighbours in one
SURE = 5.0  # standard errors
ALIKE = 0.3  # of the way between quartiles


def mismatch(case: Case) -> Iterator[Finding]:
    """Hold mean and spread of both parts against each other."""
    held_x, held_y = case.validation_parts
    if mixed := list(other_classes(case, held_y)):
        yield from mixed  # numbers of other classes are other numbers
        return
    ids = ids_of(case)
    for kind, parts, held in (("x", case.x_parts, held_x), ("y", case.y_parts, held_y)):
        if len(parts) != len(held):
            continue
        for one, other in zip(parts, held, strict=True):
            if not _alike(one, other):
                continue
            if kind == "y" and not _quantities(one):
                yield from other_shares(one, other)
            elif one.name not in ids or kind == "y":
                yield from _apart(case, one, other, SHIFT if kind == "x" else DRIFT)


def _quantities(part: Part) -> bool:
    return part.values.dtype.kind == "f" and len(np.unique(sample(part.values))) > 20


def _same_middle(one: Part, other: Part) -> bool:
    """Say whether the quartiles are alike: a few values far away make a mean and a spread."""
    quarters = [np.quantile(sample(p.values), (0.25, 0.5, 0.75)) for p in (one, other)]
    width = min(float(q[2] - q[0]) for q in quarters)
    return bool(np.abs(quarters[0] - quarters[1]).max() < ALIKE * width)


def _apart(case: Case, one: Part, other: Part, most: float) -> Iterator[Finding]:
    a, b = case.scan(one), case.scan(other)
    n = len(b.rows)
    if n >= LEAST and one.values[:1].size == 1 and _same_middle(one, other):
        return
    size_a, size_b = max(a.rms, 1e-12), max(b.rms, 1e-12)
    ratio = max(size_a / size_b, size_b / size_a)
    if n >= 2 and ratio > WRONG:
        yield _told(one, other, a.range, b.range, {"ratio": ratio}, ERROR)
        return
    if n < LEAST or len(a.rows) < LEAST:
        return
    if a.rows.shape[1] == 1 or one.values.ndim > 2:  # of images and sequences as a whole
        mean_a, mean_b = float(a.mean.mean()), float(b.mean.mean())
        std = float(np.sqrt(max(a.rms**2 - mean_a**2, 1e-24)))
        std_b = float(np.sqrt(max(b.rms**2 - mean_b**2, 1e-24)))
        shift, spread = abs(mean_b - mean_a) / std, max(std / std_b, std_b / std)
        if one.values.ndim == 3 and _series(sample(one.values)[:, :, 0]):
            most = max(most, DRIFT)
        if shift > most or spread > RATIO:
            measured = {"shift": shift, "ratio of spreads": spread}
            yield _told(one, other, a.range, b.range, measured)
        return
    changes = (a.std > 0) & (a.std > 1e-6 * np.abs(a.mean))
    with np.errstate(divide="ignore", invalid="ignore"):
        shift_ = np.where(changes, np.abs(b.mean - a.mean) / a.std, 0.0)
    yield from _other_spread(one, other, a, b, changes)
    most = DRIFT if _series(a.rows) else most
    error = np.sqrt(a.std**2 / len(a.rows) + b.std**2 / n)
    sure = (shift_ > most) & (np.abs(b.mean - a.mean) > SURE * error)
    if sure.any():
        j = int(np.where(sure, shift_, 0).argmax())
        evidence: dict[str, Any] = {
            "columns": [one.column(int(k)) for k in np.flatnonzero(sure)[:10]], "shift": shift_[j],
            "mean": a.mean[j], "validation mean": b.mean[j],
        }  # fmt: skip
        more = f", and {sure.sum() - 1} more columns" if sure.sum() > 1 else ""
        yield MISMATCH.found(
            f"{one.column(j)} of {other.name} has the mean {b.mean[j]:.4g}, in training "
            f"{a.mean[j]:.4g}: {shift_[j]:.1f} standard deviations away{more}",
            where=other.name, evidence=evidence,
            threshold=f"means within {most:g} standard deviations",
            fix="+ scale = nn.layers.Normalization()\n+ scale.adapt(x)  # for both, in the model",
        )  # fmt: skip


def _other_spread(
    one: Part, other: Part, a: Scan, b: Scan, changes: np.ndarray
) -> Iterator[Finding]:
    """Look for columns that vary less or more: scaled to 0..1 here, to a spread of 1 there."""
    often = (a.rows == a.low).mean(axis=0) < 0.5  # rare words and categories may be absent
    columns = np.flatnonzero(changes & often)
    if len(columns) < 3:
        return
    ratio = float(np.median(b.std[columns] / a.std[columns]))
    if 1 / RATIO <= ratio <= RATIO:
        return
    how = f"{ratio:.1f} times more" if ratio > 1 else f"{1 / max(ratio, 1e-9):.1f} times less"
    yield MISMATCH.found(
        f"the middle column of {other.name} varies {how} than in training",
        where=other.name,
        evidence={"ratio of spreads": ratio, "columns": len(columns)},
        threshold=f"spreads within a factor of {RATIO:g}",
        fix="+ x_val = scaler.transform(x_val)  # the scaler that was fitted on x",
    )


def _series(rows: np.ndarray) -> bool:
    """Say whether columns are neighbours in time: series drift by themselves."""
    some = rows[:1000].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        near = [np.corrcoef(a, b)[0, 1] for a, b in zip(some.T[:8], some.T[1:9], strict=False)]
    return len(near) > 2 and float(np.nanmedian(near)) > SMOOTH


def _told(
    one: Part, other: Part, first: tuple, second: tuple, evidence: dict, severity: str | None = None
) -> Finding:  # fmt: skip
    by = 255 if 128 < max(first[1], second[1]) <= 255 and min(first[1], second[1]) <= 2 else None
    name = "x" if one.name.startswith("x") else "y"
    fix = f"+ {name}_val = scaler.transform({name}_val)  # the scaler that was fitted on {name}"
    if by:
        fix = (
            f"- {name}_val\n+ {name}_val / 255"
            if second[1] > first[1]
            else f"- {name}\n+ {name} / 255"
        )
    return MISMATCH.found(
        f"{other.name} runs from {second[0]:.4g} to {second[1]:.4g}, {one.name} of training from "
        f"{first[0]:.4g} to {first[1]:.4g}",
        where=other.name,
        evidence=evidence,
        threshold=f"sizes within a factor of {RATIO:g}, means within a standard deviation",
        fix=fix,
        severity=severity,
    )


TINY = Rule(
    "GD115",
    "small validation",
    "info",
    "A share that is found from few samples is known roughly only.",
)
POINTS = 0.02


def tiny(case: Case) -> Iterator[Finding]:
    """Say how far the accuracy of so few validation samples is known."""
    _, held = case.validation_parts
    for end, part in zip(case.ends, held, strict=False):
        n = len(part.values) if part.values.ndim else 0
        if end.task.name not in ("classes", "binary") or not n or not case.whole:
            continue
        error = 0.5 / n**0.5
        if error > POINTS:
            yield TINY.found(
                f"{n:,} validation samples: differences under {200 * error:.0f} points are noise",
                evidence={"samples": n, "standard error": error},
                threshold=f"a standard error up to {POINTS:.0%}",
            )


CHECKS = {overlap: (OVERLAP,), mismatch: (MISMATCH,), tiny: (TINY,)}
