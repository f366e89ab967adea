"""Write keras_applications_2.json: counts, shapes and logits of more networks of Keras 3.

    KERAS_BACKEND=torch python tests/zoo/make_keras_applications_2.py [NAME...]

Names and shapes are kept as checksums: `layers` of the names of layers, `weights` of the names and
shapes of weights, `shapes` of shapes alone, all in order. Weights are those of weights_by_formula.
"""

import hashlib
import json
import sys
from pathlib import Path

import keras
import numpy as np
from weights_by_formula import images, weights

NAMES = (
    "ResNet50V2", "Xception", "InceptionV3", "InceptionResNetV2", "MobileNetV3Small",
    "MobileNetV3Large", "EfficientNetV2B0", "EfficientNetV2S",
)  # fmt: skip
SIZE = (80, 96, 3)
FILE = Path(__file__).with_name("keras_applications_2.json")


def variables(network):
    """All but the number of samples that a Normalization has seen, which nobody reads."""
    return [w for w in network.weights if not w.path.endswith("/count")]


def named(weight):
    """Its layer and its own name; that of a layer scale has none, and is called gamma here."""
    layer, name = weight.path.split("/")[-2:]
    return f"{layer}/{'gamma' if layer.endswith('layer_scale') else name}"


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def described(name):
    whole = getattr(keras.applications, name)(weights=None)
    held = variables(whole)
    return {
        "name": name,
        "parameters": sum(int(np.prod(w.shape)) for w in held),
        "input_shape": list(whole.input_shape[1:]),
        "layers": digest(layer.name for layer in whole.layers[1:]),
        "weights": digest(f"{named(w)} {list(w.shape)}" for w in held),
        "shapes": digest(str(list(w.shape)) for w in held),
    }


rows = {row["name"]: row for row in json.loads(FILE.read_text())} if FILE.exists() else {}
for name in sys.argv[1:] or NAMES:
    keras.backend.clear_session()
    rows[name] = described(name)
    network = getattr(keras.applications, name)
    small = network(weights=None, input_shape=SIZE, classes=5, classifier_activation=None)
    held = variables(small)
    for w, value in zip(held, weights([(named(w), w.shape) for w in held]), strict=True):
        w.assign(value)
    logits = keras.ops.convert_to_numpy(small(images(2, *SIZE), training=False))
    rows[name]["logits"] = logits.astype(float).tolist()
    print(rows[name], flush=True)
    lines = [json.dumps(rows[n]) for n in NAMES if n in rows]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n")
