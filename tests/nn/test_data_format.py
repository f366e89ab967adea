"""Layers with the channels first: the numbers of those with the channels last, moved."""

import inspect
import json

import numpy as np
import pytest

import neurona as nn
from neurona import config, layers, models
from neurona.errors import ArgumentError, ShapeError
from neurona.nn.description import describe, rebuild
from tests.tolerances import assert_engines_agree

from .test_layer_contract import ROWS, inputs_of

NAMES = sorted(
    name
    for name, row in ROWS.items()
    if "data_format" in inspect.signature(getattr(layers, name)).parameters
    and name not in ("Flatten",)
)
AXIS = {name: 2 if name.startswith("ConvLSTM") else 1 for name in NAMES}  # of the channels


@pytest.fixture
def default():
    """Let a test set the default; it is what it was afterwards."""
    yield config.set_image_data_format
    config.set_image_data_format("channels_last")


def pair(name):
    """A layer with the channels last and one with them first, of the same weights, and its x."""
    row = ROWS[name]
    last, first = (
        getattr(layers, name)(**{**row.arguments(), "data_format": form})
        for form in config.DATA_FORMATS
    )
    (x,) = inputs_of(row)
    moved = np.moveaxis(x, -1, AXIS[name])
    last(x), first(moved)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=w.shape).astype("float32") for w in last.get_weights()]
    last.set_weights(weights)
    first.set_weights(weights)
    return last, first, x, moved


def test_layers_with_a_data_format_are_known():
    assert len(NAMES) >= 35
    assert {"Conv3D", "UpSampling2D", "AdaptiveMaxPooling3D", "ConvLSTM1D"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_are_those_of_channels_last(name):
    last, first, x, moved = pair(name)
    axis = 1 if name.startswith("ConvLSTM") else AXIS[name]

    def back(y):  # (B, C) of a global pooling stays
        return np.moveaxis(y, axis, -1) if y.ndim > 2 else y

    y = last(x).numpy()
    assert np.array_equal(back(first(moved).numpy()), y)
    assert_engines_agree(back(nn.jit(first)(moved).numpy()), y)
    if not last.weights:
        return
    factor = np.arange(1.0, y.size + 1.0, dtype="float32").reshape(y.shape)
    moved_factor = np.moveaxis(factor, -1, axis) if y.ndim > 2 else factor
    _, ours = nn.gradients(lambda: (first(moved) * moved_factor).sum(), first.trainable_weights)
    _, theirs = nn.gradients(lambda: (last(x) * factor).sum(), last.trainable_weights)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_default_is_taken_and_remembered(name, default):
    row, cls = ROWS[name], getattr(layers, name)
    default("channels_first")
    layer = cls(**row.arguments())
    assert layer.data_format == "channels_first"
    assert layer.get_config()["data_format"] == "channels_first"
    description = json.loads(json.dumps(describe(layer)))
    default("Channels_Last")
    assert rebuild(description).data_format == "channels_first"
    assert cls(**row.arguments()).data_format == "channels_last"
    with pytest.raises(ArgumentError, match=r"unknown data_format. Got 'nchw'"):
        cls(**row.arguments(), data_format="NCHW")


def test_the_default_is_checked(default):
    with pytest.raises(ArgumentError, match=r"unknown data_format. Got 'first'"):
        default("first")
    assert config.image_data_format() == "channels_last"


def test_flatten_has_the_channels_last_in_either_case():
    x = np.arange(24.0, dtype="float32").reshape(1, 2, 3, 4)
    first = layers.Flatten("channels_first")
    assert np.array_equal(first(np.moveaxis(x, -1, 1)).numpy(), layers.Flatten()(x).numpy())
    assert layers.Flatten("channels_first")([[1.0, 2.0]]).tolist() == [[1.0, 2.0]]


def test_states_of_a_convolutional_lstm_have_the_channels_first():
    last, first, x, moved = pair("ConvLSTM2D")
    shape = last.get_initial_state(2)[0].shape
    assert first.get_initial_state(2)[0].shape == (shape[0], shape[-1], *shape[1:-1])
    rng = np.random.default_rng(1)
    states = [rng.normal(size=shape).astype("float32") for _ in range(2)]
    given = [np.moveaxis(s, -1, 1) for s in states]
    y, ours = last(x, initial_state=states), first(moved, initial_state=given)
    assert np.array_equal(np.moveaxis(ours.numpy(), 1, -1), y.numpy())
    with pytest.raises(ShapeError, match="initial_state has another shape"):
        first(moved, initial_state=states)


def test_the_mask_of_a_sequence_counts_with_the_channels_first():
    x = np.arange(12.0, dtype="float32").reshape(2, 3, 2)
    mask = np.array([[True, True, False], [True, False, False]])
    first = layers.GlobalAveragePooling1D("channels_first")
    ours = first(np.moveaxis(x, -1, 1), mask=mask).numpy()
    assert np.array_equal(ours, layers.GlobalAveragePooling1D()(x, mask=mask).numpy())


def network(form):
    axis = 1 if form == "channels_first" else -1
    return models.Sequential([
        layers.Input((2, 8, 8) if axis == 1 else (8, 8, 2)),
        layers.Conv2D(4, 3, padding="same", data_format=form, use_bias=False),
        layers.BatchNormalization(axis=axis),
        layers.Activation("relu"),
        layers.MaxPooling2D(data_format=form),
        layers.SeparableConv2D(6, 3, activation="relu", data_format=form),
        layers.GlobalAveragePooling2D(data_format=form),
        layers.Dense(3),
    ])  # fmt: skip


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_network_learns_the_same(engine):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 8, 8, 2)).astype("float32")
    y = rng.integers(0, 3, 12)
    losses, weights = [], network("channels_last").get_weights()
    for form in config.DATA_FORMATS:
        model = network(form)
        model.set_weights(weights)
        model.compile(
            "sgd", nn.losses.SparseCategoricalCrossentropy(from_logits=True), engine=engine
        )
        given = x if form == "channels_last" else np.moveaxis(x, -1, 1)
        history = model.fit(given, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: layers.Conv2D(2, 3, data_format="channels_first")(np.ones((4, 8, 8))),
         "expected x (batch, channels, height, width)"),
        (lambda: layers.Conv2D(2, 3, data_format="channels_first")(np.ones((4, 8, 8))),
         "x[:, None] adds an axis of channels"),
        (lambda: layers.Conv3D(2, 3)(np.ones((4, 8, 8, 1))),
         "expected x (batch, depth, height, width, channels)"),
        (lambda: layers.Conv3D(2, 5)(np.ones((4, 3, 8, 8, 8))), "are the channels first?"),
        (lambda: layers.AdaptiveMaxPooling2D(0), "output_size is too small. Got 0"),
        (lambda: layers.AdaptiveMaxPooling2D((1, 2, 3)), "output_size has the wrong length"),
        (lambda: layers.AdaptiveAveragePooling1D(2)(np.ones((1, 0, 2))), "nothing to pool"),
        (lambda: nn.ops.adaptive_max_pool(np.ones((3, 4)), 2), "x (batch, *sizes, channels)"),
        (lambda: layers.Cropping3D(2)(np.ones((1, 4, 5, 6, 1))), "nothing would be left"),
        (lambda: layers.MaxPooling3D(3)(np.ones((1, 2, 5, 6, 1))), "the window is larger than"),
        (lambda: layers.ZeroPadding3D((1, 2)), "padding has the wrong length"),
        (lambda: layers.UpSampling3D((1, 2)), "size has the wrong length"),
        (lambda: layers.Conv3DTranspose(1, 3, 2, output_padding=2), "must be below the strides"),
    ],
)  # fmt: skip
def test_mistakes_are_explained(run, message):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        run()
    assert message in str(caught.value)


def test_images_with_the_channels_at_the_other_end_are_recognised():
    layer = layers.Conv2D(2, 3, data_format="channels_first")
    layer(np.ones((1, 3, 32, 32), "float32"))
    with pytest.raises(ShapeError, match=r"the channels come first: np.moveaxis\(x, -1, 1\)"):
        layer(np.ones((1, 32, 32, 3), "float32"))
    volumes = layers.Conv3D(2, 3)
    volumes(np.ones((1, 8, 8, 8, 2), "float32"))
    with pytest.raises(ShapeError, match=r"the channels come last: np.moveaxis\(x, 1, -1\)"):
        volumes(np.ones((1, 2, 8, 8, 8), "float32"))


def test_arguments_by_place_are_kerass():
    conv = layers.Conv3DTranspose(2, 3, 2, "same", "channels_first", 1, 1, "relu", False)
    assert (conv.data_format, conv.output_padding) == ("channels_first", (1, 1, 1))
    assert (conv.activation.__name__, conv.use_bias) == ("relu", False)
    plain = layers.Conv2DTranspose(2, 3, 2, "same", 1, "channels_first")
    assert (plain.data_format, plain.output_padding) == ("channels_first", (1, 1))
    assert layers.SpatialDropout3D(0.5, "channels_first", 3).seed == 3
