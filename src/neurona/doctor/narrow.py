"""Narrow: a place that all of a sample goes through, with fewer numbers than the task needs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

from neurona.doctor.case import Case
from neurona.doctor.finding import Checks, Finding
from neurona.doctor.forward import Forward
from neurona.doctor.live.course import WRONG
from neurona.doctor.live.generalisation import UNDERFITTING
from neurona.doctor.statics.structure import layer_of

NARROW = dataclasses.replace(UNDERFITTING, because=WRONG)  # how it is built, steps or no steps
CLASSES = 3  # one number tells two apart


def narrow(case: Case) -> Iterator[Finding]:
    """GD602: look for one number in the way, or for too few right behind x."""
    forward = case.forward
    if case.custom or case.trained or len(case.ends) != 1 or len(forward.inputs) != 1:
        return
    end, specs = case.ends[0], forward.graph.specs
    n, *places = specs[forward.inputs[0]].shape
    several = end.task.name == "classes" and end.task.classes >= CLASSES
    if end.width == 1 and end.task.name not in ("binary", "numbers"):
        return
    for node, data, _ in forward.products:
        shape = specs[data].shape
        size = math.prod(shape[1:])
        if (
            len(shape) < 2
            or shape[0] != n
            or size >= math.prod(places)
            or not forward.weights(data)
        ):
            continue
        first = _of_first_weights(forward, data)
        need = math.log2(end.task.classes) if several and first else 2 if several or first else 0
        if end.width > 1 and not several:
            need = 0
        if size >= need or not forward.all_through(data):
            continue
        units = f"{size} number{'s' if size > 1 else ''}"
        asked = f"{end.task.classes} classes are" if several else "the answer is"
        layer = layer_of(case, node)
        yield NARROW.found(
            f"all that the model knows of a sample goes through {units}, and {asked} made of that",
            where=forward.place(node),
            evidence={"numbers": size, "classes": end.task.classes,
                      "in front of": layer.name if layer is not None else ""},
            threshold=f"at least {math.ceil(need)}",
            fix=f'- Dense({size}, "relu")\n+ Dense({max(32, 4 * size)}, "relu")',
        )  # fmt: skip
        return
    yield from _remembered(case, several)


def _remembered(case: Case, several: bool) -> Iterator[Finding]:
    """Look for sequences of which one number is kept from step to step, for several answers."""
    forward, end = case.forward, case.ends[0]
    answers = math.prod(end.shape[1:]) if end.task.name == "numbers" else 1 + several
    if answers < 2 or end.shape[1:] == case.inputs[0].shape[1:]:  # the latter is a code of x
        return
    for node in forward.graph.nodes:
        if node.op.name != "loop" or not forward.weights(node.outputs[0]):
            continue
        kept = sum(math.prod(forward.graph.specs[v].shape[1:]) for v in node.outputs)
        if kept != 1 or not forward.all_through(node.outputs[0]):
            continue
        asked = f"{end.task.classes} classes" if several else f"{answers} answers"
        yield NARROW.found(
            f"all that the model remembers of the steps of x is 1 number, and {asked} are made of "
            "that",
            where=forward.place(node),
            evidence={"numbers": kept, "answers": answers},
            threshold="at least 2",
            fix="- units=1\n+ units=32",
        )
        return


def _of_first_weights(forward: Forward, value: int) -> bool:
    """Say whether one product with weights alone, behind x, makes a value."""
    inside = forward.graph.needed([value])
    made = [row for row in forward.products if row[0].outputs[0] in inside]
    looked = [row for row in forward.lookups if row[0].outputs[0] in inside]
    kernels = [p for p in forward.weights(value) if len(p.shape) > 1]
    return len(made) == 1 == len(kernels) and not looked


CHECKS: Checks = {narrow: (NARROW,)}
