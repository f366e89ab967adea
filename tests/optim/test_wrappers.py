"""Optimisers around others: a loss scale that finds itself, and one rule for some parameters."""

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError, StateError
from neurona.nn.description import describe, rebuild
from neurona.optimizers import SGD, Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap
from neurona.train.step import Step

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(24, 4)).astype("float32"), RNG.normal(size=(24, 1)).astype("float32")


def network(optimizer, names=("hidden", "out")):
    nn.utils.set_random_seed(0)
    model = nn.Sequential(
        [nn.Input((4,)), nn.layers.Dense(3, "tanh", name=names[0]), nn.layers.Dense(1, name="out")]
    )
    model.compile(optimizer, "mse")
    return model


# --- the loss scale ------------------------------------------------------------------------------


def test_the_scale_doubles_after_good_steps_and_halves_at_a_bad_one():
    w = nn.Parameter([1.0])
    optimizer = LossScaleOptimizer(SGD(0.5, momentum=0.5), 8.0, dynamic_growth_steps=2)
    seen = []
    for g in (8.0, 8.0, 16.0, np.inf, np.nan, 4.0):
        optimizer.apply([[g]], [w])
        seen.append((w.numpy()[0], float(optimizer.dynamic_scale), int(optimizer.step_counter)))
    # unscaled gradients of 1: v = -0.5, -0.75, -0.875, (nothing), (nothing), -0.9375
    assert seen == [
        (0.5, 8.0, 1), (-0.25, 16.0, 0), (-1.125, 16.0, 1), (-1.125, 8.0, 0), (-1.125, 4.0, 0),
        (-2.0625, 4.0, 1),
    ]  # fmt: skip
    assert int(optimizer.iterations) == 4
    optimizer.learning_rate = 0.25
    assert float(optimizer.inner_optimizer.learning_rate) == 0.25
    assert optimizer.scale_loss(2.0).item() == 8.0


def test_training_with_a_loss_scale_is_training_without():
    plain, scaled = network(Adam(0.05)), network(LossScaleOptimizer(Adam(0.05)))
    histories = [m.fit(X, Y, epochs=3, verbose=0).history["loss"] for m in (plain, scaled)]
    np.testing.assert_allclose(*histories, rtol=1e-5)
    for a, b in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_step_whose_gradients_are_infinite_changes_nothing_but_the_scale():
    w = nn.Parameter([2.0])
    optimizer = LossScaleOptimizer(Adam(0.1, use_ema=True), 2.0**120)
    optimizer.build([w])
    step = Step(
        lambda: optimizer.minimize(lambda: (w * w * 1e10).sum(), [w]), [w, *optimizer.variables]
    )
    for _ in range(3):  # 2^120 * 1e10 overflows
        step()
    assert w.numpy() == 2.0
    assert float(optimizer.dynamic_scale) == 2.0**117
    assert int(optimizer.iterations) == 0
    for _ in range(40):
        step()
    assert w.numpy() < 2.0


def test_what_acts_around_a_rule_is_given_to_the_inner_one():
    with pytest.raises(
        ArgumentError, match=r"LossScaleOptimizer takes no clipnorm: it acts in what"
    ):
        LossScaleOptimizer(SGD(), clipnorm=1.0)
    with pytest.raises(ArgumentError, match=r"LossScaleOptimizer wraps an Optimizer. Got 'sgd'"):
        LossScaleOptimizer("sgd")
    inner = SGD(0.1, loss_scale_factor=4.0)
    assert LossScaleOptimizer(inner).inner_optimizer.loss_scale_factor is None


# --- one for each --------------------------------------------------------------------------------


def test_each_parameter_has_the_rule_that_its_path_names():
    both = MultiOptimizer(OptimizerMap(SGD(0.0), {"out/.*": SGD(0.1)}))
    model, alone = network(both), network(SGD(0.1))
    alone.get_layer("hidden").trainable = False
    before = model.get_weights()
    model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    alone.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights()[:2], before[:2], strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(model.get_weights()[2:], alone.get_weights()[2:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert int(both.iterations) == 2
    assert len(both.optimizers) == 2


def test_a_function_may_choose():
    adam, sgd = Adam(0.01), SGD(0.01)
    both = MultiOptimizer(lambda p: adam if p.ndim > 1 else sgd)
    network(both).fit(X, Y, epochs=1, verbose=0)
    assert both.optimizers == [adam, sgd]
    assert [len(o.parameters) for o in both.optimizers] == [2, 2]


def test_rates_are_those_of_the_optimizers():
    both = MultiOptimizer(OptimizerMap(SGD(0.5), {"out/.*": Adam(0.25)}))
    with pytest.raises(StateError, match=r"has no learning rate: each of its optimizers has one"):
        _ = both.learning_rate
    with pytest.raises(
        StateError, match=r"has no learning rate.*Got 0.1.*\n?.*scale_learning_rate"
    ):
        both.learning_rate = 0.1
    both.scale_learning_rate(0.5)
    assert [float(o.learning_rate) for o in both.optimizers] == [0.125, 0.25]


def test_a_map_says_what_it_does_not_take():
    found = OptimizerMap(SGD(), {"a/.*": Adam()})
    with pytest.raises(
        ArgumentError, match=r"a key of an OptimizerMap is a new string. Got 'a/.\*'"
    ):
        found["a/.*"] = SGD()
    with pytest.raises(ArgumentError, match=r"'b': an Optimizer that wraps no other. Got 'sgd'"):
        found["b"] = "sgd"
    with pytest.raises(ArgumentError, match=r"default_optimizer: an Optimizer that wraps no other"):
        OptimizerMap(LossScaleOptimizer(SGD()))
    found[".*/kernel"] = SGD()
    with pytest.raises(
        ArgumentError, match=r"one optimizer. Got a/kernel matches a/\.\* and \.\*/k"
    ):
        found["a/kernel"]
    del found["a/.*"]
    assert list(found) == [".*/kernel"]
    assert len(found) == 1
    with pytest.raises(ArgumentError, match=r"an OptimizerMap, or a function of a P"):
        MultiOptimizer(3)
    with pytest.raises(
        ArgumentError, match=r"hidden/kernel: an Optimizer that wraps no other. Got N"
    ):
        MultiOptimizer(lambda p: None).build(network("sgd"))


# --- all of them ---------------------------------------------------------------------------------


def wrapped():
    yield LossScaleOptimizer(Adam(0.05, use_ema=True), 2.0**10, 5)
    inner = OptimizerMap(SGD(0.1, momentum=0.5), {"out/.*": Adam(0.05, use_ema=True)})
    yield MultiOptimizer(inner)
    yield LossScaleOptimizer(MultiOptimizer(OptimizerMap(SGD(0.1), {"hidden/.*": Adam(0.01)})))


@pytest.mark.parametrize("optimizer", [*wrapped()], ids=["scale", "multi", "both"])
def test_they_are_described_and_made_again(optimizer):
    again = rebuild(describe(optimizer))
    assert describe(again) == describe(optimizer)
    assert [type(o) for o in again.all_optimizers()] == [
        type(o) for o in optimizer.all_optimizers()
    ]


@pytest.mark.parametrize("optimizer", [*wrapped()], ids=["scale", "multi", "both"])
def test_a_saved_model_goes_on_exactly(optimizer, tmp_path):
    model = network(optimizer)
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    model.save(tmp_path / "model")
    again = nn.models.load_model(tmp_path / "model")
    for m in (model, again):
        m.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_what_is_set_on_an_inner_one_reaches_the_compiled_step():
    inner = SGD(0.1)
    model = network(LossScaleOptimizer(inner))
    model.train_on_batch(X, Y)
    inner.clipvalue = 1e-6
    before = model.get_weights()
    model.train_on_batch(X, Y)
    for a, b in zip(model.get_weights(), before, strict=True):
        assert abs(a - b).max() < 1e-6


def test_averages_are_found_inside():
    optimizer = LossScaleOptimizer(Adam(0.1, use_ema=True, ema_momentum=0.9))
    model = network(optimizer)
    for _ in range(4):
        model.train_on_batch(X, Y)
    before = model.get_weights()
    with optimizer.averaged():
        assert not np.array_equal(model.get_weights()[0], before[0])
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
