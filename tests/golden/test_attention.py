"""Every attention layer against Keras 3 and KerasHub: output, weights of the average, gradients."""

import numpy as np

from .library import arguments, backward, close, each, gradient, public, tensor, weighted_sum


def call(case, layer, inputs):
    more = dict(case["call"])
    if "mask" in more:  # a list of them
        more["mask"] = [None if m is None else np.array(m) for m in more["mask"]]
    return layer(list(inputs), **more) if case["listed"] else layer(*inputs, **more)


@each("attention")
def test_layer_agrees_with_keras(case):
    layer = public("layers", case["class"])(**arguments(case["kwargs"]))
    dtype = "int32" if case["integers"] else "float32"
    inputs = [tensor(x, dtype, requires_grad=not case["integers"]) for x in case["inputs"]]
    call(case, layer, inputs)
    layer.set_weights([np.asarray(w, "float32") for w in case["weights"]])

    output, scores = call(case, layer, inputs), None
    if case["scores"] is not None:
        output, scores = output

    close(output, case["output"], case["tolerance"], "output")
    if scores is not None:
        close(scores, case["scores"], case["tolerance"], "scores")
    if not any(map(np.any, [*case["input_gradients"], *case["weight_gradients"]])):
        return  # waves, whatever x is
    backward(weighted_sum(output, case["cotangent"]))
    for i, expected in enumerate(case["input_gradients"]):
        close(gradient(inputs[i]), expected, case["tolerance"], f"gradient of input {i}")
    assert len(layer.trainable_weights) == len(case["weight_gradients"])
    pairs = zip(layer.trainable_weights, case["weight_gradients"], strict=True)
    for i, (weight, expected) in enumerate(pairs):
        close(gradient(weight), expected, case["tolerance"], f"gradient of weight {i}")
