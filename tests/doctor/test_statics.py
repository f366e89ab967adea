"""What the doctor finds in a model, its loss and its optimizer, and healthy twins."""

import numpy as np
import pytest

import neurona as nn

pytestmark = pytest.mark.usefixtures("without_probe")
L = nn.layers
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 5)).astype("float32")
THREE = RANDOM.integers(0, 3, 300)
TWO = (X[:, 0] > 0).astype("int64")
NUMBERS = (X @ RANDOM.normal(size=5)).astype("float32")
ONE_HOT = np.eye(3, dtype="float32")[THREE]
SEVERAL = (RANDOM.random((300, 3)) > 0.5).astype("float32")
SPARSE, DENSE, BINARY = (
    "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy",
)  # fmt: skip
OF_SCORES = nn.losses.SparseCategoricalCrossentropy(from_logits=True)


def found(model, x, y, **given):
    """Return the alarms by their ids, without those of the probe."""
    diagnosis = model.diagnose(x, y, **given)
    assert not diagnosis.skipped
    return {f.id: f for f in diagnosis if f.alarm}


def model(*end, loss, metrics=(), hidden=True, optimizer="adam"):
    layers = [L.Dense(8, "relu")] if hidden else []
    made = nn.Sequential([*layers, *end])
    made.compile(optimizer, loss, metrics=list(metrics))
    return made


def dense(units, activation, loss, metrics=()):
    return model(L.Dense(units, activation), loss=loss, metrics=metrics)


PAIRS = [  # id, what it says, the faulty model, its targets
    ("GD201", "given from_logits=True", dense(3, "softmax", OF_SCORES), THREE),
    (
        "GD201",
        "a second one follows",
        model(L.Dense(3, "softmax"), L.Softmax(), loss=SPARSE),
        THREE,
    ),
    ("GD202", "without an activation", dense(3, None, SPARSE), THREE),
    ("GD202", "without an activation", dense(1, None, BINARY), TWO),
    ("GD202", "with relu", dense(3, "relu", SPARSE), THREE),
    ("GD203", "one unit is always 1", dense(1, "softmax", "mse"), TWO),
    ("GD203", "over one output", dense(1, "sigmoid", SPARSE), TWO),
    ("GD203", "these look like class numbers", dense(3, "softmax", DENSE), THREE),
    ("GD203", "these look one-hot", dense(3, "softmax", SPARSE), ONE_HOT),
    ("GD203", "3 questions of yes or no", dense(3, "softmax", BINARY), ONE_HOT),
    ("GD203", "compete", dense(3, "softmax", BINARY), SEVERAL),
    ("GD203", "sigmoids answer each alone", dense(3, "sigmoid", SPARSE), THREE),
    ("GD203", "0 to 2 for quantities", dense(1, None, "mse", ["accuracy"]), THREE),
    ("GD203", "none below 0", dense(1, "sigmoid", "hinge"), TWO * 2 - 1),
    ("GD204", "relu can never be -", dense(1, "relu", "mse"), NUMBERS),
    ("GD204", "out of its reach", dense(1, "tanh", "mse"), NUMBERS * 10),
    ("GD205", "relu is applied to the scores", dense(3, "relu", OF_SCORES), THREE),
    ("GD206", "where a class is to be told", dense(3, "softmax", "mse"), ONE_HOT),
    (
        "GD214",
        "sums over the batch",
        model(L.Dense(3), L.Softmax(axis=0), loss=SPARSE),
        THREE,
    ),
    ("GD102", "labels run from 1 to 3, but", dense(3, "softmax", SPARSE), THREE + 1),
    ("GD102", "has 2 outputs", dense(2, "softmax", SPARSE), THREE),
    ("GD102", "numbers in [0, 1]", dense(1, "sigmoid", BINARY), THREE),
    ("GD102", "do not sum to 1", dense(3, "softmax", DENSE), SEVERAL),
    ("GD103", "y (300,), outputs (2,)", dense(2, None, "mse"), NUMBERS),
    ("GD103", "x 300, y 200", dense(1, None, "mse"), NUMBERS[:200]),
    ("GD103", "y is None", dense(1, None, "mse"), None),
]

HEALTHY = [
    (dense(3, "softmax", SPARSE), THREE),
    (dense(3, None, OF_SCORES), THREE[:, None]),
    (model(L.Dense(3), L.Softmax(), loss="crossentropy"), ONE_HOT),
    (dense(1, "sigmoid", BINARY), TWO),
    (dense(3, "sigmoid", BINARY), SEVERAL),
    (dense(2, "softmax", BINARY), np.eye(2)[TWO]),
    (dense(1, None, "mse"), NUMBERS),
    (dense(1, None, "mse"), NUMBERS[:, None]),
    (dense(1, "relu", "mse"), THREE),  # counts
    (dense(1, "tanh", "mse"), np.tanh(NUMBERS)),
    (dense(1, "sigmoid", "mse"), 1 / (1 + np.exp(-NUMBERS))),
    (dense(1, "sigmoid", "mse"), TWO),  # slower, and no alarm
    (dense(1, None, "hinge"), TWO * 2 - 1),
    (dense(5, "sigmoid", "mse"), 1 / (1 + np.exp(-X))),
    (dense(5, None, "mse"), X),  # an autoencoder
]


def test_pairs_of_output_loss_and_targets():
    for rule, said, faulty, y in PAIRS:
        hit = found(faulty, X, y)
        assert list(hit) == [rule], (rule, said, hit)
        assert said in hit[rule].said
        assert hit[rule].fix
    last = hit_of(dense(3, "softmax", OF_SCORES), THREE, "GD201")
    assert "Dense 'sequential" in last.where
    assert "test_statics.py" in last.where


def hit_of(faulty, y, rule, **given):
    return found(faulty, X, y, **given)[rule]


def test_healthy_pairs():
    for number, (twin, y) in enumerate(HEALTHY):
        assert not found(twin, X, y), number
