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
    "tone": {"rtol": 2e-6, "atol": 2e-4, "why": "float32 tones up to 255, in sums of some terms"},
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


# --- tones: a fixed transformation where Keras would draw one ------------------------------------

BYTES = {"low": 0.0, "high": 255.0, "tolerance": "tone"}
COLOURED = (2, 5, 4, 3)


def given(**transformation):
    """What a layer makes of images when these are drawn."""

    def outputs(layer, x):
        values = {
            k: np.full((len(x),), v) if isinstance(v, bool) else np.asarray(v, "float32")
            for k, v in transformation.items()
        }
        return [layer.transform_images(x, values)]

    return outputs


case("RandomInvert", {"factor": [1.0, 1.0]}, *PLAIN, **BYTES)
case("Solarization", {}, *PLAIN, **BYTES)
fixed = {"addition_factor": [0.2, 0.2], "threshold_factor": [0.5, 0.5]}
drawn = given(additions=51.0, thresholds=127.5)
case("Solarization", fixed, *PLAIN, change=drawn, **BYTES)
case("Solarization", {**fixed, "value_range": [0, 1]}, *PLAIN, change=drawn, low=0.0, high=1.0)
for bits in (1, 3, 8):
    case("RandomPosterization", {"factor": [bits, bits]}, *PLAIN, **BYTES)
case(
    "RandomPosterization", {"factor": [3, 3], "value_range": [0, 1]}, *PLAIN, low=0.0, high=1.0,
    tolerance="tone",
)  # fmt: skip
case("RandomColorDegeneration", {"factor": [0.7, 0.7]}, *COLOURED, **BYTES)
case("RandomColorDegeneration", {"factor": [1.0, 1.0], **first}, 2, 3, 4, 5, **BYTES)
for f in (0.0, 0.3, 1.0):
    case("RandomSharpness", {"factor": [f, f]}, *COLOURED, **BYTES)
for size, s in ((3, 1.0), ([3, 5], 0.6), (7, 0.9)):
    blur = given(blur_factor=[s + 1e-6, s + 1e-6], should_apply_blur=True)
    kwargs = {"factor": [1.0, 1.0], "kernel_size": size, "sigma": [s, s]}
    case("RandomGaussianBlur", kwargs, 2, 7, 6, 3, change=blur, **BYTES)

case("AutoContrast", {}, *PLAIN, **BYTES)
case("AutoContrast", {"value_range": [-1, 3]}, *PLAIN, low=-1.0, high=2.0, tolerance="tone")


def one_by_one(layer, x):
    """Keras counts the tones of a whole batch."""
    return [np.concatenate([np.asarray(layer(image[None], training=True)) for image in x])]


for bins in (256, 16):
    case("Equalization", {"bins": bins}, 2, 7, 6, 3, change=one_by_one, **BYTES)
case(
    "Equalization", {"value_range": [0, 1]}, 1, 7, 6, 1, change=one_by_one, low=0.0, high=1.0,
    tolerance="tone",
)  # fmt: skip
clahe = "ContrastLimitedAdaptiveHistogramEqualization"
for grid, limit in (([2, 2], 4.0), ([3, 4], 0.0), ([4, 3], 1.5)):
    case(clahe, {"tile_grid_size": grid, "clip_limit": limit}, 2, 18, 21, 2, **BYTES)
case(
    clahe, {"tile_grid_size": [2, 2], "value_range": [0, 1]}, 1, 8, 9, 3, low=0.0, high=1.0,
    tolerance="tone",
)  # fmt: skip

finish("images", TOLERANCES, CASES)
