"""Model: a Layer that knows how to train.

Three ways to make one: `Sequential([...])`, `Model(inputs, outputs)` from symbolic tensors (the
functional API), or a subclass with `call`. Its constructor stores and makes layers as attributes:

    class Network(nn.Model):
        def __init__(self, units):
            super().__init__()
            self.hidden = nn.layers.Dense(units, "tanh")
            self.out = nn.layers.Dense(1)

        def call(self, x):  # (B, D)
            return self.out(self.hidden(x))  # (B, 1)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, StateError, check_integer
from neurona.nn.context import added_losses
from neurona.nn.layer import Layer
from neurona.nn.members import members
from neurona.nn.metrics import Metric
from neurona.nn.network import Network, write_nested
from neurona.nn.record import arguments_of, describe, describe_object, rebuild, sharing
from neurona.optim import names as optimizers
from neurona.train import fitting, save, state, steps, summary
from neurona.train.compiled import Compiled
from neurona.train.data import unpack
from neurona.train.history import History
from neurona.train.loop import Position, Run
from neurona.train.step import Step


class Model(Layer):
    """A network that can be trained: `compile`, then `fit`, `evaluate`, `predict`, `save`.

    Args:
        inputs: symbolic tensors from `nn.Input`, one or nested in lists, tuples and dicts.
        outputs: symbolic tensors that were made from them, nested likewise. A subclass with its
            own `call` gives neither.

    Attributes:
        optimizer, loss: what `compile` was given.
        stop_training: set it to end `fit` after the running batch.
        history: the History of the last `fit`.
        position: where the training is, see `train/loop.py`.
        network: the recorded network of a functional model, None otherwise.

    Raises:
        ArgumentError: if something is not symbolic, or two layers have one name.
        StateError: if the outputs depend on an input that is not given.

    >>> import neurona as nn
    >>> x = nn.Input((4,))
    >>> model = Model(x, nn.layers.Dense(3)(x) + 1.0)
    >>> model(np.zeros((2, 4))).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    run: Run | None = None
    network: Network | None
    fixed_inputs: bool  # whether data of another shape than the network's inputs are refused

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Set what a model has before it is compiled; subclasses need not call our constructor."""
        self = super().__new__(cls)
        self.network, self.fixed_inputs = None, True
        self.optimizer = self.loss = self.history = None
        self.compiled_losses = Compiled()
        self.compile_arguments = {}
        self.position = Position()
        self.stop_training = False
        self.run_eagerly = False
        self.steps_per_execution = 1
        self.engine = None
        self.pending_totals = {}
        self.built_on = None
        self._steps = {}
        return self

    def __init__(self, inputs: Any = None, outputs: Any = None) -> None:
        if (inputs is None) != (outputs is None):
            raise ArgumentError("Model takes inputs and outputs, or neither.")
        if inputs is not None:
            self.network = Network(inputs, outputs)
            self.built = True
            self.inputs, self.outputs = self.network.input_leaves, self.network.output_leaves

    def call(self, inputs: Any) -> Any:
        """Compute the outputs; a subclass writes its own."""
        if self.network is None:
            raise NotImplementedError(f"{type(self).__name__} has no call")
        return self.network.run(inputs)

    def ensure_built(self, inputs: Any) -> None:
        """Create the parameters for these inputs, and note what the model was built on."""
        if self.built_on is None:
            self.built_on = write_nested(inputs, save.write_spec)
        super().ensure_built(inputs)

    # --- structure ---------------------------------------------------------------------------

    def contained(self) -> list[Layer]:
        """Return the layers of the recorded network, ops left out."""
        return self.network.layers if self.network is not None else []

    def sublayers(self) -> list[Layer]:
        """Return the layers of the network, then those that are attributes."""
        found = [*self.contained(), *super().sublayers()]
        return list({id(layer): layer for layer in found}.values())

    @property
    def layers(self) -> list[Layer]:
        """The layers directly below the model, in Keras's order."""
        return self.sublayers()

    @layers.setter
    def layers(self, value: Any) -> None:
        raise StateError(
            "a model's `layers` is taken: it lists all layers.",
            hint="use another name for the attribute, such as self.blocks",
        )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its number.

        Raises:
            ArgumentError: if there is none, or not exactly one of the two is given.
        """
        if (name is None) == (index is None):
            raise ArgumentError("get_layer takes a name or an index.", got=f"{name=}, {index=}")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(
                    "there is no such layer.",
                    got=f"index {index}",
                    expected=f"0 to {len(layers) - 1}",
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ArgumentError(
            "there is no such layer.",
            got=repr(name),
            expected=f"one of {', '.join(layer.name for layer in layers)}",
        )

    @property
    def output_names(self) -> list[str] | None:
        """A name for each output of a functional model: the layer that makes it."""
        return self.network.output_names if self.network is not None else None

    @property
    def input_names(self) -> list[str] | None:
        """A name for each input of a functional model."""
        return self.network.input_names if self.network is not None else None

    def edges(self) -> list[tuple[str, str]]:
        """Return which layer feeds which, as pairs of names; a chain unless the model is functional."""
        if self.network is not None:
            return self.network.edges()
        names = [layer.name for layer in self.layers]
        return list(zip(names, names[1:], strict=False))

    def summary(
        self,
        line_length: int | None = None,
        expand_nested: bool = False,
        print_fn: Callable[[str], Any] | None = None,
        show_trainable: bool = False,
    ) -> None:
        """Print the layers with their output shapes and numbers of parameters, and the totals.

        Args:
            line_length: width in characters; the terminal's by default.
            expand_nested: also the layers of models within the model.
            print_fn: gets the text instead of the terminal.
            show_trainable: also whether each layer learns.
        """
        summary.print_summary(self, line_length, expand_nested, print_fn, show_trainable)

    # --- compile -----------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        *,
        engine: str | None = None,
    ) -> None:
        """Choose how to train.

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
        self.compile_arguments = {
            "optimizer": optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution, "jit_compile": jit_compile,
            "engine": engine,
        }  # fmt: skip
        self.optimizer, self.loss = optimizers.get(optimizer), loss
        self.compiled_losses = Compiled(loss, loss_weights, metrics, weighted_metrics)
        self.run_eagerly = bool(run_eagerly)
        self.engine = engine or ("reference" if jit_compile is False else None)
        self.steps_per_execution = check_integer(
            "steps_per_execution", steps_per_execution, minimum=1
        )
        self.stop_training = False
        self.pending_totals = {}
        self._steps = {}

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self.optimizer is not None

    # --- steps -------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """Learn from one batch, x, (x, y) or (x, y, sample_weight), and return the logs.

        Override it to train in another way; `nn.gradients(fn, parameters)` gives the gradients, and
        what it does must be traceable.
        """
        x, y, sample_weight = unpack(data)

        def forward() -> tuple[Tensor, Any]:
            y_pred = self(x, training=True)
            return self.total_loss(x, y, y_pred, sample_weight, training=True), y_pred

        loss, y_pred = self.optimizer.minimize(forward, self.trainable_weights)
        self.compiled_losses.track(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Look at one batch without learning and return the logs; override to customise."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        loss = self.total_loss(x, y, y_pred, sample_weight, training=False)
        self.compiled_losses.track(loss, x)
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
        self.compiled_losses.build(y, y_pred, self.output_names)
        terms = [*self.compiled_losses.losses(y, y_pred, sample_weight), *self.losses]
        if not terms:
            raise StateError(
                "there is no loss to learn from.",
                hint='compile(optimizer, loss="mse"), or add_loss in a layer',
            )
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def total_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Tensor:
        """Call `compute_loss`, which may have been overridden without the argument `training`."""
        given = {"x": x, "y": y, "y_pred": y_pred, "sample_weight": sample_weight}
        if "training" in inspect.signature(self.compute_loss).parameters:
            return self.compute_loss(**given, training=training)
        return self.compute_loss(**given)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Take a batch into the metrics and return all results so far; override to customise."""
        self.compiled_losses.build(y, y_pred, self.output_names)
        self.compiled_losses.update(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return loss and metrics so far by their names in logs."""
        results: dict[str, Any] = {}
        for name, metric in self.named_metrics().items():
            result = metric.result()
            results.update(result if isinstance(result, dict) else {name: result})
        return results

    @property
    def losses(self) -> list[Tensor]:
        """What layers added to the loss in this step, and the penalties of the parameters."""
        return [*added_losses(), *super().losses]

    def training_step(self) -> Step:
        """Return the compiled training step."""
        return steps.training_step(self)

    def evaluation_step(self) -> Step:
        """Return the compiled evaluation step."""
        return steps.evaluation_step(self)

    def prediction_step(self) -> Step:
        """Return the compiled prediction."""
        return steps.prediction_step(self)

    def overrides(self, method: str) -> bool:
        """Say whether a subclass has its own version of a method."""
        return getattr(type(self), method) is not getattr(Model, method)

    # --- metrics -----------------------------------------------------------------------------

    def named_metrics(self) -> dict[str, Metric]:
        """Return the metrics by their names in logs."""
        if type(self).metrics is not Model.metrics:  # a subclass lists its own
            return {m.name: m for m in self.metrics}
        found = self.compiled_losses.named() if self.compiled else {}
        known = {id(m) for m in found.values()}
        for layer in self.all_layers():
            for _, metric in members(layer, Metric):
                if id(metric) not in known:
                    known.add(id(metric))
                    found.setdefault(metric.name, metric)
        return found

    @property
    def metrics(self) -> list[Metric]:
        """The loss, the metrics of `compile`, and those that the model and its layers hold."""
        return list(self.named_metrics().values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of loss and metrics in logs, in the order of what `evaluate` returns."""
        return list(self.named_metrics())

    def reset_metrics(self) -> None:
        """Start all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

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
        validation_freq: Any = 1,
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

        Raises:
            StateError: if `compile` was not called.
            DataError: if the data cannot be trained on; it says what to change.
        """
        settings = fitting.FitSettings(
            batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle,
            class_weight, initial_epoch, steps_per_epoch, validation_steps, validation_batch_size,
            validation_freq,
        )  # fmt: skip
        return fitting.fit(self, x, y, sample_weight, settings)

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
        logs = fitting.evaluate(self, x, y, sample_weight, batch_size, verbose, steps, callbacks)
        return logs if return_dict else fitting.as_list(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the model's outputs for all samples as NumPy arrays, nested as they are.

        `batch_size` is 256 by default: larger than in training, since nothing has to be kept.
        """
        return fitting.predict(self, x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Learn from one batch; return loss and metrics since the last `reset_metrics`."""
        logs = fitting.on_batch(self, "train", x, y, sample_weight, class_weight)
        return logs if return_dict else fitting.as_list(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Look at one batch; return loss and metrics since the last `reset_metrics`."""
        logs = fitting.on_batch(self, "test", x, y, sample_weight, None)
        return logs if return_dict else fitting.as_list(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the model's outputs for one batch."""
        return fitting.predict_on_batch(self, x)

    # --- state and files ---------------------------------------------------------------------

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

    def save(self, path: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Write model, optimiser and training position to one file; see `train/save.py`.

        Raises:
            StateError: if the model is not built, or the file exists and overwrite is False.
            ArgumentError: if something in the model cannot be saved, such as a lambda.
        """
        save.save_model(self, path, overwrite, include_optimizer)

    def save_weights(self, path: Any, overwrite: bool = True) -> None:
        """Write the parameters alone to a safetensors file."""
        save.save_weights(self, path, overwrite)

    def load_weights(self, path: Any, skip_mismatch: bool = False, by_name: bool = False) -> None:
        """Read the parameters from a safetensors file, one of `save` or from elsewhere.

        Args:
            path: the file.
            skip_mismatch: leave out what is missing or has another shape.
            by_name: leave out parameters whose names only the model or only the file has.

        Raises:
            FormatError: if the file is damaged, or does not fit; then nothing is changed.
        """
        save.load_weights(self, path, skip_mismatch, by_name)

    # --- description -------------------------------------------------------------------------

    def own_constructor(self, library: type) -> bool:
        """Say whether the object was made by the constructor of this library class, unchanged."""
        return type(self).__init__ is library.__init__  # type: ignore[misc]

    def description(self) -> dict[str, Any]:
        """Return class, arguments and architecture as JSON values."""
        if self.network is not None and self.own_constructor(Model):
            return {
                **describe_object(self, {"name": self.name}),
                "network": self.network.description(),
            }
        found = describe_object(self, {**self.arguments, "name": self.name})
        return {**found, "built_on": self.built_on}

    @classmethod
    def from_description(cls, found: dict[str, Any], again: Callable) -> Any:
        """Make a model from what `description` told; `again` makes the objects in it."""
        arguments = arguments_of(cls.__name__, found, again)
        if "network" in found:
            return cls(*Network.rebuild(found["network"], again), **arguments)
        model = cls(**arguments)
        save.build_on(model, found.get("built_on"))
        return model

    def get_config(self) -> dict[str, Any]:
        """Return all that `from_config` needs to make an equal model with new weights."""
        with sharing():
            return {k: v for k, v in describe(self).items() if k not in ("object", "id")}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a model from `get_config()`."""
        made: dict[int, Any] = {}
        return cls.from_description(config, lambda value: rebuild(value, custom_objects, made))

    def to_json(self) -> str:
        """Return the architecture as text for `models.model_from_json`."""
        return save.to_json(self)
