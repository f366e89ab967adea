"""Weights as pictures."""

from types import SimpleNamespace

import numpy as np
import pytest

from neurona.errors import ArgumentError, DataError, ShapeError, StateError
from neurona.plots import weights

random = np.random.default_rng(0)


def test_a_square_dense_kernel_is_a_picture_a_unit():
    kernel = random.normal(size=(64, 5))
    figure = weights(SimpleNamespace(name="hidden", kernel=kernel))
    figure.canvas.draw()
    ax = figure.axes[0]
    assert len(ax.images) == 5
    assert np.allclose(ax.images[3].get_array(), kernel[:, 3].reshape(8, 8))
    assert ax.get_title() == "hidden: 5 units\neach over its 8 × 8 inputs"


def test_all_tiles_share_one_scale_centred_at_zero():
    figure = weights(random.normal(size=(64, 5)) + 3)
    limits = {image.get_clim() for image in figure.axes[0].images}
    ((low, high),) = limits
    assert low == -high
    assert figure.axes[1].get_ylabel() == "weight"


def test_a_small_dense_kernel_is_a_heatmap_with_numbers():
    ax = weights([[1.0, -2.0], [0.5, 0.0], [3.0, 1.0]]).axes[0]
    assert ax.images[0].get_array().shape == (3, 2)
    assert [t.get_text() for t in ax.texts] == ["1", "-2", "0.5", "0", "3", "1"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("unit", "input")


def test_filters_of_one_channel_fill_the_grid():
    kernel = random.normal(size=(3, 3, 1, 7))
    ax = weights(kernel, count=6).axes[0]
    assert len(ax.images) == 6
    assert np.allclose(ax.images[2].get_array(), kernel[:, :, 0, 2])
    assert ax.get_title() == "6 of 7 filters\n3 × 3"


def test_channels_stand_side_by_side():
    kernel = random.normal(size=(5, 3, 4, 6))
    figure = weights(kernel)
    figure.canvas.draw()
    ax = figure.axes[0]
    assert len(ax.images) == 24
    assert np.allclose(ax.images[4 * 2 + 3].get_array(), kernel[:, :, 3, 2])
    assert ax.get_xlabel() == "channel"
    many = weights(random.normal(size=(3, 3, 64, 100))).axes[0]
    assert len(many.images) == 64
    assert many.get_title() == "8 of 100 filters\n3 × 3, 8 of 64 channels across"


def test_tiles_never_overlap():
    figure = weights(random.normal(size=(3, 3, 3, 32)))
    boxes = [image.get_extent() for image in figure.axes[0].images]
    corners = {(round(b[0], 6), round(b[3], 6)) for b in boxes}
    assert len(corners) == len(boxes)
    for a in boxes:
        inside = [b for b in boxes if a[0] < b[0] < a[1] and a[3] <= b[3] < a[2]]
        assert not inside


def test_conv1d_tiles_and_bias_histogram():
    assert len(weights(random.normal(size=(3, 8, 4))).axes[0].images) == 4
    ax = weights(np.arange(10.0)).axes[0]
    assert sum(p.get_height() for p in ax.patches) == 10


def test_a_model_is_a_histogram_a_layer_with_weights():
    model = SimpleNamespace(
        layers=[
            SimpleNamespace(name="a", kernel=random.normal(size=(3, 4))),
            SimpleNamespace(name="relu"),
            SimpleNamespace(name="b", weights=[np.full((4, 2), np.nan)]),
        ]
    )
    figure = weights(model)
    figure.canvas.draw()
    assert [ax.get_title().split("\n")[0] for ax in figure.axes] == ["a (3, 4)", "b (4, 2)"]
    assert "8 not finite" in figure.axes[1].get_title()
    assert len(weights({"x": [1.0], "y": [2.0]}).axes) == 2


def test_zero_weights_draw_without_a_warning():
    weights(np.zeros((64, 2))).canvas.draw()
    weights(np.zeros((2, 2))).canvas.draw()
    weights(np.zeros(3)).canvas.draw()


def test_weights_errors():
    with pytest.raises(ShapeError, match="these weights are not pictures") as caught:
        weights(np.ones((10, 2)), kind="tiles")
    assert 'kind="heatmap"' in str(caught.value)
    with pytest.raises(StateError, match="hidden has no weights yet"):
        weights(SimpleNamespace(name="hidden", kernel=None))
    with pytest.raises(DataError, match="no weights to draw"):
        weights(SimpleNamespace(layers=[SimpleNamespace(name="relu")]))
    with pytest.raises(DataError, match="must hold numbers"):
        weights(np.array([["a"]]))
    with pytest.raises(ArgumentError, match="unknown kind"):
        weights(np.ones((2, 2)), kind="picture")
