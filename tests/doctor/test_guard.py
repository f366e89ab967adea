"""Steps are committed only if finite: what the guard takes back, and what it leaves alone."""

import warnings

import numpy as np
import pytest

import neurona as nn
from neurona import callbacks, layers, ops
from neurona.core import random
from neurona.doctor import Doctor, guard
from neurona.nn.parameter import State

rng = np.random.default_rng(0)
X = rng.normal(size=(22, 3)).astype("f4")
Y = X.sum(1, keepdims=True)
STEPS = 6  # of an epoch


class Bomb(layers.Layer):
    """Lets all through, but for training steps of some numbers, in which it gives NaN."""

    def __init__(self, *numbers):
        super().__init__()
        self.numbers = numbers

    def build(self, shape):
        self.count = State(ops.zeros((), "float32"), "count")

    def call(self, x, training=False):
        if training:
            self.count.assign(self.count + 1.0)
            for number in self.numbers:
                x = x + ops.log(ops.where(ops.equal(self.count, number), -1.0, 1.0))
        return x


def network(*numbers, optimizer=None, engine=None):
    nn.random.set_seed(3)
    parts = [layers.Dense(4, "tanh"), layers.Dropout(0.2), Bomb(*numbers), layers.Dense(1)]
    model = nn.Sequential([nn.Input((3,)), *parts])
    model.compile(optimizer or nn.optimizers.Adam(0.01), "mse", engine=engine)
    return model


class Each(callbacks.Callback):
    """Keeps the weights behind each batch."""

    def on_train_begin(self, logs=None):
        self.weights = []

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append(self.model.get_weights())


def rates():
    return callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))


PATHS = {
    "several epochs in a call": lambda: ((X, Y), {"batch_size": 4}),
    "orders drawn by the engine": lambda: ((X, Y), {"batch_size": 4}),
    "epochs": lambda: ((X, Y), {"batch_size": 4, "validation_data": (X, Y)}),
    "batches": lambda: ((X, Y), {"batch_size": 4, "callbacks": [Each()]}),
    "a rate that falls": lambda: ((X, Y), {"batch_size": 4, "callbacks": [rates()]}),
    "as they lie": lambda: ((X, Y), {"batch_size": 4, "shuffle": False}),
    "an iterable": lambda: ((nn.data.batches(X, Y, 4),), {}),
}


def equal(some, more):
    return all(np.array_equal(a, b) for a, b in zip(some, more, strict=True))


def quiet_fit(model, *data, **given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*data, verbose=0, **given)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("path", PATHS)
def test_a_training_is_the_same_and_stops_before_a_bad_step(path, monkeypatch, capsys):
    monkeypatch.setattr(guard, "LEAST", 0.0 if path == "batches" else 0.1)
    if path == "orders drawn by the engine":
        monkeypatch.setattr("neurona.train.step.DRAWN_BY_NUMPY", 1)
    data, given = PATHS[path]()
    plain, each = network(), Each()
    last = plain.fit(*data, epochs=30, verbose=0, **given).history
    place = random.get_position()
    watched = network()
    assert watched.fit(*data, epochs=30, verbose=0, doctor=True, **given).history == last
    assert equal(plain.get_weights(), watched.get_weights())
    assert random.get_position() == place

    number = 15 * STEPS + 4  # in the middle of epoch 16
    plain = network(number)
    quiet_fit(
        plain, *data, epochs=16, **{**given, "callbacks": [*given.get("callbacks", ()), each]}
    )
    assert not np.isfinite(plain.get_weights()[0]).all()
    model, doctor = network(number), Doctor()
    given["callbacks"] = [*given.get("callbacks", ()), doctor]
    history = model.fit(*data, epochs=30, verbose=0, **given)
    told = capsys.readouterr().out
    assert "doctor: GD401 error: epoch 16, batch 4: log in the forward pass" in told
    assert "the model has the weights of the last good one." in told
    assert equal(model.get_weights(), each.weights[number - 2])
    assert np.isfinite(history.history["loss"]).all()
    assert len(history.epoch) == 16
    assert model.stop_training
    found = doctor.diagnosis[0]
    assert (found.evidence["epoch"], found.evidence["batch"]) == (16, 4)
    assert found.evidence["layer"].rpartition("/")[2].startswith("bomb")
    assert "test_guard.py" in found.evidence["line"]


def edge(*bad, value=60.0):
    """A model that takes the log of what is below 50, and batches of which some are not."""
    nn.random.set_seed(3)
    layer = layers.Lambda(lambda x: ops.log(50.0 - x))
    model = nn.Sequential([nn.Input((3,)), layer, layers.Dense(1)])
    model.compile(nn.optimizers.SGD(0.008), "mse")
    batches = [(X[:4].copy(), Y[:4]) for _ in range(20)]
    for number in bad:
        batches[number - 1][0][2] = value
    return model, batches


def test_with_repairs_a_bad_step_is_left_out_and_all_is_written_down(monkeypatch, capsys):
    model, batches = edge(3, 4)
    history = model.fit(batches, verbose=0, callbacks=[Doctor(repair="safe")])
    told = capsys.readouterr().out
    assert "doctor: GD401 repaired in epoch 1, batch 3: the step is left out, and the" in told
    assert np.isfinite(history.history["loss"]).all()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.002)
    assert int(model.optimizer.iterations) == 18
    assert [r["when"] for r in history.repairs] == ["epoch 1, batch 3", "epoch 1, batch 4"]
    assert history.repairs[0]["diff"] == "- learning_rate=0.008\n+ learning_rate=0.004"
    assert history.repairs[0]["rule"] == "GD401"

    model, doctor = network(3), Doctor(repair="safe")  # too many are no accident
    quiet_fit(model, X, Y, epochs=20, callbacks=[doctor])
    assert model.stop_training
    assert len(doctor.repairs) == 8

    # a door that lets NaN in, as a generator's may: then the data are to blame, not the rate
    monkeypatch.setattr("neurona.train.data.check_arrays", lambda x, y, w: (x, y, w))
    model, batches = edge(4, value=np.nan)
    history = model.fit(batches, verbose=0, callbacks=[Doctor(repair="safe")])
    assert history.repairs[0]["diff"] == ""
    assert float(model.optimizer.learning_rate) == pytest.approx(0.008)
    assert np.isfinite(model.get_weights()[0]).all()


class Late(nn.optimizers.Optimizer):
    """Spoils the weights in its last step, which no loss sees any more."""

    def update(self, w, g, lr, t):
        return w - lr * g + ops.log(ops.where(ops.equal(t, 12), -1.0, 1.0)).astype(w.dtype)


def test_the_last_update_is_looked_at_and_other_metrics_are_not(capsys):
    model = network(optimizer=Late(0.01))
    model.fit(X, Y, 4, 2, verbose=0, doctor=True)
    assert "log gives NaN in the update of the weights" in capsys.readouterr().out
    assert np.isfinite(model.get_weights()[0]).all()
    assert int(model.optimizer.iterations) == 11

    model = network()
    model.compile("sgd", "mse", metrics=[lambda y, p: ops.mean(p) / 0.0])
    history = model.fit(X, Y, 4, 3, verbose=0, doctor=True)
    assert len(history.epoch) == 3
    assert not model.stop_training


def test_what_does_not_happen_again_is_said():
    class Once(layers.Layer):
        times = 0

        def call(self, x):
            if not isinstance(x, nn.layers.Layer) and x.data is not None:
                Once.times += 1
            return x * (float("nan") if Once.times == 5 else 1.0)

    model = nn.Sequential([nn.Input((3,)), Once(), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    doctor = Doctor()
    history = model.fit(X, Y, 4, 2, verbose=0, callbacks=[doctor])
    assert doctor.diagnosis.warnings[0].said.startswith("a step was not finite, but was so no more")
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("how", ["reference", "native", "observed", "two doctors"])
def test_steps_of_all_kinds_stop_alike(how):
    model = network(8, engine=how if how in ("reference", "native") else None)
    doctor = Doctor()
    if how == "observed":
        model.observe("dense*")
    quiet_fit(
        model, X, Y, batch_size=4, epochs=3, callbacks=[doctor], doctor=how == "two doctors"
    )  # fmt: skip
    assert [f.id for f in doctor.diagnosis if f.alarm] == ["GD401"]  # the rate is not to blame
    assert doctor.diagnosis[0].evidence["batch"] == 2
    assert int(model.optimizer.iterations) == 7
