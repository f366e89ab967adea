"""Every layer against Keras 3: output, gradients, and the state that it leaves behind."""

import numpy as np
import pytest

from .library import (
    NAME,
    arguments,
    backward,
    close,
    each,
    gradient,
    library,
    public,
    tensor,
    weighted_sum,
)


def make(case):
    if case["optional"] and not hasattr(library.layers, case["class"]):
        pytest.skip(f"{NAME} has no {case['class']}")
    layer = public("layers", case["class"])(**arguments(case["kwargs"]))
    if case["adapt"] is not None:
        layer.adapt(tensor(case["adapt"]) if NAME == "keras" else case["adapt"])
    return layer


def call(case, layer, inputs, training):
    kwargs = {} if training is None else {"training": training}
    if case["spread"]:
        return layer(*inputs, **kwargs)
    return layer(inputs if len(inputs) > 1 else inputs[0], **kwargs)


@each("layers spatial")
def test_layer_agrees_with_keras(case):
    layer = make(case)
    dtype = "int32" if case["integers"] else "float32"
    inputs = [tensor(x, dtype, requires_grad=not case["integers"]) for x in case["inputs"]]
    if case["weights"] is not None:
        call(case, layer, inputs, None if case["training"] is None else False)
        layer.set_weights([np.asarray(w, "float32") for w in case["weights"]])

    output = call(case, layer, inputs, case["training"])

    close(output, case["output"], case["tolerance"], "output")
    if any(map(bool, case["input_gradients"])) or case["weight_gradients"]:
        backward(weighted_sum(output, case["cotangent"]))
        for i, expected in enumerate(case["input_gradients"]):
            close(gradient(inputs[i]), expected, case["tolerance"], f"gradient of input {i}")
        assert len(layer.trainable_weights) == len(case["weight_gradients"])
        pairs = zip(layer.trainable_weights, case["weight_gradients"], strict=True)
        for i, (weight, expected) in enumerate(pairs):
            close(gradient(weight), expected, case["tolerance"], f"gradient of weight {i}")
    if case["weights"] is not None:
        for i, (w, expected) in enumerate(
            zip(layer.get_weights(), case["weights_after"], strict=True)
        ):
            close(w, expected, case["tolerance"], f"weight {i} after the call")
