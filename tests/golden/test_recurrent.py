"""Every recurrent layer against Keras 3: outputs, states, gradients, with every argument."""

import numpy as np
import pytest

from neurona.nn.recurrent.cell import Noise

from .library import NAME, backward, close, each, gradient, library, tensor, weighted_sum
from .recurrent_problem import cells, flat, made

pytestmark = pytest.mark.skipif(NAME != "neurona", reason="cells get their masks in another way")


def built(case):
    """The layer with the case's weights, and what it is called with besides x."""
    layer = made(library.layers, case["layer"])
    kwargs = {} if case["mask"] is None else {"mask": np.array(case["mask"], bool)}
    layer(tensor(case["x"]), **kwargs)
    layer.set_weights([np.asarray(w, "float32") for w in case["weights"]])
    if case["layer"][1].get("stateful"):
        layer.reset_state()
    for cell, pair in zip(cells(layer) if case["noise"] else (), case["noise"], strict=True):
        noise = Noise(*(tuple(map(tensor, masks)) for masks in pair))
        cell.noise = lambda batch, training, noise=noise: noise
    if case["noise"]:
        kwargs["training"] = True
    return layer, kwargs


@each("recurrent")
def test_recurrent_layer_agrees_with_keras(case):
    layer, kwargs = built(case)
    x = tensor(case["x"], requires_grad=True)
    states = [tensor(s, requires_grad=True) for s in case["states"]]
    if states:
        kwargs["initial_state"] = states

    outputs = flat(layer(x, **kwargs))

    assert len(outputs) == len(case["outputs"])
    for i, (y, expected) in enumerate(zip(outputs, case["outputs"], strict=True)):
        close(y, expected, case["tolerance"], f"output {i}")
    pairs = zip(outputs, case["cotangents"], strict=True)
    backward(sum(weighted_sum(y, c) for y, c in pairs))
    close(gradient(x), case["x_gradient"], case["tolerance"], "gradient of x")
    for i, (s, expected) in enumerate(zip(states, case["state_gradients"], strict=True)):
        close(gradient(s), expected, case["tolerance"], f"gradient of state {i}")
    for i, (w, expected) in enumerate(
        zip(layer.trainable_weights, case["weight_gradients"], strict=True)
    ):
        close(gradient(w), expected, case["tolerance"], f"gradient of weight {i}")
    if case["second"] is not None:
        for y, expected in zip(
            flat(layer(tensor(case["second"]["x"]))), case["second"]["outputs"], strict=True
        ):
            close(y, expected, case["tolerance"], "output of the second call")
