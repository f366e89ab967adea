"""The learning rate of an optimiser: a number that is set, or a schedule that it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, StateError, check_number
from neurona.nn.gradients import chosen
from neurona.nn.parameter import Parameter
from neurona.optim.options import warn_of_lr
from neurona.optim.schedules import LearningRateSchedule


class Rates:
    """The half of an optimiser that knows its rate.

    Attributes:
        decay: what older scripts give: the rate is divided by 1 + decay * step.
    """

    decay: float | None = None
    parameters: list[Parameter]
    _iterations: Parameter
    _schedule: LearningRateSchedule | None
    _rate: Parameter
    _factors: dict[Parameter, float]  # on the rate of single parameters

    if TYPE_CHECKING:

        @property
        def inner(self) -> list[Any]: ...

    def _begin_rate(self, learning_rate: Any) -> None:
        """Take the rate from the constructor."""
        self._schedule, start = None, 1.0  # with a schedule the rate is a factor on it
        if isinstance(learning_rate, LearningRateSchedule):
            self._schedule = learning_rate
        elif callable(learning_rate):
            raise ArgumentError(
                "learning_rate is a number or a schedule.",
                got=repr(learning_rate)[:60],
                hint="a class with __call__(self, step), of optimizers.schedules."
                "LearningRateSchedule; or callbacks.LearningRateScheduler(function)",
            )
        else:
            start = check_number("learning_rate", learning_rate, low=0)
        self._rate = Parameter(ops.full((), start, float), "learning_rate", trainable=False)
        self._factors = {}

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

    @property
    def lr(self) -> Any:
        """An older name of `learning_rate`."""
        warn_of_lr()
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        warn_of_lr()
        self.learning_rate = value

    def scale_learning_rate(self, factor: float, parameters: Any = None) -> None:
        """Multiply the rate, or only that of some parameters or layers, by a factor of 0 or more.

        With a schedule, all its values from now on. Lower layers of a trained model may move less.
        """
        factor = check_number("factor", factor, low=0)
        if parameters is None:
            self._rate.assign(float(self._rate.numpy()) * factor)
        for p in () if parameters is None else chosen(parameters):
            self._factors[p] = self._factors.get(p, 1.0) * factor
        for optimizer in self.inner:
            optimizer.scale_learning_rate(factor, parameters)

    def _rate_now(self) -> Tensor:
        rate = self._rate.value
        if self._schedule is not None:
            rate = as_tensor(self._schedule(self._iterations.value)).astype(float) * rate
        if self.decay:
            rate = rate / (1.0 + self.decay * self._iterations.value.astype(float))
        return rate
