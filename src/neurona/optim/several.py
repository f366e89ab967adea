"""MultiOptimizer: an optimiser of its own for some parameters, by their paths."""

from __future__ import annotations

import re
from collections.abc import Callable, ItemsView, Iterator, Sequence
from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, StateError
from neurona.nn.configurable import Configurable
from neurona.nn.gradients import chosen
from neurona.nn.parameter import Parameter
from neurona.optim.loss_scale import LossScaleOptimizer, refuse_options
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class OptimizerMap(Configurable, namespace="optimizers"):
    """Which optimiser a parameter has: that of its path ("hidden/kernel") or of a matching pattern.

    Args:
        default_optimizer: for all that no key names.
        optimizer_map: path or pattern (for `re.fullmatch`) -> optimiser; more can be set.

    Raises:
        ArgumentError: for a key that is there already, two patterns that match one path, or what
            is no optimiser.

    >>> from neurona.optimizers import SGD, Adam
    >>> found = OptimizerMap(Adam())
    >>> found["hidden/.*"] = SGD()
    >>> found["hidden/kernel"], found["output/kernel"]
    (<SGD 'SGD'>, <Adam 'Adam'>)
    """

    def __init__(
        self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None
    ) -> None:
        _check(default_optimizer, "default_optimizer")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise ArgumentError("optimizer_map is a dict.", got=repr(optimizer_map)[:60])
        self.default_optimizer = default_optimizer
        self._map: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._map:
            return self._map[key]
        matching = [pattern for pattern in self._map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ArgumentError(
                "a parameter has one optimizer.", got=f"{key} matches {' and '.join(matching)}"
            )
        return self._map[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str) or key in self._map:
            raise ArgumentError("a key of an OptimizerMap is a new string.", got=repr(key))
        _check(optimizer, repr(key))
        self._map[key] = optimizer
        self.arguments["optimizer_map"] = dict(self._map)

    def __delitem__(self, key: str) -> None:
        del self._map[key]
        self.arguments["optimizer_map"] = dict(self._map)

    def __len__(self) -> int:
        return len(self._map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)

    def __call__(self, variable: Parameter) -> Optimizer:
        """Return the optimiser of a parameter."""
        return self[variable.path]

    def items(self) -> ItemsView[str, Optimizer]:
        """Return the keys with their optimisers, the default aside."""
        return self._map.items()


class MultiOptimizer(Optimizer):
    """w <- w - the step of the optimiser that the parameter's path has.

    Args:
        optimizer_map: an OptimizerMap, or a function of a Parameter that returns its optimiser.
        common: the name, and loss_scale_factor, which is that of all.

    Attributes:
        optimizers: all of them. Each has a learning rate of its own.

    Raises:
        ArgumentError: if a parameter gets no plain optimiser.

    >>> from neurona.optimizers import SGD
    >>> w, b = Parameter([1.0], "kernel"), Parameter([1.0], "bias")
    >>> both = MultiOptimizer(OptimizerMap(SGD(0.1), {"bias": SGD(0.5)}))
    >>> both.apply([[1.0], [1.0]], [w, b])
    >>> w.numpy(), b.numpy()
    (array([0.9], dtype=float32), array([0.5], dtype=float32))
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Parameter], Optimizer],
        **common: Unpack[OptimizerOptions],
    ) -> None:
        if not callable(optimizer_map):
            raise ArgumentError(
                "optimizer_map is an OptimizerMap, or a function of a Parameter.",
                got=repr(optimizer_map)[:60],
            )
        super().__init__(0.0, **common)
        self.optimizer_map = optimizer_map
        self.optimizers: list[Optimizer] = []
        self._of: dict[Parameter, Optimizer] = {}
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map._map.values(), optimizer_map.default_optimizer):
                self._take(optimizer)

    def _after_init(self) -> None:
        refuse_options(self, {"optimizer_map", "loss_scale_factor", "name"})

    def _take(self, optimizer: Optimizer) -> None:
        if not any(o is optimizer for o in self.optimizers):
            if optimizer.loss_scale_factor != self.loss_scale_factor:
                optimizer.loss_scale_factor = self.loss_scale_factor
            self.optimizers.append(optimizer)

    @property
    def inner(self) -> list[Optimizer]:
        """All optimisers."""
        return self.optimizers

    def build(self, parameters: Any) -> None:
        """Choose the optimiser of each parameter and create its slots."""
        parameters = chosen(parameters)
        for p in parameters:
            optimizer = self.optimizer_map(p)
            _check(optimizer, p.path)
            self._take(optimizer)
            self._of[p] = optimizer
        for optimizer in self.optimizers:
            if own := [p for p in parameters if self._of[p] is optimizer]:
                optimizer.ensure_built(own)
        self.parameters = parameters
        self._index = {p: i for i, p in enumerate(parameters)}

    @property
    def variables(self) -> list[Parameter]:
        """The counter, and all state of all optimisers."""
        return [self._iterations, *(p for o in self.optimizers for p in o.variables)]

    def slots_of_parameters(self) -> list[tuple[str, Parameter, Parameter]]:
        """Return those of all optimisers."""
        return [row for o in self.optimizers for row in o.slots_of_parameters()]

    @property
    def iterations(self) -> Tensor:
        """How many steps were made so far."""
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """Each optimiser has its own."""
        raise StateError(
            f"{self.name} has no learning rate: each of its optimizers has one.",
            hint="optimizer.optimizers[0].learning_rate",
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise StateError(
            f"{self.name} has no learning rate: each of its optimizers has one.",
            got=repr(value)[:60],
            hint="optimizer.optimizers[0].learning_rate = ..., or scale_learning_rate(0.5) for all",
        )

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Let each optimiser update its parameters."""
        parameters = self.parameters
        if trainable_variables is not None:
            parameters = chosen(trainable_variables)
            self.ensure_built(parameters)
        if len(grads) != len(parameters):
            raise ArgumentError(
                "one gradient for each parameter.",
                got=f"{len(grads)} gradients, {len(parameters)} parameters",
            )
        pairs = list(zip(grads, parameters, strict=True))
        for optimizer in self.optimizers:
            if own := [(g, p) for g, p in pairs if self._of[p] is optimizer]:
                optimizer.apply_gradients(own)
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list: Sequence[Parameter] | None = None) -> None:
        """Replace the weights by their averages, where these are kept."""
        parameters = self.parameters if var_list is None else var_list
        for optimizer in self.optimizers:
            if own := [p for p in parameters if self._of.get(p) is optimizer]:
                optimizer.finalize_variable_values(own)


def _check(optimizer: Any, place: str) -> None:
    """Raise an ArgumentError for what is no plain optimiser."""
    plain = isinstance(optimizer, Optimizer)
    if not plain or isinstance(optimizer, LossScaleOptimizer | MultiOptimizer):
        raise ArgumentError(f"{place}: an Optimizer that wraps no other.", got=repr(optimizer)[:60])
