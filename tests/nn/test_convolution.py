"""Convolutions and pooling: numbers by hand, shapes, parameters, messages."""

import numpy as np
import pytest

from neurona import layers
from neurona.errors import ArgumentError, ShapeError

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


@pytest.mark.parametrize("name", sorted(n for n in layers.__all__ if "Pool" in n or "Conv" in n))
def test_channels_first_is_answered_with_what_to_do(name):
    cls = getattr(layers, name)
    first = {"Conv": (2, 2), "Pool": (2,)}["Conv" if "Conv" in name else "Pool"]
    arguments = () if "Global" in name else first[:1] if "Depthwise" in name else first
    cls(*arguments, data_format="channels_last")
    with pytest.raises(ArgumentError, match=r"have the channels last") as caught:
        cls(*arguments, data_format="channels_first")
    assert "Permute((2, 3, 1))" in caught.value.hint
    with pytest.raises(ArgumentError, match=r"unknown data_format. Got 'NHWC'"):
        cls(*arguments, data_format="NHWC")


def test_what_the_hint_says_works():
    first = np.arange(24, dtype="float32").reshape(1, 2, 3, 4)
    assert np.array_equal(layers.Permute((2, 3, 1))(first).numpy(), np.moveaxis(first, 1, -1))
