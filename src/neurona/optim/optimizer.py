"""Optimizer: slots plus one pure `update(w, g, *slots, lr, t)`.

Everything else acts around `update`, once, here: clipping, decoupled weight decay, schedules,
averaged weights, accumulated gradients and constraints. All state is held in Parameters, so that
applying gradients can be part of the traced training step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, StateError, check_integer, check_number, unknown
from neurona.nn.parameter import Parameter
from neurona.nn.record import remember
from neurona.optim.schedules import Schedule

_COMMON = (
    "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum",
    "ema_overwrite_frequency", "gradient_accumulation_steps", "name",
)  # fmt: skip


class Optimizer:
    """Base of the optimisers.

    A rule names its slots in `slots` and their starting values in `start` (zeros by default).
    Every optimiser takes the following besides its own arguments:

    Args:
        weight_decay: w <- w - lr * weight_decay * w before each update (decoupled).
        clipnorm: each gradient is scaled down to this norm, if it is larger.
        clipvalue: each gradient's elements are limited to [-clipvalue, clipvalue].
        global_clipnorm: all gradients together are scaled down to this norm.
        use_ema: keep an average of the weights, average <- ema_momentum * average +
            (1 - ema_momentum) * w; it replaces the weights at the end of `fit`.
        ema_momentum: its momentum, 0.99 by default.
        ema_overwrite_frequency: replace the weights by their average every so many updates too.
        gradient_accumulation_steps: update every so many steps, with the mean gradient.
        name: for reports.
    """

    slots: tuple[str, ...] = ()
    arguments: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        remember(cls, common=_COMMON)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = object.__new__(cls)
        self.arguments = {}
        self.set_common()
        return self

    def __init__(self, learning_rate: Any = 0.001) -> None:
        self._schedule: Schedule | None = None
        if isinstance(learning_rate, Schedule):
            self._schedule, start = learning_rate, 1.0  # the rate is then a factor on the schedule
        else:
            start = check_number("learning_rate", learning_rate, low=0)
        self.iterations = Parameter(ops.zeros((), "int64"), "iterations", trainable=False)
        self._rate = Parameter(ops.full((), start, "float32"), "learning_rate", trainable=False)
        self.parameters: list[Parameter] = []
        self.state: dict[str, list[Parameter]] = {}
        self._undecayed: tuple[str, ...] = ()
        self._undecayed_ids: set[int] = set()

    def set_common(
        self,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        """Take the arguments that every optimiser has."""
        given = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        for key, value in given.items():
            if value is not None:
                check_number(key, value, low=0, open=True)
        if sum(v is not None for v in given.values()) > 1:
            raise ArgumentError(
                "choose one way of clipping.", got=", ".join(k for k, v in given.items() if v)
            )
        if weight_decay is not None:
            check_number("weight_decay", weight_decay, low=0)
        if gradient_accumulation_steps is not None:
            check_integer("gradient_accumulation_steps", gradient_accumulation_steps, minimum=1)
        if ema_overwrite_frequency is not None:
            check_integer("ema_overwrite_frequency", ema_overwrite_frequency, minimum=1)
        self.weight_decay, self.use_ema = weight_decay, bool(use_ema)
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.ema_momentum = check_number("ema_momentum", ema_momentum, low=0, high=1)
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.accumulation = gradient_accumulation_steps or 1
        self.name = name or type(self).__name__

    # --- to be written by subclasses ---------------------------------------------------------

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w, or (w, *slots); t counts the updates from 1."""
        raise NotImplementedError

    def start(self, slot: str, w: Tensor) -> Tensor:
        """Return a slot's first value for a parameter."""
        return ops.zeros(w.shape, w.dtype)

    # --- state -------------------------------------------------------------------------------

    def build(self, parameters: Sequence[Parameter]) -> None:
        """Create the slots for these parameters, unless that was done."""
        parameters = list(parameters)
        if self.parameters:
            if [id(p) for p in parameters] != [id(p) for p in self.parameters]:
                raise StateError(
                    "the optimizer was built for other parameters.",
                    hint="compile with a new optimizer",
                )
            return
        self.parameters = parameters
        names = list(self.slots)
        names += ["average"] if self.use_ema else []
        names += ["accumulated"] if self.accumulation > 1 else []
        for name in names:
            self.state[name] = [self._slot(name, i, p) for i, p in enumerate(parameters)]

    def _slot(self, name: str, index: int, p: Parameter) -> Parameter:
        if name in ("average", "accumulated"):
            value = p.value.detach() if name == "average" else ops.zeros(p.shape, p.dtype)
        else:
            value = self.start(name, p.value.detach())
        slot = Parameter(value, name, trainable=False)
        slot.path = f"{p.path}/{name}"
        return slot

    @property
    def variables(self) -> list[Parameter]:
        """All state: the counter, the learning rate and the slots."""
        return [self.iterations, self._rate, *(p for slot in self.state.values() for p in slot)]

    @property
    def learning_rate(self) -> Any:
        """The rate of the next update: a Parameter, or the schedule's value times the factor."""
        if self._schedule is None:
            return self._rate
        return self._scheduled(self._updates())

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, Schedule):
            self._schedule = value
            self._rate.assign(1.0)
        else:
            self._schedule = None
            self._rate.assign(check_number("learning_rate", value, low=0))

    def scale_learning_rate(self, factor: float) -> None:
        """Multiply the rate; with a schedule, all its values from now on."""
        self._rate.assign(float(self._rate.numpy()) * check_number("factor", factor, low=0))

    def _scheduled(self, step: Tensor) -> Tensor:
        assert self._schedule is not None
        rate = self._schedule(step)
        return rate.astype("float32") * self._rate

    def _updates(self) -> Tensor:
        """How many updates were made so far."""
        if self.accumulation == 1:
            return self.iterations.value
        return self.iterations.value // self.accumulation

    def exclude_from_weight_decay(
        self, var_list: Iterable[Parameter] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave parameters out of weight decay, by themselves or by a part of their path."""
        self._undecayed_ids |= {id(p) for p in var_list or ()}
        self._undecayed += tuple(var_names or ())

    # --- applying ----------------------------------------------------------------------------

    def apply_gradients(self, pairs: Iterable[tuple[Any, Parameter]]) -> None:
        """Update parameters by (gradient, parameter) pairs."""
        pairs = list(pairs)
        self.apply([g for g, _ in pairs], [p for _, p in pairs])

    def apply(
        self, gradients: Sequence[Any], parameters: Sequence[Parameter] | None = None
    ) -> None:
        """Update parameters by their gradients (those it was built for, by default)."""
        if parameters is not None:
            self.build(parameters)
        if len(gradients) != len(self.parameters):
            raise ArgumentError(
                "one gradient for each parameter.",
                got=f"{len(gradients)} gradients, {len(self.parameters)} parameters",
            )
        gs = [
            ops.zeros(p.shape, p.dtype) if g is None else as_tensor(g, p.dtype)
            for g, p in zip(gradients, self.parameters, strict=True)
        ]
        now = None
        if self.accumulation > 1:
            gs, now = self._accumulated(gs)
        gs = self._clipped(gs)
        done = self._updates()
        rate = self._rate.value if self._schedule is None else self._scheduled(done)
        for index, (p, g) in enumerate(zip(self.parameters, gs, strict=True)):
            lr, t = rate.astype(p.dtype), (done + 1).astype(p.dtype)  #
            self._update_one(index, p, g, lr, t, now)
        self.iterations.assign_add(1)

    def _update_one(
        self, index: int, p: Parameter, g: Tensor, lr: Tensor, t: Tensor, now: Any
    ) -> None:
        w = p.value
        if self.weight_decay and not self._excluded(p):
            w = w - w * (lr * self.weight_decay)
        slots = [self.state[name][index] for name in self.slots]
        result = self.update(w, g, *[s.value for s in slots], lr=lr, t=t)
        new, *rest = result if isinstance(result, tuple) else (result,)
        if p.constraint is not None:
            new = p.constraint(new)
        if self.use_ema:
            average = self.state["average"][index]
            m = self.ema_momentum
            mixed = m * average.value + (1 - m) * new
            if self.ema_overwrite_frequency:
                due = (self._updates() + 1) % self.ema_overwrite_frequency == 0
                new = ops.where(due, mixed, new)
            slots, rest = [*slots, average], [*rest, mixed]
        for target, value in zip([p, *slots], [new, *rest], strict=True):
            target.assign(value if now is None else ops.where(now, value, target.value))

    def _excluded(self, p: Parameter) -> bool:
        return id(p) in self._undecayed_ids or any(part in p.path for part in self._undecayed)

    def _accumulated(self, gs: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        k = self.accumulation
        now = (self.iterations.value + 1) % k == 0
        means = []
        for slot, g in zip(self.state["accumulated"], gs, strict=True):
            total = slot.value + g
            slot.assign(ops.where(now, 0.0, total))
            means.append(total / k)
        return means, now

    def _clipped(self, gs: list[Tensor]) -> list[Tensor]:
        if self.clipvalue is not None:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in gs]
        if self.clipnorm is not None:
            return [_limit(g, ops.norm(g), self.clipnorm) for g in gs]
        if self.global_clipnorm is not None:
            norm = ops.sqrt(sum((ops.sum(ops.square(g)) for g in gs), ops.zeros((), gs[0].dtype)))
            return [_limit(g, norm, self.global_clipnorm) for g in gs]
        return gs

    def finalize(self) -> None:
        """Replace the weights by their average, if one is kept; called at the end of `fit`."""
        for p, average in zip(self.parameters, self.state.get("average", []), strict=False):
            p.assign(average.value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def _limit(g: Tensor, norm: Tensor, limit: float) -> Tensor:
    """Scale a gradient down so that the norm is at most the limit."""
    return g * (limit / ops.maximum(norm, limit))


def names() -> dict[str, type[Optimizer]]:
    """Return the optimisers by their names in `compile`."""
    from neurona import optimizers

    classes = [getattr(optimizers, n) for n in optimizers.__all__]
    return {
        c.__name__.lower(): c
        for c in classes
        if isinstance(c, type) and issubclass(c, Optimizer) and c is not Optimizer
    }


def get(identifier: Any) -> Optimizer:
    """Return an optimiser by name (in any case) or class, or the object itself."""
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        found = names()
        if identifier.lower() not in found:
            raise unknown("optimizer", identifier, found)
        return found[identifier.lower()]()
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()
    raise ArgumentError("an optimizer is a name or an Optimizer.", got=repr(identifier))
