"""Rows of ops that run on their forward rule within a program: linear algebra, Fourier, folds."""

import itertools
import math

import numpy as np

from neurona import ops

for _name in dir(ops):  # families that are loaded when they are asked for
    getattr(ops, _name)

# Well-conditioned: none is near a singular one, and no two values of a spectrum are near each other
SQUARE = np.array([[[4.0, 1.0, -0.5], [0.5, 3.0, 0.25], [1.0, -1.0, 2.0]],
                   [[1.0, 2.0, 0.5], [-2.0, 0.5, 1.0], [0.25, 1.5, -3.0]]])  # fmt: skip
DEFINITE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 2.0]])
WIDE = np.array([[3.0, 0.5, -1.0, 0.25], [0.5, 2.0, 0.75, -0.5], [1.0, -0.25, 1.0, 0.5]])
REAL_ROOTS = np.array([[2.0, 1.0, 0.5], [0.5, -1.0, 0.25], [0.25, 0.5, 4.0]])
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def batched(f):
    """An oracle of one matrix for a batch of each input."""

    def oracle(*inputs, **attributes):
        shape = np.broadcast_shapes(*[x.shape[:-2] for x in inputs])
        inputs = [np.broadcast_to(x, (*shape, *x.shape[-2:])) for x in inputs]
        found = [f(*[x[i] for x in inputs], **attributes) for i in np.ndindex(shape)]
        if isinstance(found[0], tuple):
            return tuple(np.reshape(y, (*shape, *y[0].shape)) for y in zip(*found, strict=True))
        return np.reshape(found, (*shape, *np.shape(found[0])))

    return oracle


def determinant(x):
    """Leibniz's sum over permutations."""
    total = 0.0
    for order in itertools.permutations(range(len(x))):
        swaps = sum(a > b for a, b in itertools.combinations(order, 2))
        total += (-1) ** swaps * math.prod(x[i, k] for i, k in enumerate(order))
    return np.float64(total)


def minors(x):
    y = np.empty_like(x)
    for i, j in np.ndindex(x.shape):
        rest = np.delete(np.delete(x, i, 0), j, 1)
        y[i, j] = (-1) ** (i + j) * determinant(rest)
    return y


def inverse(x):
    return minors(x).T / determinant(x)


def triangle(a, b, lower=False):
    return inverse(np.tril(a) if lower else np.triu(a)) @ b


def sign_and_log(x):
    d = determinant(x)
    return np.sign(d), np.log(abs(d))


def choleskys(x, upper=False):
    n = len(x)
    y = np.zeros_like(x)
    for i in range(n):
        for j in range(i + 1):
            rest = x[i, j] - sum(y[i, k] * y[j, k] for k in range(j))
            y[i, j] = math.sqrt(rest) if i == j else rest / y[j, j]
    return y.T if upper else y


def eliminated(x):
    """Gauss with the largest pivot, row by row."""
    m, n = x.shape
    y, order, pivots = x.copy(), list(range(m)), []
    for j in range(min(m, n)):
        p = max(range(j, m), key=lambda i, j=j: (abs(y[i, j]), -i))
        pivots.append(p)
        y[[j, p]] = y[[p, j]]
        order[j], order[p] = order[p], order[j]
        for i in range(j + 1, m):
            y[i, j] /= y[j, j]
            y[i, j + 1 :] -= y[i, j] * y[j, j + 1 :]
    return y, np.array(pivots), np.array(order)


def transform(x, inverse):
    n, sign = len(x), 1 if inverse else -1
    return np.array(
        [sum(x[t] * np.exp(sign * 2j * math.pi * f * t / n) for t in range(n)) for f in range(n)]
    ).reshape(x.shape)


def transformed(real, imag, axes=1, inverse=False):
    x = real + 1j * imag
    for axis in range(-axes, 0):
        x = np.moveaxis(transform(np.moveaxis(x, axis, 0), inverse), 0, axis)
    return x.real, x.imag


def half(x):
    real, imag = transformed(x, 0 * x)
    k = x.shape[-1] // 2 + 1
    return real[..., :k], imag[..., :k]


def half_adjoint(real, imag, n):
    f = np.arange(n // 2 + 1)
    waves = np.exp(2j * math.pi * f[:, None] * np.arange(n) / n)
    return ((real + 1j * imag) @ waves).real


def folded(x, indices, updates, fold):
    y, f = x.copy(), {"max": max, "min": min, "mul": lambda a, b: a * b}[fold]
    for i, row in zip(indices, updates, strict=True):
        for place in np.ndindex(row.shape):
            y[(i, *place)] = f(y[(i, *place)], row[place])
    return y


def repeated(c, x, **_):
    while c.sum() < 100:
        c = c * 2 + x
    return (c,)


NORMAL = np.linalg  # of vectors with a sign: LAPACK's own, and products in test_linalg.py

TIED = np.array([1.0, 3.0, 3.0, 0.0])


def rows(case):
    """All rows; `case` is the class of a row."""
    flat = {"smooth": False}
    yield from (
        case("erfc", shape, each(math.erfc), domain=(-4, 4)) for shape in (((2, 3),), ((),))
    )
    yield case("erfc", ((4,),), each(math.erfc), domain=(6, 20))
    yield case("det", (SQUARE,), batched(determinant))
    yield case("det", (SINGULAR,), batched(determinant), **flat)
    yield case("cofactors", (SQUARE,), batched(minors))
    yield case("cofactors", (SINGULAR,), batched(minors), **flat)
    yield case("slogdet", (SQUARE,), batched(sign_and_log))
    yield case("inv", (SQUARE,), batched(inverse))
    yield case("solved_system", (SQUARE, (2, 3, 2)), batched(lambda a, b: inverse(a) @ b))
    yield case("solved_system", (SQUARE, (3, 1)), batched(lambda a, b: inverse(a) @ b))
    for lower in (False, True):
        yield case("solved_triangle", (SQUARE, (2, 3, 2)), batched(triangle), {"lower": lower})
    for upper in (False, True):
        yield case("cholesky", (DEFINITE,), batched(choleskys), {"upper": upper}, **flat)
    yield case("lu_with_order", (SQUARE,), batched(eliminated))
    yield case("lu_with_order", (WIDE,), batched(eliminated), **flat)
    for mode, x in (("reduced", SQUARE), ("complete", WIDE.T), ("reduced", WIDE)):
        given = {"mode": mode}
        smooth = mode == "reduced"
        yield case("qr", (x,), lambda x, mode: tuple(NORMAL.qr(x, mode)), given, smooth=smooth)
    yield case("eigh", (DEFINITE,), lambda x: tuple(NORMAL.eigh(x)), **flat)
    yield case("eig", (REAL_ROOTS,), lambda x: tuple(NORMAL.eig(x)))
    for full, x in ((False, WIDE), (False, SQUARE), (False, WIDE.T), (True, WIDE)):
        yield case(
            "singular_values", (x,), lambda x, full_matrices: tuple(NORMAL.svd(x, full_matrices)),
            {"full_matrices": full}, smooth=not full,
        )  # fmt: skip
    yield case("pinv", (WIDE,), lambda x, rcond: x.T @ inverse(x @ x.T), {"rcond": 1e-5})
    yield case("pinv", (WIDE.T,), lambda x, rcond: inverse(x.T @ x) @ x.T, {"rcond": 1e-5})
    for axes, inverse_ in ((1, False), (1, True), (2, False)):
        given = {"axes": axes, "inverse": inverse_}
        yield case("dft", ((2, 3, 4), (2, 3, 4)), transformed, given)
    for n in (1, 4, 5):
        yield case("half_dft", ((2, n),), half)
        shape = (2, n // 2 + 1)
        yield case("half_dft_adjoint", (shape, shape), half_adjoint, {"n": n})
    for fold in ("max", "min", "mul"):
        smooth = True if fold == "mul" else "kink"
        places = np.int32([0, 2, 0, -1])
        yield case("scatter_fold", ((3, 2), places, (4, 2)), folded, {"fold": fold}, smooth=smooth)
    yield case("scatter_fold", (TIED, np.int64([1, 1]), np.array([3.0, 0.0])), folded,
               {"fold": "max"}, **flat)  # fmt: skip
    # the Graphs stand in test_ops.py
    yield case("repeat_while", ((2,), (2,)), repeated, {"carries": 1, "read": 0},
               domain=(0.5, 2), **flat)  # fmt: skip
    given = {"outputs": 1, "places": (0,)}
    yield case("with_gradient", ((2,), (2,)), lambda y, x, **_: (y,), given, **flat)


def each(f):
    """Python's function on every element."""
    return lambda x: np.reshape([f(v) for v in x.ravel()], x.shape)
