"""Layers that bring data into a network's range: fixed scaling, and standardising by statistics."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.budget import spend
from neurona.core.shapes import Shape, normalize_axes
from neurona.core.tensor import Tensor, as_array
from neurona.errors import ArgumentError, DataError, DtypeError, ShapeError, check_integer
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions

_EPSILON = 1e-7  # Keras's: features that never vary are divided by this, not by 0


class Rescaling(Layer):
    """y = x * scale + offset.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        scale: a number, or an array that broadcasts to x; 1/255 brings bytes into [0, 1].
        offset: likewise; scale 1/127.5 and offset -1 bring bytes into [-1, 1].

    >>> Rescaling(0.5, offset=1.0)([[2.0, 4.0]]).tolist()
    [[2.0, 3.0]]
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.scale, self.offset = _number("scale", scale), _number("offset", offset)

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        x = x if x.dtype.kind == "f" else x.astype(self.dtype)
        return x * self.scale.astype(x.dtype) + self.offset.astype(x.dtype)


def _number(name: str, value: Any) -> np.ndarray:
    try:
        return as_array(value)
    except DtypeError:
        raise ArgumentError(f"{name} is a number or an array.", got=repr(value)) from None


class Normalization(Layer):
    """y = (x - mean) / sqrt(variance), with moments of the data given to `adapt`.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        axis: the axis or axes that have a mean of their own, the features by default; None for one
            mean of everything.
        mean, variance: the moments, if they are known; then there is nothing to adapt.
        invert: compute x * sqrt(variance) + mean instead: the way back.

    Raises:
        ArgumentError: if only one of mean and variance is given.
        ShapeError: if data and layer have different sizes on these axes.

    >>> layer = Normalization()
    >>> layer.adapt([[0.0, 10.0], [2.0, 30.0]])
    >>> layer([[0.0, 40.0]]).tolist()
    [[-1.0, 2.0]]
    """

    supports_masking = True

    mean: Any
    variance: Any

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        several = axis if isinstance(axis, list | tuple) else () if axis is None else (axis,)
        self.axis = tuple(check_integer("axis", a) for a in several)
        self.invert = bool(invert)
        if (mean is None) != (variance is None):
            raise ArgumentError(
                "mean and variance are given together.",
                got="mean" if variance is None else "variance",
                hint="give both, or neither and call adapt(data)",
            )
        self.given = None if mean is None else (as_array(mean), as_array(variance))
        if self.given:
            if self.given[0].shape != self.given[1].shape or self.given[0].ndim > len(self.axis):
                raise ArgumentError(
                    "mean and variance have one number for each place on the axes.",
                    got=f"mean {self.given[0].shape}, variance {self.given[1].shape}, axis {axis}",
                )
            if (self.given[1] < 0).any():
                raise ArgumentError("a variance is not negative.", got=str(self.given[1]))

    def build(self, shape: Any) -> None:
        """Create mean and variance, of the sizes of the axes; given ones are no parameters."""
        sizes = tuple(shape[a] for a in self._kept(shape))
        if self.given is None:
            self.mean = self.add_weight(sizes, "zeros", "mean", trainable=False)
            self.variance = self.add_weight(sizes, "ones", "variance", trainable=False)
            return
        spend(2 * self.dtype.itemsize * math.prod(sizes))
        try:
            mean, variance = (np.broadcast_to(m, sizes).astype(self.dtype) for m in self.given)
        except ValueError:
            raise ShapeError(
                "Normalization: mean and variance do not fit x.",
                got=f"mean {self.given[0].shape}, x {shape}",
                expected=f"mean {sizes}",
            ) from None
        self.mean, self.variance = Tensor(mean), Tensor(variance)

    def _kept(self, shape: Shape) -> tuple[int, ...]:
        return normalize_axes(self.axis, len(shape), "Normalization")

    def adapt(self, data: Any) -> None:
        """Set mean and variance to those of the data: an array, or an iterable of batches.

        Raises:
            ArgumentError: if mean and variance were given to the constructor.
            DataError: if there are no data.
        """
        if self.given:
            raise ArgumentError(
                "mean and variance were given already.", hint="Normalization() without them"
            )
        batches = _batches(data)
        count, mean, square = 0, 0.0, 0.0  # square: the sum of (x - mean)^2
        for batch in batches:
            x = batch.astype(np.float64)
            if not self.built:
                self.ensure_built(Tensor(np.zeros(x.shape, self.dtype)))
            kept = self._kept(x.shape)
            if tuple(x.shape[a] for a in kept) != self.mean.shape:
                raise ShapeError(
                    "Normalization: the data have another size on the axes.",
                    got=f"data {x.shape}, axis {self.axis}",
                    expected=str(self.mean.shape),
                )
            others = tuple(a for a in range(x.ndim) if a not in kept)
            n = int(np.prod([x.shape[a] for a in others]))
            if not n:
                continue
            its_mean = x.mean(others)
            step = its_mean - mean  # Chan, Golub, LeVeque 1979: moments of a union
            square = square + x.var(others) * n + step * step * (count * n / (count + n))
            mean = mean + step * (n / (count + n))
            count += n
        if not count:
            raise DataError("adapt got no data.", hint="an array, or batches of arrays")
        self.mean.assign(np.asarray(mean, self.dtype))
        self.variance.assign(np.asarray(square / count, self.dtype))

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        x = x if x.dtype.kind == "f" else x.astype(self.dtype)
        kept = self._kept(x.shape)
        sizes = tuple(s if a in kept else 1 for a, s in enumerate(x.shape))
        mean = ops.reshape(self.mean, sizes)
        deviation = ops.maximum(ops.sqrt(ops.reshape(self.variance, sizes)), _EPSILON)
        return x * deviation + mean if self.invert else (x - mean) / deviation


def _batches(data: Any) -> Iterable[np.ndarray]:
    if isinstance(data, np.ndarray | Tensor) or not isinstance(data, Iterable):
        return [as_array(data)]
    items = list(data) if isinstance(data, list | tuple) else data
    if isinstance(items, list) and not any(
        isinstance(i, np.ndarray | Tensor | tuple) for i in items
    ):
        return [as_array(items)]  # nested lists of numbers
    return (as_array(i[0] if isinstance(i, tuple) else i) for i in items)
