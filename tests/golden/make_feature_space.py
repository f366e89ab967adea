"""Write feature_space.json: what Keras 3's FeatureSpace makes of tables.

Run as make_encodings.py says, with TensorFlow.
"""

import os

import numpy as np
from writing import finish

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

TOLERANCES = {"float": {"rtol": 2e-6, "atol": 2e-6, "why": "moments in float32; the rest is ids"}}
rng = np.random.default_rng(3)
N = 70
TABLE = {
    "a": np.round(rng.normal(size=N), 3).tolist(),
    "b": np.round(rng.normal(2, 3, size=N), 3).tolist(),
    "c": np.round(rng.normal(size=N), 3).tolist(),
    "s": rng.choice(["x", "y", "z", "w"], N).tolist(),
    "t": rng.choice(["red", "green", "blue"], N).tolist(),
    "i": rng.integers(0, 6, N).tolist(),
    "j": rng.integers(-5, 50, N).tolist(),
}
KINDS = {
    "a": "float", "b": "float_normalized", "c": "float_discretized", "s": "string_categorical",
    "t": "string_hashed", "i": "integer_categorical", "j": "integer_hashed",
}  # fmt: skip
CASES = []


def case(name, **kwargs):
    space = keras.utils.FeatureSpace(**kwargs)
    table = {k: TABLE[k] for k in kwargs["features"]}
    space.adapt({k: np.array(v) for k, v in table.items()})
    some = {k: np.array(v[:9]) for k, v in table.items()}
    y = space(some)
    y = {k: np.asarray(v) for k, v in y.items()} if isinstance(y, dict) else np.asarray(y)
    CASES.append({"id": name, "kwargs": kwargs, "table": table, "output": y, "tolerance": "float"})


crosses = [["s", "i"], ["c", "t"]]
case("joined", features=KINDS, crosses=crosses, crossing_dim=7)
case("dict", features=KINDS, crosses=crosses, output_mode="dict", hashing_dim=5)
case("few", features={"c": "float_discretized", "a": "float_rescaled"}, num_discretization_bins=4)

finish("feature_space", TOLERANCES, CASES)
