"""`build` called by hand, as in Keras: the layer is built, and stays as it is."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers


class Scale(layers.Layer):
    """A layer of one's own, with another one inside that it builds."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)
        self.builds = 0

    def build(self, input_shape):
        self.builds += 1
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        self.dense.build(input_shape)
        super().build(input_shape)

    def call(self, x):
        return self.dense(x * self.scale)


@pytest.mark.parametrize("by_name", [False, True])
def test_what_is_set_after_build_stays(by_name):
    layer = layers.Dense(1)
    if by_name:
        layer.build(input_shape=(None, 2))
    else:
        layer.build((None, 2))
    assert layer.built
    layer.set_weights([np.array([[0.5], [-2.0]]), np.array([-0.5])])
    assert layer(np.array([[6.0, 1.0]])).numpy().tolist() == [[0.5]]
    with pytest.raises(nn.errors.ShapeError, match=r"was built for \(batch, 2\)"):
        layer(np.ones((1, 3)))


def test_a_layer_of_ones_own_and_what_is_inside_are_built_once():
    layer = Scale()
    layer.build((None, 3))
    before = layer.get_weights()
    assert layer.built
    assert layer.dense.built
    assert len(before) == len(layer.weights) == 3
    layer(np.ones((4, 3)))
    assert layer.builds == 1
    for x, y in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)


def test_recurrent_layers_and_cells():
    layer = layers.LSTM(2)
    layer.build((None, 5, 3))
    before = layer.get_weights()
    layer(np.ones((1, 5, 3)))
    assert [a.tolist() for a in before] == [a.tolist() for a in layer.get_weights()]


def test_a_build_that_fails_leaves_it_to_be_built():
    layer = layers.Dense(1)
    with pytest.raises(nn.errors.NeuronaError):
        layer.build((None, None))
    assert not layer.built
    assert layer(np.ones((1, 2))).shape == (1, 1)
