"""Code that was kept is found by what it is made from; nothing is written to find it."""

import numpy as np
import pytest

from neurona import ops
from neurona.core.graph import trace
from neurona.core.lowering import Elementwise
from neurona.core.op import OPS, op
from neurona.core.shapes import same_shape
from neurona.engines import native
from neurona.engines.native import key as key_module
from neurona.engines.native import schedule
from neurona.engines.native.key import key_of
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.signature import spelled
from neurona.engines.native.write import write
from neurona.engines.program import compile
from tests.native.test_machine import run

HOST = Machine.named("host")
SHAPES = (8, 16), (16, 16)  # wide enough for each machine's vectors to be others


def scheduled(fn, *shapes, dtype="float32", machine=HOST):
    return schedule(trace(fn, [np.zeros(shape, dtype) for shape in shapes]), machine)


def wide(x, w):
    return [ops.tanh(ops.matmul(x, w) * 2.0), x.sum(axis=0)]


def test_the_key_holds_all_that_the_code_depends_on():
    looks = [
        scheduled(wide, *SHAPES),
        scheduled(wide, (9, 16), (16, 16)),
        scheduled(wide, *SHAPES, dtype="float64"),
        scheduled(wide, *SHAPES, machine=Machine.named("baseline")),
        scheduled(lambda x, w: wide(x, w.T), *SHAPES),
        scheduled(lambda x, w: wide(x[::-1], w), *SHAPES),
        scheduled(lambda x, w: [ops.tanh(ops.matmul(x, w) * 3.0), x.sum(axis=0)], *SHAPES),
        scheduled(lambda x, w: [ops.tanh(ops.matmul(x, w) * -0.0), x.sum(axis=0)], *SHAPES),
        scheduled(lambda x, w: [ops.tanh(ops.matmul(x, w) * 0.0), x.sum(axis=0)], *SHAPES),
        scheduled(lambda x, w: [ops.exp(ops.matmul(x, w) * 2.0), x.sum(axis=0)], *SHAPES),
        scheduled(lambda x, w: wide(x, w)[::-1], *SHAPES),
        scheduled(lambda x, w: [wide(x, w)[0], x.max(axis=0)], *SHAPES),
    ]
    keys, texts = [key_of(s) for s in looks], [str(write(s)) for s in looks]
    assert len({*keys, *texts, None}) == 2 * len(looks) + 1
    assert key_of(scheduled(wide, *SHAPES)) == keys[0]


def test_two_attributes_that_compare_equal_are_two():
    def counted(axis):
        return key_of(
            scheduled(lambda x: [ops.cumsum(x, axis=axis), ops.sum(x, axis=axis)], (4, 4))
        )

    assert counted(0) != counted(1)
    assert spelled({"a": 1}) != spelled({"a": True})
    assert spelled({"a": 1}) != spelled({"a": 1.0})
    assert spelled({"a": 0.0}) != spelled({"a": -0.0})
    assert spelled({"a": (1,)}) != spelled({"a": "(1,)"})
    assert spelled({"a": "b,c=d"}) != spelled({"a": "b", "c": "d"})


def test_a_hit_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path))
    arrays = [np.ones((8, 4), "float32"), np.ones((4, 4), "float32")]
    graph = trace(wide, arrays)
    first = compile(graph, "native")
    assert first.run.code.compiled == 1
    monkeypatch.setattr(native, "write", lambda schedule: pytest.fail("written again"))
    second = compile(graph, "native")
    assert second.run.code.compiled == 0
    for x, y in zip(first(*arrays), second(*arrays), strict=True):
        np.testing.assert_array_equal(x, y)


def test_another_process_finds_it(tmp_path):
    code = (
        "import numpy as np; from neurona import ops; from neurona.core.graph import trace;"
        "from neurona.engines.program import compile; x = np.ones((4, 3), 'float32');"
        "graph = trace(lambda x: [ops.softmax(x @ x.T)], [x]);"
        "print(compile(graph, 'native').run.code.compiled)"
    )
    home = str(tmp_path)
    assert run(code, NEURONA_CACHE=home) == "1\n"
    assert run(code, NEURONA_CACHE=home) == "0\n"
    assert run(code, NEURONA_CACHE=home, NEURONA_TARGET="baseline") == "1\n"
    assert run(code, NEURONA_CACHE=home, NEURONA_CODE_CACHE="0") == "1\n"
    entries = list((tmp_path / "native").iterdir())
    for entry in entries:
        entry.write_bytes(entry.read_bytes()[:-1])
    assert run(code, NEURONA_CACHE=home) == "1\n"
    assert run(code, NEURONA_CACHE=home) == "0\n"


def test_code_of_an_op_from_elsewhere_is_known_by_its_text(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path))
    found = []
    try:
        for factor in (2.0, 3.0):
            OPS.pop("scaled", None)

            def rule(b, x, factor=factor):
                return b.mul(x, b.constant(factor, x))

            @op(shape=same_shape, lower=Elementwise(rule))
            def scaled(xp, x):
                return x

            graph = trace(lambda x: [scaled(x)], [np.ones(4, "float32")])
            assert key_of(schedule(graph, HOST)) is None
            found.append(compile(graph, "native")(np.ones(4, "float32"))[0][0])
    finally:
        OPS.pop("scaled", None)
    assert found == [2.0, 3.0]


def test_source_that_changed_after_it_was_loaded_is_no_key(monkeypatch):
    whole = key_module.source.__wrapped__
    newest = max(p.stat().st_mtime for p in key_module.PACKAGE.rglob("*.py"))
    monkeypatch.setattr(key_module, "_LOADED", newest)
    known = whole()
    assert len(known) == 64
    monkeypatch.setattr(key_module, "ROOMS", ("core", "engines"))
    assert whole() not in (known, None)
    monkeypatch.setattr(key_module, "_LOADED", 0)
    assert whole() is None
    monkeypatch.setattr(key_module, "ROOMS", ())
    assert whole() is None


def test_equal_kernels_are_one_routine():
    def deep(x, *ws):
        for w in ws:
            x = ops.tanh(ops.matmul(x, w))
        return [x]

    found = scheduled(deep, (8, 16), *[(16, 16)] * 5)
    assert len(found.fusion.kernels) == 5
    assert len(found.routines()) == 1
    assert len({use.arguments for use in found.uses}) == 5


def test_loops_in_loops_have_names_of_their_own():
    def inner(x):
        return ops.scan(lambda c, y: (c + ops.tanh(y), c), ops.zeros_like(x[0]), x)[0]

    def outer(x):
        return list(
            ops.scan(lambda c, y: (c + inner(y), inner(y * 2.0)), ops.zeros_like(x[0, 0]), x)
        )

    found = scheduled(outer, (3, 4, 5))
    names = [line.split("@")[1].split("(")[0] for line in str(write(found)).splitlines()
             if line.startswith("define")]  # fmt: skip
    assert len(names) == len(set(names))
    x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
    graph = trace(outer, [x])
    for got, want in zip(compile(graph, "native")(x), compile(graph, "reference")(x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5)
