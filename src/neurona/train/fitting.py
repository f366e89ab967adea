"""What `fit`, `evaluate` and `predict` do: check the data, prepare the steps, run the loops."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from neurona import config
from neurona.core import origin
from neurona.errors import NeuronaError, StateError, check_integer, check_number
from neurona.nn.parameter import unchanged
from neurona.train.arrays import (
    check_arrays,
    check_inputs,
    check_targets,
    checked,
    weights_of_classes,
)
from neurona.train.before import before_step
from neurona.train.callbacks import CallbackList
from neurona.train.data import Before, IterableSource, source_of, split_arrays, unpack
from neurona.train.history import History
from neurona.train.loop import Validation, as_logs, run_evaluation, run_prediction, run_training
from neurona.train.progress import with_progress
from neurona.train.state import restarted_metrics
from neurona.train.steps import (
    evaluation_step,
    note_fit,
    prediction_for,
    prediction_step,
    rehearse,
    training_step,
)

PREDICTION_BATCH = 256


class FitSettings(NamedTuple):
    """The arguments of `fit` besides the data."""

    batch_size: int | None
    epochs: int
    verbose: Any
    callbacks: Any
    validation_split: float
    validation_data: Any
    shuffle: bool
    class_weight: Any
    initial_epoch: int
    steps_per_epoch: int | None
    validation_steps: int | None
    validation_batch_size: int | None
    validation_freq: Any


def fit(model: Any, x: Any, y: Any, sample_weight: Any, given: FitSettings) -> History:
    """Train a model and return the History."""
    require_compiled(model, "fit", "train")
    epochs = check_integer("epochs", given.epochs, minimum=0)
    epochs = min(epochs, config.max_epochs() or epochs)
    first_epoch = check_integer("initial_epoch", given.initial_epoch, minimum=0)
    for name in ("steps_per_epoch", "validation_steps", "validation_batch_size"):
        if (value := getattr(given, name)) is not None:
            check_integer(name, value, minimum=1)
    held = given.validation_data
    share = check_number("validation_split", given.validation_split, low=0, high=1)
    before: Before = functools.partial(before_step, model)
    if share and held is None:
        (x, y, sample_weight), held = split_arrays(x, y, sample_weight, share, before)
        before = None
    source = source_of(
        x, y, sample_weight, batch_size=given.batch_size, shuffle=given.shuffle,
        steps=given.steps_per_epoch, class_weight=given.class_weight, before=before,
    )  # fmt: skip
    with model._training.turns:
        prepare(model, source, "train")
    params = {"verbose": given.verbose, "epochs": epochs, "steps": source.steps}
    callbacks = with_progress(given.callbacks, given.verbose, history=True)
    listeners = CallbackList(callbacks, model, params)
    due = _due(given.validation_freq)  # a wrong one is an error without validation as well
    validation = None if held is None else _validation(model, held, given, due, listeners, before)
    history = next(c for c in listeners.callbacks if isinstance(c, History))
    model._training.history = history
    run_training(model, source, epochs, listeners, validation, first_epoch)
    return history


def _validation(
    model: Any, held: Any, given: FitSettings, due: Callable[[int], bool],
    listeners: CallbackList, before: Before,
) -> Validation:  # fmt: skip
    size = given.validation_batch_size or given.batch_size
    ended: list[bool] = []
    try:
        parts = unpack(held) if isinstance(held, tuple | list) else (held, None, None)
        source = source_of(*parts, batch_size=size, steps=given.validation_steps, before=before)
        check_source(model, source)
    except NeuronaError as error:
        if error.hint == "fit(x, y)":
            error.hint = "validation_data=(x_val, y_val)"
        raise error.within("validation_data.") from None

    def run() -> dict[str, Any]:
        if isinstance(source, IterableSource) and source.used_up():
            if not ended:
                origin.warn(
                    f"validation_data: the {type(held).__name__} has no more batches, so there are "
                    "no more validations. A list of batches and nn.data.batches(x, y) can be gone "
                    "through again."
                )
            ended.append(True)
            return {}
        return {f"val_{k}": v for k, v in run_evaluation(model, source, listeners).items()}

    return Validation(source, due, run)


def _due(frequency: Any) -> Callable[[int], bool]:
    """Return the function that says whether to validate after an epoch, counted from 0."""
    if isinstance(frequency, list | tuple | set | range):
        return lambda epoch: epoch + 1 in frequency
    every = check_integer("validation_freq", frequency, minimum=1)
    return lambda epoch: (epoch + 1) % every == 0


def evaluate(
    model: Any,
    x: Any,
    y: Any,
    sample_weight: Any,
    batch_size: int | None,
    verbose: Any,
    steps: int | None,
    callbacks: Any,
) -> dict[str, Any]:
    """Return the logs of one pass over the data without learning."""
    require_compiled(model, "evaluate", "test")
    before = functools.partial(before_step, model)
    source = source_of(x, y, sample_weight, batch_size=batch_size, steps=steps, before=before)
    prepare(model, source, "test")
    params = {"verbose": verbose, "epochs": 1, "steps": source.steps}
    listeners = CallbackList(with_progress(callbacks, verbose), model, params)
    return run_evaluation(model, source, listeners)


def predict(
    model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any
) -> Any:
    """Return the outputs for all samples."""
    size = PREDICTION_BATCH if batch_size is None else batch_size
    if verbose == 0 and callbacks is None and steps is None and type(size) is int:
        step = prediction_for(model, x)
        if step is not None and 0 < len(x) <= size:
            return step.serve(checked("x", x), size)
    before = functools.partial(before_step, model)
    source = source_of(x, batch_size=size, steps=steps, before=before)
    prepare(model, source, "predict")
    params = {"verbose": verbose, "epochs": 1, "steps": source.steps}
    listeners = CallbackList(with_progress(callbacks, verbose), model, params)
    results = run_prediction(model, source, listeners)
    note_fit(model, x)
    return results


def on_batch(
    model: Any, kind: str, x: Any, y: Any, sample_weight: Any, class_weight: Any
) -> dict[str, Any]:
    """Run one training or evaluation step and return its logs, those of this batch alone.

    The totals of a `fit` that goes on, in a callback of which this is called, stay as they are.
    """
    require_compiled(model, f"{kind}_on_batch", kind)
    x, y, weight = check_arrays(before_step(model, x), y, sample_weight)
    if class_weight is not None:
        weight = weights_of_classes(y, class_weight, weight)
    check_inputs(model, x)
    model.check_samples(x, y)
    rehearse(model, (x, y, weight), kind)
    check_targets(model, x, y)
    step = training_step(model) if kind == "train" else evaluation_step(model)
    going_on = model._training.run is not None
    totals = [p for m in model.metrics for p in m.variables] if going_on else []
    with unchanged(totals):
        metrics = restarted_metrics(model)
        if model.overrides("reset_metrics"):  # which may leave some
            for metric in metrics.values():
                metric.reset_state()
        return as_logs(step(x, y, weight), metrics)


def predict_on_batch(model: Any, x: Any) -> Any:
    """Return the outputs for one batch."""
    step = prediction_for(model, x)
    if step is not None and len(x):
        return step(checked("x", x), None, None)
    given, (x, _, _) = x, check_arrays(before_step(model, x), None, None)
    check_inputs(model, x)
    rehearse(model, (x, None, None), "predict")
    results = prediction_step(model)(x, None, None)
    note_fit(model, given)
    return results


def as_list(logs: dict[str, Any]) -> Any:
    """Return logs as a list, or the only one as it is."""
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


# --- before the first step ---------------------------------------------------------------------


def require_compiled(model: Any, method: str, kind: str) -> None:
    """Raise a StateError unless `compile` was called, or the model has a step of its own."""
    if not (model.compiled or model.overrides(f"{kind}_step")):
        raise StateError(
            f"{model.name!r} is not compiled.",
            hint=f'model.compile("adam", "mse") before {method}',
        )


def check_loss_is_free(model: Any, loss: Any) -> None:
    """Raise a StateError if the compiled step has a loss, which another would not replace."""
    if model.compiled and not (model.overrides("train_step") or model.overrides("compute_loss")):
        raise StateError(
            f"the loss of {model.name!r} cannot be set: compile chose it.",
            got=repr(loss)[:60],
            hint="model.compile(model.optimizer, loss=...)",
        )


def nothing_to_train(model: Any, forward: Callable[[], Any]) -> Any:
    """Return what `forward` does for a model without trainable parameters, with a warning."""
    results = forward()  # an error if it computes with others, which it does not know
    origin.warn(
        f"{model.name!r} has nothing to train: the loss is only computed. Set trainable=True on a "
        "layer, or add layers with parameters."
    )
    return results


def prepare(model: Any, source: Any, kind: str) -> None:
    """Check the data against the model, and rehearse a step on the first batch."""
    x, y, weight = source.peek()
    check_inputs(model, x)
    model.check_samples(*getattr(source, "arrays", (x, y))[:2])
    rehearse(model, (x, y, weight), kind)
    check_source(model, source, kind)


def check_source(model: Any, source: Any, kind: str = "test") -> None:
    """Check inputs and targets: all of them if they are arrays, else those of each batch."""

    def check(x: Any, y: Any) -> None:
        check_inputs(model, x)
        model.check_samples(x, y)
        if kind != "predict" and model._training.losses.outputs is not None:
            check_targets(model, x, y)

    if hasattr(source, "arrays"):
        check(*source.arrays[:2])
    else:
        source.check = check
        source.peek()
