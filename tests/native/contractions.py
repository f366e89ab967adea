"""Compile the plan of a contraction on its own, and run it between guards."""

import ctypes
import itertools
import mmap
import sys

import numpy as np

from neurona.core.op import OPS
from neurona.core.shapes import Spec
from neurona.engines.native.llvm.assemble import assemble
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Module
from neurona.engines.native.products.contraction import plan

GUARD = 64  # bytes before and after each array that kernels write
PATTERN = 0x5A


def written(op, x, w, attributes, machine, finish=None):
    """The plan of a contraction, stages and bytes of workspaces, and its code; as for Compiled."""
    shape = OPS[op].shape(Spec(x.shape, x.dtype), Spec(w.shape, w.dtype), **attributes).shape
    nest = OPS[op].lower.nest(x.shape, w.shape, shape, **attributes)
    strides = [tuple(s // a.itemsize for s in a.strides) for a in (x, w)]
    stages, sizes = plan(nest, *strides, shape, x.shape, w.shape, x.dtype, machine)
    module = Module()
    names = ["x", "w", "y", *(f"work{i}" for i in range(len(sizes)))]
    for number, stage in enumerate(stages):
        f = module.function(
            f"k{number}", ["ptr %table", "i64 %begin", "i64 %end"], machine.attributes, ""
        )
        pointers = {
            name: f.let(f"load ptr, ptr {f.address('%table', 'ptr', i)}")
            for i, name in enumerate(names)
        }
        made = finish(f, pointers, shape) if finish and stage.final else None
        stage.emit(f, pointers, made)
    return stages, sizes, str(module)


class Compiled:
    """The kernels of one contraction.

    Args:
        op: name of the op.
        x, w: arrays of the shapes, strides and type that kernels are made for.
        attributes: of the op.
        target: name of a Machine.
        finish: from y's shape to a Finish that stores to the pointer 'y', None for the plan's own.
    """

    def __init__(self, op, x, w, attributes, target="host", finish=None):
        specs = [Spec(x.shape, x.dtype), Spec(w.shape, w.dtype)]
        self.shape, self.dtype = OPS[op].shape(*specs, **attributes).shape, x.dtype
        machine = Machine.named(target)
        self.stages, self.sizes, self.text = written(op, x, w, attributes, machine, finish)
        self.code = assemble(self.text, machine) if self.stages else None
        kernel = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
        self.kernels = [kernel(self.code.address(f"k{i}")) for i in range(len(self.stages))]

    def __call__(self, x, w, pieces=1):
        """Run all stages, each in so many pieces, the last one first; x and w fenced on a side."""
        x, w = (fenced(a, behind=pieces == 1) if a.flags.c_contiguous else a for a in (x, w))
        y, around_y = guarded(self.shape, self.dtype)
        works = [guarded((size,), np.dtype("uint8")) for size in self.sizes]
        arrays = [x, w, y, *(work for work, _ in works)]
        table = (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))
        for stage, kernel in zip(self.stages, self.kernels, strict=True):
            cuts = [stage.units * i // pieces for i in range(pieces + 1)]
            for begin, end in reversed(list(itertools.pairwise(cuts))):
                kernel(table, begin, end)
        for around in (around_y, *(a for _, a in works)):
            assert (around[:GUARD] == PATTERN).all(), "written before an array"
            assert (around[-GUARD:] == PATTERN).all(), "written behind an array"
        return y


def guarded(shape, dtype):
    """An array full of nonsense, and the bytes that surround it."""
    size = int(np.prod(shape)) * dtype.itemsize
    whole = np.full(size + 2 * GUARD, PATTERN, "uint8")
    inside = whole[GUARD : GUARD + size]
    if dtype.kind == "f":
        inside[:] = 0xFF  # NaN
    return inside.view(dtype).reshape(shape), whole


def fenced(values, behind):
    """A copy beside a page that nobody may read or write: behind it, or before it."""
    if not sys.platform.startswith("linux"):
        return values
    page = mmap.PAGESIZE
    length = -(-max(values.nbytes, 1) // page) * page
    memory = mmap.mmap(-1, length + page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    fence = start + length if behind else start
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(fence), page, 0) == 0
    offset = length - values.nbytes if behind else page
    copy = np.frombuffer(memory, "uint8", values.nbytes, offset).view(values.dtype)
    copy = copy.reshape(values.shape)
    copy[...] = values
    return copy
