"""Convolution and pooling as Keras writes them: sizes, padding, numbers worked by hand."""

import itertools
import os

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError, DtypeError, ShapeError
from neurona.ops.windows import explicit_padding
from tests.tolerances import assert_engines_agree

o = nn.ops
RAMP = np.arange(1.0, 6.0).reshape(1, 5, 1)  # 1 2 3 4 5
EDGE = np.array([1.0, 10.0, 100.0]).reshape(3, 1, 1)


def row(y):
    return y.numpy().reshape(-1).tolist()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [321, 432, 543]),
        ({"padding": "same"}, [210, 321, 432, 543, 54]),
        ({"padding": "causal"}, [100, 210, 321, 432, 543]),
        ({"padding": ((2, 0),)}, [100, 210, 321, 432, 543]),
        ({"padding": 1}, [210, 321, 432, 543, 54]),
        ({"strides": 2}, [321, 543]),
        ({"strides": 2, "padding": "same"}, [210, 432, 54]),
        ({"dilation_rate": 2}, [531]),
        ({"dilation_rate": 2, "padding": "causal"}, [100, 200, 310, 420, 531]),
    ],
)
def test_conv1d_by_hand(given, expected):
    assert row(o.conv1d(RAMP, EDGE, **given)) == expected


def test_same_padding_puts_the_odd_element_at_the_end():
    kernel = np.array([1.0, 10.0]).reshape(2, 1, 1)
    assert row(o.conv1d(RAMP, kernel, padding="same")) == [21, 32, 43, 54, 5]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [1, 12, 120, 200]),
        ({"padding": "same"}, [12, 120]),
        ({"strides": 2}, [1, 10, 102, 20, 200]),
        ({"strides": 2, "padding": "same"}, [1, 10, 102, 20]),
        ({"strides": 4}, [1, 10, 100, 0, 2, 20, 200, 0]),
        ({"strides": 2, "output_padding": 1}, [1, 10, 102, 20, 200, 0]),
        ({"strides": 2, "padding": "same", "output_padding": 0}, [10, 102, 20]),
        ({"dilation_rate": 2}, [1, 2, 10, 20, 100, 200]),
    ],
)
def test_conv1d_transpose_by_hand(given, expected):
    assert row(o.conv1d_transpose(np.array([[[1.0], [2.0]]]), EDGE, **given)) == expected


def test_channels_filters_and_groups():
    x = np.array([[[1.0, 2.0]]])
    w = np.array([[[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]]])
    assert row(o.conv1d(x, w)) == [5, 50, 500]
    grouped = np.array([[[1.0, 10.0, 100.0, 1000.0]]])  # one channel a group, two filters each
    assert row(o.conv1d(x, grouped, groups=2)) == [1, 10, 200, 2000]
    assert row(o.depthwise_conv1d(x, grouped.reshape(1, 2, 2))) == [1, 10, 200, 2000]
    assert row(o.conv1d_transpose(x, np.array([[[1.0, 10.0], [2.0, 20.0]]]))) == [21, 42]
    assert o.conv2d_transpose(np.ones((1, 2, 3, 4)), np.ones((3, 3, 5, 4)), (2, 1)).shape == (
        1, 5, 5, 5,
    )  # fmt: skip


def test_pooling_by_hand():
    assert row(o.max_pool1d(RAMP, 2)) == [2, 4]
    assert row(o.max_pool1d(RAMP, 2, padding="same")) == [2, 4, 5]
    assert row(o.max_pool1d(RAMP, 3, 1, "same")) == [2, 3, 4, 5, 5]
    assert row(o.max_pool1d(-RAMP, 3, 2, "same")) == [-1, -2, -4]
    assert row(o.average_pool1d(RAMP, 2)) == [1.5, 3.5]
    assert row(o.average_pool1d(RAMP, 3, 2, "same")) == [1.5, 3, 4.5]
    image = np.arange(16.0).reshape(1, 4, 4, 1)
    assert row(o.max_pool2d(image, 2)) == [5, 7, 13, 15]
    assert row(o.average_pool2d(image, (2, 4))) == [3.5, 11.5]
    assert row(o.average_pool2d(np.ones((1, 3, 3, 1)), 2, 1, "same")) == pytest.approx([1.0] * 9)
    assert o.max_pool2d([[[[1], [2]], [[4], [3]]]]).dtype == "float32"


@pytest.mark.parametrize(
    ("size", "steps", "padding"), [((6, 5), 1, "same"), ((7, 7), 1, "valid"), ((5, 13), 2, "same")]
)
def test_large_windows_of_max_pool_go_by_rows_and_columns(size, steps, padding):
    rng = np.random.default_rng(3)
    x = rng.integers(0, 4, (2, 14, 15, 3)).astype("float64")  # many are equal
    steps = (steps, steps)
    pairs = explicit_padding("pool", padding, (14, 15), size, steps, (1, 1))

    def direct(x):
        return o.window_max(x, pool_size=size, strides=steps, padding=pairs)

    def by_rows(x):
        return o.max_pool2d(x, size, steps, padding)

    g = rng.integers(-9, 9, direct(x).shape) * 1.0
    np.testing.assert_array_equal(by_rows(x), direct(x))
    once, again = (nn.grad(lambda x, f=f: (f(x) * g).sum())(x) for f in (by_rows, direct))
    np.testing.assert_array_equal(once, again)


def test_max_pool_sends_the_gradient_to_the_first_of_equals():
    x = np.array([2.0, 2.0, 1.0, 1.0, 5.0]).reshape(1, 5, 1)
    assert row(nn.grad(lambda x: o.max_pool1d(x, 2).sum())(x)) == [1, 0, 1, 0, 0]
    assert row(nn.grad(lambda x: o.max_pool1d(x, 3, 1).sum())(x)) == [1, 1, 0, 0, 1]
    low = np.full((1, 2, 1), -np.inf)
    assert row(nn.grad(lambda x: o.max_pool1d(x, 2).sum())(low)) == [1, 0]
    broken = np.array([1.0, np.nan]).reshape(1, 2, 1)
    assert np.isnan(row(o.max_pool1d(broken, 2))).all()
    assert sum(row(nn.grad(lambda x: o.max_pool1d(x, 2).sum())(broken))) == 1


@pytest.mark.parametrize("how", [lambda f: f, nn.jit])
def test_a_small_network_differentiates(how):
    rng = np.random.default_rng(0)
    x, w, v = (rng.normal(size=s) for s in ((1, 5, 4, 2), (2, 2, 2, 3), (2, 2, 4, 3)))

    def net(x, w, v):
        y = o.max_pool2d(o.tanh(o.conv2d(x, w, padding="same")), 2, padding="same")
        return o.average_pool2d(o.conv2d_transpose(y, v, 2, "same"), 3, 2, "same")

    assert_engines_agree(how(net)(x, w, v).numpy(), net(x, w, v).numpy())
    nn.gradcheck(net, x, w, v, order=1)
    nn.gradcheck(lambda w: net(x, w, v), w, order=2, rtol=1e-5)


IMAGE, KERNEL = np.ones((1, 4, 4, 3)), np.ones((3, 3, 3, 2))
PLAIN = {"strides": (1,), "padding": ((0, 0),)}


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: o.conv2d(IMAGE, KERNEL[:, :, :2]), ShapeError,
         r"conv: x has 3 channels, the kernel 2. Got x \(1, 4, 4, 3\), kernel \(3, 3, 2, 2\)"),
        (lambda: o.conv2d(IMAGE[:, :2], KERNEL), ShapeError,
         "conv: the window is larger than the input. Got window 3 on an axis of 2"),
        (lambda: o.conv2d(IMAGE[0], KERNEL), ShapeError,
         r"conv2d: the number of axes is wrong.*expected x \(B, H, W, C\) and kernel \(KH, KW"),
        (lambda: o.conv1d(IMAGE[0], KERNEL), ShapeError, r"expected x \(B, T, C\)"),
        (lambda: o.conv2d(IMAGE, KERNEL, 2, "valid", 2), ArgumentError,
         "conv2d: strides and dilation_rate cannot both be above 1"),
        (lambda: o.conv2d(IMAGE, KERNEL, padding="casual"), ArgumentError,
         "unknown conv2d: padding. Got 'casual'; expected one of same, valid"),
        (lambda: o.conv1d(RAMP, EDGE, padding="casual"), ArgumentError, "did you mean 'causal'"),
        (lambda: o.conv2d(IMAGE, KERNEL, padding=((1, 1),)), ArgumentError, "unknown padding"),
        (lambda: o.conv2d(IMAGE, KERNEL, padding=((1, -1), (0, 0))), ArgumentError, "is too small"),
        (lambda: o.conv2d(IMAGE, KERNEL, strides=0), ArgumentError, "conv2d: strides is too small"),
        (lambda: o.conv2d(IMAGE, KERNEL, strides=(1, 1, 1)), ArgumentError, "wrong length"),
        (lambda: o.conv2d(IMAGE, KERNEL[:, :, :1], groups=3), ShapeError,
         "the filters do not divide into groups"),
        (lambda: o.conv2d(IMAGE, KERNEL[:0]), ShapeError, "the kernel is empty"),
        (lambda: o.depthwise_conv2d(IMAGE, KERNEL[:, :, :2]), ShapeError,
         "depthwise_conv2d: x has 3 channels, the kernel 2"),
        (lambda: o.conv2d_transpose(IMAGE, KERNEL), ShapeError,
         "conv2d_transpose: x has 3 channels, the kernel 2"),
        (lambda: o.conv1d_transpose(RAMP, EDGE, 2, output_padding=2), ArgumentError,
         "output_padding must be below the stride"),
        (lambda: o.conv1d_transpose(RAMP, EDGE, padding="causal"), ArgumentError,
         "conv1d_transpose: unknown padding"),
        (lambda: o.max_pool2d(IMAGE, 5), ShapeError, "max_pool2d: the window is larger"),
        (lambda: o.max_pool2d(IMAGE[0]), ShapeError, "max_pool2d: the number of axes is wrong"),
        (lambda: o.max_pool1d(RAMP, 2, padding=2), ShapeError, "would see padding only"),
        (lambda: o.window_max(np.ones((1, 2, 1), int), pool_size=(1,), **PLAIN), DtypeError,
         "max_pool takes floats"),
        (lambda: o.conv_input_gradient(np.ones((1, 3, 2)), np.ones((2, 1, 2)), size=(5,),
                                       dilation=(1,), groups=1, **PLAIN), ShapeError,
         r"not the shape of the convolution's output. Got g \(1, 3, 2\); expected"),
    ],
)  # fmt: skip
def test_errors(run, error, message):
    with pytest.raises(error, match=message):
        run()


@pytest.mark.oracle
def test_equals_keras():
    os.environ["KERAS_BACKEND"] = "jax"
    keras = pytest.importorskip("keras")
    rng = np.random.default_rng(0)

    def same(expected, found):
        np.testing.assert_allclose(found.numpy(), np.asarray(expected), atol=1e-4)

    for n, k, s, d, padding, extra in itertools.product(
        (3, 5, 6), (1, 2, 3, 4), (1, 2, 3), (1, 2), ("valid", "same"), (None, 0, 1)
    ):
        if (s > 1 and d > 1) or (extra is not None and extra >= s):
            continue
        x = rng.normal(size=(2, n, 3)).astype("float32")
        w = rng.normal(size=(k, 4, 3)).astype("float32")
        expected = keras.ops.conv_transpose(x, w, s, padding, extra, dilation_rate=d)
        same(expected, o.conv1d_transpose(x, w, s, padding, extra, d))
    for n, k, s, padding in itertools.product((5, 6), (1, 2, 3), (1, 2, 3), ("valid", "same")):
        x = rng.normal(size=(2, n, n + 1, 4)).astype("float32")
        w = rng.normal(size=(k, k, 2, 6)).astype("float32")
        same(keras.ops.conv(x, w, s, padding), o.conv2d(x, w, s, padding, groups=2))
        same(keras.ops.max_pool(x, k, s, padding), o.max_pool2d(x, k, s, padding))
        same(keras.ops.average_pool(x, k, s, padding), o.average_pool2d(x, k, s, padding))
