"""Sums of very many terms are right, along whatever axes they go, on every engine."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.ops.convolutions import conv_kernel_gradient
from tests.settings import threads_set_to
from tests.tolerances import PRODUCT, RUNNING, SUM

ENGINES = ("native", "reference", "eager")
TYPES = ("float32", "float64")


def computed(engine, f, *arrays):
    if engine == "eager":
        return f(*map(nn.Tensor, arrays)).numpy()
    return nn.jit(f, engine=engine)(*arrays).numpy()


def off(got, want, scale=None):
    """By how much results differ, of what was added up."""
    got, want = np.asarray(got, "float64"), np.asarray(want, "float64")
    scale = np.abs(want).max() if scale is None else scale
    return np.abs(got - want).max() / scale


def exact(x, axis, keepdims):
    """Sums of numbers from 0 to 1, to their 53rd digit: as whole numbers."""
    low = x.astype("float64") * 2.0**26
    high = np.floor(low)
    parts = high.astype("int64"), np.rint((low - high) * 2.0**34).astype("int64")
    high, low = (np.sum(part, axis=axis, keepdims=keepdims) for part in parts)
    return (high + low / 2.0**34) / 2.0**26


AXES = {  # of a shape: of tenths, whose roundings all go the same way, and of numbers at random
    "all in a row": ((600_011,), None),
    "first": ((150_001, 3), 0),
    "first, many behind": ((20_000, 37), 0),
    "middle": ((3, 60_001, 4), 1),
    "last": ((2, 300_001), -1),
    "last two": ((3, 500, 301), (1, 2)),
    "first two": ((300, 500, 3), (0, 1)),
    "outer ones": ((30_000, 3, 7), (0, 2)),
    "all": ((333, 100, 17), None),
    "short ones inside": ((40_000, 3, 3), (0, 1)),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("engine", ENGINES)
def test_sums_of_many_terms(engine, dtype, keepdims):
    rng = np.random.default_rng(0)
    for name, (shape, axis) in AXES.items():
        for x in (np.full(shape, 0.1, dtype), rng.uniform(0, 1, shape).astype(dtype)):
            got = computed(engine, lambda t, a=axis: ops.sum(t, axis=a, keepdims=keepdims), x)
            want = exact(x, axis, keepdims)
            assert got.shape == want.shape
            assert off(got, want) < SUM[dtype], name


@pytest.mark.parametrize("engine", ENGINES)
def test_sums_of_views_that_do_not_lie_in_a_row(engine):
    x = np.full((100_000, 8), 0.1, "float32")
    tenth = np.float64(x[0, 0])
    views = {
        "transposed": (lambda t: ops.sum(ops.transpose(t, (1, 0)), axis=1), 100_000 * tenth),
        "every second": (lambda t: ops.sum(t[:, ::2]), 400_000 * tenth),
        "backwards": (lambda t: ops.sum(ops.flip(t, axis=0), axis=0), 100_000 * tenth),
        "broadcast": (
            lambda t: ops.sum(ops.broadcast_to(t[0], (99_991, 8)), axis=0),
            99_991 * tenth,
        ),
    }
    for name, (f, want) in views.items():
        assert off(computed(engine, f, x), want) < SUM["float32"], name


@pytest.mark.parametrize("engine", ENGINES)
def test_chained_kernels_of_many_terms(engine):
    """Softmax, norms and moments: folds that read what folds before them made."""
    x = np.full((9, 70_000), 0.1, "float32")
    assert off(computed(engine, ops.softmax, x), 1 / 70_000) < SUM["float32"]
    assert off(computed(engine, lambda t: ops.softmax(t, axis=0), x.T.copy()), 1 / 70_000) < 1e-6
    want = np.sqrt(70_000) * np.float64(x[0, 0])
    assert off(computed(engine, lambda t: ops.norm(t, axis=1), x), want) < SUM["float32"]
    assert off(computed(engine, lambda t: ops.logsumexp(t, axis=1), x), 0.1 + np.log(70_000)) < 1e-6
    columns = np.ascontiguousarray(x.T)
    assert off(computed(engine, lambda t: ops.mean(t * t - t, axis=0), columns), -0.09) < 1e-6


@pytest.mark.parametrize("engine", ENGINES)
def test_the_variance_of_many_numbers_far_from_zero(engine):
    x = (np.random.default_rng(0).normal(size=(400_000, 3)) + 1000).astype("float32")
    for axis, given in ((0, x), (1, np.ascontiguousarray(x.T))):
        got = computed(engine, lambda t, a=axis: ops.var(t, axis=a), given)
        assert off(got, x.astype("float64").var(0)) < 1e-5


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("engine", ENGINES)
def test_running_sums_of_many_terms(engine, dtype):
    for shape, axis in (((500_003,), 0), ((100_001, 3), 0), ((2, 100_000), 1)):
        x = np.full(shape, 0.1, dtype)
        count = np.expand_dims(
            np.arange(1, shape[axis] + 1), tuple({0, 1} - {axis})[: len(shape) - 1]
        )
        want = np.broadcast_to(count * np.float64(x.flat[0]), shape)
        got = computed(engine, lambda t, a=axis: ops.cumsum(t, axis=a), x)
        assert off(got, want) < RUNNING[dtype]
        got = computed(engine, lambda t, a=axis: ops.cumsum(t, axis=a, reverse=True), x)
        assert off(got, np.flip(want, axis)) < RUNNING[dtype]


def test_running_sums_of_what_is_not_below_zero_never_fall():
    x = np.random.default_rng(0).uniform(0, 1e-3, 100_000).astype("float32") ** 3
    for engine in ENGINES:
        assert (np.diff(computed(engine, ops.cumsum, x)) >= 0).all()


PRODUCTS = [(1, 200_003, 1), (1, 200_000, 8), (8, 200_000, 1), (1, 50_000, 64), (64, 50_000, 1),
            (4, 300_007, 4), (16, 100_000, 16), (3, 100_000, 40), (64, 30_000, 128)]  # fmt: skip


@pytest.mark.sampled(5)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("engine", ENGINES)
def test_products_with_long_sums(engine, dtype):
    for m, k, n in PRODUCTS:
        x, w = np.full((m, k), 0.1, dtype), np.ones((k, n), dtype)
        want = k * np.float64(x[0, 0])
        assert off(computed(engine, ops.matmul, x, w), want) < PRODUCT[dtype], (m, k, n)
        turned = computed(engine, lambda a, b: ops.swapaxes(a, 0, 1) @ b, x.T.copy(), w)
        assert off(turned, want) < PRODUCT[dtype], (m, k, n)
        turned = computed(engine, lambda a, b: a @ ops.swapaxes(b, 0, 1), x, w.T.copy())
        assert off(turned, want) < PRODUCT[dtype], (m, k, n)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(32, 1_000_000, 96), (16, 1_000_000, 16), (1, 8_000_000, 1)])
def test_products_with_sums_of_millions(shape):
    m, k, n = shape
    x, w = np.full((m, k), 0.1, "float32"), np.ones((k, n), "float32")
    for engine in ("native", "reference"):
        got = computed(engine, ops.matmul, x, w)
        assert off(got, k * np.float64(x[0, 0])) < PRODUCT["float32"], engine


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "groups"), [(1, 1), (3, 1), (3, 8)])
@pytest.mark.parametrize("engine", ENGINES)
def test_gradients_of_kernels_with_long_sums(engine, size, groups, padding):
    x = np.full((16, 32, 32, 8), 0.1, "float32")
    low = size // 2 if padding == "same" else 0
    g = np.ones((16, *[33 + 2 * low - size] * 2, 8), "float32")
    given = {
        "kernel_size": (size, size), "strides": (1, 1), "padding": ((low, low),) * 2,
        "dilation": (1, 1), "groups": groups,
    }  # fmt: skip
    got = computed(engine, lambda x, g: conv_kernel_gradient(x, g, **given), x, g)
    want = conv_kernel_gradient(x.astype("float64"), g.astype("float64"), **given).numpy()
    assert off(got, want) < PRODUCT["float32"]


@pytest.mark.parametrize("engine", ENGINES)
def test_averages_of_large_windows(engine):
    x = np.full((1, 64, 64, 3), 0.1, "float32")
    for size in (9, 30, 64):
        got = computed(engine, lambda t, s=size: ops.average_pool2d(t, s, 1), x)
        assert off(got, 0.1) < 2e-6, size


def test_the_same_bits_with_1_to_4_threads():
    x = np.random.default_rng(0).normal(size=(100_003, 5)).astype("float32")

    def made():
        @nn.jit
        def f(t):
            return (
                ops.sum(t), ops.sum(t, axis=0), ops.var(t, axis=1), ops.softmax(t, axis=0),
                ops.cumsum(t, axis=0), ops.swapaxes(t, 0, 1) @ t,
            )  # fmt: skip

        return [y.numpy().tobytes() for y in f(x)]

    bits = []
    for count in range(1, 5):
        with threads_set_to(count):
            bits.append(made())
    assert bits == [bits[0]] * 4


@pytest.mark.parametrize("engine", ENGINES)
def test_infinities_and_nan_pass_through_blocks(engine):
    x = np.ones((1000, 3), "float32")
    x[700, 0], x[10, 1], x[990, 2] = np.inf, np.nan, -np.inf
    np.testing.assert_array_equal(
        computed(engine, lambda t: ops.sum(t, axis=0), x), [np.inf, np.nan, -np.inf]
    )
    last = computed(engine, lambda t: ops.cumsum(t, axis=0), x)[[699, 700, 999]]
    expected = [[700, np.nan, 700], [np.inf, np.nan, 701], [np.inf, np.nan, -np.inf]]
    np.testing.assert_array_equal(last, expected)
