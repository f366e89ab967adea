"""Layers of text, categories and ranges against Keras 3: vocabularies, bins and ids."""

import numpy as np

from .library import arguments, close, each, public


@each("encodings")
def test_layer_agrees_with_keras(case):
    layer = public("layers", case["class"])(**arguments(case["kwargs"]))
    if (batches := case["adapt"]) is not None:
        layer.adapt(np.array(batches[0]) if len(batches) == 1 else map(np.array, batches))
    if "vocabulary" in case:
        assert layer.get_vocabulary() == case["vocabulary"]
    if "boundaries" in case:
        np.testing.assert_allclose(layer.bin_boundaries, case["boundaries"], rtol=1e-6)
    x = case["input"]
    x = [np.array(part) for part in x] if case["class"] == "HashedCrossing" else np.array(x)
    y = layer(x, **{k: np.array(v, "float32") for k, v in case["call"].items()})
    if np.asarray(y).dtype == object:
        assert y.tolist() == case["output"]
        return
    if (
        case["kwargs"].get("output_mode", "int") == "int"
    ):  # weights are floats, as Keras says of them
        assert y.dtype.name == case["dtype"]
    close(y, np.array(case["output"], case["dtype"]), case["tolerance"], "output")
