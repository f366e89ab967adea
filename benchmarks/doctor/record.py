"""Record of a run: what rule sets of other tools ask for, taken without changing the training.

They know models of one input and one output. Of several inputs each is looked at; of several
outputs the last, with its targets and its loss. What a generator gives is joined before.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.training import Training
from neurona.core import random

ROWS = 500  # of the training data that the trained model is asked for


@dataclasses.dataclass(frozen=True)
class Output:
    """What a layer returned for the batch.

    Attributes:
        layer, kind: its name and class.
        activation: the name of its activation function, if it has one.
        values: what it returned.
        before: what its activation was called on; None in recurrent layers.
    """

    layer: str
    kind: str
    activation: str | None
    values: np.ndarray
    before: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class Moment:
    """The network at the end of an epoch, on the first batch of the training rows.

    Attributes:
        weights, gradients: of the parameters, by their paths, in the order of the layers; what is
            frozen has no gradient.
        outputs: of all layers, those within layers too, as they are called in inference.
        rate: of the optimizer's next step.
    """

    weights: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray]
    outputs: list[Output]
    rate: float

    @property
    def kernels(self) -> dict[str, np.ndarray]:
        """The weights but biases and what scales."""
        return {p: w for p, w in self.weights.items() if w.ndim > 1 and not p.endswith("bias")}


@dataclasses.dataclass
class Record:
    """A run, as others may look at it.

    Attributes:
        training: what the script says.
        inputs: of the training rows; several if the model has several.
        y: the targets of the last output.
        batch: rows in a step.
        model: as it is in the end.
        start: before the first step; None if the model is built by its first batch.
        epochs: at the end of each epoch.
        logs: losses and metrics, a value for each epoch.
        answers: of the trained model for the first training rows; None if there was an error.
        error: what stopped the script, if anything did.
    """

    training: Training
    inputs: list[np.ndarray]
    y: np.ndarray | None
    batch: int
    model: Any
    start: Moment | None = None
    epochs: list[Moment] = dataclasses.field(default_factory=list)
    logs: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    answers: np.ndarray | None = None
    error: str = ""

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return -(-len(self.inputs[0]) // self.batch)

    @property
    def loss(self) -> str:
        """The name of the loss: snake_case, or that of a function."""
        loss = _last(self.training.loss)
        return loss if isinstance(loss, str) else getattr(loss, "name", "") or str(loss)

    @property
    def scores(self) -> bool:
        """Whether the loss is told that it gets scores, not probabilities."""
        return bool(getattr(_last(self.training.loss), "from_logits", False))

    @property
    def layers(self) -> list[Any]:
        """The layers of the model that do something, in their order."""
        return [x for x in self.model.layers if type(x).__name__ != "InputLayer"]

    @property
    def labels(self) -> np.ndarray | None:
        """The class of each training row; None if these are no classes, or several a row."""
        y = self.y
        if y is None or ("crossentropy" not in self.loss and self.loss != "hinge"):
            return None
        if y.ndim == 2 and y.shape[1] > 1:
            return y.argmax(1) if np.isin(y, (0, 1)).all() and (y.sum(1) == 1).all() else None
        y = y.reshape(len(y), -1)
        return y[:, 0] if y.shape[1] == 1 and (y == np.rint(y)).all() else None

    @property
    def predicted(self) -> np.ndarray | None:
        """The class that the trained model finds for each of the first rows."""
        if self.labels is None or self.answers is None:
            return None
        answers = self.answers.reshape(len(self.answers), -1)
        if answers.shape[1] > 1:
            return answers.argmax(1)
        low = np.unique(self.labels)[0]
        return np.where(answers[:, 0] > self.training.threshold, 1, low)


class Recorder(nn.callbacks.Callback):
    """Writes the record while a model is trained."""

    each_batch = False

    def __init__(self, record: Record, batch: Batch) -> None:
        self.record, self.batch = record, batch

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.model.built:
            self.record.start = moment(self.model, self.batch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, value in (logs or {}).items():
            self.record.logs.setdefault(name, []).append(float(value))
        self.record.epochs.append(moment(self.model, self.batch))


@dataclasses.dataclass(frozen=True)
class Batch:
    """The first rows of the training: x, y (each may be a tuple), and their weights."""

    x: Any
    y: Any
    weight: np.ndarray | None


def recorded(make: Callable[[], Training], seed: int) -> Record:
    """Train once with a seed, as `run` does, and return the record of it."""
    nn.utils.set_random_seed(seed)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        t = make()
        model = t.model()
        model.compile(t.optimizer(), t.loss, metrics=list(t.metrics))
        with random.undisturbed():  # what a generator gave is gone: another one is read
            x, y, batch = joined(make())
        last = None if y is None else np.asarray(_last(y))
        inputs = [np.asarray(part) for part in (x if isinstance(x, tuple) else (x,))]
        record = Record(t, inputs, last, batch, model)
        given = {"validation_data": t.validation, **t.fit}
        recorder = Recorder(record, first(t, x, y, batch))
        given["callbacks"] = [*given.get("callbacks", ()), recorder]
        plan = {"batch_size": t.batch_size, "epochs": t.epochs}
        try:
            model.fit(t.x, t.y, **plan, verbose=0, doctor=False, **given)
            whole = batch * min(len(inputs[0]) // batch, ROWS // batch) or ROWS
            answers = model.predict(_rows(x, whole), batch_size=batch, verbose=0)
            record.answers = np.asarray(_last(answers))
        except nn.errors.NeuronaError as error:  # what stops the script stops the record
            record.error = str(error)
    return record


def joined(t: Training) -> tuple[Any, Any, int]:
    """Return x and y as arrays, or tuples of them, and how many rows a batch has."""
    if isinstance(t.x, nn.data.PyDataset):
        batches = [t.x[i] for i in range(len(t.x))]
    elif isinstance(t.x, Iterator | nn.data.Dataset):
        batches = list(itertools.islice(t.x, t.fit.get("steps_per_epoch")))
    else:
        several = (tuple(a) if isinstance(a, list) else a for a in (t.x, t.y))
        return *several, t.batch_size
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return x, y, len(batches[0][0])


def first(t: Training, x: Any, y: Any, size: int) -> Batch:
    """Return the first rows, and what each weighs in the loss."""
    targets = None if y is None else _rows(y, size)
    each, given = t.fit.get("class_weight"), t.fit.get("sample_weight")
    weight = None if given is None else given[:size]
    if each:
        weight = np.array([each[int(k)] for k in np.ravel(targets)], "float32")
    return Batch(_rows(x, size), targets, weight)


def _rows(a: Any, size: int) -> Any:
    """Return the first rows of an array, or of each of several."""
    if isinstance(a, tuple):
        return tuple(_rows(part, size) for part in a)
    found = np.asarray(a)[:size]
    return found.astype("float32") if found.dtype == np.float64 else found


def _last(of: Any) -> Any:
    """Return what belongs to the last output."""
    return of[-1] if isinstance(of, list | tuple) else of


def moment(model: Any, batch: Batch) -> Moment:
    """Return what there is to see of a model now; its state and the random numbers stay."""
    with random.undisturbed(), nn.StatelessScope(), np.errstate(all="ignore"):
        with activations_of(model) as before, nn.observing() as seen:
            model(batch.x, training=False)
        found = {p.path: np.array(p.numpy()) for p in model.weights if p.trainable}
        slopes = _gradients(model, batch)
    layers = {layer.name: layer for layer in model.all_layers()}
    outputs = []
    for path, values in seen.items():
        layer = layers.get(re.split(r"[#\[]", path.split("/")[-1])[0])  # None: attention's weights
        if layer is not None and not isinstance(layer, nn.Model):
            seen_before = before.get(layer.name)
            outputs.append(
                Output(layer.name, type(layer).__name__, activation(layer), values.numpy(),
                       None if seen_before is None else seen_before.numpy())
            )  # fmt: skip
    learnt = [p.path for p in model.trainable_weights] if slopes else []
    gradients = dict(zip(learnt, slopes, strict=True))
    return Moment(found, gradients, outputs, float(model.optimizer.learning_rate))


def _gradients(model: Any, batch: Batch) -> list[np.ndarray]:
    def loss() -> Any:
        answers = model(batch.x, training=False)
        return model.compute_loss(batch.x, batch.y, answers, batch.weight, training=False)

    if model.loss is None or not model.trainable_weights:
        return []
    _, slopes = nn.value_and_grad(loss, parameters=model)()
    return [g.numpy() for g in slopes]


def activation(layer: Any) -> str | None:
    """Return the name of the activation function of a layer."""
    if type(layer).__name__ in ("Softmax", "ReLU"):
        return type(layer).__name__.lower()
    return getattr(getattr(layer, "activation", None), "__name__", None)


@contextlib.contextmanager
def activations_of(model: Any) -> Iterator[dict[str, Any]]:
    """Yield a dict that takes what the activation of each layer is called on, by the layer."""
    taken: dict[str, Any] = {}
    changed: list[tuple[Any, Any]] = []

    def watched(name: str, function: Any) -> Any:
        def call(z: Any) -> Any:
            taken[name] = z
            return function(z)

        return call

    for layer in model.all_layers():
        alone = not layer.sublayers() and not recurrent(layer)
        if alone and callable(getattr(layer, "activation", None)):
            changed.append((layer, layer.activation))
            layer.activation = watched(layer.name, layer.activation)
    try:
        yield taken
    finally:
        for layer, function in changed:
            layer.activation = function


def recurrent(layer: Any) -> bool:
    """Whether a layer calls its activation in a loop."""
    return hasattr(layer, "recurrent_initializer") or "RNN" in type(layer).__name__
