"""The loops of `fit`, `evaluate` and `predict`: epochs, batches, callbacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.tree import flatten
from neurona.train.callbacks import CallbackList

Logs = dict[str, float]


class Position:
    """Where a training run is: all that an exact resume needs besides the parameters.

    Attributes:
        epoch, batch: the next batch to be trained on.
        order: the random state that the running epoch is shuffled by, or None.
    """

    def __init__(self, epoch: int = 0) -> None:
        self.epoch, self.batch = epoch, 0
        self.order: tuple[int, int] | None = None


def run_training(
    model: Any,
    source: Any,
    epochs: int,
    callbacks: CallbackList,
    validate: Any = None,
    initial_epoch: int = 0,
) -> None:
    """Train for epochs `initial_epoch` to `epochs` - 1.

    `validate(epoch)` returns the logs of a validation, or an empty dict when none is due.
    """
    position = model.position = Position(initial_epoch)
    model.stop_training = False
    step = model.training_step()
    callbacks.call("on_train_begin")  # a backup may move the position on from here
    logs: Logs = {}
    while position.epoch < epochs and not model.stop_training:
        logs = _train_epoch(model, source, step, callbacks, position)
        logs.update(validate(position.epoch) if validate is not None else {})
        epoch = position.epoch
        position.epoch, position.batch, position.order = epoch + 1, 0, None
        callbacks.call("on_epoch_end", epoch, logs)
    model.optimizer.finalize_variable_values(model.trainable_weights)
    callbacks.call("on_train_end", logs)


def _train_epoch(
    model: Any, source: Any, step: Any, callbacks: CallbackList, position: Position
) -> Logs:
    callbacks.call("on_epoch_begin", position.epoch)
    if position.batch == 0:
        model.reset_metrics()
        position.order = source.order()
    logs: Logs = {}
    execution = model.steps_per_execution
    for batch in source.batches(position.order, position.batch):
        if source.steps is not None and position.batch >= source.steps:
            break
        number = position.batch
        if number % execution == 0:
            callbacks.call("on_train_batch_begin", number)
        results = step(*batch)
        position.batch = number + 1
        last = source.steps is not None and position.batch == source.steps
        if position.batch % execution == 0 or last:
            logs = as_logs(results)
            callbacks.call("on_train_batch_end", number, logs)
        if model.stop_training:
            break
    return logs or model.metric_results()


def as_logs(results: dict[str, Any]) -> Logs:
    """Return scalars as Python floats, and what is larger (a confusion matrix) as nested lists."""
    return {name: np.asarray(value).tolist() for name, value in results.items()}


def run_evaluation(model: Any, source: Any, callbacks: CallbackList) -> Logs:
    """Return the logs of one pass over the source without training."""
    model.reset_metrics()
    step = model.evaluation_step()
    callbacks.call("on_test_begin")
    results: dict[str, Any] = {}
    for number, batch in enumerate(source.batches()):
        if source.steps is not None and number >= source.steps:
            break
        callbacks.call("on_test_batch_begin", number)
        results = step(*batch)
        callbacks.call("on_test_batch_end", number, results)
    logs = as_logs(results)
    callbacks.call("on_test_end", logs)
    return logs


def run_prediction(model: Any, source: Any, callbacks: CallbackList) -> Any:
    """Return the predictions for all samples, nested as the model's outputs are."""
    step = model.prediction_step()
    callbacks.call("on_predict_begin")
    pieces, structure = [], None
    for number, (x, _, _) in enumerate(source.batches()):
        if source.steps is not None and number >= source.steps:
            break
        callbacks.call("on_predict_batch_begin", number)
        leaves, structure = flatten(step(x))
        pieces.append(leaves)
        callbacks.call("on_predict_batch_end", number, {"outputs": leaves})
    callbacks.call("on_predict_end")
    assert structure is not None
    return structure.unflatten([np.concatenate(column) for column in zip(*pieces, strict=True)])
