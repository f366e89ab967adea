"""Convolutions and pooling: numbers by hand, shapes, parameters, messages."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, ShapeError
from neurona.ops.windows import explicit_padding

T = np.float32([1, 2, 4, 8]).reshape(1, 4, 1)
I = np.float32([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).reshape(1, 3, 3, 1)  # noqa: E741


def given(layer, x, *weights):
    layer(x)
    layer.set_weights([np.float32(w).reshape(p.shape) for w, p in zip(weights, layer.weights)])  # noqa: B905
    return layer(x).numpy()[0, ..., 0].tolist()


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({}, [21, 42, 84]),  # x_t + 10 x_(t + 1)
        ({"padding": "same"}, [21, 42, 84, 8]),
        ({"padding": "causal"}, [10, 21, 42, 84]),
        ({"strides": 2}, [21, 84]),
        ({"dilation_rate": 2}, [41, 82]),
        ({"padding": "SAME", "strides": 2}, [21, 84]),
    ],
)
def test_conv1d_by_hand(kwargs, expected):
    assert given(layers.Conv1D(1, 2, **kwargs), T, [1, 10], [0]) == expected


def test_conv2d_by_hand():
    kernel = [[1, 0], [0, 10]]  # x_ij + 10 x_(i + 1)(j + 1)
    assert given(layers.Conv2D(1, 2), I, kernel, [0.5]) == [[51.5, 62.5], [84.5, 95.5]]
    same = given(layers.Conv2D(1, 2, padding="same"), I, kernel, [0])
    assert same == [[51, 62, 3], [84, 95, 6], [7, 8, 9]]
    relu = layers.Conv2D(1, 2, activation="relu", use_bias=False)
    assert given(relu, I, [[-1, 0], [0, 0]]) == [[0, 0], [0, 0]]


def test_groups_by_hand():
    x = np.float32([[[1, 10], [2, 20]]])
    layer = layers.Conv1D(2, 2, groups=2, use_bias=False)
    layer(x)
    layer.set_weights([np.float32([[[1, 5]], [[1, 5]]])])
    assert layer(x).tolist() == [[[3.0, 150.0]]]


def test_transposed_by_hand():
    x = np.float32([1, 2]).reshape(1, 2, 1)
    plain = layers.Conv1DTranspose(1, 3)
    assert given(plain, x, [1, 10, 100], [0]) == [1, 12, 120, 200]
    stride = layers.Conv1DTranspose(1, 3, strides=2)
    assert given(stride, x, [1, 10, 100], [0]) == [1, 10, 102, 20, 200]
    same = layers.Conv1DTranspose(1, 2, strides=2, padding="same")
    assert given(same, x, [1, 10], [0]) == [1, 10, 2, 20]
    square = np.ones((1, 1, 1, 1), "float32")
    image = layers.Conv2DTranspose(1, 2)
    assert given(image, square, [[1, 2], [3, 4]], [1]) == [[2, 3], [4, 5]]
    wide = layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1)
    assert wide(np.zeros((1, 5, 6, 2), "float32")).shape == (1, 10, 12, 4)


def test_depthwise_and_separable_by_hand():
    x = np.float32([[[1, 10], [2, 20]]])
    layer = layers.DepthwiseConv1D(2, depth_multiplier=2)
    layer(x)
    layer.set_weights([np.float32([[[1, 0], [1, 0]], [[0, 1], [0, 1]]]), np.zeros(4, "float32")])
    assert layer(x).tolist() == [[[1.0, 2.0, 10.0, 20.0]]]
    separable = layers.SeparableConv1D(1, 2)
    separable(x)
    separable.set_weights(
        [np.ones((2, 2, 1), "float32"), np.float32([[[1], [100]]]), np.float32([0.5])]
    )
    assert separable(x).tolist() == [[[3003.5]]]  # 3 + 100 * 30 + 0.5
    depthwise = layers.DepthwiseConv2D(2, use_bias=False)
    assert given(depthwise, I, [[1, 0], [0, 10]]) == [[51, 62], [84, 95]]
    both = layers.SeparableConv2D(1, 2)
    assert given(both, I, [[1, 0], [0, 10]], [2], [1]) == [[103, 125], [169, 191]]


def test_parameters_have_kerass_shapes_and_names():
    def parameters(layer, shape):
        layer(np.zeros(shape, "float32"))
        return {p.name: p.shape for p in layer.weights}

    image = (1, 8, 8, 6)
    assert parameters(layers.Conv2D(4, (3, 5), groups=2), image) == {
        "kernel": (3, 5, 3, 4), "bias": (4,),
    }  # fmt: skip
    assert parameters(layers.Conv2DTranspose(4, 3), image) == {
        "kernel": (3, 3, 4, 6), "bias": (4,),
    }  # fmt: skip
    assert parameters(layers.DepthwiseConv2D(3, depth_multiplier=2), image) == {
        "kernel": (3, 3, 6, 2), "bias": (12,),
    }  # fmt: skip
    assert parameters(layers.SeparableConv2D(4, 3, depth_multiplier=2), image) == {
        "depthwise_kernel": (3, 3, 6, 2), "pointwise_kernel": (1, 1, 12, 4), "bias": (4,),
    }  # fmt: skip
    assert parameters(layers.Conv1D(4, 3, use_bias=False), (1, 8, 6)) == {"kernel": (3, 6, 4)}


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (layers.MaxPooling1D(), T, [2, 8]),
        (layers.MaxPooling1D(3, 1), T, [4, 8]),
        (layers.MaxPooling1D(3, 2, "same"), -T, [-1, -4]),  # padding never wins
        (layers.AveragePooling1D(2), T, [1.5, 6]),
        (layers.AveragePooling1D(3, 2, "same"), T, [7 / 3, 6]),  # padding is not counted
        (layers.MaxPooling2D(2, 1), I, [[5, 6], [8, 9]]),
        (layers.MaxPooling2D((1, 3)), I, [[3], [6], [9]]),
        (layers.AveragePooling2D(2, 1), I, [[3, 4], [6, 7]]),
        (layers.AveragePooling2D(2, padding="same"), I, [[3, 4.5], [7.5, 9]]),
        (layers.GlobalMaxPooling1D(), T, 8),
        (layers.GlobalAveragePooling1D(), T, 3.75),
        (layers.GlobalMaxPooling2D(), I, 9),
        (layers.GlobalAveragePooling2D(keepdims=True), I, [[5]]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_pooling_by_hand(layer, x, expected):
    np.testing.assert_allclose(layer(x).numpy()[0, ..., 0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Conv2D(0, 3), r"filters is too small. Got 0; expected 1 or more"),
        (lambda: layers.Conv2D(3, 0), r"kernel_size is too small. Got 0"),
        (lambda: layers.Conv2D(3, (3, 3, 3)), r"kernel_size has the wrong length. Got \(3, 3, 3\)"),
        (lambda: layers.Conv2D(3, 3, strides=2.5), r"strides must be an integer. Got 2.5"),
        (lambda: layers.Conv2D(3, 3, padding="causal"), r"unknown padding. Got 'causal'"),
        (lambda: layers.Conv1D(3, 3, padding="full"), r"expected one of causal, same, valid"),
        (lambda: layers.Conv1D(3, 3, groups=2), r"filters do not divide into the groups"),
        (
            lambda: layers.Conv1D(3, 3, strides=2, dilation_rate=2),
            r"strides and dilation_rate cannot both be above 1",
        ),
        (
            lambda: layers.Conv1DTranspose(3, 3, strides=2, output_padding=2),
            r"output_padding must be below the strides",
        ),
        (
            lambda: layers.SeparableConv1D(3, 3, depth_multiplier=0),
            r"depth_multiplier is too small",
        ),
        (lambda: layers.MaxPooling2D(0), r"pool_size is too small. Got 0"),
        (lambda: layers.AveragePooling1D(2, padding="causal"), r"unknown padding. Got 'causal'"),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_shapes_are_checked():
    x = np.zeros((2, 5, 5, 3), "float32")
    with pytest.raises(ShapeError, match=r"the channels do not divide into the groups. Got 3 chan"):
        layers.Conv2D(4, 3, groups=2)(x)
    with pytest.raises(ShapeError, match=r"the window is larger than the input. Got window 6"):
        layers.Conv2D(4, 6)(x)
    with pytest.raises(ShapeError, match="the window is larger than the input"):
        layers.MaxPooling2D(6)(x)
    layer = layers.Conv2D(4, 3)
    layer(x)
    with pytest.raises(ShapeError, match=r"was built for \(batch, 5, 5, 3\)"):
        layer(x[..., :2])
    with pytest.raises(ShapeError, match="the number of axes is wrong"):
        layer(x[0])


V = np.arange(1, 9, dtype="float32").reshape(1, 2, 2, 2, 1)


def test_volumes_by_hand():
    kernel = np.zeros((2, 2, 2))
    kernel[0, 0, 0], kernel[1, 0, 1] = 1, 10  # x_ijk + 10 x_(i + 1)j(k + 1)
    assert given(layers.Conv3D(1, 2), V, kernel, [0.5]) == [[[61.5]]]
    strided = given(layers.Conv3D(1, (1, 2, 2), strides=(1, 2, 2)), V, [[[1, 0], [0, 10]]], [0])
    assert strided == [[[41]], [[85]]]
    one = np.ones((1, 1, 1, 1, 1), "float32")
    spread = given(layers.Conv3DTranspose(1, 2), one, kernel, [1])
    assert spread == [[[2, 1], [1, 1]], [[1, 11], [1, 1]]]
    assert given(layers.MaxPooling3D(), V) == [[[8]]]
    assert given(layers.AveragePooling3D((1, 2, 1)), V) == [[[2, 3]], [[6, 7]]]
    assert given(layers.GlobalAveragePooling3D(keepdims=True), V) == [[[4.5]]]
    assert given(layers.Cropping3D(((1, 0), (0, 1), (0, 0))), V) == [[[5, 6]]]


@pytest.mark.parametrize("size", [(2, 2, 2), (5, 4, 4), (3, 5, 1), (1, 5, 5)])
@pytest.mark.parametrize("strides", [1, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_large_windows_go_axis_by_axis_to_the_same_numbers(size, strides, padding):
    x = np.random.default_rng(0).integers(0, 40, (2, 6, 5, 7, 2)).astype("float32")
    x = ops.reshape(x, x.shape)
    y = ops.max_pool3d(x, size, strides, padding)
    steps, ones = (strides,) * 3, (1,) * 3
    pairs = explicit_padding("", padding, x.shape[1:-1], size, steps, ones)
    windows = {"pool_size": size, "strides": steps, "padding": pairs}
    at_once = ops.window_max(x, **windows)
    assert np.array_equal(y.numpy(), at_once.numpy())
    g = np.arange(1.0, y.size + 1.0, dtype="float32").reshape(y.shape)
    found, expected = (
        nn.grad(lambda x, f=f: (f(x) * g).sum())(x).numpy()
        for f in (
            lambda x: ops.max_pool3d(x, size, strides, padding),
            lambda x: ops.window_max(x, **windows),
        )
    )
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 7, 9])
def test_adaptive_pooling_is_the_mean_and_the_maximum_of_its_windows(size):
    x = np.random.default_rng(size).normal(size=(2, 6, 5, 3)).astype("float32")

    def windows(n, count):
        return [slice(o * n // count, -(-(o + 1) * n // count)) for o in range(count)]

    for f, reduced in ((ops.adaptive_average_pool, np.mean), (ops.adaptive_max_pool, np.max)):
        expected = [
            [reduced(x[:, a, b], axis=(1, 2)) for b in windows(5, 2)] for a in windows(6, size)
        ]
        expected = np.moveaxis(np.array(expected), 2, 0)
        np.testing.assert_allclose(f(x, (size, 2)).numpy(), expected, rtol=1e-5, atol=1e-6)
        traced = nn.jit(lambda x, f=f: f(x, (size, 2)))(x)
        np.testing.assert_allclose(traced.numpy(), expected, rtol=1e-5, atol=1e-6)
    assert ops.adaptive_max_pool(np.arange(6).reshape(1, 6, 1), 2).tolist() == [[[2.0], [5.0]]]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("convolve", [ops.conv2d, ops.depthwise_conv2d])
def test_a_border_of_zeros_in_front_is_that_of_the_convolution(convolve, padding):
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(2, 6, 5, 3)), rng.normal(size=(3, 2, 3, 4))
    border = layers.ZeroPadding2D(((0, 1), (2, 0)), dtype="float64")
    widths = ((0, 0), (0, 1), (2, 0), (0, 0))

    def loss(pad):
        return lambda x, k: ops.sum(ops.square(convolve(pad(x), k, 2, padding)))

    both, apart = loss(border), loss(lambda x: ops.pad(x, widths))
    np.testing.assert_allclose(both(x, kernel).numpy(), apart(x, kernel).numpy(), rtol=1e-12)
    for one, other in zip(
        nn.grad(both, argnums=(0, 1))(x, kernel), nn.grad(apart, argnums=(0, 1))(x, kernel),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-12)
    assert "pad(" in str(nn.trace(apart, [x, kernel]))
    assert "pad(" not in str(nn.trace(nn.grad(both), [x, kernel]))


def test_a_border_is_seen_by_all_others():
    x = np.ones((1, 2, 2, 1), "float32")
    y = layers.ZeroPadding2D(1)(x)
    assert layers.Conv2D(1, 1, kernel_initializer="ones")(y * 1).shape == (1, 4, 4, 1)
    assert layers.GlobalAveragePooling2D()(y).item() == 0.25
    first = layers.ZeroPadding2D(1, data_format="channels_first")(x.reshape(1, 1, 2, 2))
    windows = layers.Conv2D(1, 3, data_format="channels_first", kernel_initializer="ones")
    assert windows(first).shape == (1, 1, 2, 2)
    assert windows(first).tolist() == [[[[4.0, 4.0], [4.0, 4.0]]]]
