"""Gradients with respect to Parameters that a function reads: of a model, or chosen ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurona import autodiff
from neurona.core import random
from neurona.core.ambient import ambient, within
from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor, recording
from neurona.errors import ArgumentError, GradientError
from neurona.frames import door
from neurona.nn.layer import Layer
from neurona.nn.parameter import Parameter, rehearsal
from neurona.ops import alias, ones, zeros


def value_and_grad(
    fn: Callable,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    *,
    parameters: Any = None,
) -> Callable:
    """Return a function that gives (fn(...), gradient).

    Args:
        fn: a function of Tensors (or of lists, tuples and dicts of them) to a scalar.
        argnums: the argument, or arguments, to differentiate with respect to. The gradient has the
            structure of the argument; for several it is a tuple.
        has_aux: `fn` returns (scalar, anything); the value is then that pair.
        parameters: what to differentiate with respect to instead of arguments: Parameters that `fn`
            reads, in a list, or a layer or model, or a list of those, for what can be trained in
            them. The gradient is a list, one for each parameter, in their order.

    Raises:
        GradientError: if the value is no float scalar, an argument is not of floats, or the value
            depends on none of the parameters.

    >>> value_and_grad(lambda x: (x * x).sum())([1.0, 2.0])
    (Tensor(5., dtype=float32), Tensor([2., 4.], dtype=float32))
    >>> w = Parameter([3.0])
    >>> value_and_grad(lambda x: (w * x).sum(), parameters=[w])(2.0)
    (Tensor(6., dtype=float32), [Tensor([2.], dtype=float32)])
    """
    if parameters is None:
        return autodiff.value_and_grad(fn, argnums, has_aux)
    if argnums != 0:
        raise ArgumentError(
            "gradients are with respect to arguments or to parameters.",
            got=f"argnums={argnums!r} and parameters",
            hint="two calls, or make the argument a Parameter",
        )

    @door
    def with_gradients(*args: Any, **kwargs: Any) -> Any:
        def value() -> Any:
            result = fn(*args, **kwargs)
            if isinstance(result, tuple) != has_aux:
                raise GradientError(
                    "with has_aux=True a function returns (loss, anything), else the loss alone.",
                    got=f"has_aux={has_aux} and {type(result).__name__}",
                )
            return result

        return gradients(value, parameters)

    return with_gradients


def gradients(
    fn: Callable[[], Any], parameters: Any, scale: Any = None
) -> tuple[Any, list[Tensor]]:
    """Return what `fn()` returns and the gradient of its loss with respect to each parameter.

    Args:
        fn: returns the loss, a float scalar, or a tuple that begins with it.
        parameters: what to differentiate with respect to: Parameters in a list, or a layer or
            model, or a list of those, for what can be trained in them.
        scale: where the sweep starts, 1 by default.

    >>> w = Parameter([3.0])
    >>> gradients(lambda: (w * w).sum(), [w])
    (Tensor(9., dtype=float32), [Tensor([6.], dtype=float32)])
    """
    parameters = chosen(parameters, fn)
    originals = [p.value for p in parameters]
    leaves = [alias(v) if v.level else Tensor(v.data, requires_grad=True) for v in originals]
    here = {} if ambient.values is None else ambient.values
    before = [here.get(id(p)) for p in parameters]
    here.update({id(p): leaf for p, leaf in zip(parameters, leaves, strict=True)})
    try:
        with within(values=here), recording():
            result = fn()
    finally:
        for p, leaf, value in zip(parameters, leaves, before, strict=True):
            if here.get(id(p)) is leaf:  # unless fn assigned to it
                del here[id(p)]
                if value is not None:
                    here[id(p)] = value
    loss = as_tensor(result[0] if isinstance(result, tuple) else result)
    if loss.shape != () or not is_float(loss.dtype):
        raise GradientError("the loss is a float scalar.", got=str(loss.spec), hint="average it")
    seed = ones((), loss.dtype) if scale is None else as_tensor(scale, loss.dtype)
    found = autodiff.sweep([loss], [seed], leaves)
    if leaves and all(g is None for g in found):
        raise GradientError(
            "the loss does not depend on any of the parameters.",
            got=f"{len(leaves)} parameters, {parameters[0].path} the first",
            hint="comparisons, argmax, round and casts to integers have no gradient, and NumPy's "
            "functions hide it: use nn.ops",
        )
    return result, [
        zeros(p.shape, p.dtype) if g is None else (g if g.level else g.detach())
        for p, g in zip(parameters, found, strict=True)
    ]


def chosen(parameters: Any, fn: Callable[[], Any] | None = None) -> list[Parameter]:
    """Return Parameters in a list, each once; a layer stands for what can be trained in it.

    Args:
        parameters: a layer, or Parameters and layers in a list.
        fn: builds layers that have no parameters yet, by calling them; all else that it does is
            taken back.

    Raises:
        GradientError: if something else is among them, or a layer has nothing to train.
    """
    if isinstance(parameters, Layer):
        parameters = [parameters]
    found: dict[int, Parameter] = {}
    for x in parameters:
        if isinstance(x, Layer):
            if fn is not None and not x.weights:
                with rehearsal(), random.use(random.state_of(0, 0)):
                    fn()
            if not x.trainable_weights:
                raise GradientError(
                    f"{x.name!r} has nothing to train.",
                    hint="trainable=True, or call it on data first, so that it is built",
                )
            found |= {id(p): p for p in x.trainable_weights}
        elif isinstance(x, Parameter):
            found[id(x)] = x
        else:
            raise GradientError(
                "gradients are with respect to Parameters.",
                got=repr(x)[:60],
                hint="a model, model.trainable_weights; nn.grad takes them of arguments",
            )
    return list(found.values())
