"""Texts as lists of the ranks of their words: what imdb and reuters have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurona.datasets.packed import read_packed
from neurona.errors import DataError, FormatError, check_integer
from neurona.strict_json import read_json

Texts = list[list[int]]


class Numbering:
    """How words become numbers, with Keras's arguments.

    A word's rank r in the order of frequency, from 1, becomes r + index_from; below it are the
    padding (0), the beginning of a text (start_char) and words that are left out (oov_char).

    Args:
        num_words: numbers from here on are left out; None keeps all.
        skip_top: so are numbers below this one.
        maxlen: texts that are as long or longer are left out; None keeps all.
        start_char: what each text begins with; None: nothing.
        oov_char: what stands in the place of words that are left out; None: nothing.
        index_from: what is added to ranks.
    Raises:
        ArgumentError: one that is no integer, or negative.

    >>> Numbering(num_words=6)([[1, 2, 3]])
    [[1, 4, 5, 2]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        skip_top: int = 0,
        maxlen: int | None = None,
        start_char: int | None = 1,
        oov_char: int | None = 2,
        index_from: int | None = 3,
    ) -> None:
        def optional(name: str, value: int | None) -> int | None:
            return None if value is None else check_integer(name, value, minimum=0)

        self.num_words = optional("num_words", num_words) or None
        self.skip_top = optional("skip_top", skip_top) or 0
        self.maxlen = optional("maxlen", maxlen) or None
        self.start_char = optional("start_char", start_char)
        self.oov_char = optional("oov_char", oov_char)
        self.index_from = optional("index_from", index_from) or 0

    def __call__(self, texts: Texts) -> Texts:
        """Return texts with their words' numbers; see also `begun` and `limited`."""
        return self.limited(self.begun(texts))

    def begun(self, texts: Texts) -> Texts:
        """Return ranks as numbers, behind the beginning."""
        more = self.index_from
        begin = [] if self.start_char is None else [self.start_char]
        return [begin + [rank + more for rank in text] for text in texts]

    def short(self, texts: Texts, labels: np.ndarray) -> tuple[Texts, np.ndarray]:
        """Return the texts that are shorter than maxlen, and their labels.

        Raises:
            DataError: if there are none.
        """
        if self.maxlen is None:
            return texts, labels
        kept = [place for place, text in enumerate(texts) if len(text) < self.maxlen]
        if not kept:
            raise DataError(
                "no text is shorter than maxlen.",
                got=f"maxlen={self.maxlen}",
                expected=f"more than {min(map(len, texts), default=0)}",
            )
        return [texts[place] for place in kept], labels[kept]

    def limited(self, texts: Texts) -> Texts:
        """Return texts without the words that are left out.

        Without num_words, Keras takes the largest number that there is, and leaves that one word
        out; so do we, for the same texts.
        """
        low, high = self.skip_top, self.num_words
        if high is None:
            high = max((max(text) for text in texts if text), default=0)
        if self.oov_char is None:
            return [[w for w in text if low <= w < high] for text in texts]
        other = self.oov_char
        return [[w if low <= w < high else other for w in text] for text in texts]


def shuffled(
    texts: Texts, labels: np.ndarray, rng: np.random.RandomState
) -> tuple[Texts, np.ndarray]:
    """Return both in the order that Keras gives them."""
    order = np.arange(len(texts))
    rng.shuffle(order)
    return [texts[place] for place in order], labels[order]


def as_objects(texts: Sequence[list[int]]) -> np.ndarray:
    """Return lists as an array (N,) of lists."""
    found = np.empty(len(texts), object)
    found[:] = texts
    return found


def check_labels(labels: np.ndarray, texts: Texts, classes: int, path: Path) -> None:
    """Raise a FormatError unless there is a class for each text."""
    if labels.shape != (len(texts),) or labels.dtype.kind not in "iu":
        raise FormatError(
            f"{path}: these are no labels of the texts.",
            got=f"{labels.dtype} {labels.shape}",
            expected=f"integers ({len(texts)},)",
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise FormatError(
            f"{path}: a label is no class.",
            got=f"{labels.min()} to {labels.max()}",
            expected=f"0 to {classes - 1}",
        )


def read_word_index(path: Path) -> dict[str, int]:
    """Return the rank of each word, from a JSON file.

    Raises:
        FormatError: it is something else.
    """
    found: Any = read_json(read_packed(path, "ranks of words as JSON"), str(path))
    if not isinstance(found, dict) or any(type(rank) is not int for rank in found.values()):
        raise FormatError(
            f"{path}: these are no ranks of words.",
            got=type(found).__name__,
            expected='{"the": 1, "and": 2, ...}',
            hint="delete it and download it again",
        )
    return found
