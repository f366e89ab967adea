"""Schedules at their boundaries, in hand numbers; for integers, arrays and traced steps."""

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError
from neurona.nn.description import describe, rebuild
from neurona.optimizers import SGD, schedules

from .problems import label

# schedule, arguments, {step: rate}
CASES = [
    ("ExponentialDecay", (0.8, 10, 0.5), {0: 0.8, 10: 0.4, 20: 0.2, 5: 0.8 * 0.5**0.5}),
    ("ExponentialDecay", (0.8, 10, 0.5, True), {9: 0.8, 10: 0.4, 19: 0.4, 20: 0.2}),
    ("InverseTimeDecay", (0.8, 10, 1.0), {0: 0.8, 10: 0.4, 30: 0.2}),
    ("InverseTimeDecay", (0.8, 10, 1.0, True), {9: 0.8, 10: 0.4, 29: 0.8 / 3}),
    ("PolynomialDecay", (0.8, 10, 0.2), {0: 0.8, 5: 0.5, 10: 0.2, 99: 0.2}),
    ("PolynomialDecay", (0.8, 10, 0.2, 2.0), {5: 0.2 + 0.6 / 4, 10: 0.2}),
    # after step 10 the line goes on to 20: halfway at 10 again
    ("PolynomialDecay", (0.8, 10, 0.2, 1.0, True), {0: 0.8, 10: 0.2, 15: 0.35, 20: 0.2, 25: 0.3}),
    ("PiecewiseConstantDecay", ([10, 20], [1.0, 0.5, 0.1]),
     {0: 1.0, 10: 1.0, 11: 0.5, 20: 0.5, 21: 0.1}),
    ("PiecewiseConstantDecay", ([], [0.3]), {0: 0.3, 99: 0.3}),
    ("CosineDecay", (0.8, 10), {0: 0.8, 5: 0.4, 10: 0.0, 11: 0.0}),
    ("CosineDecay", (0.8, 10, 0.25), {0: 0.8, 5: 0.5, 10: 0.2, 99: 0.2}),
    ("CosineDecay", (0.2, 10, 0.0, "c", 0.8, 4), {0: 0.2, 2: 0.5, 4: 0.8, 9: 0.4, 14: 0.0}),
    ("CosineDecay", (0.2, 10, 0.0, "c", 0.8, 0), {0: 0.8, 5: 0.4}),
    ("CosineDecayRestarts", (0.8, 10), {0: 0.8, 5: 0.4, 10: 0.8, 20: 0.4, 30: 0.8, 70: 0.8}),
    ("CosineDecayRestarts", (0.8, 10, 1.0, 0.5, 0.25),
     {0: 0.8, 5: 0.5, 10: 0.6 * 0.5 + 0.2, 20: 0.6 * 0.25 + 0.2}),
    ("CosineDecayRestarts", (0.8, 5, 3.0), {4: None, 5: 0.8, 20: 0.8, 65: 0.8, 200: 0.8}),
    ("WarmUp", (0.8, 4), {0: 0.0, 1: 0.2, 4: 0.8, 99: 0.8}),
    ("WarmUp", (0.8, 4, 0.4), {0: 0.4, 2: 0.6, 4: 0.8}),
    # 11 steps, the peak at 0.5 * 11 - 1 = 4.5
    ("OneCycle", (1.0, 11, 0.5, "linear", 10.0, 10.0), {0: 0.1, 3: 0.7, 10: 0.01, 99: 0.01}),
    ("OneCycle", (1.0, 20, 0.25, "cos", 10.0, 10.0), {0: 0.1, 2: 0.55, 4: 1.0, 19: 0.01}),
    # three phases: up until 4, down until 8, then to almost nothing
    ("OneCycle", (1.0, 20, 0.25, "linear", 10.0, 10.0, True),
     {0: 0.1, 4: 1.0, 6: 0.55, 8: 0.1, 19: 0.01}),
    ("OneCycle", (1.0, 10, 0.0, "linear", 10.0, 10.0), {9: 0.01}),
    ("OneCycle", (1.0, 10, 1.0, "linear", 10.0, 10.0), {0: 0.1, 9: 1.0, 20: 1.0}),
]  # fmt: skip
cases = pytest.mark.parametrize(("name", "arguments", "rates"), CASES, ids=label)


def made(name, arguments):
    return getattr(schedules, name)(*arguments)


def test_no_schedule_is_left_out():
    public = {name for name in schedules.__all__ if name[0].isupper()} - {"LearningRateSchedule"}
    assert {name for name, _, _ in CASES} == public


@cases
def test_rates_by_hand(name, arguments, rates):
    schedule = made(name, arguments)
    for step, rate in rates.items():
        if rate is not None:
            assert schedule(step).item() == pytest.approx(rate, rel=1e-6, abs=1e-7), f"step {step}"


@cases
def test_integers_arrays_and_traced_steps_agree(name, arguments, rates):
    schedule = made(name, arguments)
    steps = np.arange(0, 100)
    curve = schedule(steps)
    assert curve.shape == (100,)
    assert curve.dtype.name == "float32"
    traced = nn.jit(schedule)
    for step in (0, 1, 4, 5, 10, 37, 99):
        single = schedule(step)
        assert single.shape == ()
        assert single.item() == pytest.approx(curve.numpy()[step], rel=1e-6, abs=1e-9)
        assert float(traced(np.int64(step))) == pytest.approx(single.item(), rel=1e-6, abs=1e-9)


@cases
def test_every_schedule_drives_an_optimizer_and_can_be_made_again(name, arguments, rates):
    schedule = rebuild(describe(made(name, arguments)))
    w, optimizer = nn.Parameter([0.0]), SGD(schedule)
    total = 0.0
    for step in range(4):
        total -= schedule(step).item()
        optimizer.apply([[1.0]], [w])
    assert w.numpy()[0] == pytest.approx(total, rel=1e-5)


def test_warm_up_leads_into_any_schedule():
    schedule = schedules.WarmUp(schedules.CosineDecay(0.8, 10), warmup_steps=4)
    rates = schedule([0, 2, 4, 9, 14, 20]).numpy()
    np.testing.assert_allclose(rates, [0, 0.4, 0.8, 0.4, 0, 0], atol=1e-7)
    keras_way = schedules.CosineDecay(0.0, 10, warmup_target=0.8, warmup_steps=4)
    steps = np.arange(30)
    np.testing.assert_allclose(schedule(steps).numpy(), keras_way(steps).numpy(), atol=1e-7)


def test_restarts_never_come_a_step_late():
    """Where logarithms are rounded, floor(log(...)) may be one short exactly at a restart."""
    for t_mul in (1.5, 2.0, 3.0, 5.0, 10.0):
        schedule, start, length = schedules.CosineDecayRestarts(1.0, 1, t_mul), 0.0, 1.0
        for _ in range(6):
            assert schedule(start).item() == pytest.approx(1.0, abs=1e-3), (t_mul, start)
            start, length = start + length, length * t_mul


BAD = [
    ("ExponentialDecay", (0.1, 0, 0.5), "decay_steps is out of range"),
    ("ExponentialDecay", (-0.1, 10, 0.5), "initial_learning_rate is out of range"),
    ("InverseTimeDecay", (0.1, 10, -0.5), "decay_rate is out of range"),
    ("PolynomialDecay", (0.1, -10), "decay_steps is out of range"),
    ("PolynomialDecay", (0.1, 10, 0.0, -1.0), "power is out of range"),
    ("PiecewiseConstantDecay", ([10], [1.0]), r"one value more.*Got 1 boundaries, 1 values"),
    ("PiecewiseConstantDecay", ([10, 10], [1, 2, 3]), r"boundaries must increase. Got \[10.0, 10"),
    ("CosineDecay", (0.1, 0), "decay_steps is out of range"),
    ("CosineDecay", (0.1, 10, 0.0, "c", -1.0), "warmup_target is out of range"),
    ("CosineDecayRestarts", (0.1, 0), "first_decay_steps is out of range"),
    ("CosineDecayRestarts", (0.1, 10, 0.5), "t_mul is out of range"),
    ("WarmUp", (0.1, 0), "warmup_steps is out of range"),
    ("WarmUp", ("slow", 10), "learning_rate must be a number"),
    ("OneCycle", (0.1, 1), "total_steps is too small"),
    ("OneCycle", (0.1, 10, 1.5), "pct_start is out of range"),
    ("OneCycle", (0.1, 10, 0.6, "cos", 25.0, 1e4, True), "pct_start is out of range"),
    ("OneCycle", (0.1, 10, 0.3, "cosine"), "unknown anneal_strategy. Got 'cosine'.*cos, linear"),
    ("OneCycle", (0.1, 10, 0.3, "cos", 0.0), "div_factor is out of range"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), BAD, ids=label)
def test_bad_arguments_are_explained(name, arguments, message):
    with pytest.raises(ArgumentError, match=message):
        made(name, arguments)


def test_the_base_class_has_no_rates():
    with pytest.raises(NotImplementedError, match="LearningRateSchedule has no __call__"):
        schedules.LearningRateSchedule()(0)
