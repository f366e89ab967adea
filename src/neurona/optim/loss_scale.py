"""LossScaleOptimizer: a loss scale that finds itself, against gradients that vanish in rounding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import as_dtype
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_integer, check_number
from neurona.nn.parameter import Parameter
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class LossScaleOptimizer(Optimizer):
    """inner(g / s), with s twice as large after so many good steps and half after a bad one.

    The loss is multiplied by s before its gradients g are taken. Where one of them is infinite or
    no number, nothing is updated in that step.

    Args:
        inner_optimizer: what updates the weights; all that acts around a rule (clipping, averages)
            is given to it.
        initial_scale: s at the start.
        dynamic_growth_steps: steps without a bad gradient until s is doubled.
        common: the name alone.

    Attributes:
        dynamic_scale: s, a Parameter.
        step_counter: good steps since s was changed.

    Source: Micikevicius et al. 2017, section 3.2.

    >>> from neurona.optimizers import SGD
    >>> w, optimizer = Parameter([1.0]), LossScaleOptimizer(SGD(0.1), initial_scale=4.0)
    >>> optimizer.apply([[8.0]], [w])
    >>> optimizer.apply([[float("inf")]], [w])
    >>> w.numpy(), float(optimizer.dynamic_scale)
    (array([0.8], dtype=float32), 2.0)
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(0.0, **common)
        if not isinstance(inner_optimizer, Optimizer):
            raise ArgumentError(
                "LossScaleOptimizer wraps an Optimizer.",
                got=repr(inner_optimizer)[:60],
                hint="LossScaleOptimizer(optimizers.Adam())",
            )
        self.inner_optimizer = inner_optimizer
        self.initial_scale = check_number("initial_scale", initial_scale, low=0, open=True)
        self.dynamic_growth_steps = check_integer(
            "dynamic_growth_steps", dynamic_growth_steps, minimum=1
        )
        if inner_optimizer.loss_scale_factor is not None:
            inner_optimizer.loss_scale_factor = None  # or gradients were divided twice
        start = ops.full((), self.initial_scale, "float32")
        self.dynamic_scale = Parameter(start, "dynamic_scale", trainable=False)
        self.step_counter = Parameter(ops.zeros((), "int64"), "step_counter", trainable=False)

    def _after_init(self) -> None:
        refuse_options(self, {"inner_optimizer", "initial_scale", "dynamic_growth_steps", "name"})

    @property
    def inner(self) -> list[Optimizer]:
        """The optimizer that updates the weights."""
        return [self.inner_optimizer]

    def build(self, parameters: Any) -> None:
        """Create the slots of the inner optimizer."""
        self.inner_optimizer.ensure_built(parameters)
        self.parameters, self.state = self.inner_optimizer.parameters, self.inner_optimizer.state
        self._index = self.inner_optimizer._index

    @property
    def variables(self) -> list[Parameter]:
        """The scale, the counter, and all state of the inner optimizer."""
        return [self.step_counter, self.dynamic_scale, *self.inner_optimizer.variables]

    def slots_of_parameters(self) -> list[tuple[str, Parameter, Parameter]]:
        """Return those of the inner optimizer."""
        return self.inner_optimizer.slots_of_parameters()

    @property
    def iterations(self) -> Tensor:
        """How many updates were made so far."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The rate of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def loss_scale(self) -> Tensor:
        """Return the factor on the loss."""
        return self.dynamic_scale.value

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Update parameters by the gradients of the scaled loss, if all of them are finite."""
        if trainable_variables is not None:
            self.ensure_built(trainable_variables)
        gs = [None if g is None else as_tensor(g, as_dtype(None)) for g in grads]
        scale = self.dynamic_scale.value
        kept = [*self.parameters, *self.inner_optimizer.variables]
        before = [p.value for p in kept]
        unscaled = [None if g is None else g / scale.astype(g.dtype) for g in gs]
        self.inner_optimizer.apply(unscaled, trainable_variables)
        fine = _all_finite(g for g in gs if g is not None)
        for p, value in zip(kept, before, strict=True):
            if p.value is not value:
                p.assign(ops.where(fine, p.value, value))
        good = self.step_counter.value + 1
        grown = good == self.dynamic_growth_steps
        self.step_counter.assign(ops.where(fine & ~grown, good, 0))
        larger = ops.where(grown, 2.0 * scale, scale)
        self.dynamic_scale.assign(ops.where(fine, larger, 0.5 * scale))

    def finalize_variable_values(self, var_list: Sequence[Parameter] | None = None) -> None:
        """Let the inner optimizer replace the weights by their averages, if it keeps any."""
        self.inner_optimizer.finalize_variable_values(var_list)


def _all_finite(gs: Iterable[Tensor]) -> Tensor:
    fine = as_tensor(True)
    for g in gs:
        fine = fine & ops.all(ops.isfinite(g))
    return fine


def refuse_options(optimizer: Optimizer, own: set[str]) -> None:
    """Raise an ArgumentError for what belongs to an inner optimizer."""
    for name in optimizer.arguments:
        if name not in own:
            raise ArgumentError(
                f"{type(optimizer).__name__} takes no {name}: it acts in what it wraps.",
                hint=f"optimizers.Adam({name}=...) inside",
            )
