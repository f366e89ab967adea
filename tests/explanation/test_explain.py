"""Every printed formula gives its printed result, and every gradient that of finite differences."""

import functools
import re

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.core import random
from neurona.errors import ArgumentError, DataError
from neurona.explanation.explain import traced_step
from tests.explanation.formulas import check
from tests.explanation.proof import holds, proven

L = layers
RNG = np.random.default_rng(7)


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
    one = nn.explain(model, x, y, of="first/kernel[3, 1]", limit=40)
    names = {line.name for line in one}
    assert {"∂L/∂first.kernel[3, 1]", "first.kernel′[3, 1]", "L"} <= names
    sums = [line for line in holds(one) if "⟨" in line["formula"]]
    assert sums
    assert "⟨47 more⟩" in one.in_numbers(one["first.z[1]"])
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
    assert len(whole) == 16  # the losses, and ways back to the input, on one screen
    for start in ("L", "out.z[4]", "∂L/∂out.z[4]", "∂L/∂first.kernel", "first.kernel′"):
        assert any(line.name.startswith(start) for line in whole), start
    assert max(map(len, str(whole).splitlines())) <= 80
    for wrong, says in [
        ({"of": "third/kernel"}, "unknown weight. Got 'third/kernel'"),
        ({"of": "first/kernel[50, 0]"}, "has no such element"),
        ({"of": 3}, "named by layer, weight and index"),
        ({"neuron": "first[1]", "output": 1}, "takes one of"),
        ({"neuron": "first"}, "a layer and an index"),
        ({"layer": "thrid"}, "unknown layer. Got 'thrid'; expected one of first, out, second."),
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
    model = chain((2,), L.Dense(2, name="out"), L.Dropout(0.5, name="dropout"), optimizer="adam")
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


def test_a_wrong_line_is_found():
    model = chain((2,), L.Dense(1, name="out"))
    line = holds(nn.explain(model, [[1.0, 2.0]]))[0]
    for key, old, new in [
        ("formula", " + ", " - "),
        ("numbers", "1·", "3·"),
        ("result", line["result"], "123"),
    ]:
        wrong = {**line, key: line[key].replace(old, new, 1)}
        with pytest.raises(AssertionError):
            check(wrong, 1e-9)


def test_it_is_the_graph_of_the_step():
    """What is explained is, op for op, what the training step compiles."""
    model = chain((2,), L.Dense(2, "relu"), L.Dropout(0.5), L.Dense(2, "softmax"),
                  loss="sparse_categorical_crossentropy", optimizer="adam")  # fmt: skip
    x, y = numbers(2, 2), np.array([0, 1])
    ours = traced_step(model, x, y, None, None).graph
    theirs = model.training_step().program(x, y, None).graph
    same = ours.restricted(ours.outputs[: len(theirs.outputs)])
    both = [
        nn.trace(lambda *given, g=g: g.inline(given), [g.specs[v] for v in g.inputs])
        for g in (same, theirs)
    ]
    assert both[0] == both[1]


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
    holds(one)
    holds(step)


class Own(L.Layer):
    """A layer of a user's own, of ops that no layer of the library puts together so."""

    def build(self, shape):
        self.scale = self.add_weight(shape[-1:], "ones", "scale")

    def call(self, x):
        top = nn.ops.max(x, axis=-1, keepdims=True)
        return nn.ops.sin(x * self.scale) + nn.ops.cumsum(x, axis=-1) / (1.0 + top * top)


def attended():
    x = nn.Input((3, 2))
    y = L.MultiHeadAttention(2, 2, name="attention")(x, x)
    return nn.Model(x, L.Dense(1, name="out")(L.Flatten()(x + y)))


def kinds():
    """Name -> a model of a few layers; each one by itself stands in test_everything.py."""
    image, steps = (4, 4, 1), (3, 2)
    dense, flat = functools.partial(L.Dense, 1, name="out"), L.Flatten(name="flat")
    penalties = {"kernel_regularizer": "l1", "activity_regularizer": "l2"}
    rows = {
        "convolution": (image, [L.Conv2D(2, 2, activation="relu", name="conv"), flat, dense()]),
        "same padding": (image, [L.Conv2D(1, 3, 2, "same", name="conv"), L.Flatten(), dense()]),
        "max pooling": (image, [L.Conv2D(1, 1, name="conv"), L.MaxPooling2D(2), flat, dense()]),
        "mean pooling": (image, [L.Conv2D(1, 2, name="conv"), L.AveragePooling2D(2, 1),
                                 L.GlobalAveragePooling2D(), dense()]),
        "batch norm": ((2,), [L.Dense(2), L.BatchNormalization(name="norm"), dense()]),
        "lstm": (steps, [L.LSTM(2, name="lstm"), dense()]),
        "a layer of one's own": ((3,), [Own(name="own"), dense()]),
        "penalties": ((2,), [L.Dense(2, "relu", True, **penalties), dense()]),
        "activations": ((2,), [L.Dense(2, "elu"), L.Dense(2, "selu"), L.Dense(2, "softplus"),
                               L.Dense(2, "swish"), L.LeakyReLU(), L.PReLU(), dense()]),
    }  # fmt: skip
    return rows


DEFAULT = {"convolution", "lstm"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in DEFAULT else pytest.mark.slow) for n in kinds()]
)
def test_every_kind_of_layer(name):
    shape, parts = kinds()[name]
    model = chain(shape, *parts, optimizer=nn.optimizers.SGD(0.1))
    x = numbers(2, *shape)
    proven(model, x, numbers(len(x), 1))
    holds(nn.explain(model, x))


@pytest.mark.slow
def test_attention():
    model = attended()
    model.compile("sgd", "mse")
    for p in model.trainable_weights:
        p.assign(RNG.normal(size=p.shape) * 0.7)
    explanation = proven(model, numbers(1, 3, 2), numbers(1, 1))
    assert "∂L/∂attention_query.kernel[0, 0, 0]" in {line.name for line in explanation}

    x = nn.Input((200, 2))  # so many steps that the scores are never all kept
    y = L.MultiHeadAttention(1, 2, name="attention")(x, x)
    long = nn.Model(x, L.Dense(1, name="out")(y))
    lines = holds(nn.explain(long, numbers(1, 200, 2), neuron="attention[3, 1]"))
    assert not any(line.get("given") for line in lines)
    assert any("e^" in line["formula"] and "⟨" in line["formula"] for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rule", ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Ftrl",
             "Lion", "Lamb", "Adafactor", "Muon", "ScheduleFreeAdamW"]
)  # fmt: skip
def test_every_optimizer(rule):
    model = chain(
        (2,), L.Dense(2, "tanh", name="out"), optimizer=getattr(nn.optimizers, rule)(0.05)
    )
    x, y = numbers(2, 2), numbers(2, 2)
    proven(model, x, y)
    proven(model, x, y)  # with slots that are not 0


def test_an_output_that_only_shows_another_value():
    model = nn.Sequential([nn.Input((2,)), L.Dense(1, "step", name="gate")])
    model.set_weights([np.array([[1.0], [1.0]]), np.array([-1.5])])
    for asked in ({}, {"neuron": "gate[0]"}, {"layer": "gate"}, {"output": 0}):
        assert nn.explain(model, [[1.0, 1.0]], **asked)["gate"].value == 1.0


def test_weights_of_a_recurrent_layer_are_called_by_the_layer():
    x, y = numbers(1, 2, 2), numbers(1, 1)
    parts = [L.LSTM(1, name="memory", return_sequences=True), L.Bidirectional(L.GRU(1)), L.Dense(1)]
    model = chain((2, 2), *parts)
    text = str(nn.explain(model, x, y, limit=10**6))
    assert "_cell" not in text
    assert "x[0, 0]·kernel[0, 0]" in text
    assert "memory.kernel · SGD" in text
    for path in ("memory/kernel[0, 1]", f"{model.layers[0].cell.name}/kernel[0, 1]"):
        one = nn.explain(model, x, y, of=path)
        assert "∂L/∂memory.kernel[0, 1]" in {line.name for line in one}
