"""Eigenvalues and singular values, and what follows from them: rank, pseudoinverse, least squares.

Eigenvectors and singular vectors have a sign that nothing says, and where two values are equal, no
direction either: there the gradient of what depends on it is 0 instead of infinite.
"""

from __future__ import annotations

import builtins

import numpy as np

from neurona.core.lowering import Opaque
from neurona.core.op import as_floats, op
from neurona.core.shapes import Spec
from neurona.errors import ArgumentError, GradientError, ShapeError
from neurona.ops.comparison import where
from neurona.ops.filled import zeros
from neurona.ops.matmul import matmul, matrix_product
from neurona.ops.matrices import identity, inv, of_lapack, square, turned
from neurona.ops.movement import expand_dims
from neurona.ops.reduce import max, sum

__all__ = ["eig", "eigh", "lstsq", "matrix_rank", "pinv", "singular_values", "svd"]


def _gaps(values):
    """1 / (values_j - values_i), and 0 where they are equal."""
    gap = expand_dims(values, -2) - expand_dims(values, -1)
    return where(gap == 0, 0.0, 1.0 / where(gap == 0, 1.0, gap))


def _columns(values):
    """Numbers for the columns of a matrix."""
    return expand_dims(values, -2)


# --- eigenvalues -----------------------------------------------------------------------------


def _eig_shape(name):
    def shape(x):
        square(name, x)
        return Spec(x.shape[:-1], x.dtype), x

    return shape


@op(shape=_eig_shape("eigh"), lower=Opaque(), types="float")
def eigh(xp, x):
    """Eigenvalues, the smallest first, and eigenvectors as columns, of symmetric matrices.

    Shapes: x (..., n, n), of which the lower half is read -> w (..., n), v (..., n, n).

    Source: the gradient of Giles 2008.

    >>> eigh([[2.0, 1.0], [1.0, 2.0]])[0].numpy().round(4).tolist()
    [1.0, 3.0]
    """
    w, v = xp.linalg.eigh(x)
    return w, v


@eigh.grad
def _(gs, ys, x):
    (gw, gv), (w, v) = gs, ys
    inner = zeros(x.shape, x.dtype)
    if gv is not None:
        inner = _gaps(w) * matrix_product(turned(v), gv)
    if gw is not None:
        inner = inner + _columns(gw) * identity(x.shape[-1], x.dtype)
    dx = matrix_product(matrix_product(v, inner), turned(v))
    return 0.5 * (dx + turned(dx))


@op(shape=_eig_shape("eig"), lower=Opaque(), types="float")
def eig(xp, x):
    """Eigenvalues and eigenvectors, as columns of length 1, of matrices that have real ones.

    Shapes: x (..., n, n) -> w (..., n), v (..., n, n).

    Raises:
        ArgumentError: if an eigenvalue is complex, since there are no complex numbers here.

    >>> eig([[2.0, 0.0], [1.0, 3.0]])[0].tolist()
    [3.0, 2.0]
    """
    w, v = xp.linalg.eig(x)
    if xp is np and np.iscomplexobj(w) and np.any(w.imag):
        complex_one = w.ravel()[np.argmax(np.abs(w.imag))]
        raise ArgumentError(
            "eig: an eigenvalue is complex.", got=f"{complex_one:.4g}",
            expected="a matrix with real eigenvalues", hint="nn.ops.eigh(x), if x is symmetric",
        )  # fmt: skip
    return w.real.astype(x.dtype), v.real.astype(x.dtype)


@eig.grad
def _(gs, ys, x):
    (gw, gv), (w, v) = gs, ys
    inner = zeros(x.shape, x.dtype)
    one = identity(x.shape[-1], x.dtype)
    if gv is not None:
        along = matrix_product(turned(v), gv)
        unit = sum(along * one, axis=-1)  # eigenvectors stay of length 1
        inner = _gaps(w) * (along - matrix_product(turned(v), v) * _columns(unit))
    if gw is not None:
        inner = inner + _columns(gw) * one
    back = inv(turned(v))
    return matrix_product(matrix_product(back, inner), turned(v))


# --- singular values -------------------------------------------------------------------------


def _svd_shape(x, *, full_matrices):
    if x.ndim < 2:
        raise ShapeError("svd takes matrices.", got=f"{x.shape}", expected="(..., m, n)")
    *batch, m, n = x.shape
    k = builtins.min(m, n)
    p, q = (m, n) if full_matrices else (k, k)
    return (
        Spec((*batch, m, p), x.dtype),
        Spec((*batch, k), x.dtype),
        Spec((*batch, q, n), x.dtype),
    )


@op(shape=_svd_shape, lower=Opaque(), types="float")
def singular_values(xp, x, *, full_matrices=False):
    """U, s and V^T with U diag(s) V^T = x: what `svd` is made of.

    Shapes: x (..., m, n) -> U (..., m, k), s (..., k), V^T (..., k, n), k = min(m, n).
    """
    return of_lapack(
        "svd: there is no result",
        lambda: tuple(xp.linalg.svd(x, full_matrices=full_matrices)),
        "a matrix without inf and NaN",
    )


@singular_values.grad
def _(gs, ys, x, *, full_matrices):
    (gu, gs_, gv), (u, s, vh) = gs, ys
    m, n = x.shape[-2:]
    k = builtins.min(m, n)
    if full_matrices and m != n:
        if gu is not None or gv is not None:
            raise GradientError(
                "svd: full U and V have columns that x does not say.", got=f"x {x.shape}",
                hint="full_matrices=False",
            )  # fmt: skip
        u, vh = u[..., :k], vh[..., :k, :]
    v = turned(vh)
    inner = zeros((*x.shape[:-2], k, k), x.dtype)
    if gs_ is not None:
        inner = inner + _columns(gs_) * identity(k, x.dtype)
    f = _gaps(s * s)
    inverse = _columns(where(s == 0, 0.0, 1.0 / where(s == 0, 1.0, s)))
    if gu is not None:
        skew = matrix_product(turned(u), gu)
        inner = inner + f * (skew - turned(skew)) * _columns(s)
    if gv is not None:
        gv = turned(gv)
        skew = matrix_product(vh, gv)
        inner = inner + expand_dims(s, -1) * (f * (skew - turned(skew)))
    dx = matrix_product(matrix_product(u, inner), vh)
    if gu is not None and m > k:  # what lies outside of the columns
        rest = gu - matrix_product(u, matrix_product(turned(u), gu))
        dx = dx + matrix_product(rest * inverse, vh)
    if gv is not None and n > k:
        rest = gv - matrix_product(v, matrix_product(vh, gv))
        dx = dx + matrix_product(u * inverse, turned(rest))
    return dx


def svd(x, full_matrices=True, compute_uv=True):
    """U, s and V^T with U diag(s) V^T = x: orthonormal columns, singular values, the largest first.

    Shapes: x (..., m, n) -> U (..., m, m), s (..., k), V^T (..., n, n), k = min(m, n).

    Args:
        full_matrices: if false U is (..., m, k) and V^T (..., k, n), which have gradients.
        compute_uv: if false, s alone is returned.

    Source: the gradient of Townsend 2016, "Differentiating the singular value decomposition".

    >>> svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False).tolist()
    [4.0, 3.0]
    """
    if not compute_uv:
        return singular_values(x, full_matrices=False)[1]
    return singular_values(x, full_matrices=bool(full_matrices))


def matrix_rank(x, tol=None):
    """How many singular values are above tol.

    Args:
        tol: by default the largest one, times the larger size, times the precision of the type.

    >>> matrix_rank([[1.0, 2.0], [2.0, 4.0]]).item()
    1
    """
    x = as_floats(x)
    s = svd(x, compute_uv=False)
    if tol is None:
        tol = max(s, axis=-1, keepdims=True) * _precision(x)
    return sum(s > tol, axis=-1).astype("int32")


def _precision(x, times=1.0):
    return times * builtins.max(x.shape[-2:]) * float(np.finfo(x.dtype).eps)


def _pinv_shape(x, *, rcond):
    if x.ndim < 2:
        raise ShapeError("pinv takes matrices.", got=f"{x.shape}", expected="(..., m, n)")
    return Spec((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)


@op(shape=_pinv_shape, lower=Opaque(), types="float")
def pinv(xp, x, *, rcond=None):
    """Pseudoinverse, V diag(1 / s) U^T: the inverse on what x reaches, and 0 on the rest.

    Shapes: x (..., m, n) -> y (..., n, m).

    Args:
        rcond: singular values up to rcond times the largest count as 0; by default ten times the
            larger size, times the precision of the type.

    Source: the gradient of Golub and Pereyra 1973, where the rank does not change.

    >>> pinv([[2.0, 0.0], [0.0, 0.0]]).numpy().round(4).tolist()
    [[0.5, 0.0], [0.0, 0.0]]
    """
    return xp.linalg.pinv(x, rcond=_precision(x, 10.0) if rcond is None else rcond)


@pinv.grad
def _(g, y, x, *, rcond):
    back, gt = turned(y), turned(g)
    dx = -matrix_product(matrix_product(back, g), back)
    outside = gt - matrix_product(x, matrix_product(y, gt))  # (1 - x y) g^T
    dx = dx + matrix_product(matrix_product(outside, y), back)
    beside = gt - matrix_product(matrix_product(gt, y), x)  # g^T (1 - y x)
    return dx + matrix_product(back, matrix_product(y, beside))


def lstsq(a, b, rcond=None):
    """The y with the smallest |a y - b|^2, and of those the smallest y.

    Shapes: a (m, n), b (m,) or (m, k) -> y (n,) or (n, k).

    Args:
        rcond: singular values up to rcond times the largest count as 0; by default the larger
            size, times the precision of the type.

    >>> lstsq([[1.0], [1.0]], [1.0, 3.0]).numpy().round(4).tolist()
    [2.0]
    """
    a, b = as_floats(a), as_floats(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ShapeError(
            "lstsq: one equation for each right side.", got=f"a {a.shape}, b {b.shape}",
            expected="a (m, n), b (m,) or (m, k)",
        )  # fmt: skip
    eps = float(np.finfo(a.dtype).eps)
    rcond = _precision(a) if rcond is None else eps if rcond < 0 else rcond
    return matmul(pinv(a, rcond=rcond), b)
