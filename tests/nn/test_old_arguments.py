"""Older names of arguments: taken, told once, and remembered under their names of today."""

import warnings

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError
from neurona.nn import old_arguments


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(old_arguments, "_told", set())


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (lambda: layers.LeakyReLU(alpha=0.2), "negative_slope", 0.2),
        (lambda: layers.Dropout(p=0.25), "rate", 0.25),
        (lambda: layers.SpatialDropout1D(p=0.25), "rate", 0.25),
        (lambda: layers.GaussianNoise(sigma=0.1), "stddev", 0.1),
        (lambda: layers.Dense(output_dim=3, init="he_normal"), "units", 3),
        (lambda: layers.Dense(3, W_regularizer="l2"), "kernel_regularizer", "l2"),
        (lambda: layers.Dense(3, bias=False), "use_bias", False),
        (lambda: layers.Conv2D(4, nb_row=3, nb_col=2), "kernel_size", (3, 2)),
        (lambda: layers.Conv2D(nb_filter=4, kernel_size=3), "filters", 4),
        (lambda: layers.Conv2D(4, 3, border_mode="same"), "padding", "same"),
        (lambda: layers.Conv2D(4, 3, subsample=(2, 2)), "strides", (2, 2)),
        (lambda: layers.Conv2D(4, 3, dim_ordering="tf"), "data_format", "channels_last"),
        (lambda: layers.MaxPooling1D(pool_length=3), "pool_size", 3),
        (lambda: layers.LSTM(3, inner_activation="tanh"), "recurrent_activation", "tanh"),
        (lambda: layers.LSTM(3, dropout_U=0.1), "recurrent_dropout", 0.1),
        (lambda: layers.CategoryEncoding(max_tokens=3), "num_tokens", 3),
        (lambda: layers.Discretization(bins=[0.0, 1.0]), "bin_boundaries", [0.0, 1.0]),
    ],
)
def test_an_older_name_is_taken(make, name, value):
    with pytest.warns(UserWarning, match="older argument: write"):
        layer = make()
    assert layer.arguments[name] == value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make()  # told once
    again = type(layer).from_config(layer.get_config())
    assert again.arguments[name] == value


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.BatchNormalization(fused=True, renorm=False),
        lambda: layers.LSTM(3, time_major=False),
        lambda: layers.Dense(3, input_length=4),
        lambda: layers.Dense(3, autocast=False, dynamic=True),
    ],
)
def test_what_has_no_effect_is_left_out(make):
    with pytest.warns(UserWarning, match="it has no effect, leave it out"):
        make()


def test_what_is_not_there_is_an_error():
    with pytest.raises(ArgumentError, match="time_major=True is not there") as caught:
        layers.LSTM(3, time_major=True)
    assert "ops.transpose" in caught.value.hint
    with pytest.raises(ArgumentError, match="p is an older name of rate: give one of them"):
        layers.Dropout(rate=0.5, p=0.5)
    with pytest.raises(ArgumentError, match="unknown argument of ReLU"):
        layers.ReLU(p=0.5)
    with pytest.raises(ArgumentError, match="unknown argument of Dense"):
        layers.Dense(3, nb_row=3, nb_col=3)
    with pytest.raises(ArgumentError, match="neither sparse nor ragged"):
        nn.Input((3,), ragged=True)


def test_shapes_of_inputs_in_all_spellings():
    x = np.ones((2, 8, 8, 3))
    for first in (
        [layers.Conv2D(2, 3, input_shape=(8, 8, 3))],
        [layers.Conv2D(2, 3, batch_input_shape=(None, 8, 8, 3))],
        [layers.InputLayer(input_shape=(8, 8, 3)), layers.Conv2D(2, 3)],
        [layers.InputLayer(batch_input_shape=(None, 8, 8, 3)), layers.Conv2D(2, 3)],
        [nn.Input((8, 8, 3)), layers.Conv2D(2, 3)],
    ):
        model = nn.Sequential(first)
        assert model.output_shape == (None, 6, 6, 2)
        assert model(x).shape == (2, 6, 6, 2)
    assert nn.Sequential([layers.Dense(2, input_dim=5)]).count_params() == 12


def test_the_axis_of_the_channels_may_be_in_a_list():
    layer = layers.BatchNormalization(axis=[3])
    assert layer(np.ones((2, 4, 4, 5)), training=True).shape == (2, 4, 4, 5)
    assert layer.gamma.shape == (5,)
