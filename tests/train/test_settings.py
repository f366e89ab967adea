"""What is set between two calls takes effect in the next one, or is refused; never ignored."""

from types import SimpleNamespace

import numpy as np
import pytest

import neurona as nn
from neurona import layers, losses, metrics, ops, optimizers, regularizers
from neurona.errors import ArgumentError, StateError
from neurona.nn.snapshot import Snapshot
from neurona.train.step import Step

rng = np.random.default_rng(0)
X = rng.standard_normal((16, 4)).astype("float32")
Y = rng.standard_normal((16, 2)).astype("float32")
CALLS = {
    "fit": lambda m: m.fit(X, Y, batch_size=16, verbose=0).history["loss"],
    "train_on_batch": lambda m: m.train_on_batch(X, Y),
    "evaluate": lambda m: m.evaluate(X, Y, verbose=0),
    "test_on_batch": lambda m: m.test_on_batch(X, Y),
    "predict": lambda m: m.predict(X, verbose=0),
    "predict_one": lambda m: m.predict(X[:1], verbose=0),
    "predict_on_batch": lambda m: m.predict_on_batch(X),
}


def network(first=None, **compiling):
    nn.utils.set_random_seed(0)
    first = layers.Dense(6, "tanh") if first is None else first
    model = nn.Sequential([first, layers.Dropout(0.0, name="drop"), layers.Dense(2)])
    model.compile(compiling.pop("optimizer", "sgd"), compiling.pop("loss", "mse"), **compiling)
    return model


@pytest.mark.parametrize("engine", nn.config.ENGINES)
@pytest.mark.parametrize("name", CALLS)
def test_an_activation_takes_effect_in_the_next_call(name, engine):
    model, call = network(engine=engine), CALLS[name]
    call(model)
    weights = model.get_weights()
    model.layers[0].activation = "relu"
    found = call(model)
    fresh = network(layers.Dense(6, "relu"), engine=engine)
    call(fresh)
    fresh.set_weights(weights)
    np.testing.assert_allclose(found, call(fresh), rtol=1e-6)
    assert np.any(np.not_equal(found, call(network(engine=engine))))


@pytest.mark.parametrize("name", ["fit", "train_on_batch"])
def test_a_rate_takes_effect_in_the_next_call(name):
    model, call = network(), CALLS[name]
    call(model)
    model.get_layer("drop").rate = 1 - 1e-6
    before = model.layers[-1].kernel.numpy()
    call(model)
    np.testing.assert_array_equal(model.layers[-1].kernel.numpy(), before)  # nothing comes through


def test_clipping_takes_effect_in_the_next_call():
    model = network(optimizer=optimizers.SGD(1.0))
    model.train_on_batch(X, 100 * Y)
    model.optimizer.clipnorm = 1e-3
    before = model.get_weights()
    model.fit(X, 100 * Y, batch_size=16, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        assert 0 < np.linalg.norm(b - a) < 1.1e-3


def test_regularisers_take_effect_in_the_next_call_set_anew_or_in_strength():
    penalty = regularizers.L2(0.1)
    model = network(layers.Dense(6, "tanh", kernel_regularizer=penalty))
    first = model.test_on_batch(X, Y)
    kernel = model.layers[0].kernel.numpy()
    penalty.l2 = 0.3
    assert model.test_on_batch(X, Y) - first == pytest.approx(0.2 * (kernel**2).sum(), rel=1e-4)
    model.layers[0].kernel_regularizer = None
    assert first - model.test_on_batch(X, Y) == pytest.approx(0.1 * (kernel**2).sum(), rel=1e-4)
    model.layers[0].kernel.regularizer = regularizers.L1(0.5)
    model.layers[0].kernel_constraint = "non_neg"
    model.fit(X, Y, verbose=0)
    assert (model.layers[0].kernel.numpy() >= 0).all()


def test_losses_and_metrics_take_effect_in_the_next_call():
    labels = np.eye(2)[rng.integers(0, 2, 16)]
    loss, accuracy = losses.CategoricalCrossentropy(True), metrics.BinaryAccuracy(threshold=0.5)
    model = network(loss=loss, metrics=[accuracy])
    model.evaluate(X, labels, verbose=0)
    loss.label_smoothing, accuracy.threshold = 0.4, -100.0
    found = model.evaluate(X, labels, verbose=0)
    expected = losses.CategoricalCrossentropy(True, label_smoothing=0.4)(labels, model(X)).item()
    assert found == pytest.approx([expected, 0.5], rel=1e-5)


def _moved(model, call):
    parts = {"": model.layers[0], "_1": model.layers[-1]}
    parameters = {p.name + end: p for end, part in parts.items() for p in part.weights}
    before = {name: p.numpy() for name, p in parameters.items()}
    call(model)
    return {name for name, p in parameters.items() if not np.array_equal(p.numpy(), before[name])}


def test_what_is_frozen_stays_and_what_is_thawed_learns():
    model = network()
    model.train_on_batch(X, Y)
    model.layers[0].trainable = False
    assert _moved(model, CALLS["train_on_batch"]) == {"kernel_1", "bias_1"}
    model.layers[0].trainable = True
    model.layers[-1].kernel.trainable = False
    assert _moved(model, CALLS["fit"]) == {"kernel", "bias", "bias_1"}


def test_what_is_set_to_and_fro_is_compiled_once(monkeypatch):
    made = []
    monkeypatch.setattr(
        "neurona.train.step.compile",
        lambda graph, engine: made.append(graph) or _compile(graph, engine),
    )
    model = network()
    for k in range(6):
        model.layers[0].trainable = not k % 2
        model.train_on_batch(X, Y)
    assert len(made) == 2


_compile = Step.__init__.__globals__["compile"]


class Own(nn.Model):
    """Settings of all kinds that a class of one's own may have."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.record, self.listed = SimpleNamespace(by=1.0), {"by": [1.0]}
        self.dense = layers.Dense(2)
        self.calls, self.seen = 0, []

    def call(self, x):
        self.calls += 1  # written by the trace: no setting
        self.seen.append(x.shape)
        self.last = x
        return self.dense(x) * self.factor * self.record.by * self.listed["by"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m, "factor", 3.0),
        lambda m: setattr(m.record, "by", 3.0),
        lambda m: m.listed["by"].__setitem__(0, 3.0),
    ],
)
def test_attributes_of_ones_own_take_effect_in_the_next_call(change):
    model = Own()
    model.compile("sgd", "mse")
    before = model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    change(model)
    np.testing.assert_allclose(model.predict(X, verbose=0), 3 * before, rtol=1e-6)
    expected = np.mean((3 * before - Y) ** 2)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_what_a_call_writes_does_not_compile_anew(monkeypatch):
    made = []
    monkeypatch.setattr(
        "neurona.train.step.compile",
        lambda graph, engine: made.append(graph) or _compile(graph, engine),
    )
    model = Own()
    model.compile("sgd", "mse")
    for _ in range(3):
        model.fit(X, Y, verbose=0, batch_size=16)
        model.train_on_batch(X, Y)
        model.evaluate(X, Y, verbose=0, batch_size=16)
        model.test_on_batch(X, Y)
        model.predict(X, verbose=0)
        model(X)
        model.predict(X, verbose=0)
        model.note = object()  # nothing that a step reads: traced anew, from code that is kept
    assert len(made) <= 9


def test_callbacks_set_what_the_next_epoch_does():
    class Anneal(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.clipvalue = 1e-12
            found.append(self.model.get_weights())

    found = []
    network(optimizer=optimizers.SGD(0.5)).fit(X, Y, epochs=3, verbose=0, callbacks=[Anneal()])
    for a, b in zip(found[0], found[-1], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


def test_settings_are_saved(tmp_path):
    model = network()
    model.fit(X, Y, verbose=0)
    model.layers[0].activation = "relu"
    model.get_layer("drop").rate = 0.25
    model.optimizer.clipnorm = 2.0
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors")
    assert again.get_layer("drop").rate == 0.25
    assert again.optimizer.clipnorm == 2.0
    np.testing.assert_array_equal(model.predict(X, verbose=0), again.predict(X, verbose=0))
    assert model.layers[0].get_config()["activation"] == "relu"


REFUSED = [
    (
        lambda m: setattr(m.layers[0], "units", 5),
        StateError,
        "Dense.units cannot be changed any more",
    ),
    (lambda m: setattr(m.layers[0], "use_bias", False), StateError, "it decides parameters that"),
    (lambda m: setattr(m.layers[0], "kernel_initializer", "ones"), StateError, "parameters that"),
    (lambda m: setattr(m.layers[0], "activation", "rellu"), ArgumentError, "relu"),
    (lambda m: setattr(m.get_layer("drop"), "rate", 2), ArgumentError, "rate"),
    (lambda m: setattr(m.optimizer, "use_ema", True), StateError, "and compile again"),
    (lambda m: setattr(m.optimizer, "clipnorm", -1), ArgumentError, "clipnorm"),
    (lambda m: setattr(m, "loss", "mae"), StateError, "compile"),
    (lambda m: setattr(m.layers[0], "name", "x"), StateError, "name"),
]


@pytest.mark.parametrize(("change", "error", "message"), REFUSED)
def test_what_cannot_take_effect_is_refused_and_changes_nothing(change, error, message):
    model = network()
    model.fit(X, Y, verbose=0)
    config, weights = model.to_json(), model.get_weights()
    with pytest.raises(error, match=message):
        change(model)
    assert model.to_json() == config
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.fit(X, Y, verbose=0)


def test_before_it_is_built_a_layer_is_what_is_set():
    layer = layers.Dense(3)
    layer.units, layer.use_bias = 5, False
    assert layer(X).shape == (16, 5)
    assert len(layer.weights) == 1


def test_a_block_says_which_layer_has_the_setting():
    class Block(layers.Layer):
        def __init__(self, rate=0.1, gain=1.0):
            self.drop, self.gain = layers.Dropout(rate, name="inner"), gain

        def call(self, x):
            return self.drop(x) * self.gain

    block = Block()
    with pytest.raises(StateError, match="set it on 'inner'"):
        block.rate = 0.3
    block.gain = 2.0
    assert ops.sum(block(X)).item() == pytest.approx(2 * X.sum(), rel=1e-5)


@pytest.mark.parametrize("callbacks", [[], [nn.callbacks.Callback()]], ids=["quiet", "callback"])
def test_what_was_not_set_is_not_looked_through(callbacks, monkeypatch):
    model = nn.Sequential([
        nn.layers.Dense(4, "tanh", kernel_regularizer="l2"), nn.layers.BatchNormalization(),
        nn.layers.Dropout(0.2), nn.layers.Dense(1),
    ])  # fmt: skip
    model.compile(nn.optimizers.Adam(), "mse", metrics=["mae"])
    x, y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")

    def use():
        model.fit(x, y, epochs=3, validation_data=(x, y), verbose=0, callbacks=callbacks)
        model.evaluate(x, y, verbose=0)
        model.train_on_batch(x, y)
        model.test_on_batch(x, y)
        model.predict(x, verbose=0)

    use()
    use()
    monkeypatch.setattr(Snapshot, "_walked", None)  # which costs more than the calls themselves
    use()
