"""The loop of a recurrent layer: a step from the first time to the last, or back; with padding."""

from __future__ import annotations

from typing import Any, NamedTuple

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.nn.recurrent.cell import States, Step


class Course(NamedTuple):
    """How a loop goes.

    Attributes:
        sequences: whether the outputs of all steps are wanted, or the last one alone.
        backwards: from the last step to the first.
        unroll: written down step by step.
        zeros: a padded step gives zeros, instead of the output of the step before.
    """

    sequences: bool
    backwards: bool
    unroll: bool
    zeros: bool


def run(
    step: Step, z: Tensor, states: States, mask: Tensor | None, first: Tensor | None, course: Course
) -> tuple[Tensor, States]:
    """Return (y, states after it): y (T, B, ...), in the order of the steps, or (B, ...).

    Args:
        step: from (z_t, states) to (y_t, states).
        z: for each step (T, B, ...).
        states: to begin with, nested.
        mask: (T, B), false for padded steps, which leave the states as they are.
        first: what the steps repeat that are padded from the beginning, and what comes out of none;
            None: y_t is the first of the last cell's states.
        course: see Course.
    """
    carried = first is not None or (course.zeros and mask is not None)

    def turn(carry: Any, now: Any) -> tuple[Any, Any]:
        (before, y_before), (z_t, mask_t) = carry, now
        y, after = step(z_t, before)
        if mask_t is not None:
            after = _where(mask_t, after, before)
            other = ops.zeros_like(y) if course.zeros else y_before
            y = _where(mask_t, y, other) if carried else state_of(after)
        return (after, y if carried else None), y if course.sequences else None

    start = (first if first is not None else ops.zeros_like(state_of(states))) if carried else None
    if course.unroll and len(z):
        (states, y), ys = _unrolled(turn, (states, start), z, mask, course.backwards)
    else:
        carry = states, start
        (states, y), ys = ops.scan(turn, carry, (z, mask), reverse=course.backwards)
    if course.sequences:
        return ops.flip(ys, 0) if course.backwards else ys, states
    return y if carried else state_of(states), states


def _unrolled(
    turn: Any, carry: Any, z: Tensor, mask: Tensor | None, backwards: bool
) -> tuple[Any, Any]:
    """Do as scan does, in as many turns as there are steps."""
    ys: list[Any] = [None] * len(z)
    for t in reversed(range(len(z))) if backwards else range(len(z)):
        carry, ys[t] = turn(carry, (z[t], None if mask is None else mask[t]))
    return carry, None if ys[0] is None else ops.stack(ys)


def state_of(states: States) -> Tensor:
    """Return the state that is also the output: the first one of the last cell."""
    last = states
    while isinstance(last[-1], list):
        last = last[-1]
    return last[0]


def _where(mask: Tensor, new: Any, old: Any) -> Any:
    """Return new tensors (B, ...) where the mask (B,) is true, old ones elsewhere, nested."""
    pairs = zip(flatten(new)[0], flatten(old)[0], strict=True)
    return flatten(old)[1].unflatten(
        [ops.where(ops.reshape(mask, (*mask.shape, *(1,) * (a.ndim - 1))), a, b) for a, b in pairs]
    )
