"""What lookups share: a vocabulary, given or learnt by `adapt`, in the description of the layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self, Unpack

import numpy as np

from neurona.core.tensor import Tensor
from neurona.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    FormatError,
    StateError,
    check_integer,
)
from neurona.nn.description import arguments_of, describe
from neurona.nn.encoding.before import (
    MODES,
    TEXT,
    BeforeStep,
    Outcome,
    as_data,
    encoded,
    encoded_shape,
)
from neurona.nn.encoding.vocabulary import Vocabulary
from neurona.nn.options import LayerOptions


class Lookup(BeforeStep):
    """What layers with a vocabulary share; a subclass has `tokens`.

    Args: see `StringLookup`.
    """

    kind: type = str  # of a token

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        pad_to_max_tokens: bool,
        sparse: bool,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(output_mode, sparse, MODES, **common)
        if max_tokens is not None:
            check_integer("max_tokens", max_tokens, minimum=2)
        self.max_tokens, self.pad_to_max_tokens = max_tokens, bool(pad_to_max_tokens)
        self.num_oov_indices = check_integer("num_oov_indices", num_oov_indices, minimum=0)
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert = bool(invert)
        what = type(self).__name__
        if self.pad_to_max_tokens and max_tokens is None:
            raise ArgumentError(f"{what}: pad_to_max_tokens needs max_tokens.")
        if self.invert and self.output_mode != "int":
            raise ArgumentError(
                f'{what}: invert is for output_mode="int".', got=repr(self.output_mode)
            )
        masks = mask_token is not None and self.output_mode == "int"
        special = [mask_token] * masks + [oov_token] * self.num_oov_indices
        self._first_unknown = int(masks)
        self._table = Vocabulary(what, special, mask_token, oov_token, max_tokens)
        self._given = vocabulary is not None
        self._kept = True  # whether the arguments tell the vocabulary
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
            self._kept = not isinstance(vocabulary, str)
        elif idf_weights is not None:
            raise ArgumentError(f"{what}: idf_weights come with a vocabulary.")

    # --- vocabulary --------------------------------------------------------------------------

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Give the vocabulary: a list, an array, or a text file with a token in each line.

        Args:
            vocabulary: the tokens; special ones stand in front or are left out.
            idf_weights: inverse document frequencies, as many; for "tf_idf" alone.

        Raises:
            ArgumentError: if a token comes twice, there are too many, or weights are missing.
        """
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            missing = idf_weights is None
            raise ArgumentError(
                f'{type(self).__name__}: idf_weights come with output_mode="tf_idf".',
                got=f"output_mode={self.output_mode!r} {'without' if missing else 'with'} them",
                hint="adapt(data) learns vocabulary and weights" if missing else "",
            )
        self._table.give(vocabulary, idf_weights, self.kind, self.invert)
        self._kept = False

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the tokens in the order of their ids.

        Args:
            include_special_tokens: with those of mask and unknown tokens, so that the place of a
                token is its id.
        """
        return self._table.listed(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the number of ids, special ones included."""
        return len(self._table)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary of data: the most frequent tokens first.

        Args:
            data: an array or a list, or an iterable of batches.
            steps: how many batches; None takes all.

        Raises:
            StateError: if the constructor was given a vocabulary.
            DataError: if there are no tokens in the data.
        """
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()
        if not self._table.tokens:
            raise DataError(f"{type(self).__name__}: there are no tokens to learn.")

    def reset_state(self) -> None:
        """Count anew."""
        self._table.forget()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch."""
        if self._given:
            raise StateError(
                f"{type(self).__name__} {self.name!r} has the vocabulary that it was given.",
                hint="leave out vocabulary=..., and adapt(data)",
            )
        ragged = isinstance(data, list | tuple) and _ragged(data)
        documents = data if ragged else self.documents(as_data(data))
        self._table.count(documents, self.output_mode == "tf_idf")

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._table.learn(self.output_mode == "tf_idf")
        self._kept = False

    def documents(self, x: np.ndarray) -> Iterable[Any]:
        """Return the tokens of each sample; one axis is one sample."""
        x = self.tokens(x)
        return x.reshape(-1, x.shape[-1] if x.ndim else 1).tolist()

    # --- ids ---------------------------------------------------------------------------------

    def tokens(self, x: np.ndarray) -> np.ndarray:
        """Return the tokens of an array, or refuse it."""
        raise NotImplementedError

    def bin_of(self, token: Any) -> int:
        """Return which of several unknown ids a token has."""
        raise NotImplementedError

    def ids(self, tokens: Iterable[Any]) -> Iterator[int]:
        """Return the ids of tokens.

        Raises:
            DataError: if one is unknown, and there is no id for those.
        """
        if not self._table.tokens:
            raise StateError(
                f"{type(self).__name__} {self.name!r} has no vocabulary.",
                hint="layer.adapt(data), or vocabulary=[...]",
            )
        known, first, several = self._table.ids.get, self._first_unknown, self.num_oov_indices
        mask = self.mask_token
        none = -1 if self.output_mode != "int" else 0  # the mask's, which is counted nowhere
        for token in tokens:
            found = known(token)
            if found is not None:
                yield found
            elif mask is not None and token == mask:
                yield none
            elif several == 1:
                yield first
            elif several == 0:
                raise DataError(
                    f"{type(self).__name__}: a token is not in the vocabulary.",
                    got=repr(token)[:60],
                    hint="num_oov_indices=1 gives an id to what is unknown",
                )
            else:
                yield first + self.bin_of(token)

    def encode(self, *arrays: np.ndarray) -> np.ndarray:
        """Return the ids of tokens, or the tokens of ids."""
        (x,) = arrays
        if self.invert:
            return self._inverted(x)
        x = self.tokens(x)
        found = np.fromiter(self.ids(x.reshape(-1).tolist()), np.int64, x.size)
        return self.as_output(found.reshape(x.shape))

    def as_output(self, ids: np.ndarray) -> np.ndarray:
        """Return ids in the output mode."""
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        y = encoded(ids, mode, self.depth, self.output_dtype)
        if self.output_mode == "tf_idf":
            assert self._table.weights is not None
            weights = self._table.weights
            y = y * np.pad(weights, (0, self.depth - len(weights))).astype(y.dtype)
        return y

    @property
    def depth(self) -> int:
        """The number of places that an encoded sample has."""
        if self.pad_to_max_tokens:
            assert self.max_tokens is not None
            return self.max_tokens
        if self.output_mode != "int" and not self._table.tokens:
            raise StateError(
                f"{type(self).__name__} {self.name!r} has no vocabulary, so its output no size.",
                hint="layer.adapt(data) before the model is made, or pad_to_max_tokens=True",
            )
        return len(self._table)

    def _inverted(self, x: np.ndarray) -> np.ndarray:
        if x.dtype.kind not in "iu":
            raise DtypeError(
                f"{type(self).__name__}(invert=True) takes ids.", got=f"{x.dtype.name} {x.shape}"
            )
        self.depth  # noqa: B018 - says that there is no vocabulary
        tokens = [*self.get_vocabulary(), self.oov_token]
        outside = (x < 0) | (x >= len(tokens) - 1)
        kind = np.dtype(object) if self.kind is str else np.dtype("int64")
        return np.array(tokens, kind)[np.where(outside, len(tokens) - 1, x)]

    def outcome(self, *shapes: tuple[int | None, ...]) -> Outcome:
        """Return shape and type of the ids."""
        if self.invert:
            return Outcome(shapes[0], TEXT if self.kind is str else np.dtype("int64"))
        shape = encoded_shape(shapes[0], self.output_mode, self.depth)
        return Outcome(shape, self.output_dtype)

    # --- description -------------------------------------------------------------------------

    def build_alike(self, other: Any) -> None:
        """Let another layer of the class have the vocabulary of this one."""
        other._table.take(self._table.tokens, self._table.weights)
        other._kept = self._kept

    def description(self) -> dict[str, Any]:
        """Return class, arguments and vocabulary as JSON values."""
        found = super().description()
        if self._kept or not self._table.tokens:
            return found
        arguments = found["arguments"]
        arguments.pop("vocabulary", None)
        arguments.pop("idf_weights", None)
        weights = self._table.weights
        table = {"given": self._given, "tokens": self._table.tokens}
        return {**found, "table": {**table, "weights": describe(weights)}}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, and a vocabulary that was given, as JSON values."""
        found = super().description()["arguments"]
        if self._given:
            found["vocabulary"] = self.get_vocabulary()
            found["idf_weights"] = describe(self._table.weights)
        return {k: v for k, v in found.items() if v is not None}

    @classmethod
    def from_description(cls, found: Mapping[str, Any], again: Callable) -> Self:
        """Make a layer from what `description` told.

        Raises:
            FormatError: if the vocabulary is malformed, or is to be read from a file.
        """
        arguments = arguments_of(cls.__name__, found, again)
        if isinstance(arguments.get("vocabulary"), str):
            raise FormatError("a description names a file of a vocabulary, which is not read.")
        layer = cls(**arguments)
        match found.get("table"):
            case None:
                pass
            case {"given": bool(given), "tokens": list(tokens), "weights": weights} if all(
                isinstance(t, cls.kind) for t in tokens
            ):
                rows = again(weights)
                size = len(layer._table.special) + len(set(tokens))
                if len(set(tokens)) < len(tokens) or np.shape(rows) not in ((), (size,)):
                    raise FormatError("the vocabulary in a description is malformed.")
                layer._table.take(tokens, rows)
                layer._given, layer._kept = given, False
            case _:
                raise FormatError("the vocabulary in a description is malformed.")
        return layer


def batches_of(data: Any, steps: int | None = None) -> Iterator[Any]:
    """Return batches of x: those of an iterable, or one of an array, in which a row is a sample."""
    if isinstance(data, list | tuple | np.ndarray | Tensor | str) or hasattr(data, "__array__"):
        x = as_data(data) if not (isinstance(data, list | tuple) and _ragged(data)) else data
        yield x[:, None] if isinstance(x, np.ndarray) and x.ndim == 1 else x
        return
    if not isinstance(data, Iterable):
        raise DataError("adapt takes an array, a list or batches.", got=type(data).__name__)
    for number, batch in enumerate(data):
        if steps is not None and number >= steps:
            return
        yield batch[0] if isinstance(batch, tuple) else batch


def _ragged(data: Any) -> bool:
    """Say whether there are rows of different lengths."""
    return len({len(row) if isinstance(row, list | tuple) else 0 for row in data}) > 1
