"""custom_gradient: a function whose gradient its author says."""

from __future__ import annotations

import functools
import inspect

from neurona.core.graph import trace_open
from neurona.core.lowering import Opaque
from neurona.core.op import as_tensor, op
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, GradientError, ShapeError
from neurona.ops.filled import zeros

__all__ = ["custom_gradient"]


def custom_gradient(f):
    """Let a function say its own gradient: f returns (y, pull), the result is y alone.

    `pull(upstream)` gives the gradient of each argument of f from that of y, as JAX and TensorFlow
    have it; one that must be told its upstream by name, as for PyTorch, gets the arguments, too.
    It is traced when f is called, and used by `grad`, `fit` and within compiled functions.

    Raises:
        ArgumentError: if f does not return such a pair.
        GradientError, ShapeError: if the gradients do not fit the arguments.

    >>> import neurona as nn
    >>> @custom_gradient
    ... def log1pexp(x):
    ...     e = nn.ops.exp(x)
    ...     return nn.ops.log(1 + e), lambda g: g * (1 - 1 / (1 + e))
    >>> nn.grad(log1pexp)(100.0).item()
    1.0
    """

    @functools.wraps(f)
    def with_its_gradient(*args, **kwargs):
        pair = f(*args, **kwargs)
        if not (isinstance(pair, tuple) and len(pair) == 2 and callable(pair[1])):
            raise ArgumentError(
                "custom_gradient: the function returns (y, pull).",
                got=type(pair).__name__,
                expected="its result, and a function from the gradient of it to those of arguments",
            )
        y, pull = pair
        xs = [x.value for x in flatten(args)[0] if isinstance(x, Tensor)]
        if not any(x.tracked or x.level for x in xs):
            return y
        return _with_rule(y, pull, args, xs)

    return with_its_gradient


def _with_rule(y, pull, args, xs):
    """Return y as an op on the arguments, whose gradient is the graph of `pull`."""
    leaves, structure = flatten(y)
    ys = [as_tensor(leaf) for leaf in leaves]
    by_name = _wants_upstream(pull)
    places: list[int] = []

    def rule(*gs):
        g = structure.unflatten(gs)
        found = _gradients(pull(*args, upstream=g) if by_name else pull(g), args)
        places[:] = [i for i, dx in enumerate(found) if dx is not None and is_float(xs[i].dtype)]
        for i in places:
            if found[i].shape != xs[i].shape:
                raise ShapeError(
                    "custom_gradient: a gradient has another shape than its argument.",
                    got=f"{found[i].shape} for {xs[i].shape}",
                )
        return [found[i] for i in places]

    graph, around = trace_open(rule, [v.spec for v in ys])
    results = with_gradient(*ys, *xs, *around, rule=graph, outputs=len(ys), places=places)
    return structure.unflatten(results)


def _wants_upstream(pull):
    try:
        parameter = inspect.signature(pull).parameters.get("upstream")
    except (TypeError, ValueError):  # no signature
        return False
    return (
        parameter is not None
        and parameter.kind is parameter.KEYWORD_ONLY
        and (parameter.default is parameter.empty)
    )


def _gradients(given, args):
    """Return one gradient, or None, for each tensor among the arguments."""
    each = given if isinstance(given, list | tuple) and len(args) != 1 else (given,)
    if len(args) == 1 and isinstance(given, tuple) and len(given) == 1:
        each = given
    if len(each) != len(args):
        raise GradientError(
            "custom_gradient: one gradient for each argument.",
            got=f"{len(each)} gradients",
            expected=f"{len(args)}",
            hint="None for an argument that has none",
        )
    found = []
    for x, g in zip(args, each, strict=True):
        inside, leaves = flatten(x)[0], flatten(g)[0]
        if g is not None and len(leaves) != len(inside):
            raise GradientError(
                "custom_gradient: a gradient is nested as its argument.",
                got=f"{len(leaves)} tensors",
                expected=f"{len(inside)}",
            )
        for i, leaf in enumerate(inside):
            if isinstance(leaf, Tensor):
                found.append(None if g is None else as_tensor(leaves[i], leaf.dtype))
    return found


def _with_gradient_shape(*inputs, rule, outputs, places):
    return inputs[:outputs]


@op(shape=_with_gradient_shape, lower=Opaque(), types="as is")
def with_gradient(xp, *inputs, rule, outputs, places):
    """The first inputs, as they are, with a gradient of its own: what `custom_gradient` is made of.

    Shapes: inputs are the results, the arguments, and what `rule` uses of its surroundings.

    Args:
        rule: Graph from (gradients of the results, surroundings) to those of arguments.
        outputs: how many of the inputs are results.
        places: which of the arguments the gradients are of.
    """
    return tuple(inputs[:outputs])


@with_gradient.grad
def _(gs, ys, *inputs, rule, outputs, places):
    given = [zeros(y.shape, y.dtype) if g is None else g for g, y in zip(gs, ys, strict=True)]
    around = inputs[len(inputs) - (len(rule.inputs) - outputs) :]
    pulled = [None] * len(inputs)
    for place, dx in zip(places, rule.inline([*given, *around]), strict=True):
        pulled[outputs + place] = dx
    return tuple(pulled)
