"""CharacterTokenizer: a token for each character."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from neurona.data.text.tokenizer import BYTES, Tokenizer, as_bytes, as_texts, has_halves
from neurona.errors import ArgumentError, DataError, check_integer


class CharacterTokenizer(Tokenizer):
    """A token for each character (Unicode code point), in the order of their code points.

    Args:
        characters: those of the vocabulary, each once.
        specials: names of special tokens, which come first.
        byte_fallback: 256 more tokens, the last ones, write any other character as the bytes of
            its UTF-8. False keeps the vocabulary small, for a model of names or of one book;
            another character is then an error.
    Raises:
        ArgumentError: a character that comes twice.

    >>> tokens = CharacterTokenizer.train("banana", byte_fallback=False)
    >>> tokens.vocabulary, tokens.encode("nab").tolist()
    (['a', 'b', 'n'], [2, 0, 1])
    """

    kind = "characters"

    def __init__(
        self, characters: str, specials: Sequence[str] = (), byte_fallback: bool = True
    ) -> None:
        known = isinstance(characters, str) and not has_halves(characters)
        if not known or len(set(characters)) != len(characters):
            raise ArgumentError(
                "the characters are a text that has each once.",
                got=repr(characters)[:60],
                hint="CharacterTokenizer.train(text) collects them",
            )
        self.characters, self.byte_fallback = characters, bool(byte_fallback)
        fallback = BYTES if byte_fallback else ()
        super().__init__(specials, [*map(as_bytes, characters), *fallback])
        points = _code_points(characters)
        self._order = np.argsort(points)
        self._sorted = points[self._order]

    @classmethod
    def train(
        cls,
        texts: Any,
        specials: Sequence[str] = (),
        byte_fallback: bool = True,
        min_count: int = 1,
    ) -> Self:
        """Return the tokeniser of the characters in a text or several, seen `min_count` times."""
        check_integer("min_count", min_count, minimum=1)
        counts: Counter[str] = Counter()
        for text in as_texts(texts):
            counts.update(text)
        kept = sorted(c for c, n in counts.items() if n >= min_count and not has_halves(c))
        return cls("".join(kept), specials, byte_fallback)

    def description(self) -> dict[str, Any]:
        return {
            "characters": self.characters,
            "specials": list(self.specials),
            "byte_fallback": self.byte_fallback,
        }

    def _encoded(self, text: str) -> Any:
        first = len(self.specials)
        points = _code_points(text)
        if not self.characters:
            places, known = np.zeros(len(points), np.intp), np.zeros(len(points), bool)
        else:
            places = np.searchsorted(self._sorted, points).clip(max=len(self._sorted) - 1)
            known = self._sorted[places] == points
            places = first + self._order[places]
        unknown = np.flatnonzero(~known)
        if not unknown.size:
            return places
        if not self.byte_fallback:
            raise DataError(
                "the tokeniser has no such character.",
                got=f"{text[unknown[0]]!r} at place {unknown[0]}",
                expected=f"one of its {len(self.characters)} characters",
                hint="train it on a text that has it, or with byte_fallback=True",
            )
        fallback, pieces, start = first + len(self.characters), [], 0
        for place in unknown.tolist():
            pieces += [places[start:place], fallback + _bytes_of(text[place])]
            start = place + 1
        return np.concatenate([*pieces, places[start:]])


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _bytes_of(character: str) -> np.ndarray:
    return np.frombuffer(as_bytes(character), np.uint8).astype(np.int32)
