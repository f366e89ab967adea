"""`gradients` and `function` of Keras 1 and 2: of symbolic tensors, which a Model records.

grads = K.gradients(loss, layer.output)[0]
f = K.function([model.input], [grads, loss])
values = f([images])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.autodiff import grad
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, RefusedError, StateError
from neurona.nn.jit import jit
from neurona.nn.layer import Layer
from neurona.nn.network import Network
from neurona.nn.options import LayerOptions
from neurona.nn.recorded import Function
from neurona.nn.symbolic import InputLayer, Symbolic


class _Gradient(Layer):
    """The gradient of a recorded loss, summed, with respect to the first of its inputs."""

    def __init__(self, network: Network, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self._network = network
        self.built = True

    def sublayers(self) -> list[Layer]:
        """Return the layers between the tensors and the loss."""
        return self._network.layers

    def call(self, given: Any) -> Any:
        """Return the gradient."""
        first, *others = given
        return grad(lambda x: ops.sum(self._network.run([x, *others])))(first)


def gradients(loss: Any, variables: Any) -> list[Symbolic]:
    """Return the gradient of a symbolic loss with respect to symbolic tensors, symbolic too.

    Args:
        loss: what was made from the variables; if it is no scalar, the sum of it.
        variables: one tensor, or a list: inputs, or outputs of layers.

    Raises:
        RefusedError: for tensors with values, whose history is no graph.
        StateError: if the loss was not made from them.
    """
    wanted = variables if isinstance(variables, list | tuple) else [variables]
    if not isinstance(loss, Symbolic) or not all(isinstance(v, Symbolic) for v in wanted):
        raise RefusedError(
            "K.gradients takes symbolic tensors, as nn.Input and layers called on them give.",
            got=repr(loss)[:60],
            hint="nn.grad(loss_of)(x), or nn.value_and_grad(loss_of, parameters=model)(x, y)",
        )
    return [_gradient(loss, v) for v in wanted]


def _gradient(loss: Symbolic, variable: Symbolic) -> Symbolic:
    given = [variable, *_other_inputs(loss, variable)]
    return variable.record_layer(_Gradient(Network(given, loss)), [given], {})


def _other_inputs(loss: Symbolic, variable: Symbolic) -> list[Symbolic]:
    """Return the inputs that a loss depends on besides through a variable, which it must."""
    seen: set[int] = set()
    others: dict[int, Symbolic] = {}
    found, pending = False, [loss]
    while pending:
        x = pending.pop()
        if x is variable:
            found = True
        elif isinstance(x.call.layer, InputLayer):
            others[id(x)] = x
        elif id(x.call) not in seen:
            seen.add(id(x.call))
            pending += x.call.inputs
    if not found:
        raise StateError("the loss was not made from what its gradient is of.", got=repr(variable))
    return list(others.values())


def function(
    inputs: Sequence[Any], outputs: Any, updates: Any = None, name: str | None = None
) -> Callable[[Any], Any]:
    """Return a function of arrays, one for each symbolic input, to the values of the outputs.

    Args:
        inputs: symbolic tensors.
        outputs: symbolic tensors that were made from them, in a list or alone.
        updates: refused: a function that computes changes nothing.
        name: accepted as in Keras.

    Raises:
        RefusedError: for updates.
        ArgumentError: if something is not symbolic.
    """
    if updates:
        raise RefusedError(
            "K.function computes: it makes no updates.",
            hint="optimizer.minimize(loss_of, parameters), or a Model with a train_step",
        )
    places: list[Any] = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    network = Function(places, outputs)
    run = jit(lambda *xs: flatten(network([*xs] if len(xs) > 1 else xs[0], training=False))[0])

    def call(given: Any) -> Any:
        """Return the values of the outputs."""
        values = list(given) if isinstance(given, list | tuple) else [given]
        if len(values) != len(places):
            raise ArgumentError(
                "the function takes another number of arrays.",
                got=str(len(values)),
                expected=str(len(places)),
            )
        arrays = [np.asarray(v, p.dtype) for v, p in zip(values, places, strict=True)]
        found = [np.asarray(y) for y in run(*arrays)]
        return found if isinstance(outputs, list | tuple) else found[0]

    return call
