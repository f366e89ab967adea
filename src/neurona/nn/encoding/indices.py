"""Ids of strings and of whole numbers: their places in a vocabulary."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona.errors import ArgumentError, DtypeError, check_choice
from neurona.nn.encoding.before import as_text
from neurona.nn.encoding.hashing import binned, check_salt
from neurona.nn.encoding.lookup import Lookup
from neurona.nn.options import LayerOptions


class StringLookup(Lookup):
    """The id of each string: its place in the vocabulary.

    Ids are, in this order: 0 for the mask token if there is one, num_oov_indices for strings that
    are unknown, then the vocabulary. This happens before the step: docs/decisions/050-text.md.

    Shapes: x (B, ...) of strings -> ids int64 like x. With another output_mode weights of the D
        ids: "one_hot" (B, ..., D), in place of a last axis of size 1; "multi_hot" (which ids are in
        a sample), "count" (how often) and "tf_idf" (that times the token's weight) take the last
        axis as one sample, (B, N) -> (B, D), without the mask.

    Args:
        max_tokens: the most ids, special ones included; None for no limit.
        num_oov_indices: how many ids unknown strings share, by their hash; 0 refuses them.
        mask_token: what has the id 0, as padding has; None for none.
        oov_token: what stands for unknown strings on the way back.
        vocabulary: a list, an array or a text file with a string in each line; None: `adapt`.
        idf_weights: inverse document frequencies of a given vocabulary, for "tf_idf".
        invert: from ids to strings.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf".
        pad_to_max_tokens: D is max_tokens even if the vocabulary is smaller.
        sparse: False.
        encoding: of bytes, UTF-8.
        salt: two numbers, for which unknown strings are hashed by SipHash.

    Raises:
        ArgumentError: if a mode is unknown, or arguments contradict each other.

    >>> layer = StringLookup(vocabulary=["a", "b"])
    >>> layer([["b", "?"]]).tolist(), layer.get_vocabulary()
    ([[2, 0]], ['[UNK]', 'a', 'b'])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        salt: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        check_choice("encoding", encoding.lower(), ("utf-8", "utf8", "ascii"))
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
            output_mode, pad_to_max_tokens, sparse, **common,
        )  # fmt: skip
        self.salt = check_salt(self, salt)

    def tokens(self, x: np.ndarray) -> np.ndarray:
        """Return strings as they are."""
        return as_text(self, x)

    def bin_of(self, token: Any) -> int:
        """Return the hash of a string modulo the number of unknown ids."""
        return int(binned(np.array([token], object), self.num_oov_indices, self.salt)[0])


class IntegerLookup(Lookup):
    """The id of each whole number: its place in the vocabulary.

    Shapes: x (B, ...) of integers -> ids int64 like x; other output modes as of `StringLookup`.

    Args:
        max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
            output_mode, sparse, pad_to_max_tokens: see `StringLookup`, with whole numbers as
            tokens.
        vocabulary_dtype: "int64".
        oov_method: of several unknown ids a number has "floormod", its remainder, or "farmhash",
            that of its hash.
        salt: two numbers, for which "farmhash" is SipHash.

    Raises:
        ArgumentError: if a mode is unknown, or arguments contradict each other.

    >>> IntegerLookup(vocabulary=[12, 36, 1138])([[36, 1138, 7]]).tolist()
    [[2, 3, 0]]
    """

    kind = int

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        check_choice("vocabulary_dtype", vocabulary_dtype, ("int64",))
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
            output_mode, pad_to_max_tokens, sparse, **common,
        )  # fmt: skip
        self.oov_method = check_choice("oov_method", oov_method, ("floormod", "farmhash"))
        self.salt = check_salt(self, salt)
        if self.salt is not None and self.oov_method != "farmhash":
            raise ArgumentError('IntegerLookup: a salt is for oov_method="farmhash".')

    def tokens(self, x: np.ndarray) -> np.ndarray:
        """Return whole numbers as they are."""
        if x.dtype.kind in "iub":
            return x.astype(np.int64)
        if x.dtype.kind == "f" and (x == np.floor(x)).all():
            return x.astype(np.int64)
        raise DtypeError(
            "IntegerLookup takes whole numbers.",
            got=f"{'text' if x.dtype.kind == 'O' else x.dtype.name} {x.shape}",
            hint="StringLookup is for text, Discretization for floats",
        )

    def bin_of(self, token: Any) -> int:
        """Return the remainder of a number, or of its hash, by the number of unknown ids."""
        if self.oov_method == "floormod":
            return token % self.num_oov_indices
        return int(binned(np.array([token]), self.num_oov_indices, self.salt)[0])
