"""Running folds, such as a running sum: one pass along the axis, in order."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import numpy as np

from neurona.core.lowering import Running
from neurona.core.shapes import Spec
from neurona.engines.native.cuts import cuts, walk
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
    float32 is folded in float64, and float64 in blocks: the last results come of very many steps.
    """
    axis %= x.ndim
    before, n, behind = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    width = 1 if behind == 1 else machine.lanes(max(x.dtype.itemsize, y.dtype.itemsize))
    block = 1 if behind == 1 else blocks(behind, width, 8)
    sizes = [before, -(-behind // block)]
    state = np.dtype("float64") if y.dtype.kind == "f" else y.dtype
    cut = cuts([n]) if y.dtype == state and state.kind == "f" else [()]
    first, step = (n - 1, -1) if reverse else (0, 1)

    def emit(f: Function, pointers: dict[str, str], finish: None = None) -> None:
        with f.loop("%begin", "%end") as unit:
            row, piece = f.digits(unit, sizes)
            start = f.mul(row, n * behind)

            def body(b: Lanes, i: str) -> None:
                def place(k: str | int) -> Index:
                    return Index(f.add(f.add(start, i), f.mul(k, behind)))

                def number(slot: str) -> Value:
                    return nothing._replace(text=f.let(f"load {b.type_of(nothing)}, ptr {slot}"))

                def put(slot: str, value: Value) -> None:
                    f.do(f"store {b.type_of(value)} {b.spread(value).text}, ptr {slot}")

                @contextlib.contextmanager
                def block(outer: tuple[str, str]) -> Iterator[tuple[str, str]]:
                    """What lies before a block is one number in it."""
                    earlier, so_far = map(number, outer)
                    mine = f.slot(b.type_of(nothing)), f.slot(b.type_of(nothing), nothing.text)
                    put(mine[0], kind.combine(b, earlier, so_far))
                    yield mine
                    put(outer[1], kind.combine(b, so_far, number(mine[1])))

                nothing = b.spread(b.number(kind.identity, state))
                before = f.slot(b.type_of(nothing), nothing.text)
                slots = before, f.slot(b.type_of(nothing), nothing.text)
                with walk(f, [(0, n, 1)], cut, slots, block) as ((k,), (there, so_far)):
                    at = place(f.add(first, f.mul(k, step)))
                    x_at = b.cast(b.load(pointers["0"], x.dtype, at), state)
                    put(so_far, kind.combine(b, number(so_far), x_at))
                    result = number(so_far)
                    result = kind.combine(b, number(there), result) if any(cut) else result
                    b.store(pointers["y"], b.cast(result, y.dtype), at)

            sweep(f, machine, width, behind, block, piece, body)

    return [Stage(math.prod(sizes) if x.size else 0, emit, x.size, False)], []
