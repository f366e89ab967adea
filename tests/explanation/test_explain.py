"""Every printed formula gives its printed result, and every gradient that of finite differences."""

import json
import re

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.core import random
from neurona.errors import ArgumentError, DataError
from neurona.nn.context import collect_losses, in_training
from neurona.nn.parameter import rehearsal
from tests.explanation.formulas import check

L = layers
RNG = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def doubles():
    before = nn.config.floatx()
    nn.config.set_floatx("float64")
    nn.random.set_seed(3)
    yield
    nn.config.set_floatx(before)


def loss_of(model, x, y):
    """The loss of the training step that comes next, computed without an explanation."""
    state = random.state_of(*random.get_position())
    with rehearsal(), random.use(state), in_training(True), collect_losses():
        y_pred = model(x, training=True)
        return model._total_loss(x, y, y_pred, None, training=True).item()


def proven(model, x, y, given=0, atol=1e-6):
    """Explain a training step as a whole; check all lines, gradients, and the weights after it."""
    explanation = nn.explain(model, x, y, limit=10**6, terms=8)
    found = json.loads(json.dumps(explanation.to_dict()))
    lines = [line for section in found["sections"] for line in section["lines"]]
    for line in lines:
        check(line, 1e-9)
    assert sum(line.get("given", False) for line in lines) <= given
    values = {line["name"]: line["value"] for line in lines}
    assert len(values) == len(lines)  # names are unique
    assert values["L"] == pytest.approx(loss_of(model, x, y), rel=1e-9)
    for p in model.trainable_weights:
        start = p.numpy()
        for index in np.ndindex(*p.shape):
            name = f"∂L/∂{p.path.replace('/', '.')}{list(index) if index else ''}"
            around = []
            for step in (1e-5, -1e-5):
                moved = start.copy()
                moved[index] += step
                p.assign(moved)
                around.append(loss_of(model, x, y))
            p.assign(start)
            slope = (around[0] - around[1]) / 2e-5
            assert values[name] == pytest.approx(slope, abs=atol, rel=atol), name
    after = {name: v for name, v in values.items() if "′" in name}
    model.train_on_batch(x, y)
    for p in model.trainable_weights:
        for index in np.ndindex(*p.shape):
            name = f"{p.path.replace('/', '.')}′{list(index) if index else ''}"
            assert after[name] == pytest.approx(p.numpy()[index], rel=1e-12, abs=1e-12), name
    return explanation


def chain(shape, *parts, loss="mse", optimizer="sgd"):
    model = nn.Sequential([nn.Input(shape), *parts])
    model.compile(optimizer, loss)
    for p in model.trainable_weights:
        p.assign(RNG.normal(size=p.shape) * 0.7)
    return model


def numbers(*shape):
    return RNG.normal(size=shape)


def test_a_classifier_of_dense_layers():
    model = chain(
        (2,), L.Dense(3, "relu", name="hidden"), L.Dense(2, "softmax", name="out"),
        loss="sparse_categorical_crossentropy", optimizer="adam",
    )  # fmt: skip
    x, y = np.array([[1.0, 2.0]]), np.array([1])
    one = proven(model, x, y)
    text = str(nn.explain(model, x, y))
    assert max(map(len, text.splitlines())) <= 80
    assert "L = -ln(out[1])" in text
    assert "∂L/∂out.z[1] = out[1] - 1" in text
    assert "hidden[0] = max(0, z[0])" in text
    assert "out[0] = e^z[0]/(e^z[0] + e^z[1])" in text
    assert re.search(
        r"v′\[0, 0\] = v\[0, 0\] \+ \(∂L/∂hidden.kernel\[0, 0\]² - v\[0, 0\]\)·0.001", text
    )
    assert "<details open>" in one.html()
    assert 'href="#' in one.html()
    assert "<script" not in one.html()
    assert "src=" not in one.html()
    assert r"\frac{\partial L}{\partial \mathrm{kernel}_{1,0}}" in one.latex()
    assert "## Forward pass" in one.markdown()
    assert "$$" in one.markdown()
    assert one["L"].value == pytest.approx(-np.log(one["out[1]"].value))
    proven(model, numbers(3, 2), np.array([0, 1, 1]))  # a batch, and moments that are not 0


def test_other_losses_and_a_penalty_on_dense_layers():
    hidden = L.Dense(2, "tanh", name="hidden", kernel_regularizer="l2")
    model = chain((2,), hidden, L.Dense(1, "sigmoid", name="out"), loss="binary_crossentropy")
    text = str(proven(model, numbers(1, 2), np.array([[1.0]])))
    assert "(1 - hidden[0]²)" in text
    assert "∂L/∂out.z = out - y" in text
    proven(model, numbers(2, 2), np.array([[1.0], [0.0]]))
    model = chain((2,), L.Dense(2, "gelu"), L.Dense(2), optimizer=nn.optimizers.SGD(0.1, 0.9))
    proven(model, numbers(2, 2), numbers(2, 2))
    model = chain((2,), L.Dense(3, "softmax", name="out"), loss="categorical_crossentropy")
    proven(model, numbers(2, 2), np.eye(3)[[2, 0]])


def test_a_path_through_a_larger_network():
    nn.random.set_seed(1)
    model = nn.Sequential(
        [nn.Input((50,)), L.Dense(40, "relu", name="first"), L.Dense(30, "relu", name="second"),
         L.Dense(10, "softmax", name="out")]
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = numbers(1, 50), np.array([4])
    one = nn.explain(model, x, y, of="first/kernel[3, 1]")
    names = {line.name for line in one}
    assert {"∂L/∂first.kernel[3, 1]", "first.kernel′[3, 1]", "L"} <= names
    found = one.to_dict()
    for section in found["sections"]:
        for line in section["lines"]:
            check(line, 1e-9)
    sums = [line for s in found["sections"] for line in s["lines"] if "⟨" in line["formula"]]
    assert sums
    assert "⟨45 more⟩" in one.in_numbers(one["first.z[1]"])
    neuron = nn.explain(model, x, neuron="second[2]")
    assert neuron["second[2]"].value == pytest.approx(model.trace(x)["second"][0, 2])
    assert "first[" in str(neuron)
    assert "out" not in str(neuron)
    layer = nn.explain(model, x, y, layer="out")
    assert {line.name.split("[")[0] for line in layer} >= {"out", "out.z", "∂L/∂out.kernel"}
    output = nn.explain(model, x, output=7)
    assert output["out[7]"].value == pytest.approx(model.predict(x, verbose=0)[0, 7])
    whole = nn.explain(model, x, y)
    assert "too large to show as a whole" in str(whole)
    assert len(whole) <= 121
    for wrong, says in [
        ({"of": "third/kernel"}, "unknown weight. Got 'third/kernel'"),
        ({"of": "first/kernel[50, 0]"}, "has no such element"),
        ({"of": 3}, "named by layer, weight and index"),
        ({"neuron": "first[1]", "output": 1}, "takes one of"),
        ({"neuron": "first"}, "a layer and an index"),
        ({"layer": "thrid"}, "unknown layer"),
        ({"layer": 3}, "layer is a name"),
        ({"output": 10}, "no such output"),
    ]:
        with pytest.raises(ArgumentError, match=re.escape(says)):
            nn.explain(model, x, y, **wrong)
    with pytest.raises(ArgumentError, match="no gradient in a prediction"):
        nn.explain(model, x, of="first/kernel")
    with pytest.raises(DataError, match="one sample or a small batch"):
        nn.explain(model, numbers(65, 50))
    with pytest.raises(ArgumentError, match="explain takes a model"):
        nn.explain("mnist", x)
    with pytest.raises(ArgumentError, match="needs a compiled model"):
        nn.explain(nn.Sequential([nn.Input((1,)), L.Dense(1)]), [[1.0]], [[1.0]])


def test_nothing_is_changed_and_the_files_are_written(tmp_path):
    model = chain((2,), L.Dense(2, name="out"), L.Dropout(0.5), optimizer="adam")
    x, y = numbers(1, 2), numbers(1, 2)
    nn.explain(model, x, y)  # makes the slots
    before, place = model.get_state()[0], random.get_position()
    one = nn.explain(model, x, y)
    assert random.get_position() == place
    for name, array in model.get_state()[0].items():
        assert np.array_equal(array, before[name]), name
    for suffix, start in [("html", "<!doctype"), ("md", "# "), ("tex", r"\section"), ("json", "{"),
                          ("txt", "Training step")]:  # fmt: skip
        one.save(tmp_path / f"a.{suffix}")
        assert (tmp_path / f"a.{suffix}").read_text(encoding="utf-8").startswith(start)
    assert "Evaluation" in str(nn.explain(model, x, y, training=False))
    traced = model.trace(x)
    assert list(traced) == ["out", "dropout"]
    assert np.array_equal(traced["out"], traced["dropout"])


def test_the_textbooks_own_lines():
    network = nn.classic.NeuralNetwork(2, 2, 1, random_state=1)
    x, y = np.array([[1.0, 0.0]]), np.array([[1.0]])
    one = nn.explain(network, x, y)
    text = str(one)
    for words in ("a1[0] = σ(z1[0])", "dz2 = a2 - y", "dW2[0] = a1[0]·dz2", "lr·dW1[0, 0]"):
        assert words in text
    network.backward(x, y)
    assert one["dW1[0, 1]"].value == pytest.approx(network.dW1[0, 1])
    assert one["W1′[0, 1]"].value == pytest.approx(network.W1[0, 1])
    assert one["z2"].value == pytest.approx(nn.explain(network, x)["z2"].value, abs=1)
    neuron = nn.classic.Perceptron(2, random_state=0)
    step = nn.explain(neuron, [1, 1], 0)
    assert step["error"].value == -1
    assert "output = 1   (z > 0)" in str(step)
    with pytest.raises(DataError, match="one sample after the other"):
        nn.explain(neuron, [[1, 1], [0, 1]], [1, 0])
    with pytest.raises(DataError, match="the classes are 0 and 1"):
        nn.explain(neuron, [1, 1], 2)
    for part in (one, step):
        for section in part.to_dict()["sections"]:
            for line in section["lines"]:
                check(line, 1e-9)
