"""GD605, GD111: labels that are likely to be wrong, and those of validation that mean others."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator

import numpy as np

from neurona.core import random
from neurona.core.tree import flatten
from neurona.doctor.anytime import MISMATCH, NOISY
from neurona.doctor.finding import Finding
from neurona.doctor.live.generalisation import overfitting, too_good
from neurona.doctor.live.guess import CLASSES, FLAGS, NUMBERS
from neurona.doctor.live.neighbours import FLAT, LEAST, NEAR
from neurona.doctor.live.record import LASTING, Record
from neurona.doctor.scan import share_error
from neurona.nn.parameter import rehearsal
from neurona.train.source import ArraySource


def noisy(record: Record) -> Iterator[Finding]:
    """GD605: training suffers, and labels differ from others' as often where these agree most."""
    suffers = next(overfitting(record), None) or next(too_good(record), None)
    if suffers is None or (found := record.neighbours) is None or not found.noisy:
        return
    shown = ", ".join(map(str, found.rows[:5]))
    yield NOISY.found(
        f"{found.clear:.0%} of the labels differ from those of the {NEAR} samples that are most "
        f"alike, even where these agree most; look at rows {shown} first",
        where="y",
        evidence={"clear": found.clear, "all": found.all, "rows": found.rows},
        threshold=f"{LEAST:.0%} of the labels, and at most {FLAT} times as many among all samples",
        fix=f"x[{found.rows}], y[{found.rows}]  # are these labels right?",
    )


BY_CHANCE = 0.5  # of the right answers that unrelated labels would bring
LEARNT = 0.5  # of the way from there to all right, in training


def renumbered(record: Record) -> Iterator[Finding]:
    """GD111: training goes well, and validation has fewer right answers than by chance.

    Who knows nothing is right by chance; to be wrong so often, one has to know the class.
    """
    name, given, asked = record.accuracy_name, record.guess.answer, record.held.answer
    train, held = (record.column(n) for n in (name, f"val_{name}")) if name else ([], [])
    if len(held) < LASTING or not train or given is None or asked is None:
        return
    if record.guess.kind != CLASSES or given.shape != asked.shape:
        return
    chance, right, found = float(given @ asked), train[-1], float(np.mean(held[-LASTING:]))
    least = min(BY_CHANCE * chance, chance - 3 * share_error(chance, record.held.samples))
    if found >= least or right < chance + LEARNT * (1 - chance):
        return
    yield MISMATCH.found(
        f"{right:.1%} of the training samples are right, and {found:.1%} of the others, where "
        f"chance brings {chance:.1%}: their classes have other numbers",
        where="validation y",
        evidence={"train": right, "validation": found, "by chance": chance},
        threshold=f"{BY_CHANCE:.0%} of what chance brings, for {LASTING} epochs",
        fix="print(train.class_names, validation.class_names)  # one order for both",
    )


LOST, FEWEST, MINOR = 0.2, 20, 0.5  # of the validation; of its samples; of training
SORTED = 0.98  # share of the rows that are no smaller than the one before, or no larger


def behind(record: Record) -> Iterator[Finding]:
    """GD111: rows were in the order of their targets when the last were held out."""
    given, asked = record.guess.answer, record.held.answer
    if not record.logs or record.held.samples < FEWEST:
        return
    if record.guess.kind == NUMBERS:
        said = _beyond(record)
    elif given is None or asked is None or given.shape != asked.shape:
        return
    else:
        if record.guess.kind == FLAGS and given.shape == (1,):
            given, asked = (np.array([1 - share[0], share[0]]) for share in (given, asked))
        elif record.guess.kind != CLASSES:
            return
        lost, most = float(asked[given == 0].sum()), int(asked.argmax())
        one = asked[most] == 1 and given[most] < MINOR and np.count_nonzero(given) > 1
        said = f"all validation samples are of class {most}" if one else ""
        if lost > LOST:
            said = f"{lost:.0%} of the validation samples are of classes that training never sees"
    if said:
        yield MISMATCH.found(
            f"{said}: were rows in order when the last of them were held out?",
            where="validation y",
            evidence={"train": given, "validation": asked},
            threshold="targets of both parts alike",
            fix="+ order = np.random.default_rng(0).permutation(len(y))\n"
            "+ x, y = x[order], y[order]  # validation_split takes the last rows as they are",
        )


def _beyond(record: Record) -> str:
    """Say that numbers rise, or fall, through training, and go on so in the validation."""
    run = record.model._training.run
    if not hasattr(run.source, "arrays"):
        return ""
    given, asked = run.source.arrays, run.validation.source.arrays
    x, y, held = flatten(given[0])[0], *(np.ravel(flatten(a[1])[0][0]) for a in (given, asked))
    if any(a.ndim != 2 for a in x) or len(y) != len(x[0]) or y.min() == y.max():
        return ""  # a series has an order
    for sign in (1, -1):
        if (np.diff(sign * y) >= 0).mean() >= SORTED and (sign * held).min() >= (sign * y).max():
            return (
                f"targets of training run from {y.min():.4g} to {y.max():.4g}, and those of "
                f"validation from {held.min():.4g} to {held.max():.4g}"
            )
    return ""


ENOUGH, ROWS, OF_EACH = 100, 400, 15  # steps; samples that are answered; of a class
MIXED = 0.25  # of both are wrong at least, where half is by chance
KNOWN, TINY = 0.9, 1e-9  # of those of both classes are told from others; a share
UNSURE, BY_LUCK = 0.15, 1.5  # how far shares are from a half; standard errors
APART = dataclasses.replace(NOISY, because=(*NOISY.because, "GD110", "GD507", "GD513"))


def not_apart(record: Record) -> Iterator[Finding]:
    """GD605: of several classes two are told apart by chance, and from the others they are.

    Then what tells them apart is not there: pictures that are mirrored, labels that were drawn.
    """
    guess, run = record.guess, record.model._training.run
    if not record.ended or record.steps < ENOUGH or guess.kind != CLASSES or guess.classes < 3:
        return
    source = run.validation.source if run is not None and run.validation else None
    x, y, _ = source.arrays if isinstance(source, ArraySource) else (None, None, None)
    if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray):
        return
    labels = y[:ROWS].argmax(-1) if y[:1].size > 1 else y[:ROWS].reshape(-1)
    if labels.dtype.kind not in "iu" or not _may_mix(record, np.bincount(labels)):
        return
    with random.undisturbed(), rehearsal():
        told = np.asarray(record.model(x[:ROWS], training=False), np.float64)
    if told.shape != (len(labels), guess.classes) or not np.isfinite(told).all():
        return
    shares = told if told.min() >= 0 else np.exp(told - told.max(axis=1, keepdims=True))
    counts = np.bincount(labels.astype(int), minlength=guess.classes)
    often = [int(k) for k in np.flatnonzero(counts >= OF_EACH)]
    for k, other in itertools.combinations(often, 2):
        rows = (labels == k) | (labels == other)
        known = float(np.isin(told[rows].argmax(axis=1), (k, other)).mean())
        if known < KNOWN:
            continue
        of_k = shares[rows, k] / np.maximum(shares[rows, k] + shares[rows, other], TINY)
        sure, area = float(abs(of_k - 0.5).mean()), _area(of_k, labels[rows] == k)
        error = math.sqrt((counts[k] + counts[other] + 1) / (12 * counts[k] * counts[other]))
        if sure > UNSURE and abs(area - 0.5) > BY_LUCK * error:
            continue
        yield APART.found(
            f"classes {k} and {other} are told apart by chance: answers are {sure:.0%} from a half "
            f"on average, and {area:.0%} of the pairs in their order, while {known:.0%} of both "
            "are told from other classes",
            where="y",
            evidence={"classes": [k, other], "from a half": sure, "area under the curve": area,
                      "known": known},
            threshold=f"{UNSURE:.0%} from a half; an area {BY_LUCK:g} standard errors from it",
            fix="# do mirrored or turned pictures become another class? are labels of both right?",
        )  # fmt: skip
        return


def _may_mix(record: Record, counts: np.ndarray) -> bool:
    """Whether so many answers are wrong as the two rarest classes bring, told apart by chance."""
    rarest = np.sort(counts[counts >= OF_EACH])[:2]
    right = record.column(f"val_{record.accuracy_name}") if record.accuracy_name else []
    if len(rarest) < 2:
        return False
    return not right or 1 - right[-1] >= MIXED * float(rarest.sum() / counts.sum())


def _area(values: np.ndarray, first: np.ndarray) -> float:
    """Return how often one of the first has a larger value than one of the others."""
    a, b = values[first], values[~first]
    return float(np.mean(a[:, None] > b) + 0.5 * np.mean(a[:, None] == b))


CHECKS = {noisy: (NOISY,), renumbered: (MISMATCH,), behind: (MISMATCH,), not_apart: (APART,)}
