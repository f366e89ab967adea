"""Callbacks that watch one number of the logs: EarlyStopping, ReduceLROnPlateau."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurona.core import origin
from neurona.errors import ArgumentError, check_choice, check_integer, check_number
from neurona.train.callbacks.callback import Callback, Logs

# Words in the names of what is better when larger, and when smaller.
_UP = {
    "acc", "accuracy", "auc", "auroc", "precision", "recall", "f1", "fbeta", "dice", "iou", "miou",
    "r2", "specificity", "sensitivity", "similarity", "correlation", "bleu", "true",
}  # fmt: skip
_DOWN = {
    "loss", "error", "entropy", "crossentropy", "divergence", "hinge", "poisson", "mse", "rmse",
    "mae", "mape", "msle", "logcosh", "perplexity", "false",
}  # fmt: skip


class Monitor(Callback):
    """Base of the callbacks that ask whether a number of the logs became better.

    Args:
        monitor: its key in the logs; numbers of the validation begin with "val_".
        mode: "min" if smaller is better, "max" if larger is, "auto" to tell by the metric.
        min_delta: what a number must be better by, to count as better.
        best: the number to beat first, or None.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        min_delta: float = 0.0,
        best: Any = None,
    ) -> None:
        self.monitor = monitor
        self.mode = check_choice("mode", mode, ("auto", "min", "max"))
        self.min_delta = abs(check_number("min_delta", min_delta))
        self.best: float | None = None if best is None else float(best)

    def awaits(self, epoch: int) -> bool:
        """Say whether the number comes later: one of the validation, which this epoch has not."""
        training = getattr(self.model, "_training", None)  # none if it is driven by hand
        validation = getattr(getattr(training, "run", None), "validation", None)
        other = self.monitor.startswith("val_")
        return other and validation is not None and not validation.due(epoch)

    def value(self, epoch: int, logs: Logs | None) -> float | None:
        """Return the number from the logs; None if there is none, with a warning if it is due."""
        logs = logs or {}
        if self.monitor not in logs and self.awaits(epoch):
            return None
        if self.monitor in logs:
            if isinstance(logs[self.monitor], list):
                raise ArgumentError(
                    f"{type(self).__name__} watches a single number.",
                    got=f"{self.monitor!r}, which is an array",
                )
            return logs[self.monitor]
        near = difflib.get_close_matches(self.monitor, list(logs), n=1)
        asks = f" Did you mean {near[0]!r}?" if near else ""
        if self.monitor.startswith("val_") and not any(k.startswith("val_") for k in logs):
            asks = " Numbers of the validation need validation_data or validation_split."
        origin.warn(
            f"{type(self).__name__} watches {self.monitor!r}, which is not available; "
            f"there are {', '.join(logs) or 'no logs'}.{asks}",
        )
        return None

    def is_better(self, value: float, than: float | None) -> bool:
        """Say whether a number is better than another by more than `min_delta`; NaN never is."""
        if self.mode == "auto":
            self.mode = self._direction()
        if np.isnan(value):
            return False
        if than is None or np.isnan(than):
            return True
        if self.mode == "max":
            return value - self.min_delta > than
        return value + self.min_delta < than

    def _direction(self) -> str:
        found = direction(self.monitor, getattr(self.model, "metrics", ()))
        if found is None:
            raise ArgumentError(
                f"{type(self).__name__} cannot tell whether {self.monitor!r} should rise or fall.",
                hint='mode="max" if larger is better, mode="min" if smaller is',
            )
        return found


def direction(monitor: str, metrics: Iterable[Any] = ()) -> str | None:
    """Return whether a number of the logs should rise, "max", or fall, "min"; None if unknown.

    >>> direction("val_loss"), direction("val_accuracy"), direction("val_score")
    ('min', 'max', None)
    """
    name = monitor.removeprefix("val_")
    for metric in metrics:
        if metric.name == name and metric.direction:
            return metric.direction
    words = re.findall(r"[A-Z]+\d*(?![a-z])|[A-Z]?[a-z]+\d*|\d+", name)
    lower = {word.lower() for word in words}
    lower |= {word.rstrip("0123456789") for word in lower}  # acc5, auc1
    if words and words[-1].lower() == "loss":
        return "min"
    if bool(lower & _UP) != bool(lower & _DOWN):
        return "max" if lower & _UP else "min"
    return None


class EarlyStopping(Monitor):
    """Stop when a number has not become better for `patience` epochs.

    Args:
        monitor: key in the logs; "val_loss" by default, because the training loss rarely rises.
        min_delta: smaller changes do not count as better.
        patience: epochs without a better number before training stops; 0 stops at the first.
        verbose: 1 prints what it does.
        mode: "min", "max", or "auto" to tell by the metric.
        baseline: a number that must be beaten; until then better numbers do not renew patience.
        restore_best_weights: put the weights of the best epoch back at the end.
        start_from_epoch: epochs before it are not looked at.

    >>> stop = EarlyStopping("loss", patience=2)
    >>> stop.patience, stop.monitor
    (2, 'loss')
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = check_integer("patience", patience, minimum=0)
        self.verbose, self.restore_best_weights = verbose, restore_best_weights
        self.baseline = None if baseline is None else check_number("baseline", baseline)
        self.start_from_epoch = check_integer("start_from_epoch", start_from_epoch, minimum=0)
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = None
        self.best_weights: list | None = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        current = self.value(epoch, logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.is_better(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.is_better(current, self.baseline):
                self.wait = 0
                return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring the weights of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_state(self) -> dict[str, Any]:
        names = ("wait", "stopped_epoch", "best_epoch", "best", "best_weights")
        return {name: getattr(self, name) for name in names}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class ReduceLROnPlateau(Monitor):
    """learning_rate <- max(learning_rate * factor, min_lr), when a number has stopped improving.

    With a schedule, all its values from then on are scaled. The logs get a "learning_rate".

    Args:
        monitor: key in the logs.
        factor: what the rate is multiplied by, below 1.
        patience: epochs without a better number before that happens.
        verbose: 1 prints what it does.
        mode: "min", "max", or "auto" to tell by the metric.
        min_delta: smaller changes do not count as better.
        cooldown: epochs after a reduction in which patience does not count.
        min_lr: the rate does not fall below it.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.factor = check_number("factor", factor, low=0, high=1, open=True)
        self.patience = check_integer("patience", patience, minimum=0)
        self.cooldown = check_integer("cooldown", cooldown, minimum=0)
        self.min_lr = check_number("min_lr", min_lr, low=0)
        self.verbose = verbose
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.wait = self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        rate = logs["learning_rate"] = current_rate(self.model)
        current = self.value(epoch, logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch, rate):
                self.cooldown_counter, self.wait = self.cooldown, 0

    def in_cooldown(self) -> bool:
        """Say whether a reduction was made so recently that patience does not count."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int, rate: float) -> bool:
        if rate <= float(np.float32(self.min_lr)):  # the optimiser keeps the rate in float32
            return False
        new = max(rate * self.factor, self.min_lr)
        self.model.optimizer.scale_learning_rate(new / rate)
        if self.verbose:
            print(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new:.6g}.")
        return True

    def get_state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("best", "wait", "cooldown_counter")}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def current_rate(model: Any) -> float:
    """Return the learning rate of the next update."""
    return float(model.optimizer.learning_rate.numpy())
