"""Run stages on NumPy arrays: each as a function of its own, its units split in odd places."""

import ctypes
import itertools

import numpy as np

from neurona.engines.native.llvm.assemble import assemble
from neurona.engines.native.llvm.binding import llvm
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Module

TARGETS = [t for t in ("host", "avx2", "baseline") if Machine.named(t).runs_here]
CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def written(stages, names, machine):
    """The IR of stages, each as a function of its own: k0, k1, ..."""
    module = Module()
    for k, stage in enumerate(stages):
        f = module.function(
            f"k{k}", ["ptr %table", "i64 %begin", "i64 %end"], machine.attributes, ""
        )
        pointers = {
            n: f.let(f"load ptr, ptr {f.address('%table', 'ptr', i)}") for i, n in enumerate(names)
        }
        f.status, f.fault = pointers["status"], lambda: "inttoptr (i64 1 to ptr)"
        stage.emit(f, pointers, None)
    return str(module)


def run(planned, arrays, machine, cuts=3):
    """Run stages and workspaces on arrays by name; they are changed in place."""
    stages, sizes = planned
    work = {f"work{k}": np.full(size, 0xAB, "uint8") for k, size in enumerate(sizes)}
    arrays = {"status": np.zeros(3, "int64"), **arrays, **work}
    text = written(stages, arrays, machine)
    llvm().parse_assembly(text).verify()
    code = assemble(text, machine)
    table = (ctypes.c_void_p * len(arrays))(*[a.ctypes.data for a in arrays.values()])
    for k, stage in enumerate(stages):
        call = CALL(code.address(f"k{k}"))
        edges = sorted({stage.units * i // cuts for i in range(cuts + 1)})
        for begin, end in reversed([*itertools.pairwise(edges)]):
            call(ctypes.addressof(table), begin, end)
