"""The native engine's builder has what scalar rules are written with, and so has NumPy's."""

from neurona.core.lowering import Builder
from neurona.engines.native.llvm.lanes import Lanes
from neurona.engines.native.llvm.text import Function, Module
from tests.ops.numpy_builder import NumpyBuilder


def test_builders_have_all_that_rules_are_written_with():
    wanted = {name for name in vars(Builder) if not name.startswith("_")}
    lanes = Lanes(Function(Module(), ""), 1)
    assert len(wanted) == 46
    assert [name for name in wanted if not callable(getattr(lanes, name))] == []
    assert [name for name in wanted if not callable(getattr(NumpyBuilder(), name))] == []
