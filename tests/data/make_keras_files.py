"""What Keras makes of small pictures and folders.

KERAS_BACKEND=jax python make_keras_files.py  # writes keras_files.json
"""

import json
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras.src.utils import dataset_utils

RNG = np.random.default_rng(0)
known = {"resized": [], "loaded": [], "pictures": [], "folders": []}
image = RNG.integers(0, 256, (7, 10, 3)).astype("float32")
for size, interpolation, batch in (
    ((4, 4), "bilinear", False), ((9, 5), "nearest", False), ((3, 12), "bicubic", True),
):  # fmt: skip
    x = image[None].repeat(2, axis=0) if batch else image
    found = keras.preprocessing.image.smart_resize(x, size, interpolation)
    known["resized"].append([size, interpolation, batch, np.asarray(found).tolist()])
known["image"] = image.tolist()

folder = Path(tempfile.mkdtemp())
keras.utils.save_img(folder / "a.png", image, scale=False)
for arguments in (
    {}, {"color_mode": "grayscale"}, {"color_mode": "rgba", "target_size": [3, 5]},
    {"target_size": [4, 4], "interpolation": "bilinear"},
    {"target_size": [4, 6], "interpolation": "lanczos", "keep_aspect_ratio": True},
    {"target_size": [8, 3], "interpolation": "nearest", "keep_aspect_ratio": True},
):  # fmt: skip
    found = keras.utils.img_to_array(keras.utils.load_img(folder / "a.png", **arguments))
    known["loaded"].append([arguments, found.tolist()])
for arguments, x in (
    ({}, image), ({"scale": False}, image), ({}, image[..., :1]),
    ({"scale": False}, image[..., :1]),
    ({"data_format": "channels_first"}, image.transpose(2, 0, 1)),
    ({"scale": False}, 3 * image[..., :1]),
):  # fmt: skip
    picture = keras.utils.array_to_img(x, **arguments)
    known["pictures"].append([arguments, x.tolist(), picture.mode, np.asarray(picture).tolist()])

for number in range(23):
    place = folder / "set" / f"class_{number % 3}" / ("deep" if number % 5 == 0 else "")
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{number:02}.txt").write_text(str(number))
for shuffle, seed, split, subset in (
    (False, None, None, None), (True, 5, None, None), (True, 5, 0.3, "training"),
    (True, 5, 0.3, "validation"), (False, None, 0.3, "validation"),
):  # fmt: skip
    paths, labels, names = dataset_utils.index_directory(
        str(folder / "set"), "inferred", (".txt",), shuffle=shuffle, seed=seed, verbose=False
    )
    paths, labels = dataset_utils.get_training_or_validation_split(paths, labels, split, subset)
    found = [str(Path(path).name) for path in paths]
    known["folders"].append([shuffle, seed, split, subset, found, np.asarray(labels).tolist()])
Path(__file__).with_name("keras_files.json").write_text(json.dumps(known) + "\n")
