"""Activation functions: the formulas against finite differences, and what is drawn."""

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.nn.activations import NAMES
from neurona.plots import activations
from neurona.plots.curves import FORMULAS, JUMPS, curve


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_agree_with_finite_differences(name):
    f, slope = curve(name)
    x = np.linspace(-7.03, 7.07, 300)
    x = x[np.all([np.abs(x - jump) > 1e-3 for jump in (*JUMPS.get(name, ()), 0.0)], axis=0)]
    numeric = (f(x + 1e-5) - f(x - 1e-5)) / 2e-5
    assert np.allclose(slope(x), numeric, atol=1e-7)


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_drawn_is_what_layers_compute(name):
    drawn = activations(name, (-4.0, 4.0)).axes[0].lines[0]
    x, y = drawn.get_data()
    computed = np.asarray(nn.layers.Activation(name, dtype="float64")(x[None]))[0]
    shown = ~np.isnan(y)
    assert shown.sum() >= len(x) - 1
    np.testing.assert_array_equal(y[shown], computed[shown])
    f, _ = curve(name)
    assert f(np.zeros(1)).tolist() == np.asarray(nn.activations.get(name)(np.zeros(1))).tolist()


def test_a_step_is_0_at_0():
    f, slope = curve("step")
    assert f(np.array([-1.0, 0.0, 1.0])).tolist() == [0.0, 0.0, 1.0]
    assert slope(np.array([-1.0, 0.0, 1.0])).tolist() == [0.0, 0.0, 0.0]
    assert activations("step").axes[0].get_title() == "step\n1 if x > 0 else 0"
    assert nn.classic.Perceptron(1).activate(0.0) == 0


def test_every_elementwise_activation_can_be_drawn():
    others = {"softmax", "log_softmax", "sparsemax", "glu", "threshold"}  # of axes, of arguments
    assert set(FORMULAS) == {fn.__name__ for fn in NAMES.values()} - others


def test_known_values():
    expected = {"sigmoid": 0.731059, "gelu": 0.841345, "silu": 0.731059, "mish": 0.865098}
    for name, value in expected.items():
        assert curve(name)[0](np.array([1.0])).item() == pytest.approx(value, abs=1e-6)


def test_each_panel_has_the_function_and_its_slope():
    figure = activations()
    figure.canvas.draw()
    assert [ax.get_title().split("\n")[0] for ax in figure.axes] == [
        "sigmoid",
        "tanh",
        "relu",
        "leaky_relu",
    ]
    value, slope = figure.axes[0].lines[:2]
    assert np.allclose(value.get_ydata(), 1 / (1 + np.exp(-value.get_xdata())))
    assert slope.get_label() == "f ′(x), at most 0.25"
    assert value.get_color() != slope.get_color()
    assert value.get_linestyle() != slope.get_linestyle()


def test_a_jump_is_a_gap():
    slope = activations("relu").axes[0].lines[1]
    assert np.isnan(slope.get_ydata()[slope.get_xdata() == 0]).all()
    assert set(slope.get_ydata()[slope.get_xdata() != 0]) == {0.0, 1.0}


def test_functions_of_the_user_have_a_numeric_slope():
    ax = activations({"cube": lambda x: x**3}, (-2, 2)).axes[0]
    x, y = ax.lines[1].get_data()
    assert np.allclose(y, 3 * x**2, atol=1e-6)
    assert ax.get_title() == "cube"
    assert ax.get_xlim() == (-2, 2)


def test_activation_errors():
    with pytest.raises(ArgumentError, match="did you mean 'relu'"):
        activations(["rellu"])
    with pytest.raises(ArgumentError, match="x_range is empty"):
        activations("relu", (1, -1))
    with pytest.raises(DataError, match="no functions"):
        activations([])
    with pytest.raises(ShapeError, match="total must act on each element"):
        activations({"total": np.sum})
