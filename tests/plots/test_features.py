"""What layers make of an image."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.plots import feature_maps


@pytest.fixture
def model():
    return nn.Sequential(
        [
            nn.Input((6, 6, 1)),
            layers.Conv2D(3, 3, kernel_initializer="ones", name="first"),
            layers.Activation("relu", name="relu"),
            layers.Conv2D(12, 3, strides=2, name="second"),
            layers.Flatten(name="flat"),
            layers.Dense(2),
        ]
    )


IMAGE = np.arange(36.0, dtype="float32").reshape(6, 6)


def test_a_row_for_each_layer_and_a_tile_for_each_channel(model):
    figure = feature_maps(model, IMAGE, title="Seen")
    figure.canvas.draw()
    labels = [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()]
    assert labels == ["image\n6 × 6 × 1", "first\n4 × 4 × 3", "second\n1 × 1 × 12"]
    assert len(figure.axes) == 1 + 3 + 10
    assert figure.get_suptitle() == "Seen"


@pytest.mark.parametrize("image", [IMAGE, IMAGE[..., None], IMAGE[None, ..., None]])
def test_tiles_are_what_the_layer_returns_on_one_scale(model, image):
    figure = feature_maps(model, image, ["relu"], count=2)
    sums = np.lib.stride_tricks.sliding_window_view(IMAGE, (3, 3)).sum((2, 3))  # of 3 x 3 pixels
    assert len(figure.axes) == 1 + 2
    for ax in figure.axes[1:]:
        tile = ax.images[0].get_array()
        np.testing.assert_allclose(tile, (sums - sums.min()) / np.ptp(sums), rtol=1e-6)


def test_colours_dead_maps_and_models_made_of_calls():
    inputs = nn.Input((4, 4, 3))
    x = layers.Conv2D(2, 1, kernel_initializer="zeros", name="dead")(inputs)
    model = nn.Model(inputs, layers.GlobalAveragePooling2D()(x))
    figure = feature_maps(model, np.random.default_rng(0).random((4, 4, 3), "float32"))
    figure.canvas.draw()
    assert figure.axes[0].images[0].get_array().shape == (4, 4, 3)
    assert not figure.axes[1].images[0].get_array().any()


def test_what_has_no_maps(model):
    with pytest.raises(ArgumentError, match="did you mean 'first'"):
        feature_maps(model, IMAGE, ["frist"])
    with pytest.raises(ShapeError, match="the layer 'flat' returns no maps"):
        feature_maps(model, IMAGE, ["flat"])
    with pytest.raises(ShapeError, match="feature maps are those of one image") as error:
        feature_maps(model, np.zeros((2, 6, 6, 1)))
    assert "try: one of several: images[0]" in str(error.value)
    dense = nn.Sequential([nn.Input((6, 6, 1)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(DataError, match="no layer of this model convolves images") as error:
        feature_maps(dense, IMAGE)
    assert "Got Flatten, Dense" in str(error.value)
    model.spare = layers.Conv2D(1, 1, name="spare")
    with pytest.raises(ArgumentError, match="the model does not call its layer 'spare'"):
        feature_maps(model, IMAGE, ["spare"])
