"""Optimizer: slots plus one pure `update(w, g, *slots, lr, t)`.

Everything else acts around `update`, once, here: clipping, decoupled weight decay, schedules,
accumulated gradients, averaged weights and constraints, in Keras's order. All state is held in
Parameters, so that applying gradients can be part of the traced training step.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypedDict, Unpack

from neurona import ops
from neurona.core import origin
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, StateError, check_integer, check_number
from neurona.nn.configurable import Configurable
from neurona.nn.gradients import chosen, gradients
from neurona.nn.parameter import Parameter, unchanged
from neurona.optim.clipping import clipped
from neurona.optim.schedules import LearningRateSchedule

# how what every optimiser takes is checked
_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "weight_decay": functools.partial(check_number, low=0),
    "clipnorm": functools.partial(check_number, low=0, open=True),
    "clipvalue": functools.partial(check_number, low=0, open=True),
    "global_clipnorm": functools.partial(check_number, low=0, open=True),
    "use_ema": lambda _, value: bool(value),
    "ema_momentum": functools.partial(check_number, low=0, high=1),
    "ema_overwrite_frequency": functools.partial(check_integer, minimum=1),
    "loss_scale_factor": functools.partial(check_number, low=0, open=True),
    "gradient_accumulation_steps": functools.partial(check_integer, minimum=2),
    "name": lambda _, value: str(value),
}


class OptimizerOptions(TypedDict, total=False):
    """What every optimiser takes: see `Optimizer`."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


class Optimizer(Configurable, namespace="optimizers", common=OptimizerOptions):
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
        for name, value in common.items():
            if value is not None:
                setattr(self, name, _CHECKS[name](name, value))
        clips = [k for k in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, k)]
        if len(clips) > 1:
            raise ArgumentError("choose one way of clipping.", got=" and ".join(clips))
        self._schedule: LearningRateSchedule | None = None
        if isinstance(learning_rate, LearningRateSchedule):
            self._schedule, start = learning_rate, 1.0  # the rate is then a factor on the schedule
        else:
            start = check_number("learning_rate", learning_rate, low=0)
        self._iterations = Parameter(ops.zeros((), "int64"), "iterations", trainable=False)
        self._rate = Parameter(ops.full((), start, float), "learning_rate", trainable=False)
        self.parameters: list[Parameter] = []
        self.state: dict[str, list[Parameter]] = {}
        self._index: dict[Parameter, int] = {}
        self._factors: dict[Parameter, float] = {}  # on the rate of single parameters
        self._undecayed: set[Parameter] = set()
        self._undecayed_names: re.Pattern | None = None

    # --- to be written by subclasses ---------------------------------------------------------

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w, or (w, *slots); t counts the updates from 1."""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def start(self, slot: str, w: Tensor) -> Tensor:
        """Return a slot's first value for a parameter."""
        return ops.zeros(w.shape, w.dtype)

    # --- state -------------------------------------------------------------------------------

    def build(self, parameters: Any) -> None:
        """Create the slots for these parameters, or a model's; they are the same from then on.

        Raises:
            StateError: if it was built for others.
        """
        parameters = chosen(parameters)
        if self.parameters:
            if strangers := [p.path for p in parameters if p not in self._index]:
                raise StateError(
                    "the optimizer was built for other parameters.",
                    got=", ".join(strangers),
                    hint="compile with a new optimizer; what was frozen at first has no state",
                )
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

    def build_alike(self, other: Optimizer) -> None:
        """Create the slots of another optimizer for the same parameters."""
        if self.parameters:
            other.build(self.parameters)

    @property
    def variables(self) -> list[Parameter]:
        """All state: the counter, the learning rate and the slots."""
        return [self._iterations, self._rate, *(p for slot in self.state.values() for p in slot)]

    @property
    def iterations(self) -> Tensor:
        """How many updates were made so far."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The rate of the next update: a Parameter, or the schedule's value times the factor.

        Numbers can be assigned, also in the middle of training; a schedule takes the place of a
        number until the first step.
        """
        return self._rate if self._schedule is None else self._rate_now()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, LearningRateSchedule):
            if self.parameters:  # the compiled step would go on with what it was traced with
                raise StateError(
                    "a schedule cannot be set after the first step.",
                    hint="compile with a new optimizer",
                )
            self._schedule = value
            self._rate.assign(1.0)
        elif self._schedule is not None:
            raise StateError(
                f"the learning rate follows {type(self._schedule).__name__}, it cannot be set.",
                hint="optimizer.scale_learning_rate(0.5), or compile with learning_rate=0.1",
            )
        else:
            self._rate.assign(check_number("learning_rate", value, low=0))

    def scale_learning_rate(self, factor: float, parameters: Any = None) -> None:
        """Multiply the rate, or only that of some parameters or layers, by a factor of 0 or more.

        With a schedule, all its values from now on. Lower layers of a trained model may move less.
        """
        factor = check_number("factor", factor, low=0)
        if parameters is None:
            self._rate.assign(float(self._rate.numpy()) * factor)
        for p in () if parameters is None else chosen(parameters):
            self._factors[p] = self._factors.get(p, 1.0) * factor

    def _rate_now(self) -> Tensor:
        if self._schedule is None:
            return self._rate.value
        return as_tensor(self._schedule(self._iterations.value)).astype(float) * self._rate

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
        result, gs = gradients(closure, parameters, scale=self.loss_scale_factor)
        self.apply(gs, parameters)
        return result

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times `loss_scale_factor`, for training steps written by hand."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Parameter]]) -> None:
        """Update parameters by (gradient, parameter) pairs."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [p for _, p in pairs])

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
            self.build(parameters)
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
        if self.weight_decay and self._decays(p):
            w = w - w * self.weight_decay * lr
        slots = [self.state[name][index] for name in self.slots]
        result = self.update(w, g, *[s.value for s in slots], lr=lr, t=t.astype(p.dtype))
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

    def _update_averages(self) -> None:
        """Move the averages; the first one is the weights as they are, not the start from zero."""
        done = self.iterations
        for p, average in zip(self.parameters, self.state["average"], strict=True):
            momentum = ops.where(done > 0, self.ema_momentum, 0.0).astype(p.dtype)
            average.assign(momentum * average.value + (1 - momentum) * p.value)
            if self.ema_overwrite_frequency:
                due = (done + 1) % self.ema_overwrite_frequency == 0
                p.assign(ops.where(due, average.value, p.value))

    def finalize_variable_values(self, var_list: Sequence[Parameter] | None = None) -> None:
        """Replace the weights by their averages, if these are kept; `fit` ends with it.

        Args:
            var_list: the parameters, by default all.
        """
        if not self.use_ema or int(self._iterations) == 0:
            return
        for p in self.parameters if var_list is None else var_list:
            p.assign(self.state["average"][self._index[p]].value)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the parameters be their averages inside, to look at what these do meanwhile.

        Raises:
            StateError: without `use_ema`.
        """
        if not self.use_ema:
            raise StateError(f"{self.name} keeps no averages.", hint="use_ema=True")
        with unchanged(self.parameters):
            self.finalize_variable_values()
            yield

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def _slot(name: str, p: Parameter, value: Tensor) -> Parameter:
    slot = Parameter(value, name, trainable=False)
    slot.path = f"{p.path}/{name}"
    return slot
