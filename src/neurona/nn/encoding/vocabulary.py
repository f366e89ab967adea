"""Vocabulary: tokens and their ids, learnt from data or given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, MissingDataError, ShapeError


class Vocabulary:
    """Ids of tokens: mask, unknown ones, then the known ones.

    Args:
        owner: the name of the layer, for messages.
        special: what stands in front of the known tokens, in the order of ids.
        mask: the token of the mask, or None.
        unknown: the token of what is unknown.
        most: how many ids there may be, or None.

    Attributes:
        tokens: the known ones.
        weights: inverse document frequency of each id, special ones too, or None.
    """

    def __init__(
        self, owner: str, special: list[Any], mask: Any, unknown: Any, most: int | None
    ) -> None:
        self.owner, self.special, self.mask = owner, special, mask
        self.unknown, self.most = unknown, most
        self.tokens: list[Any] = []
        self.ids: dict[Any, int] = {}
        self.weights: np.ndarray | None = None
        self.counts: Counter[Any] = Counter()  # while it learns
        self.documents: Counter[Any] = Counter()  # in how many a token is
        self.total = 0  # documents

    def __len__(self) -> int:
        return len(self.special) + len(self.tokens)

    def take(self, tokens: Iterable[Any], weights: np.ndarray | None = None) -> None:
        """Hold these known tokens, and a weight for each id."""
        self.tokens = list(tokens)
        self.ids = {t: k for k, t in enumerate(self.tokens, start=len(self.special))}
        self.weights = weights

    # --- given -------------------------------------------------------------------------------

    def give(self, given: Any, weights: Any, kind: type, inverted: bool) -> None:
        """Hold a vocabulary: a list, an array, or a file with a token in each line.

        Raises:
            ArgumentError: if it is empty, has a token twice, or too many, or a special one within.
            ShapeError: if the weights are not as many as the tokens.
        """
        given = _as_list(given, kind)
        if not given:
            raise ArgumentError(f"{self.owner}: the vocabulary is empty.")
        first = len(self.special)
        whole = given[:first] == self.special
        tokens = given[first:] if whole else given
        twice = [t for t, n in Counter(tokens).items() if n > 1]
        if twice:
            raise ArgumentError(f"{self.owner}: a token comes twice.", got=repr(twice[0]))
        for reserved in (self.mask, self.unknown if inverted else None):
            if reserved is not None and reserved in tokens:
                raise ArgumentError(
                    f"{self.owner}: a special token stands within the vocabulary.",
                    got=f"{reserved!r} at {given.index(reserved)}",
                    expected=f"{self.special!r} in front, or none of them",
                )
        if self.most is not None and first + len(tokens) > self.most:
            raise ArgumentError(
                f"{self.owner}: the vocabulary is larger than max_tokens.",
                got=f"{first + len(tokens)} with special tokens, max_tokens={self.most}",
            )
        self.take(tokens, None if weights is None else self._weights(given, weights, whole))

    def _weights(self, given: list[Any], weights: Any, whole: bool) -> np.ndarray:
        found = np.asarray(weights, np.float64)
        if found.shape != (len(given),):
            raise ShapeError(
                f"{self.owner}: there is one weight for each token.",
                got=f"idf_weights {found.shape}",
                expected=f"({len(given)},)",
            )
        front = [] if whole else [found.mean()] * len(self.special)
        return np.concatenate([front, found]).astype(np.float32)

    # --- learnt ------------------------------------------------------------------------------

    def forget(self) -> None:
        """Count anew."""
        self.counts, self.documents, self.total = Counter(), Counter(), 0

    def count(self, documents: Iterable[Iterable[Any]], frequencies: bool) -> None:
        """Count the tokens of some documents, and if need be in how many of them each is."""
        for document in documents:
            document = list(document)
            self.counts.update(document)
            if frequencies:
                self.documents.update(set(document))
                self.total += 1

    def learn(self, frequencies: bool) -> None:
        """Hold the tokens that were counted: frequent ones first, of equal ones the last first."""
        for reserved in (self.mask, self.unknown):
            self.counts.pop(reserved, None)
        if not self.counts:
            return
        order = sorted(self.counts, reverse=True)
        order.sort(key=self.counts.__getitem__, reverse=True)
        if self.most is not None:
            order = order[: self.most - len(self.special)]
        weights = None
        if frequencies:  # Keras's
            among = np.array([self.documents[t] for t in order])
            weights = np.log(1 + self.total / (1 + among)).astype(np.float32)
            front = np.full(len(self.special), weights.mean(), np.float32)
            weights = np.concatenate([front, weights])
        self.take(order, weights)
        self.forget()

    # --- shown -------------------------------------------------------------------------------

    def listed(self, special: bool) -> list[Any]:
        """Return the tokens in the order of their ids, with or without the special ones."""
        return [*(self.special if special else ()), *self.tokens]


def _as_list(given: Any, kind: type) -> list[Any]:
    if isinstance(given, str | Path):
        path = Path(given)
        if not path.is_file():
            raise MissingDataError("there is no such vocabulary file.", got=str(path))
        return [kind(line) for line in path.read_text("utf-8").removesuffix("\n").split("\n")]
    if isinstance(given, Tensor):
        given = given.numpy()
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, list | tuple):
        raise ArgumentError("a vocabulary is a list, or the name of a file.", got=repr(given)[:60])
    tokens = [t.decode() if isinstance(t, bytes) else t for t in given]
    wrong = [t for t in tokens if t is not None and not isinstance(t, kind | np.generic)]
    if wrong:
        raise ArgumentError(
            "a vocabulary of another type.", got=repr(wrong[0])[:60], expected=kind.__name__
        )
    return [t.item() if isinstance(t, np.generic) else t for t in tokens]
