"""Shapes and element types: what a Tensor looks like before it has values.

A shape rule takes the Specs of an op's inputs and returns the Spec of its output. Here are the
rules that many ops share; a rule that only one family needs stands beside that family.

The rule for mixed element types, the only one: bool < uint8 < int32 < int64 < float. An op that
combines tensors converts all to the highest among them. float32 with float64 is an error, since
either answer would surprise somebody. Python numbers take the type of the tensor that they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np

from neurona import config
from neurona.core.ambient import ambient, within
from neurona.errors import ArgumentError, DtypeError, ShapeError, unknown

Shape = tuple[int, ...]

DTYPES = {
    name: np.dtype(name) for name in ("bool", "uint8", "int32", "int64", "float32", "float64")
}
_RANK = {dtype: rank for rank, dtype in enumerate(DTYPES.values())}


class Spec(NamedTuple):
    """Shape and element type of a value."""

    shape: Shape
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return product(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of an array without gaps."""
        return self.size * self.dtype.itemsize

    def __str__(self) -> str:
        kind = {"f": "f", "i": "i", "u": "u", "b": "bool"}[self.dtype.kind]
        bits = "" if self.dtype.kind == "b" else str(8 * self.dtype.itemsize)
        return f"{kind}{bits}[{','.join(map(str, self.shape))}]"


def product(sizes: Sequence[int]) -> int:
    """Return the product of sizes as a Python integer, which cannot overflow."""
    result = 1
    for size in sizes:
        result *= size
    return result


def as_dtype(dtype: Any) -> np.dtype:
    """Return the element type of a name, a NumPy type or a Python type.

    >>> as_dtype("float32"), as_dtype(int)
    (dtype('float32'), dtype('int32'))
    """
    if dtype is None or dtype is float:
        return DTYPES[config.floatx()]
    if dtype is int:
        return DTYPES["int32"]
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise unknown("dtype", dtype, DTYPES) from None
    if found not in _RANK:
        raise unknown("dtype", found.name, DTYPES)
    return found


def nearest_dtype(dtype: np.dtype) -> np.dtype:
    """Return the supported type that holds every value of a NumPy type; wide floats narrow."""
    if dtype in _RANK:
        return dtype if dtype.isnative else dtype.newbyteorder("=")
    if dtype.kind in "iu":
        return DTYPES["int32" if dtype.itemsize <= 2 else "int64"]
    if dtype.kind == "f":
        return DTYPES["float32" if dtype.itemsize == 2 else "float64"]
    raise DtypeError("a Tensor holds numbers.", got=f"{dtype} data", expected="numbers or booleans")


def check_range(array: np.ndarray, wanted: np.dtype) -> None:
    """Refuse integers that a type does not hold, instead of making other ones of them."""
    if array.size and array.dtype.itemsize + (array.dtype.kind == "u") > wanted.itemsize:
        limits, ends = np.iinfo(wanted), (int(array.min()), int(array.max()))
        if ends[0] < limits.min or ends[1] > limits.max:
            raise DtypeError(
                f"{wanted} does not hold such a number.",
                got=str(ends[0] if ends[0] < limits.min else ends[1]),
                expected=f"{limits.min} to {limits.max}",
                hint='dtype="float64" holds it rounded',
            )


def is_float(dtype: np.dtype) -> bool:
    """Say whether a type has gradients."""
    return dtype.kind == "f"


def promote(dtypes: Sequence[np.dtype], name: str) -> np.dtype:
    """Return the common type of an op's inputs by the rule at the top of this file."""
    first = dtypes[0]
    for dtype in dtypes:
        if dtype is not first:
            break
    else:
        return first
    floats = {d for d in dtypes if is_float(d)}
    if len(floats) > 1:
        raise DtypeError(
            f"{name}: float32 and float64 do not mix.",
            got=", ".join(d.name for d in dtypes),
            expected="one float type",
            hint='cast one of them, e.g. x.astype("float32")',
        )
    return max(dtypes, key=_RANK.__getitem__)


def as_shape(shape: Any) -> Shape:
    """Return a size or a sequence of sizes as a checked shape.

    >>> as_shape(3), as_shape([2, 3])
    ((3,), (2, 3))
    """
    if isinstance(shape, int | np.integer):
        shape = (shape,)
    try:
        sizes = tuple(int(size.__index__()) for size in shape)
    except (TypeError, AttributeError):
        raise ArgumentError("a shape is made of integers.", got=repr(shape)) from None
    if any(size < 0 for size in sizes):
        raise ShapeError("a size is never negative.", got=str(sizes))
    check_size(sizes)
    return sizes


def limited_sizes(elements: int) -> AbstractContextManager[None]:
    """Refuse shapes of more elements inside: for what comes from a file."""
    return within(max_elements=elements)


def check_size(shape: Shape) -> None:
    """Refuse a shape that no memory could hold, before anything is allocated."""
    if product(shape) > ambient.max_elements:
        raise ShapeError(
            "the tensor would be too large.",
            got=f"shape {shape}, {product(shape):.1e} elements",
            expected=f"at most {ambient.max_elements:.1e}",
            hint="check the units, vocabulary or image size that made this shape",
        )


def normalize_axis(axis: Any, ndim: int, name: str) -> int:
    """Return an axis counted from the front, or raise a ShapeError.

    >>> normalize_axis(-1, 3, "sum")
    2
    """
    try:
        index = int(axis.__index__())
    except (TypeError, AttributeError):
        raise ArgumentError(f"{name}: an axis is an integer.", got=repr(axis)) from None
    if not -ndim <= index < ndim:
        raise ShapeError(
            f"{name}: there is no axis {index}.",
            got=f"{ndim} axes",
            expected=f"an axis from {-ndim} to {ndim - 1}" if ndim else "no axis",
        )
    return index % ndim


def normalize_axes(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """Return None (all), an axis or several axes as sorted axes counted from the front."""
    if axis is None:
        return tuple(range(ndim))
    several = axis if isinstance(axis, list | tuple) else (axis,)
    axes = sorted(normalize_axis(a, ndim, name) for a in several)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{name}: an axis is named twice.", got=str(axis))
    return tuple(axes)


def broadcast_shapes(name: str, *shapes: Shape) -> Shape:
    """Return the common shape by NumPy's rule: aligned at the right, 1 stretches.

    >>> broadcast_shapes("add", (4, 1), (3,))
    (4, 3)
    """
    first = shapes[0]
    if shapes.count(first) == len(shapes):
        return first
    ndim = max(map(len, shapes))
    result = []
    for column in zip(*[(1,) * (ndim - len(s)) + s for s in shapes], strict=True):
        sizes = {size for size in column if size != 1}
        if len(sizes) > 1:
            raise ShapeError(
                f"{name}: the shapes do not broadcast.",
                got=" and ".join(map(str, shapes)),
                expected="sizes that are equal or 1, aligned at the right",
            )
        result.append(sizes.pop() if sizes else 1)
    check_size(tuple(result))
    return tuple(result)


def channels_hint(got: Shape, want: Any) -> str:
    """Return what to try for images whose channels are at the other end; "" for others.

    >>> channels_hint((8, 3, 32, 32), (None, 32, 32, 3))
    'the channels come last: np.moveaxis(x, 1, -1)'
    >>> channels_hint((8, 32, 32, 3), (None, 3, 32, 32))
    'the channels come first: np.moveaxis(x, -1, 1)'
    """
    if not 3 <= len(got) == len(want) or got[1:] == want[1:]:
        return ""

    def fits(*sizes: int | None) -> bool:
        return all(w in (None, s) for s, w in zip(got[1:], sizes, strict=True))

    if fits(want[-1], *want[1:-1]):
        return "the channels come last: np.moveaxis(x, 1, -1)"
    if fits(*want[2:], want[1]):
        return "the channels come first: np.moveaxis(x, -1, 1)"
    return ""


def same_shape(x: Spec, **attributes: Any) -> Spec:
    """Shape rule: like the input."""
    return x


def boolean_shape(x: Spec, **attributes: Any) -> Spec:
    """Shape rule: like the input, of bool."""
    return Spec(x.shape, DTYPES["bool"])


def broadcast(name: str, dtype: str | None = None) -> Any:
    """Return the shape rule of an elementwise op on several inputs of one type."""

    def rule(*specs: Spec, **attributes: Any) -> Spec:
        shape = broadcast_shapes(name, *[s.shape for s in specs])
        return Spec(shape, DTYPES[dtype] if dtype else specs[0].dtype)

    return rule


def reduced(name: str, dtype: str | None = None, nonempty: bool = False) -> Any:
    """Return the shape rule of a reduction with attributes `axis` and `keepdims`."""

    def rule(x: Spec, *, axis: Any = None, keepdims: bool = False) -> Spec:
        axes = normalize_axes(axis, x.ndim, name)
        if nonempty and any(x.shape[a] == 0 for a in axes):
            raise ShapeError(f"{name}: nothing has no {name}.", got=f"x {x.shape}, axis {axis}")
        sizes = [1 if a in axes else s for a, s in enumerate(x.shape) if keepdims or a not in axes]
        return Spec(tuple(sizes), DTYPES[dtype] if dtype else x.dtype)

    return rule
