"""Matrix products."""

from __future__ import annotations

from neurona.core.lowering import Affine, Contraction, Nest
from neurona.core.op import as_tensor, op
from neurona.core.shapes import Spec, broadcast_shapes, product
from neurona.errors import ShapeError
from neurona.ops.movement import expand_dims, reshape, squeeze, swapaxes
from neurona.ops.summation import long_product

__all__ = ["matmul", "matrix_product"]


def _matmul_shape(x, w):
    if x.ndim < 2 or w.ndim < 2:
        raise ShapeError(
            "matmul: needs matrices.", got=f"x {x.shape}, w {w.shape}", expected=_EXPECTED
        )
    if x.shape[-1] != w.shape[-2]:
        raise ShapeError(
            f"matmul: the inner sizes differ, {x.shape[-1]} and {w.shape[-2]}.",
            got=f"x {x.shape}, w {w.shape}",
            expected=_EXPECTED,
        )
    batch = broadcast_shapes("matmul", x.shape[:-2], w.shape[:-2])
    return Spec((*batch, x.shape[-2], w.shape[-1]), x.dtype)


_EXPECTED = "x (..., K) and w (K, N)"


def _matmul_nest(x, w, y):
    """The loops are the axes of y, and k; a leading axis of size 1 stays where it is."""
    sizes = (*y, x[-1])
    *leading, m, n, k = (
        Affine(tuple(int(i == j) for j in range(len(sizes)))) for i in range(len(sizes))
    )

    def broadcast(shape):
        here = leading[len(leading) - len(shape) :]
        return (
            Affine((0,) * len(sizes)) if size == 1 else p
            for size, p in zip(shape, here, strict=True)
        )

    return Nest(sizes, (*broadcast(x[:-2]), m, k), (*broadcast(w[:-2]), k, n), (*leading, m, n))


@op(
    shape=_matmul_shape,
    lower=Contraction(lambda x, w, y: product(y) * x[-1], _matmul_nest),
    types="wide",
)
def matrix_product(xp, x, w):
    """Matrix product of the last two axes, y_mn = sum over k of x_mk w_kn. Write x @ w instead.

    Shapes: x (..., M, K), w (..., K, N) -> y (..., M, N); the leading axes broadcast. A transposed
    operand is read in place: NumPy hands its strides to BLAS.

    >>> matrix_product([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    """
    if w.ndim == 2 and x.ndim > 2:  # one large product instead of many small ones
        rows = x.reshape(product(x.shape[:-1]), x.shape[-1])
        return long_product(xp, rows, w).reshape(*x.shape[:-1], w.shape[-1])
    return long_product(xp, x, w)


@matrix_product.grad
def _(g, y, x, w):
    dx = matrix_product(g, swapaxes(w, -1, -2))
    if w.ndim == 2 and x.ndim > 2:  # sum over the batch inside the product
        rows = product(x.shape[:-1])
        x, g = reshape(x, (rows, x.shape[-1])), reshape(g, (rows, g.shape[-1]))
    return dx, matrix_product(swapaxes(x, -1, -2), g)


def matmul(x1, x2):
    """Matrix product, x1 @ x2; a vector counts as a row on the left, as a column on the right.

    Shapes: x1 (..., M, K), x2 (..., K, N) -> y (..., M, N); the leading axes broadcast.

    Raises:
        ShapeError: if the inner sizes differ, or one is a scalar.

    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).tolist()
    [3.0, 7.0]
    """
    x, w = as_tensor(x1), as_tensor(x2)
    if x.ndim == 0 or w.ndim == 0:
        raise ShapeError("matmul: a scalar has no inner size.", expected=_EXPECTED, hint="use *")
    row, column = x.ndim == 1, w.ndim == 1
    y = matrix_product(expand_dims(x, 0) if row else x, expand_dims(w, 1) if column else w)
    if row or column:
        y = squeeze(y, tuple(a for a, gone in ((-2, row), (-1, column)) if gone))
    return y
