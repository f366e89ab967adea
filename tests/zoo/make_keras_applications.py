"""Write keras_applications.json: layers, weights and some outputs of networks of Keras 3.

    KERAS_BACKEND=jax python tests/zoo/make_keras_applications.py [NAME...]

Those that are named are made anew, all by default. A network a line: its layers (class and name)
and weights (path and sizes) in order, and logits for images of an odd size with the weights of
weights_by_formula.py.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from weights_by_formula import images, weights

NAMES = (
    "VGG16", "VGG19", "ResNet50", "DenseNet121", "MobileNet", "MobileNetV2", "EfficientNetB0",
    "ConvNeXtTiny",
)  # fmt: skip
SIZE = (40, 48, 3)

FILE = Path(__file__).with_name("keras_applications.json")


def variables(network):
    """All but the number of samples that a Normalization has seen, which nobody reads."""
    return [w for w in network.weights if not w.path.endswith("/count")]


def named(weight):
    """Its layer and its own name; that of a layer scale has none, and is called gamma here."""
    layer, name = weight.path.split("/")[-2:]
    return f"{layer}/{'gamma' if layer.endswith('layer_scale') else name}"


rows = {row["name"]: row for row in json.loads(FILE.read_text())} if FILE.exists() else {}
for name in sys.argv[1:] or NAMES:
    keras.backend.clear_session()
    network = getattr(keras.applications, name)
    whole = network(weights=None)
    small = network(weights=None, input_shape=SIZE, classes=5, classifier_activation=None)
    held = variables(small)
    for w, value in zip(held, weights([(named(w), w.shape) for w in held]), strict=True):
        w.assign(value)
    for layer in small.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # takes its moments from the variables
    rows[name] = {
        "name": name,
        "parameters": sum(int(np.prod(w.shape)) for w in variables(whole)),
        "layers": [f"{type(layer).__name__} {layer.name}" for layer in whole.layers],
        "weights": [f"{named(w)} {list(w.shape)}" for w in variables(whole)],
        "logits": np.asarray(small(images(2, *SIZE), training=False), np.float64).tolist(),
    }
    print(name, rows[name]["logits"])
lines = [json.dumps(rows[name], separators=(",", ":")) for name in NAMES if name in rows]
FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n")
