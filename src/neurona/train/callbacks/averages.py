"""SwapEMAWeights: the averages of the weights stand in the model while it is looked at."""

from __future__ import annotations

from typing import Any

from neurona.errors import StateError
from neurona.nn.parameter import Parameter
from neurona.train.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """w <- average before an evaluation or a prediction, and back after it.

    The optimizer averages: `optimizers.Adam(use_ema=True)`. Without this callback it is the weights
    themselves that validation sees, until `fit` ends with their averages.

    Args:
        swap_on_epoch: also from the end of an epoch to the beginning of the next, so that callbacks
            behind this one (ModelCheckpoint) find the averages in the model.

    Raises:
        StateError: if the optimizer keeps no averages.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = bool(swap_on_epoch)
        self._weights: list[tuple[Parameter, Any]] = []  # what the averages stand in place of

    def _swap_in(self) -> None:
        optimizer = self.model.optimizer
        if optimizer is None:
            raise StateError("SwapEMAWeights: the model is not compiled.")
        if not self._weights:
            averaging = optimizer.averaging()
            self._weights = [(p, p.value) for o in averaging for p in o.parameters]
            optimizer.finalize_variable_values()

    def _swap_out(self) -> None:
        for p, value in self._weights:
            p.assign(value)
        self._weights = []

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._swap_out()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._swap_in()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._weights = []  # `fit` has put the averages in

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._swap_in()

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._swap_out()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._swap_in()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._swap_out()

    def get_state(self) -> dict[str, Any]:
        return {"weights": [value.numpy() for _, value in self._weights]}

    def set_state(self, state: dict[str, Any]) -> None:
        if state["weights"]:
            parameters = [p for o in self.model.optimizer.averaging() for p in o.parameters]
            self._weights = list(zip(parameters, state["weights"], strict=True))
