"""Learning-rate schedules: functions of the number of steps made so far.

A schedule is called with a step (0 for the first) and returns the rate of that step. It takes a
Python integer, a NumPy array of steps (to be plotted), or a Tensor of a step that is traced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_number
from neurona.nn.configurable import Configurable


class LearningRateSchedule(Configurable, namespace="optimizers.schedules"):
    """Base of the schedules: lr = schedule(step).

    To write one, override `__call__` with operations on the step that can be traced.

    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 1.0 / (step + 1)
    >>> Halving()(1)
    0.5
    """

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__")


def as_step(step: Any) -> Tensor:
    """Return a step, or an array of them, as floats."""
    return as_tensor(step).astype(float)


def check_steps(name: str, value: Any) -> float:
    """Return a positive number of steps, or raise an ArgumentError."""
    return check_number(name, value, low=0, open=True)


class ExponentialDecay(LearningRateSchedule):
    """lr = initial_learning_rate * decay_rate ^ (step / decay_steps).

    Args:
        initial_learning_rate: at step 0.
        decay_steps: how many steps it takes to multiply by decay_rate.
        decay_rate: the factor, 0 or more.
        staircase: decay in jumps, with step // decay_steps: "step decay" or "drop every".
        name: for reports.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)([0, 10, 20]).tolist()
    [0.1, 0.05, 0.025]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, low=0
        )
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.decay_rate = check_number("decay_rate", decay_rate, low=0)
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Tensor:
        p = as_step(step) / self.decay_steps
        if self.staircase:
            p = ops.floor(p)
        return self.initial_learning_rate * ops.pow(self.decay_rate, p)


class InverseTimeDecay(LearningRateSchedule):
    """lr = initial_learning_rate / (1 + decay_rate * step / decay_steps).

    Args: see ExponentialDecay; after decay_steps / decay_rate steps the rate has halved.

    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)([0, 10, 30]).tolist()
    [0.1, 0.05, 0.025]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, low=0
        )
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.decay_rate = check_number("decay_rate", decay_rate, low=0)
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Tensor:
        p = as_step(step) / self.decay_steps
        if self.staircase:
            p = ops.floor(p)
        return self.initial_learning_rate / (1 + self.decay_rate * p)


class PolynomialDecay(LearningRateSchedule):
    """lr = (initial - end) * (1 - step / decay_steps) ^ power + end, up to decay_steps.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: when the end is reached.
        end_learning_rate: from then on.
        power: 1 is a straight line.
        cycle: instead of staying at the end, jump up again and stretch decay_steps to its next
            multiple.
        name: for reports.

    >>> PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0)([0, 5, 10, 15]).tolist()
    [0.1, 0.05, 0.0, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, low=0
        )
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.end_learning_rate = check_number("end_learning_rate", end_learning_rate, low=0)
        self.power = check_number("power", power, low=0)
        self.cycle, self.name = cycle, name

    def __call__(self, step: Any) -> Tensor:
        p = as_step(step) / self.decay_steps
        if self.cycle:
            cycles = -ops.floor(-p)  # rounded up
            p = p / ops.maximum(cycles, 1.0)
        else:
            p = ops.minimum(p, 1.0)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.pow(1 - p, self.power) + self.end_learning_rate


class PiecewiseConstantDecay(LearningRateSchedule):
    """lr = values[i] while boundaries[i - 1] < step <= boundaries[i].

    Args:
        boundaries: increasing steps; at a boundary the value before it still holds.
        values: the rates, one more than there are boundaries.
        name: for reports.

    >>> PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1])([10, 11, 20, 21]).tolist()
    [1.0, 0.5, 0.5, 0.1]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        self.boundaries = [check_number("boundaries", b) for b in boundaries]
        self.values = [check_number("values", v, low=0) for v in values]
        if len(self.values) != len(self.boundaries) + 1:
            raise ArgumentError(
                "there is one value more than there are boundaries.",
                got=f"{len(self.boundaries)} boundaries, {len(self.values)} values",
            )
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ArgumentError("boundaries must increase.", got=str(self.boundaries))
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        lr = ops.full(step.shape, self.values[0], float)
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            lr = ops.where(step > boundary, value, lr)
        return lr
