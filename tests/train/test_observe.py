"""model.observe: values and gradients inside of models, out of fit, evaluate and predict."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, models
from neurona.core.walk import first_not_finite
from neurona.errors import ArgumentError
from neurona.train.steps import rehearse

ENGINES = ["native", "reference", "eager"]
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(10, 3)).astype("f4"), rng.normal(size=(10, 2)).astype("f4")


class Attention(layers.Layer):
    def build(self, shape):
        self.scores = layers.Dense(4, name="scores")

    def call(self, x, training=False):
        p = nn.observe("weights", nn.ops.softmax(self.scores(x)))
        if training:
            nn.observe("only in training", p)
        return p * 2.0


def network(engine="native", **given):
    nn.random.set_seed(3)
    attention = Attention(name="attention")
    inner = models.Sequential([attention, layers.Dense(4, "tanh", name="hidden")], name="inner")
    model = models.Sequential([layers.Input((3,)), inner, layers.Dense(2, name="out")], name="net")
    eager = engine == "eager"
    model.compile("sgd", "mse", run_eagerly=eager, engine=None if eager else engine, **given)
    return model


NAMES = {
    "net", "net/inner", "net/inner/attention", "net/inner/attention/scores",
    "net/inner/attention/weights", "net/inner/attention/only in training", "net/inner/hidden",
    "net/out",
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_hands_out_values_and_gradients(engine):
    model, plain = network(engine), network(engine)
    model.observe("*", "gradient of *")
    logs = model.train_on_batch(X, Y)
    assert logs == plain.train_on_batch(X, Y)
    for a, b in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    gradients = {f"gradient of {n}" for n in NAMES if "only" not in n}
    assert set(model.observed) == NAMES | gradients | {
        "gradient of net/inner/attention/only in training"
    }
    y = model.observed["net/out"]
    np.testing.assert_allclose(logs, np.mean((y - Y) ** 2), rtol=1e-5)
    np.testing.assert_allclose(model.observed["gradient of net/out"], (y - Y) / 10, rtol=1e-5)
    assert plain.observed == {}


@pytest.mark.parametrize("engine", ENGINES)
def test_fit_is_the_same_and_leaves_the_values_of_the_last_batch(engine):
    model, plain = network(engine), network(engine)
    model.observe("weights")
    histories = []
    for m in (model, plain):
        nn.random.set_seed(4)
        histories.append(m.fit(X, Y, batch_size=4, epochs=3, verbose=0).history)
    assert histories[0] == histories[1]
    assert model.observed["net/inner/attention/weights"].shape == (2, 4)  # of ten samples


@pytest.mark.parametrize("engine", ENGINES)
def test_a_callback_sees_each_batch(engine):
    class Watcher(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(self.model.observed["net/out"])

    seen = []
    model = network(engine)
    model.observe("out")
    start = model.get_weights()
    model.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0, callbacks=[Watcher()])
    assert [a.shape for a in seen] == [(5, 2)] * 4
    again = network(engine)
    again.set_weights(start)
    np.testing.assert_allclose(seen[0], again.predict(X[:5], verbose=0), rtol=1e-5, atol=1e-6)
    assert not np.array_equal(seen[0], seen[2])  # and they stay what they were


@pytest.mark.parametrize("engine", ENGINES)
def test_predict_and_evaluate_hand_out_values_too(engine):
    model = network(engine)
    expected = model.predict(X, verbose=0)
    model.observe("out", "only in training")  # which an evaluation has not
    model.evaluate(X, Y, verbose=0)
    np.testing.assert_allclose(model.observed["net/out"], expected, rtol=1e-5, atol=1e-6)
    model.observe("out")
    for predict in (model.predict_on_batch, lambda x: model.predict(x, batch_size=4, verbose=0)):
        np.testing.assert_allclose(predict(X), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.observed["net/out"], expected[8:], rtol=1e-5, atol=1e-6)
    model.predict(X[:3], verbose=0)
    model.predict(X[:3], verbose=0)  # on the short way
    assert model.observed["net/out"].shape == (3, 2)


def test_asking_ends_and_other_steps_are_as_they_were():
    model = network()
    rehearse(model, (X, Y, None), "train")
    before = model.training_step().program(X, Y, None).graph
    model.observe("hidden")
    asked = model.training_step().program(X, Y, None).graph
    assert len(asked.outputs) == len(before.outputs) + 1
    assert len(asked.nodes) == len(before.nodes)  # the value is computed anyway
    model.observe()
    after = model.training_step()
    assert after.program(X, Y, None).graph == before
    model.train_on_batch(X, Y)
    assert model.observed == {}


@pytest.mark.parametrize("method", ["fit", "predict"])
def test_a_name_that_nothing_has(method):
    model = network()
    model.observe("hiden")
    message = r"unknown value to observe. Got 'hiden'; expected one of net, .*net/inner/hidden"
    with pytest.raises(ArgumentError, match=message):
        model.fit(X, Y, verbose=0) if method == "fit" else model.predict(X, verbose=0)
    model.observe("gradient of nothing")
    with pytest.raises(ArgumentError, match=r"Got 'gradient of nothing'; .* gradient of net,"):
        model.fit(X, Y, verbose=0)
    model.predict(X, verbose=0)  # takes no gradients


@pytest.mark.parametrize("name", ["", 1, "gradient of "])
def test_names_are_strings(name):
    with pytest.raises(
        ArgumentError, match=r"observe takes names of values.*\n?.*try: model.observe"
    ):
        network().observe(name)


def test_a_shared_layer_is_seen_twice():
    x = nn.Input((3,))
    shared = layers.Dense(3, name="shared")
    model = nn.Model(x, shared(shared(x)), name="net")
    model.compile("sgd", "mse")
    model.observe("shared")
    y = model.predict_on_batch(X)
    np.testing.assert_array_equal(model.observed["net/shared#2"], y)
    assert model.observed["net/shared"].shape == (10, 3)


def test_a_train_step_of_ones_own_observes():
    class Own(nn.Model):
        def __init__(self):
            self.out = layers.Dense(2, name="out")

        def call(self, x):
            return self.out(x)

        def train_step(self, data):
            x, y = data
            loss, g = nn.gradients(lambda: ((self(x) - y) ** 2).mean(), self.trainable_weights)
            nn.observe("size", nn.ops.norm(g[0]))
            self.optimizer.apply(g, self.trainable_weights)
            return {"loss": loss}

    model = Own(name="own")
    model.compile("sgd")
    model.observe("size", "out")
    model.fit(X, Y, verbose=0, batch_size=5)
    assert set(model.observed) == {"size", "own/out"}
    assert model.observed["size"].shape == ()


def test_the_first_value_that_is_not_finite_in_a_training_step():
    model = network()
    rehearse(model, (X, Y, None), "train")
    step = model.training_step()
    inputs = step.inputs(X, Y, None)
    graph = step.program(X, Y, None).graph
    assert first_not_finite(graph, inputs) is None
    outputs = graph.evaluate(np, inputs)
    kernel = model.get_layer("out").kernel
    kernel.assign(np.full(kernel.shape, 3e38, np.float32))
    found = first_not_finite(graph, step.inputs(X, Y, None))
    assert found.node.origins[0].path == "net/out"
    assert "\nof Dense 'net/out', test_observe.py:" in str(found)
    assert len(outputs) == len(graph.outputs)
    nn.random.set_seed(5)
    step.inputs(X, Y, None)  # takes nothing from the random stream
    assert nn.core.random.get_position() == (5, 0)
