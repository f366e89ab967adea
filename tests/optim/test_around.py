"""What acts around every rule: clipping, decay, averages, accumulation, rates; hand numbers."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, StateError
from neurona.nn.description import describe, rebuild
from neurona.optimizers import SGD, Adam, AdamW, get, schedules
from neurona.train.step import Step

from .problems import CLASSES, label


def moved(optimizer, *gradients, start=1.0):
    """How far each weight of value `start` moves in one step by these gradients."""
    weights = [nn.Parameter(np.full(np.shape(g), start, "float32")) for g in gradients]
    optimizer.apply([np.asarray(g, "float32") for g in gradients], weights)
    return [w.numpy() - start for w in weights]


# --- clipping ------------------------------------------------------------------------------------


def test_clipvalue_limits_every_element():
    (d,) = moved(SGD(1.0, clipvalue=0.5), [3.0, -0.25, -2.0])
    np.testing.assert_allclose(d, [-0.5, 0.25, 0.5])


def test_clipnorm_scales_each_gradient_by_itself():
    a, b = moved(SGD(1.0, clipnorm=1.0), [3.0, 4.0], [0.3, 0.4])
    np.testing.assert_allclose(a, [-0.6, -0.8], rtol=1e-6)
    np.testing.assert_allclose(b, [-0.3, -0.4], rtol=1e-6)  # short enough


def test_global_clipnorm_keeps_the_direction_of_all_together():
    a, b = moved(SGD(1.0, global_clipnorm=1.0), [3.0], [4.0])
    np.testing.assert_allclose([*a, *b], [-0.6, -0.8], rtol=1e-6)
    a, b = moved(SGD(1.0, global_clipnorm=10.0), [3.0], [4.0])
    np.testing.assert_allclose([*a, *b], [-3.0, -4.0], rtol=1e-6)


def test_clipping_takes_gradients_of_zero():
    for how in ("clipnorm", "global_clipnorm", "clipvalue"):
        (d,) = moved(SGD(1.0, **{how: 1.0}), [0.0, 0.0])
        np.testing.assert_array_equal(d, [0.0, 0.0])


def test_an_infinite_gradient_is_not_a_step_of_zero():
    a, b = moved(SGD(1.0, global_clipnorm=1.0), [np.inf], [1.0])
    assert np.isnan(a).all()
    assert np.isnan(b).all()


def test_clipping_comes_before_the_rule_and_decay_after_clipping():
    (d,) = moved(SGD(0.5, clipvalue=1.0, weight_decay=0.5), [8.0], start=2.0)
    np.testing.assert_allclose(d, [-0.5 * 0.5 * 2.0 - 0.5 * 1.0])


# --- weight decay --------------------------------------------------------------------------------


def dense():
    layer = layers.Dense(2, name="out")
    layer.build((None, 2))
    layer.set_weights([np.ones((2, 2)), np.ones(2)])
    return layer


def test_decay_spares_what_is_excluded_by_name_or_by_itself():
    zero = [np.zeros((2, 2)), np.zeros(2)]
    for exclude in (
        {"var_names": ["bias"]},
        {"var_names": ["gamma", "^bi"]},
        {"var_list": lambda layer: [layer.bias]},
    ):
        layer, optimizer = dense(), AdamW(0.5, weight_decay=0.5)
        arguments = {k: v(layer) if callable(v) else v for k, v in exclude.items()}
        optimizer.exclude_from_weight_decay(**arguments)
        optimizer.apply(zero, layer.trainable_weights)
        np.testing.assert_allclose(layer.kernel.numpy(), 0.75)
        np.testing.assert_array_equal(layer.bias.numpy(), 1.0)


def test_exclusion_looks_at_the_parameters_name_not_at_its_layers():
    layer = layers.Dense(2, name="bias_like")
    layer.build((None, 2))
    layer.set_weights([np.ones((2, 2)), np.ones(2)])
    optimizer = SGD(0.5, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply([np.zeros((2, 2)), np.zeros(2)], layer.trainable_weights)
    np.testing.assert_allclose(layer.kernel.numpy(), 0.75)
    np.testing.assert_array_equal(layer.bias.numpy(), 1.0)


def test_exclusion_after_the_first_step_is_an_error():
    optimizer = AdamW()
    moved(optimizer, [1.0])
    with pytest.raises(StateError, match="exclude_from_weight_decay comes before the first step"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


# --- averages ------------------------------------------------------------------------------------


def test_the_average_begins_with_the_first_result_and_replaces_the_weights_at_the_end():
    w, optimizer = nn.Parameter([1.0]), SGD(1.0, use_ema=True, ema_momentum=0.5)
    optimizer.finalize_variable_values()  # nothing was averaged yet
    assert w.numpy() == 1.0
    for _ in range(3):  # w 0, -1, -2; average 0, -0.5, -1.25
        optimizer.apply([[1.0]], [w])
    np.testing.assert_allclose(w.numpy(), [-2.0])
    optimizer.finalize_variable_values([w])
    np.testing.assert_allclose(w.numpy(), [-1.25])


def test_the_average_replaces_the_weights_every_so_many_updates():
    w = nn.Parameter([1.0])
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    seen = []
    for _ in range(4):
        optimizer.apply([[1.0]], [w])
        seen.append(w.numpy().item())
    # w 0 | -1, average -0.5, w -0.5 | -1.5, average -1 | -2.5, average -1.75, w -1.75
    np.testing.assert_allclose(seen, [0.0, -0.5, -1.5, -1.75])


def test_fit_ends_with_the_average():
    model = nn.Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(SGD(0.5, use_ema=True, ema_momentum=0.5), "mse")
    x = np.ones((1, 1), "float32")
    model.fit(x, 0 * x, epochs=2, verbose=0)  # w 1, 0, 0: each step goes to the bottom
    np.testing.assert_allclose(model.get_weights()[0], 0.0, atol=1e-7)
    model.compile(SGD(0.25, use_ema=True, ema_momentum=0.5), "mse")
    model.set_weights([np.ones((1, 1))])
    model.fit(x, 0 * x, epochs=2, verbose=0)  # w 1/2, 1/4; average 1/2, 3/8
    np.testing.assert_allclose(model.get_weights()[0], 0.375)
    model.fit(x, 0 * x, epochs=0, verbose=0)


# --- accumulation --------------------------------------------------------------------------------


def test_accumulation_updates_with_the_mean_gradient():
    w, optimizer = nn.Parameter([0.0]), SGD(1.0, gradient_accumulation_steps=3)
    seen, counts = [], []
    for g in (3.0, 6.0, 0.0, 1.0, 1.0, 1.0):
        optimizer.apply([[g]], [w])
        seen.append(w.numpy().item())
        counts.append(int(optimizer.iterations))
    assert seen == [0.0, 0.0, -3.0, -3.0, -3.0, -4.0]
    assert counts == [0, 0, 1, 1, 1, 2]


def test_accumulation_counts_updates_for_the_rule_and_steps_for_the_schedule():
    w = nn.Parameter([0.0])
    rates = schedules.PiecewiseConstantDecay([1, 2], [9.0, 1.0, 0.5])
    optimizer = SGD(rates, gradient_accumulation_steps=2)
    for _ in range(4):  # updates in step 1, rate 9, and in step 3, rate 0.5
        optimizer.apply([[1.0]], [w])
    assert w.numpy() == -9.5
    w, optimizer = nn.Parameter([0.0]), Adam(0.1, gradient_accumulation_steps=2)
    for _ in range(2):
        optimizer.apply([[1.0]], [w])
    assert w.numpy() == pytest.approx(-0.1, rel=1e-5)  # t is 1, not 2


def test_momentum_and_decay_rest_while_gradients_gather():
    w, plain = nn.Parameter([1.0]), nn.Parameter([1.0])
    arguments = {"momentum": 0.5, "weight_decay": 0.5}
    gathering = SGD(0.5, **arguments, gradient_accumulation_steps=2)
    direct = SGD(0.5, **arguments)
    for g in (1.0, 3.0, -1.0, 0.0):
        gathering.apply([[g]], [w])
    for g in (2.0, -0.5):
        direct.apply([[g]], [plain])
    np.testing.assert_allclose(w.numpy(), plain.numpy())


# --- the rate ------------------------------------------------------------------------------------


def test_a_new_rate_takes_effect_without_a_new_trace():
    w, optimizer = nn.Parameter([0.0]), SGD(1.0)
    optimizer.build([w])
    step = Step(lambda g: optimizer.apply([g], [w]), [w, *optimizer.variables])
    for rate, expected in ((1.0, -1.0), (0.25, -1.25), (2.0, -3.25)):
        optimizer.learning_rate = rate
        step(np.ones(1, "float32"))
        assert w.numpy() == expected
        assert optimizer.learning_rate.numpy() == rate
    assert len(step.programs) == 1


def test_a_schedule_can_be_scaled_in_the_middle_without_a_new_trace():
    w, optimizer = nn.Parameter([0.0]), SGD(schedules.PiecewiseConstantDecay([0], [1.0, 0.5]))
    optimizer.build([w])
    step = Step(lambda g: optimizer.apply([g], [w]), [w, *optimizer.variables])
    assert float(optimizer.learning_rate) == 1.0
    step(np.ones(1, "float32"))
    assert float(optimizer.learning_rate) == 0.5
    optimizer.scale_learning_rate(0.5)
    assert float(optimizer.learning_rate) == 0.25
    step(np.ones(1, "float32"))
    assert w.numpy() == -1.25
    assert len(step.programs) == 1


def test_single_parameters_have_a_rate_of_their_own():
    slow, still, w = (nn.Parameter([0.0]) for _ in range(3))
    optimizer = SGD(1.0, weight_decay=0.5)
    optimizer.scale_learning_rate(0.5, [slow, still])
    optimizer.scale_learning_rate(0.0, [still])
    for _ in range(2):
        optimizer.apply([[1.0]] * 3, [slow, still, w])
    # w <- w - 0.5 w - 1, and with half the rate w - 0.25 w - 0.5
    assert [p.numpy().item() for p in (slow, still, w)] == [-0.875, 0.0, -1.5]
    optimizer = Adam(0.1)
    optimizer.scale_learning_rate(0.1, [slow])
    before = slow.numpy().item(), w.numpy().item()
    optimizer.apply([[3.0]] * 2, [slow, w])  # Adam's first step is as long as the rate
    np.testing.assert_allclose(
        [before[0] - slow.numpy().item(), before[1] - w.numpy().item()], [0.01, 0.1], rtol=1e-5
    )


def test_rates_of_single_parameters_take_effect_in_the_next_fit():
    model = nn.Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(SGD(0.25), "mse")
    x = np.ones((1, 1), "float32")
    model.fit(x, 0 * x, verbose=0)  # w <- w - 0.5 w
    model.optimizer.scale_learning_rate(0.5, model.layers[0])
    model.fit(x, 0 * x, verbose=0)  # w <- w - 0.25 w
    np.testing.assert_allclose(model.get_weights()[0], 0.375)


def test_lbfgs_has_one_rate():
    with pytest.raises(StateError, match="LBFGS moves all parameters by one rate") as error:
        nn.optimizers.LBFGS().scale_learning_rate(0.5, [nn.Parameter([0.0])])
    assert "layer.trainable = False" in str(error.value)


def test_rates_that_cannot_be_set():
    optimizer = SGD(schedules.CosineDecay(0.1, 10))
    with pytest.raises(StateError, match=r"follows CosineDecay, it cannot be set\.\ntry: "):
        optimizer.learning_rate = 0.1
    with pytest.raises(ArgumentError, match="factor is out of range"):
        optimizer.scale_learning_rate(-1)
    optimizer = SGD(0.1)
    with pytest.raises(ArgumentError, match="learning_rate is out of range"):
        optimizer.learning_rate = -0.1
    optimizer.learning_rate = schedules.PiecewiseConstantDecay([5], [0.5, 1.0])
    assert moved(optimizer, [1.0])[0] == -0.5
    with pytest.raises(StateError, match="a schedule cannot be set after the first step"):
        optimizer.learning_rate = schedules.CosineDecay(0.1, 10)


def test_a_schedule_of_ones_own():
    class Inverse(schedules.LearningRateSchedule):
        def __call__(self, step):
            return 1 / (step + 1)

    w, optimizer = nn.Parameter([0.0]), SGD(Inverse())
    for _ in range(2):
        optimizer.apply([[1.0]], [w])
    assert w.numpy() == -1.5


# --- constraints, loss scale, missing gradients --------------------------------------------------


def test_constraints_are_applied_last():
    w = nn.Parameter([1.0, 1.0], constraint=nn.constraints.NonNeg())
    SGD(1.0).apply([[3.0, -1.0]], [w])
    np.testing.assert_array_equal(w.numpy(), [0.0, 2.0])


def test_the_loss_scale_cancels():
    w = nn.Parameter([3.0])
    optimizer = SGD(0.1, loss_scale_factor=1024.0)
    loss = optimizer.minimize(lambda: (w * w).sum(), [w])
    assert loss.item() == 9.0
    assert w.numpy() == pytest.approx(2.4)
    assert optimizer.scale_loss(2.0) == 2048.0
    assert SGD().scale_loss(2.0) == 2.0


def test_a_parameter_without_a_gradient_stays_as_it_is():
    weights = [nn.Parameter([1.0], "kernel"), nn.Parameter([1.0], "bias")]
    optimizer = SGD(1.0, momentum=0.5, weight_decay=0.5)
    with pytest.warns(UserWarning, match="no gradient for bias: not updated"):
        optimizer.apply([[1.0], None], weights)
    assert weights[0].numpy() == -0.5
    assert weights[1].numpy() == 1.0
    with pytest.raises(ArgumentError, match=r"no parameter has a gradient\. Got kernel, bias"):
        optimizer.apply([None, None], weights)


def test_some_of_the_parameters_in_any_order():
    a, b = nn.Parameter([0.0], "a"), nn.Parameter([0.0], "b")
    optimizer = SGD(1.0, momentum=0.5)
    optimizer.build([a, b])
    optimizer.apply_gradients([([1.0], b), ([2.0], a)])
    optimizer.apply([[1.0]], [b])
    assert (a.numpy(), b.numpy()) == (-2.0, -2.5)
    with pytest.raises(ArgumentError, match=r"one gradient for each parameter\. Got 1 gradients"):
        optimizer.apply([[1.0]])
    with pytest.raises(StateError, match=r"built for other parameters\. Got c"):
        optimizer.apply([[1.0]], [nn.Parameter([0.0], "c")])


def test_state_cannot_begin_within_a_compiled_step():
    w, optimizer = nn.Parameter([0.0]), SGD(1.0, momentum=0.5)
    step = Step(lambda g: optimizer.apply([g], [w]), [w])
    with pytest.raises(StateError, match=r"SGD has no state yet.*\ntry: optimizer\.build"):
        step(np.ones(1, "float32"))


# --- arguments -----------------------------------------------------------------------------------

BAD = [
    ({"clipnorm": 0.0}, "clipnorm is out of range"),
    ({"clipvalue": -1.0}, "clipvalue is out of range"),
    ({"global_clipnorm": "much"}, "global_clipnorm must be a number"),
    ({"clipnorm": 1.0, "clipvalue": 1.0}, r"one way of clipping\. Got clipnorm and clipvalue"),
    ({"weight_decay": -0.1}, "weight_decay is out of range"),
    ({"ema_momentum": 1.1}, "ema_momentum is out of range"),
    ({"ema_overwrite_frequency": 0}, "ema_overwrite_frequency is too small"),
    ({"loss_scale_factor": 0}, "loss_scale_factor is out of range"),
    ({"gradient_accumulation_steps": 1}, r"gradient_accumulation_steps is too small.* 2 or more"),
    ({"gradient_accumulation_steps": 2.5}, "gradient_accumulation_steps must be an integer"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=label)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        SGD(**arguments)


def test_arguments_are_remembered_and_pass_through_subclasses():
    class Careful(SGD):
        def __init__(self, rate):
            super().__init__(rate, clipnorm=1.0)

    optimizer = Careful(0.5, weight_decay=0.1, name="careful")
    assert (optimizer.clipnorm, optimizer.weight_decay) == (1.0, 0.1)
    assert optimizer.arguments == {"rate": 0.5, "weight_decay": 0.1, "name": "careful"}
    assert repr(optimizer) == "<Careful 'careful'>"


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_optimizer_can_be_described_and_made_again(name):
    around = {} if name == "LBFGS" else {"use_ema": True, "ema_momentum": 0.9}
    rate = schedules.WarmUp(schedules.CosineDecay(0.1, 10), 3)
    again = rebuild(describe(CLASSES[name](rate, name="mine", **around)))
    assert type(again) is CLASSES[name]
    assert again.name == "mine"
    assert again.use_ema == bool(around)
    assert float(again.learning_rate) == 0.0
    assert get(name.upper()).use_ema is False
