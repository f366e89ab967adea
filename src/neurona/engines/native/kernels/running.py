"""Running folds, such as a running sum: one pass along the axis, in order."""

from __future__ import annotations

import math

from neurona.core.lowering import Running
from neurona.core.shapes import Spec
from neurona.engines.native.kernels.sweep import blocks, sweep
from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.stage import Stage


def plan(
    kind: Running, x: Spec, y: Spec, axis: int, reverse: bool, machine: Machine
) -> tuple[list[Stage], list[int]]:
    """Return the stage that folds "0" into "y" along an axis; and no workspaces.

    Units of work are the rows along the axis; lanes go along what lies behind it, if anything does.
    """
    axis %= x.ndim
    before, n, behind = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    width = 1 if behind == 1 else machine.lanes(max(x.dtype.itemsize, y.dtype.itemsize))
    block = 1 if behind == 1 else blocks(behind, width, 8)
    sizes = [before, -(-behind // block)]
    first, step = (n - 1, -1) if reverse else (0, 1)

    def emit(f: Function, pointers: dict[str, str], finish: None = None) -> None:
        with f.loop("%begin", "%end") as unit:
            row, piece = f.digits(unit, sizes)
            start = f.mul(row, n * behind)

            def body(b: Lanes, i: str) -> None:
                def place(k: str | int) -> Index:
                    return Index(f.add(f.add(start, i), f.mul(k, behind)))

                def read(k: str | int) -> Value:
                    return b.cast(b.load(pointers["0"], x.dtype, place(k)), y.dtype)

                value = read(first)
                kind_of = b.type_of(value)
                total = f.slot(kind_of, value.text)
                b.store(pointers["y"], value, place(first))
                with f.loop(1, n) as k:
                    at = f.add(first, f.mul(k, step))
                    before = value._replace(text=f.let(f"load {kind_of}, ptr {total}"))
                    after = kind.combine(b, before, read(at))
                    f.do(f"store {kind_of} {after.text}, ptr {total}")
                    b.store(pointers["y"], after, place(at))

            sweep(f, machine, width, behind, block, piece, body)

    return [Stage(math.prod(sizes) if x.size else 0, emit, x.size, False)], []
