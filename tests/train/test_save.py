"""Saving and loading: everything comes back bit for bit, and no file runs code."""

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, FormatError, StateError
from neurona.models import load_model
from neurona.train.steps import rehearse
from neurona.train.tensor_file import read_tensors, write_tensors

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
Y = np.arange(12) % 3


class Net(nn.Model):
    def __init__(self, units, activation="tanh", **kwargs):
        super().__init__(**kwargs)
        self.blocks = [layers.Dense(units, activation), layers.BatchNormalization()]
        self.head = layers.Dense(3, "softmax")

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Scale(layers.Layer):
    def __init__(self, start=1.0):
        self.start = start

    def build(self, shape):
        self.scale = self.add_weight((), nn.initializers.Constant(self.start), "scale")

    def call(self, x):
        return x * self.scale


def swish_twice(x):
    return nn.activations.silu(nn.activations.silu(x))


def custom_loss(y_true, y_pred):
    return ops.mean(ops.square(ops.one_hot(y_true, 3) - y_pred), axis=-1)


CUSTOM = {"Net": Net, "Scale": Scale, "swish_twice": swish_twice, "custom_loss": custom_loss}


def sequential():
    return nn.Sequential(
        [
            nn.Input((4,), name="in"),
            layers.Dense(5, "relu", kernel_regularizer=nn.regularizers.L2(0.01), name="hidden"),
            layers.Dropout(0.3),
            layers.BatchNormalization(),
            layers.Dense(3, "softmax", kernel_initializer=nn.initializers.HeNormal(seed=1)),
        ],
        name="mlp",
    )


def deferred():
    model = nn.Sequential([layers.Dense(5, "relu"), layers.Dense(3, "softmax")])
    model(X)
    return model


def functional():
    x = nn.Input((4,), name="in")
    shared = layers.Dense(4, "tanh", name="shared")
    h = shared(shared(x)) + x * 0.5
    inner = nn.Sequential([nn.Input((4,)), layers.Dense(4), layers.Dropout(0.2)], name="inner")
    h = layers.Concatenate()([h[:, 1:3], inner(h), ops.mean(h, axis=-1, keepdims=True)])
    return nn.Model(x, layers.Dense(3, "softmax")(h), name="net")


def subclass():
    model = Net(5, swish_twice, name="sub")
    model(X)
    return model


def custom_layer():
    return nn.Sequential([nn.Input((4,)), Scale(2.0), layers.Dense(3, "softmax")])


MODELS = [sequential, deferred, functional, subclass, custom_layer]


def trained(make, optimizer=None, **settings):
    nn.utils.set_random_seed(7)
    model = make()
    model.compile(
        optimizer or nn.optimizers.Adam(0.01), "sparse_categorical_crossentropy",
        metrics=["accuracy"], **settings,
    )  # fmt: skip
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0)
    return model


def same_bits(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].dtype == b[name].dtype, name
        assert a[name].tobytes() == b[name].tobytes(), name


@pytest.mark.sampled(3)
@pytest.mark.parametrize("make", MODELS)
def test_training_goes_on_bit_for_bit(make, tmp_path):
    path = tmp_path / "model.safetensors"
    model = trained(make)
    model.save(path)
    expected = model.fit(X, Y, batch_size=5, epochs=4, initial_epoch=2, verbose=0)
    again = load_model(path, CUSTOM)
    found = again.fit(X, Y, batch_size=5, epochs=4, initial_epoch=2, verbose=0)
    assert found.history == expected.history
    arrays, info = model.get_state()
    others, details = again.get_state()
    same_bits(arrays, others)
    assert details == info


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: nn.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        lambda: nn.optimizers.AdamW(
            nn.optimizers.schedules.CosineDecay(0.01, 20), weight_decay=0.1
        ),
        lambda: nn.optimizers.Adam(0.01, use_ema=True, gradient_accumulation_steps=2, clipnorm=1.0),
        lambda: "rmsprop",
    ],
)
def test_optimizers_come_back(optimizer, tmp_path):
    path = tmp_path / "m"
    model = trained(sequential, optimizer())
    model.save(path)
    model.fit(X, Y, batch_size=5, verbose=0)
    again = load_model(path)
    assert type(again.optimizer) is type(model.optimizer)
    again.fit(X, Y, batch_size=5, verbose=0)
    same_bits(again.get_state()[0], model.get_state()[0])


def test_what_is_left_out_of_weight_decay_comes_back(tmp_path):
    def optimizer():
        found = nn.optimizers.AdamW(0.1, weight_decay=0.5)
        found.exclude_from_weight_decay(var_names=["bias"])
        return found

    model = trained(sequential, optimizer())
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m")
    for m in (model, again):
        nn.utils.set_random_seed(0)
        m.fit(X, Y, batch_size=5, verbose=0)
    same_bits(again.get_state()[0], model.get_state()[0])


def test_the_state_within_an_epoch_comes_back(tmp_path):
    model = trained(sequential)
    model.reset_metrics()
    model.train_on_batch(X[:5], Y[:5])
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m")
    logs = []
    for each in (model, again):
        nn.utils.set_random_seed(1)
        rehearse(each, (X[5:], Y[5:], None), "train")
        logs.append(each.training_step()(X[5:], Y[5:], None))
    assert logs[0] == logs[1]  # the totals so far were in the file
    assert logs[0] != model.train_on_batch(X[5:], Y[5:], return_dict=True)


def test_the_random_stream_goes_on_only_with_the_training(tmp_path):
    model = trained(sequential)
    model.save(tmp_path / "m")
    position = nn.core.random.get_position()
    nn.utils.set_random_seed(99)
    load_model(tmp_path / "m", compile=False)
    assert nn.core.random.get_position()[0] == 99
    load_model(tmp_path / "m")
    assert nn.core.random.get_position() == position


def test_without_optimizer_or_compile(tmp_path):
    model = trained(functional)
    model.save(tmp_path / "m", include_optimizer=False)
    again = load_model(tmp_path / "m")
    assert again.compiled
    assert again.optimizer.parameters == []
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    again = load_model(tmp_path / "m", compile=False)
    assert not again.compiled
    np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())
    uncompiled = functional()
    uncompiled.save(tmp_path / "u")
    again = load_model(tmp_path / "u")
    np.testing.assert_array_equal(again(X).numpy(), uncompiled(X).numpy())


def test_compile_settings_come_back(tmp_path):
    x = nn.Input((4,), name="x")
    model = nn.Model(x, [layers.Dense(3, name="a")(x), layers.Dense(1, name="b")(x)])
    model.compile(
        nn.optimizers.SGD(0.1), {"a": custom_loss, "b": nn.losses.Huber(2.0)},
        loss_weights={"a": 1.0, "b": 0.5}, metrics={"a": ["accuracy", custom_loss]},
        weighted_metrics={"b": ["mae"]}, steps_per_execution=2,
    )  # fmt: skip
    y = [Y, X[:, :1]]
    model.fit(X, y, verbose=0)
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m", CUSTOM)
    assert again.steps_per_execution == 2
    logs = again.evaluate(X, y, verbose=0, return_dict=True)
    assert logs == model.evaluate(X, y, verbose=0, return_dict=True)


def test_a_changed_learning_rate_comes_back(tmp_path):
    model = trained(sequential)
    model.optimizer.learning_rate = 0.5
    model.save(tmp_path / "m")
    assert load_model(tmp_path / "m").optimizer.learning_rate.numpy() == np.float32(0.5)


def test_rates_of_single_parameters_come_back(tmp_path):
    model = trained(sequential)
    slow = model.trainable_weights[:2]
    model.optimizer.scale_learning_rate(0.25, slow)
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m")
    assert again.optimizer._factors == dict.fromkeys(again.trainable_weights[:2], 0.25)


def test_frozen_layers_stay_frozen(tmp_path):
    model = functional()
    model.get_layer("inner").trainable = False
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m")
    assert [w.path for w in again.trainable_weights] == [w.path for w in model.trainable_weights]
    assert not again.get_layer("inner").layers[0].trainable


def test_layers_of_two_places_are_loaded_as_one(tmp_path):
    x, z = nn.Input((4,)), nn.Input((4,))
    layer = layers.Dense(4, name="d")
    inside = nn.Model(x, layer(x), name="inside")
    nn.Model(z, layer(inside(z))).save(tmp_path / "m")
    again = load_model(tmp_path / "m")
    assert again.count_params() == 20


def test_models_as_arguments(tmp_path):
    class Pair(nn.Model):
        def __init__(self, first, second):
            super().__init__()
            self.first, self.second = first, second

        def call(self, x):
            return self.second(self.first(x))

    one = nn.Sequential([nn.Input((4,)), layers.Dense(2)])
    model = Pair(one, nn.Sequential([layers.Dense(3)]))
    y = model(X).numpy()
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(load_model(tmp_path / "m", {"Pair": Pair})(X).numpy(), y)


def test_float64_models(tmp_path):
    model = nn.Sequential([nn.Input((4,), dtype="float64"), layers.Dense(2, dtype="float64")])
    model.save(tmp_path / "m")
    again = load_model(tmp_path / "m")
    assert again.weights[0].dtype == np.float64
    same_bits(again.get_state()[0], model.get_state()[0])


# --- what cannot be saved -----------------------------------------------------------------------


def test_lambdas_cannot_be_saved(tmp_path):
    model = nn.Sequential([nn.Input((4,)), layers.Lambda(lambda x: 2 * x)])
    with pytest.raises(ArgumentError, match=r"a lambda cannot be saved[\s\S]*custom_objects"):
        model.save(tmp_path / "m")
    assert not (tmp_path / "m").exists()
    model = nn.Sequential([nn.Input((4,)), layers.Lambda(swish_twice)])
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(load_model(tmp_path / "m", CUSTOM)(X).numpy(), model(X).numpy())


def test_an_unbuilt_model_has_nothing_to_save(tmp_path):
    model = nn.Sequential([layers.Dense(3)], name="new")
    for save in (model.save, model.save_weights):
        with pytest.raises(StateError, match="'new' has no parameters yet"):
            save(tmp_path / "m")


def test_arguments_that_are_no_json(tmp_path):
    class Holder(layers.Layer):
        def __init__(self, thing):
            self.thing = thing

        def call(self, x):
            return x

    model = nn.Sequential([nn.Input((4,)), Holder(object()), layers.Dense(1)])
    with pytest.raises(ArgumentError, match=r"this argument cannot be saved. Got object"):
        model.save(tmp_path / "m")


@pytest.mark.parametrize("path", ["", ".", Path()])
def test_a_file_has_a_name(path):
    model = nn.Sequential([nn.Input((3,)), layers.Dense(2)])
    for call in (model.save, model.save_weights, model.load_weights, load_model):
        with pytest.raises(ArgumentError, match="a file has a name"):
            call(path)


def test_overwrite(tmp_path):
    model = sequential()
    model.save(str(tmp_path / "m"))
    model.save(tmp_path / "m")
    for save in (model.save, model.save_weights):
        with pytest.raises(StateError, match="exists"):
            save(tmp_path / "m", overwrite=False)


# --- weights alone ------------------------------------------------------------------------------


def test_weights_go_from_model_to_model(tmp_path):
    for save in ("save", "save_weights"):
        model, other = sequential(), sequential()
        getattr(model, save)(tmp_path / save)
        other.load_weights(tmp_path / save)
        np.testing.assert_array_equal(other(X).numpy(), model(X).numpy())


def test_automatic_names_do_not_matter(tmp_path):
    a, b = deferred(), deferred()
    assert a.layers[0].name != b.layers[0].name
    a.save_weights(tmp_path / "w")
    b.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(a(X).numpy(), b(X).numpy())


def test_weights_from_elsewhere(tmp_path):
    model = nn.Sequential([nn.Input((4,)), layers.Dense(2, name="fc")])
    given = {"fc.kernel": RNG.normal(size=(4, 2)).astype("float16"), "fc.bias": np.ones(2)}
    safetensors.numpy.save_file(given, tmp_path / "w", {"format": "pt"})
    with pytest.warns(UserWarning, match="w has no checksums") as told:
        model.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(model.get_weights()[0], given["fc.kernel"].astype("float32"))
    with (
        pytest.warns(UserWarning, match="w has no checksums") as told_too,
        pytest.raises(FormatError, match="w holds arrays, but no model"),
    ):
        load_model(tmp_path / "w")
    assert {warning.filename for warning in [*told, *told_too]} == {__file__}
    model.save_weights(tmp_path / "w")
    with pytest.raises(FormatError, match=r"w holds arrays, but no model[\s\S]*load_weights"):
        load_model(tmp_path / "w")


def test_weights_that_do_not_fit(tmp_path):
    wide = nn.Sequential([nn.Input((4,)), layers.Dense(3, name="a"), layers.Dense(1, name="b")])
    slim = nn.Sequential([nn.Input((4,)), layers.Dense(2, name="a"), layers.Dense(1, name="c")])
    wide.save_weights(tmp_path / "w")
    before = slim.get_weights()
    with pytest.raises(
        FormatError, match=r"a/kernel is \(4, 3\) in the file, \(4, 2\) in the model"
    ):
        slim.load_weights(tmp_path / "w")
    with pytest.raises(FormatError):
        slim.load_weights(tmp_path / "w", by_name=True)
    for old, new in zip(before, slim.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.warns(UserWarning, match="load_weights left these as they were: c/"):
        slim.load_weights(tmp_path / "w", skip_mismatch=True)
    named = nn.Sequential([nn.Input((4,)), layers.Dense(3, name="a"), layers.Dense(7, name="c")])
    named.load_weights(tmp_path / "w", by_name=True)
    np.testing.assert_array_equal(named.get_weights()[0], wide.get_weights()[0])
    with pytest.raises(FormatError, match="c/kernel is not in the file"):
        named.load_weights(tmp_path / "w")
    alone = nn.Sequential([nn.Input((4,)), layers.Dense(3, name="a")])
    with pytest.raises(
        FormatError, match=r"b/bias is not in the model|b/kernel is not in the model"
    ):
        alone.load_weights(tmp_path / "w")


# --- hostile files ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "m.safetensors"
    trained(functional).save(path)
    arrays, metadata = read_tensors(path)
    return arrays, json.loads(metadata["neurona"]), path.read_bytes()


def load_changed(path, arrays, found, **kwargs):
    write_tensors(path, arrays, {"neurona": found if isinstance(found, str) else json.dumps(found)})
    return load_model(path, **kwargs)


def test_classes_from_elsewhere_must_be_given(tmp_path):
    subclass().save(tmp_path / "m")
    with pytest.raises(
        FormatError,
        match=r"the file needs 'Net', which is not part of neurona[\s\S]*custom_objects",
    ):
        load_model(tmp_path / "m")


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "builtins.eval", "models.load_model", "layers.__class__", "custom.system",
        "layers.os", "neurona.train.save", "", "..", "models.clone_model",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["object", "function", "class"])
def test_a_file_names_nothing_but_public_parts(saved, tmp_path, name, kind):
    arrays, found, _ = saved
    evil = {kind: name, "arguments": {"path": "x"}} if kind == "object" else {kind: name}
    described = json.loads(json.dumps(found))
    described["model"]["network"]["layers"][0]["arguments"]["activation"] = evil
    with pytest.raises(FormatError):
        load_changed(tmp_path / "m", arrays, described)


@pytest.mark.parametrize(
    "name", ["custom.exec", "custom.eval", "custom.os", "os.system", "custom.a b", "custom.import",
             "custom.print", "builtins.Net", "a.b.c"],
)  # fmt: skip
def test_a_hint_never_offers_to_hand_over_what_a_file_could_harm_with(saved, tmp_path, name):
    arrays, found, _ = saved
    with pytest.raises(FormatError, match="do not trust the file") as error:
        load_changed(tmp_path / "m", arrays, {**found, "model": {"object": name, "arguments": {}}})
    assert "custom_objects" not in str(error.value)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_has_not_are_refused_in_a_model(saved, tmp_path, token):
    arrays, found, _ = saved
    text = json.dumps({**found, "more": 12345}).replace("12345", token)
    with pytest.raises(FormatError, match=f"this JSON cannot be read. Got the number {token}"):
        load_changed(tmp_path / "m", arrays, text)


def test_numbers_that_json_has_not_are_saved_by_name(tmp_path):
    start = nn.initializers.Constant(np.float32("inf"))
    model = nn.Sequential([nn.Input((2,)), layers.Dense(2, kernel_initializer=start)])
    model.save(tmp_path / "m")
    assert not re.search(rb"NaN|Infinity", (tmp_path / "m").read_bytes())
    again = load_model(tmp_path / "m").layers[0]
    assert again.kernel_initializer.value == np.inf


def test_a_model_whose_loss_became_nan_is_saved_and_loaded(tmp_path):
    model = nn.Sequential([nn.Input((2,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.set_weights([np.full((2, 2), np.nan), np.zeros(2)])
    with pytest.warns(UserWarning, match="the loss is nan in epoch 1"):
        model.fit(np.ones((4, 2)), np.zeros((4, 2)), verbose=0)
    model.save(tmp_path / "m")
    assert np.isnan(load_model(tmp_path / "m")._training.position.logs["loss"])


def change(found, path, value):
    found = json.loads(json.dumps(found))
    *way, last = path
    place = found
    for key in way:
        place = place[key]
    place[last] = value
    return found


HUGE = [
    (("model", "network", "layers", 0, "arguments", "units"), 2**33),
    (("model", "network", "tensors", 0, 0), [None, 2**40]),
    (("model", "network", "layers", 0, "arguments", "units"), 10**100),
]


@pytest.mark.parametrize(("path", "value"), HUGE)
def test_sizes_that_the_file_does_not_hold_are_never_allocated(saved, tmp_path, path, value):
    arrays, found, _ = saved
    with pytest.raises(FormatError):
        load_changed(tmp_path / "m", arrays, change(found, path, value))


@pytest.mark.parametrize(
    "layer",
    [
        {"operation": "zeros", "name": "z"},
        {"operation": "one_hot", "name": "z"},
        {"operation": "scan", "name": "z"},
    ],
)
def test_ops_of_a_file_allocate_nothing_large(saved, tmp_path, layer):
    arrays, found, _ = saved
    found = json.loads(json.dumps(found))
    network = found["model"]["network"]
    network["layers"].append(layer)
    size = {"tuple": [{"is": 2**36}]}
    for args in ([size], [{"at": [-1, 0]}, {"is": 2**36}]):
        call = [len(network["layers"]) - 1, {"tuple": [{"tuple": args}, {"dict": []}]}]
        network["calls"].append(call)
        with pytest.raises(FormatError):
            load_changed(tmp_path / "m", arrays, found)
        network["calls"].pop()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), 2, "another version of neurona. Got format 2; expected format 1"),
        (("model",), None, "describes something that is no model"),
        (("model",), {"object": "layers.Dense", "arguments": {"units": 1}}, "that is no model"),
        (("model", "network", "outputs"), {"at": [99, 0]}, "refers to nothing"),
        (("model", "network", "layers", 0, "object"), "layers.Flatten", "cannot be made again"),
        (("compile",), {"optimizer": "adamm"}, "cannot be made again"),
        (("compile",), [1], "cannot be made again"),
        (("frozen",), ["nothing"], "names a layer that its model has not. Got 'nothing'"),
        (("frozen",), 3, "cannot be made again"),
        (("state",), [], "cannot be made again"),
        (("state", "random"), "xy", "place in the random stream is malformed"),
        (("state", "random"), [1, -1], "place in the random stream is malformed"),
        (("state", "optimizers"), {"optimizer": ["strange"]}, "a parameter that the model has not"),
        (("state", "position"), 5, "position in the training is malformed"),
        (("state", "position"), {"__class__": 1}, "position in the training is malformed"),
        (
            ("state", "position", "epoch"),
            "x",
            "position in the training is malformed. Got epoch 'x'",
        ),
    ],
)
def test_wrong_descriptions_are_format_errors(saved, tmp_path, path, value, message):
    arrays, found, _ = saved
    with pytest.raises(FormatError, match=message):
        load_changed(tmp_path / "m", arrays, change(found, path, value))


@pytest.mark.parametrize("text", ["", "nonsense", "[" * 100_000, '{"format": 1, "format": 1}', "3"])
def test_wrong_json_is_a_format_error(saved, tmp_path, text):
    with pytest.raises(FormatError):
        load_changed(tmp_path / "m", saved[0], text)


def test_deep_nesting_is_a_format_error(saved, tmp_path):
    arrays, found, _ = saved
    deep = "[" * 900 + "]" * 900
    text = json.dumps(found).replace('"name": "shared"', f'"name": {deep}')
    with pytest.raises(FormatError):
        load_changed(tmp_path / "m", arrays, text)


def test_arrays_that_do_not_fit(saved, tmp_path):
    arrays, found, _ = saved
    name = "shared/kernel"
    without = {n: a for n, a in arrays.items() if n != name}
    with pytest.raises(FormatError):
        load_changed(tmp_path / "m", without, found)
    with pytest.raises(FormatError, match=r"lacks an array. Expected shared/kernel"):
        load_changed(tmp_path / "m", {**without, "x": arrays[name]}, found)
    for wrong in (arrays[name].T[:2], arrays[name].astype("float64"), arrays[name].reshape(2, 8)):
        with pytest.raises(FormatError):
            load_changed(tmp_path / "m", {**arrays, name: wrong}, found)
    with pytest.raises(FormatError, match=r"has parameters that the model has not. Got extra"):
        load_changed(tmp_path / "m", {**arrays, "extra": np.zeros(2)}, found)
    slot = next(n for n in arrays if n.startswith("/optimizer/velocity"))
    with pytest.raises(FormatError, match=r"lacks an array. Expected /optimizer/velocity"):
        load_changed(tmp_path / "m", {n: a for n, a in arrays.items() if n != slot}, found)


json_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
words = st.sampled_from(
    ["object", "arguments", "function", "class", "shared", "id", "array", "dtype", "tuple", "dict",
     "at", "is", "slice", "operation", "name", "units", "network", "built_on", "shape"]
)  # fmt: skip
json_values = st.recursive(
    json_leaves | st.sampled_from(["layers.Dense", "models.Model", "float32", "relu", "scan"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


def places(value, path=()):
    yield path
    if not isinstance(value, dict | list):
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from places(item, (*path, key))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_description_does_anything_but_load_or_raise_a_format_error(
    saved, tmp_path_factory, data
):
    arrays, found, _ = saved
    for _ in range(data.draw(st.integers(1, 2))):
        every = [p for p in places(found) if p]
        found = change(found, data.draw(st.sampled_from(every)), data.draw(json_values))
    path = tmp_path_factory.mktemp("fuzz") / "m"
    try:
        model = load_changed(path, arrays, found)
    except FormatError:
        return
    assert isinstance(model, nn.Model)


@pytest.mark.filterwarnings("ignore:m has no checksums")
@given(st.data())
@settings(max_examples=100, deadline=None)
def test_no_bytes_do_anything_but_load_or_raise_a_format_error(saved, tmp_path_factory, data):
    content = bytearray(saved[2])
    (length,) = struct.unpack("<Q", content[:8])
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, length + 7))] = data.draw(st.integers(32, 126))
    path = tmp_path_factory.mktemp("fuzz") / "m"
    path.write_bytes(bytes(content))
    try:
        load_model(path)
    except FormatError:
        return


@pytest.mark.parametrize("how", [{}, {"by_name": True}, {"skip_mismatch": True}])
def test_names_of_layers_with_dots_are_found_in_files(tmp_path, how):
    def network():
        parts = [
            nn.Input((2,)),
            layers.Dense(3, name="block.1"),
            layers.Dense(1, name="block.2.out"),
        ]
        return nn.Sequential(parts)

    made = network()
    made.save_weights(tmp_path / "weights")
    made.save(tmp_path / "model")
    for name in ("weights", "model"):
        other = network()
        other.load_weights(tmp_path / name, **how)
        for a, b in zip(made.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    loaded = load_model(tmp_path / "model").get_weights()
    np.testing.assert_array_equal(loaded[0], made.get_weights()[0])


def test_dots_of_other_writers_are_read_as_slashes(tmp_path):
    model = nn.Sequential([nn.Input((2,)), layers.Dense(2, use_bias=False, name="a")])
    dotted = {"a.kernel": np.full((2, 2), 7.0, np.float32)}
    write_tensors(tmp_path / "w", dotted)
    model.load_weights(tmp_path / "w")  # as others spell it
    np.testing.assert_array_equal(model.get_weights()[0], dotted["a.kernel"])


@pytest.mark.parametrize("how", [{"by_name": True}, {"skip_mismatch": True}])
def test_a_file_of_which_no_name_fits_is_refused(tmp_path, how):
    nn.Sequential([nn.Input((2,)), layers.Dense(3, name="a")]).save_weights(tmp_path / "w")
    other = nn.Sequential([nn.Input((2,)), layers.Dense(3, name="b")])
    with pytest.raises(FormatError, match=r"do not fit the model[\s\S]*b/kernel is not in"):
        other.load_weights(tmp_path / "w", **how)


def test_a_name_says_what_the_file_is(tmp_path):
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2)])
    for name, begins in (("m.keras", b"PK"), ("m.h5", b"\x89HDF"), ("m.weights.h5", b"\x89HDF")):
        (model.save_weights if "weights" in name else model.save)(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)
        model.load_weights(tmp_path / name)
    for ending, says in {
        ".pt": "PyTorch", ".pkl": "pickle, which can run any code", ".NPZ": "np.savez(path",
        ".json": "model.to_json()", ".onnx": "ONNX",
    }.items():  # fmt: skip
        for write in (model.save, model.save_weights, nn.callbacks.ModelCheckpoint):
            with pytest.raises(ArgumentError) as caught:
                write(str(tmp_path / f"m{ending}"))
            assert f"end with {ending.lower()} are of another format" in str(caught.value)
            assert says in str(caught.value)
            assert "m.safetensors" in str(caught.value)
    assert {p.name for p in tmp_path.iterdir()} == {"m.keras", "m.h5", "m.weights.h5"}
    model.save(tmp_path / "model")  # a name that promises nothing
