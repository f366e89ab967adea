"""Contractions: matrix products, convolutions and their gradients become kernels.

    Nest --cover the output--> Nests --pad what is read outside--> Parts --by the roles of loops-->
    a Product (rows, columns, inner: nothing is copied for it) or DirectSums

The spatial loops of a convolution, o and k, meet in one axis of x; o is a row, k is summed over,
both with strides of x. So a convolution is a product of matrices without its matrix in memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from neurona.core.lowering import Nest
from neurona.engines.native.covering import covering
from neurona.engines.native.direct import DirectSums
from neurona.engines.native.lanes import Lanes, Value
from neurona.engines.native.padding import Padding, contiguous, margins
from neurona.engines.native.part import Loop, Operand, OutputPlace, Part, part
from neurona.engines.native.place import Finish, Place
from neurona.engines.native.product import Axis, Machine, Product
from neurona.engines.native.product import Stage as ProductStage
from neurona.engines.native.product import plan as plan_product
from neurona.engines.native.stage import Stage
from neurona.engines.native.text import Function


def plan(
    nest: Nest, x: Sequence[int], w: Sequence[int], y_shape: Sequence[int], x_shape: Sequence[int],
    w_shape: Sequence[int], dtype: np.dtype, machine: Machine,
) -> tuple[list[Stage], list[int]]:  # fmt: skip
    """Decide how to compute a contraction.

    Args:
        nest: what is computed.
        x, w: the strides of the operands, in elements; the pointers are those of index 0.
        y_shape, x_shape, w_shape: the shapes.
        dtype: of all numbers.
        machine: what code is made for.

    Returns:
        The stages in order, with a barrier between them, and the bytes of work0, work1, ... Stages
        want the pointers 'x', 'w', 'y' (contiguous), 'work0', ...; final ones call finish with the
        place among the axes of y, once for each element of y among them all.
    """
    if 0 in y_shape:
        return [], []
    lanes = machine.vector_bytes // dtype.itemsize
    stages: list[Stage] = []
    sizes: list[int] = []
    nests = covering(nest, x_shape, y_shape)
    x_readings, w_readings = [(n, n.x) for n in nests], [(n, n.w) for n in nests]
    operands = ("x", x_shape, x, x_readings), ("w", w_shape, w, w_readings)
    inputs = []
    for name, shape, strides, readings in operands:
        around = margins(readings, shape)
        if any(map(any, around)):
            padding = Padding(name, f"work{len(sizes)}", shape, strides, around, dtype, lanes)
            stages.append(padding.stage())
            sizes.append(padding.bytes)
            inputs.append(padding.operand)
        else:
            inputs.append(Operand(name, tuple(strides), 0))
    for n in nests:
        more, spaces = compute(part(n, *inputs), y_shape, dtype, machine, len(sizes))
        stages += more
        sizes += spaces
    return stages, sizes


def compute(
    one: Part, y_shape: Sequence[int], dtype: np.dtype, machine: Machine, works: int
) -> tuple[list[Stage], list[int]]:
    """Return the stages and workspaces of a part; the first workspace has the number `works`."""
    strides = contiguous(y_shape)

    def finished(finish: Finish | None, pointers: dict[str, str]) -> Finish:
        def store(lanes: Lanes, place: Place, value: Value) -> None:
            lanes.store(pointers["y"], value, place.index(strides))

        return finish or store

    kept = sorted(
        (loop for loop in one.loops if not loop.summed),
        key=lambda loop: -sum(a * b for a, b in zip(loop.y, strides, strict=True)),
    )
    one = dataclasses.replace(one, loops=(*kept, *(loop for loop in one.loops if loop.summed)))
    lanes = machine.vector_bytes // dtype.itemsize
    if not is_product(one):
        return [DirectSums(one, dtype, lanes).stage(finished)], []
    if kept and not kept[-1].w and kept[-1].x == 1:  # so that the lanes read neighbours
        one = one.swapped()
    product, axes = as_product(one, strides, dtype)
    stages, sizes = plan_product(product, machine)
    return [_as_stage(stage, one, axes, dtype, works, finished) for stage in stages], sizes


def is_product(one: Part) -> bool:
    """Whether a part has rows and columns: neighbours in y do not differ in both operands."""
    kept = [loop for loop in one.loops if not loop.summed]
    if not kept or not all(loop.size for loop in one.loops):
        return False
    tail = [loop for loop in kept if loop.y[-1]]
    if len(tail) > 1 and tail[-1].size < 4:
        return False
    return not (kept[-1].x and kept[-1].w)


def as_product(
    one: Part, strides: Sequence[int], dtype: np.dtype
) -> tuple[Product, tuple[Loop, ...]]:
    """Return a part as a product, and the loops that its batch, rows and columns are."""
    roles: dict[str, list[Loop]] = {"batch": [], "rows": [], "columns": [], "inner": []}
    for loop in one.loops:
        both, right = loop.x and loop.w, loop.w
        role = "inner" if loop.summed else "batch" if both else "columns" if right else "rows"
        roles[role].append(loop)
    axes = {
        role: tuple(
            Axis(n, x, w, sum(a * b for a, b in zip(y, strides, strict=True)))
            for n, x, w, y in loops
        )
        for role, loops in roles.items()
    }
    kept = (*roles["batch"], *roles["rows"], *roles["columns"])
    return Product(**axes, dtype=dtype), kept


def _as_stage(
    stage: ProductStage, one: Part, axes: Sequence[Loop], dtype: np.dtype, works: int,
    finished: Callable[[Finish | None, dict[str, str]], Finish],
) -> Stage:  # fmt: skip
    """Return the stage of a product as one of its contraction."""

    def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
        done = finished(finish, pointers)

        def on_output(lanes: Lanes, place: Place, value: Value) -> None:
            done(lanes, OutputPlace(f, place, axes, one.y), value)

        given = {
            name if not name.startswith("work") else f"work{int(name[4:]) - works}": pointer
            for name, pointer in pointers.items()
        }
        given["a"], given["b"] = (o.pointer(f, pointers, dtype) for o in (one.x, one.w))
        stage.emit(f, given, on_output)

    return Stage(stage.units, emit, stage.flops, stage.final)
