"""Numbers as categories: ranges, and class numbers as weights of all classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import (
    ArgumentError,
    DataError,
    FormatError,
    StateError,
    check_choice,
    check_integer,
    check_number,
)
from neurona.nn.description import arguments_of
from neurona.nn.encoding.before import MODES, OLDER_MODES
from neurona.nn.encoding.lookup import batches_of
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions


def weighed(ids: Tensor, mode: str, depth: int, dtype: Any, weights: Any = None) -> Tensor:
    """Return ids as weights of `depth` classes, see `before.encoded`; within the step."""
    if ids.ndim == 0:
        ids = ops.reshape(ids, (1,)) if mode != "one_hot" else ids
    if mode == "one_hot":
        if ids.ndim > 1 and ids.shape[-1] == 1:
            ids = ops.squeeze(ids, -1)
        return ops.one_hot(ids, depth, dtype=dtype)
    hot = ops.one_hot(ids, depth, dtype=dtype)  # (..., N, depth)
    if mode == "multi_hot":
        return ops.max(hot, axis=-2)
    if weights is not None:
        hot = hot * ops.expand_dims(weights, -1)
    return ops.sum(hot, axis=-2)


def _no_sparse(layer: Layer, sparse: bool) -> None:
    if sparse:
        raise ArgumentError(
            f"{type(layer).__name__}: there are no sparse tensors.", got="sparse=True"
        )


class CategoryEncoding(Layer):
    """Class numbers as weights of all classes.

    Shapes: x (B, N) of integers -> y (B, num_tokens), or for "one_hot" (B, N, num_tokens), without
        the axis N if it is 1.

    Args:
        num_tokens: how many classes there are: numbers from 0 to that, without it.
        output_mode: "multi_hot" says which numbers are in a sample, "count" how often, "one_hot"
            takes each for itself.
        sparse: False.

    Raises:
        ArgumentError: if num_tokens is below 1, or the mode is unknown.
        DataError: by `fit` and `predict`, for numbers outside of the classes.

    A call takes count_weights as well, the weight of each number in a "count".

    >>> CategoryEncoding(4)([[0, 1], [3, 3]]).tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if num_tokens is None:
            raise ArgumentError(
                "CategoryEncoding needs num_tokens.",
                hint="IntegerLookup() learns which numbers there are",
            )
        self.num_tokens = check_integer("num_tokens", num_tokens, minimum=1)
        mode = OLDER_MODES.get(output_mode, output_mode)
        self.output_mode = check_choice("output_mode", mode, MODES[1:4])
        _no_sparse(self, sparse)
        self.built = True

    def check_data(self, x: np.ndarray) -> None:
        """Raise a DataError for numbers that are no classes."""
        if x.size and (x.min() < 0 or x.max() >= self.num_tokens):
            raise DataError(
                f"{self.name!r} encodes numbers from 0 to {self.num_tokens - 1}.",
                got=f"from {x.min()} to {x.max()}",
                hint=f"num_tokens={int(x.max()) + 1}, or IntegerLookup() in front",
            )

    def call(self, x: Tensor, count_weights: Any = None) -> Tensor:  # (B, N)
        if count_weights is not None and self.output_mode != "count":
            raise ArgumentError(
                'CategoryEncoding: count_weights are for output_mode="count".',
                got=repr(self.output_mode),
            )
        ids = x.astype("int32") if x.dtype.kind != "i" else x
        return weighed(ids, self.output_mode, self.num_tokens, self.dtype, count_weights)


class Discretization(Layer):
    """The number of the range that a value lies in: y = how many boundaries are not above x.

    Shapes: x (B, ...) -> y int32 like x; other output modes as of `CategoryEncoding`, with a class
        for each range.

    Args:
        bin_boundaries: where ranges begin, ascending: [0, 1] makes (-inf, 0), [0, 1), [1, inf).
        num_bins: how many ranges `adapt` makes, with about as many values in each.
        epsilon: how far their shares may be off.
        output_mode: "int", "one_hot", "multi_hot" or "count".
        sparse: False.

    Raises:
        ArgumentError: if boundaries and bins are given, or none, or boundaries do not ascend.
        StateError: when it is called before `adapt`.

    Source: quantiles from a summary that is merged batch by batch, as in Keras.

    >>> Discretization([0.0, 1.0, 2.0])([[-1.5, 1.0, 3.4, 0.5]]).tolist()
    [[0, 2, 3, 1]]
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if (bin_boundaries is None) == (num_bins is None):
            raise ArgumentError(
                "Discretization takes bin_boundaries, or num_bins and then `adapt`.",
                got=f"bin_boundaries={bin_boundaries!r:.40}, num_bins={num_bins}",
            )
        self.bins = None if num_bins is None else check_integer("num_bins", num_bins, minimum=1)
        self.epsilon = check_number("epsilon", epsilon, low=0.0, high=1.0, open=True)
        self.output_mode = check_choice("output_mode", output_mode, MODES[:4])
        _no_sparse(self, sparse)
        self.summary = np.zeros((2, 0), np.float32)  # values, and how many each stands for
        self.boundaries: np.ndarray | None = None
        if bin_boundaries is not None:
            self._bound(bin_boundaries)
        self.built = True

    def _bound(self, boundaries: Any) -> None:
        found = np.asarray(boundaries, np.float64)
        if found.ndim != 1 or (np.diff(found) < 0).any() or not np.isfinite(found).all():
            raise ArgumentError(
                "Discretization: boundaries are numbers that ascend.", got=repr(boundaries)[:60]
            )
        self.boundaries = found

    @property
    def bin_boundaries(self) -> list[float] | None:
        """Where ranges begin, given or learnt; None before `adapt`."""
        return None if self.boundaries is None else self.boundaries.tolist()

    @property
    def num_bins(self) -> int | None:
        """How many ranges `adapt` is to make; None for boundaries that were given."""
        return self.bins

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn boundaries that leave about as many values in each range.

        Args:
            data: an array, or an iterable of batches.
            steps: how many batches; None takes all.

        Raises:
            StateError: if boundaries were given.
            DataError: if there are no data.
        """
        if self.bins is None:
            raise StateError(
                "Discretization has the boundaries that it was given.", hint="num_bins=n, and adapt"
            )
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        if not self.summary.size:
            raise DataError("adapt got no data.", hint="an array, or batches of arrays")
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget what was seen."""
        self.summary = np.zeros((2, 0), np.float32)

    def update_state(self, data: Any) -> None:
        """Take a batch into the summary."""
        values = np.sort(np.asarray(data, np.float32), axis=None)
        step = max(values.size * self.epsilon, 1)
        seen = values[int(step - 1) :: int(step)]
        mine = np.stack([seen, np.full_like(seen, step)])
        both = np.concatenate([mine, self.summary], axis=1)
        self.summary = _compressed(both[:, np.argsort(both[0])], self.epsilon)

    def finalize_state(self) -> None:
        """Make boundaries of what was seen."""
        if self.bins is not None:
            self._bound(_compressed(self.summary, 1.0 / self.bins)[0, :-1])

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        if self.boundaries is None:
            raise StateError(
                f"{self.name!r} has no boundaries.", hint="layer.adapt(data) before it is called"
            )
        x = x if x.dtype.kind == "f" else x.astype(self.dtype)
        above = ops.expand_dims(x, -1) >= self.boundaries.astype(x.dtype)
        ids = ops.sum(above.astype("int32"), axis=-1).astype("int32")
        if self.output_mode == "int":
            return ids
        return weighed(ids, self.output_mode, len(self.boundaries) + 1, self.dtype)

    # --- description -------------------------------------------------------------------------

    def build_alike(self, other: Any) -> None:
        """Let another layer of the class have the boundaries of this one."""
        if self.bins is not None:
            other.boundaries, other.summary = self.boundaries, self.summary

    def description(self) -> dict[str, Any]:
        """Return class, arguments and boundaries that were learnt as JSON values."""
        found = super().description()
        learnt = self.bins is not None and self.boundaries is not None
        return {**found, "boundaries": self.bin_boundaries} if learnt else found

    @classmethod
    def from_description(cls, found: Mapping[str, Any], again: Callable) -> Self:
        """Make a layer from what `description` told."""
        layer = cls(**arguments_of(cls.__name__, found, again))
        if found.get("boundaries") is not None:
            try:
                layer._bound(found["boundaries"])
            except (ValueError, TypeError) as error:
                raise FormatError("the boundaries in a description are malformed.") from error
        return layer


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """Return a summary of about 1 / epsilon values: those at equal shares of the whole."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    weights = summary[1].cumsum()
    values = np.interp(shares, weights / weights[-1], summary[0])
    weights = np.interp(shares, weights / weights[-1], weights)
    return np.stack([values, np.diff(weights, prepend=0)]).astype(np.float32)
