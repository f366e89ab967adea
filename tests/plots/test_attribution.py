"""Which pixels matter, held against what is known of a linear model; and maps of embeddings."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.plots import embedding_space, occlusion, saliency

RNG = np.random.default_rng(5)
IMAGE = RNG.random((4, 4, 1)).astype("float32")


def drawn(figure):
    figure.canvas.draw()
    return np.asarray(figure.axes[1].images[0].get_array())


def test_saliency_and_occlusion():
    linear = nn.Sequential(
        [nn.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3, "softmax", name="out")]
    )
    weights = linear.get_layer("out").kernel.numpy().reshape(4, 4, 3)
    best = int(np.argmax(linear.predict(IMAGE[None], verbose=0)))
    np.testing.assert_allclose(
        drawn(saliency(linear, IMAGE)), np.abs(weights[..., best]), rtol=1e-5
    )
    np.testing.assert_allclose(
        drawn(saliency(linear, IMAGE[..., 0], 1, method="integrated")),
        IMAGE[..., 0] * weights[..., 1], rtol=1e-4, atol=1e-6,
    )  # fmt: skip
    found = drawn(occlusion(linear, IMAGE[None], 2, patch=2))
    parts = (IMAGE[..., 0] * weights[..., 2]).reshape(2, 2, 2, 2).sum((1, 3))
    np.testing.assert_allclose(found, parts, rtol=1e-4, atol=1e-5)
    assert drawn(occlusion(linear, IMAGE, patch=3, stride=1)).shape == (2, 2)
    network = nn.Sequential(
        [nn.Input((4, 4, 3)), layers.Conv2D(4, 3, activation="tanh"), layers.Flatten(),
         layers.Dense(2)]
    )  # fmt: skip
    colours = RNG.random((4, 4, 3))
    share = drawn(saliency(network, colours, 0, method="integrated", steps=100, baseline=0.5))
    gained = [
        network(np.asarray(x)[None]).numpy()[0, 0] for x in (colours, np.full((4, 4, 3), 0.5))
    ]
    assert share.sum() == pytest.approx(gained[0] - gained[1], rel=1e-3)
    for call, error, says in [
        (lambda: saliency(linear, IMAGE, 3), ArgumentError, "no such output"),
        (lambda: saliency(linear, IMAGE, method="smooth"), ArgumentError, "method"),
        (lambda: saliency(linear, np.zeros((2, 4, 4, 1))), ShapeError, "that of one image"),
        (lambda: occlusion(linear, IMAGE, patch=5), ArgumentError, "larger than the image"),
        (lambda: saliency(nn.Sequential([nn.Input((4, 4, 1)), layers.Conv2D(1, 1)]), IMAGE),
         ShapeError, "a row of outputs"),
    ]:  # fmt: skip
        with pytest.raises(error, match=says):
            call()


def test_maps_of_embeddings():
    layer = layers.Embedding(5, 3)
    layer(np.array([0]))
    figure = embedding_space(layer, list("abcde"), title="letters")
    figure.canvas.draw()
    points = np.asarray(figure.axes[0].collections[0].get_offsets())
    table = layer.embeddings.numpy()
    centred = table - table.mean(0)
    values = np.sort(np.linalg.eigvalsh(centred.T @ centred))[::-1]
    np.testing.assert_allclose((points**2).sum(0), values[:2], rtol=1e-4)
    assert figure.axes[0].get_title() == "letters"
    assert embedding_space([[1.0], [2.0]]).axes[0].get_ylabel() == "0 % of the spread"
    with pytest.raises(ShapeError, match="one word for each vector"):
        embedding_space(layer, ["a"])
    with pytest.raises(ShapeError, match="is a table"):
        embedding_space([1.0, 2.0])
    with pytest.raises(DataError, match="two or more finite vectors"):
        embedding_space([[1.0, np.nan], [0.0, 1.0]])
