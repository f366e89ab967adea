"""Training: what a Model knows of its training, in one attribute, so that users' names are free."""

from __future__ import annotations

from typing import Any

from neurona.data.preparation import Preparation
from neurona.train.compiled import Compiled
from neurona.train.loop import Fit, Position
from neurona.train.observed import Observation
from neurona.train.turns import Turns


class Training:
    """How a model was compiled, and where its training is: `model._training`.

    Attributes:
        arguments: those of `compile`.
        losses: the losses and metrics among them.
        engine: the name of the engine that `compile` chose, or None.
        steps: the compiled steps by kind, see `train/steps.py`.
        run: the `fit` that is running, or None.
        history: the History of the last `fit`.
        position: where the training is, see `train/loop.py`.
        pending_totals: of metrics that do not exist yet, see `train/state.py`.
        observed: what `observe` asked for.
        preparation, class_names: what the model tells of its use, see `train/prepared.py`.
        turns: how threads share the model, see `train/turns.py`.
    """

    def __init__(self) -> None:
        self.arguments: dict[str, Any] = {}
        self.losses = Compiled()
        self.engine: str | None = None
        self.steps: dict[str, Any] = {}
        self.run: Fit | None = None
        self.history: Any = None
        self.position = Position()
        self.pending_totals: dict[str, Any] = {}
        self.observed = Observation()
        self.preparation: Preparation | None = None
        self.class_names: tuple[str, ...] | None = None
        self.turns = Turns()

    def __getstate__(self) -> dict[str, Any]:
        """Be copied without what belongs to this model in this process."""
        return {k: v for k, v in vars(self).items() if k not in ("steps", "run", "turns")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        vars(self).update(state)
