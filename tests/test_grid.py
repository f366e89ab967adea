"""The grid of single ops: its cases, its worker, and what it makes of what was found."""

import sys

import numpy as np
import pytest

from benchmarks.grid import products
from benchmarks.grid.__main__ import Row, summary
from benchmarks.grid.case import numbers
from benchmarks.grid.kinds import every, named
from benchmarks.process import Process


def test_products_forward_and_both_gradients():
    assert len(set(products.SHAPES)) == len(products.SHAPES) >= 60
    assert len(every()) == len({case.name for case in every().values()}) >= 180
    for form, shapes, result in [
        ("forward", [(5, 7), (7, 3)], (5, 3)),
        ("input", [(5, 3), (7, 3)], (5, 7)),
        ("kernel", [(5, 7), (5, 3)], (7, 3)),
    ]:
        case = named(f"5 x 7 x 3 {form}")
        operands = numbers(case.neurona.__self__.shapes)
        assert [x.shape for x in operands] == shapes
        y = case.neurona()().numpy()
        assert y.shape == result
        assert case.flops == 2 * 5 * 7 * 3
        a = operands[0].T if form == "kernel" else operands[0]
        b = operands[1].T if form == "input" else operands[1]
        np.testing.assert_allclose(y, a.astype(float) @ b, rtol=1e-5, atol=1e-5)


def test_a_network_trains_some_steps():
    case = named("20-32-32-2, batch 32")
    assert case.units > 1
    assert case.flops == 2 * 32 * (2 * 20 * 32 + 3 * 32 * 32 + 3 * 32 * 2)
    train = case.neurona()
    assert 0 < train() < 1


def test_a_worker_prepares_and_takes_turns(tmp_path):
    command = [sys.executable, "-m", "benchmarks.grid.worker", "neurona", "1"]
    process = Process(command, tmp_path)
    assert process.ask("prepare 4 x 2 x 4 forward") == {}
    assert 0 < process.turn()["seconds"] < 1
    assert "KeyError" in process.ask("prepare 4 x 2 x 4 backward")["error"]
    process.close()


def test_the_summary_names_the_worst():
    cases = [named(f"8 x 8 x 8 {form}") for form in ("forward", "input", "kernel")]
    rows = [Row(case, 1, ours, 1.0) for case, ours in zip(cases, (0.5, 2.0, 1.0), strict=True)]
    text = summary(rows)
    assert "geometric mean 1.000, worst 2.00 (8 x 8 x 8 input)" in text
    assert "2 above 0.9, 1 above 1, 1 above 1.25" in text
    assert rows[0].ratio == pytest.approx(0.5)
    assert summary([]) == "nothing measured"
