"""Where in a sequence a step is: as waves, as learned vectors, or as rotations."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer, check_number
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions


class SinePositionEncoding(Layer):
    """y_t,2i = sin(t w_i), y_t,2i+1 = cos(t w_i) with w_i = max_wavelength^(-2i / D).

    It is the encoding alone, to be added to x.

    Shapes: x (B, ..., T, D) -> y (B, ..., T, D).

    Args:
        max_wavelength: of the slowest wave, in steps times 2 pi.

    `call` also takes `start_index`, the position t of the first step, or `positions`, (T,) or
    (B, T).

    Source: Vaswani et al. 2017, section 3.5.

    >>> SinePositionEncoding()(ops.zeros((1, 2, 2))).numpy().round(2).tolist()
    [[[0.0, 1.0], [0.8399999737739563, 0.5400000214576721]]]
    """

    supports_masking = True

    def __init__(self, max_wavelength: float = 10000, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.max_wavelength = check_number("max_wavelength", max_wavelength, low=1)

    def call(self, x: Tensor, start_index: Any = 0, positions: Any = None) -> Tensor:
        _check(self, x)
        i = np.arange(x.shape[-1])
        frequencies = self.max_wavelength ** (-2.0 * (i // 2) / x.shape[-1])
        t = _positions(self, x.shape[-2], start_index, positions)  # (T,) or (B, T)
        angles = ops.expand_dims(t, -1) * frequencies.astype(self.dtype)  # (..., T, D)
        y = ops.where(i % 2 == 0, ops.sin(angles), ops.cos(angles))
        return ops.broadcast_to(_behind_batch(y, x.ndim), x.shape)


class PositionEmbedding(Layer):
    """y_t = embeddings[t]: a learned vector for each position, to be added to x.

    Shapes: x (B, ..., T, D), T at most sequence_length -> y (B, ..., T, D).

    Args:
        sequence_length: how many positions there are.
        initializer: Glorot uniform by default.

    `call` also takes `start_index`, the position t of the first step, or `positions`, (T,) or
    (B, T).

    Raises:
        ShapeError: if x is longer than there are positions.
        IndexRangeError: if a position is none of them.

    Source: Devlin et al. 2019.

    >>> PositionEmbedding(8)(ops.zeros((2, 5, 3))).shape
    (2, 5, 3)
    """

    supports_masking = True

    def __init__(
        self,
        sequence_length: int,
        initializer: Any = "glorot_uniform",
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.sequence_length = check_integer("sequence_length", sequence_length, minimum=1)
        self.initializer = initializer

    def build(self, shape: Any) -> None:
        """Create embeddings (sequence_length, D)."""
        self.position_embeddings = self.add_weight(
            (self.sequence_length, shape[-1]), self.initializer, "embeddings"
        )

    def call(self, x: Tensor, start_index: Any = 0, positions: Any = None) -> Tensor:
        _check(self, x)
        length = x.shape[-2]
        if positions is None and isinstance(start_index, int):
            stop = start_index + length
            if start_index < 0 or stop > self.sequence_length:
                raise ShapeError(
                    f"{type(self).__name__}: the sequence is longer than there are positions.",
                    got=f"x {x.shape}, the last position {stop - 1}",
                    expected=f"positions from 0 to {self.sequence_length - 1}",
                    hint=f"sequence_length={stop}, or shorter sequences",
                )
            y = self.position_embeddings[start_index:stop]
        else:
            given = start_index + ops.arange(length) if positions is None else as_tensor(positions)
            y = ops.take(self.position_embeddings, given, axis=0)
        return ops.broadcast_to(_behind_batch(y, x.ndim), x.shape)


class RotaryEmbedding(Layer):
    """y_t: pairs of features turned by angles t w_i, so that products depend on distances alone.

    (y_i, y_(i + D/2)) is (x_i, x_(i + D/2)) turned by t w_i, w_i = max_wavelength^(-2i / D), for
    i < D/2. It is for queries and keys, before their products.

    Shapes: x (B, T, ..., D), D even -> y of the same.

    Args:
        max_wavelength: of the slowest turn, in steps times 2 pi.
        scaling_factor: what positions are divided by ("linear"); "dynamic" divides by its power
            D / (D - 2), which changes the slow turns alone in the long run.
        rope_type: "linear" or "dynamic".
        sequence_axis: the axis T.
        feature_axis: the axis D.
        denominator_dim: what stands for D in the formula of w_i; D by default.

    `call` also takes `start_index`, the position t of the first step, or `positions`, (T,) or
    (B, T).

    Raises:
        ShapeError: if D is odd, or there are no such axes.

    Source: Su et al. 2021.

    >>> RotaryEmbedding()([[[1.0, 0.0], [1.0, 0.0]]]).numpy().round(2).tolist()
    [[[1.0, 0.0], [0.5400000214576721, 0.8399999737739563]]]
    """

    supports_masking = True

    def __init__(
        self,
        max_wavelength: float = 10000,
        scaling_factor: float = 1.0,
        rope_type: str = "linear",
        sequence_axis: int = 1,
        feature_axis: int = -1,
        denominator_dim: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.max_wavelength = check_number("max_wavelength", max_wavelength, low=1)
        self.scaling_factor = check_number("scaling_factor", scaling_factor)
        if self.scaling_factor <= 0:
            raise ArgumentError(
                "scaling_factor is out of range.",
                got=repr(scaling_factor),
                expected="a number above 0",
            )
        self.rope_type = check_choice("rope_type", rope_type, ("linear", "dynamic"))
        self.sequence_axis = check_integer("sequence_axis", sequence_axis)
        self.feature_axis = check_integer("feature_axis", feature_axis)
        self.denominator_dim = (
            None
            if denominator_dim is None
            else check_integer("denominator_dim", denominator_dim, minimum=1)
        )

    def call(self, x: Tensor, start_index: Any = 0, positions: Any = None) -> Tensor:
        _check(self, x)
        axes = [
            a % x.ndim for a in (self.sequence_axis, self.feature_axis) if -x.ndim <= a < x.ndim
        ]
        if len(set(axes)) < 2:
            raise ShapeError(
                "RotaryEmbedding: sequence_axis and feature_axis are two axes of x.",
                got=f"{self.sequence_axis} and {self.feature_axis}, x {x.shape}",
            )
        batch, *rest = (a for a in range(x.ndim) if a not in axes)
        order = [batch, axes[0], *rest, axes[1]]
        x = ops.transpose(x, order)  # (B, T, ..., D)
        size = x.shape[-1]
        if size % 2:
            raise ShapeError(
                "RotaryEmbedding: pairs of features are turned.",
                got=f"{size} features",
                expected="an even number",
            )
        t = _positions(self, x.shape[1], start_index, positions)  # (T,) or (B, T)
        angles = ops.expand_dims(t, -1) * self._frequencies(size)  # (..., T, D / 2)
        between = [1] * (x.ndim - 3)
        angles = ops.reshape(angles, (-1, x.shape[1], *between, size // 2)) if between else angles
        cos, sin = ops.cos(angles), ops.sin(angles)
        a, b = ops.split(x, 2, axis=-1)
        y = ops.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)
        return ops.transpose(y, [order.index(a) for a in range(y.ndim)])

    def _frequencies(self, size: int) -> np.ndarray:
        w = self.max_wavelength ** (-np.arange(0, size, 2) / (self.denominator_dim or size))
        power = size / max(1, size - 2) if self.rope_type == "dynamic" else 1.0
        return (w / self.scaling_factor**power).astype(self.dtype)


def _positions(layer: Layer, length: int, start: Any, positions: Any) -> Tensor:
    """Return the steps' positions as floats: (T,), or (B, T) if they are given so."""
    if positions is None:
        return (start + ops.arange(length)).astype(layer.dtype)
    given = as_tensor(positions)
    if given.ndim not in (1, 2) or given.shape[-1] != length:
        raise ShapeError(
            f"{type(layer).__name__}: positions have another shape.",
            got=str(given.shape),
            expected=f"({length},) or (batch, {length})",
        )
    return given.astype(layer.dtype)


def _behind_batch(y: Tensor, ndim: int) -> Tensor:
    """Give y (T, D) or (B, T, D) axes of size 1 behind the batch, `ndim` in all."""
    front = y.shape[:-2]
    return ops.reshape(y, (*front, *(1,) * (ndim - y.ndim), *y.shape[-2:]))


def _check(layer: Layer, x: Tensor) -> None:
    if x.ndim < 3:
        raise ShapeError(
            f"{type(layer).__name__}: the number of axes is wrong.",
            got=f"x {x.shape}",
            expected="x (batch, time, features)",
            hint="x[None] makes a batch of one sample",
        )
