"""Case: one op on operands of given shapes, as neurona and as torch compute it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Call = Callable[[], Any]


class Case(NamedTuple):
    """One call to time.

    Attributes:
        name: of the op, its shape and what of it is computed.
        flops: multiplications and additions.
        shapes: of the operands, float32.
        neurona: function(nn) -> the function of the operands' Tensors, to be jitted.
        torch: function(torch) -> the same for torch; or several, of which the best counts.
        prepare: function(torch) -> the operands as torch likes them best, from their Tensors.
    """

    name: str
    flops: int
    shapes: tuple[tuple[int, ...], ...]
    neurona: Callable[[Any], Callable]
    torch: Callable[[Any], Callable]
    prepare: Callable[[Any], Callable] = lambda torch: lambda *operands: operands

    def operands(self) -> list[np.ndarray]:
        """Random numbers, the same in each process."""
        rng = np.random.default_rng(0)
        return [rng.standard_normal(shape, np.float32) for shape in self.shapes]

    def ours(self) -> Call:
        """The call of neurona: a jitted function of Tensors."""
        import neurona as nn

        given, jitted = [nn.Tensor(x) for x in self.operands()], nn.jit(self.neurona(nn))
        return lambda: jitted(*given)

    def theirs(self) -> Call:
        """The call of torch."""
        import torch

        torch.set_grad_enabled(False)
        call = self.torch(torch)
        given = self.prepare(torch)(*(torch.from_numpy(x) for x in self.operands()))
        return lambda: call(*given)
