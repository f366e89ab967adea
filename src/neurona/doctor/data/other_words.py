"""Words of the validation: numbered as those of training, and padded on the same side?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.anytime import MISMATCH
from neurona.doctor.case import Case
from neurona.doctor.data.inputs import leading_zeros, lookups
from neurona.doctor.data.vocabulary import NEW
from neurona.doctor.finding import Finding
from neurona.doctor.parts import Part
from neurona.doctor.scan import sample

FEWEST, DRAWS = 50, 3  # rows; parts of the training rows that are held against the others
APART, TIMES = 0.15, 3.0  # of the words; times as far as such parts are
MOVED = 0.3  # of the places


def other_words(case: Case) -> Iterator[Finding]:
    """GD111: hold the shares of words in both parts against each other."""
    held = case.validation_parts[0]
    for lookup in lookups(case):
        number = case.x_parts.index(lookup.part)
        if len(held) != len(case.x_parts) or lookup.part.values.ndim != 2:
            continue
        one, other = sample(lookup.part.values), held[number].values
        if one.shape[1:] != other.shape[1:] or min(len(one), len(other)) < FEWEST:
            continue
        found = _other_side(one, other, held[number])
        found = found or _renumbered(
            one, other, held[number], lookup.size, _are_windows(lookup.part.values)
        )
        if found is not None:
            yield found


def _other_side(one: np.ndarray, other: np.ndarray, part: Part) -> Finding | None:
    sides = [
        [float(leading_zeros(a).mean()), float(leading_zeros(a[:, ::-1]).mean())]
        for a in (one, other)
    ]
    before, after = sides[1][0] - sides[0][0], sides[1][1] - sides[0][1]
    if min(abs(before), abs(after)) < MOVED or before * after > 0:
        return None
    where = "in front of" if before > 0 else "behind"
    return MISMATCH.found(
        f"rows of {part.name} have their zeros {where} the words, those of training do not",
        where=part.name,
        evidence={"zeros before and behind": sides[0], "in the validation": sides[1]},
        threshold="padding on the same side",
        fix="+ x_val = nn.utils.pad_sequences(texts_val, length)  # as for x",
    )


def _are_windows(rows: np.ndarray) -> bool:
    """Say whether each row is the one before, a step later: neighbours tell nearly the same."""
    rows = rows[:FEWEST]
    return rows.shape[1] > 1 and bool((rows[1:, :-1] == rows[:-1, 1:]).all())


def _renumbered(
    one: np.ndarray, other: np.ndarray, part: Part, size: int, windows: bool
) -> Finding | None:
    """Hold how far the words are apart against parts of the training rows, in a row if windows."""
    known, words = _shares(one, size), _shares(other, size)
    apart = _distance(known, words)
    if float(words[known == 0].sum()) > NEW:
        return None
    random = np.random.default_rng(0)
    usual = []
    for _ in range(DRAWS):
        rows = random.permutation(len(one))
        rows = np.roll(np.arange(len(one)), rows[0]) if windows else rows
        count = min(len(other), len(one) // 2)
        usual.append(_distance(_shares(one[rows[:count]], size), _shares(one[rows[count:]], size)))
    if apart < max(APART, TIMES * float(np.mean(usual))):
        return None
    return MISMATCH.found(
        f"{apart:.0%} of the words in {part.name} are others than in training, and of parts of "
        f"the training rows {np.mean(usual):.0%}: are they numbered anew?",
        where=part.name,
        evidence={"apart": apart, "parts of training": usual},
        threshold=f"{TIMES:g} times as far as parts of the training rows",
        fix="# one Tokenizer or TextVectorization, adapted to the training texts, for all",
    )


def _shares(ids: np.ndarray, size: int) -> np.ndarray:
    """Return how often each word comes, padding aside."""
    words = ids[(ids > 0) & (ids < size)].astype(np.int64)
    counts = np.bincount(words, minlength=size)
    return counts / max(counts.sum(), 1)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).sum()) / 2


CHECKS = {other_words: (MISMATCH,)}
