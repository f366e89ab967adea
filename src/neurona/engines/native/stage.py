"""Stage: one native function that works through a number of units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurona.engines.native.llvm.text import Function

Emit = Callable[[Function, dict[str, str], Any], None]


@dataclass(frozen=True)
class Stage:
    """One function `void @name(ptr ..., i64 %begin, i64 %end)`; a barrier stands between two.

    Attributes:
        units: its units of work; what a unit computes does not depend on how the range of all
            units is split.
        emit: `emit(function, pointers, finish)` writes the body, the loop over the units from
            %begin to %end. The pointers are those of arguments by name ("x", "y", "work0", ...).
        flops: floating-point operations of all units together, for the decision how many threads
            share them, and for what `explain` says.
        final: whether it calls `finish(lanes, place, value)` with its results, instead of storing
            them; `place` has the index on each axis of the output, lanes go along the last one.
        step: elements of the kernel's domain that a unit goes through, if units go through it in
            order and all but the last have as many; 0 if not.
        once: whether it is the same in all turns of a loop: it reads what does not change, and
            the other stages read the workspaces that it writes.
    """

    units: int
    emit: Emit
    flops: int = 0
    final: bool = True
    step: int = 0
    once: bool = False


EMPTY = Stage(0, lambda f, pointers, finish: None)
