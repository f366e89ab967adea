"""Tokenizer: text <-> the numbers of its tokens, without loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from neurona import files
from neurona.errors import ArgumentError, DataError
from neurona.strict_json import write_json

BYTES = tuple(bytes([i]) for i in range(256))


class Tokenizer:
    """Base of the tokenisers: `decode(encode(text)) == text`, for any text.

    What a vocabulary lacks is written as the bytes of its UTF-8, each a token of its own, so
    nothing is lost. Numbers of tokens begin with the specials, which no text contains: a text in
    which "<pad>" is written has the characters of that. Put padding first, as token 0: that is
    what `Embedding(mask_zero=True)` passes over.

    Attributes:
        specials: names of the special tokens, which have the numbers 0, 1, ...
        vocabulary: each token as it is shown to people, by number.
    """

    kind: ClassVar[str]  # in files

    def __init__(self, specials: Sequence[str], tokens: Sequence[bytes]) -> None:
        self.specials = _checked(specials)
        self._tokens = [*(name.encode() for name in self.specials), *tokens]
        self.vocabulary = [t.decode(errors="backslashreplace") for t in self._tokens]

    def __len__(self) -> int:
        return len(self._tokens)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} tokens)"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.description() == self.description()

    def __hash__(self) -> int:
        return hash((self.kind, len(self)))

    def number(self, special: str) -> int:
        """Return the number of a special token.

        Raises:
            ArgumentError: if there is no such one.
        """
        if special not in self.specials:
            raise ArgumentError(
                "the tokeniser has no such special token.",
                got=repr(special),
                expected=f"one of {list(self.specials)}" if self.specials else "a name given as",
                hint=f"specials=[{special!r}, ...] when it is trained",
            )
        return self.specials.index(special)

    def encode(self, text: str, start: str | None = None, end: str | None = None) -> np.ndarray:
        """Return the numbers of a text's tokens (T,), int32.

        Args:
            text: any text, the empty one too.
            start, end: special tokens to put before and behind it.
        Raises:
            DataError: if text is not a str, or has what a vocabulary without bytes lacks.
        """
        if not isinstance(text, str):
            raise DataError(
                "a tokeniser takes a text.",
                got=f"{type(text).__name__}",
                expected="a str",
                hint="[tokens.encode(text) for text in texts] for several",
            )
        found: Any = self._encoded(text)
        if start is not None or end is not None:
            ends = [[] if name is None else [self.number(name)] for name in (start, end)]
            found = np.concatenate([ends[0], found, ends[1]])
        return np.asarray(found, np.int32)

    def decode(self, numbers: Any, specials: bool = False) -> str:
        """Return the text of token numbers (T,).

        Args:
            numbers: integers in [0, len(self)).
            specials: write special tokens by their names; otherwise they are left out.
        Raises:
            DataError: a number that is no token's, or more than one text.

        Bytes that are no UTF-8, which a model may write, become U+FFFD.
        """
        ids = np.asarray(numbers)
        if ids.size == 0:
            return ""
        if ids.ndim != 1 or ids.dtype.kind not in "iu":
            raise DataError(
                "decode takes the token numbers of one text.",
                got=f"{ids.dtype} of shape {ids.shape}",
                expected="integers (T,)",
                hint="[tokens.decode(row) for row in rows]" if ids.ndim > 1 else "",
            )
        wrong = np.flatnonzero((ids < 0) | (ids >= len(self)))
        if wrong.size:
            raise DataError(
                "a number is no token's.",
                got=f"{ids[wrong[0]]} at place {wrong[0]}",
                expected=f"0 to {len(self) - 1}",
            )
        if not specials:
            ids = ids[ids >= len(self.specials)]
        return _as_text(self._joined(ids.tolist()))

    def save(self, path: Any) -> None:
        """Write the tokeniser to a JSON file, whole or not at all; `load_tokenizer` reads it."""
        text = write_json({"tokenizer": self.kind, **self.description()})
        files.write_text(Path(path), text + "\n")

    def description(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON values."""
        raise NotImplementedError

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> Self:
        """Make a tokeniser from `description()`."""
        return cls(**description)

    def _encoded(self, text: str) -> Any:
        raise NotImplementedError

    def _joined(self, numbers: list[int]) -> bytes:
        return b"".join([self._tokens[i] for i in numbers])


def as_bytes(text: str) -> bytes:
    """Return the UTF-8 of any str: a lone half of a surrogate pair is kept like a character."""
    return text.encode("utf-8", "surrogatepass")


def has_halves(text: str) -> bool:
    """Tell whether a str has a lone half of a surrogate pair: no file could hold that as text."""
    return any("\ud800" <= c <= "\udfff" for c in text)


def _as_text(content: bytes) -> str:
    try:
        return content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace")


def as_texts(texts: Any) -> Iterable[str]:
    """Return what a tokeniser is trained on: one text or several.

    Raises:
        DataError: if it is something else.
    """
    if isinstance(texts, str):
        return [texts]
    if not isinstance(texts, Iterable) or isinstance(texts, bytes):
        raise DataError("a tokeniser is trained on texts.", got=type(texts).__name__)
    return map(_as_str, texts)


def _as_str(text: Any) -> str:
    if not isinstance(text, str):
        raise DataError("a tokeniser is trained on texts.", got=f"one is a {type(text).__name__}")
    return text


def _checked(specials: Sequence[str]) -> tuple[str, ...]:
    if isinstance(specials, str) or not all(isinstance(s, str) and s for s in specials):
        raise ArgumentError(
            "special tokens are a list of names.", got=repr(specials), hint='["<pad>", "<end>"]'
        )
    if len(set(specials)) != len(specials):
        raise ArgumentError("a special token comes twice.", got=repr(specials))
    return tuple(specials)
