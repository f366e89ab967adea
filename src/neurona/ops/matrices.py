"""Linear algebra: systems of equations, inverses, determinants.

Matrices are the last two axes. What NumPy's LAPACK computes is an op that runs on it within a
compiled program; gradients are formulas of the same ops, so they have gradients again.
"""

from __future__ import annotations

import numpy as np

from neurona.core.lowering import Opaque
from neurona.core.op import as_floats, op
from neurona.core.shapes import Spec, broadcast_shapes
from neurona.errors import ArgumentError, ShapeError
from neurona.ops.comparison import where
from neurona.ops.filled import arange
from neurona.ops.matmul import matrix_product
from neurona.ops.movement import expand_dims, squeeze, swapaxes
from neurona.ops.reduce import sum

__all__ = ["cofactors", "det", "inv", "logdet", "slogdet", "solve", "solve_triangular"]


def square(name, x):
    """Return the size of square matrices, or raise."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{name} takes square matrices.", got=f"{x.shape}", expected="(..., n, n)")
    return x.shape[-1]


def turned(x):
    """The transposed matrices."""
    return swapaxes(x, -1, -2)


def identity(n, dtype):
    """Ones on the diagonal, (n, n)."""
    return (expand_dims(arange(n), 1) == arange(n)).astype(dtype)


def _below(x, k):
    """Whether a place of a matrix is at or below the k-th diagonal."""
    m, n = x.shape[-2:]
    return expand_dims(arange(m), 1) + k >= arange(n)


def lower_part(x, k=0):
    """x with zeros above the k-th diagonal."""
    return where(_below(x, k), x, 0.0)


def upper_part(x, k=0):
    """x with zeros below the k-th diagonal."""
    return where(_below(x, k - 1), 0.0, x)


def of_lapack(name, rule, hint):
    """Run a rule of NumPy's; a matrix that has no result is an error of ours."""
    try:
        return rule()
    except np.linalg.LinAlgError:
        raise ArgumentError(f"{name}.", hint=hint) from None


# --- determinants ------------------------------------------------------------------------------


def _det_shape(x):
    square("det", x)
    return Spec(x.shape[:-2], x.dtype)


@op(shape=_det_shape, lower=Opaque(), types="float")
def det(xp, x):
    """Determinants of square matrices.

    Shapes: x (..., n, n) -> y (...).

    >>> det([[1.0, 2.0], [3.0, 4.0]]).numpy().round(4).item()
    -2.0
    """
    return xp.linalg.det(x)


@det.grad
def _(g, y, x):
    return expand_dims(g, (-2, -1)) * cofactors(x)


def _cofactors_shape(x):
    square("det", x)
    return x


@op(shape=_cofactors_shape, lower=Opaque(), types="float")
def cofactors(xp, x):
    """The gradient of `det`: C_ij, (-1)^(i+j) times the determinant without row i and column j.

    Shapes: x (..., n, n) -> y (..., n, n). From the singular values, also of singular matrices.

    >>> cofactors([[1.0, 2.0], [3.0, 4.0]]).numpy().round(4).tolist()
    [[4.0, -3.0], [-2.0, 1.0]]
    """
    u, s, vh = xp.linalg.svd(x)
    n = x.shape[-1]
    others = xp.where(xp.eye(n, dtype=bool), x.dtype.type(1), s[..., None, :])
    sign = xp.linalg.det(u) * xp.linalg.det(vh)  # each is 1 or -1
    weights = xp.prod(others, axis=-1) * sign[..., None]
    return xp.matmul(u * weights[..., None, :], vh)


@cofactors.grad
def _(g, y, x):
    back = turned(inv(x))
    inner = sum(g * y, axis=(-2, -1), keepdims=True)
    return back * inner - matrix_product(matrix_product(y, turned(g)), back)


def _slogdet_shape(x):
    square("slogdet", x)
    y = Spec(x.shape[:-2], x.dtype)
    return y, y


@op(shape=_slogdet_shape, lower=Opaque(), types="float")
def slogdet(xp, x):
    """Sign and logarithm of the size of determinants, which do not overflow.

    Shapes: x (..., n, n) -> sign (...), ln |det| (...).

    >>> [part.numpy().round(4).item() for part in slogdet([[1.0, 2.0], [3.0, 4.0]])]
    [-1.0, 0.6931]
    """
    sign, logarithm = xp.linalg.slogdet(x)
    return sign, logarithm


@slogdet.grad
def _(gs, ys, x):
    return None if gs[1] is None else expand_dims(gs[1], (-2, -1)) * turned(inv(x))


def logdet(x):
    """Logarithm of the determinant of a positive definite matrix (of its size, for others).

    >>> logdet([[2.0, 0.0], [0.0, 2.0]]).numpy().round(4).item()
    1.3863
    """
    return slogdet(x)[1]


# --- systems of equations ----------------------------------------------------------------------


def _inv_shape(x):
    square("inv", x)
    return x


@op(shape=_inv_shape, lower=Opaque(), types="float")
def inv(xp, x):
    """Inverse matrices, x y = identity.

    Shapes: x (..., n, n) -> y (..., n, n).

    Raises:
        ArgumentError: if a matrix is singular.

    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return of_lapack("inv: a matrix is singular", lambda: xp.linalg.inv(x), "nn.ops.pinv(x)")


@inv.grad
def _(g, y, x):
    back = turned(y)
    return -matrix_product(matrix_product(back, g), back)


def _solve_shape(a, b, *, lower=False):
    n = square("solve", a)
    if b.ndim < 2 or b.shape[-2] != n:
        raise ShapeError(
            "solve: the sizes differ.", got=f"a {a.shape}, b {b.shape}",
            expected=f"b (..., {n}, k)",
        )  # fmt: skip
    batch = broadcast_shapes("solve", a.shape[:-2], b.shape[:-2])
    return Spec((*batch, *b.shape[-2:]), a.dtype)


@op(shape=_solve_shape, lower=Opaque(), types="float")
def solved_system(xp, a, b):
    """y of a y = b, for matrices b: what `solve` is made of.

    Shapes: a (..., n, n), b (..., n, k) -> y (..., n, k).

    >>> solved_system([[2.0, 0.0], [0.0, 4.0]], [[2.0], [2.0]]).tolist()
    [[1.0], [0.5]]
    """
    return of_lapack(
        "solve: a matrix is singular", lambda: xp.linalg.solve(a, b), "nn.ops.lstsq(a, b)"
    )


@solved_system.grad
def _(g, y, a, b):
    db = solved_system(turned(a), g)
    return -matrix_product(db, turned(y)), db


def solve(a, b):
    """y of the equations a y = b.

    Shapes: a (..., n, n), b (..., n) or (..., n, k) -> y like b.

    Args:
        b: a vector, if it has one axis less than a; else a matrix of columns.

    Raises:
        ArgumentError: if a matrix is singular.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
    [1.0, 0.5]
    """
    return _by_columns(solved_system, a, b)


def _by_columns(function, a, b):
    a, b = as_floats(a), as_floats(b)
    if b.ndim == a.ndim - 1:
        return squeeze(function(a, expand_dims(b, -1)), -1)
    return function(a, b)


@op(shape=_solve_shape, lower=Opaque(), types="float")
def solved_triangle(xp, a, b, *, lower=False):
    """y of a y = b for triangular a: what `solve_triangular` is made of.

    Shapes: a (..., n, n), b (..., n, k) -> y (..., n, k).

    >>> solved_triangle([[2.0, 9.0], [0.0, 4.0]], [[2.0], [4.0]], lower=True).tolist()
    [[1.0], [1.0]]
    """
    a = xp.tril(a) if lower else xp.triu(a)
    return of_lapack(
        "solve_triangular: a matrix has a zero on its diagonal", lambda: xp.linalg.solve(a, b),
        "nn.ops.lstsq(a, b)",
    )  # fmt: skip


@solved_triangle.grad
def _(g, y, a, b, *, lower):
    db = solved_triangle(turned(a), g, lower=not lower)
    da = -matrix_product(db, turned(y))
    return (lower_part if lower else upper_part)(da), db


def solve_triangular(a, b, lower=False):
    """y of a y = b for triangular a, of which the other half is not read.

    Shapes: a (..., n, n), b (..., n) or (..., n, k) -> y like b.

    Args:
        lower: whether a is lower triangular, not upper.

    Raises:
        ArgumentError: if there is a zero on the diagonal.

    >>> solve_triangular([[2.0, 0.0], [1.0, 4.0]], [2.0, 5.0], lower=True).tolist()
    [1.0, 1.0]
    """
    return _by_columns(lambda a, b: solved_triangle(a, b, lower=bool(lower)), a, b)
