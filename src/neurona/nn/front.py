"""The front of a network: its calls that NumPy computes before the step.

Text is looked up before the step, which is given numbers. So a network with such layers
(`encoding/before.py`) is cut in two: the front, which runs on data as they come in; and the rest, a
network whose inputs are what the front makes. What a layer of the front needs belongs to the front.

    x, "string" -> TextVectorization -> | ids -> Embedding -> ... -> y
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from neurona.core.ambient import ambient, within
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, DtypeError
from neurona.nn.encoding.before import TEXT, BeforeStep, as_data
from neurona.nn.symbolic import Call, Symbolic


class Front:
    """The calls before the step.

    Args:
        calls: those, in order.
        inputs: the symbolic inputs of the network.
        middle: the symbolic tensors that the rest of the network begins with.
    """

    def __init__(self, calls: list[Call], inputs: list[Symbolic], middle: list[Symbolic]) -> None:
        self.calls, self.inputs, self.middle = calls, inputs, middle

    def run(self, leaves: Sequence[Any]) -> list[np.ndarray]:
        """Return what the rest begins with, for an array for each input."""
        known: dict[int, Any] = {
            id(x): _adjusted(x, as_data(value))
            for x, value in zip(self.inputs, leaves, strict=True)
        }
        with within(training=False):
            for call in self.calls:
                results = flatten(call.run(lambda x: known[id(x)]))[0]
                known.update(
                    (id(y), _as_array(r)) for y, r in zip(call.outputs, results, strict=True)
                )
        return [known[id(x)] for x in self.middle]


def _as_array(value: Any) -> np.ndarray:
    return value.numpy() if isinstance(value, Tensor) else value


def _adjusted(x: Symbolic, value: np.ndarray) -> np.ndarray:
    """Return an array with the axes of an input: a last one of size 1 is added or removed."""
    if value.ndim == len(x.shape) - 1 and x.shape[-1] == 1:
        value = value[..., None]
    elif value.ndim == len(x.shape) + 1 and value.shape[-1] == 1:
        value = value[..., 0]
    if (value.dtype.kind == "O") != (x.dtype == TEXT):
        raise DtypeError(
            f"the input {x.name!r} takes {'text' if x.dtype == TEXT else 'numbers'}.",
            got="text" if value.dtype.kind == "O" else value.dtype.name,
            hint="" if x.dtype == TEXT else 'Input(shape, dtype="string") takes text',
        )
    return value


def front_of(calls: list[Call], inputs: list[Symbolic], outputs: list[Symbolic]) -> Front | None:
    """Return the front of a network, or None if all of it runs in the step.

    Raises:
        ArgumentError: if something in it learns, or text would be an output of the rest.
    """
    before = {id(c) for c in calls if isinstance(c.layer, BeforeStep)}
    if not before:
        return None
    given = {id(x) for x in inputs}
    for call in reversed(calls):
        if id(call) in before:
            before.update(id(x.call) for x in call.inputs if id(x) not in given)
    front = [c for c in calls if id(c) in before]
    for call in front:
        if call.layer.trainable_weights:
            raise ArgumentError(
                f"{call.layer.name!r} learns, and stands in front of a layer that runs before the "
                "step.",
                hint="look text and tables up first: the step knows numbers only",
            )
    made = {id(y) for c in front for y in c.outputs} | given
    needed = [x for c in calls if id(c) not in before for x in c.inputs] + outputs
    middle = list({id(x): x for x in needed if id(x) in made}.values())
    for x in middle:
        if x.dtype == TEXT:
            raise ArgumentError(
                f"text does not go into the step, nor through it: {x.name!r} gives text.",
                hint="call StringLookup(invert=True) on what predict returns",
            )
    return Front(front, inputs, middle)


def fed(network: Any) -> AbstractContextManager[None]:
    """Let a network be given, inside, what its front made."""
    return within(fed=network)


def is_fed(network: Any) -> bool:
    """Say whether a network is given what its front made."""
    return ambient.fed is network
