"""History: what `fit` returns."""

from __future__ import annotations

from typing import Any

from neurona.errors import absent
from neurona.train import history_page
from neurona.train.callbacks.callback import Callback


class History(Callback):
    """The logs of each epoch; `fit` always has one, called after the user's callbacks.

    Attributes:
        history: name -> list with a number for each epoch.
        epoch: the epochs' numbers, from 0.
        epochs: name -> the epoch of each of its numbers: a validation need not come in each.
        repairs: what the doctor changed, as JSON values, see `callbacks.Doctor`.
        params: settings of the run.
        model: the model that was trained.
        diagnosis: what the doctor found, or None if `fit` had none.
    """

    order = 1  # the others may add to the logs, such as the learning rate
    in_bulk = True

    def __init__(self, model: Any = None, params: dict[str, Any] | None = None) -> None:
        self.model, self.params = model, params or {}
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.epochs: dict[str, list[int]] = {}
        self.diagnosis: Any = None
        self.repairs: list[dict[str, Any]] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.epoch = []  # as in Keras, `history` of a History that is used again goes on

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.add(epoch, logs or {})

    def add(self, epoch: int, logs: dict[str, float]) -> None:
        """Append the logs of an epoch."""
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
            self.epochs.setdefault(name, []).append(epoch)

    def extend(self, first: int, columns: dict[str, list]) -> None:
        """Append the logs of several epochs, numbered from `first`: name -> a value for each."""
        for name, values in columns.items():
            self.history.setdefault(name, []).extend(values)
            self.epochs.setdefault(name, []).extend(range(first, first + len(values)))
            count = len(values)
        self.epoch.extend(range(first, first + count))

    def get_state(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "history": self.history, "epochs": self.epochs}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epoch, self.history = list(state["epoch"]), dict(state["history"])
        self.epochs = dict(state["epochs"])

    def __getattr__(self, name: str) -> Any:
        raise absent(self, name)

    def __repr__(self) -> str:
        last = ", ".join(f"{k} {v[-1]:.4g}" for k, v in self.history.items() if v)
        return f"<History of {len(self.epoch)} epochs: {last}>"

    def _repr_html_(self) -> str:
        return history_page.page(self)
