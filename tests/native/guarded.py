"""Run programs with every array between protected pages: what touches anything else dies.

    python -m tests.native.guarded FLOATX FIRST COUNT

Runs all rows of the table of ops, what once was a fault, large products, then COUNT random graphs
from number FIRST on. The name of each is printed before it runs, so the last line names what died.
Values in the arena have pages of their own here, but begin at multiples of 64 bytes as ever.
"""

import ctypes
import mmap
import random
import sys

import numpy as np

from neurona.core.graph import trace
from neurona.core.op import OPS
from neurona.engines import native
from neurona.engines.native import memory
from neurona.engines.native.memory import ALIGNMENT, Memory
from neurona.engines.program import compile
from neurona.ops import maximum
from neurona.ops.attend import attend, attend_gradient
from tests.ops.cases import CASES
from tests.ops.test_ops import attributes

from .random_graphs import Maker, function, inputs
from .test_faults import FAULTS

PAGE = mmap.PAGESIZE
NONE, READ, WRITE = 0, 1, 3
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Guarded:
    """Bytes with a protected page before and behind: they touch the one or the other."""

    def __init__(self, size, at_end):
        pages = -(-size // PAGE)
        self.whole, self.inner = (pages + 2) * PAGE, pages * PAGE
        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self.base = libc.mmap(None, self.whole, NONE, private, -1, 0)
        self.allow(WRITE)
        self.address = self.base + PAGE + (self.inner - size if at_end else 0)

    def allow(self, access):
        if self.inner:
            assert libc.mprotect(self.base + PAGE, self.inner, access) == 0

    def free(self):
        libc.munmap(self.base, self.whole)


def spaced(at_end, gaps):
    """A plan of memory that gives each value pages of its own, with one between, at `gaps`."""

    def place(fusion, uses, chains, constants):
        slots, offsets, start = memory.place(fusion, uses, chains, constants).slots, {}, PAGE
        wanted = [
            (v, fusion.specs[v].size * fusion.specs[v].dtype.itemsize)
            for kernel in fusion.kernels
            for v in kernel.stores
            if v not in slots
        ]
        wanted += [
            (("work", t, i), size)
            for t, use in enumerate(uses)
            for i, size in enumerate(use.routine.works)
        ]
        gaps[:] = [0]  # of the whole program, which is planned after the bodies of its loops
        for key, size in wanted:
            size = -(-size // ALIGNMENT) * ALIGNMENT
            inner = -(-size // PAGE) * PAGE
            offsets[key] = start + (inner - size if at_end else 0)
            start += inner
            gaps.append(start)
            start += PAGE
        return Memory(slots, offsets, start)

    return place


def run(fn, arrays, at_end, missing=0):
    """Run a function compiled with guarded arrays and hold it against the reference.

    So many bytes of the arrays are missing: that something dies then shows that the guard is awake.
    """
    gaps, regions = [], []
    native.place = spaced(at_end, gaps)
    graph = trace(fn, arrays)
    executable = compile(graph, "native").run
    plan = executable.schedule.memory
    frame = executable.prepared(arrays)

    def put(slot, array):
        size = array.nbytes - missing
        region = Guarded(size, at_end)
        ctypes.memmove(region.address, np.ascontiguousarray(array).ctypes.data, size)
        regions.append(region)
        frame.table[slot] = region.address
        return region

    for (slot, _), array in zip(executable.inputs, arrays, strict=True):
        put(slot, array).allow(READ)
    for key, array in executable.schedule.constants.items():
        put(plan.slots[key], array).allow(READ)
    results = []
    for (slot, spec), like in zip(executable.outputs, frame.results, strict=True):
        region = put(slot, like)
        buffer = (ctypes.c_char * max(like.nbytes, 1)).from_address(region.address)
        results.append(np.frombuffer(buffer, spec.dtype, spec.size).reshape(spec.shape))
    arena = Guarded(plan.size, at_end)
    for gap in gaps:
        assert libc.mprotect(arena.base + PAGE + gap, PAGE, NONE) == 0
    frame.table[Memory.ARENA] = arena.base + PAGE
    executable.run(frame)
    executable.check(frame)
    want = compile(graph, "reference")(*arrays)
    tolerance = 1e-4 if any(a.dtype == "float32" for a in (*want, *arrays)) else 1e-10
    for x, y in zip(want, results, strict=True):
        np.testing.assert_allclose(y, x, rtol=tolerance, atol=tolerance)
    for region in (*regions, arena):
        region.free()


def large(floatx):
    """Give products past the sizes of blocks: all layouts, rows and columns left over."""
    m, k, n = 67, 390, 681
    draw = np.random.default_rng(0).standard_normal
    x, w, g = (draw(shape).astype(floatx) for shape in ((m, k), (k, n), (m, n)))
    tall = [np.tile(a, (6, 1)) for a in (x, g)]
    bias = draw(n).astype(floatx)
    yield "a large product", lambda x, w, b: maximum(x @ w + b, 0), [x, w, bias]
    yield "its input's gradient", lambda g, w: g @ w.T, [g, w]
    yield "its kernel's gradient", lambda x, g, w: w - x.T @ g / 100, [*tall, w]
    row, long = draw((1, 3 * k)).astype(floatx), np.tile(w, (3, 1))
    yield "a row by a large matrix", lambda x, w: x @ w, [row, long]


def attentions(floatx):
    """Give attention in tiles: queries, keys and sizes left over, masks, dropout."""
    draw, state = np.random.default_rng(0), np.int64([3, 4])
    for t, s, size, values, mask in (
        (97, 68, 9, 17, (1, 2, 97, 68)), (5, 300, 33, 4, (1, 1, 1, 300)), (200, 24, 3, 70, None),
    ):  # fmt: skip
        q, k, v, g = (
            draw.standard_normal((1, n, 2, m)).astype(floatx)
            for n, m in ((t, size), (s, size), (s, values), (t, values))
        )
        more = [state] if mask is None else [draw.random(mask) < 0.5, state]
        c = draw.standard_normal((1, 2, t)).astype(floatx)
        given = {"scale": 0.3, "masked": mask is not None, "dropout": 0.2, "draw": 1}
        for causal in (False, True):
            more_given = {**given, "is_causal": causal}
            for op, arrays in (
                (attend, [q, k, v, *more]), (attend_gradient, [q, k, v, c, g, c, *more])
            ):  # fmt: skip
                yield (
                    f"{op.name} {t} {s} {causal}",
                    lambda *xs, op=op, given=more_given: op(*xs, **given),
                    arrays,
                )


def programs(floatx, first, count):
    """Give name, function and arrays of everything to run."""
    for case in CASES:
        op, given = OPS[case.op], attributes(case, floatx)
        arrays = [x.numpy() for x in op._bind(tuple(case.arrays(floatx)), dict(given))[0]]
        yield str(case), lambda *xs, op=op, given=given: op(*xs, **given), arrays
    for name, (fn, *arrays) in FAULTS.items():
        yield name, fn, arrays
    yield from large(floatx)
    yield from attentions(floatx)
    for seed in range(first, first + count):
        maker = Maker(random.Random(seed).randint, floatx)
        nodes = maker.whole(1, 20)
        arrays = inputs(maker)
        state = maker.whole.__self__.getstate()
        fn = function(maker, nodes)

        def again(*xs, fn=fn, state=state, maker=maker):  # the same graph each time
            maker.whole.__self__.setstate(state)
            return fn(*xs)

        yield f"random graph {seed}", again, arrays


if __name__ == "__main__":
    for name, fn, arrays in programs(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])):
        for at_end in (True, False):
            print(f"{name}, guarded at the {'end' if at_end else 'start'}", flush=True)
            run(fn, arrays, at_end)
    print("all is well")
