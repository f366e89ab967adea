"""Sequential: built at once, later, or piece by piece."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, DataError, ShapeError, StateError

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


@pytest.mark.parametrize(
    "chain",
    [
        lambda: [nn.Input((4,)), layers.Dense(3), layers.Dense(2)],
        lambda: [nn.Input(shape=4), layers.Dense(3), layers.Dense(2)],
        lambda: [layers.InputLayer(shape=(4,)), layers.Dense(3), layers.Dense(2)],
        lambda: [layers.Dense(3, input_shape=(4,)), layers.Dense(2)],
        lambda: [layers.Dense(3, input_dim=4), layers.Dense(2)],
    ],
)
def test_a_known_input_builds_at_once(chain):
    model = nn.Sequential(chain())
    assert model.built
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2
    assert model.output_shape == (None, 2)
    assert model.input_shape == (None, 4)
    assert [type(la).__name__ for la in model.layers] == ["Dense", "Dense"]


def test_without_one_it_is_built_by_data():
    model = nn.Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built
    assert model.weights == []
    with pytest.raises(StateError, match="has no parameters yet"):
        model.count_params()
    assert model(X).shape == (6, 2)
    assert model.count_params() == 23
    assert model.output_shape == (None, 2)


def test_build_takes_the_shape_with_the_batch_axis():
    model = nn.Sequential([layers.Dense(3), layers.Dense(2)])
    model.build((None, 4))
    assert model.count_params() == 23
    assert model.layers[0].input.shape == (None, 4)
    model = nn.Sequential([layers.Dense(3)])
    model.build(input_shape=(None, 4))
    assert model.built


def test_layers_are_added_and_removed():
    model = nn.Sequential(name="chain")
    model.add(nn.Input((4,)))
    model.add(layers.Dense(3, name="a"))
    kernel = model.weights[0]
    model.add(layers.Dense(2, name="b"))
    assert model.weights[0] is kernel
    assert model.output_shape == (None, 2)
    last = model.pop()
    assert last.name == "b"
    assert model.output_shape == (None, 3)
    assert model(X).shape == (6, 3)
    model.add(layers.Dense(5))
    assert model(X).shape == (6, 5)
    model.pop(), model.pop()
    with pytest.raises(StateError, match="'chain' has no layers"):
        model.pop()
    with pytest.raises(StateError, match="'chain' has no layers"):
        model(X)


def test_a_grown_model_can_be_trained_further():
    model = nn.Sequential([nn.Input((4,)), layers.Dense(3)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(X, np.zeros((6, 3)), verbose=0)
    model.add(layers.Dense(1))
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(X, np.zeros((6, 1)), verbose=0).history
    assert set(history) == {"loss", "mae"}


def test_models_nest_and_lend_their_input():
    inner = nn.Sequential([nn.Input((4,)), layers.Dense(3)], name="inner")
    model = nn.Sequential([inner, layers.Dense(2)])
    assert model.built
    assert model.output_shape == (None, 2)
    assert model.layers[0] is inner


def test_images_of_any_size_after_the_first():
    model = nn.Sequential([layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()])
    assert model(np.zeros((1, 8, 8, 1))).shape == (1, 2)
    assert model(np.zeros((1, 5, 6, 1))).shape == (1, 2)


def test_errors_say_which_layer():
    model = nn.Sequential([layers.Dense(3), layers.Reshape((5,), name="five")], name="mlp")
    with pytest.raises(ShapeError, match=r"\(layer 2 of 2 of Sequential 'mlp'\)"):
        model(X)
    with pytest.raises(ShapeError, match=r"\(layer 2 of 2 of Sequential 'mlp'\)"):
        nn.Sequential([nn.Input((4,)), layers.Dense(3), layers.Reshape((5,))], name="mlp")


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        (lambda: [3], "Sequential takes layers. Got 3"),
        (lambda: [layers.Dense], r"Sequential takes layers[\s\S]*try: Dense\(...\)"),
        (lambda: [layers.Dense(1, name="d"), layers.Dense(1, name="d")], "have the same name"),
        (lambda: [layers.Dense(1), nn.Input((4,))], "the input comes first, and once"),
        (lambda: [nn.Input((4,)), nn.Input((4,))], "the input comes first, and once"),
    ],
)
def test_what_does_not_belong_is_refused(chain, message):
    with pytest.raises(ArgumentError, match=message):
        nn.Sequential(chain())


def test_one_layer_cannot_be_there_twice():
    layer = layers.Dense(4)
    with pytest.raises(ArgumentError, match="have the same name"):
        nn.Sequential([layer, layer])


def test_data_of_another_shape_are_refused_at_the_door():
    model = nn.Sequential([nn.Input((4,), name="features"), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(
        DataError,
        match=r"x does not fit the input 'features' of the model. Got x \(6, 3\); "
        r"expected \(batch, 4\)",
    ):
        model.fit(X[:, :3], np.zeros(6))
    with pytest.raises(DataError, match=r"try: x\[None\] is one sample"):
        model.predict(X[0])
    images = nn.Sequential([nn.Input((4, 4, 1)), layers.Flatten()])
    assert images.predict(np.zeros((2, 4, 4)), verbose=0).shape == (2, 16)  # a last axis of 1
    images = nn.Sequential([nn.Input((4, 4, 3)), layers.Flatten()])
    with pytest.raises(DataError, match=r"try: x\[..., None\] adds a channel axis"):
        images.predict(np.zeros((2, 4, 4)))


def test_descriptions():
    for start in ([nn.Input((4,), name="in")], []):
        model = nn.Sequential([*start, layers.Dense(3, name="a"), layers.Dense(2)], name="mlp")
        model(X)
        again = nn.Sequential.from_config(model.get_config())
        assert again.name == "mlp"
        assert [la.name for la in again.layers] == [la.name for la in model.layers]
        again.set_weights(model.get_weights())
        np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())
        assert again._fixed_inputs == model._fixed_inputs
    unbuilt = nn.models.clone_model(nn.Sequential([layers.Dense(3)]))
    assert not unbuilt.built
    assert unbuilt(X).shape == (6, 3)


def test_a_subclass_is_rebuilt_by_its_constructor():
    class Tower(nn.Sequential):
        def __init__(self, depth, **kwargs):
            super().__init__([layers.Dense(4, "relu") for _ in range(depth)], **kwargs)

    model = Tower(3, name="tower")
    model(X)
    again = nn.models.clone_model(model)
    assert type(again) is Tower
    assert len(again.layers) == 3
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())
