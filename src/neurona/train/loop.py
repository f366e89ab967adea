"""The loops of `fit`, `evaluate` and `predict`: epochs, batches, callbacks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from neurona.core import origin, random
from neurona.core.tree import flatten, map_leaves
from neurona.errors import ShapeError
from neurona.nn.metrics import Metric
from neurona.nn.parameter import unchanged
from neurona.train import state, steps
from neurona.train.alarm import Alarm
from neurona.train.callbacks.callback import CallbackList
from neurona.train.data import IterableSource
from neurona.train.feed import Feed
from neurona.train.source import ArraySource

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


class Validation(NamedTuple):
    """A pass over other data between epochs.

    Attributes:
        source: the data.
        due: says whether it comes after an epoch.
        run: carries it out, and returns the logs.
    """

    source: Any
    due: Callable[[int], bool]
    run: Callable[[], Logs]


class Fit(NamedTuple):
    """What a running `fit` works with, for callbacks to look at as `model._training.run`.

    `feed.coming()` is the batch that is trained on next.
    """

    source: Any
    callbacks: CallbackList
    validation: Validation | None = None
    feed: Any = None


def run_training(
    model: Any,
    source: Any,
    epochs: int,
    callbacks: CallbackList,
    validation: Validation | None = None,
    initial_epoch: int = 0,
) -> None:
    """Train for epochs `initial_epoch` to `epochs` - 1."""
    training = model._training
    position = training.position = Position(initial_epoch)
    model.stop_training = False
    with training.turns:
        step = callbacks.around(steps.training_step(model))
    feed = Feed(model, step, source, callbacks.watch_each("train"))
    training.run, alarm = Fit(source, callbacks, validation, feed), Alarm(model)
    alarm.told = any(c.diagnoses for c in callbacks.callbacks)
    try:
        callbacks.call("on_train_begin", {})  # a backup may move the position on from here
        begin = position.epoch
        quiet = validation is None and _is_quiet(model, source, callbacks)
        # A run that was told to stop in the middle of an epoch still ends that epoch.
        while position.epoch < epochs and (position.batch or not model.stop_training):
            if quiet:
                with training.turns.last():
                    several = _train_epochs(model, feed, callbacks, position, epochs, alarm)
                if several:
                    continue
            if position.epoch > begin and not position.batch and _used_up(source, position, epochs):
                break
            logs = _train_epoch(model, feed, callbacks, position)
            epoch = position.epoch
            alarm.see(epoch, logs)
            if validation is not None and validation.due(epoch):
                logs = {**logs, **validation.run()}
            position.epoch, position.batch, position.order = epoch + 1, 0, source.order()
            position.logs = logs
            callbacks.call("on_epoch_end", epoch, dict(logs))
        with training.turns:
            state.finalize(model)
        callbacks.call("on_train_end", position.logs)
    finally:
        training.run = None
        callbacks.close()


def _used_up(source: Any, position: Position, epochs: int) -> bool:
    """Say whether the data have ended before the epochs did, to the user too."""
    ended = isinstance(source, IterableSource) and source.used_up()
    if ended:
        origin.warn(
            f"the {type(source.given).__name__} has no more batches: the training ends after "
            f"{position.epoch} of {epochs} epochs. A list of batches and nn.data.batches(x, y) can "
            "be gone through again.",
        )
    return ended


def _train_epoch(model: Any, feed: Feed, callbacks: CallbackList, position: Position) -> Logs:
    callbacks.call("on_epoch_begin", position.epoch, {})
    feed.follow(model, callbacks)
    if position.batch == 0:
        if position.order is None:
            position.order = feed.source.order()
        position.logs = {}
        names = state.restarted_metrics(model)
    else:
        names = state.named_metrics(model)
    watched = callbacks.wants("on_train_batch_end")
    results: dict[str, Any] | None = None
    undisturbed = callbacks.undisturbed(position.epoch)
    for count, run in feed.groups(position.order, position.batch, undisturbed):
        if model.stop_training:
            break
        callbacks.call("on_train_batch_begin", position.batch, {})
        results = run()
        position.batch += count
        if watched:
            position.logs = as_logs(results or {}, names)
            callbacks.call("on_train_batch_end", position.batch - 1, dict(position.logs))
    if watched or results is None:  # None: this epoch was resumed behind its last batch
        return position.logs
    return as_logs(results, names)


def _is_quiet(model: Any, source: Any, callbacks: CallbackList) -> bool:
    """Say whether nothing has to be done in Python between most epochs but to note their logs."""
    hooks = ("on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end")
    listeners = [c for hook in hooks for c in callbacks.wants(hook)]
    return (
        isinstance(source, ArraySource)
        and all(vars(type(c)).get("in_bulk") for c in listeners)
        and not model.overrides("reset_metrics")
        and all(type(m).reset_state is Metric.reset_state for m in model.metrics)
    )


def _train_epochs(
    model: Any, feed: Feed, callbacks: CallbackList, position: Position, epochs: int, alarm: Alarm
) -> bool:
    """Train for several epochs in one call, as many as there is time for; False if that is none."""
    source = feed.source
    count = min(feed.pace.steps // source.steps, epochs - position.epoch)
    if (undisturbed := callbacks.undisturbed(position.epoch)) is not None:
        count = min(count, undisturbed(0) // source.steps)
    if count < 2 or position.batch or (position.order is None and source.shuffle):
        return False
    redrawn = feed.step.draws_orders(source, count)
    stretch = source.epochs(position.order, count, redrawn)
    if stretch is None:
        return False
    metrics = state.restarted_metrics(model)
    totals = [p for metric in metrics.values() for p in metric.variables]
    with feed.pace.timed(count * source.steps):
        results = feed.step.run_epochs(source, stretch, int(source.shuffle), totals)
    if results is None:
        return False
    columns = as_logs(results, metrics)
    done = max(map(len, columns.values()), default=count)  # fewer if one of them stopped it
    first, position.epoch = position.epoch, position.epoch + done
    alarm.see(first, columns)
    position.order = source.order()
    position.logs = {name: values[-1] for name, values in columns.items()}
    for listener in callbacks.wants("on_epoch_end"):
        listener.extend(first, columns)
    return True


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
    if model._training.run is None:
        yield
        return
    totals = [p for metric in model.metrics for p in metric.variables]
    with unchanged(totals), random.undisturbed():
        yield


@contextlib.contextmanager
def _closing(model: Any, callbacks: CallbackList) -> Iterator[None]:
    """Close the callbacks at the end, unless they are those of a `fit` that goes on."""
    try:
        yield
    finally:
        run = model._training.run
        if run is None or run.callbacks is not callbacks:
            callbacks.close()


def run_evaluation(model: Any, source: Any, callbacks: CallbackList) -> Logs:
    """Return the logs of one pass over the source without training."""
    with model._training.turns:
        return _evaluated(model, source, callbacks)


def _evaluated(model: Any, source: Any, callbacks: CallbackList) -> Logs:
    feed = Feed(model, steps.evaluation_step(model), source, callbacks.watch_each("test"))
    watched = callbacks.wants("on_test_batch_end")
    results: dict[str, Any] = {}
    done = 0
    with _closing(model, callbacks), _undisturbed(model):
        names = state.restarted_metrics(model)
        callbacks.call("on_test_begin", {})
        for count, run in feed.groups():
            callbacks.call("on_test_batch_begin", done, {})
            results = run()
            done += count
            if watched:
                callbacks.call("on_test_batch_end", done - 1, as_logs(results, names))
        logs = as_logs(results, names)
        callbacks.call("on_test_end", logs)
    return logs


class Outputs:
    """Runs a prediction and gathers its outputs; an engine that can writes them where they belong.

    Args:
        step: the Step.
        source: the data.
    """

    def __init__(self, step: Any, source: Any) -> None:
        self.step = step
        self.room = step.room(source) if isinstance(source, ArraySource) else None
        self.pieces: list[list] = []
        self.structure: Any = None

    def run(self, source: Any, stretch: Any) -> Any:
        """Run some batches of a source; return the outputs of the last one."""
        if self.room is None:
            return self.run_batches(source.cut(stretch))
        self.step.run_into(self.room, source, stretch)
        first, size, count = stretch.pieces[-1]
        end = first + size * count
        return map_leaves(lambda a: a[end - size : end], self.room)

    def run_batches(self, batches: Iterable) -> Any:
        """Run some batches; return the outputs of the last one."""
        for x, _, _ in batches:
            outputs = self.step(x, None, None)
            leaves, self.structure = flatten(outputs)
            self.pieces.append(leaves)
        return outputs

    def all(self) -> Any:
        """Return the outputs for all samples.

        Raises:
            ShapeError: if an output has no batch axis.
        """
        if self.room is not None:
            return self.room
        if any(leaf.ndim == 0 for leaves in self.pieces[:1] for leaf in leaves):
            raise ShapeError(
                "a prediction has an axis for the samples.",
                got="a scalar",
                hint="leave the batch axis out of sums and means: axis=1, or axis=-1",
            )
        columns = zip(*self.pieces, strict=True)
        return self.structure.unflatten([np.concatenate(column) for column in columns])


def run_prediction(model: Any, source: Any, callbacks: CallbackList) -> Any:
    """Return the predictions for all samples, nested as the model's outputs are."""
    outputs = Outputs(steps.prediction_step(model), source)
    feed = Feed(model, outputs, source, callbacks.watch_each("predict"))
    done = 0
    with _closing(model, callbacks), _undisturbed(model):
        callbacks.call("on_predict_begin", {})
        for count, run in feed.groups():
            callbacks.call("on_predict_batch_begin", done, {})
            last = run()
            done += count
            callbacks.call("on_predict_batch_end", done - 1, {"outputs": last})
        callbacks.call("on_predict_end", {})
    return outputs.all()
