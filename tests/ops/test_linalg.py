"""Linear algebra: what factors are, norms against NumPy, gradients of compositions, refusals."""

import math

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, GradientError, NeuronaError, ShapeError

rng = np.random.default_rng(3)
SQUARE = rng.uniform(-1, 1, (2, 4, 4)) + 2 * np.eye(4)
TALL = rng.uniform(-1, 1, (2, 5, 3))


def definite(x):
    """A positive definite matrix of any."""
    return ops.matmul(ops.swapaxes(x, -1, -2), x) + np.eye(x.shape[-1], dtype=x.dtype)


@pytest.mark.parametrize("x", [SQUARE, TALL, TALL.swapaxes(1, 2)], ids=["square", "tall", "wide"])
def test_products_of_factors_are_the_matrix(x):
    q, r = ops.qr(x)
    np.testing.assert_allclose(q @ r, x, atol=1e-12)
    np.testing.assert_allclose(r, np.triu(r))
    q, r = ops.qr(x, mode="complete")
    np.testing.assert_allclose(q @ r, x, atol=1e-12)
    for full in (True, False):
        u, s, vh = ops.svd(x, full_matrices=full)
        k = s.shape[-1]
        np.testing.assert_allclose((u[..., :k] * s[:, None]) @ vh[:, :k], x, atol=1e-12)
    lu, pivots = ops.lu_factor(x)
    assert pivots.dtype == np.int32
    for one, exchanged, factors in zip(x, pivots.numpy(), lu.numpy(), strict=True):
        rows = one.copy()
        for k, p in enumerate(exchanged):
            rows[[k, p]] = rows[[p, k]]
        k = len(exchanged)
        low = np.tril(factors[:, :k], -1) + np.eye(len(rows), k)
        np.testing.assert_allclose(low @ np.triu(factors[:k]), rows, atol=1e-12)


def test_eigenvectors():
    x = definite(SQUARE).numpy()
    w, v = ops.eigh(x)
    np.testing.assert_allclose(x @ v.numpy(), v.numpy() * w.numpy()[:, None], atol=1e-11)
    w, v = ops.eig(x[0])
    np.testing.assert_allclose(x[0] @ v.numpy(), v.numpy() * w.numpy(), atol=1e-11)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ops.cholesky(definite(x)),
        lambda x: ops.cholesky(definite(x), upper=True),
        lambda x: ops.cholesky_inverse(x),
        lambda x: ops.cholesky_inverse(x, upper=True),
        lambda x: ops.eigh(definite(x))[0],
        lambda x: ops.eigh(definite(x))[1] ** 2,
        lambda x: ops.logdet(definite(x)),
        lambda x: ops.svd(x, compute_uv=False),
        lambda x: ops.solve(x, ops.sin(x[..., 0])),
        lambda x: ops.solve_triangular(x, x[..., 0], lower=True),
        lambda x: ops.lstsq(x[0, :, :3], x[0, :, 3]),
        lambda x: ops.norm(x, ord="nuc", axis=(1, 2)),
    ],
    ids=lambda f: "_".join(n for n in f.__code__.co_names if n != "ops"),
)
def test_gradients(f):
    nn.gradcheck(f, SQUARE, rtol=1e-6, atol=1e-7)
    nn.gradcheck(f, SQUARE, order=2, rtol=1e-5, atol=1e-6)


def test_the_gradient_of_a_determinant_is_right_for_singular_matrices():
    x = np.float64([[1, 2, 0], [2, 4, 0], [0, 1, 3]])
    np.testing.assert_allclose(
        nn.grad(ops.det)(x), [[12, -6, 2], [-6, 3, -1], [0, 0, 0]], atol=1e-12
    )
    nn.gradcheck(ops.det, x, atol=1e-8)


def test_values_that_are_equal_have_a_finite_gradient():
    def total(x):
        return ops.svd(x, compute_uv=False).sum() + ops.eigh(x)[0].sum()

    np.testing.assert_allclose(nn.grad(total)(np.eye(3)), 2 * np.eye(3), atol=1e-12)


VECTORS = (None, 1, 2, 3, 0.5, 0, -1, math.inf, -math.inf)
MATRICES = (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


@pytest.mark.parametrize("keepdims", [False, True])
def test_norms(keepdims):
    x = rng.uniform(0.1, 2, (3, 4, 2)) * rng.choice([-1, 1], (3, 4, 2))
    for ord, axis in [(o, 1) for o in VECTORS] + [(o, (2, 0)) for o in MATRICES]:
        y = ops.norm(x, ord, axis, keepdims)
        expected = np.linalg.norm(x, ord, axis, keepdims)
        np.testing.assert_allclose(y, expected, rtol=1e-12, err_msg=f"{ord} {axis}")
    np.testing.assert_allclose(ops.norm(x, keepdims=keepdims), np.linalg.norm(x, keepdims=keepdims))
    for ord in MATRICES:
        np.testing.assert_allclose(ops.norm(x[0], ord), np.linalg.norm(x[0], ord), rtol=1e-12)


def test_ranks_pseudoinverses_and_least_squares_of_singular_matrices():
    x = np.float64([[1, 2], [2, 4], [0, 0]])
    assert ops.matrix_rank(x).item() == 1
    assert ops.matrix_rank(np.diag([5.0, 1.0, 0.2]), tol=0.5).item() == 2
    np.testing.assert_allclose(ops.pinv(x), np.linalg.pinv(x), atol=1e-15)
    b = np.float64([1, 0, 3])
    np.testing.assert_allclose(ops.lstsq(x, b), np.linalg.lstsq(x, b, rcond=None)[0], atol=1e-15)
    assert ops.pinv(np.diag([2.0, 0.1]), rcond=0.2).numpy().round(3).tolist() == [[0.5, 0], [0, 0]]


def test_within_a_compiled_step():
    def f(x, b):
        return ops.solve(definite(x), b).sum() + ops.linalg.norm(x)

    x, b = np.float32(SQUARE[0]), np.float32([1, 2, 3, 4])
    for engine in ("reference", "native"):
        value, slope = nn.jit(nn.value_and_grad(f), engine=engine)(x, b)
        np.testing.assert_allclose(value, f(x, b), rtol=1e-5)
        np.testing.assert_allclose(slope, nn.grad(f)(x, b), rtol=1e-4, atol=1e-5)


def gradient_of(f):
    return lambda x: nn.grad(lambda x: f(x).sum())(x)


@pytest.mark.parametrize(
    ("f", "x", "error", "message"),
    [
        (ops.inv, np.ones((2, 2)), ArgumentError, r"singular.(.|\n)*try: nn.ops.pinv"),
        (lambda x: ops.solve(x, x), np.ones((2, 2)), ArgumentError, r"try: nn.ops.lstsq\(a, b\)"),
        (lambda x: ops.solve_triangular(x, x), np.diag([1.0, 0.0]), ArgumentError, "a zero on"),
        (ops.cholesky, -np.eye(2), ArgumentError, r"positive definite.(.|\n)*try: x \+ 1e-6"),
        (ops.eig, np.float64([[0, 1], [-1, 0]]), ArgumentError, r"an eigenvalue is complex. Got"),
        (ops.svd, np.full((2, 2), np.nan), ArgumentError, "svd: there is no result"),
        (ops.det, np.ones((2, 3)), ShapeError, r"det takes square matrices. Got \(2, 3\)"),
        (ops.qr, np.ones(3), ShapeError, "qr takes matrices"),
        (ops.svd, np.ones(3), ShapeError, "svd takes matrices"),
        (ops.pinv, np.ones(3), ShapeError, "pinv takes matrices"),
        (ops.lu_factor, np.ones(3), ShapeError, "lu_factor takes matrices"),
        (lambda x: ops.solve(x, x[:1]), np.ones((2, 2)), ShapeError, "solve: the sizes differ"),
        (lambda x: ops.lstsq(x, x[:1]), np.ones((2, 2)), ShapeError, "one equation for each"),
        (lambda x: ops.qr(x, mode="r"), np.ones((2, 2)), ArgumentError, "unknown mode"),
        (lambda x: ops.norm(x, ord=1), np.ones((2, 2, 2)), ShapeError, "norm: of one or two axes"),
        (lambda x: ops.norm(x, axis=(0, 0)), np.ones((2, 2)), ShapeError, "two different ones"),
        (lambda x: ops.norm(x, ord=7), np.ones((2, 2)), ArgumentError, "unknown order. Got 7"),
        (lambda x: ops.norm(x, ord="fro"), np.ones(2), ArgumentError, "a number, for vectors"),
        (lambda x: ops.cdist(x, x[:, :1]), np.ones((2, 2)), ShapeError, "rows of one length"),
        (gradient_of(lambda x: ops.qr(x, mode="complete")[0]), np.ones((3, 2)), GradientError,
         r"a complete Q has columns that x does not say(.|\n)*reduced"),
        (gradient_of(lambda x: ops.svd(x)[0]), np.ones((3, 2)), GradientError,
         r"full U and V have columns(.|\n)*full_matrices=False"),
        (gradient_of(lambda x: ops.lu_factor(x)[0]), np.ones((3, 2)), GradientError,
         "only square matrices have a gradient"),
    ],
)  # fmt: skip
def test_errors(f, x, error, message):
    with pytest.raises(error, match=message):
        f(x)


def test_a_matrix_without_a_result_is_an_error_in_compiled_code_too():
    for engine in ("reference", "native"):
        with pytest.raises(NeuronaError, match="inv: a matrix is singular"):
            nn.jit(ops.inv, engine=engine)(np.ones((2, 2), "float32"))


def test_complex_numbers_are_pairs():
    real, imag = ops.view_as_complex(np.float32([[1, 2], [3, 4]]))
    assert ops.view_as_real((real, imag)).tolist() == [[1, 2], [3, 4]]
    assert ops.view_as_real(np.float32([5.0])).tolist() == [[5.0, 0.0]]
    np.testing.assert_allclose(ops.nn.polar(2.0, math.pi / 2)[1], 2.0)
    with pytest.raises(ShapeError, match=r"view_as_complex: a last axis of 2"):
        ops.view_as_complex(np.ones(3))


class Spectrum(nn.layers.Layer):
    def call(self, x):
        real, imag = ops.rfft(x)
        halved = ops.while_loop(lambda y: y.sum() > 0.1, lambda y: y / 2, x[:, :1], 8)
        return ops.concatenate([real, imag, halved, ops.map(lambda row: row[:1] * 2, x)], axis=-1)


class Whitened(nn.layers.Layer):
    def call(self, x):
        covariance = ops.matmul(ops.transpose(x), x) / x.shape[0]
        factor = ops.cholesky(covariance + 0.1 * np.eye(x.shape[1], dtype="float32"))
        return ops.transpose(ops.solve_triangular(factor, ops.transpose(x), lower=True))


def test_layers_of_factors_and_transforms_train_alike_on_both_engines():
    x = np.random.default_rng(0).normal(size=(70, 8)).astype("float32")
    found = []
    for engine in ("reference", "native"):
        nn.utils.set_random_seed(1)
        model = nn.Sequential([nn.layers.Dense(4), Spectrum(), Whitened(), nn.layers.Dense(1)])
        model.compile("adam", "mse", engine=engine)
        found.append(model.fit(x, x[:, :1], epochs=3, batch_size=32, verbose=0).history["loss"])
    np.testing.assert_allclose(*found, rtol=1e-5)
    assert found[0][-1] < found[0][0]
