"""The functional API: networks of symbolic tensors, in Keras's order and with Keras's names."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, FormatError, ShapeError, StateError
from tests.tolerances import assert_engines_agree

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def values(model):
    return [w.numpy() for w in model.weights]


def test_a_branching_model_computes_what_its_layers_do():
    x = nn.Input((4,))
    first, second = layers.Dense(5, "tanh"), layers.Dense(5)
    h = first(x)
    model = nn.Model(x, second(h) + h)
    expected = second(first(X)) + first(X)
    np.testing.assert_array_equal(model(X).numpy(), expected.numpy())
    assert_engines_agree(model.predict(X, verbose=0), expected.numpy())


def test_layers_and_weights_come_in_the_order_of_keras():
    # As printed by Keras 3.15.
    a, b = nn.Input((4,), name="a"), nn.Input((3,), name="b")
    h = layers.Dense(5, name="h1")(a)
    g = layers.Dense(5, name="g1")(b)
    s = layers.Add(name="s")([layers.Dense(5, name="h2")(h), g])
    p = layers.Dense(1, name="p")(s)
    q = layers.Dense(3, "softmax", name="q")(layers.Concatenate(name="c")([s, b]))
    model = nn.Model([a, b], [p, q])
    assert [la.name for la in model.layers] == ["a", "h1", "b", "h2", "g1", "s", "c", "p", "q"]
    names = [w.path for w in model.weights if w.name == "kernel"]
    assert names == [f"{n}/kernel" for n in ("h1", "h2", "g1", "p", "q")]


def test_depth_decides_before_the_order_of_the_calls():
    i = nn.Input((4,), name="i")
    b = layers.Dense(4, name="B")(layers.Dense(4, name="A")(i))
    d = layers.Add(name="D")([layers.Dense(4, name="C")(i), b])
    model = nn.Model(i, layers.Add(name="E")([d, i]))
    assert [la.name for la in model.layers] == ["i", "A", "C", "B", "D", "E"]  # as Keras


def test_several_inputs_are_fed_by_order_or_by_name():
    a, b = nn.Input((4,), name="a"), nn.Input((2,), name="b")
    model = nn.Model([a, b], layers.Dense(3)(ops.concatenate([a, b], axis=-1)))
    z = X[:, :2]
    expected = model([X, z]).numpy()
    np.testing.assert_array_equal(model({"b": z, "a": X}).numpy(), expected)
    np.testing.assert_array_equal(model((X, z)).numpy(), expected)
    np.testing.assert_allclose(model.predict({"a": X, "b": z}, verbose=0), expected, rtol=1e-6)
    with pytest.raises(ArgumentError, match="an input is missing"):
        model({"a": X})
    with pytest.raises(ArgumentError, match="an input is unknown"):
        model({"a": X, "b": z, "c": z})
    with pytest.raises(ArgumentError, match=r"another number of inputs. Got 1; expected 2: a, b"):
        model(X)


def test_inputs_and_outputs_may_be_dicts():
    a, b = nn.Input((4,), name="a"), nn.Input((4,), name="b")
    model = nn.Model({"left": a, "right": b}, {"sum": a + b, "difference": a - b})
    y = model({"left": X, "right": 2 * X})
    np.testing.assert_allclose(y["sum"].numpy(), 3 * X, rtol=1e-6)
    np.testing.assert_allclose(y["difference"].numpy(), -X, rtol=1e-6)
    again = model({"a": X, "b": 2 * X})
    np.testing.assert_array_equal(again["sum"].numpy(), y["sum"].numpy())


def test_one_output_in_a_list_comes_alone():
    x = nn.Input((4,))
    assert nn.Model(x, [layers.Dense(2)(x)])(X).shape == (6, 2)


def test_a_shared_layer_is_one_layer():
    a, b = nn.Input((4,)), nn.Input((4,))
    shared = layers.Dense(3)
    model = nn.Model([a, b], shared(a) - shared(b))
    assert model.count_params() == 15
    np.testing.assert_array_equal(model([X, X]).numpy(), np.zeros((6, 3)))
    assert shared.output is model.layers[2].output  # of the first call


def test_models_nest():
    x = nn.Input((4,))
    encoder = nn.Model(x, layers.Dense(2, "tanh")(x), name="encoder")
    decoder = nn.Sequential([nn.Input((2,)), layers.Dense(4)], name="decoder")
    z = nn.Input((4,))
    model = nn.Model(z, decoder(encoder(z)))
    assert [la.name for la in model.layers[1:]] == ["encoder", "decoder"]
    assert model.count_params() == 4 * 2 + 2 + 2 * 4 + 4
    np.testing.assert_array_equal(model(X).numpy(), decoder(encoder(X)).numpy())


def test_operators_and_functions_work_on_symbolic_tensors():
    x = nn.Input((4,))
    y = (2.0 * x - 1.0) / 3.0 + x**2
    y = ops.maximum(-y, 0.5) @ np.ones((4, 4), "float32")
    y = ops.softmax(y.reshape((-1, 2, 2)).transpose((0, 2, 1)), axis=-1)
    y = ops.mean(y[:, 0], axis=-1, keepdims=True) * x.mean(axis=-1, keepdims=True)
    y = ops.where(y > 0, y, 0.1 * y) + ops.einsum("bi,bi->b", x, x)[:, None]
    model = nn.Model(x, y)

    def by_hand(x):
        x = nn.tensor(x)
        y = (2.0 * x - 1.0) / 3.0 + x**2
        y = ops.maximum(-y, 0.5) @ np.ones((4, 4), "float32")
        y = ops.softmax(y.reshape((-1, 2, 2)).transpose((0, 2, 1)), axis=-1)
        y = ops.mean(y[:, 0], axis=-1, keepdims=True) * x.mean(axis=-1, keepdims=True)
        return ops.where(y > 0, y, 0.1 * y) + ops.einsum("bi,bi->b", x, x)[:, None]

    assert y.shape == (None, 1)
    np.testing.assert_array_equal(model(X).numpy(), by_hand(X).numpy())
    assert model.layers == [x.call.layer]  # ops are no layers, as in Keras
    assert model._network.operations[-1].name.startswith("add")


def test_ops_with_several_outputs():
    x = nn.Input((4,))
    left, right = ops.split(x, 2, axis=-1)
    model = nn.Model(x, [right, left])
    y = model(X)
    np.testing.assert_array_equal(y[0].numpy(), X[:, 2:])
    np.testing.assert_array_equal(y[1].numpy(), X[:, :2])


def test_symbolic_arguments_by_keyword():
    class Gate(layers.Layer):
        def call(self, x, gate=None):
            return x * gate

    a, b = nn.Input((4,)), nn.Input((4,))
    model = nn.Model([a, b], Gate()(a, gate=b))
    np.testing.assert_allclose(model([X, X]).numpy(), X * X)


def test_unknown_sizes_stay_unknown():
    x = nn.Input((None, 8))
    y = layers.Dense(3)(x)
    assert y.shape == (None, None, 3)
    assert ops.concatenate([y, y], axis=1).shape == (None, None, 3)
    assert layers.Conv1D(2, 5)(x).shape == (None, None, 2)  # a window of 5 needs 5 steps
    images = nn.Input((None, None, 3))  # of 2 and of 3 rows this pooling leaves 1: no size to tell
    assert layers.MaxPooling2D()(images).shape == (None, None, None, 3)
    model = nn.Model(x, y)
    assert model(np.zeros((2, 7, 8))).shape == (2, 7, 3)
    assert nn.Input((3,), batch_size=5).shape == (5, 3)
    assert nn.Input(batch_shape=(5, 3)).shape == (5, 3)


def test_a_layer_that_needs_an_unknown_size_says_so():
    with pytest.raises(ShapeError, match=r"needs to know a size that is None. Got \(None, None\)"):
        layers.Dense(3)(nn.Input((None,)))


def test_features_can_be_taken_out_of_a_model():
    model = nn.Sequential([nn.Input((4,)), layers.Dense(3, "relu", name="hidden"), layers.Dense(1)])
    features = nn.Model(inputs=model.inputs, outputs=model.get_layer("hidden").output)
    np.testing.assert_array_equal(features(X).numpy(), model.layers[0](X).numpy())
    rest = nn.Model(model.get_layer("hidden").output, model.outputs)
    np.testing.assert_array_equal(rest(features(X)).numpy(), model(X).numpy())
    assert model.get_layer(index=0).input is model.inputs[0]


def test_a_subclass_may_give_inputs_and_outputs():
    class Named(nn.Model):
        pass

    class Built(nn.Model):
        def __init__(self, units, **kwargs):
            x = nn.Input((4,))
            super().__init__(inputs=x, outputs=layers.Dense(units)(x), **kwargs)
            self.units = units

    x = nn.Input((4,))
    assert Named(x, layers.Dense(2)(x))(X).shape == (6, 2)
    model = Built(3, name="built")
    assert model(X).shape == (6, 3)
    assert model.name == "built"
    assert len(model.weights) == 2


def test_inputs_adjust_rank_and_type_as_keras_does():
    x = nn.Input((1,))
    model = nn.Model(x, 2.0 * x)
    assert model(np.array([1.0, 2.0])).shape == (2, 1)
    flat = nn.Input(())
    assert nn.Model(flat, 2.0 * flat)(np.ones((3, 1))).shape == (3,)
    numbers = nn.Input((2,), dtype="int32")
    assert nn.Model(numbers, numbers + 1)(np.array([[1.7, 2.2]])).tolist() == [[2, 3]]
    floats = nn.Input((2,))
    assert nn.Model(floats, floats / 2)(np.array([[1, 2]])).tolist() == [[0.5, 1.0]]


def test_wrong_shapes_are_refused_by_name():
    x = nn.Input((4,), name="features")
    model = nn.Model(x, layers.Dense(2)(x))
    with pytest.raises(ShapeError, match=r"the input 'features' takes another shape. Got \(6, 3\)"):
        model(X[:, :3])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda x: nn.Model(x, X), ArgumentError, "outputs are symbolic tensors"),
        (lambda x: nn.Model(X, x), ArgumentError, "inputs are symbolic tensors"),
        (lambda x: nn.Model([], x), ArgumentError, "inputs are symbolic tensors. Got none"),
        (lambda x: nn.Model([x, x], x + 1), ArgumentError, "an input is given twice"),
        (lambda x: nn.Model(x), ArgumentError, "takes inputs and outputs, or neither"),
        (lambda x: nn.Model(x, x + nn.Input((4,))), StateError, "an input that the model does not"),
        (
            lambda x: nn.Model(x, layers.Dense(1, name="d")(layers.Dense(1, name="d")(x))),
            ArgumentError,
            "two layers of a model have the same name. Got 'd'",
        ),
        (lambda x: nn.Input(), ArgumentError, "an input needs a shape"),
        (lambda x: nn.Input((0,)), ArgumentError, "positive integers or None"),
        (lambda x: x.numpy(), StateError, "has a shape but no values"),
        (lambda x: bool(x > 0), StateError, "has a shape but no values"),
        (lambda x: x + nn.Parameter(1.0), StateError, "add: a Parameter meets a symbolic input"),
    ],
)
def test_mistakes_are_explained(make, error, message):
    with pytest.raises(error, match=message):
        make(nn.Input((4,)))


def test_building_symbolically_leaves_parameters_alone():
    x = nn.Input((4,))
    layer = layers.BatchNormalization()
    layer(x, training=True)
    assert all(p.data is not None for p in layer.weights)  # no tensor of the trace stays in them
    np.testing.assert_array_equal(layer.moving_mean.numpy(), np.zeros(4))


def test_get_layer():
    x = nn.Input((4,), name="in")
    model = nn.Model(x, layers.Dense(2, name="out")(x))
    assert model.get_layer("out") is model.get_layer(index=1) is model.layers[-1]
    with pytest.raises(ArgumentError, match=r"unknown layer. Got 'Out'; expected one of in, out"):
        model.get_layer("Out")
    with pytest.raises(ArgumentError, match="Got index 2; expected 0 to 1"):
        model.get_layer(index=2)
    with pytest.raises(ArgumentError, match="takes a name or an index"):
        model.get_layer()


def test_layers_cannot_be_assigned():
    model = nn.Model()
    with pytest.raises(StateError, match="`layers` is taken"):
        model.layers = []


def test_edges_name_who_feeds_whom():
    x = nn.Input((4,), name="x")
    h = layers.Dense(4, name="h")(x)
    model = nn.Model(x, layers.Add(name="sum")([h, x]))
    assert model.edges() == [("x", "h"), ("h", "sum"), ("x", "sum")]


# --- descriptions ------------------------------------------------------------------------------


def test_a_config_makes_an_equal_model():
    a, b = nn.Input((4,), name="a"), nn.Input((2,), name="b")
    shared = layers.Dense(2, name="shared")
    h = shared(a)[:, ::-1] + b
    h = ops.concatenate([h, ops.softmax(b * np.float32([1, 2]), axis=-1)], axis=-1)
    model = nn.Model({"a": a, "b": b}, [h, layers.Dense(1, name="o")(h)], name="m")
    again = nn.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    given = {"a": X, "b": X[:, :2]}
    for y, z in zip(model(given), again(given), strict=True):
        np.testing.assert_array_equal(y.numpy(), z.numpy())
    assert again.name == "m"
    assert [la.name for la in again.layers] == [la.name for la in model.layers]
    text = nn.models.model_from_json(model.to_json())
    assert text.count_params() == model.count_params()


def test_a_layer_in_two_places_is_rebuilt_as_one():
    x = nn.Input((4,))
    layer = layers.Dense(4, name="inner")
    inside = nn.Model(x, layer(x), name="inside")
    z = nn.Input((4,))
    outside = nn.Model(z, layer(inside(z)))
    assert outside.count_params() == 20
    again = nn.models.clone_model(outside)
    assert again.count_params() == 20
    assert again.get_layer("inside").layers[-1] is again.layers[-1]


def test_clones_have_new_weights_and_share_nothing():
    x = nn.Input((4,))
    scale = nn.Model(x, layers.Lambda(lambda v: v * 2.0)(layers.Dense(3)(x)))
    twin = nn.models.clone_model(scale)  # a lambda can be cloned, though not saved
    assert twin.weights[0] is not scale.weights[0]
    assert not np.array_equal(values(twin)[0], values(scale)[0])
    twin.set_weights(scale.get_weights())
    np.testing.assert_array_equal(twin(X).numpy(), scale(X).numpy())
    with pytest.raises(ArgumentError, match="clone_model takes a model"):
        nn.models.clone_model(3)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["network"].pop("calls"),
        lambda d: d["network"]["calls"].append([99, {"tuple": [{"tuple": []}, {"dict": []}]}]),
        lambda d: d["network"]["calls"].append("nonsense"),
        lambda d: d["network"].update(outputs={"at": [7, 7]}),
        lambda d: d["network"].update(outputs={"dict": [["k"]]}),
        lambda d: d["network"].update(layers=[3] * len(d["network"]["layers"])),
        lambda d: d["network"].update(tensors=[[3]]),
        lambda d: d.pop("arguments"),
    ],
)
def test_malformed_descriptions_are_refused(spoil):
    x = nn.Input((4,))
    config = nn.Model(x, layers.Dense(1)(x) + 1.0).get_config()
    spoil(config)
    with pytest.raises(FormatError):
        nn.Model.from_config(config)


def test_a_functional_model_has_the_input_and_output_it_was_made_of():
    x = nn.Input((4,))
    y = layers.Dense(3, name="hidden")(x)
    model = nn.Model(x, [y, layers.Dense(2)(y)])
    assert model.input is x
    assert model.output[0] is y
    assert model.input_shape == (None, 4)
    assert model.output_shape == [(None, 3), (None, 2)]
    features = nn.Model(model.input, model.get_layer("hidden").output)
    assert features.output_shape == (None, 3)
    with pytest.raises(StateError, match="has no input"):
        _ = layers.Dense(2).input
