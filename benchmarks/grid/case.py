"""Case: something that neurona and torch both do, ready to be called and timed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

Call = Callable[[], Any]


class Case(NamedTuple):
    """One call to time.

    Attributes:
        name: what is computed, and its shape.
        flops: multiplications and additions.
        neurona, torch: functions that make the call ready, in each library.
        units: what the call does so many times; times are those of one.
    """

    name: str
    flops: int
    neurona: Callable[[], Call]
    torch: Callable[[], Call]
    units: int = 1


def numbers(shapes: Iterable[tuple[int, ...]]) -> list[np.ndarray]:
    """Random arrays, the same in each process."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape, np.float32) for shape in shapes]


def jitted(function: Callable, shapes: Iterable[tuple[int, ...]]) -> Call:
    """The call of a function of Tensors of some shapes."""
    import neurona as nn

    given, compiled = [nn.Tensor(x) for x in numbers(shapes)], nn.jit(function)
    return lambda: compiled(*given)


class Op(NamedTuple):
    """A function of arrays, float32: a product, a convolution.

    Attributes:
        shapes: of the operands.
        neurona: of the operands' Tensors; it is jitted.
        torch: of the operands' torch tensors.
        layout: gives each of these the layout that torch likes best.
    """

    shapes: tuple[tuple[int, ...], ...]
    neurona: Callable
    torch: Callable
    layout: Callable[[Any], Any] = lambda tensor: tensor

    def ours(self) -> Call:
        """The call of neurona."""
        return jitted(self.neurona, self.shapes)

    def theirs(self) -> Call:
        """The call of torch."""
        import torch

        torch.set_grad_enabled(False)
        given = [self.layout(torch.from_numpy(x)) for x in numbers(self.shapes)]
        return lambda: self.torch(*given)

    def case(self, name: str, flops: int) -> Case:
        """The case of calling it once."""
        return Case(name, flops, self.ours, self.theirs)
