"""The first number that is not finite: where it is born, in words, for forty planted ones."""

import linecache

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.core import random
from neurona.doctor import first_bad
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
    assert "The weights have grown to 1e+25 (large/kernel)" in grown.said
    assert grown.fix == "- SGD(0.01)\n+ SGD(0.001, clipnorm=1.0)"
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
