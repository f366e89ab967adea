"""Record of a run: what rule sets of other tools ask for, taken without changing the training."""

from __future__ import annotations

import contextlib
import dataclasses
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
        model: as it is in the end.
        start: before the first step; None if the model is built by its first batch.
        epochs: at the end of each epoch.
        logs: losses and metrics, a value for each epoch.
        answers: of the trained model for the first training rows; None if there was an error.
        error: what stopped the script, if anything did.
    """

    training: Training
    model: Any
    start: Moment | None = None
    epochs: list[Moment] = dataclasses.field(default_factory=list)
    logs: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    answers: np.ndarray | None = None
    error: str = ""

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return -(-len(self.training.x) // self.training.batch_size)

    @property
    def x(self) -> np.ndarray:
        """The inputs."""
        return np.asarray(self.training.x)

    @property
    def loss(self) -> str:
        """The name of the loss: snake_case, or that of a function."""
        loss = self.training.loss
        return loss if isinstance(loss, str) else getattr(loss, "name", "") or str(loss)

    @property
    def scores(self) -> bool:
        """Whether the loss is told that it gets scores, not probabilities."""
        return bool(getattr(self.training.loss, "from_logits", False))

    @property
    def layers(self) -> list[Any]:
        """The layers of the model that do something, in their order."""
        return [x for x in self.model.layers if type(x).__name__ != "InputLayer"]

    @property
    def labels(self) -> np.ndarray | None:
        """The class of each training row; None if these are no classes, or several a row."""
        y = self.training.y
        if y is None or ("crossentropy" not in self.loss and self.loss != "hinge"):
            return None
        y = np.asarray(y)
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

    def __init__(self, record: Record) -> None:
        self.record = record

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.model.built:
            self.record.start = moment(self.model, self.record.training)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, value in (logs or {}).items():
            self.record.logs.setdefault(name, []).append(float(value))
        self.record.epochs.append(moment(self.model, self.record.training))


def recorded(make: Callable[[], Training], seed: int) -> Record:
    """Train once with a seed, as `run` does, and return the record of it."""
    nn.utils.set_random_seed(seed)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        t = make()
        model = t.model()
        model.compile(t.optimizer(), t.loss, metrics=list(t.metrics))
        record = Record(t, model)
        given = {"validation_data": t.validation, **t.fit}
        given["callbacks"] = [*given.get("callbacks", ()), Recorder(record)]
        plan = {"batch_size": t.batch_size, "epochs": t.epochs}
        try:
            model.fit(t.x, t.y, **plan, verbose=0, doctor=False, **given)
            record.answers = np.asarray(model.predict(t.x[:ROWS], verbose=0))
        except nn.errors.NeuronaError as error:  # what stops the script stops the record
            record.error = str(error)
    return record


def moment(model: Any, t: Training) -> Moment:
    """Return what there is to see of a model now; its state and the random numbers stay."""
    x = np.asarray(t.x)[: t.batch_size]
    with random.undisturbed(), np.errstate(all="ignore"):
        with activations_of(model) as before, nn.observing() as seen:
            model(x, training=False)
        found = {p.path: np.array(p.numpy()) for p in model.weights if p.trainable}
        slopes = _gradients(model, t, x) if t.loss is not None else []
    layers = {layer.name: layer for layer in model.all_layers()}
    outputs = []
    for path, values in seen.items():
        layer = layers[path.split("/")[-1].split("#")[0]]
        if not isinstance(layer, nn.Model):
            seen_before = before.get(layer.name)
            outputs.append(
                Output(layer.name, type(layer).__name__, activation(layer), values.numpy(),
                       None if seen_before is None else seen_before.numpy())
            )  # fmt: skip
    learnt = [p.path for p in model.trainable_weights] if slopes else []
    gradients = dict(zip(learnt, slopes, strict=True))
    return Moment(found, gradients, outputs, float(model.optimizer.learning_rate))


def _gradients(model: Any, t: Training, x: Any) -> list[np.ndarray]:
    y = np.asarray(t.y)[: t.batch_size]
    y = y.astype("float32") if y.dtype == np.float64 else y
    each = t.fit.get("class_weight")
    weight = np.array([each[int(k)] for k in y.ravel()], "float32") if each else None

    def loss() -> Any:
        return model.compute_loss(x, y, model(x, training=False), weight, training=False)

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
        if callable(getattr(layer, "activation", None)) and not recurrent(layer):
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
