"""Learning-rate schedules: functions of the number of updates made so far."""

from __future__ import annotations

from typing import Any

from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.nn.record import remember


class Schedule:
    """Base of the schedules: called with a step (a number or a Tensor), it returns the rate."""

    arguments: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        remember(cls)

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate at a step."""
        raise NotImplementedError


class ExponentialDecay(Schedule):
    """lr = initial * decay_rate ^ (step / decay_steps).

    Args:
        initial_learning_rate: at step 0.
        decay_steps: how many steps it takes to multiply by decay_rate.
        decay_rate: the factor.
        staircase: decay in jumps, with step // decay_steps.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial = check_number("initial_learning_rate", initial_learning_rate, low=0)
        self.decay_steps = check_number("decay_steps", decay_steps, low=0, open=True)
        self.decay_rate = check_number("decay_rate", decay_rate, low=0)
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Tensor:
        from neurona import ops

        progress = as_tensor(step).astype("float32") / self.decay_steps  #
        if self.staircase:
            progress = ops.floor(progress)
        return self.initial * ops.pow(self.decay_rate, progress)
