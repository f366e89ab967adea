"""What is printed of parameters, layers and models, and what a notebook shows of them."""

import re
import xml.dom.minidom

import numpy as np

import neurona as nn
from neurona import layers
from neurona.classic import NeuralNetwork, Perceptron


def page(thing):
    """What a notebook shows, checked to be HTML whose tags close."""
    found = thing._repr_html_()
    xml.dom.minidom.parseString(found.replace("&nbsp;", " "))
    return found


def test_a_parameter_shows_its_values():
    p = nn.Parameter(np.float32([[1.5, 2], [3, 4]]), name="kernel")
    assert repr(p) == str(p) == "<Parameter kernel (2, 2) float32\n[[1.5 2. ]\n [3.  4. ]]>"
    assert len(str(nn.Parameter(np.zeros((500, 500)))).splitlines()) < 10
    assert "<td" in page(p)
    assert ">1.5</td>" in page(p)
    assert "<b>kernel</b>" in page(p)
    shown = []
    nn.jit(lambda x: shown.append((str(p), repr(x), x._repr_html_())) or x * p)(np.float32([2]))
    assert shown[0][0] == "<Parameter kernel (2, 2) float32, traced>"
    assert "traced" in shown[0][2]
    assert "<pre" in page(nn.tensor(np.zeros((2, 2, 2))))
    assert "True" in page(nn.tensor([True]))


def test_a_layer_shows_its_arguments():
    dense = layers.Dense(
        3, activation=nn.activations.relu, kernel_initializer=nn.initializers.Zeros()
    )
    dense._name = "hidden"
    assert repr(dense) == (
        "Dense(units=3, activation=relu, kernel_initializer=Zeros(), name='hidden')"
    )
    around = layers.Bidirectional(layers.LSTM(3, name="lstm"), name="both")
    assert str(around) == "Bidirectional(layer=LSTM(units=3, name='lstm'), name='both')"


def network():
    first = layers.Dense(4, "relu", name="first")
    model = nn.Sequential([nn.Input((3,)), first, layers.Dense(1, name="last")], name="mlp")
    model.compile("sgd", "mse")
    return model


def test_a_model_shows_its_layers():
    model = network()
    assert str(model).splitlines() == [
        "Sequential 'mlp': 2 layers, 21 parameters",
        "  (None, 4)  Dense(units=4, activation='relu', name='first')",
        "  (None, 1)  Dense(units=1, name='last')",
    ]
    assert repr(model) == "<Sequential 'mlp': 2 layers, 21 parameters>"
    assert page(model).count("<tr>") == 3
    assert "&lt;" not in page(model)
    assert str(nn.Sequential(name="empty")) == "Sequential 'empty': no layers yet"
    assert page(nn.Sequential(name="empty"))
    unbuilt = nn.Sequential([layers.Dense(1, name="<b>")], name="later")
    assert str(unbuilt).splitlines()[1] == "  ?  Dense(units=1, name='<b>')"
    assert "<b><b>" not in page(unbuilt)
    x = nn.Input((3,), name="x")
    functional = nn.Model(x, model(x) + 1.0, name="whole")
    inner, added = str(functional).splitlines()[2:]
    assert inner == "  (None, 1)  <Sequential 'mlp': 2 layers, 21 parameters>"
    assert added.startswith("  (None, 1)  Operation(function='add', name='add")
    deep = nn.Sequential([layers.Activation("relu") for _ in range(50)])
    assert str(deep).splitlines()[-1] == "  ... 10 more: model.summary() shows all"
    assert "10 more" in page(deep)


def test_a_history_shows_its_curves():
    model = network()
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    history = model.fit(x, x[:, :1], epochs=3, validation_data=(x, x[:, :1]), verbose=0)
    found = page(history)
    assert found.count("<polyline") == 2  # of training and validation, in one chart
    assert found.count("<svg") == 1
    assert "History of 3 epochs" in found
    assert "val_loss" in found
    lowest, highest = (f(history.history["loss"] + history.history["val_loss"]) for f in (min, max))
    words = re.findall(r">([^<]+)</text>", found)
    assert words == [f"{highest:.4f}", f"{lowest:.4f}", "epoch 1", "3"]
    places = [float(y) for line in re.findall(r'points="([^"]+)"', found)
              for y in re.findall(r",([\d.]+)", line)]  # fmt: skip
    assert (min(places), max(places)) == (8, 128)  # they fill the chart
    history.add(3, {"loss": float("nan"), "val_loss": float("inf")})
    assert "nan" not in page(history).partition("<table")[0]  # no points of what is no number
    assert "<svg" not in page(model.fit(x, x[:, :1], verbose=0))  # one epoch is no curve
    assert "0 epochs" in page(nn.callbacks.History())


def test_the_textbooks_networks_show_sizes_and_weights():
    shown = repr(NeuralNetwork(2, 3, 1, random_state=0))
    assert shown.startswith("<NeuralNetwork 2-3-1, sigmoid and sigmoid\nW1 (2, 3)\n[[")
    assert shown.endswith("b2 (1, 1)\n[[0.]]>")
    neuron = Perceptron(1, random_state=0)
    assert repr(neuron) == "<Perceptron of 1 input: weights [0.01764052], bias 0>"
