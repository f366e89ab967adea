"""Text as ids: lower case without punctuation, words, n-grams, ids of a vocabulary."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable
from typing import Any, Unpack

import numpy as np

from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer
from neurona.nn.encoding.before import Outcome, as_data, as_text, encoded_shape
from neurona.nn.encoding.lookup import Lookup
from neurona.nn.options import LayerOptions

STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_LOWER = dict(zip(map(ord, string.ascii_uppercase), string.ascii_lowercase, strict=True))
_NO_PUNCTUATION = dict.fromkeys(map(ord, string.punctuation))
_TABLES = {  # as in Keras, only the letters of ASCII become small
    "lower": _LOWER,
    "strip_punctuation": _NO_PUNCTUATION,
    "lower_and_strip_punctuation": _LOWER | _NO_PUNCTUATION,
}
_WORDS = re.compile(r"[^ \t\n\r\v\f]+")  # between white space of ASCII
_SPLITS: dict[str, Callable[[str], list[str]]] = {"whitespace": _WORDS.findall, "character": list}


class TextVectorization(Lookup):
    """Text as ids of its words: 0 pads, 1 is an unknown word, then the vocabulary.

    Each text is standardised, split into words, these are joined to n-grams, and each of them is
    looked up. This happens before the step, see docs/decisions/050-text.md.

    Shapes: x (B,) or (B, 1) of strings -> ids int64 (B, T); T is output_sequence_length, or that of
        the longest text. With another output_mode (B, D), weights of the D ids, as of
        `StringLookup`.

    Args:
        max_tokens: the most ids, with those of padding and unknown words; None for no limit.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a
            function of an array of strings.
        split: "whitespace", "character", None (the whole is one word), or a function that returns
            the words of each string of an array.
        ngrams: n adds runs of 2 to n words; a tuple such as (2, 3) takes those alone.
        output_mode: "int", "multi_hot", "count" or "tf_idf".
        output_sequence_length: T: longer texts are cut, shorter ones padded; for "int".
        pad_to_max_tokens: D is max_tokens even if the vocabulary is smaller.
        vocabulary: a list, an array or a text file with a word in each line; None: `adapt`.
        idf_weights: inverse document frequencies of a given vocabulary, for "tf_idf".
        sparse, ragged: False.
        encoding: of bytes, UTF-8.

    Raises:
        ArgumentError: if a name is unknown, or arguments contradict each other.

    >>> layer = TextVectorization(output_sequence_length=4)
    >>> layer.adapt(["The cat sat.", "the dog sat"])
    >>> layer.get_vocabulary()
    ['', '[UNK]', 'the', 'sat', 'dog', 'cat']
    >>> layer(["The CAT ran!"]).tolist()
    [[2, 5, 1, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        **common: Unpack[LayerOptions],
    ) -> None:
        check_choice("encoding", encoding.lower(), ("utf-8", "utf8", "ascii"))
        self.standardize, self.split = standardize, split
        if standardize is not None and not callable(standardize):
            check_choice("standardize", standardize, STANDARDIZE)
        if split is not None and not callable(split):
            check_choice("split", split, tuple(_SPLITS))
        several = ngrams if isinstance(ngrams, list | tuple) else ()
        if ngrams is not None and not several:
            several = tuple(range(1, check_integer("ngrams", ngrams, minimum=1) + 1))
        self.ngrams = tuple(check_integer("ngrams", n, minimum=1) for n in several)
        super().__init__(
            max_tokens, 1, "", "[UNK]", vocabulary, idf_weights, False, output_mode,
            pad_to_max_tokens, sparse, **common,
        )  # fmt: skip
        if ragged:
            raise ArgumentError(
                "TextVectorization: there are no ragged tensors.", got="ragged=True",
                hint="output_sequence_length=n, or ids padded with 0",
            )  # fmt: skip
        self.output_sequence_length = output_sequence_length
        if output_sequence_length is not None:
            check_integer("output_sequence_length", output_sequence_length, minimum=1)
            if self.output_mode != "int":
                raise ArgumentError(
                    'TextVectorization: output_sequence_length is for output_mode="int".',
                    got=repr(self.output_mode),
                )

    def adapt(  # type: ignore[override]
        self, data: Any, batch_size: int | None = None, steps: int | None = None
    ) -> None:
        """Learn the vocabulary of texts: the most frequent words first.

        Args:
            data: an array or a list of strings, or an iterable of batches.
            batch_size: ignored.
            steps: how many batches; None takes all.

        Raises:
            StateError: if the constructor was given a vocabulary.
            DataError: if there are no words in the data.
        """
        super().adapt(data, steps)

    def words(self, x: np.ndarray) -> list[list[str]]:
        """Return the n-grams of each text of an array of one axis."""
        x = as_text(self, x)
        if callable(self.standardize):
            x = as_data(self.standardize(x.astype(np.str_)))
        elif self.standardize is not None:
            table = _TABLES[self.standardize]
            x = as_data([text.translate(table) for text in x.reshape(-1).tolist()]).reshape(x.shape)
        if x.ndim > 1 and x.shape[-1] == 1 and self.split is not None:
            x = x[..., 0]
        if self.split is None:
            rows = x.reshape(len(x), -1).tolist()
        elif x.ndim > 1:
            raise ShapeError(
                "TextVectorization: one text for each sample.",
                got=f"x {x.shape}",
                expected="(batch,) or (batch, 1)",
                hint="split=None takes words that are split already",
            )
        elif callable(self.split):
            rows = [list(map(str, row)) for row in self.split(x.astype(np.str_))]
        else:
            rows = [*map(_SPLITS[self.split], x.tolist())]
        return [_grams(row, self.ngrams) for row in rows] if self.ngrams else rows

    def documents(self, x: np.ndarray) -> Iterable[Any]:
        """Return the words of each text."""
        return self.words(x.reshape(-1) if x.ndim == 0 else x)

    def encode(self, *arrays: np.ndarray) -> np.ndarray:
        """Return the ids of the words of texts."""
        (x,) = arrays
        if x.ndim == 0:
            return self.encode(x.reshape(1))[0]
        rows = [[*self.ids(row)] for row in self.words(x)]
        size = self.output_sequence_length or max(map(len, rows), default=0)
        ids = np.full((len(rows), size), 0 if self.output_mode == "int" else -1, np.int64)
        for k, row in enumerate(rows):
            ids[k, : len(row)] = row[:size]
        if self.split is None and not self.ngrams and x.ndim == 1 and self.output_mode == "int":
            ids = ids[:, 0]
        return self.as_output(ids)

    def outcome(self, *shapes: tuple[int | None, ...]) -> Outcome:
        """Return shape and type of the ids."""
        whole = self.split is None and not self.ngrams and len(shapes[0]) > 1
        length = shapes[0][-1] if whole and self.output_sequence_length is None else None
        if self.output_mode == "int" and self.split is None and len(shapes[0]) == 1:
            return Outcome(shapes[0], self.output_dtype)
        if self.output_mode == "int":
            return Outcome((shapes[0][0], self.output_sequence_length or length), self.output_dtype)
        return Outcome(encoded_shape((shapes[0][0], 2), "count", self.depth), self.output_dtype)


def _grams(words: list[str], sizes: tuple[int, ...]) -> list[str]:
    """Return all runs of words of these lengths, those of the first length first.

    >>> _grams(["a", "b", "c"], (1, 2))
    ['a', 'b', 'c', 'a b', 'b c']
    """
    return [" ".join(words[k : k + n]) for n in sizes for k in range(len(words) - n + 1)]
