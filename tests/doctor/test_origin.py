"""The first number that is not finite: where it is born, in words, for forty planted ones."""

import linecache

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.core import random
from neurona.doctor import first_bad
from neurona.doctor.not_finite import At
from tests.doctor import planted

SOME = [
    "sqrt then sqrt", "log of minus x", "0 / 0", "loop", "weights that grew", "gradient of where",
    "exp not taken", "gradient of a small divisor", "epsilon 0", "rule of one's own",
]  # fmt: skip


def differs(name):
    """Return what is wrong with the origin of a planted number; "" if it is exact."""
    plant = planted.PLANTED[name]
    model, x, y = plant.make()
    found = first_bad(model, x, y)
    if found is None:
        return f"{name}: nothing found"
    told = found.evidence
    got = told["phase"], told["op"], tuple(told.get("time_steps", ()))
    right = got == (plant.phase, plant.op, plant.turns) and told["layer"].endswith(plant.layer)
    if plant.sample is not None:
        right = right and told["sample"] == plant.sample
    if plant.where is not None:
        code = getattr(plant.where, "__wrapped__", plant.where).__code__
        lines = {line for *_, line in code.co_lines() if line}
        lines |= {
            line for c in code.co_consts if hasattr(c, "co_lines") for *_, line in c.co_lines()
        }
        file, _, line = told["line"].partition(":")
        right = right and file == "planted.py" and int(line) in lines
    return "" if right else f"{name}: {found.said} {told}"


def test_the_origin_of_some_planted_numbers_is_exact():
    assert [differs(name) for name in SOME] == [""] * len(SOME)


@pytest.mark.slow
def test_the_origin_of_forty_planted_numbers_is_exact():
    wrong = list(filter(None, map(differs, planted.PLANTED)))
    assert len(planted.PLANTED) == 40
    assert not wrong


def test_a_finding_says_step_sample_operands_line_and_cure():
    model, x, y = planted.PLANTED["sqrt then sqrt"].make()
    found = first_bad(model, x, y)
    assert (found.id, found.severity, found.rule.auto) == ("GD401", "error", "safe")
    file, line = found.evidence["file"], found.evidence["line"].partition(":")[2]
    assert "ops.sqrt(x - 2.0)" in linecache.getline(file, int(line))
    assert found.where.startswith("Lambda 'sequential")
    assert f"planted.py:{line}" in found.where
    assert found.evidence["value"] == "nan"
    assert found.evidence["operands"][0]["max"] == pytest.approx((x - 2).max())
    assert "sqrt in the forward pass gives NaN at [0, 0], sample 0 of the batch" in found.said
    assert found.fix == "- sqrt(x)\n+ sqrt(maximum(x, 0.0))"
    grown = first_bad(*planted.PLANTED["weights that grew"].make())
    assert "The weights begin as large as 1e+25 (large/kernel)" in grown.said
    assert grown.fix == '+ kernel_initializer="glorot_uniform"'
    later = first_bad(*planted.PLANTED["weights that grew"].make(), at=At(3, 2, np.arange(50, 58)))
    assert later.said.startswith("epoch 3, batch 2: square in the forward pass gives infinity at")
    assert "sample 0 of the batch (row 50 of the data)" in later.said
    assert "The weights have grown to 1e+25 (large/kernel): earlier steps were too" in later.said
    assert later.fix == "- SGD(0.01)\n+ SGD(0.001, clipnorm=1.0)"
    row = first_bad(*planted.PLANTED["bad row of a generator"].make())
    assert "x holds NaN at [3, 0]: sample 3" in row.said
    where = first_bad(*planted.PLANTED["gradient of where"].make())
    assert "the branch that is not taken is 0, and 0 times infinity is NaN" in where.said


def test_nothing_is_found_where_all_is_well_nor_changed():
    def masked(scores):  # infinite numbers that do no harm: a mask, and a branch not taken
        seen = ops.where(scores > 0.3, scores, -np.inf)
        safe = ops.where(scores > 0, scores, 1.0)
        return ops.softmax(seen) + ops.where(scores > 0, ops.log(safe), 0.0)

    x, y = planted.data()
    model = nn.Sequential([layers.Dense(3), layers.Lambda(masked), layers.Dense(1)])
    model.compile("adam", "mse", metrics=[lambda y, p: ops.sum(p) / 0.0])  # a bad metric is none
    assert first_bad(model, x, y) is None
    before, place = model.get_weights(), random.get_position()
    model.layers[-1].kernel.assign(before[2] * 1e30)
    assert first_bad(model, x, y).evidence["op"] in ("square", "sum")
    model.layers[-1].kernel.assign(before[2])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert random.get_position() == place
    assert int(model.optimizer.iterations) == 0


class Penalised(nn.Model):
    """A gradient within the loss, whose norm is 0."""

    def __init__(self):
        super().__init__()
        self.out = layers.Dense(1, kernel_initializer="zeros")

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        def loss():
            slope = nn.grad(lambda x: ops.sum(self(x)))(data[0])
            return ops.mean(1.0 / ops.sqrt(ops.sum(slope * slope, -1)))

        return {"penalty_loss": self.optimizer.minimize(loss, self.trainable_weights)}


@ops.custom_gradient
def own_gradient(x):
    return x * 1.0, lambda *given, upstream=None: ops.log(given[0] * 0.0)


def test_passes_are_told_apart_by_what_a_node_leads_to():
    x, y = planted.data()
    model = Penalised()
    model.compile("sgd", "mse")
    found = first_bad(model, x, y).evidence
    assert (found["phase"], found["op"]) == ("forward", "div")
    found = first_bad(*planted.net(own_gradient)).evidence
    assert (found["phase"], found["op"], found["layer"][-4:]) == ("backward", "log", "own0")
    tied = layers.Dense(1, kernel_constraint=lambda w: w / ops.sum(w * 0.0))
    found = first_bad(*planted.net(tied))
    assert (found.evidence["phase"], found.evidence["op"]) == ("update", "div")
    assert "beside the optimizer's rule gives it by div" in found.said
    found = first_bad(*planted.net(layers.BatchNormalization(epsilon=0.0), x=x * 0, first=True))
    assert found.fix == "+ BatchNormalization(epsilon=1e-3)  # above 0"
    # samples that leave their range one after the other: the first is named
    found = first_bad(*planted.net(planted.squaring, x=planted.data(r1=1e3)[0] * 30, first=True))
    assert (found.evidence["sample"], found.evidence["time_steps"]) == (1, [3])
