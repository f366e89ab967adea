"""Callbacks: objects with `on_*` methods that `fit` calls as it goes."""

from __future__ import annotations

from typing import Any

from neurona.train.history import History


class Callback:
    """Base of the callbacks; override the methods that you need.

    Attributes:
        model: the model that is trained.
        params: settings of the run: `epochs`, `steps`, `verbose`.
    """

    model: Any = None
    params: dict[str, Any]

    def set_model(self, model: Any) -> None:
        """Take the model that is going to be trained."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the settings of the run."""
        self.params = params

    def get_state(self) -> dict[str, Any]:
        """Return what an exact resume needs, as JSON values."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Put back what `get_state` returned."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: dict | None = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Before an epoch."""

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """After an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Before a batch."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """After a batch."""

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Before an evaluation."""

    def on_test_end(self, logs: dict | None = None) -> None:
        """After an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: dict | None = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: dict | None = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """After a batch of a prediction."""


class CallbackList:
    """Several callbacks as one, called in order; methods nobody overrides cost nothing."""

    def __init__(self, callbacks: Any, model: Any, params: dict[str, Any]) -> None:
        self.callbacks: list[Callback] = list(callbacks)
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)

    def call(self, method: str, *args: Any) -> None:
        """Call a method of all callbacks that override it."""
        for callback in self.callbacks:
            if getattr(type(callback), method, None) is not getattr(
                Callback, method
            ) or method in vars(callback):
                getattr(callback, method)(*args)


class HistoryRecorder(Callback):
    """Keeps the logs of each epoch in a History; `fit` always has one."""

    def __init__(self, history: History) -> None:
        self.history = history

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Append the epoch's logs."""
        self.history.add(epoch, dict(logs or {}))

    def get_state(self) -> dict[str, Any]:
        """Return the history so far."""
        return {"epoch": self.history.epoch, "history": self.history.history}

    def set_state(self, state: dict[str, Any]) -> None:
        """Put the history back."""
        self.history.epoch, self.history.history = list(state["epoch"]), dict(state["history"])
