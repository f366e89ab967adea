"""Optimizer: slots plus one pure `update(w, g, *slots, lr, t)`.

Everything else acts around `update`, once, here: clipping, decoupled weight decay, schedules,
accumulated gradients, averaged weights and constraints, in Keras's order. All state is held in
Parameters, so that applying gradients can be part of the traced training step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core import origin
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, StateError
from neurona.nn.configurable import Configurable
from neurona.nn.description import describe
from neurona.nn.gradients import chosen, gradients
from neurona.nn.parameter import Parameter, assign_all
from neurona.optim.averages import Averages
from neurona.optim.clipping import clipped
from neurona.optim.options import CHECKS, OlderOptimizerOptions, OptimizerOptions, chosen_rate
from neurona.optim.rates import Rates
from neurona.optim.written import Written


class Optimizer(
    Rates, Averages, Written, Configurable, namespace="optimizers", common=OlderOptimizerOptions
):
    """Base of the optimisers: w, slots <- update(w, g, slots, lr, t) for every parameter.

    A rule names its slots in `slots` and their starting values in `start` (zeros by default).
    Every optimiser takes the following by name, besides its own arguments. Within one `apply`
    they act in this order: mean gradient, clipping, weight decay, update, average, constraints.

    Args:
        weight_decay: w <- w - lr * weight_decay * w before each update (decoupled).
        clipnorm: each parameter's gradient is scaled down to this norm, if it is longer.
        clipvalue: the elements of the gradients are limited to [-clipvalue, clipvalue].
        global_clipnorm: all gradients together are scaled down to this norm, if they are longer.
        use_ema: keep an average of the weights, average <- ema_momentum * average +
            (1 - ema_momentum) * w, from the first update's result on; it replaces the weights at
            the end of `fit`.
        ema_momentum: its momentum in [0, 1]; 0.99 remembers about a hundred updates.
        ema_overwrite_frequency: replace the weights by their average every so many updates too.
        loss_scale_factor: the loss is multiplied by it before the gradients are taken, and they
            are divided by it: against underflow.
        gradient_accumulation_steps: update only every so many steps, 2 or more, with the mean of
            their gradients. `iterations` counts the updates; schedules see the steps.
        name: for reports.

    Attributes:
        parameters: what it was built for.
        variables: all its state, as Parameters.
    """

    slots: tuple[str, ...] = ()
    name: str

    weight_decay: float | None = None
    clipnorm: float | None = None
    clipvalue: float | None = None
    global_clipnorm: float | None = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: int | None = None
    loss_scale_factor: float | None = None
    gradient_accumulation_steps: int | None = None

    def _before_init(self) -> None:
        self.name = type(self).__name__

    def __init__(self, learning_rate: Any = 0.001, **common: Unpack[OptimizerOptions]) -> None:
        options: dict[str, Any] = {**common}
        learning_rate = chosen_rate(learning_rate, options, self.arguments)
        for name, value in options.items():
            if value is not None:
                setattr(self, name, CHECKS[name](name, value))
        clips = [k for k in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, k)]
        if len(clips) > 1:
            raise ArgumentError("choose one way of clipping.", got=" and ".join(clips))
        self._iterations = Parameter(ops.zeros((), "int64"), "iterations", trainable=False)
        self._begin_rate(learning_rate)
        self.parameters: list[Parameter] = []
        self.state: dict[str, list[Parameter]] = {}
        self._index: dict[Parameter, int] = {}
        self._added: list[Parameter] = []
        self._undecayed: set[Parameter] = set()
        self._undecayed_names: re.Pattern | None = None

    # --- to be written by subclasses ---------------------------------------------------------

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w, or (w, *slots); t counts the updates from 1."""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def update_for(self, p: Parameter) -> Callable[..., Any]:
        """Return the `update` of a parameter, where a rule has several."""
        return self.update

    def decay_of(self, p: Parameter) -> float | None:
        """Return the `weight_decay` of a parameter, where a rule has several."""
        return self.weight_decay

    def start(self, slot: str, w: Tensor) -> Tensor:
        """Return a slot's first value for a parameter."""
        return ops.zeros(w.shape, w.dtype)

    @property
    def inner(self) -> list[Optimizer]:
        """The optimisers that this one hands the work to."""
        return []

    def all_optimizers(self) -> list[Optimizer]:
        """Return this one and all that work is handed to."""
        return [self, *(o for optimizer in self.inner for o in optimizer.all_optimizers())]

    # --- state -------------------------------------------------------------------------------

    @property
    def built(self) -> bool:
        """Whether the slots exist."""
        return bool(self.parameters)

    def build(self, parameters: Any) -> None:
        """Create the slots for these parameters, or a model's; they are the same from then on.

        Raises:
            StateError: if it was built for others.
        """
        parameters = chosen(parameters)
        if self.built:
            self._check_known(parameters)
            return
        if any(p.level for p in parameters):
            raise StateError(
                f"{self.name} has no state yet, and it cannot be made within a compiled step.",
                hint="optimizer.build(model.trainable_weights) before the first step",
            )
        self.parameters = parameters
        self._index = {p: i for i, p in enumerate(parameters)}
        for name in self.slots:
            self.state[name] = [
                _slot(name, p, self.start(name, p.value.detach())) for p in parameters
            ]
        if self.use_ema:
            self.state["average"] = [_slot("average", p, p.value.detach()) for p in parameters]
        if self.gradient_accumulation_steps:
            self.state["accumulated"] = [
                _slot("accumulated", p, ops.zeros(p.shape, p.dtype)) for p in parameters
            ]

    def ensure_built(self, parameters: Any) -> None:
        """Call `build`, which a subclass may have written, once."""
        parameters = chosen(parameters)
        if self.built:
            self._check_known(parameters)
        else:
            self.build(parameters)

    def _check_known(self, parameters: list[Parameter]) -> None:
        if strangers := [p.path for p in parameters if p not in self._index]:
            raise StateError(
                "the optimizer was built for other parameters.",
                got=", ".join(strangers),
                hint="compile with a new optimizer; what was frozen at first has no state",
            )

    def build_alike(self, other: Optimizer) -> None:
        """Create the slots of another optimizer for the same parameters."""
        if self.built:
            other.ensure_built(self.parameters)

    @property
    def variables(self) -> list[Parameter]:
        """All state: the counter, the learning rate, the slots, and what a subclass has added."""
        slots = [p for slot in self.state.values() for p in slot]
        return [self._iterations, self._rate, *slots, *self._added]

    def slots_of_parameters(self) -> list[tuple[str, Parameter, Parameter]]:
        """Return (name of the slot, parameter, what it has there) for all slots."""
        return [
            (name, self.parameters[i], slot)
            for name, row in self.state.items()
            for i, slot in enumerate(row)
        ]

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all `variables`."""
        return [p.numpy() for p in self.variables]

    def set_weights(self, weights: Any) -> None:
        """Set all `variables`.

        Raises:
            ShapeError: if there are too few or too many, or a shape differs; then none is set.
        """
        hint = "" if self.built else "optimizer.build(model.trainable_variables) before"
        assign_all(self.variables, weights, f"set_weights: {self.name!r}", hint)

    @property
    def iterations(self) -> Tensor:
        """How many updates were made so far."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    def description(self) -> dict[str, Any]:
        """Return class and arguments as JSON values, with a schedule that was set later."""
        found = super().description()
        if self._schedule is not None:
            found["arguments"]["learning_rate"] = describe(self._schedule)
        return found

    def exclude_from_weight_decay(
        self, var_list: Iterable[Parameter] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave parameters out of weight decay.

        Args:
            var_list: these parameters.
            var_names: parameters in whose name (such as "bias") one of these patterns is found.

        Raises:
            StateError: after the first step.
        """
        if self.parameters:
            raise StateError(
                "exclude_from_weight_decay comes before the first step.",
                hint="call it right after making the optimizer",
            )
        self._undecayed = set(var_list or ())
        names = list(var_names or ())
        for optimizer in self.inner:
            optimizer.exclude_from_weight_decay(self._undecayed, names)
        self._undecayed_names = re.compile("|".join(names)) if names else None

    def _decays(self, p: Parameter) -> bool:
        pattern = self._undecayed_names
        return p not in self._undecayed and not (pattern and pattern.search(p.name))

    # --- applying ----------------------------------------------------------------------------

    def minimize(self, closure: Callable[[], Any], parameters: Any) -> Any:
        """Make one step down the loss that `closure` computes, and return what it returns.

        Args:
            closure: returns the loss, a float scalar, or a tuple that begins with it.
            parameters: what to change: Parameters in a list, or a model.

        >>> from neurona.optimizers import SGD
        >>> w = Parameter([3.0])
        >>> SGD(0.1).minimize(lambda: (w * w).sum(), [w]), w.numpy().round(2).tolist()
        (Tensor(9., dtype=float32), [2.4])
        """
        result, gs = gradients(closure, parameters, scale=self.loss_scale())
        self.apply(gs, parameters)
        return result

    def loss_scale(self) -> Any:
        """Return the factor on the loss before its gradients are taken, or None."""
        return self.loss_scale_factor

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times its scale, for training steps written by hand."""
        scale = self.loss_scale()
        return loss if scale is None else loss * scale

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Parameter]]) -> Any:
        """Update parameters by (gradient, parameter) pairs, and return `iterations`."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [p for _, p in pairs])
        return self.iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Update parameters by their gradients.

        Args:
            grads: a gradient for each parameter; a parameter without (None) stays as it is.
            trainable_variables: the parameters, or some of them, or a model; by default all that
                the optimiser was built for. The first call builds it.
        """
        parameters = self.parameters
        if trainable_variables is not None:
            parameters = chosen(trainable_variables)
            self.ensure_built(parameters)
        indices, gs = self._present(list(grads), parameters)
        now = None
        if self.gradient_accumulation_steps:
            gs, now = self._accumulated(indices, gs)
        gs = clipped(gs, self.clipvalue, self.clipnorm, self.global_clipnorm)
        rate, t = self._rate_now(), self.iterations + 1
        for index, g in zip(indices, gs, strict=True):
            scope = origin.update_of(self.parameters[index].path, self.update)
            origin.inside(scope, self._update_one, index, g, rate, t, now)
        if self.use_ema:
            self._update_averages()
        for index in indices:
            p = self.parameters[index]
            if p.constraint is not None:
                p.assign(p.constraint(p.value))
        self._iterations.assign_add(1)

    def _present(self, grads: list, parameters: list) -> tuple[list[int], list[Tensor]]:
        """Return the indices of the parameters that have a gradient, and these gradients."""
        if len(grads) != len(parameters):
            raise ArgumentError(
                "one gradient for each parameter.",
                got=f"{len(grads)} gradients, {len(parameters)} parameters",
            )
        missing = [p.path for p, g in zip(parameters, grads, strict=True) if g is None]
        if len(missing) == len(grads) and grads:
            raise ArgumentError("no parameter has a gradient.", got=", ".join(missing))
        if missing:
            origin.warn(f"no gradient for {', '.join(missing)}: not updated.")
        indices, gs = [], []
        for p, g in zip(parameters, grads, strict=True):
            if g is not None:
                g = as_tensor(g, p.dtype).astype(p.dtype)
                if g.shape != p.shape:
                    raise ShapeError(
                        f"the gradient of {p.path} has another shape.",
                        got=str(g.shape),
                        expected=str(p.shape),
                    )
                indices.append(self._index[p])
                gs.append(g if self.loss_scale_factor is None else g / self.loss_scale_factor)
        return indices, gs

    def _update_one(self, index: int, g: Tensor, rate: Tensor, t: Tensor, now: Any) -> None:
        p = self.parameters[index]
        w, lr = p.value, rate.astype(p.dtype)
        if p in self._factors:
            lr = lr * self._factors[p]
        if (decay := self.decay_of(p)) and self._decays(p):
            w = w - w * decay * lr
        if type(self).update_step is not Written.update_step:
            self._step_where(now, p, w, g, lr)
            return
        slots = [self.state[name][index] for name in self.slots]
        update = self.update_for(p)
        result = update(w, g, *[s.value for s in slots], lr=lr, t=t.astype(p.dtype))
        results = result if isinstance(result, tuple) else (result,)
        for target, value in zip([p, *slots], results, strict=True):
            target.assign(value if now is None else ops.where(now, value, target.value))

    def _accumulated(self, indices: list[int], gs: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Return the mean gradients so far and whether to update now."""
        k = self.gradient_accumulation_steps
        now = (self._iterations.value + 1) % k == 0
        means = []
        for index, g in zip(indices, gs, strict=True):
            slot = self.state["accumulated"][index]
            total = slot.value + g
            slot.assign(ops.where(now, 0.0, total))
            means.append(total / k)
        return means, now

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def _slot(name: str, p: Parameter, value: Tensor) -> Parameter:
    slot = Parameter(value, name, trainable=False)
    slot.path = f"{p.path}/{name}"
    return slot
