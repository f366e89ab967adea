"""Beginning anew: what is found late is mended where the training began, for all of its epochs."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np

from neurona.doctor.finding import Finding
from neurona.doctor.repair.changes import Change
from neurona.doctor.repair.race import measured
from neurona.doctor.repair.repair import Repair
from neurona.doctor.repair.saved import Best, Saved

MOST = 2  # times that a training begins anew


class GivenUp(NamedTuple):
    """A training that another one, with a change, took the place of."""

    finding: Finding
    change: Change
    losses: np.ndarray  # of parts of the validation data
    weights: Best


class Start:
    """Where a training began, callbacks and all.

    Args:
        model: before the first step of its `fit`.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.epoch = model, model._training.position.epoch
        self._saved, self._steps = Saved(model), _steps(model)
        listeners = model._training.run.callbacks.wants("get_state")
        self._states = [(c, copy.deepcopy(c.get_state())) for c in listeners]
        self._given_up: list[GivenUp] = []
        self._comes = False
        self._now: tuple[Saved, Best, int, Any] | None = None

    @property
    def left(self) -> int:
        """How often the training may still begin anew."""
        return MOST - len(self._given_up)

    @property
    def gone(self) -> int:
        """The steps since then."""
        return max(0, _steps(self.model) - self._steps)

    def put_back(self) -> None:
        """Let the model be as it was there, for a while."""
        position = self.model._training.position
        self._now = Saved(self.model), Best(self.model), position.epoch, position.order
        self._saved.put_back()
        position.epoch, position.order = self.epoch, None

    def leave(self) -> None:
        """Go on from where the model was put back."""
        assert self._now is not None
        self._now[0].put_back()
        position = self.model._training.position
        position.epoch, position.order = self._now[2:]

    def begin_anew(self, finding: Finding, change: Change, losses: np.ndarray) -> None:
        """Let the epochs come again, with a change that was made there.

        Args:
            finding: that is mended.
            change: that was applied.
            losses: of the training that is given up.
        """
        assert self._now is not None
        self._given_up.append(GivenUp(finding, change, losses, self._now[1]))
        self._comes = True
        self.model._training.position.batch = 0

    def first_step_comes(self) -> None:
        """Let callbacks forget the training that was given up: all have seen its last epoch."""
        if self._comes:
            self._comes = False
            for callback, state in self._states:
                callback.set_state(copy.deepcopy(state))

    def better_before(self, epoch: int) -> Repair | None:
        """Put the last training that was given up back if it was better; tell so."""
        if not self._given_up:
            return None
        finding, change, before, weights = self._given_up.pop()
        after = measured(self.model, change)
        if not np.isfinite(before).all() or before.mean() >= after.mean():
            return None
        change.undo()
        weights.put_back()
        what = (
            f"{change.what} The training with it ended at a validation {change.measured} of "
            f"{after.mean():.4g}, the one before at {before.mean():.4g}: its weights are back."
        )
        return Repair(finding.id, f"epoch {epoch}", what, change.diff, kept=False)


def _steps(model: Any) -> int:
    return int(np.asarray(model.optimizer.iterations)) if model.optimizer is not None else 0
