"""Gradients of functions: grad, value_and_grad, jacobian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.autodiff.reverse import sweep
from neurona.core.graph import tracing
from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.core.tensor import Source, Tensor, recording
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, GradientError, ShapeError
from neurona.frames import door
from neurona.ops.arithmetic import add, alias
from neurona.ops.filled import ones, zeros
from neurona.ops.index import one_hot
from neurona.ops.joining import stack
from neurona.ops.movement import reshape


def _leaf(x: Any) -> Tensor:
    """Return a Tensor of its own for an argument, connected to it if gradients flow there."""
    x = as_tensor(x)
    if x.level or x.tracked or tracing():  # while tracing, all that happens is written down
        return alias.apply((x,), {}, level=0 if x.level else tracing())
    return Tensor(x.data, requires_grad=True)


def value_and_grad(
    fn: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable:
    """Return a function that gives (fn(...), gradient).

    Args:
        fn: a function of Tensors (or of lists, tuples and dicts of them) to a scalar.
        argnums: the argument, or arguments, to differentiate with respect to. The gradient has the
            structure of the argument; for several it is a tuple.
        has_aux: `fn` returns (scalar, anything); the value is then that pair.

    Raises:
        GradientError: if the value is no float scalar, or an argument is not of floats.

    >>> value_and_grad(lambda x: (x * x).sum())([1.0, 2.0])
    (Tensor(5., dtype=float32), Tensor([2., 4.], dtype=float32))
    """

    _check_callable("grad", fn)

    @door
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        inputs = list(args)
        structures: list[tuple] = []
        leaves: list[Tensor] = []
        for n in numbers:
            if not -len(args) <= n < len(args):
                raise ArgumentError("argnums: there is no such argument.", got=str(n))
            flat, structure = _flatten_numbers(args[n])
            fresh = [_leaf(x) for x in flat]
            _check_floats(fresh, n)
            structures.append((structure, len(leaves), len(leaves) + len(fresh)))
            leaves += fresh
            inputs[n] = structure.unflatten(fresh)
        with recording():
            value = fn(*inputs, **kwargs)
        y = _result(value[0] if has_aux else value)
        if y.shape != () or not is_float(y.dtype):
            raise GradientError(
                "a gradient is taken of a float scalar.",
                got=str(y.spec),
                hint="sum or average the result, or use nn.jacobian",
            )
        gs = sweep([y], [ones((), y.dtype)], leaves)
        full = [
            zeros(x.shape, x.dtype) if g is None else g for x, g in zip(leaves, gs, strict=True)
        ]
        y, *full = _released([y, *full], leaves)
        parts = tuple(structure.unflatten(full[a:b]) for structure, a, b in structures)
        gradient = parts[0] if isinstance(argnums, int) else parts
        return (y, value[1]) if has_aux else y, gradient

    return with_gradient


def _check_callable(name: str, fn: Any) -> None:
    if not callable(fn):
        raise ArgumentError(f"{name} takes a function.", got=repr(fn)[:60], hint=f"nn.{name}(f)(x)")


def _result(value: Any) -> Tensor:
    if value is None or isinstance(value, str):
        raise GradientError(
            "the function returned no number.", got=repr(value), hint="return the scalar"
        )
    return as_tensor(value)


def _flatten_numbers(arg: Any) -> tuple[list, Any]:
    """Flatten an argument; a list of plain numbers is one array."""
    leaves, structure = flatten(arg)
    if (
        leaves
        and not any(isinstance(x, Tensor | np.ndarray) for x in leaves)
        and not isinstance(arg, dict)
    ):
        return flatten(as_tensor(arg))
    return leaves, structure


def _check_floats(leaves: list[Tensor], argument: int) -> None:
    for x in leaves:
        if not is_float(x.dtype):
            raise GradientError(
                f"argument {argument} has no gradient.",
                got=str(x.spec),
                expected="floats",
                hint='x.astype("float32")',
            )


def _released(results: list[Tensor], own: list[Tensor]) -> list[Tensor]:
    """Drop the history of results that lead nowhere but to our own leaves, so none piles up."""
    if any(x.level or x.source is not None for x in own) or any(y.level for y in results):
        return results
    mine = {id(x) for x in own}
    seen: set[int] = set()
    pending = [y.source for y in results if y.source is not None]
    while pending:
        source = pending.pop()
        if source.serial in seen:
            continue
        seen.add(source.serial)
        for x in source.inputs:
            if x.level or (x.requires_grad and id(x) not in mine):
                return results
            if x.source is not None:
                pending.append(x.source)
    return [y.detach() for y in results]


def grad(fn: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable:
    """Return the gradient function of a scalar function; see `value_and_grad`.

    >>> grad(lambda x: x**3)(2.0).item()
    12.0
    >>> grad(grad(lambda x: x**3))(2.0).item()
    12.0
    """
    both = value_and_grad(fn, argnums, has_aux)

    @door
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, g = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return gradient


def jacobian(fn: Callable, argnum: int = 0) -> Callable:
    """Return a function that gives d fn_i / d x_j for all elements: one sweep an output element.

    Shapes: fn maps x (X...) to y (Y...); the result is (Y..., X...).

    >>> jacobian(lambda x: x * x)([1.0, 3.0]).tolist()
    [[2.0, 0.0], [0.0, 6.0]]
    """

    _check_callable("jacobian", fn)

    @door
    def with_jacobian(*args: Any, **kwargs: Any) -> Tensor:
        inputs = list(args)
        x = inputs[argnum] = _leaf(args[argnum])
        _check_floats([x], argnum)
        with recording():
            y = _result(fn(*inputs, **kwargs))
        if y.size == 0:
            raise ShapeError("jacobian: the function returned nothing.", got=str(y.spec))
        rows = []
        for i in range(y.size):
            seed = reshape(one_hot(np.int32(i), y.size, dtype=y.dtype), y.shape)
            g = sweep([y], [seed], [x])[0]
            rows.append(zeros(x.shape, x.dtype) if g is None else g)
        result = reshape(stack(rows), (*y.shape, *x.shape))
        return _released([result], [x])[0]

    return with_jacobian


def backward(y: Tensor, gradient: Any = None) -> None:
    """Add d y / d x to `x.grad` of every tensor x with `requires_grad` that y was made from.

    Args:
        y: a scalar, unless the gradient of something with respect to y is given.
        gradient: that gradient, of y's shape; 1 by default.
    """
    if gradient is None and y.shape != ():
        raise GradientError(
            "backward() starts from a scalar.", got=str(y.spec), hint="loss.mean().backward()"
        )
    g = ones((), y.dtype) if gradient is None else as_tensor(gradient, y.dtype)
    if g.shape != y.shape:
        raise ShapeError(
            "backward: the gradient has another shape.", got=str(g.shape), expected=str(y.shape)
        )
    leaves: dict[int, Tensor] = {id(y): y} if y.requires_grad and y.source is None else {}
    for source in _ancestors(y):
        leaves.update({id(x): x for x in source.inputs if x.requires_grad and x.source is None})
    if not leaves:
        raise GradientError(
            "nothing here asks for a gradient.", hint="x = nn.tensor(data, requires_grad=True)"
        )
    for x, dx in zip(leaves.values(), sweep([y], [g], list(leaves.values())), strict=True):
        if dx is not None:
            dx = dx.detach() if not dx.level else dx
            x.grad = dx if x.grad is None else add(x.grad, dx)


def _ancestors(y: Tensor) -> list[Source]:
    found: dict[int, Source] = {}
    pending = [y.source] if y.source is not None else []
    while pending:
        source = pending.pop()
        if source.serial not in found:
            found[source.serial] = source
            pending += [x.source for x in source.inputs if x.source is not None]
    return list(found.values())


setattr(Tensor, "backward", door(backward))  # noqa: B010 - the class declares it for type checkers
