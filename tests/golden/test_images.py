"""Layers of images against Keras 3: an image becomes what it may become, and all of that occurs."""

import numpy as np

from .library import arguments, array, close, each, public, tensor


@each("images")
def test_layer_of_images_agrees_with_keras(case):
    layer = (
        public("layers", case["class"])(**arguments(case["kwargs"]), seed=3)
        if "Random" in case["class"] or case["class"] == "Solarization"
        else public("layers", case["class"])(**arguments(case["kwargs"]))
    )
    x, outputs = np.asarray(case["input"], "float32"), np.asarray(case["outputs"])
    if len(outputs) == 1:
        close(layer(tensor(x), training=case["training"]), outputs[0], case["tolerance"], "output")
        return
    many = 20  # copies of each image, so that each outcome is met
    y = array(layer(tensor(np.repeat(x, many, axis=0)), training=True))
    seen = set()
    for i, image in enumerate(y):
        distances = [np.abs(image - expected[i // many]).max() for expected in outputs]
        nearest = int(np.argmin(distances))
        close(image, outputs[nearest, i // many], case["tolerance"], f"image {i}")
        seen.add(nearest)
    assert seen == set(range(len(outputs)))
