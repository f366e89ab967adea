"""The loops of `fit`, `evaluate` and `predict`: epochs, batches, callbacks."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from neurona.core import random
from neurona.core.tree import flatten
from neurona.nn.parameter import bound
from neurona.train.callbacks.callback import CallbackList

Logs = dict[str, Any]


class Position:
    """Where a training run is: all that an exact resume needs besides the parameters.

    Attributes:
        epoch, batch: the next batch to be trained on.
        order: what the source makes the running or the next epoch from, such as the random state
            that it is shuffled by; None if nothing is needed or known yet.
        logs: those of the last batch or epoch that callbacks were given.
    """

    def __init__(self, epoch: int = 0) -> None:
        self.epoch, self.batch = epoch, 0
        self.order: tuple[int, ...] | None = None
        self.logs: Logs = {}


class Run(NamedTuple):
    """What a running `fit` works with, for callbacks to look at as `model.run`."""

    source: Any
    callbacks: CallbackList


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
    model.run = Run(source, callbacks)
    try:
        callbacks.call("on_train_begin", {})  # a backup may move the position on from here
        # A run that was told to stop in the middle of an epoch still ends that epoch.
        while position.epoch < epochs and (position.batch or not model.stop_training):
            logs = _train_epoch(model, source, step, callbacks, position)
            logs = {**logs, **(validate(position.epoch) if validate is not None else {})}
            epoch = position.epoch
            position.epoch, position.batch, position.order = epoch + 1, 0, source.order()
            position.logs = logs
            callbacks.call("on_epoch_end", epoch, dict(logs))
        model.optimizer.finalize_variable_values(model.trainable_weights)
        callbacks.call("on_train_end", position.logs)
    finally:
        model.run = None
        callbacks.close()


def _train_epoch(
    model: Any, source: Any, step: Any, callbacks: CallbackList, position: Position
) -> Logs:
    callbacks.call("on_epoch_begin", position.epoch, {})
    if position.batch == 0:
        if position.order is None:
            position.order = source.order()
        position.logs = {}
        model.reset_metrics()
    watched, names = callbacks.wants("on_train_batch_end"), model.metrics_names
    results: dict[str, Any] | None = None
    for group in _groups(model, source, position.order, position.batch):
        if model.stop_training:
            break
        callbacks.call("on_train_batch_begin", position.batch, {})
        for batch in group:
            results = step(*batch)
        position.batch += len(group)
        if watched:
            position.logs = as_logs(results or {}, names)
            callbacks.call("on_train_batch_end", position.batch - 1, dict(position.logs))
    if watched or results is None:  # None: this epoch was resumed behind its last batch
        return position.logs
    return as_logs(results, names)


def _groups(model: Any, source: Any, order: Any = None, start: int = 0) -> Iterator[list]:
    """Yield the batches of an epoch from number `start` on, `steps_per_execution` at a time."""
    batches = source.batches(order, start)
    if source.steps is not None:
        batches = itertools.islice(batches, max(source.steps - start, 0))
    while group := list(itertools.islice(batches, model.steps_per_execution)):
        yield group


def as_logs(results: dict[str, Any], names: Iterable[str] = ()) -> Logs:
    """Return scalars as Python floats, and what is larger (a confusion matrix) as nested lists.

    Args:
        results: what a Step returned, sorted by name.
        names: those that come first; `model.metrics_names` in `fit`.
    """
    ordered = dict.fromkeys([*(n for n in names if n in results), *results])
    return {name: np.asarray(results[name]).tolist() for name in ordered}


@contextlib.contextmanager
def _undisturbed(model: Any) -> Iterator[None]:
    """Leave a training that is going on as it was: its metrics, and its random numbers."""
    if model.run is None:
        yield
        return
    totals = [p for metric in model.metrics for p in metric.variables]
    seed, place = random.get_position()
    with bound(totals, [p.value for p in totals]):
        yield
    random.set_position(seed, place)


@contextlib.contextmanager
def _closing(model: Any, callbacks: CallbackList) -> Iterator[None]:
    """Close the callbacks at the end, unless they are those of a `fit` that goes on."""
    try:
        yield
    finally:
        if model.run is None or model.run.callbacks is not callbacks:
            callbacks.close()


def run_evaluation(model: Any, source: Any, callbacks: CallbackList) -> Logs:
    """Return the logs of one pass over the source without training."""
    step = model.evaluation_step()
    watched, names = callbacks.wants("on_test_batch_end"), model.metrics_names
    results: dict[str, Any] = {}
    done = 0
    with _closing(model, callbacks), _undisturbed(model):
        model.reset_metrics()
        callbacks.call("on_test_begin", {})
        for group in _groups(model, source):
            callbacks.call("on_test_batch_begin", done, {})
            for batch in group:
                results = step(*batch)
            done += len(group)
            if watched:
                callbacks.call("on_test_batch_end", done - 1, as_logs(results, names))
        logs = as_logs(results, names)
        callbacks.call("on_test_end", logs)
    return logs


def run_prediction(model: Any, source: Any, callbacks: CallbackList) -> Any:
    """Return the predictions for all samples, nested as the model's outputs are."""
    step = model.prediction_step()
    pieces: list[list] = []
    structure = None
    with _closing(model, callbacks), _undisturbed(model):
        callbacks.call("on_predict_begin", {})
        for group in _groups(model, source):
            callbacks.call("on_predict_batch_begin", len(pieces), {})
            for x, _, _ in group:
                outputs = step(x)
                leaves, structure = flatten(outputs)
                pieces.append(leaves)
            callbacks.call("on_predict_batch_end", len(pieces) - 1, {"outputs": outputs})
        callbacks.call("on_predict_end", {})
    assert structure is not None
    return structure.unflatten([np.concatenate(column) for column in zip(*pieces, strict=True)])
