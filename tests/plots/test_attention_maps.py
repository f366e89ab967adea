"""The weights of attention that are drawn are those that the layer gives."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.plots import attention_maps


def test_weights_of_each_head():
    x = nn.Input((3, 4))
    look = layers.MultiHeadAttention(2, 4, name="look")
    masked = layers.MultiHeadAttention(1, 4, name="masked")
    y = masked(look(x, x), x, use_causal_mask=True)
    model = nn.Model(x, y)
    data = np.random.default_rng(1).normal(size=(1, 3, 4)).astype("float32")
    figure = attention_maps(model, data, words=["a", "b", "c"], title="seen")
    figure.canvas.draw()
    assert [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()] == ["look", "masked"]
    _, weights = look(data, data, return_attention_scores=True)
    for head in range(2):
        tile = figure.axes[head].images[0].get_array()
        np.testing.assert_allclose(tile, weights.numpy()[0, head], rtol=1e-5)
    causal = np.asarray(figure.axes[2].images[0].get_array())
    assert np.array_equal(causal == 0, np.triu(np.ones((3, 3), bool), 1))
    assert len(attention_maps(model, data, ["masked"]).axes) == 1
    for call, error, says in [
        (lambda: attention_maps(model, data, ["lok"]), ArgumentError, "did you mean 'look'"),
        (lambda: attention_maps(model, data, words=["a"]), ShapeError, "one word for each step"),
        (lambda: attention_maps(model, np.repeat(data, 2, 0)), ShapeError, "of one sequence"),
        (lambda: attention_maps(nn.Sequential([nn.Input((2,)), layers.Dense(1)]), [[1.0, 2.0]]),
         DataError, "no layer of this model keeps weights"),
    ]:  # fmt: skip
        with pytest.raises(error, match=says):
            call()
