"""Stateful layers and generation: the same bits with any threads, and after a crash."""

import hashlib

import numpy as np
import pytest

import neurona as nn
from neurona import layers, zoo
from neurona.nn.context import reset_names
from tests.settings import engine_set_to, threads_set_to

BATCH = 16
rng = np.random.default_rng(0)
X = rng.normal(size=(3 * BATCH, 4, 24)).astype("float32")
Y = rng.integers(0, 5, 3 * BATCH)


def reader(units):
    """Recurrent layers on top of each other that go on where the batch before ended."""
    reset_names()
    nn.random.set_seed(4)
    inputs = nn.Input(batch_shape=(BATCH, 4, 24))
    h = layers.LSTM(units, return_sequences=True, stateful=True, dropout=0.2)(inputs)
    h = layers.GRU(units, return_sequences=True, stateful=True)(h)
    h = layers.SimpleRNN(units, stateful=True)(h)
    model = nn.Model(inputs, layers.Dense(5, activation="softmax")(h))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def states(model):
    return [s.numpy() for layer in model.layers for s in getattr(layer, "states", None) or ()]


def test_the_same_bits_with_1_to_4_threads():
    def trained():
        model = reader(96)  # large enough for threads to share its products
        history = model.fit(X, Y, BATCH, 2, verbose=0, shuffle=False)
        output = model.predict(X, batch_size=BATCH, verbose=0)
        return [*model.get_weights(), *states(model), output, np.array(history.history["loss"])]

    found = []
    for threads in (1, 2, 3, 4):
        with threads_set_to(threads), engine_set_to("native"):
            found.append(trained())
    assert not any(s.any() for s in states(reader(2)))  # they begin as zeros
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


class Crash(nn.callbacks.Callback):
    """Ends the process, so to speak, before the batch that is told."""

    def __init__(self, at):
        self.at, self.seen = at, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.seen += 1
        if self.seen == self.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("at", [2, 5])
def test_states_go_on_after_a_crash(tmp_path, engine, at):
    def train(folder, *more):
        model = reader(6)
        backup = nn.callbacks.BackupAndRestore(folder, save_freq=1)
        model.fit(X, Y, BATCH, 3, verbose=0, shuffle=False, callbacks=[backup, *more])
        model.save(tmp_path / "model.safetensors")
        digest = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
        return digest, states(model)

    with engine_set_to(engine):
        want, kept = train(tmp_path / "a")
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "b", Crash(at))
        got, found = train(tmp_path / "b")
    assert got == want
    assert all(np.abs(s).max() > 0 for s in kept)
    for a, b in zip(kept, found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["GPT", "CharRNN"])
def test_a_seed_s_texts_are_the_same_with_1_to_4_threads(name):
    nn.random.set_seed(0)
    models = {
        "GPT": lambda: zoo.GPT(20, 24, 1, 4, 128, dropout=0.0),
        "CharRNN": lambda: zoo.CharRNN(20, 16, 128),
    }
    model = models[name]()
    found = []
    for threads in (1, 2, 3, 4):
        with threads_set_to(threads), engine_set_to("native"):
            rows = model.generate([[i % 20] for i in range(16)], 40, 1.5, top_k=9, seed=3)
            found.append(np.stack(rows))
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)
    assert len({row[1:].tobytes() for row in found[0]}) == 16  # and they are 16 texts
