"""Products of vectors, matrices and tensors, composed of matrix products."""

from __future__ import annotations

from typing import Any

from neurona.core.op import as_tensor, cast
from neurona.core.shapes import is_float, normalize_axis, product
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_choice
from neurona.ops.arranging import ravel
from neurona.ops.convolutions import convolution
from neurona.ops.elements import alike
from neurona.ops.functions import round
from neurona.ops.joining import stack
from neurona.ops.matmul import matmul, matrix_product
from neurona.ops.movement import expand_dims, flip, moveaxis, reshape, transpose

__all__ = ["correlate", "cross", "dot", "inner", "kron", "outer", "tensordot", "vdot"]


def dot(x1, x2):
    """Sums of products over the last axis of x1 and the last but one of x2, or its only one.

    Of two vectors the inner product, of matrices the matrix product; with a number the product.
    Shapes: x1 (A..., K), x2 (B..., K, N) -> y (A..., B..., N).

    >>> dot([1.0, 2.0], [3.0, 4.0]).item()
    11.0
    """
    x1, x2 = alike("dot", x1, x2)
    if not (x1.ndim and x2.ndim):
        return x1 * x2
    if x1.ndim <= 2 and x2.ndim <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, ([-1], [-1 if x2.ndim == 1 else -2]))


def inner(x1, x2):
    """Sums of products over the last axis of both.

    Shapes: x1 (A..., K), x2 (B..., K) -> y (A..., B...).

    >>> inner([[1.0, 2.0], [0.0, 1.0]], [3.0, 4.0]).tolist()
    [11.0, 4.0]
    """
    x1, x2 = alike("inner", x1, x2)
    return tensordot(x1, x2, ([-1], [-1])) if x1.ndim and x2.ndim else x1 * x2


def vdot(x1, x2):
    """The sum of products of all elements.

    >>> vdot([[1.0, 2.0]], [[3.0], [4.0]]).item()
    11.0
    """
    return matmul(ravel(x1), ravel(x2))


def outer(x1, x2):
    """All products of an element of x1 and one of x2, z_ij = x1_i x2_j; both are flattened.

    Shapes: x1 (M,), x2 (N,) -> z (M, N).

    >>> outer([1.0, 2.0], [3.0, 4.0]).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    return expand_dims(ravel(x1), 1) * expand_dims(ravel(x2), 0)


def tensordot(x1, x2, axes=2):
    """Sums of products over some axes of both.

    Args:
        axes: how many, the last ones of x1 with the first ones of x2; or those of x1 and of x2, as
            numbers or lists of them.

    >>> tensordot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0], axes=1).tolist()
    [3.0, 7.0]
    """
    x1, x2 = as_tensor(x1), as_tensor(x2)
    if isinstance(axes, int):
        left, right = list(range(x1.ndim - axes, x1.ndim)), list(range(axes))
    else:
        left, right = ([a] if isinstance(a, int) else list(a) for a in axes)
    left = [normalize_axis(a, x1.ndim, "tensordot") for a in left]
    right = [normalize_axis(a, x2.ndim, "tensordot") for a in right]
    if [x1.shape[a] for a in left] != [x2.shape[a] for a in right]:
        raise ShapeError(
            "tensordot: the sizes of the axes differ.",
            got=f"x1 {x1.shape} on {left}, x2 {x2.shape} on {right}",
        )
    rows = [a for a in range(x1.ndim) if a not in left]
    columns = [a for a in range(x2.ndim) if a not in right]
    shape = (*(x1.shape[a] for a in rows), *(x2.shape[a] for a in columns))
    k = product([x1.shape[a] for a in left])
    a = reshape(transpose(x1, [*rows, *left]), (product([x1.shape[r] for r in rows]), k))
    b = reshape(transpose(x2, [*right, *columns]), (k, product([x2.shape[c] for c in columns])))
    return reshape(matrix_product(a, b), shape)


def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Cross product of vectors of 3 elements: (x_2 y_3 - x_3 y_2, x_3 y_1 - x_1 y_3, ...).

    A vector of 2 elements has a third one of 0; of two such ones only the last element is given.

    Args:
        axisa, axisb: where the vectors stand in x1 and x2.
        axisc: where they stand in the result.
        axis: all three at once.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    if not {x1.shape[-1], x2.shape[-1]} <= {2, 3}:
        raise ShapeError("cross: vectors have 2 or 3 elements.", got=f"{x1.shape} and {x2.shape}")
    a, b = (_elements(x) for x in (x1, x2))
    last = a[0] * b[1] - a[1] * b[0]
    if a[2] is None and b[2] is None:
        return last
    first = _difference(a[1], b[2], a[2], b[1])
    second = _difference(a[2], b[0], a[0], b[2])
    return moveaxis(stack([first, second, last], axis=-1), -1, axisc)


def _elements(x: Tensor) -> list[Any]:
    """The three elements of vectors on the last axis; None for a third one that is not there."""
    return [x[..., k] if k < x.shape[-1] else None for k in range(3)]


def _difference(a, b, c, d):
    """a b - c d, where None stands for 0."""
    if a is None or b is None:
        return -(c * d)
    return a * b if c is None or d is None else a * b - c * d


def kron(x1, x2):
    """Kronecker's product: x2 times each element of x1, in place of that element.

    >>> kron([1, 10], [1, 2]).tolist()
    [1, 2, 10, 20]
    """
    x1, x2 = as_tensor(x1), as_tensor(x2)
    ndim = max(x1.ndim, x2.ndim)
    a = (1,) * (ndim - x1.ndim) + x1.shape
    b = (1,) * (ndim - x2.ndim) + x2.shape
    left = reshape(x1, [n for size in a for n in (size, 1)])
    right = reshape(x2, [n for size in b for n in (1, size)])
    return reshape(left * right, [m * n for m, n in zip(a, b, strict=True)])


def correlate(x1, x2, mode="valid"):
    """Correlation of two vectors: sums of products where x2 lies on x1, moved along it.

    Args:
        mode: "valid" where the shorter one lies within the longer one, "same" for as many results
            as the longer one has elements, "full" wherever they meet.

    >>> correlate([1.0, 2.0, 3.0], [0.0, 1.0]).tolist()
    [2.0, 3.0]
    """
    check_choice("correlate: mode", mode, ("valid", "same", "full"))
    x1, x2 = alike("correlate", x1, x2)
    if x1.ndim != 1 or x2.ndim != 1 or not (x1.size and x2.size):
        raise ShapeError("correlate takes two vectors.", got=f"x1 {x1.shape}, x2 {x2.shape}")
    if x2.size > x1.size:  # results in the other order
        return flip(correlate(x2, x1, mode))
    n = x2.size - 1
    padding = {"valid": (0, 0), "same": (n - n // 2, n // 2), "full": (n, n)}[mode]
    signal, kernel = reshape(x1, (1, -1, 1)), reshape(x2, (-1, 1, 1))
    y = convolution(signal, kernel, strides=(1,), padding=(padding,), dilation=(1,), groups=1)
    y = reshape(y, (-1,))
    return y if is_float(x1.dtype) or is_float(x2.dtype) else cast(round(y), dtype="int64")
