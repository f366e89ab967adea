"""What Keras makes of small files of the form of imdb, reuters and the houses.

KERAS_BACKEND=jax python make_keras_sets.py  # writes keras_sets.json
"""

import json
import tempfile
from pathlib import Path

import numpy as np
from keras.src.datasets import boston_housing, california_housing, imdb, reuters

RNG = np.random.default_rng(0)
texts = [(RNG.geometric(0.02, n)).tolist() for n in RNG.integers(1, 12, 60)]
labels = RNG.integers(0, 2, 60)
table = RNG.normal(size=(700, 2)).round(3)
folder = Path(tempfile.mkdtemp())


def objects(given):
    found = np.empty(len(given), object)
    found[:] = given
    return found


np.savez(
    folder / "imdb.npz", x_train=objects(texts[:40]), y_train=labels[:40],
    x_test=objects(texts[40:]), y_test=labels[40:],
)  # fmt: skip
np.savez(folder / "reuters.npz", x=objects(texts), y=labels)
np.savez(folder / "table.npz", x=table, y=table[:, 0])
path = None
for module in (imdb, reuters, boston_housing, california_housing):
    module.get_file = lambda *_, **__: path

TEXTS = [
    {}, {"num_words": 50}, {"num_words": 40, "skip_top": 8, "oov_char": 7, "seed": 3},
    {"maxlen": 6, "num_words": 60}, {"oov_char": None, "skip_top": 5, "start_char": None},
    {"start_char": None, "index_from": 0}, {"index_from": 10, "start_char": 4, "maxlen": 9},
]  # fmt: skip


def plain(found):
    return [[np.asarray(part).tolist() for part in pair] for pair in found]


known = {"texts": texts, "labels": labels.tolist(), "table": table.tolist(), "cases": []}
for name, module, cases in (
    ("imdb", imdb, TEXTS),
    ("reuters", reuters, [*TEXTS, {"test_split": 0.3, "seed": 1}]),
):
    path = str(folder / f"{name}.npz")
    for arguments in cases:
        known["cases"].append([name, arguments, plain(module.load_data(**arguments))])
path = str(folder / "table.npz")
for name, module, arguments in (
    ("boston_housing", boston_housing, {"test_split": 0.33, "seed": 4}),
    ("boston_housing", boston_housing, {}),
    ("california_housing", california_housing, {"version": "small", "test_split": 0.1}),
):
    found = [pair[1].tolist() for pair in module.load_data(**arguments)]
    known["cases"].append([name, arguments, found])
Path(__file__).with_name("keras_sets.json").write_text(json.dumps(known) + "\n")
