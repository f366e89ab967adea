"""Layers of sounds against Keras 3."""

import numpy as np

from .library import arguments, close, each, public, tensor


@each("spectrograms")
def test_layer_of_sounds_agrees_with_keras(case):
    layer = public("layers", case["class"])(**arguments(case["kwargs"]))
    y = layer(tensor(np.asarray(case["input"], "float32")))
    close(y, case["output"], case["tolerance"], "output")
