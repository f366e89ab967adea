"""Vectors for whole numbers."""

from __future__ import annotations

import functools
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor, as_array
from neurona.errors import DataError, IndexRangeError, ShapeError, check_integer
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops.notes import Rows


def _given(values: np.ndarray, shape: Any, dtype: Any) -> np.ndarray:
    return values.astype(dtype)


def _first(x: np.ndarray, strange: np.ndarray) -> tuple[Any, list[int]]:
    """Return the first of the elements that are strange, and its index."""
    place = np.argwhere(strange)[0]
    return x[tuple(place)], place.tolist()


class Embedding(Layer):
    """A learned vector for each whole number: y = embeddings[x].

    Shapes: x (B, ...) of integers from 0 to V - 1, V = input_dim -> y (B, ..., output_dim). Floats
    that are whole numbers pass, since arrays of tokens often are floats.

    Args:
        input_dim: size V of the vocabulary, the largest number plus 1.
        output_dim: size of a vector.
        embeddings_initializer: uniform in [-0.05, 0.05] by default.
        embeddings_regularizer: penalty on the vectors.
        embeddings_constraint: limit applied after each update.
        mask_zero: whether 0 is no word but padding: then y has a mask, see `nn/masking.py`.
        weights: the vectors to begin with, (V, output_dim), such as GloVe's.
        input_length: the length of the sequences, for Keras 2 scripts.

    Raises:
        IndexRangeError: if x has a number outside of the vocabulary, or none that is whole.

    Source: Bengio et al. 2003, "A neural probabilistic language model".
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        input_length: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.input_dim = check_integer("input_dim", input_dim, minimum=1)
        self.output_dim = check_integer("output_dim", output_dim, minimum=1)
        self.embeddings_initializer = embeddings_initializer
        self.embeddings_regularizer = embeddings_regularizer
        self.embeddings_constraint = embeddings_constraint
        self.mask_zero = self.supports_masking = bool(mask_zero)
        if weights is not None:
            given = as_array(weights[0] if isinstance(weights, list | tuple) else weights)
            if given.shape != (self.input_dim, self.output_dim):
                raise ShapeError(
                    "Embedding: weights have another shape.",
                    got=str(given.shape),
                    expected=f"{(self.input_dim, self.output_dim)}",
                )
            self.arguments.pop("weights", None)  # a model file has the parameters anyway
            self.embeddings_initializer = functools.partial(_given, given)
        if input_length is not None and self._input_shape is None:
            self._input_shape = (check_integer("input_length", input_length, minimum=1),)

    def build(self, shape: Any) -> None:
        """Create embeddings (V, output_dim)."""
        self.embeddings = self.parameter("embeddings", (self.input_dim, self.output_dim))

    def check_data(self, x: np.ndarray) -> None:
        """Refuse numbers outside of the vocabulary."""
        if x.dtype.kind == "f" and (strange := x % 1 != 0).any():
            value, place = _first(x, strange)
            raise DataError(
                f"Embedding {self.name!r}: the numbers are no integers.",
                got=f"{value:g}",
                expected=f"whole numbers from 0 to {self.input_dim - 1}",
            ).within(f"x{place}.")
        if x.size and not (x.min() >= 0 and x.max() < self.input_dim):
            value, place = _first(x, (x < 0) | (x >= self.input_dim))
            raise DataError(
                f"Embedding {self.name!r}: a number is outside of the vocabulary.",
                got=f"numbers from {x.min()} to {x.max()}",
                expected=f"0 to {self.input_dim - 1}",
                hint=f"input_dim={int(x.max()) + 1}, the largest number plus 1"
                if x.max() >= self.input_dim
                else "count from 0: negative numbers mean no word, not even the last",
            ).within(f"x{place}, which is {value:g}.")

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        table, index = self.embeddings.value, self._indices(x)
        try:
            y = ops.take(table, index, axis=0)  # (B, ..., output_dim)
        except IndexRangeError:
            value, place = _first(x.numpy(), index.numpy() >= self.input_dim)
            raise IndexRangeError(
                "a number is outside of the vocabulary, or not whole.",
                got=f"{value:g} at {place}",
                expected=f"0 to {self.input_dim - 1}",
            ) from None
        y.notes = (Rows(table, index),)
        return y

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return where x is not 0; None without mask_zero."""
        return ops.ne(x, 0) if self.mask_zero else None

    def _indices(self, x: Tensor) -> Tensor:
        """Return x as integers; V, which `take` refuses, for what is negative or not whole."""
        if is_float(x.dtype):
            inside = (x >= 0) & (x < self.input_dim) & (ops.floor(x) == x)
            return ops.where(inside, x, 0).astype("int32") + ops.where(inside, 0, self.input_dim)
        if x.dtype.kind == "u":
            return x
        if x.dtype.kind == "b" or x.dtype.itemsize < 4:
            x = x.astype("int32")
        return ops.where(x < 0, self.input_dim, x)
