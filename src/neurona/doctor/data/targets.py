"""Targets: how often each class comes, in which order, and how large numbers are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.anytime import IMBALANCE, ORDER, SIZE
from neurona.doctor.case import Case
from neurona.doctor.data.rare import told_by_neighbours
from neurona.doctor.ends import End
from neurona.doctor.finding import INFO, Finding
from neurona.doctor.scan import sample
from neurona.nn.metrics import AUC
from neurona.nn.parameter import Parameter

RATIO, ENTROPY, ROWS = 10.0, 0.5, 50
ALONE = 100.0  # times the weight of another class, of all samples together
MILD = 20.0  # times as rare: such a class may well be found without weights
FEW = 10  # classes
GRADES = 5  # of fewer classes, an order may be chance


def imbalance(case: Case) -> Iterator[Finding]:
    """Count the classes."""
    weighed = len(set(dict(case.class_weight or {}).values())) > 1 or case.sample_weight is not None
    for end in case.ends:
        task = end.task
        focal = "Focal" in type(end.loss).__name__
        known = task.name in ("classes", "binary") and task.labels.ndim == 1
        own = end.loss is not None and not end.kind  # which may weigh as it likes, or not ask for y
        if known and case.class_weight is not None and not case.custom:
            yield from _turned_over(end, case.class_weight)
        if known and not case.custom and (alone := _weighed_alone(case, end)) is not None:
            yield _only_one(end, alone, "samples that weigh anything")
        if not (own or weighed or focal or case.custom):
            yield from _mostly_empty(end)
        if not known or own or weighed or focal or case.custom or len(task.labels) < ROWS:
            continue
        if _begins_at_shares(case, end):
            continue
        if task.labels.min() < 0 or task.classes > len(task.labels):
            continue
        counts = np.bincount(task.labels, minlength=task.classes)
        there = counts[counts > 0]
        shares = there / there.sum()
        entropy = float(-(shares * np.log(shares)).sum() / np.log(max(len(there), 2)))
        ratio = float(there.max() / there.min())
        most, least = int(counts.argmax()), int(np.where(counts > 0, counts, counts.max()).argmin())
        if len(there) == 1:
            if end.kind != "squared":  # which may well be what is left of an equation
                yield _only_one(end, most, f"{len(task.labels):,} samples")
        elif entropy < ENTROPY or ratio >= RATIO:
            weights = {int(k): round(float(counts.sum() / (len(there) * counts[k])), 3)
                       for k in np.flatnonzero(counts)}  # fmt: skip
            yield IMBALANCE.found(
                f"always answering {most} already scores {counts.max() / counts.sum():.1%}; class "
                f"{least} has {counts[least]:,} of {counts.sum():,} samples",
                where=end.target.name if end.target else "y",
                evidence={"counts": counts[:50], "ratio": ratio, "entropy": entropy},
                threshold=f"entropy at least {ENTROPY} of the largest",
                fix=fixes.ClassWeights(weights),
                severity=None if _lost(case, end, entropy, ratio, there) else INFO,
            )
        if case.whole and 0 < (absent := int((counts == 0).sum())) < task.classes - 1:
            missing = np.flatnonzero(counts == 0)
            yield IMBALANCE.found(
                f"{absent} of {task.classes} classes have no sample, such as {missing[0]}",
                where="y", evidence={"absent": missing[:20]}, severity=INFO,
            )  # fmt: skip


def _lost(case: Case, end: End, entropy: float, ratio: float, counts: np.ndarray) -> bool:
    """Say whether so rare a class is lost: of many, some may be rare, and of few, each counts."""
    if end.metrics and all(isinstance(m, AUC) for m in end.metrics):
        return False  # who asks for ranks alone does not look at how often each class is answered
    drowned = entropy < ENTROPY
    if not drowned and (ratio <= MILD or len(counts) > FEW or _are_grades(counts)):
        return False
    return (drowned and ratio > MILD) or not told_by_neighbours(case, end)


def _are_grades(counts: np.ndarray) -> bool:
    """Whether classes lie in an order, as marks do: the farther from the middle, the rarer."""
    most = int(counts.argmax())
    rising, falling = np.diff(counts[: most + 1]) > 0, np.diff(counts[most:]) < 0
    return (
        len(counts) >= GRADES
        and 0 < most < len(counts) - 1
        and bool(rising.all() and falling.all())
    )


EMPTY, MARKED = 0.9, 0.02  # of the masks; of all places


def _mostly_empty(end: End) -> Iterator[Finding]:
    """Look for masks of which nine in ten have one kind of places only, and so nothing to find."""
    y = end.values
    if end.kind not in ("binary", "class numbers") or y.ndim < 3 or len(y) < ROWS:
        return
    y = sample(y).reshape(-1, int(np.prod(y.shape[1:])))
    kinds, counts = np.unique(y, return_counts=True)
    ground = kinds[counts.argmax()]
    empty, marked = float((y == ground).all(axis=1).mean()), float((y != ground).mean())
    if len(kinds) > ROWS or not (EMPTY <= empty < 1 and marked < MARKED):
        return
    yield IMBALANCE.found(
        f"{empty:.0%} of the masks have nothing but {ground:g}, and so have {1 - marked:.2%} of "
        "all places: always answering that scores as much",
        where=end.target.name if end.target else "y",
        evidence={"empty": empty, "marked": marked},
        threshold=f"{1 - EMPTY:.0%} of the masks with something in them",
        fix="+ rows = y.reshape(len(y), -1).any(axis=1)  # and some of the others\n"
        "+ x, y = x[rows], y[rows]",
    )


def _weighed_alone(case: Case, end: End) -> int | None:
    """Return the class that all weights of samples are for; None if there are several."""
    weights, labels = np.asarray(case.sample_weight), end.task.labels
    if weights.dtype.kind not in "fiub" or weights.shape not in (labels.shape, (len(labels), 1)):
        return None
    there = np.unique(labels[weights.reshape(len(labels)) != 0])
    return int(there[0]) if len(there) == 1 < len(np.unique(labels)) else None


def _turned_over(end: End, weights: Any) -> Iterator[Finding]:
    """Look for weights of classes that make a rare class rarer still, or one the only one."""
    counts = np.bincount(end.task.labels, minlength=end.task.classes)
    there = np.flatnonzero(counts)
    most, least = int(counts.argmax()), int(there[counts[there].argmin()])
    given = {int(k): float(v) for k, v in dict(weights).items()}
    mass = {int(k): float(counts[k] * given.get(int(k), 1.0)) for k in there}
    heavy, light = max(mass, key=lambda k: mass[k]), min(mass, key=lambda k: mass[k])
    plain = counts[most] < RATIO * counts[least]
    if (plain or heavy != most) and 0 < mass[light] * ALONE < mass[heavy]:
        yield IMBALANCE.found(
            f"class {heavy} has the weight {given.get(heavy, 1.0):g}, and so "
            f"{mass[heavy] / sum(mass.values()):.2%} of the loss: the others count for nothing",
            where="class_weight",
            evidence={"counts": counts[:50], "shares": [mass[k] for k in sorted(mass)][:50]},
            threshold=f"shares of the loss within a factor of {ALONE:g}",
            fix=fixes.ClassWeights(
                {int(k): round(float(counts.sum() / (len(there) * counts[k])), 3) for k in there}
            ),
        )
        return
    often, rarely = given.get(most, 1.0), given.get(least, 1.0)
    if counts[most] < RATIO * counts[least] or often < 2 * rarely:
        return
    swapped = {most: rarely, least: often}
    yield IMBALANCE.found(
        f"class {most} has {counts[most]:,} samples and the weight {often:g}, class {least} has "
        f"{counts[least]:,} and {rarely:g}: the rare one counts for nothing",
        where="class_weight",
        evidence={"counts": counts[:50], "often": often, "rarely": rarely},
        threshold="a rare class weighs no less than a frequent one",
        fix=fixes.ClassWeights(swapped),
    )


def _begins_at_shares(case: Case, end: End) -> bool:
    """Whether the last bias begins elsewhere than at 0, as at the logarithms of the shares."""
    biases = [getattr(layer, "bias", None) for layer in case.layers]
    last = [b for b in biases if isinstance(b, Parameter) and b.size == end.width][-1:]
    return bool(last) and bool(last[0].numpy().any()) and not case.trained


def _only_one(end: End, label: int, which: str) -> Finding:
    return IMBALANCE.found(
        f"all {which} are of class {label}: there is nothing to tell",
        where=end.target.name if end.target else "y",
        evidence={"class": label},
        threshold="two classes",
        fix="print(np.unique(y, return_counts=True))  # look at where y is made",
        severity="error",
    )


SURE = 10.0  # standard deviations


def order(case: Case) -> Iterator[Finding]:
    """Count the runs of equal labels, where rows are taken in their order (Wald, Wolfowitz)."""
    if case.shuffle or any(getattr(layer, "stateful", False) for layer in case.layers):
        return
    for end in case.ends:
        yield from _sorted(case, end)
        y = end.task.labels
        if end.task.name not in ("classes", "binary") or len(y) < 2 * case.batch_size:
            continue
        n = float(len(y))
        counts = np.unique(y, return_counts=True)[1].astype(float)
        two, three = (counts**2).sum(), (counts**3).sum()
        expected = n + 1 - two / n
        variance = (two * (two + n * (n + 1)) - 2 * n * three - n**3) / (n * n * (n - 1))
        runs = 1 + int((y[1:] != y[:-1]).sum())
        z = (expected - runs) / max(variance, 1e-12) ** 0.5
        if len(counts) > 1 and z > SURE:
            first = int((y != y[0]).argmax())
            yield ORDER.found(
                f"the first {first:,} rows are all of class {int(y[0])}, and shuffle is False",
                where=end.target.name if end.target else "y",
                evidence={"runs": runs, "runs by chance": expected, "z": z},
                threshold=f"runs within {SURE:g} standard deviations of chance",
                fix=fixes.Shuffle(),
            )


SORTED = 0.98  # share of the rows whose number is no smaller than that of the row before


def _sorted(case: Case, end: End) -> Iterator[Finding]:
    """Look for rows in the order of the number that is to be told; a series has an order."""
    y, tables = end.values, all(part.values.ndim == 2 for part in case.x_parts)
    if end.task.name != "numbers" or y.ndim != 1 or not tables or len(y) < 2 * case.batch_size:
        return
    rises, falls = float((y[1:] >= y[:-1]).mean()), float((y[1:] <= y[:-1]).mean())
    if max(rises, falls) >= SORTED > min(rises, falls):
        half = len(y) // 2
        yield ORDER.found(
            f"rows are in the order of their targets, {y[:half].mean():.4g} on average in the "
            f"first half and {y[half:].mean():.4g} in the second, and shuffle is False",
            where=end.target.name if end.target else "y",
            evidence={"rise": rises, "fall": falls},
            threshold=f"fewer than {SORTED:.0%} of the rows in order",
            fix=fixes.Shuffle(),
        )


OPEN = ("linear", "relu", "softplus", "leaky_relu", "elu")  # activations without an upper bound
SPREAD, FAR = 100.0, 10.0


def size(case: Case) -> Iterator[Finding]:
    """Hold the numbers that are to be predicted against those that the outputs begin with."""
    begins = {id(e): v for e, v in zip(case.ends, case.forward.outputs, strict=False)}
    for end, y in quantities(case):
        start = float(case.forward.evaluate([begins[id(end)]])[0].mean())
        if is_large(y, start):
            yield of_size(end, y)


def quantities(case: Case) -> Iterator[tuple[End, np.ndarray]]:
    """Yield the ends that no activation bounds, and the numbers that they are to be near."""
    for end in case.ends:
        grows = end.activation in OPEN and end.kind == "squared"
        if grows and end.task.name == "numbers" and not case.custom and not case.trained:
            yield end, end.values.astype(np.float64)


def is_large(y: np.ndarray, start: float = 0.0) -> bool:
    """Say whether targets vary by a hundred, or lie far from 0 and where the outputs begin.

    A bias may begin at their mean; what lies near it by chance is no help.
    """
    mean, std = float(y.mean()), float(y.std())
    mean = min(abs(mean), abs(mean - start))
    return std > SPREAD or (mean > FAR * std and mean > FAR)


def of_size(end: End, y: np.ndarray) -> Finding:
    """Return the finding on the targets of an end."""
    mean, std = float(y.mean()), float(y.std())
    return SIZE.found(
        f"targets are {mean:,.4g} on average and vary by {std:,.4g}; the output begins near 0",
        where=end.place,
        evidence={"mean": mean, "std": std},
        threshold=f"a standard deviation up to {SPREAD:g}, a mean up to {FAR:g} of these",
        fix=fixes.Unit(mean, std)
        if end.activation == "linear"
        else fixes.Unit(0.0, float(np.sqrt(np.mean(y**2)))),  # below 0 it can't go
    )


CHECKS = {imbalance: (IMBALANCE,), order: (ORDER,), size: (SIZE,)}
