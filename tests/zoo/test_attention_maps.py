"""What attention shows of itself: weights that are those it computes with."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops, zoo
from neurona.zoo.attention import SelfAttention

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("causal", [False, True])
def test_weights_are_those_of_the_output(causal):
    x = nn.tensor(RNG.normal(size=(2, 5, 8)).astype("float32"))
    layer = SelfAttention(8, 2, causal=causal)
    y, weights = layer(x).numpy(), layer.attention_weights(x).numpy()
    assert weights.shape == (2, 2, 5, 5)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    assert (np.triu(weights, 1) == 0).all() == causal
    values = layer.read(x).numpy()[..., 16:].reshape(2, 5, 2, 4).transpose(0, 2, 1, 3)
    heads = (weights @ values).transpose(0, 2, 1, 3).reshape(2, 5, 8)
    np.testing.assert_allclose(layer.write(nn.tensor(heads)).numpy(), y, atol=1e-6)


def test_maps_of_a_vision_transformer():
    model = zoo.ViT(8, 4, 3, depth=2, width=16, hidden=16, heads=4)
    images = nn.tensor(RNG.normal(size=(3, 8, 8, 1)).astype("float32"))
    maps = model.attention_maps(images).numpy()
    assert maps.shape == (3, 2, 4)
    block = model.blocks[0]
    weights = block.attention.attention_weights(block.attention_norm(model.words(images))).numpy()
    np.testing.assert_allclose(maps[:, 0], weights[:, :, 0, 1:].mean(1), atol=1e-6)
    blank = model.attention_maps(ops.zeros((1, 8, 8, 1))).numpy()
    assert ((blank > 0) & (blank < 1)).all()
