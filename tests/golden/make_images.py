"""Write images.json: what Keras 3's layers of images make of images.

Run as writing.py says, in float32, in which Keras makes its maps. Random layers are given factors
that leave nothing to chance, or nothing but a sign or a flip: then `outputs` has all that an image
may become.
"""

import os

import numpy as np
from writing import finish, label, numbers

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras

TOLERANCES = {
    "exact": {"rtol": 0.0, "atol": 0.0, "why": "moves numbers without arithmetic"},
    "map": {
        "rtol": 1e-5,
        "atol": 3e-5,
        "why": "places are right to some 2e-6 of a pixel, and pixels differ by up to 4",
    },
    "sum": {"rtol": 1e-5, "atol": 1e-5, "why": "float32 sums of at most 10 terms of size up to 4"},
}
CASES = []


def case(name, kwargs, *shape, tolerance="map", change=None, training=True, **span):
    """One layer on one input; `change(layer, x)` lists what may come out, where that is several."""
    x = numbers(*shape, seed=len(CASES), **span)
    layer = getattr(keras.layers, name)(**kwargs)
    outputs = change(layer, x) if change else [layer(x, training=training)]
    CASES.append(
        {
            "id": label(name, kwargs),
            "class": name,
            "kwargs": kwargs,
            "tolerance": tolerance,
            "training": training,
            "input": x,
            "outputs": [np.asarray(y) for y in outputs],
        }
    )


PLAIN = (2, 5, 6, 2)
for fill_mode in ("reflect", "wrap", "constant", "nearest"):
    for interpolation in ("bilinear", "nearest"):
        filling = {"fill_mode": fill_mode, "interpolation": interpolation, "fill_value": 0.5}
        case("RandomRotation", {"factor": [0.11, 0.11], **filling}, *PLAIN)
        case(
            "RandomZoom",
            {"height_factor": [0.7, 0.7], "width_factor": [-0.31, -0.31], **filling},
            *PLAIN,
        )
        case(
            "RandomTranslation",
            {"height_factor": [0.43, 0.43], "width_factor": [-0.95, -0.95], **filling},
            *PLAIN,
        )
first = {"data_format": "channels_first"}
case("RandomRotation", {"factor": [-0.37, -0.37], **first}, 2, 3, 4, 5)
case("RandomZoom", {"height_factor": [-0.4, -0.4]}, 2, 7, 4, 1)
case("RandomTranslation", {"height_factor": [1.0, 1.0], "width_factor": [0.0, 0.0]}, 1, 4, 4, 1)


def sheared(layer, x):
    factor = np.float32([[layer.x_factor[0], layer.y_factor[0]]])
    return [
        layer.transform_images(x, {"shear_factor": sign * factor.repeat(len(x), 0)})
        for sign in (1, -1)
    ]


case("RandomShear", {"x_factor": [0.4, 0.4], "y_factor": [0.3, 0.3]}, *PLAIN, change=sheared)
case(
    "RandomShear",
    {"x_factor": [0.2, 0.2], "fill_mode": "constant", "interpolation": "nearest"},
    *PLAIN,
    change=sheared,
)


def flipped(axes):
    return lambda layer, x: [np.flip(x, axis) for axis in axes]


case("RandomFlip", {"mode": "horizontal"}, *PLAIN, change=flipped([(), 2]), tolerance="exact")
case("RandomFlip", {"mode": "vertical"}, *PLAIN, change=flipped([(), 1]), tolerance="exact")
both = flipped([(), 1, 2, (1, 2)])
case("RandomFlip", {"mode": "horizontal_and_vertical"}, *PLAIN, change=both, tolerance="exact")

unit = {"low": 0.0, "high": 1.0}
scaled = {"value_range": [0, 1]}
case("RandomBrightness", {"factor": [0.3, 0.3], **scaled}, *PLAIN, tolerance="sum", **unit)
case("RandomBrightness", {"factor": [-0.5, -0.5]}, 2, 3, 4, 3, tolerance="sum", low=0, high=255)
case("RandomGrayscale", {"factor": 1.0}, 2, 3, 4, 3, tolerance="sum", **unit)
for factor in (0.0, 0.3, 0.5, 0.8):
    kwargs = {"factor": [factor, factor], **scaled}
    case("RandomSaturation", kwargs, 2, 3, 4, 3, tolerance="sum", **unit)


def turned(layer, x):
    turns = [sign * layer.factor[0] * 0.5 * np.ones(len(x), "float32") for sign in (1, -1)]
    return [layer.transform_images(x, {"factor": turn}) for turn in turns]


case("RandomHue", {"factor": [0.4, 0.4], **scaled}, 2, 4, 5, 3, change=turned, **unit)
case("RandomHue", {"factor": [0.9, 0.9]}, 2, 4, 5, 3, change=turned, low=0, high=2)

for interpolation in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"):
    for height, width in ((3, 9), (8, 2)):
        for antialias in (False, True):
            kwargs = {
                "height": height, "width": width,
                "interpolation": interpolation, "antialias": antialias,
            }  # fmt: skip
            case("Resizing", kwargs, *PLAIN, tolerance="sum", training=False)
for kind in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
    for height, width in ((4, 9), (9, 4), (3, 3)):
        case("Resizing", {"height": height, "width": width, kind: True}, *PLAIN, tolerance="sum")
case(
    "Resizing",
    {"height": 4, "width": 8, "pad_to_aspect_ratio": True, "fill_value": 1.5, **first},
    2, 2, 5, 4,
    tolerance="sum",
)  # fmt: skip
case("CenterCrop", {"height": 3, "width": 4}, *PLAIN, tolerance="exact", training=False)
case("CenterCrop", {"height": 2, "width": 3}, *PLAIN, tolerance="exact", training=False)
case("CenterCrop", {"height": 7, "width": 4}, *PLAIN, tolerance="sum", training=False)
case("CenterCrop", {"height": 2, "width": 2, **first}, 2, 3, 4, 5, tolerance="exact")

finish("images", TOLERANCES, CASES)
