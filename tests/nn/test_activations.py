"""Activations: numbers by hand, safe gradients far from 0, logits, names."""

import math

import numpy as np
import pytest

import neurona as nn
from neurona import activations
from neurona.errors import ArgumentError
from neurona.gradcheck import gradcheck
from neurona.ops.notes import Logits

E = math.e
FUNCTIONS = sorted(set(activations.__all__) - {"get", "serialize", "deserialize"})
KINKS = {"relu", "relu6", "leaky_relu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
         "elu", "selu", "step", "hard_shrink", "soft_shrink", "sparse_plus", "sparse_sigmoid",
         "sparsemax", "threshold"}  # fmt: skip


def activation(name):
    """The function of a name, of x alone."""
    function = getattr(activations, name)
    return (lambda x: function(x, 0.75, -1.0)) if name == "threshold" else function


@pytest.mark.parametrize(
    ("name", "kwargs", "x", "expected"),
    [
        ("linear", {}, [-2, 3], [-2, 3]),
        ("relu", {}, [-2, 0, 3], [0, 0, 3]),
        ("relu", {"negative_slope": 0.5}, [-2, 3], [-1, 3]),
        ("relu", {"max_value": 2}, [-2, 1, 3], [0, 1, 2]),
        ("relu", {"threshold": 1}, [-2, 0.5, 3], [0, 0, 3]),
        ("relu", {"threshold": 1, "negative_slope": 0.5, "max_value": 2}, [-1, 3], [-1, 2]),
        ("relu6", {}, [-1, 5, 7], [0, 5, 6]),
        ("leaky_relu", {}, [-1, 2], [-0.2, 2]),
        ("elu", {}, [-1, 2], [1 / E - 1, 2]),
        ("elu", {"alpha": 2.0}, [-1, 2], [2 / E - 2, 2]),
        ("selu", {}, [-1, 2], [1.05070099 * 1.67326324 * (1 / E - 1), 2.10140197]),
        ("celu", {"alpha": 2.0}, [-2, 2], [2 / E - 2, 2]),
        ("gelu", {}, [0, 1], [0, 0.8413447]),
        ("gelu", {"approximate": True}, [0, 1], [0, 0.8411920]),
        ("silu", {}, [0, 1], [0, 1 / (1 + 1 / E)]),
        ("mish", {}, [0, 1], [0, math.tanh(math.log(1 + E))]),
        ("softplus", {}, [0, 1], [math.log(2), math.log(1 + E)]),
        ("softsign", {}, [-3, 1], [-0.75, 0.5]),
        ("sigmoid", {}, [0, 1], [0.5, 1 / (1 + 1 / E)]),
        ("log_sigmoid", {}, [0, -1000], [-math.log(2), -1000]),
        ("hard_sigmoid", {}, [-3, 0, 1.5, 4], [0, 0.5, 0.75, 1]),
        ("hard_silu", {}, [-3, 1.5, 4], [0, 1.125, 4]),
        ("hard_tanh", {}, [-2, 0.5, 2], [-1, 0.5, 1]),
        ("tanh", {}, [0, 1], [0, (E - 1 / E) / (E + 1 / E)]),
        ("exponential", {}, [0, 1], [1, E]),
        ("step", {}, [-1, 0, 2], [0, 0, 1]),
        ("hard_shrink", {"threshold": 1}, [-2, 0.5, 1, 3], [-2, 0, 0, 3]),
        ("soft_shrink", {"threshold": 1}, [-2, 0.5, 3], [-1, 0, 2]),
        ("tanh_shrink", {}, [0, 1], [0, 1 - math.tanh(1)]),
        ("threshold", {"threshold": 1, "default_value": -5}, [-2, 1, 3], [-5, -5, 3]),
        ("squareplus", {"b": 0}, [-2, 3], [0, 3]),
        ("squareplus", {}, [0, 1.5], [1, 2]),
        ("sparse_plus", {}, [-2, 0, 0.5, 3], [0, 0.25, 0.5625, 3]),
        ("sparse_sigmoid", {}, [-2, 0, 0.5, 3], [0, 0.5, 0.75, 1]),
        ("sparsemax", {}, [[1, 0.5, -1], [0, 0, 0]], [[0.75, 0.25, 0], [1 / 3] * 3]),
        ("sparsemax", {"axis": 0}, [[2], [0]], [[1], [0]]),
        ("glu", {}, [[3, 5, 0, math.log(3)]], [[1.5, 3.75]]),
        ("glu", {"axis": 0}, [[2], [0]], [[1]]),
        ("softmax", {}, [[0, math.log(3)]], [[0.25, 0.75]]),
        ("softmax", {"axis": 0}, [[0], [math.log(3)]], [[0.25], [0.75]]),
        ("log_softmax", {}, [[0, math.log(3)]], [[math.log(0.25), math.log(0.75)]]),
    ],
)
def test_numbers_by_hand(name, kwargs, x, expected):
    y = getattr(activations, name)(np.asarray(x, "float32"), **kwargs)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.numpy(), expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_overflows_far_from_zero(name):
    x = np.array([-1e4, -100.0, -20.0, 0.0, 20.0, 100.0, 1e4, -1.0], "float32")
    if name == "exponential":
        x = np.minimum(x, 80.0).astype("float32")
    function = activation(name)
    assert np.isfinite(function(x).numpy()).all()
    first = nn.grad(lambda t: function(t).sum())
    assert np.isfinite(first(x).numpy()).all()
    assert np.isfinite(nn.grad(lambda t: first(t).sum())(x).numpy()).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_agree_with_finite_differences(name):
    x = np.array([[-4.1, -2.3, -0.7, -0.11], [0.13, 0.9, 2.2, 3.7]])
    tolerance = 1e-5 if name in KINKS else 1e-7
    gradcheck(activation(name), x, rtol=tolerance, atol=tolerance)
    gradcheck(activation(name), x, order=2, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_whole_numbers_and_lists_are_taken(name):
    x = np.array([[-1, 0, 2, 1]], "int32")
    y = activation(name)(x)
    if name != "linear":
        assert y.dtype == np.float32
    expected = activation(name)(x.astype("float32")).numpy()
    np.testing.assert_array_equal(y.numpy(), expected)
    np.testing.assert_array_equal(activation(name)(x.tolist()).numpy(), expected)


def test_relu_passes_no_gradient_at_zero_and_elu_passes_one():
    def slope(function):
        return nn.grad(function)(0.0).item()

    assert slope(activations.relu) == 0.0
    assert slope(activations.leaky_relu) == pytest.approx(0.2)
    assert slope(activations.elu) == slope(activations.celu) == 1.0


@pytest.mark.parametrize("layer", [
    lambda name: nn.layers.Activation(name),
    lambda name: nn.layers.Dense(3, activation=name),
    lambda name: nn.Sequential([nn.layers.Dense(3), nn.layers.Activation(name)]),
])  # fmt: skip
@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_probabilities_remember_their_logits(layer, name):
    y = layer(name)(np.float32([[1.0, -2.0, 0.5]]))
    scores = y.note(Logits).scores
    again = getattr(activations, name)(scores)
    np.testing.assert_array_equal(y.numpy(), again.numpy())
    assert not np.array_equal(y.numpy(), scores.numpy())


def test_the_softmax_layer_remembers_too_and_takes_axes_and_a_mask():
    x = np.float32([[[1.0, 2.0], [3.0, 4.0]]])
    y = nn.layers.Softmax()(x)
    np.testing.assert_array_equal(y.note(Logits).scores.numpy(), x)
    total = nn.layers.Softmax(axis=(1, 2))(x).numpy()
    np.testing.assert_allclose(total, np.exp(x) / np.exp(x).sum(), rtol=1e-6)
    masked = nn.layers.Softmax()(x, mask=np.array([True, False]))
    assert masked.tolist() == [[[1.0, 0.0], [1.0, 0.0]]]


def test_names():
    for name in FUNCTIONS:
        assert activations.get(name) is getattr(activations, name)
    assert activations.swish is activations.silu
    assert activations.hard_swish is activations.hard_silu
    assert activations.get(None) is activations.linear
    assert activations.get(math.tanh) is math.tanh


def test_errors():
    with pytest.raises(nn.errors.ShapeError, match=r"glu: the axis is cut into halves. Got x"):
        activations.glu([1.0, 2.0, 3.0])
    with pytest.raises(ArgumentError, match=r"unknown activation. Got 'rellu'; expected one of"):
        nn.layers.Dense(3, activation="rellu")
    with pytest.raises(ArgumentError, match="did you mean 'relu'"):
        activations.get("rellu")
    with pytest.raises(ArgumentError, match=r"an activation is a name or a function. Got 3"):
        activations.get(3)


def test_activation_layers_by_hand():
    x = np.float32([[-2.0, 3.0]])
    assert nn.layers.ReLU()(x).tolist() == [[0.0, 3.0]]
    np.testing.assert_allclose(nn.layers.LeakyReLU()(x).numpy(), [[-0.6, 3.0]], rtol=1e-6)
    np.testing.assert_allclose(nn.layers.ELU(2.0)(x).numpy(), [[2 * (E**-2 - 1), 3.0]], rtol=1e-6)
    prelu = nn.layers.PReLU()
    assert prelu(x).tolist() == [[0.0, 3.0]]
    prelu.set_weights([np.float32([0.25, 9.0])])
    assert prelu(x).tolist() == [[-0.5, 3.0]]


def test_prelu_shares_alpha_along_axes():
    layer = nn.layers.PReLU(shared_axes=[1, 2])
    layer(np.zeros((1, 4, 5, 3), "float32"))
    assert layer.alpha.shape == (1, 1, 3)
    with pytest.raises(nn.errors.ShapeError, match="there is no such axis to share"):
        nn.layers.PReLU(shared_axes=4)(np.zeros((1, 4, 5, 3), "float32"))
