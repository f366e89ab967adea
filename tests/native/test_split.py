"""A long module in pieces is the same module."""

import ctypes

import pytest

from neurona import config
from neurona.engines.native.llvm import pieces as split_module
from neurona.engines.native.llvm.assemble import assemble, check_ir
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.pieces import split


@pytest.fixture(autouse=True)
def _small_pieces(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path))
    monkeypatch.setattr(split_module, "PIECE", 500)


def function(name: str, body: str, linkage: str = "internal ", inline: str = "") -> str:
    return f"define {linkage}i64 @{name}(i64 %x, ptr noalias %p) nounwind{inline} {{\n{body}}}\n"


def chain(length: int) -> str:
    """f0 calls f1 calls f2 ..., each adds a number of a table; `total` is the way in."""
    text = "@table = internal constant [2 x i64] [i64 1, i64 100]\n"
    text += function("number", " %v = load i64, ptr %p\n ret i64 %v\n", inline=" alwaysinline")
    for i in range(length):
        body = f" %q = getelementptr i64, ptr @table, i64 {i % 2}\n"
        body += " %n = call i64 @number(i64 0, ptr %q)\n %y = add i64 %x, %n\n"
        if i + 1 < length:
            body += f" %z = call i64 @f{i + 1}(i64 %y, ptr %p)\n ret i64 %z\n"
        else:
            body += " ret i64 %y\n"
        text += function(f"f{i}", body)
    return text + function("total", " %y = call i64 @f0(i64 %x, ptr %p)\n ret i64 %y\n", "")


def test_pieces_link_to_the_same_function():
    ir = chain(20)
    pieces = split(ir)
    assert len(pieces) == 8
    assert pieces == split(ir)
    assert max(map(len, pieces)) < len(ir) / 2
    code = assemble(ir)
    assert code.names == ("total",)
    assert code.compiled == 8
    total = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
    assert total(code.address("total"))(7, None) == 7 + 10 * 101
    assert assemble(ir).compiled == 0


def test_each_piece_is_a_module_for_every_machine():
    for name in ("host", "neon", "apple"):
        for piece in split(chain(8)):
            assert check_ir(piece, Machine.named(name))


def test_the_pieces_do_not_depend_on_the_threads(monkeypatch):
    ir = chain(20)
    monkeypatch.setattr(config, "threads", lambda: 1)
    assert assemble(ir).compiled == 8
    monkeypatch.setattr(config, "threads", lambda: 3)
    assert assemble(ir).compiled == 0


@pytest.mark.parametrize(
    "state",
    ["@counter = internal global i64 0\n", "@shown = constant i64 0\n", "@c = global i64 0\n"],
)
def test_a_module_with_state_stays_whole(state):
    ir = state + chain(20)
    assert split(ir) == [ir]
    assert assemble(ir).compiled == 1


def test_a_short_module_stays_whole():
    ir = chain(1)
    assert split(ir) == [ir]
