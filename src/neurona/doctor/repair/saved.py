"""The state of a training, kept to be put back."""

from __future__ import annotations

import math
from typing import Any

from neurona.core import random
from neurona.train import state, steps


class Saved:
    """All that a training step changes, and the place in the random stream."""

    def __init__(self, model: Any) -> None:
        optimizers = state.optimizers_of(model).values()
        held = [*steps.held(model), *(p for o in optimizers for p in o.variables)]
        self._values = [(p, p.value) for p in held]
        self._place = random.get_position()

    def put_back(self) -> None:
        """Go on from there."""
        for p, value in self._values:
            p.restore(value)
        random.set_position(*self._place)


class Best:
    """The weights, and the slots of the optimizer, at the end of the best epoch so far.

    At first those before training, which a training that diverges never gets back to by itself.

    Attributes:
        value: the validation loss there, or else the loss; infinite at first.
        epoch: from 1; 0: before training.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.value, self.epoch = model, math.inf, 0
        self._right = -math.inf
        self._keep()

    def _keep(self) -> None:
        optimizers = state.all_optimizers_of(self.model).values()
        slots = [p for o in optimizers for _, _, p in o.slots_of_parameters()]
        self._values = [(p, p.value) for p in (*self.model.weights, *slots)]

    def see(
        self, logs: dict[str, Any], epoch: int, most: float = math.inf, accuracy: str | None = None
    ) -> None:
        """Keep the state if an epoch that has just ended is the best, and below a loss.

        Args:
            logs: of the epoch.
            epoch: its number, from 1.
            most: what the loss has to be below.
            accuracy: name of the share of right answers; then the best has the most of them, for
                one that is only too sure of what is wrong loses nothing.
        """
        value = logs.get("val_loss", logs.get("loss"))
        right = logs.get(f"val_{accuracy}", logs.get(accuracy or "", -math.inf))
        if not isinstance(value, int | float) or not value < most:
            return
        if (right, -value) > (self._right, -self.value):
            self.value, self.epoch, self._right = float(value), epoch, right
            self._keep()

    def put_back(self) -> None:
        """Let the weights be those again."""
        for p, value in self._values:
            p.restore(value)

    def __str__(self) -> str:
        return f"those of epoch {self.epoch}" if self.epoch else "those before training"
