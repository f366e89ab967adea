"""History: what `fit` returns."""

from __future__ import annotations

from typing import Any


class History:
    """The logs of each epoch.

    Attributes:
        history: name -> list with a number for each epoch.
        epoch: the epochs' numbers, from 0.
        params: settings of the run.
        model: the model that was trained.
    """

    def __init__(self, model: Any = None, params: dict[str, Any] | None = None) -> None:
        self.model, self.params = model, params or {}
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def add(self, epoch: int, logs: dict[str, float]) -> None:
        """Append the logs of an epoch."""
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        last = ", ".join(f"{k} {v[-1]:.4g}" for k, v in self.history.items() if v)
        return f"<History of {len(self.epoch)} epochs: {last}>"
