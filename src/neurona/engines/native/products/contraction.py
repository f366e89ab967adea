"""Contractions: matrix products, convolutions and their gradients become kernels.

    Nest --cover the output--> Nests --skip the borders, or pad--> Parts --by the roles of loops-->
    a Product (rows, columns, inner: nothing is copied for it), ByChannel or DirectSums

The spatial loops of a convolution, o and k, meet in one axis of x; o is a row, k is summed over,
both with strides of x. So a convolution is a product of matrices without its matrix in memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from neurona.core.lowering import Nest
from neurona.engines.native.llvm.lanes import Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products import borders, bychannel
from neurona.engines.native.products.covering import covering
from neurona.engines.native.products.direct import DirectSums
from neurona.engines.native.products.padding import Padding, margins
from neurona.engines.native.products.part import (
    Loop,
    Operand,
    OutputPlace,
    Part,
    Planned,
    along,
    part,
)
from neurona.engines.native.products.place import Finish, Place
from neurona.engines.native.products.product import Axis, Product
from neurona.engines.native.products.product import plan as plan_product
from neurona.engines.native.stage import Stage
from neurona.engines.native.strides import contiguous


def plan(
    nest: Nest, x: Sequence[int], w: Sequence[int], y_shape: Sequence[int], x_shape: Sequence[int],
    w_shape: Sequence[int], dtype: np.dtype, machine: Machine, turns: Sequence[int] = (1, 1),
) -> tuple[list[Stage], list[int]]:  # fmt: skip
    """Decide how to compute a contraction.

    Args:
        nest: what is computed.
        x, w: the strides of the operands, in elements; the pointers are those of index 0.
        y_shape, x_shape, w_shape: the shapes.
        dtype: of all numbers.
        machine: what code is made for.
        turns: of a loop in which x, and w, are the same.

    Returns:
        The stages in order, with a barrier between them, and the bytes of work0, work1, ... Stages
        want the pointers 'x', 'w', 'y' (contiguous), 'work0', ...; final ones call finish with the
        place among the axes of y, once for each element of y among them all.
    """
    if 0 in y_shape:
        return [], []
    y, lanes = contiguous(y_shape), machine.vector_bytes // dtype.itemsize
    stages: list[Stage] = []
    sizes: list[int] = []
    left, right = (
        Operand(name, tuple(strides), 0, number)
        for name, strides, number in zip("xw", (x, w), turns, strict=True)
    )

    def append(made: Planned) -> None:
        stages.extend(_as_stage(stage, made, dtype, len(sizes), y) for stage in made.stages)
        sizes.extend(made.works)

    nests = []
    for n in covering(nest, x_shape, y_shape):
        given = (n, left, right, x_shape, y, dtype, machine)
        if made := borders.plan(*given) or bychannel.plan(*given):
            append(made)
        else:
            nests.append(n)
    operands = []
    readings = [(n, n.x) for n in nests], [(n, n.w) for n in nests]
    for operand, shape, places in zip((left, right), (x_shape, w_shape), readings, strict=True):
        around = margins(places, shape)
        if any(map(any, around)):
            padding = Padding(operand, f"work{len(sizes)}", shape, around, dtype, lanes)
            stages.append(padding.stage())
            sizes.append(padding.bytes)
            operand = padding.operand
        operands.append(operand)
    for n in nests:
        append(compute(part(n, *operands), y, dtype, machine))
    return stages, sizes


def compute(one: Part, y: Sequence[int], dtype: np.dtype, machine: Machine) -> Planned:
    """Plan a part that reads nothing outside of its arrays; y holds the strides of the output."""
    kept = sorted(
        (loop for loop in one.loops if not loop.summed), key=lambda loop: -along(loop.y, y)
    )
    one = dataclasses.replace(one, loops=(*kept, *(loop for loop in one.loops if loop.summed)))
    if not is_product(one):
        direct = DirectSums(one, dtype, machine.vector_bytes // dtype.itemsize)
        return direct.plan()
    if not kept[-1].w and kept[-1].x == 1:  # so that the lanes read neighbours
        one = one.swapped()
    product, axes = as_product(one, y, dtype)
    return Planned(one, axes, *plan_product(product, machine, one.x.turns, one.w.turns))


def is_product(one: Part) -> bool:
    """Whether a part has rows and columns: neighbours in y do not differ in both operands."""
    kept = [loop for loop in one.loops if not loop.summed]
    if not kept or not all(loop.size for loop in one.loops):
        return False
    tail = [loop for loop in kept if loop.y[-1]]
    if len(tail) > 1 and tail[-1].size < 4:
        return False
    return not (kept[-1].x and kept[-1].w)


def as_product(one: Part, y: Sequence[int], dtype: np.dtype) -> tuple[Product, tuple[Loop, ...]]:
    """Return a part as a product, and the loops that its batch, rows and columns are."""
    roles: dict[str, list[Loop]] = {"batch": [], "rows": [], "columns": [], "inner": []}
    for loop in one.loops:
        both, right = loop.x and loop.w, loop.w
        role = "inner" if loop.summed else "batch" if both else "columns" if right else "rows"
        roles[role].append(loop)
    axes = {
        role: tuple(Axis(loop.size, loop.x, loop.w, along(loop.y, y)) for loop in loops)
        for role, loops in roles.items()
    }
    kept = (*roles["batch"], *roles["rows"], *roles["columns"])
    return Product(**axes, dtype=dtype), kept


def _as_stage(stage: Stage, made: Planned, dtype: np.dtype, works: int, y: Sequence[int]) -> Stage:
    """Return the stage of a product as one of its contraction, whose results are y's elements."""

    def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
        def store(lanes: Lanes, place: Place, value: Value) -> None:
            lanes.store(pointers["y"], value, place.index(y))

        def on_output(lanes: Lanes, place: Place, value: Value) -> None:
            (finish or store)(lanes, OutputPlace(f, place, made.axes, made.part.y), value)

        one = made.part
        given = {f"work{i}": pointers[f"work{works + i}"] for i in range(len(made.works))}
        given["a"], given["b"] = (o.pointer(f, pointers, dtype) for o in (one.x, one.w))
        stage.emit(f, given, on_output)

    return dataclasses.replace(stage, emit=emit)
