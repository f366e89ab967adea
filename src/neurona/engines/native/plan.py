"""Plan: decide how each kernel is computed, once for all that are equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from neurona.core.lowering import Attention, Contraction, Random, Running, Scan, Scatter, Sort
from neurona.engines.native import attention
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.kernels import loops, philox, running, scan, scatter, sort
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.memory import Key
from neurona.engines.native.products import contraction
from neurona.engines.native.schedule import Book, Routine, Schedule, Turns, Use, reporting
from neurona.engines.native.signature import described
from neurona.engines.native.stage import EMPTY, Stage

NONE: tuple[list[Stage], list[int]] = ([], [])


def plan(
    fusion: Fusion, machine: Machine, book: Book, nested: Callable[..., Schedule],
    turns: Turns,
) -> list[Use]:  # fmt: skip
    """Return for each kernel the routine that computes it, and with which arguments.

    Args:
        fusion: the kernels.
        machine: what code is made for.
        book: what was planned so far; it is added to.
        nested: the passes for the body of a loop, given the `prefix` of its functions and `turns`.
        turns: of the loop whose body this is.
    """
    uses, known = [], book.routines
    for kernel in fusion.kernels:
        described_as, arguments = described(fusion, kernel)
        again = turns.of(fusion, kernel)
        signature = (described_as, again)
        routine = known.get(signature)
        if routine is None:
            name, body, head = f"k{next(book.numbers)}", None, kernel.head
            if empty(kernel):
                stages, works = [EMPTY], list[int]()
            elif head is not None and isinstance(head.op.lower, Scan):
                body = nested(head.attributes["body"], prefix=f"{name}_", turns=scan.turns(head))
                stages, works = scan.plan(body, head) if body.native else NONE
            else:
                stages, works = _planned(fusion, kernel, machine, again)
            routine = known[signature] = Routine(
                name, signature, fusion, kernel, arguments, tuple(stages), tuple(works),
                body if stages else None,
            )  # fmt: skip
        first = len(book.faults) + 1
        book.faults.extend(reporting(kernel))
        uses.append(Use(routine, arguments, tuple(range(first, len(book.faults) + 1))))
    return uses


def empty(kernel: Kernel) -> bool:
    """Whether a kernel has no results to compute."""
    return 0 in [n for axis, n in enumerate(kernel.domain) if axis not in kernel.axes]


def _planned(
    fusion: Fusion, kernel: Kernel, machine: Machine, again: tuple[int, ...]
) -> tuple[list[Stage], list[int]]:
    head = kernel.head
    if head is None:
        return loops.plan(fusion, kernel, machine)
    kind, given = head.op.lower, head.attributes
    specs = [fusion.specs[v] for v in (*head.inputs, *head.outputs)]
    if isinstance(kind, Contraction):
        x, w, y = specs
        nest = kind.nest(x.shape, w.shape, y.shape, **given)
        left, right = (fusion.layouts[v].strides for v in head.inputs)
        return contraction.plan(
            nest, left, right, y.shape, x.shape, w.shape, y.dtype, machine, again
        )  # fmt: skip
    if isinstance(kind, Attention):
        return attention.plan(kind, specs, given, machine)
    if isinstance(kind, Random):
        return philox.plan(specs[-1], given["draw"], machine)
    if isinstance(kind, Scatter):
        fill = fusion.literals.get(fusion.layouts[head.inputs[0]].root)
        return scatter.plan(kind, given, specs[:-1], machine, fill)
    if isinstance(kind, Running):
        return running.plan(kind, specs[0], specs[1], machine=machine, **given)
    if isinstance(kind, Sort):
        return sort.plan(specs[0], machine=machine, **given)
    return NONE


def constants(fusion: Fusion, uses: Sequence[Use]) -> dict[Key, np.ndarray]:
    """Return the arrays that kernels read besides what is given to them, those in loops too."""
    found: dict[Key, np.ndarray] = {
        v: np.ascontiguousarray(array)
        for v, array in fusion.graph.constants.items()
        if v not in fusion.literals
    }
    for time, (routine, *_) in enumerate(uses):
        inner = routine.body.constants if routine.body is not None else {}
        found.update({("constant", time, key): array for key, array in inner.items()})
    return found
