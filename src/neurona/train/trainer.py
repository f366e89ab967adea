"""Trainer: the half of a Model that learns: `compile`, the steps, `fit`, `evaluate`, `predict`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from neurona import config
from neurona.core.tensor import Tensor
from neurona.errors import StateError, check_choice, check_integer
from neurona.frames import door
from neurona.nn.metrics import Metric
from neurona.nn.parameter import Parameter
from neurona.optim import names as optimizers
from neurona.train import fitting, shown, state, steps
from neurona.train.compiled import Compiled
from neurona.train.data import unpack
from neurona.train.diagnosed import Diagnosed, with_doctor
from neurona.train.history import History
from neurona.train.observed import Watched
from neurona.train.older import Older, taking_older
from neurona.train.prepared import Prepared
from neurona.train.step import Step
from neurona.train.training import Training


class Trainer(Older, Prepared, Watched, Diagnosed, shown.Shown):
    """What a Model inherits besides being a Layer: how it is trained and used on data.

    Attributes:
        optimizer, loss: what `compile` was given.
        stop_training: set it to end `fit` after the running batch.
    """

    optimizer: Any = None
    _loss: Any = None
    stop_training = False
    run_eagerly = False
    steps_per_execution = 1
    _training: Training  # all else, so that a model's attributes have any names

    if TYPE_CHECKING:  # what the other half, the Layer, has

        @property
        def name(self) -> str: ...
        @property
        def losses(self) -> list[Tensor]: ...
        @property
        def output_names(self) -> list[str] | None: ...
        @property
        def trainable_weights(self) -> list[Parameter]: ...
        @property
        def weights(self) -> list[Parameter]: ...
        def all_layers(self) -> list[Any]: ...
        def overrides(self, method: str) -> bool: ...
        def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any: ...

    @door
    @taking_older
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        *,
        engine: str | None = None,
    ) -> None:
        """Choose how to train.

        Keras 3 has loss_weights before metrics; tutorials that give metrics by position follow the
        older order, which is ours.

        Args:
            optimizer: a name or an Optimizer.
            loss: a name, a Loss or a function (y_true, y_pred). For several outputs a list or a
                dict by their names; one alone is for each of them.
            loss_weights: the outputs' shares of the total loss, as a list or a dict; 1 each.
            metrics: a list of names, Metrics or functions; for several outputs a list with an entry
                for each, or a dict by their names. They ignore sample weights.
            weighted_metrics: metrics that count each sample with its weight.
            run_eagerly: run each step as it is written, slowly, so that prints and debuggers work.
            steps_per_execution: batch callbacks are called every so many batches.
            jit_compile: False runs steps on the reference engine; "auto" and True compile them.
            auto_scale_loss: accepted as in Keras; there is no float16 whose loss to scale.
            engine: name of the engine, the setting `config.engine()` by default.

        Raises:
            ArgumentError: if a name is unknown.
        """
        self._training.arguments = {
            "optimizer": optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution, "jit_compile": jit_compile,
            "engine": engine,
        }  # fmt: skip
        self.optimizer, self._loss = optimizers.get(optimizer), loss
        self._training.losses = Compiled(loss, loss_weights, metrics, weighted_metrics)
        self.run_eagerly = bool(run_eagerly)
        if engine is not None:
            check_choice("engine", engine, config.ENGINES)
        self._training.engine = engine or (config.UNCOMPILED if jit_compile is False else None)
        self.steps_per_execution = check_integer(
            "steps_per_execution", steps_per_execution, minimum=1
        )
        self.stop_training = False
        self._training.pending_totals = {}
        self._training.steps = {}

    @property
    def loss(self) -> Any:
        """What `compile` was given."""
        return self._loss

    @loss.setter
    def loss(self, value: Any) -> None:
        if value is not self._loss:
            fitting.check_loss_is_free(self, value)
        self._loss = value

    @property
    def history(self) -> History | None:
        """The History of the last `fit`."""
        return self._training.history

    @history.setter
    def history(self, value: Any) -> None:
        if value is not None and not isinstance(value, History):
            raise StateError(
                "a model's `history` is taken: it is the History of the last fit.",
                got=type(value).__name__,
                hint="use another name for the attribute",
            )
        self._training.history = value

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self.optimizer is not None

    def train_step(self, data: Any) -> dict[str, Any]:
        """Learn from one batch, x, (x, y) or (x, y, sample_weight), and return the logs.

        Override it to train in another way, with several losses and optimisers if need be:

            loss, grads = nn.value_and_grad(loss_of, parameters=self.generator)(x)
            self.g_optimizer.apply(grads, self.generator)

        It is compiled as a whole, so all it computes must be traceable.
        """
        x, y, sample_weight = unpack(data)

        def forward() -> tuple[Tensor, Any]:
            y_pred = self(x, training=True)
            return self._total_loss(x, y, y_pred, sample_weight, training=True), y_pred

        if weights := self.trainable_weights:
            loss, y_pred = self.optimizer.minimize(forward, weights)
        else:
            loss, y_pred = fitting.nothing_to_train(self, forward)
        self._training.losses.track(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Look at one batch without learning and return the logs; override to customise."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        loss = self._total_loss(x, y, y_pred, sample_weight, training=False)
        self._training.losses.track(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the prediction for one batch; override to customise."""
        return self(unpack(data)[0], training=False)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return the loss of a batch with the penalties of regularisers and layers; override it.

        Raises:
            StateError: if there is nothing to minimise.
        """
        self._training.losses.build(y, y_pred, self.output_names)
        terms = [*self._training.losses.losses(y, y_pred, sample_weight), *self.losses]
        if not terms:
            raise StateError(
                "there is no loss to learn from.",
                hint='compile(optimizer, loss="mse"), or add_loss in a layer',
            )
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def _total_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
    ) -> Tensor:
        """Call `compute_loss`, which may have been overridden without the argument `training`."""
        given = {"x": x, "y": y, "y_pred": y_pred, "sample_weight": sample_weight}
        if "training" in inspect.signature(self.compute_loss).parameters:
            return self.compute_loss(**given, training=training)
        return self.compute_loss(**given)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Take a batch into the metrics and return all results so far; override to customise."""
        self._training.losses.build(y, y_pred, self.output_names)
        self._training.losses.update(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return loss and metrics so far by their names in logs."""
        results: dict[str, Any] = {}
        for name, metric in state.named_metrics(self).items():
            result = metric.result()
            results.update(result if isinstance(result, dict) else {name: result})
        return results

    def training_step(self) -> Step:
        """Return the compiled training step."""
        return steps.training_step(self)

    def evaluation_step(self) -> Step:
        """Return the compiled evaluation step."""
        return steps.evaluation_step(self)

    def prediction_step(self) -> Step:
        """Return the compiled prediction."""
        return steps.prediction_step(self)

    @property
    def metrics(self) -> list[Metric]:
        """The loss, the metrics of `compile`, and those that the model and its layers hold."""
        return list(state.named_metrics(self).values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of loss and metrics in logs, in the order of what `evaluate` returns."""
        return list(state.named_metrics(self))

    def reset_metrics(self) -> None:
        """Start all metrics anew."""
        with self._training.turns:
            for metric in self.metrics:
                metric.reset_state()

    @door
    @taking_older
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
        validation_freq: Any = 1,
        doctor: Any = False,
    ) -> History:
        """Train and return the History; see `train/fitting.py` for the checks at the door.

        Args:
            x: inputs: an array, a list or dict of arrays for several inputs, or an iterable of
                batches (x, y) or (x, y, sample_weight).
            y: targets, nested as the outputs are; None if x gives batches.
            batch_size: samples a step, 32 by default.
            epochs: where to end; training starts at `initial_epoch`.
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch; "auto" chooses.
            callbacks: a Callback or a list of them.
            validation_split: share of the samples, the last ones, that is held out.
            validation_data: (x, y), (x, y, sample_weight) or an iterable of batches.
            shuffle: a new order each epoch; arrays only.
            class_weight: class -> weight in the loss.
            sample_weight: a weight for each sample, or for each value.
            initial_epoch: number of the first epoch.
            steps_per_epoch: batches in an epoch, for data without an end.
            validation_steps: batches in a validation.
            validation_batch_size: `batch_size` by default.
            validation_freq: validate every so many epochs, or after those in a list (from 1).
            doctor: True, "guard" or "full" examines the training; or a `callbacks.Doctor`.

        Raises:
            StateError: if `compile` was not called, or another thread trains the model.
            DataError: if the data cannot be trained on; it says what to change.
        """
        callbacks = with_doctor(callbacks, doctor)
        settings = fitting.FitSettings(
            batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle,
            class_weight, initial_epoch, steps_per_epoch, validation_steps, validation_batch_size,
            validation_freq,
        )  # fmt: skip
        with self._training.turns.training(self.name):
            return fitting.fit(self, x, y, sample_weight, settings)

    @door
    @taking_older
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
        given = batch_size, verbose, steps, callbacks
        with self._training.turns:
            logs = fitting.evaluate(self, x, y, sample_weight, *given)
        return logs if return_dict else fitting.as_list(logs)

    @door
    @taking_older
    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto",
        steps: int | None = None, callbacks: Any = None,
    ) -> Any:  # fmt: skip
        """Return the model's outputs for all samples as NumPy arrays, nested as they are.

        `batch_size` is 256 by default: larger than in training, since nothing has to be kept.
        """
        with self._training.turns:
            return fitting.predict(self, x, batch_size, verbose, steps, callbacks)

    @door
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Learn from one batch; return the loss and metrics of this batch."""
        with self._training.turns:
            logs = fitting.on_batch(self, "train", x, y, sample_weight, class_weight)
        return logs if return_dict else fitting.as_list(logs)

    @door
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Look at one batch; return the loss and metrics of this batch."""
        with self._training.turns:
            logs = fitting.on_batch(self, "test", x, y, sample_weight, None)
        return logs if return_dict else fitting.as_list(logs)

    @door
    def predict_on_batch(self, x: Any) -> Any:
        """Return the model's outputs for one batch."""
        with self._training.turns:
            return fitting.predict_on_batch(self, x)
