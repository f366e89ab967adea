"""jvp: how a function changes along a direction, from two reverse sweeps.

The gradient of sum(u * f(x)) with respect to x is J^T u, which is linear in u; the gradient of
<J^T u, v> with respect to u is J v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.autodiff.reverse import sweep
from neurona.core.graph import tracing
from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, GradientError, ShapeError
from neurona.frames import door
from neurona.ops.arithmetic import add, alias, mul
from neurona.ops.filled import zeros
from neurona.ops.reduce import sum as sum_axes


@door
def jvp(fun: Callable, primals: Any, tangents: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Return fun(*primals), and its derivative along the tangents: J v.

    Args:
        fun: a function of Tensors to tensors of floats, nested in tuples, lists and dicts.
        primals: where: a tuple or list of its arguments.
        tangents: in which direction: one for each, of the same shape.
        has_aux: `fun` returns (y, anything); then so does this, (y, J v, anything).

    Raises:
        ArgumentError, ShapeError: if the tangents do not fit.
        GradientError: if an argument or result is not of floats.

    >>> jvp(lambda x: x * x, (as_tensor(3.0),), (as_tensor(1.0),))
    (Tensor(9., dtype=float32), Tensor(6., dtype=float32))
    """
    if not (isinstance(primals, list | tuple) and isinstance(tangents, list | tuple)):
        raise ArgumentError("jvp: primals and tangents are tuples.", hint="jvp(f, (x,), (v,))")
    (xs, structure), (vs, directions) = flatten(list(primals)), flatten(list(tangents))
    if structure != directions:
        raise ArgumentError(
            "jvp: one tangent for each primal.", got=f"{directions!r}", expected=f"{structure!r}"
        )
    leaves = [_variable(as_tensor(x)) for x in xs]
    moves = [as_tensor(v, x.dtype) for v, x in zip(vs, leaves, strict=True)]
    for x, v in zip(leaves, moves, strict=True):
        if x.shape != v.shape:
            raise ShapeError("jvp: a tangent is like its primal.", got=f"{v.shape} for {x.shape}")
    result = fun(*structure.unflatten(leaves))
    value, *aux = result if has_aux else (result,)
    outputs, form = flatten(value)
    ys = [_floats(as_tensor(y)) for y in outputs]
    us = [_variable(zeros(y.shape, y.dtype)) for y in ys]
    pulled = sweep(ys, us, leaves)
    terms = [sum_axes(mul(g, v)) for g, v in zip(pulled, moves, strict=True) if g is not None]
    along: list[Tensor | None] = [None] * len(us)
    if terms:
        total = terms[0]
        for term in terms[1:]:
            total = add(total, term)
        along = sweep([total], [ops.ones((), total.dtype)], us)
    slopes = [zeros(y.shape, y.dtype) if d is None else d for y, d in zip(ys, along, strict=True)]
    if not any(x.level or x.tracked for x in map(as_tensor, [*xs, *vs])) and not tracing():
        ys, slopes = [y.detach() for y in ys], [d.detach() for d in slopes]
    return (form.unflatten(ys), form.unflatten(slopes), *aux)


def _variable(x: Tensor) -> Tensor:
    """Return a Tensor of its own that gradients flow to."""
    x = _floats(x)
    if x.level or x.tracked or tracing():
        return alias.apply((x,), {}, level=0 if x.level else tracing())
    return Tensor(x.data, requires_grad=True)


def _floats(x: Tensor) -> Tensor:
    if not is_float(x.dtype):
        raise GradientError("jvp: arguments and results are floats.", got=str(x.spec))
    return x


setattr(ops, "jvp", jvp)  # noqa: B010 - ops cannot import it: the sweep stands above
