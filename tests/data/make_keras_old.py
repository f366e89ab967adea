"""What Keras's old helpers make of texts, series and images.

KERAS_BACKEND=jax python make_keras_old.py  # writes keras_old.json
"""

import json
import random
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras.src.legacy.preprocessing import image, sequence, text

RNG = np.random.default_rng(0)
TEXTS = [
    "The cat sat on the mat.", "The dog; the CAT!", "a\tdog's life\nand more", "",
    "mat mat mat -- cat", ["The", "given", "Words"],
]  # fmt: skip
MORE = ["The cow sat on a cat", "unknown words only", ["mat", "Given"]]
known = {"texts": TEXTS, "more": MORE, "words": [], "pairs": [], "series": [], "images": []}

for arguments in (
    {}, {"num_words": 5}, {"oov_token": "?"}, {"oov_token": "?", "num_words": 4},
    {"lower": False}, {"char_level": True}, {"filters": ".", "split": "a"},
):  # fmt: skip
    words = text.Tokenizer(**arguments)
    words.fit_on_texts(TEXTS)
    numbers = words.texts_to_sequences(MORE)
    known["words"].append(
        {
            "arguments": arguments,
            "config": words.get_config(),
            "numbers": numbers,
            "texts": words.sequences_to_texts([*numbers, [1, 3, 99]]),
            "matrices": {
                mode: words.texts_to_matrix(MORE, mode).tolist()
                for mode in ("binary", "count", "freq", "tfidf")
            },
        }
    )
known["hashed"] = text.hashing_trick(TEXTS[0], 50, "md5")

numbers = RNG.integers(0, 9, 12).tolist()
for arguments in (
    {"seed": 1}, {"negative_samples": 0.0, "window_size": 2, "shuffle": False},
    {"categorical": True, "window_size": 1, "seed": 7},
    {"sampling_table": sequence.make_sampling_table(9, 0.1).tolist(), "seed": 3},
):  # fmt: skip
    random.seed(5)
    found = sequence.skipgrams(numbers, 9, **arguments)
    known["pairs"].append([numbers, arguments, [np.asarray(part).tolist() for part in found]])
known["table"] = sequence.make_sampling_table(20).tolist()

steps = np.arange(40).reshape(20, 2)
for arguments in (
    {"length": 3, "batch_size": 4}, {"length": 6, "sampling_rate": 2, "stride": 3, "batch_size": 2},
    {"length": 4, "start_index": 3, "end_index": 12, "reverse": True, "batch_size": 5},
):  # fmt: skip
    made = sequence.TimeseriesGenerator(steps, steps[:, 1], **arguments)
    batches = [[part.tolist() for part in made[i]] for i in range(len(made))]
    known["series"].append([arguments, batches])

IMAGE = RNG.integers(0, 256, (6, 6, 3)).astype("float32")
known["image"] = IMAGE.tolist()
for mode in ("nearest", "constant", "reflect", "wrap"):
    for order in (0, 1):
        for moves in (
            {"theta": 30}, {"tx": 2.5, "ty": -1.25}, {"shear": 20}, {"zx": 0.7, "zy": 1.6},
            {"theta": -75, "tx": 3, "ty": 9, "shear": 10, "zx": 1.2, "zy": 1.3},
        ):  # fmt: skip
            made = image.ImageDataGenerator(fill_mode=mode, cval=7.0, interpolation_order=order)
            found = made.apply_transform(IMAGE, moves)
            known["images"].append([mode, order, moves, found.tolist()])
known["colours"] = [
    [given, image.ImageDataGenerator().apply_transform(IMAGE, given).tolist()]
    for given in (
        {"channel_shift_intensity": 30.0}, {"channel_shift_intensity": -90.5},
        {"brightness": 0.6}, {"brightness": 1.7}, {"flip_horizontal": True},
        {"flip_vertical": True, "brightness": 0.9},
    )
]  # fmt: skip
known["beyond"] = image.apply_brightness_shift(IMAGE - 100, 0.5, False).tolist()

X = RNG.integers(0, 256, (7, 6, 6, 3)).astype("float32")
Y = np.array([0, 1, 0, 1, 1, 0, 1])
known["x"] = X.tolist()
known["flows"] = []
for arguments in (
    {"rescale": 1 / 255, "horizontal_flip": True, "vertical_flip": True},
    {"rotation_range": 40, "zoom_range": 0.3, "shear_range": 10, "fill_mode": "reflect"},
    {"channel_shift_range": 20.0, "brightness_range": [0.5, 1.5], "samplewise_center": True},
    {"samplewise_std_normalization": True},
    {"featurewise_center": True, "featurewise_std_normalization": True, "rescale": 0.1},
    {"zca_whitening": True, "zca_epsilon": 0.1},
):  # fmt: skip
    made = image.ImageDataGenerator(**arguments)
    if "featurewise_center" in arguments or "zca_whitening" in arguments:
        made.fit(X, seed=2)
    flow = made.flow(X, Y, batch_size=3, shuffle=True, seed=4)
    batches = [[part.tolist() for part in flow[i]] for i in range(len(flow))]
    batches += [[part.tolist() for part in next(flow)] for _ in range(2)]
    known["flows"].append([arguments, batches])
made = image.ImageDataGenerator(rotation_range=9, width_shift_range=0.2, height_shift_range=[1, 3],
    shear_range=5, zoom_range=[0.5, 2], channel_shift_range=7, brightness_range=(0.1, 0.9),
    horizontal_flip=True)  # fmt: skip
found = made.get_random_transform((6, 10, 3), seed=11)
known["drawn"] = {key: None if value is None else float(value) for key, value in found.items()}

folder = Path(tempfile.mkdtemp())
for number in range(13):
    place = folder / f"class_{number % 2}"
    place.mkdir(exist_ok=True)
    shade = np.full((5 + number % 2, 6, 3), 10.0 * number)
    keras.utils.save_img(place / f"{number:02}.png", shade, scale=False)
known["folders"] = []
for arguments in (
    {"class_mode": "binary", "shuffle": False}, {"class_mode": "categorical", "seed": 3},
    {"class_mode": "sparse", "subset": "training", "seed": 5, "color_mode": "grayscale"},
    {"class_mode": "input", "subset": "validation", "shuffle": False},
    {"class_mode": None, "classes": ["class_1"], "shuffle": False},
):  # fmt: skip
    made = image.ImageDataGenerator(rescale=1 / 255, validation_split=0.4)
    flow = made.flow_from_directory(str(folder), target_size=(4, 4), batch_size=4, **arguments)
    batch = flow[0]
    batch = [part.tolist() for part in (batch if isinstance(batch, tuple) else (batch,))]
    known["folders"].append([arguments, flow.filenames, flow.class_indices, batch])
known = json.loads(json.dumps(known), parse_float=lambda text: float(f"{float(text):.6g}"))
Path(__file__).with_name("keras_old.json").write_text(json.dumps(known) + "\n")
