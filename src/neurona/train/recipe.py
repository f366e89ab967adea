"""Recipes: everything around a model that training needs, chosen together and explained.

    plan = nn.recipe("modern", model, x, y, epochs=30, validation_data=(x_val, y_val))
    print(plan)
    history = plan.fit()

A recipe only puts together what could be written by hand with `compile` and `fit`; `print` says
what it chose, and why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.shapes import is_float, product
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, StateError, check_choice, check_integer, check_number
from neurona.nn import initializers
from neurona.nn.layer import Layer
from neurona.ops.notes import Logits
from neurona.optim.adam import AdamW
from neurona.optim.cosine import CosineDecay, WarmUp
from neurona.train.arrays import check_arrays
from neurona.train.callbacks.callback import Callback
from neurona.train.callbacks.monitor import EarlyStopping, ReduceLROnPlateau
from neurona.train.history import History
from neurona.train.model import Model
from neurona.train.steps import abstract_outputs

# What a kernel should begin with, by the activation behind it; all others begin with Glorot's.
_HE = (
    "relu", "relu6", "leakyrelu", "prelu", "elu", "celu", "gelu", "silu", "swish", "hardsilu",
    "mish",
)  # fmt: skip
_LECUN = ("selu",)
_PASSED = ("Normalization", "Dropout", "GaussianNoise")  # may stand before the activation


class Plan:
    """A plan to train a model; made by `nn.recipe`.

    Attributes:
        model, optimizer, schedule, loss, metrics, callbacks, epochs, batch_size: what was chosen;
            change any of them before `fit`.
        starts: layer name -> initialiser that its kernel will be drawn with.
        choices: (what, choice and reason) in plain words.
        advice: what could be changed in model or data, which the recipe leaves alone.
    """

    def __init__(self, model: Model, x: Any, y: Any, validation_data: Any) -> None:
        self.model, self.x, self.y, self.validation_data = model, x, y, validation_data
        self.optimizer: Any = None
        self.schedule: Any = None
        self.loss: Any = None
        self.metrics: list = []
        self.callbacks: list[Callback] = []
        self.epochs = self.batch_size = 1
        self.starts: dict[str, str] = {}
        self.choices: list[tuple[str, str]] = []
        self.advice: list[str] = []

    def explain(self) -> str:
        """Return what was chosen and why, a line each."""
        width = max(len(what) for what, _ in self.choices)
        lines = [f"  {what:{width}}  {why}" for what, why in self.choices]
        lines += [f"  {'advice':{width}}  {text}" for text in self.advice]
        return "\n".join([f"The modern recipe for {self.model.name!r}:", *lines])

    __str__ = explain

    def compile(self, verbose: Any = 0) -> None:
        """Draw the kernels and compile the model, for a `fit` of one's own.

        Args:
            verbose: unless 0, the plan is printed.

        Raises:
            StateError: the second time.
        """
        if self.optimizer.parameters:
            raise StateError(
                "this plan was carried out already.",
                hint="nn.recipe(...) for a new one, or model.fit(...) to go on training",
            )
        if verbose:
            print(self.explain())
        for layer in self.model.all_layers():
            if layer.name in self.starts:
                _draw(layer, self.starts[layer.name])
        self.model.compile(self.optimizer, self.loss, metrics=self.metrics)

    def fit(self, verbose: Any = "auto", callbacks: Any = ()) -> History:
        """Draw the kernels, compile the model and train it; return the History.

        Args:
            verbose: as in `Model.fit`; unless 0, the plan is printed first.
            callbacks: more callbacks.

        Raises:
            StateError: the second time.
        """
        self.compile(verbose)
        return self.model.fit(
            self.x,
            self.y,
            batch_size=self.batch_size,
            epochs=self.epochs,
            validation_data=self.validation_data,
            callbacks=[*self.callbacks, *callbacks],
            verbose=verbose,
        )


def recipe(
    name: str,
    model: Model,
    x: Any,
    y: Any,
    *,
    epochs: int = 30,
    batch_size: int = 32,
    validation_data: Any = None,
    learning_rate: float = 0.001,
    weight_decay: float = 0.01,
    schedule: str = "cosine",
    loss: Any = None,
    metrics: Any = None,
) -> Plan:
    """Return a plan to train a model well without tuning: `print` it, then `fit` it.

    "modern" is AdamW after a warm-up with a falling rate, kernels that begin in the right size for
    their activation, no decay of biases and normalisations, and the best weights kept.

    Args:
        name: "modern".
        model: a new model; its parameters are created, if they do not exist.
        x, y: the training data, as arrays.
        epochs, batch_size: how long, and how many samples a step.
        validation_data: (x, y) to judge by; without it the last weights are kept.
        learning_rate: the peak; 0.001 suits Adam on most networks.
        weight_decay: how much matrices are pulled towards 0.
        schedule: "cosine", or "plateau" to reduce the rate when the loss stops falling.
        loss, metrics: as in `compile`; by default chosen by the model's outputs and y.

    Source: warm-up: Goyal et al. 2017; cosine and AdamW: Loshchilov and Hutter 2016, 2017; kernels:
    He et al. 2015, Glorot and Bengio 2010, Klambauer et al. 2017.

    >>> from neurona import Sequential, layers
    >>> model = Sequential([layers.Dense(4, "relu", name="a"), layers.Dense(1, name="b")])
    >>> plan = recipe("modern", model, np.zeros((64, 2)), np.zeros((64, 1)), epochs=10)
    >>> plan.loss, plan.starts
    ('mse', {'a': 'he_normal'})
    """
    check_choice("recipe", name, ("modern",))
    check_choice("schedule", schedule, ("cosine", "plateau"))
    plan = Plan(model, x, y, validation_data)
    plan.epochs = check_integer("epochs", epochs, minimum=1)
    plan.batch_size = check_integer("batch_size", batch_size, minimum=1)
    inputs, labels, _ = check_arrays(x, y, None)
    first = flatten(inputs)[0][0]
    drawn_before = {layer.name: layer.built for layer in model.all_layers()}
    y_pred = abstract_outputs(model, inputs)
    _choose_loss(plan, y_pred, labels, loss, metrics)
    _choose_starts(plan, drawn_before)
    steps = math.ceil(len(first) / plan.batch_size) * plan.epochs
    _choose_rates(plan, schedule, check_number("learning_rate", learning_rate, low=0), steps)
    _choose_optimizer(plan, weight_decay)
    _choose_end(plan, schedule)
    _advise(plan, first)
    return plan


def _choose_loss(plan: Plan, y_pred: Any, y: Any, loss: Any, metrics: Any) -> None:
    if loss is not None:
        plan.loss, plan.metrics = loss, list(metrics or [])
        plan.choices.append(("loss", f"{loss}, as given."))
        return
    if not hasattr(y_pred, "shape") or not hasattr(y, "shape"):
        raise ArgumentError("recipe: give the loss of a model with several outputs.")
    note = y_pred.note(Logits)
    classes = y_pred.shape[-1] if y_pred.shape else 1
    numbers = not is_float(y.dtype) and (y.ndim == 1 or y.shape[-1] == 1)
    if note is not None and note.axis is None:
        plan.loss, why = "binary_crossentropy", "each output is a probability of its own"
    elif note is not None and numbers:
        plan.loss = "sparse_categorical_crossentropy"
        why = "the outputs are probabilities of classes and y has their numbers"
    elif note is not None:
        plan.loss = "categorical_crossentropy"
        why = "the outputs are probabilities of classes, and so is y"
    elif numbers and classes > 1:
        raise ArgumentError(
            "recipe: y has class numbers, but the outputs are no probabilities.",
            hint='activation="softmax" in the last layer, or give the loss',
        )
    else:
        plan.loss, why = "mse", "the outputs are plain numbers, as in a regression"
    probabilities = plan.loss != "mse"
    plan.metrics = (
        list(metrics) if metrics is not None else ["accuracy" if probabilities else "mae"]
    )
    plan.choices.append(("loss", f"{plan.loss}: {why}."))


def _choose_starts(plan: Plan, drawn_before: dict[str, bool]) -> None:
    model = plan.model
    used = any(drawn_before.values()) and _was_trained(model)
    names: dict[str, list[str]] = {"he_normal": [], "lecun_normal": []}
    for layer, activation in _with_activations(model):
        start = "he_normal" if activation in _HE else "lecun_normal" if activation in _LECUN else ""
        given = "kernel_initializer" in layer.arguments  # somebody has chosen already
        if start and not given and not used and hasattr(layer, "kernel"):
            plan.starts[layer.name] = start
            names[start].append(layer.name)
    if used:
        plan.choices.append(("start", "the weights as they are: the model was trained before."))
        return
    if he := names["he_normal"]:
        why = "ReLU and its kin let about half of a signal through, He's width makes up for it"
        plan.choices.append(("start", f"He normal for {', '.join(he)}: {why}."))
    if lecun := names["lecun_normal"]:
        why = "SELU keeps the signal's size only with LeCun's width"
        plan.choices.append(("start", f"LeCun normal for {', '.join(lecun)}: {why}."))
    plan.choices.append(
        ("start", f"{'Else what' if plan.starts else 'What'} the layers have, Glorot by default.")
    )


def _was_trained(model: Model) -> bool:
    """Whether weights that begin at 0 have left it; without any there is no telling: then yes."""
    biases = [p for p in model.trainable_weights if p.name in ("bias", "beta")]
    return not biases or any(p.numpy().any() for p in biases)


def _with_activations(model: Model) -> Iterator[tuple[Layer, str]]:
    """Yield the layers that have a kernel to draw, and the activation behind it."""
    chain = list(getattr(model, "layers", None) or [])
    for layer in model.all_layers():
        if not hasattr(layer, "kernel_initializer"):
            continue
        name = _activation_of(layer)
        if name == "linear" and layer in chain:
            after = chain[chain.index(layer) + 1 :]
            passed = [any(part in type(a).__name__ for part in _PASSED) for a in after]
            follower = after[passed.index(False)] if False in passed else None
            if follower is not None and not hasattr(follower, "kernel_initializer"):
                name = _activation_of(follower)
        yield layer, name


def _activation_of(layer: Layer) -> str:
    activation = getattr(layer, "activation", None)
    if activation is None:
        return type(layer).__name__.lower()  # ReLU, LeakyReLU, ... are layers too
    return str(getattr(activation, "__name__", "")).replace("_", "")


def _choose_rates(plan: Plan, schedule: str, rate: float, steps: int) -> None:
    warmup = max(1, round(0.05 * steps))
    up = f"0 to {rate:g} in the first {warmup} of {steps} steps, while Adam's means are still poor"
    if schedule == "cosine" and steps > warmup:
        plan.schedule = WarmUp(CosineDecay(rate, steps - warmup), warmup)
        down = "then along a cosine to 0, which needs no tuning when the number of epochs is known"
    else:
        plan.schedule = WarmUp(rate, warmup)
        down = "then constant"
    plan.choices.append(("rate", f"{up}; {down}."))


def _choose_optimizer(plan: Plan, weight_decay: float) -> None:
    plan.optimizer = AdamW(plan.schedule, weight_decay=weight_decay)
    weights = plan.model.trainable_weights
    spared = [p for p in weights if p.ndim < 2]
    plan.optimizer.exclude_from_weight_decay(var_list=spared)
    plan.choices.append(
        (
            "optimizer",
            f"AdamW, decay {weight_decay:g} on {len(weights) - len(spared)} matrices; not on "
            f"{len(spared)} biases and scales, which are few and cannot overfit.",
        )
    )


def _choose_end(plan: Plan, schedule: str) -> None:
    monitor = "loss" if plan.validation_data is None else "val_loss"
    patience = plan.epochs
    if schedule == "plateau":
        wait = max(2, plan.epochs // 10)
        patience = 3 * wait
        plan.callbacks.append(ReduceLROnPlateau(monitor, factor=0.5, patience=wait))
        plan.choices.append(
            ("plateau", f"half the rate when {monitor} has not improved for {wait} epochs.")
        )
    if plan.validation_data is None:
        plan.choices.append(("end", "the last weights: there is no validation data to judge by."))
        return
    plan.callbacks.append(EarlyStopping("val_loss", patience=patience, restore_best_weights=True))
    stop = f"stop after {patience} epochs without a better one" if patience < plan.epochs else (
        "no early stop, since the rate only falls at the end"
    )  # fmt: skip
    plan.choices.append(("end", f"the weights of the epoch with the lowest val_loss; {stop}."))


def _advise(plan: Plan, x: np.ndarray) -> None:
    largest = float(np.abs(x).max()) if is_float(x.dtype) and x.size else 0.0
    if largest > 10:
        plan.advice.append(
            f"the inputs reach {largest:g}; scale them to about 1, such as x / 255 for images."
        )
    count = sum(product(p.shape) for p in plan.model.trainable_weights)
    layers = plan.model.all_layers()
    if count > len(x) and not any("Dropout" in type(layer).__name__ for layer in layers):
        plan.advice.append(
            f"{count} parameters can learn {len(x)} samples by heart; if val_loss rises again, add "
            "Dropout(0.2) to Dropout(0.5) before the last layer."
        )
    if plan.validation_data is None:
        plan.advice.append("give validation_data, so that the best weights can be told.")


def _draw(layer: Layer, start: str) -> None:
    kernel: Any = layer.kernel
    kernel.assign(initializers.get(start)(kernel.shape, kernel.dtype))
    layer.arguments["kernel_initializer"] = start  # what is saved with the model
