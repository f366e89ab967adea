"""Small callbacks that act on training: LearningRateScheduler, TerminateOnNaN."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.errors import ArgumentError, StateError
from neurona.nn.parameter import Parameter
from neurona.train.callbacks.callback import Callback, Logs
from neurona.train.callbacks.monitor import current_rate


class LearningRateScheduler(Callback):
    """learning_rate <- schedule(epoch, learning_rate), before each epoch.

    The logs get a "learning_rate".

    Args:
        schedule: a function of the epoch, from 0, and of the rate so far if it takes two
            arguments; returns the new rate.
        verbose: 1 prints the rates.

    Raises:
        ArgumentError: if the function does not return a number.
        StateError: if the optimiser follows a schedule already.

    >>> halve = LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate)
    """

    def __init__(self, schedule: Callable, verbose: int = 0) -> None:
        if not callable(schedule):
            raise ArgumentError(
                "schedule must be a function of the epoch and the rate.", got=repr(schedule)
            )
        self.schedule, self.verbose = schedule, verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        if not isinstance(optimizer.learning_rate, Parameter):
            raise StateError(
                "LearningRateScheduler: the optimizer follows a schedule of its own.",
                hint="give the optimizer a number as learning_rate",
            )
        given = (epoch, current_rate(self.model)) if self._takes_rate else (epoch,)
        rate = self.schedule(*given)
        number = isinstance(rate, float | int | np.floating) and not isinstance(rate, bool)
        if not number or not math.isfinite(rate) or rate < 0:
            raise ArgumentError(
                "LearningRateScheduler: the schedule must return a rate.",
                got=f"{rate!r} for epoch {epoch}",
                expected="a number of 0 or more",
            )
        optimizer.learning_rate = float(rate)
        if self.verbose:
            print(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate:.6g}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = current_rate(self.model)


def _takes_two(function: Callable) -> bool:
    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # some built-in functions have no signature to read
        return True
    return True


class TerminateOnNaN(Callback):
    """Stop when the loss of a batch is NaN or infinite.

    Args:
        raise_error: raise a StateError instead, so that no callback ends as after a success.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss: Any = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise StateError(
                f"the loss became {loss} in batch {batch}.",
                hint="a smaller learning_rate, or clipnorm=1.0 in the optimizer",
            )
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
