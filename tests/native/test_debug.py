"""What the debug levels check and show."""

import re

import numpy as np
import pytest

from neurona import config, errors
from neurona.core.graph import trace
from neurona.engines import native
from neurona.engines.program import compile
from neurona.ops import matmul, scan, tanh


@pytest.fixture(autouse=True)
def settings():
    before = dict(config._settings)
    yield
    config._settings.update(before)


def dense():
    x, w, b = (np.ones(shape, np.float32) for shape in ((3, 4), (4, 5), (5,)))
    return trace(lambda x, w, b: tanh(matmul(x, w) + b), [x, w, b])


@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
def test_a_level_shows_what_those_below_it_do_and_more(level, capsys):
    config.set_debug(level)
    program = compile(dense(), "native")
    out, err = capsys.readouterr()
    assert out == ""
    assert ("(3, 5) matrix_product + add + tanh" in err) == (level >= 2)
    assert ("define internal void @k0_0(ptr %p0" in err) == (level >= 3)
    assert bool(re.search(r"^work0:", err, re.MULTILINE)) == (level >= 4)
    assert level >= 2 or err == ""
    assert "kernel, arena" in program.explain()  # one kernel, not 1 kernels


def test_what_simplifying_breaks_is_found(monkeypatch):
    def broken(graph):
        simple = simplify(graph)
        simple.nodes.reverse()
        return simple

    simplify = native.simplify
    monkeypatch.setattr(native, "simplify", broken)
    config.set_debug(1)
    with pytest.raises(errors.TraceError, match="before it is computed"):
        compile(dense(), "native")


def test_kernels_are_explained_with_their_times():
    program = compile(dense(), "native")
    plain, timed = program.explain(), program.explain(timed=True)
    assert "GF/s" not in plain
    assert re.search(r"k0 +\d+ F +\d+ B +[\d.]+ us +[\d.]+ GF/s +[\d.]+ GB/s  \(3, 5\) ", timed)


def test_the_kernels_of_a_loop_are_explained():
    def power(x, w):
        return scan(lambda h, _: (tanh(matmul(h, w)), None), x, length=7)[0]

    program = compile(trace(power, [np.ones((2, 3)), np.ones((3, 3))]), "native")
    lines = program.explain(timed=True).splitlines()
    (loop,) = [k for k, line in enumerate(lines) if "(2, 3) loop" in line]
    assert re.search(r"^      k0 .* us .*\(2, 3\) matrix_product \+ tanh", lines[loop + 1])
    assert sum("matrix_product" in line for line in lines if line.startswith("      k")) == 1
    shown = program.explain().splitlines()
    assert any(line.startswith("      k0") and "us" not in line for line in shown)
