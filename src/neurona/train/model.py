"""Model: a Layer that knows how to train."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona import ops
from neurona.core import random
from neurona.core.graph import trace_open
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, StateError, check_integer
from neurona.nn import losses, metrics
from neurona.nn.context import collect_losses, in_training
from neurona.nn.layer import Layer
from neurona.nn.parameter import bound
from neurona.optim import names as optimizers
from neurona.train import state
from neurona.train.callbacks import CallbackList
from neurona.train.data import check_arrays, source_of, unpack
from neurona.train.history import History
from neurona.train.loop import Position, Run, as_logs, run_evaluation, run_prediction, run_training
from neurona.train.progress import with_progress
from neurona.train.step import Step


class Model(Layer):
    """A network that can be trained: `compile`, then `fit`, `evaluate`, `predict`, `save`."""

    run: Run | None = None

    def __init__(self, inputs: Any = None, outputs: Any = None) -> None:
        self.inputs, self.outputs = inputs, outputs

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Set what a model has before it is compiled; subclasses need not call our constructor."""
        self = super().__new__(cls)
        self.optimizer = self.loss = self.engine = None
        self.metrics_list = []
        self.loss_tracker = metrics.Mean("loss")
        self.position = Position()
        self.stop_training = False
        self.steps_per_execution = 1
        self.pending_totals = {}
        self._steps = {}
        self._metric_names = None
        return self

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        *,
        engine: str | None = None,
        steps_per_execution: int = 1,
    ) -> None:
        """Choose how to train."""
        self.optimizer = optimizers.get(optimizer)
        self.loss = losses.get(loss)
        self._metric_names = list(metrics or [])
        self.metrics_list = []
        self.engine = engine
        self.steps_per_execution = check_integer(
            "steps_per_execution", steps_per_execution, minimum=1
        )
        self._steps = {}

    def _compiled(self) -> None:
        if self.optimizer is None:
            raise StateError(
                f"{self.name!r} is not compiled.",
                hint='model.compile("adam", "mse") before fit and evaluate',
            )

    def _build_on(self, x: Any, y: Any) -> Any:
        """Create parameters and metrics from the shapes of a batch; return the output's shape."""
        outputs: list[Any] = []

        def run(*tensors: Tensor) -> Any:
            parameters = self.weights
            with bound(parameters, [p.value for p in parameters]):
                y_pred = self(structure.unflatten(tensors), training=False)
            outputs.append(y_pred)
            return y_pred

        leaves, structure = flatten(x)
        with random.use(random.state_of(0, 0)):
            trace_open(run, [np.asarray(a[:1]) for a in leaves])
        y_pred = outputs[0]
        if not self.metrics_list and self._metric_names and y is not None:
            self.metrics_list = [
                metrics.get(m, np.shape(y), getattr(y_pred, "shape", ()), self.loss)
                for m in self._metric_names
            ]
        state.take_pending(self)
        return y_pred

    # --- the step ----------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """Learn from one batch (x, y, sample_weight) and return the logs; override to customise."""
        x, y, sample_weight = unpack(data)

        def forward() -> tuple[Tensor, Any]:
            with collect_losses() as added:
                y_pred = self(x, training=True)
            return self.compute_loss(x, y, y_pred, sample_weight, added), y_pred

        loss, y_pred = self.optimizer.minimize(forward, self.trainable_weights)
        return self.compute_metrics(x, y, y_pred, sample_weight, loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Look at one batch without learning and return the logs; override to customise."""
        x, y, sample_weight = unpack(data)
        with collect_losses() as added:
            y_pred = self(x, training=False)
        loss = self.compute_loss(x, y, y_pred, sample_weight, added)
        return self.compute_metrics(x, y, y_pred, sample_weight, loss)

    def predict_step(self, x: Any) -> Any:
        """Return the prediction for one batch; override to customise."""
        return self(x, training=False)

    def compute_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None, added: Any = ()
    ) -> Tensor:
        """Return the loss of a batch with the penalties of regularisers and layers."""
        terms = [*added, *self.losses]
        if self.loss is not None:
            terms.append(self.loss(y, y_pred, sample_weight))
        if not terms:
            raise ArgumentError(
                "there is no loss to learn from.", hint='compile(optimizer, loss="mse")'
            )
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Any
    ) -> dict[str, Any]:
        """Update the metrics with a batch and return the results so far."""
        self.loss_tracker.update_state(loss, ops.full((), float(flatten(y_pred)[0][0].shape[0])))
        for metric in self.metrics_list:
            metric.update_state(y, y_pred, sample_weight)
        return self.metric_tensors()

    def metric_tensors(self) -> dict[str, Tensor]:
        """Return loss and metrics so far as Tensors."""
        return {m.name: m.result() for m in self.metrics}

    def metric_results(self) -> dict[str, float]:
        """Return loss and metrics so far as numbers."""
        return as_logs({name: value.numpy() for name, value in self.metric_tensors().items()})

    @property
    def metrics(self) -> list[metrics.Metric]:
        """The loss tracker and the metrics."""
        return [self.loss_tracker, *self.metrics_list]

    def reset_metrics(self) -> None:
        """Start all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return all that training goes on from: arrays by name, and the rest as JSON values.

        Parameters, optimiser slots, metric totals, the random stream and the position in the data.
        """
        return state.collect(self)

    def set_state(self, arrays: dict[str, np.ndarray], info: dict[str, Any]) -> None:
        """Put back what `get_state` returned; the model has the same architecture and is built.

        Raises:
            StateError: if the model is not built.
            FormatError: if an array is missing or does not fit; then nothing is changed.
        """
        state.restore(self, arrays, info)

    def _state(self) -> list:
        return [*self.weights, *(p for m in self.metrics for p in m.variables)]

    def _step(self, kind: str, fn: Callable, training: bool, parameters: list) -> Step:
        if kind not in self._steps:

            def run(*batch: Any) -> Any:
                with in_training(training):
                    return fn(*batch)

            self._steps[kind] = Step(run, parameters, getattr(self, "engine", None))
        return self._steps[kind]

    def training_step(self) -> Step:
        """Return the compiled training step."""
        self.optimizer.build(self.trainable_weights)
        parameters = [*self._state(), *self.optimizer.variables]
        return self._step("train", lambda x, y, w: self.train_step((x, y, w)), True, parameters)

    def evaluation_step(self) -> Step:
        """Return the compiled evaluation step."""
        return self._step("test", lambda x, y, w: self.test_step((x, y, w)), False, self._state())

    def prediction_step(self) -> Step:
        """Return the compiled prediction."""
        return self._step("predict", self.predict_step, False, self.weights)

    # --- fit, evaluate, predict --------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Train and return the History."""
        self._compiled()
        epochs = check_integer("epochs", epochs, minimum=0)
        source = source_of(
            x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, steps=steps_per_epoch,
            class_weight=class_weight,
        )  # fmt: skip
        first = next(iter(source.batches()))
        self._build_on(first[0], first[1])
        validate = None
        if validation_data is not None:
            held = source_of(*validation_data, batch_size=validation_batch_size or batch_size)

            def validate(epoch: int) -> dict[str, float]:
                logs = run_evaluation(self, held, listeners)
                return {f"val_{k}": v for k, v in logs.items()}

        params = {"verbose": verbose, "epochs": epochs, "steps": source.steps}
        listeners = CallbackList(with_progress(callbacks, verbose, history=True), self, params)
        self.history = history = next(c for c in listeners.callbacks if isinstance(c, History))
        run_training(self, source, epochs, listeners, validate, initial_epoch)
        return history

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Return loss and metrics on data: a list, a number if there is one, or a dict."""
        self._compiled()
        source = source_of(x, y, sample_weight, batch_size=batch_size, steps=steps)
        first = next(iter(source.batches()))
        self._build_on(first[0], first[1])
        listeners = with_progress(callbacks, verbose)
        params = {"verbose": verbose, "epochs": 1, "steps": source.steps}
        logs = run_evaluation(self, source, CallbackList(listeners, self, params))
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the model's output for all samples, as NumPy arrays."""
        source = source_of(x, batch_size=batch_size, steps=steps)
        first = next(iter(source.batches()))
        self._build_on(first[0], None)
        listeners = with_progress(callbacks, verbose)
        params = {"verbose": verbose, "epochs": 1, "steps": source.steps}
        return run_prediction(self, source, CallbackList(listeners, self, params))

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Learn from one batch and return loss and metrics so far."""
        self._compiled()
        x, y, sample_weight = check_arrays(x, y, sample_weight)
        self._build_on(x, y)
        logs = as_logs(self.training_step()(x, y, sample_weight))
        return logs if return_dict else list(logs.values())
