"""Tools to ask with: a learning rate, a batch learnt by heart, baselines; and thorough rules."""

import numpy as np
import pytest

import neurona as nn
from neurona.core import random
from neurona.errors import ArgumentError, DataError, StateError
from neurona.layers import BatchNormalization, Dense, Dropout, Lambda

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 8)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int64") + 2 * (X[:, 2] > 0)


def network(optimizer="adam", *layers):
    nn.random.set_seed(1)
    model = nn.Sequential([nn.Input((8,)), *layers, Dense(32, "relu"), Dense(4, "softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"], engine="reference")
    return model


def state_of(model):
    return [*model.get_weights(), *model.optimizer.get_weights(), np.array(random.get_position())]


def test_a_rate_is_found_and_the_model_stays():
    model = network(nn.optimizers.SGD(0.123), BatchNormalization(), Dropout(0.1))
    model.fit(X, Y, verbose=0)
    before = state_of(model)
    found = nn.lr_finder(model, X, Y, low=1e-4, high=100.0, steps=30, runs=3, burn_in=5)
    for a, b in zip(before, state_of(model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert found.losses.shape == (3, 30)
    assert found.rates[0] == pytest.approx(1e-4)
    assert 1e-3 < found.suggestion < 1.0
    assert found.suggestion == pytest.approx(found.smallest / 10)
    assert found.diverges is None or found.diverges > found.smallest
    assert repr(found).startswith("<learning rates 0.0001 to 1e+02, 3 runs: 0.")
    again = nn.lr_finder(model, X, Y, low=1e-4, high=100.0, steps=30, runs=3, burn_in=5)
    np.testing.assert_array_equal(found.losses, again.losses)
    assert found.plot().axes[0].get_xscale() == "log"


def test_a_rate_is_found_in_place_of_a_schedule_and_of_batches():
    decay = nn.optimizers.schedules.CosineDecay(1e-3, 10)
    scheduled = network(nn.optimizers.Adam(decay))
    batches = nn.data.batches(X, Y, batch_size=40)
    found = nn.lr_finder(scheduled, batches, steps=30, runs=1, low=1e-5)
    assert found.suggestion > 1e-4
    assert float(scheduled.optimizer.learning_rate.numpy()) == pytest.approx(1e-3)
    deaf = nn.Sequential([nn.Input((8,)), Lambda(lambda x: x * 0.0), Dense(1, use_bias=False)])
    deaf.compile("sgd", "mse")
    nothing = nn.lr_finder(deaf, X, X[:, 0], steps=10, runs=1)
    assert nothing.suggestion is None
    assert "none is suggested" in repr(nothing)


def test_what_a_rate_cannot_be_found_for():
    model = network()
    with pytest.raises(ArgumentError, match=r"low is below high\. Got low=1\.0, high=0\.1"):
        nn.lr_finder(model, X, Y, low=1.0, high=0.1)
    with pytest.raises(StateError, match="is not compiled"):
        nn.lr_finder(nn.Sequential([Dense(1)]), X, Y)
    with pytest.raises(StateError, match="x can be gone through only once"):
        nn.lr_finder(model, ((X, Y) for _ in range(2)))
    model.optimizer = None
    model._loss = "mse"
    with pytest.raises(StateError, match="is not compiled"):
        nn.lr_finder(model, X, Y)


def test_a_batch_is_learnt_by_heart_or_not():
    model = network(nn.optimizers.Adam(0.01))
    before = state_of(model)
    found = nn.overfit_one_batch(model, X, Y)
    for a, b in zip(before, state_of(model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert found.learned
    assert found.accuracy == 1.0
    assert len(found.losses) <= 200
    assert repr(found).startswith("<learnt 16 samples in ")
    assert found.plot().axes[0].get_ylabel() == "loss"
    slow = nn.overfit_one_batch(network(nn.optimizers.SGD(1e-5)), X, Y, samples=8, steps=20)
    assert not slow.learned
    assert repr(slow).startswith("<did not learn 8 samples in 20 steps: loss ")
    numbers = nn.Sequential([nn.Input((8,)), Dense(64, "relu"), Dense(1)])
    numbers.compile(nn.optimizers.Adam(0.01), "mse")
    regression = nn.overfit_one_batch(numbers, X, X[:, 0] * X[:, 1])
    assert regression.learned
    assert regression.accuracy is None
    labels = nn.Sequential([nn.Input((8,)), Dense(32, "relu"), Dense(1)])
    labels.compile(
        nn.optimizers.Adam(0.02), nn.losses.BinaryCrossentropy(from_logits=True)
    )  # fmt: skip
    assert nn.overfit_one_batch(labels, X, Y % 2).accuracy == 1.0
    with pytest.raises(StateError, match="is not compiled"):
        nn.overfit_one_batch(nn.Sequential([Dense(1)]), X, Y)


def test_baselines():
    classes = nn.baseline(X, Y)
    assert list(classes.scores) == [
        "always the commonest", "logistic regression", "5 nearest neighbours",
    ]  # fmt: skip
    assert classes.scores["logistic regression"] < 0.65  # the product is not linear
    assert classes.best == "5 nearest neighbours"
    assert classes.losses["always the commonest"] == pytest.approx(np.log(4), abs=0.1)
    assert "on 240 samples that were held out" in repr(classes)
    one_hot = nn.baseline(X, np.eye(4)[Y])
    assert one_hot.scores == classes.scores
    numbers = nn.baseline(X, 3 * X[:, 0] + 1)
    assert numbers.task == "regression"
    assert numbers.scores["linear regression"] > 0.999
    assert numbers.losses["always the mean"] == pytest.approx(9, rel=0.3)
    counted = nn.baseline(X, Y, task="regression")
    assert counted.measure == "R2"
    held = nn.baseline(X[:200], Y[:200], (X[200:], Y[200:]))
    assert held.samples == 40
    constant = nn.baseline(np.ones((20, 2)), np.arange(20) % 2)
    assert list(constant.scores) == ["always the commonest"]
    wrong = [
        (lambda: nn.baseline(X[:5], Y[:5]), "some samples to hold out. Got 5"),
        (lambda: nn.baseline({"a": X}, Y), "one array of samples"),
        (lambda: nn.baseline(X, X), "one target for each sample"),
        (lambda: nn.baseline(X, Y, (X[:, :2], Y)), "other features. Got 2"),
        (lambda: nn.baseline(X, X[:, 0], task="classification"), "classes are numbered 0, 1"),
    ]
    for call, words in wrong:
        with pytest.raises(DataError, match=words):
            call()
    with pytest.raises(ArgumentError, match="unknown task"):
        nn.baseline(X, Y, task="clustering")


def test_thorough_rules():
    @nn.ops.custom_gradient
    def twice(x):
        return 2.0 * x, lambda g: 3.0 * g

    @nn.ops.custom_gradient
    def right(x):
        return nn.ops.tanh(x), lambda g: g * (1 - nn.ops.tanh(x) ** 2)

    def found(model):
        diagnosis = model.diagnose(X, Y, thorough=True)
        assert not diagnosis.skipped
        return {f.id: f for f in diagnosis if f.alarm}

    wrong = found(network(nn.optimizers.Adam(0.01), Dense(8, "relu"), Lambda(twice)))
    assert list(wrong) == ["GD312"]
    assert "Lambda" in wrong["GD312"].where
    assert wrong["GD312"].evidence["error"] == pytest.approx(1 / 3, rel=0.01)
    assert not found(network(nn.optimizers.Adam(0.01), Dense(8, "relu"), Lambda(right)))
    slow = found(network(nn.optimizers.SGD(1e-5)))
    assert "200 steps on the same 16 samples" in slow["GD311"].said
    assert "GD311" not in [r.id for r in network().diagnose(X, Y).checked]
