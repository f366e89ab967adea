"""Gradients and values where a formula says infinity times zero, or where there is nothing."""

import warnings

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import DtypeError, ShapeError

ENGINES = ("native", "reference", "eager")


def made(engine, f, *arrays):
    """What a function returns; no warning comes with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if engine == "eager":
            return f(*map(nn.Tensor, arrays)).numpy()
        return nn.jit(f, engine=engine)(*arrays).numpy()


ZERO = np.zeros(3, "float32")
FLAT = np.full((2, 3), 7.0, "float32")

AT_ZERO = {  # a function whose formula has an infinite slope, times 0: the gradient at its argument
    "sqrt": (lambda x: ops.sqrt(x), ZERO),
    "power of a half": (lambda x: x**0.5, ZERO),
    "power of a third": (lambda x: ops.pow(x, 1 / 3), ZERO),
    "norm": (lambda x: ops.norm(x), ZERO),
    "norm written out": (lambda x: ops.sqrt(ops.sum(x * x)), ZERO),
    "norm of rows": (lambda x: ops.norm(x, axis=1), np.zeros((2, 3), "float32")),
    "norm by a power": (lambda x: ops.sum(x**2) ** 0.5, ZERO),
    "distance": (lambda x: ops.sqrt(ops.sum(ops.square(x - x), axis=-1)), FLAT),
    "std": (lambda x: ops.std(x, axis=1), FLAT),
    "std written out": (lambda x: ops.sqrt(ops.var(x, axis=0)), FLAT),
    "std of a tensor": (lambda x: x.std(), ZERO),
    "root mean square": (lambda x: ops.sqrt(ops.mean(ops.square(x))), ZERO),
    "entropy": (lambda x: -ops.xlogy(x, x), ZERO),
    "divergence": (lambda x: ops.xlogy(x, x) - ops.xlogy(x, x + 1), ZERO),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", AT_ZERO)
def test_infinite_slopes_times_zero_are_zero(name, engine):
    f, x = AT_ZERO[name]
    g = nn.grad(lambda x: ops.sum(f(x)))
    np.testing.assert_array_equal(made(engine, g, x), np.zeros_like(x))
    second = nn.grad(lambda x: ops.sum(g(x) ** 2))
    np.testing.assert_array_equal(made(engine, second, x), np.zeros_like(x))


@pytest.mark.parametrize("engine", ENGINES)
def test_beside_zero_gradients_are_those_of_the_formula(engine):
    x = np.array([0.0, 4.0, 9.0], "float32")
    g = nn.grad(lambda x: ops.sum(ops.sqrt(x)))
    np.testing.assert_allclose(made(engine, g, x), [0, 0.25, 1 / 6], rtol=1e-6)
    g = nn.grad(lambda x: ops.sum(x**-0.5))
    assert made(engine, g, x)[0] == -np.inf  # the function itself is infinite there
    g = nn.grad(lambda x: ops.sum(ops.log(x)))
    assert made(engine, g, x)[0] == np.inf
    g = nn.grad(lambda x: ops.norm(x))
    np.testing.assert_allclose(made(engine, g, x), x / np.sqrt(97), rtol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_nan_stays_nan_in_roots_and_norms(engine):
    x = np.array([np.nan, 1.0], "float32")
    assert np.isnan(made(engine, ops.norm, x))
    assert np.isnan(made(engine, lambda x: ops.std(x), x))
    for f in (ops.norm, ops.std, lambda x: ops.sum(ops.sqrt(x))):
        assert np.isnan(made(engine, nn.grad(f), x)[0])
    below = np.array([-1.0, 1.0], "float32")
    assert np.isnan(made(engine, nn.grad(lambda x: ops.sum(ops.sqrt(x))), below)[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_zero_times_a_logarithm(engine):
    x = np.array([0, 0, 0, 0, 2, 2, 0, np.nan], "float32")
    y = np.array([0, -1, np.inf, 0.5, 0.5, 0, np.nan, 1], "float32")
    want = [0, 0, 0, 0, 2 * np.log(0.5), -np.inf, np.nan, np.nan]
    np.testing.assert_allclose(made(engine, ops.xlogy, x, y), want, rtol=1e-6)
    to_x = made(engine, nn.grad(lambda x, y: ops.sum(ops.xlogy(x, y))), x, y)
    np.testing.assert_allclose(to_x[:5], [0, 0, 0, np.log(0.5), np.log(0.5)], rtol=1e-6)
    to_y = made(engine, nn.grad(lambda y, x: ops.sum(ops.xlogy(x, y))), y, x)
    np.testing.assert_allclose(to_y[:5], [0, 0, 0, 0, 4], rtol=1e-6)
    assert ops.xlogy([2, 0], [1, 0]).tolist() == [0, 0]  # of integers


NOTHING = np.zeros((0, 3), "float32")
OF_NOTHING = {
    "mean": (lambda x: ops.mean(x), np.nan),
    "mean of columns": (lambda x: ops.mean(x, axis=0), [np.nan] * 3),
    "var": (lambda x: ops.var(x), np.nan),
    "std of columns": (lambda x: ops.std(x, axis=0), [np.nan] * 3),
    "var of too few": (lambda x: ops.var(ops.sum(x, axis=0)[:1], ddof=1), np.nan),
    "sum": (lambda x: ops.sum(x, axis=0), [0] * 3),
    "prod": (lambda x: ops.prod(x, axis=0), [1] * 3),
    "norm": (lambda x: ops.norm(x, axis=0), [0] * 3),
    "product": (lambda x: ops.swapaxes(x, 0, 1) @ x, np.zeros((3, 3))),
    "running sum": (lambda x: ops.cumsum(x, axis=0), NOTHING),
    "loss": (lambda x: nn.losses.MeanSquaredError()(x, x), np.nan),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", OF_NOTHING)
def test_of_nothing(name, engine):
    f, want = OF_NOTHING[name]
    got = made(engine, f, NOTHING)
    np.testing.assert_array_equal(got, np.asarray(want, "float32"))
    assert got.dtype == "float32"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_nothing_has_no_largest_element(name, engine):
    with pytest.raises(ShapeError, match=f"nothing has no {name}"):
        made(engine, lambda x: getattr(ops, name)(x, axis=0), NOTHING)


BIG = np.array([1, 2**63], "uint64")


@pytest.mark.parametrize("f", [
    nn.tensor, lambda x: nn.tensor(x, dtype="int64"), lambda x: nn.tensor(x[1]),
    lambda x: nn.tensor(int(x[1])),
    lambda x: ops.gather(nn.tensor([1.0, 2.0]), x), lambda x: nn.tensor([1.0, 2.0])[x],
    lambda x: ops.one_hot(x, 3), lambda x: nn.tensor([1, 2]) + x,
    lambda x: nn.jit(lambda t: t + 1)(x),
    lambda x: nn.losses.SparseCategoricalCrossentropy()(x, np.full((2, 3), 1 / 3, "float32")),
])  # fmt: skip
def test_a_number_beyond_int64_is_refused_by_its_own_name(f):
    with pytest.raises(DtypeError, match=r"int64.*\n?.*9223372036854775808"):
        f(BIG)


def test_labels_beyond_int64_are_refused_by_their_own_name():
    model = nn.Sequential([nn.layers.Input((2,)), nn.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for act in (model.fit, model.train_on_batch, model.evaluate):
        with pytest.raises((DtypeError, nn.errors.DataError), match=" 9223372036854775808"):
            act(np.zeros((2, 2), "float32"), BIG)
    with pytest.raises(nn.errors.DataError, match="9223372036854775808"):
        nn.utils.to_categorical(BIG, 3)


def test_wide_numbers_that_fit_are_taken():
    assert nn.tensor(np.array([1, 2**63 - 1], "uint64")).tolist() == [1, 2**63 - 1]
    assert nn.tensor(BIG, dtype="float64").tolist() == [1, 2.0**63]
    assert nn.tensor([1, 200], dtype="uint8").tolist() == [1, 200]


def test_numbers_that_their_type_cannot_hold_are_refused():
    for data, dtype in (([300], "uint8"), ([-1], "uint8"), ([2**40], "int32"), (2**40, "int32")):
        with pytest.raises(DtypeError, match=f"{dtype} does not hold"):
            nn.tensor(data, dtype=dtype)
