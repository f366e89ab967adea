"""Write encodings.json: what Keras 3's layers of text, categories and ranges make of data.

Keras looks text up with TensorFlow: besides what writing.py says, this needs tensorflow-cpu 2.21.0,
in an environment of its own, and KERAS_BACKEND=tensorflow.
"""

import os

import numpy as np
from writing import finish, label, numbers

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

TOLERANCES = {
    "exact": {"rtol": 0.0, "atol": 0.0, "why": "ids, counts and bins"},
    "float": {"rtol": 2e-6, "atol": 2e-6, "why": "a few float32 operations and a logarithm"},
}
CASES = []


def listed(value):
    """Arrays of numbers or bytes as nested lists."""
    array = np.asarray(value)
    if array.dtype.kind in "SO":
        return np.vectorize(lambda v: v.decode() if isinstance(v, bytes) else v)(array).tolist()
    return array.tolist()


def case(name, kwargs, x, adapt=None, tolerance="exact", call=None):
    """One layer; `adapt` is a list of batches, `call` more arguments of the call."""
    layer = getattr(keras.layers, name)(**kwargs)
    if adapt is not None:
        layer.adapt(np.array(adapt[0]) if len(adapt) == 1 else iter([np.array(b) for b in adapt]))
    given = [np.array(part) for part in x] if name == "HashedCrossing" else np.array(x)
    y = layer(given, **{k: np.array(v) for k, v in (call or {}).items()})
    found = {
        "id": label(name, {k: v for k, v in kwargs.items() if k != "vocabulary"}),
        "class": name, "kwargs": kwargs, "adapt": adapt, "input": x, "call": call or {},
        "output": listed(y), "dtype": keras.backend.standardize_dtype(y.dtype),
        "tolerance": tolerance,
    }  # fmt: skip
    if hasattr(layer, "get_vocabulary"):
        found["vocabulary"] = [v if isinstance(v, str) else int(v) for v in layer.get_vocabulary()]
    if name == "Discretization" and adapt is not None:
        found["boundaries"] = listed(layer.bin_boundaries)
    CASES.append(found)


rng = np.random.default_rng(0)
LETTERS = list("abcdefghij klmnop,.ABC")
STRINGS = ["".join(rng.choice(LETTERS, n)) for n in (*range(34), 47, 48, 63, 64, 65, 66, 127, 128,
                                                     129, 150, 191, 192, 193, 300)]  # fmt: skip
STRINGS += ["é", "naïve café", "日本語のテキスト", "🙂"]
BINS = 1_000_003

case("Hashing", {"num_bins": BINS}, STRINGS)
case("Hashing", {"num_bins": BINS, "salt": 133}, STRINGS)
case("Hashing", {"num_bins": BINS, "salt": [133, 137]}, STRINGS)
case("Hashing", {"num_bins": BINS}, [[0, 1, -5], [2**40, -(2**50), 99]])
case("Hashing", {"num_bins": 7, "salt": 3}, [[0, 1, -5], [2**40, -(2**50), 99]])
case("Hashing", {"num_bins": 5, "mask_value": ""}, [["a"], [""], ["b"]])
case("Hashing", {"num_bins": 5, "mask_value": 3}, [[1, 3], [2, 3]])
case("Hashing", {"num_bins": 1}, ["a", "b"])
for mode in ("one_hot", "multi_hot", "count"):
    case("Hashing", {"num_bins": 4, "output_mode": mode}, [["a", "b", "a"], ["c", "d", "d"]])
case("Hashing", {"num_bins": 4, "output_mode": "one_hot"}, [["a"], ["b"]])
case("HashedCrossing", {"num_bins": BINS}, [STRINGS, [*range(len(STRINGS))]])
case("HashedCrossing", {"num_bins": BINS}, [[-1, 2**40, 7], ["a", "b", ""], [3, 3, -9]])
case("HashedCrossing", {"num_bins": 5, "output_mode": "one_hot"}, [[["a"], ["b"]], [[1], [2]]])

WORDS = [["b", "a", "c"], ["b", "d", "a"], ["b", "[UNK]", ""]]
SEEN = [["a", "zz", ""], ["d", "b", "b"]]
for kwargs in (
    {}, {"max_tokens": 4}, {"mask_token": ""}, {"num_oov_indices": 3, "mask_token": ""},
    {"output_mode": "multi_hot"}, {"output_mode": "count", "mask_token": ""},
    {"output_mode": "one_hot"}, {"output_mode": "multi_hot", "num_oov_indices": 2},
    {"output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True},
):  # fmt: skip
    case("StringLookup", kwargs, SEEN, adapt=[WORDS])
case("StringLookup", {"num_oov_indices": 0}, [["a", "b"]], adapt=[WORDS])
case("StringLookup", {"num_oov_indices": 4, "salt": [1, 2]}, SEEN, adapt=[WORDS])
case("StringLookup", {"output_mode": "tf_idf"}, SEEN, adapt=[WORDS], tolerance="float")
padded = {"output_mode": "tf_idf", "max_tokens": 8, "pad_to_max_tokens": True}
case("StringLookup", padded, SEEN, adapt=[WORDS, [["b", "q", "q"]]], tolerance="float")
given = {"vocabulary": ["a", "b"], "idf_weights": [0.25, 0.75], "output_mode": "tf_idf"}
case("StringLookup", given, SEEN, tolerance="float")
given = {**given, "vocabulary": ["[UNK]", "a", "b"], "idf_weights": [0.9, 0.25, 0.75]}
case("StringLookup", given, SEEN, tolerance="float")
case("StringLookup", {"vocabulary": ["a", "b"], "invert": True}, [[1, 2, 0], [5, 2, 1]])
masked = {"vocabulary": ["a", "b"], "invert": True, "mask_token": "", "oov_token": "?"}
case("StringLookup", masked, [[0, 1, 2], [3, 4, 0]])

WHOLE, ASKED = [[5, 7, 5], [9, 5, 7], [-1, 0, 5]], [[5, 100, 0], [-3, 9, 9]]
for kwargs in (
    {}, {"max_tokens": 3}, {"mask_token": 0}, {"num_oov_indices": 3},
    {"num_oov_indices": 3, "oov_method": "farmhash"},
    {"num_oov_indices": 3, "oov_method": "farmhash", "salt": 9},
    {"output_mode": "multi_hot"}, {"output_mode": "count", "mask_token": 0},
    {"output_mode": "one_hot"},
):  # fmt: skip
    case("IntegerLookup", kwargs, ASKED, adapt=[WHOLE])
case("IntegerLookup", {"output_mode": "tf_idf"}, ASKED, adapt=[WHOLE], tolerance="float")
case("IntegerLookup", {"vocabulary": [12, 36], "invert": True}, [[1, 2, 0]])

TEXTS = ["The  cat sat!", "the dog\tsat, down.", "A cat's naïve CAFÉ\n", "日本 語", "", "one-two"]
for kwargs in (
    {}, {"max_tokens": 6}, {"output_sequence_length": 3}, {"output_sequence_length": 7},
    {"standardize": None}, {"standardize": "lower"}, {"standardize": "strip_punctuation"},
    {"split": "character"}, {"split": None}, {"ngrams": 2}, {"ngrams": (1, 3)}, {"ngrams": (3, 2)},
    {"output_mode": "multi_hot"}, {"output_mode": "count", "ngrams": 2},
    {"output_mode": "count", "max_tokens": 30, "pad_to_max_tokens": True},
):  # fmt: skip
    case("TextVectorization", kwargs, TEXTS, adapt=[TEXTS])
case("TextVectorization", {"output_mode": "tf_idf"}, TEXTS, adapt=[TEXTS], tolerance="float")
case("TextVectorization", {}, [["a b"], ["b"]], adapt=[["b a"], ["b b", "c"]])
case("TextVectorization", {"vocabulary": ["b", "a"]}, ["b a c", "a"])

VALUES = numbers(40, seed=1).tolist()
case("Discretization", {"bin_boundaries": [-1.0, 0.5, 1.0]}, [[-1.5, -1.0, 0.5], [0.7, 1.0, 9.0]])
for bins in (2, 4, 7):
    case("Discretization", {"num_bins": bins}, [VALUES[:9]], adapt=[VALUES])
case("Discretization", {"num_bins": 5, "epsilon": 0.1}, [VALUES[:9]], adapt=[VALUES, VALUES[3:20]])
case("Discretization", {"num_bins": 3}, [VALUES[:9]], adapt=[(rng.normal(size=500)).tolist()])
for mode in ("one_hot", "multi_hot", "count"):
    kwargs = {"bin_boundaries": [-1.0, 0.5], "output_mode": mode}
    case("Discretization", kwargs, [[-1.5, -1.0, -0.9], [0.7, 1.0, 9.0]])
case("Discretization", {"bin_boundaries": [0.0], "output_mode": "one_hot"}, [[-1.0], [2.0]])

for mode in ("one_hot", "multi_hot", "count"):
    case("CategoryEncoding", {"num_tokens": 4, "output_mode": mode}, [[0, 1], [3, 3]])
case("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, [[0], [3]])
case("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, [0, 3])
weights = {"count_weights": [[0.5, 2.0], [0.25, 1.0]]}
counted = {"num_tokens": 4, "output_mode": "count"}
case("CategoryEncoding", counted, [[0, 1], [3, 3]], call=weights, tolerance="float")

TABLE = numbers(5, 3, 2, seed=2).tolist()
for axis in (-1, 1, (1, 2), (0, 2), None):
    case("Normalization", {"axis": axis}, TABLE, adapt=[TABLE], tolerance="float")
case("Normalization", {"invert": True}, TABLE, adapt=[TABLE, TABLE[:3]], tolerance="float")
case("Normalization", {"mean": 3.0, "variance": 2.0}, TABLE, tolerance="float")
known = {"mean": [1.0, 2.0], "variance": [0.0, 4.0]}
case("Normalization", known, TABLE, tolerance="float")
case("Normalization", {**known, "invert": True, "axis": (1, 2)}, TABLE, tolerance="float")

finish("encodings", TOLERANCES, CASES)
