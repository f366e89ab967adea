"""Predictions for any number of samples: from a few programs, and never mixed up."""

import gc
import weakref

import numpy as np
import pytest

import neurona as nn
from neurona import layers, models
from neurona.core.random import get_position, take_aside
from neurona.train import step
from tests.settings import engine_set_to

R = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _native():
    pytest.importorskip("llvmlite")
    with engine_set_to("native"):
        yield


def made(shape, *parts):
    nn.utils.set_random_seed(1)
    return models.Sequential([layers.Input(shape), *parts])


MODELS = {
    "dense": lambda: made((20,), layers.Dense(33, "relu"), layers.Dense(5, "softmax")),
    "large sums": lambda: made((700,), layers.Dense(64, "gelu"), layers.Dense(10, "softmax")),
    "norms": lambda: made(
        (30,), layers.Dense(70), layers.LayerNormalization(), layers.BatchNormalization(),
        layers.Dropout(0.5), layers.Dense(1, "sigmoid"),
    ),
    "convolutions": lambda: made(
        (10, 10, 3), layers.Conv2D(6, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(8, 3, padding="same"), layers.GlobalAveragePooling2D(), layers.Dense(4),
    ),
    "embedding": lambda: made((6,), layers.Embedding(9, 4), layers.Flatten(), layers.Dense(3)),
}  # fmt: skip


def data(model, rows):
    x = R.normal(size=(rows, *model.input_shape[1:])).astype("float32")
    return np.abs(x).astype("int32") if isinstance(model.layers[0], layers.Embedding) else x


@pytest.mark.parametrize("name", MODELS)
def test_any_number_of_samples_from_few_programs(name):
    model = MODELS[name]()
    x = data(model, 300)
    want = model.predict(x[:256], verbose=0)
    for n in (1, 2, 3, 5, 31, 33, 64, 100, 129, 255, 256, 257, 299, 300):
        y = model.predict(x[:n], verbose=0)
        assert y.shape == (n, *want.shape[1:])
        np.testing.assert_allclose(y[:256], want[: min(n, 256)], rtol=1e-5, atol=1e-6)
        if n >= 64:  # from there on sums run in one order
            assert y[:256].tobytes() == want[: min(n, 256)].tobytes()
        assert y.tobytes() == model.predict(x[:n], verbose=0).tobytes()
    assert {k[1][0][0][0] for k in model.prediction_step().programs} <= {2**k for k in range(9)}


def test_each_sample_has_one_result_however_it_is_cut():
    model = MODELS["large sums"]()
    x = data(model, 70)
    whole = [model.predict(x[:n], batch_size=32, verbose=0) for n in (32, 64)]
    for n in (33, 50, 63, 65, 70):
        y = model.predict(x[:n], batch_size=32, verbose=0)
        assert y[:32].tobytes() == whole[0].tobytes()
        moved = model.predict(x[n - 32 : n], batch_size=32, verbose=0)
        assert y[n - 32 :].tobytes() == moved.tobytes()


class Centred(models.Model):
    def call(self, x):
        return x - nn.ops.mean(x, axis=0)


class Shared(models.Model):
    def call(self, x):
        return x / x.shape[0]


class Training(models.Model):
    def __init__(self):
        self.norm = layers.BatchNormalization()

    def call(self, x):
        return self.norm(x, training=True)


class Halves(models.Model):
    def call(self, x):
        return {"x": x * 2, "total": nn.ops.sum(x, axis=1)}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Centred(), lambda x: x - x.mean(0)),
        (Shared(), lambda x: x / len(x)),
        (Training(), lambda x: (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)),
    ],
)
def test_models_that_mix_their_samples_are_not_cut(model, expected):
    x = R.normal(size=(21, 4)).astype("float32")
    for n in (5, 8, 13, 8, 21):
        y = model.predict(x[:n], batch_size=32, verbose=0)
        np.testing.assert_allclose(y, expected(x[:n]), rtol=1e-4, atol=1e-5)
    y = model.predict(x, batch_size=8, verbose=0)  # batch by batch, as the last one is
    parts = [expected(x[i : i + 8]) for i in (0, 8, 16)]
    np.testing.assert_allclose(y, np.concatenate(parts), rtol=1e-4, atol=1e-5)


def test_several_outputs_and_callbacks():
    model, x, seen = Halves(), R.normal(size=(21, 4)).astype("float32"), []

    class Note(nn.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            seen.append(logs["outputs"]["x"].copy())

    y = model.predict(x, batch_size=8, verbose=0, callbacks=[Note()])
    np.testing.assert_array_equal(y["x"], 2 * x)
    np.testing.assert_allclose(y["total"], x.sum(1), rtol=1e-5)
    assert [len(s) for s in seen] == [8, 8, 5]
    np.testing.assert_array_equal(np.concatenate(seen), 2 * x)


def test_only_the_programs_that_were_used_last_are_kept(monkeypatch):
    monkeypatch.setattr(step, "KEPT", 2)
    model = MODELS["dense"]()
    x = data(model, 8)
    model.predict_on_batch(x[:3])
    known = model.prediction_step()
    first = weakref.ref(known.program(x[:3], None, None))
    for n in (4, 5, 6):
        model.predict_on_batch(x[:n])
    assert len(known.programs) == 2
    gc.collect()
    assert first() is None
    np.testing.assert_allclose(model.predict_on_batch(x[:3]), model(x[:3]), rtol=1e-5)


def test_trained_weights_are_seen():
    model = MODELS["dense"]()
    x = data(model, 37)
    model.compile("sgd", "mse")
    model.predict(x, verbose=0)
    for _ in range(2):
        model.fit(x, np.ones((37, 5)), verbose=0)
        np.testing.assert_allclose(model.predict(x, verbose=0), model(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_prediction_takes_a_number_aside_for_each_batch(engine):
    with engine_set_to(engine):
        model = MODELS["dense"]()
        x = data(model, 150)
        for n, batch_size, batches in ((33, 32, 2), (33, 256, 1), (33, 256, 1), (150, 64, 3)):
            before, first = get_position(), take_aside(1)[1]
            model.predict(x[:n], batch_size=batch_size, verbose=0)
            assert get_position() == before
            assert take_aside(1)[1] == first + 1 + batches
