"""What the doctor finds in data: each fault with its numbers, and healthy twins without a word."""

import numpy as np
import pytest

import neurona as nn
from neurona.core import random

L = nn.layers
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 6)).astype("float32")
Y = (X[:, 0] + X[:, 1] > 0).astype("int64")


def classifier(*front, classes=2):
    model = nn.Sequential([*front, L.Dense(8, "relu"), L.Dense(classes, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def found(model, *data, **given):
    """Return the alarms by their ids."""
    return {f.id: f for f in model.diagnose(*data, **given) if f.alarm}


def with_value(value, row=17, column=2):
    x = X.copy()
    x[row, column] = value
    return x


def images(scale):
    pixels = RANDOM.integers(0, 256, (40, 12, 12))
    pixels[:, 0] = 0
    return (pixels * scale).astype("float32")


class Divides(nn.Model):
    """Scales by itself, in `call`."""

    def __init__(self):
        super().__init__()
        self.flat, self.out = L.Flatten(), L.Dense(2, "softmax")

    def call(self, x):
        return self.out(self.flat(x) / 255.0)


def adapted(x):
    scale = L.Normalization()
    scale.adapt(x)
    return scale


def test_numbers():
    hit = found(classifier(), with_value(np.nan), Y)
    assert list(hit) == ["GD101"]
    assert hit["GD101"].said == "row 17 of x, column 2, is nan"
    assert hit["GD101"].evidence["columns"] == ["column 2"]
    assert "GD101" in found(classifier(), X, Y, validation_data=(with_value(np.inf), Y))
    raw = X * np.array([1, 1, 1, 1, 1, 3000], "float32")
    hit = found(classifier(), raw, Y)["GD104"]
    assert hit.evidence["rms"] > 1000
    assert "Normalization()" in hit.fix
    apart = X * np.array([1e-3, 1e-3, 1, 1, 1, 1], "float32")
    hit = found(classifier(), apart, Y)["GD104"]
    assert "column 0" in hit.said or "column 1" in hit.said
    pixels, labels = images(1.0), Y[:40]
    hit = found(classifier(L.Flatten()), pixels, labels)["GD104"]
    assert hit.said.startswith("pixels run from 0 to 255")
    assert "x / 255" in hit.fix
    still = with_value(0)
    still[:, 3] = 1.5
    assert found(classifier(), still, Y)["GD106"].evidence["columns"] == [3]
    assert found(classifier(), X * 0 + 2, Y)["GD106"].severity == "error"


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (lambda: classifier(), X * 1.5),  # up to 6
        (lambda: classifier(), np.round(np.abs(X) * 3)),  # counts
        (lambda: classifier(), (X > 0).astype("int64")),
        (lambda: classifier(L.Rescaling(1 / 255), L.Flatten()), images(1.0)[:300]),
        (lambda: classifier(L.BatchNormalization()), X * 1000),
        (lambda: classifier(L.LayerNormalization()), X * 1000 + 5),
        (lambda: classifier(adapted(X * 1000)), X * 1000),
        (lambda: classifier(L.Embedding(900, 4), L.Flatten()), RANDOM.integers(0, 900, (300, 6))),
    ],
)
def test_healthy_numbers(model, x):
    assert not found(model(), x, Y[: len(x)])


def test_nothing_is_changed():
    own = Divides()
    own.compile("adam", "sparse_categorical_crossentropy")
    for model, x in ((classifier(L.Dropout(0.5), L.BatchNormalization()), X), (own, images(1.0))):
        nn.utils.set_random_seed(3)
        assert not found(model, x, Y[: len(x)])
        assert not model.built
        assert random.get_position() == (3, 0)
        model.fit(x, Y[: len(x)], verbose=0)
        before, place = model.get_weights(), random.get_position()
        model.diagnose(x, Y[: len(x)])
        assert random.get_position() == place
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
