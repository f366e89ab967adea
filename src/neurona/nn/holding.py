"""Holder: the half of a Layer that knows what it holds: layers, parameters, metrics, losses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.core.ambient import ambient
from neurona.core.shapes import product
from neurona.core.tensor import Tensor
from neurona.errors import StateError
from neurona.nn.context import add_loss
from neurona.nn.members import members
from neurona.nn.metrics.metric import Metric
from neurona.nn.parameter import Parameter, State, assign_all


class Holder:
    """What a Layer inherits: the layers below it, and what all of them have."""

    built: bool
    _trainable: bool
    _parameters: list[Parameter]
    _last: list[Tensor] | None  # what the outermost call that it took part in has added to the loss
    _added: tuple[list[Tensor] | None, list[Tensor]]  # and its own share of such a call

    if TYPE_CHECKING:

        @property
        def name(self) -> str: ...

    def sublayers(self) -> list[Any]:
        """Return the layers among the attributes, alone or in lists, tuples and dicts."""
        return list({id(layer): layer for _, layer in members(self, Holder)}.values())

    def all_layers(self) -> list[Any]:
        """Return this layer and all below it, each once, parents first."""
        found: dict[int, Any] = {}
        pending: list[Any] = [self]
        while pending:
            layer = pending.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                pending += reversed(layer.sublayers())
        return list(found.values())

    def own_parameters(self) -> list[Parameter]:
        """Return the parameters of this layer itself: added ones, then other attributes."""
        found = [*self._parameters, *(p for _, p in members(self, Parameter))]
        return list({id(p): p for p in found}.values())

    @property
    def weights(self) -> list[Parameter]:
        """All parameters: of each layer first the trainable ones, then the others."""
        return [p for p in self.variables if not isinstance(p, State)]

    @property
    def variables(self) -> list[Parameter]:
        """The weights, and among them the states of stateful layers, which are none."""
        own = (
            sorted(la.own_parameters(), key=lambda p: not p.trainable) for la in self.all_layers()
        )
        return list({id(p): p for parameters in own for p in parameters}.values())

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The parameters that an optimiser changes: none below a layer that is not trainable."""
        found: dict[int, Parameter] = {}
        seen: set[int] = set()
        pending: list[Any] = [self]
        while pending:
            layer = pending.pop()
            if id(layer) not in seen and layer._trainable:
                seen.add(id(layer))
                found.update({id(p): p for p in layer.own_parameters() if p.trainable})
                pending += reversed(layer.sublayers())
        return list(found.values())

    @property
    def non_trainable_weights(self) -> list[Parameter]:
        """The other parameters."""
        trainable = {id(p) for p in self.trainable_weights}
        return [p for p in self.weights if id(p) not in trainable]

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether optimisers change the parameters."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.all_layers():
            layer._trainable = bool(value)

    @property
    def metrics(self) -> list[Any]:
        """The metrics that this layer and those below it hold."""
        found = [m for layer in self.all_layers() for _, m in members(layer, Metric)]
        return list({id(m): m for m in found}.values())

    # --- losses ------------------------------------------------------------------------------

    @property
    def losses(self) -> list[Tensor]:
        """What was added to the loss in the last call, and the penalties of regularisers.

        Within a training step the model has what was added, and this is the penalties alone.
        """
        added: list[Tensor] = []
        if ambient.added_losses is None and not ambient.traces:
            shares = [layer._added for layer in self.all_layers()]
            added = [x for call, own in shares if call and call is self._last for x in own]
        weights = self.trainable_weights
        return [*added, *(p.regularizer(p.value) for p in weights if p.regularizer is not None)]

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the loss of the training step that this call is part of."""
        add_loss(loss)
        call = ambient.added_losses
        if call is not None and not ambient.traces:
            if self._added[0] is not call:
                vars(self)["_added"] = call, []
            self._added[1].append(loss)

    @contextlib.contextmanager
    def _in_call(self, training: bool) -> Iterator[None]:
        """Be called: as part of training or not, and of the outermost call, whose losses count."""
        before, ambient.training = ambient.training, training
        outer = ambient.added_losses
        if outer is None:
            ambient.added_losses = []
        if not ambient.traces:
            vars(self)["_last"] = ambient.added_losses
        try:
            yield
        finally:
            ambient.training, ambient.added_losses = before, outer

    # --- values ------------------------------------------------------------------------------

    def count_params(self) -> int:
        """Return the number of numbers in the parameters."""
        if not self.built:
            raise StateError(
                f"{self.name!r} has no parameters yet.", hint="call it on data, or give input_shape"
            )
        return sum(product(p.shape) for p in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all parameters, in the order of `weights`."""
        return [p.numpy() for p in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Set all parameters, in the order of `weights`.

        Raises:
            ShapeError: if there are too few or too many, or a shape differs; then none is set.
        """
        hint = "" if self.built else "build the model first: call it on data"
        assign_all(self.weights, weights, f"set_weights: {self.name!r}", hint)
