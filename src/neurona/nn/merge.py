"""Layers of several inputs, and the same as functions: Add()([a, b]) is add([a, b])."""

from __future__ import annotations

import functools
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer
from neurona.nn.description import publish
from neurona.nn.layer import Layer
from neurona.nn.masking import spread
from neurona.nn.options import LayerOptions


def _check_list(layer: Layer, xs: Any, count: int | None = None) -> None:
    if not isinstance(xs, list | tuple) or not xs or (count and len(xs) != count):
        raise ShapeError(
            f"{type(layer).__name__}: takes a list of {f'{count} ' if count else ''}tensors.",
            got=f"{len(xs)} of them" if isinstance(xs, list | tuple) else f"one, x {xs.shape}",
            hint=f"{type(layer).__name__}()([a, b])",
        )
    if len({x.shape[0] for x in xs if x.ndim}) > 1:
        raise ShapeError(
            f"{type(layer).__name__}: the batch sizes differ.",
            got=", ".join(str(x.shape) for x in xs),
        )


class _Merge(Layer):
    """Element by element, with NumPy's broadcasting; a missing axis is one behind the batch."""

    def aligned(self, xs: Any, count: int | None = None) -> list[Tensor]:
        """Check the inputs and give them the same number of axes; bytes, as in images, are floats.

        Sums and products of bytes are none.
        """
        _check_list(self, xs, count)
        xs = [x.astype(self.dtype) if x.dtype == np.uint8 else x for x in xs]
        ndim = max(x.ndim for x in xs)
        return [_aligned(x, ndim - x.ndim) for x in xs]

    def compute_mask(self, xs: Any, mask: Any = None) -> Any:
        """Return where any of the inputs is real; None if one of them has no mask."""
        return _any_real(xs, mask)

    def kept(self, xs: list[Tensor], masks: Any) -> list[Tensor | None]:
        """Return for each aligned input where it is real, with as many axes; None: everywhere."""
        ndim = max(x.ndim for x in xs)
        return [
            None if m is None else _aligned(spread(m, x), ndim - x.ndim)
            for x, m in zip(xs, masks or [None] * len(xs), strict=True)
        ]


def _aligned(x: Tensor, missing: int) -> Tensor:
    """Return x with so many axes of size 1 behind the batch."""
    return ops.reshape(x, (*x.shape[:1], *(1,) * missing, *x.shape[1:])) if missing else x


def _any_real(xs: list[Tensor], masks: Any) -> Tensor | None:
    if masks is None or any(m is None for m in masks):
        return None
    ndim = max(x.ndim for x in xs)
    pairs = zip(masks, xs, strict=True)
    return functools.reduce(ops.logical_or, [_aligned(m, ndim - x.ndim) for m, x in pairs])


def _fold_real(fn: Any, xs: list[Tensor], kept: list[Tensor | None]) -> Tensor:
    """Fold inputs of which padding takes no part, as long as there is something else."""
    y, real = xs[0], kept[0]
    for x, k in zip(xs[1:], kept[1:], strict=True):
        other = x if k is None else ops.where(k, x, y)
        y = fn(y if real is None else ops.where(real, y, other), other)
        real = None if k is None or real is None else ops.logical_or(real, k)
    return y


class Add(_Merge):
    """y = x_1 + x_2 + ...

    Shapes: a list of x (B, ...) that broadcast -> y (B, ...).

    >>> Add()([ops.ones((1, 2)), ops.ones((1, 2))]).tolist()
    [[2.0, 2.0]]
    """

    def call(self, xs: list[Tensor]) -> Tensor:
        return functools.reduce(ops.add, self.aligned(xs))


class Subtract(_Merge):
    """y = x_1 - x_2.

    Shapes: a list of two x (B, ...) that broadcast -> y (B, ...).
    """

    def call(self, xs: list[Tensor]) -> Tensor:
        first, second = self.aligned(xs, 2)
        return first - second


class Multiply(_Merge):
    """y = x_1 * x_2 * ..., element by element; padding counts as 1.

    Shapes: a list of x (B, ...) that broadcast -> y (B, ...).
    """

    def call(self, xs: list[Tensor], mask: Any = None) -> Tensor:
        aligned = self.aligned(xs)
        if mask is None:
            return functools.reduce(ops.mul, aligned)
        kept = self.kept(xs, mask)
        y = functools.reduce(ops.mul, [
            x if k is None else ops.where(k, x, 1.0) for x, k in zip(aligned, kept, strict=True)
        ])  # fmt: skip
        if any(k is None for k in kept):
            return y
        return ops.where(functools.reduce(ops.logical_or, kept), y, 0.0)


class Average(_Merge):
    """y = (x_1 + ... + x_n) / n.

    Shapes: a list of x (B, ...) that broadcast -> y (B, ...).
    """

    def call(self, xs: list[Tensor]) -> Tensor:
        return functools.reduce(ops.add, self.aligned(xs)) / float(len(xs))


class Maximum(_Merge):
    """The largest of x_1, x_2, ..., element by element; padding counts where all are padding.

    Shapes: a list of x (B, ...) that broadcast -> y (B, ...).
    """

    def call(self, xs: list[Tensor], mask: Any = None) -> Tensor:
        aligned = self.aligned(xs)
        return _fold_real(ops.maximum, aligned, self.kept(xs, mask))


class Minimum(_Merge):
    """The smallest of x_1, x_2, ..., element by element; padding counts where all are padding.

    Shapes: a list of x (B, ...) that broadcast -> y (B, ...).
    """

    def call(self, xs: list[Tensor], mask: Any = None) -> Tensor:
        aligned = self.aligned(xs)
        return _fold_real(ops.minimum, aligned, self.kept(xs, mask))


class Concatenate(Layer):
    """The inputs side by side along an axis.

    Shapes: a list of x (B, ..., n_i, ...) -> y (B, ..., n_1 + n_2 + ..., ...).

    Args:
        axis: the axis, the last by default.

    Raises:
        ShapeError: if the inputs differ elsewhere.

    >>> Concatenate()([ops.zeros((1, 1)), ops.ones((1, 2))]).tolist()
    [[0.0, 1.0, 1.0]]
    """

    def __init__(self, axis: int = -1, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.axis = check_integer("axis", axis)

    def call(self, xs: list[Tensor]) -> Tensor:
        if isinstance(xs, list | tuple) and self.axis == 0:
            return ops.concatenate(xs, axis=0)  # batches after each other may differ in size
        _check_list(self, xs)
        return ops.concatenate(xs, axis=self.axis)

    def compute_mask(self, xs: Any, mask: Any = None) -> Any:
        """Return the masks side by side, or where any input is real if features are joined."""
        masks = mask or []
        known = [m.ndim for m in masks if m is not None]
        if not known:
            return None
        axis = self.axis % xs[0].ndim
        if axis >= max(known):
            return _any_real(xs, mask)
        full = [
            ops.full(x.shape[: max(known)], True, "bool") if m is None else m
            for x, m in zip(xs, masks, strict=True)
        ]
        return ops.concatenate(full, axis=axis)


class Dot(Layer):
    """Products summed over an axis of each of two inputs, sample by sample.

    Shapes: x (B, ...) without its axis and y (B, ...) without its axis -> (B, *x's, *y's); if
    nothing is left, (B, 1).

    Args:
        axes: the axis of both, or a pair with one for each; not the batch.
        normalize: divide by the norms along the axes first, so that the result is the cosine.

    Raises:
        ShapeError: if the axes have different sizes.

    >>> Dot(axes=1)([ops.ones((1, 3)), ops.ones((1, 3))]).tolist()
    [[3.0]]
    """

    def __init__(self, axes: Any, normalize: bool = False, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        pair = tuple(axes) if isinstance(axes, list | tuple) else (axes, axes)
        if len(pair) != 2:
            raise ArgumentError("axes is an integer or a pair.", got=repr(axes))
        self.axes = tuple(check_integer("axes", a) for a in pair)
        self.normalize = bool(normalize)

    def call(self, xs: list[Tensor]) -> Tensor:
        _check_list(self, xs, 2)
        flat = []
        for x, axis in zip(xs, self.axes, strict=True):
            if not -x.ndim <= axis < x.ndim or axis % x.ndim == 0:
                raise ShapeError(
                    "Dot: there is no such axis, or it is the batch.", got=f"{axis}, x {x.shape}"
                )
            if self.normalize:
                x = x / ops.maximum(ops.norm(x, axis=axis, keepdims=True), 1e-12)
            moved = ops.moveaxis(x, axis, -1)  # (B, ..., K)
            flat.append((ops.reshape(moved, (x.shape[0], -1, moved.shape[-1])), moved.shape[1:-1]))
        (a, left), (b, right) = flat
        if a.shape[-1] != b.shape[-1]:
            raise ShapeError(
                f"Dot: the axes {self.axes} have different sizes.",
                got=" and ".join(str(x.shape) for x in xs),
            )
        y = ops.matmul(a, ops.swapaxes(b, 1, 2))  # (B, left, right)
        return ops.reshape(y, (y.shape[0], *((*left, *right) or (1,))))

    def compute_mask(self, xs: Any, mask: Any = None) -> None:
        """Return None, as Keras does: the axes of the result are others."""


def add(inputs: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    """Sum of a list of tensors; see Add.

    >>> add([ops.ones((1, 2)), ops.ones((1, 2))]).tolist()
    [[2.0, 2.0]]
    """
    return Add(name=name, dtype=dtype)(inputs)


def subtract(inputs: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    """Difference of two tensors; see Subtract."""
    return Subtract(name=name, dtype=dtype)(inputs)


def multiply(inputs: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    """Product of a list of tensors; see Multiply."""
    return Multiply(name=name, dtype=dtype)(inputs)


def average(inputs: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    """Average of a list of tensors; see Average."""
    return Average(name=name, dtype=dtype)(inputs)


def maximum(inputs: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    """Largest of a list of tensors; see Maximum."""
    return Maximum(name=name, dtype=dtype)(inputs)


def minimum(inputs: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    """Smallest of a list of tensors; see Minimum."""
    return Minimum(name=name, dtype=dtype)(inputs)


def concatenate(inputs: Any, axis: int = -1, name: str | None = None, dtype: Any = None) -> Tensor:
    """A list of tensors side by side; see Concatenate."""
    return Concatenate(axis, name=name, dtype=dtype)(inputs)


def dot(
    inputs: Any,
    axes: Any = -1,
    normalize: bool = False,
    name: str | None = None,
    dtype: Any = None,
) -> Tensor:
    """Products of two tensors summed over an axis; see Dot."""
    return Dot(axes, normalize, name=name, dtype=dtype)(inputs)


publish("layers", add, average, concatenate, dot, maximum, minimum, multiply, subtract)
