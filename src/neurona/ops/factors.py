"""Matrices as products: triangular factors (Cholesky, LU), and orthogonal times triangular (QR)."""

from __future__ import annotations

import builtins

from neurona.core.lowering import Opaque
from neurona.core.op import as_floats, op
from neurona.core.shapes import DTYPES, Spec
from neurona.errors import GradientError, ShapeError, check_choice
from neurona.ops.filled import zeros
from neurona.ops.index import add_along_axis
from neurona.ops.joining import concatenate
from neurona.ops.matmul import matrix_product
from neurona.ops.matrices import (
    identity,
    lower_part,
    of_lapack,
    solve_triangular,
    solved_triangle,
    square,
    turned,
    upper_part,
)
from neurona.ops.movement import broadcast_to, expand_dims

__all__ = ["cholesky", "cholesky_inverse", "lu_factor", "qr"]


def _cholesky_shape(x, *, upper):
    square("cholesky", x)
    return x


@op(shape=_cholesky_shape, lower=Opaque(), types="float")
def cholesky(xp, x, *, upper=False):
    """The triangle L with L L^T = x, for a symmetric positive definite x; or U with U^T U = x.

    Shapes: x (..., n, n) -> y (..., n, n).

    Args:
        upper: U instead of L. Only that half of x is read.

    Raises:
        ArgumentError: if a matrix is not positive definite.

    Source: the gradient of Murray 2016, "Differentiation of the Cholesky decomposition".

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]]).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    return of_lapack(
        "cholesky: a matrix is not positive definite",
        lambda: xp.linalg.cholesky(x, upper=upper),
        "x + 1e-6 * nn.ops.eye(n), if it nearly is",
    )


@cholesky.grad
def _(g, y, x, *, upper):
    factor, g = (turned(y), turned(g)) if upper else (y, g)
    p = lower_part(matrix_product(turned(factor), g))
    p = p - 0.5 * p * identity(x.shape[-1], x.dtype)
    back = turned(factor)
    inner = solved_triangle(back, turned(solved_triangle(back, turned(p))))
    return 0.5 * (inner + turned(inner))


def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor is x.

    Args:
        upper: whether x is U, with U^T U, instead of L, with L L^T.

    >>> cholesky_inverse([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.25, 0.0], [0.0, 0.0625]]
    """
    x = as_floats(x)
    one = broadcast_to(identity(square("cholesky_inverse", x), x.dtype), x.shape)
    back = solve_triangular(x, one, lower=not upper)
    return matrix_product(back, turned(back)) if upper else matrix_product(turned(back), back)


# --- LU ----------------------------------------------------------------------------------------


def _lu_shape(x):
    if x.ndim < 2:
        raise ShapeError("lu_factor takes matrices.", got=f"{x.shape}", expected="(..., m, n)")
    *batch, m, n = x.shape
    return (
        x,
        Spec((*batch, builtins.min(m, n)), DTYPES["int32"]),
        Spec((*batch, m), DTYPES["int32"]),
    )


@op(shape=_lu_shape, lower=Opaque(), types="float")
def lu_with_order(xp, x):
    """LU of x with rows exchanged, the exchanges, and the order of rows: what `lu_factor` does.

    Shapes: x (..., m, n) -> (..., m, n), (..., min(m, n)), (..., m).
    """
    *batch, m, n = x.shape
    rows, row, column = xp.reshape(x, (-1, m, n)), xp.arange(m), xp.arange(n)
    order = xp.broadcast_to(row, rows.shape[:2])
    pivots = []
    for j in range(builtins.min(m, n)):
        p = j + xp.argmax(xp.abs(rows[:, j:, j]), axis=1)[:, None]
        pivots.append(p)
        exchanged = xp.where(row == j, p, xp.where(row == p, j, row))
        order = xp.take_along_axis(order, exchanged, axis=1)
        rows = xp.take_along_axis(rows, exchanged[:, :, None], axis=1)
        top = rows[:, j, None, None, j]
        factor = rows[:, :, j, None] / xp.where(top == 0, 1, top)
        cleared = xp.where(column == j, factor, rows - factor * rows[:, j, None, :] * (column > j))
        rows = xp.where(row[:, None] > j, cleared, rows)
    pivots = xp.concatenate(pivots, axis=1) if pivots else xp.zeros((len(rows), 0))
    return (
        xp.reshape(rows, x.shape),
        xp.reshape(pivots, (*batch, -1)).astype("int32"),
        xp.reshape(order, (*batch, m)).astype("int32"),
    )


@lu_with_order.grad
def _(gs, ys, x):
    (g, _, _), (y, _, order) = gs, ys
    if g is None:
        return None
    if x.shape[-1] != x.shape[-2]:
        raise GradientError("lu_factor: only square matrices have a gradient.", got=f"{x.shape}")
    one = identity(x.shape[-1], x.dtype)
    low, up = lower_part(y, -1) + one, upper_part(y)
    inner = lower_part(matrix_product(turned(low), g), -1) + upper_part(
        matrix_product(upper_part(g), turned(up))
    )
    inner = solved_triangle(turned(low), inner)  # L^-T inner
    inner = turned(solved_triangle(up, turned(inner), lower=False))  # inner U^-T
    places = broadcast_to(expand_dims(order, -1), x.shape)
    return add_along_axis(zeros(x.shape, x.dtype), places, inner, axis=-2)


def lu_factor(x):
    """L and U with L U = x with rows exchanged, in one matrix, and the exchanges.

    Shapes: x (..., m, n) -> LU (..., m, n), pivots int32 (..., min(m, n)): row k was exchanged with
    row pivots[k], one after the other. L has ones on its diagonal, which are not written.

    >>> lu, pivots = lu_factor([[1.0, 2.0], [4.0, 4.0]])
    >>> lu.tolist(), pivots.tolist()
    ([[4.0, 4.0], [0.25, 1.0]], [1, 1])
    """
    return lu_with_order(x)[:2]


# --- QR ----------------------------------------------------------------------------------------


def _qr_shape(x, *, mode):
    check_choice("mode", mode, ("reduced", "complete"))
    if x.ndim < 2:
        raise ShapeError("qr takes matrices.", got=f"{x.shape}", expected="(..., m, n)")
    *batch, m, n = x.shape
    k = m if mode == "complete" else builtins.min(m, n)
    return Spec((*batch, m, k), x.dtype), Spec((*batch, k, n), x.dtype)


@op(shape=_qr_shape, lower=Opaque(), types="float")
def qr(xp, x, *, mode="reduced"):
    """Q with orthonormal columns and R, triangular, with Q R = x.

    Shapes: x (..., m, n) -> Q (..., m, k), R (..., k, n) with k = min(m, n); k = m for "complete".

    Args:
        mode: "reduced" or "complete".

    Source: the gradient of Walter and Lehmann 2010.

    >>> q, r = qr([[0.0, 2.0], [3.0, 0.0]])
    >>> (q @ r).numpy().round(4).tolist()
    [[0.0, 2.0], [3.0, 0.0]]
    """
    q, r = xp.linalg.qr(x, mode=mode)
    return q, r


@qr.grad
def _(gs, ys, x, *, mode):
    q, r = ys
    m, n = x.shape[-2:]
    if mode == "complete" and m > n:
        raise GradientError(
            "qr: a complete Q has columns that x does not say.", got=f"x {x.shape}",
            hint='mode="reduced"',
        )  # fmt: skip
    gq, gr = (zeros(y.shape, y.dtype) if g is None else g for g, y in zip(gs, ys, strict=True))
    if m >= n:
        return _through_qr(gq, gr, q, r)
    rest, g_rest = r[..., m:], gr[..., m:]  # x = [a, b]: a = Q R', b = Q rest
    gq = gq + matrix_product(matrix_product(q, rest), turned(g_rest))
    da = _through_qr(gq, gr[..., :m], q, r[..., :m])
    return concatenate([da, matrix_product(q, g_rest)], axis=-1)


def _through_qr(gq, gr, q, r):
    inner = matrix_product(r, turned(gr)) - matrix_product(turned(gq), q)
    inner = lower_part(inner) + turned(lower_part(inner, -1))
    return turned(solved_triangle(r, turned(gq + matrix_product(q, inner))))
