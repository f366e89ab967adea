"""Strides, in elements: how far it is from one index of an axis to the next."""

from __future__ import annotations

from collections.abc import Sequence

from neurona.core.shapes import Shape


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the strides, in elements, of an array without gaps."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def aligned(strides: Sequence[int], shape: Shape, rank: int) -> tuple[int, ...]:
    """Return strides on the axes of a domain that the shape broadcasts to."""
    steps = [0 if size == 1 else step for size, step in zip(shape, strides, strict=True)]
    return (*[0] * (rank - len(steps)), *steps)
