"""Ends: the outputs of a model, with their last activation, their loss and their targets."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.core.tensor import Tensor
from neurona.doctor.forward import PRODUCTS, Forward, sources
from neurona.doctor.parts import Part
from neurona.doctor.scan import sample
from neurona.doctor.task import Task, task_of
from neurona.errors import NeuronaError
from neurona.nn import metrics as all_metrics
from neurona.nn.losses import Crossentropy
from neurona.ops.notes import Logits
from neurona.train.guessing import guessing

if TYPE_CHECKING:
    from neurona.doctor.case import Case

SQUARED = ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh")
BINARY = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
DENSE = (
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
)
SPARSE = ("SparseCategoricalCrossentropy",)
KINDS = {
    **dict.fromkeys(SQUARED, "squared"), **dict.fromkeys(BINARY, "binary"),
    **dict.fromkeys(DENSE, "one-hot"), **dict.fromkeys(SPARSE, "class numbers"),
    "Hinge": "hinge", "SquaredHinge": "hinge",
}  # fmt: skip


BENT = (
    "tanh", "elu", "selu", "leaky_relu", "softplus", "softsign", "relu6", "exponential", "gelu",
    "silu", "hard_sigmoid",
)  # fmt: skip
KNOWN = {"LeakyReLU": "leaky_relu", "ELU": "elu"}


class End:
    """An output of a model.

    Attributes:
        name: "" for the only one.
        tensor: the output as the trace has it.
        loss: its Loss, or None; for loss="crossentropy" the one that is chosen.
        target: its targets, or None.
        metrics: those that were asked for.
        custom: whether the model has a training step or a loss of its own.
        layer: that it comes from, or None.
        mixes: whether it is a product of data with data.
    """

    def __init__(
        self, name: str, tensor: Tensor, loss: Any, target: Part | None, metrics: list[Any],
        custom: bool, layer: Any = None, mixes: bool = False,
    ) -> None:  # fmt: skip
        self.name, self.tensor, self.target, self.metrics = name, tensor, target, metrics
        self.custom, self.layer, self.mixes = custom, layer, mixes
        if isinstance(loss, Crossentropy):
            shape = target.values.shape if target is not None else tensor.shape
            loss = loss.chosen(shape, tensor.shape)
        self.loss = loss

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the output, with a batch axis."""
        return tuple(self.tensor.shape)

    @property
    def width(self) -> int:
        """The size of its last axis."""
        return self.shape[-1] if len(self.shape) > 1 else 1

    @property
    def kind(self) -> str:
        """What the loss compares: "squared", "binary", "one-hot", "class numbers", "hinge", ""."""
        return KINDS.get(type(self.loss).__name__, "")

    @property
    def from_logits(self) -> bool:
        """Whether the loss takes scores."""
        return bool(getattr(self.loss, "from_logits", False))

    @property
    def called(self) -> str:
        """How it is called in a sentence."""
        return f"output {self.name!r}" if self.name else "the output"

    @functools.cached_property
    def note(self) -> Logits | None:
        """The scores that it was made from by a sigmoid or softmax."""
        return self.tensor.note(Logits)

    @functools.cached_property
    def activation(self) -> str:
        """The last one: "softmax", "sigmoid", "linear", "relu", "tanh", "elu", ..., or "other"."""
        if self.note is not None:
            return "sigmoid" if self.note.axis is None else "softmax"
        found = "other" if self.mixes else activation_of(self.tensor)
        if found != "other":
            return found
        layer = getattr(self.layer, "layer", self.layer)  # of each step
        given = getattr(layer, "activation", None)
        name = getattr(given, "__name__", KNOWN.get(type(layer).__name__, ""))
        squashed = layer is not self.layer and name in ("softmax", "sigmoid")  # of each step, too
        return name if squashed or name in BENT else "other"

    @functools.cached_property
    def place(self) -> str:
        """The layer that it comes from, and the user's line."""
        source = self.tensor.value.source
        origins = source.origins if source is not None else ()
        return origins[0].described if origins else self.called

    @functools.cached_property
    def values(self) -> np.ndarray:
        """The targets, without a last axis of 1; empty if there are none, or no numbers."""
        if self.target is None or not self.target.numeric:
            return np.zeros(0)
        y = self.target.values
        return y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y

    @functools.cached_property
    def guess(self) -> float | None:
        """The loss of an answer that knows nothing; None if that is not known."""
        y = sample(self.values) if self.values.size else None
        return None if self.loss is None else guessing(self.loss, self.shape, y)

    @functools.cached_property
    def task(self) -> Task:
        """What is to be learnt, as far as loss and targets tell."""
        accuracy = any("accuracy" in type(m).__name__.lower() for m in self.metrics)
        return task_of(self.values, self.kind, self.width, accuracy)


def activation_of(x: Tensor) -> str:
    """Return what made it: "linear", "relu", "size", "tanh", "sigmoid", "softmax" or "other"."""
    *_, x = sources(x)
    source = x.value.source
    if source is None:
        return "other"
    name, inputs = source.op.name, source.inputs
    if name in PRODUCTS:
        weighed = any([*sources(i)][-1].value.source is None for i in inputs)
        return "linear" if weighed else "other"
    if name in ("tanh", "sigmoid"):
        return name
    if name == "add":
        bias = all(activation_of(i) == "linear" or i.source is None for i in inputs)
        return "linear" if bias else "other"
    if name == "div":
        return _written_out(*inputs)
    if name == "where" and inputs[1].data is not None and not inputs[1].data.any():
        return "relu"
    return "size" if _is_size(x) else "other"


SIZES = ("abs", "square", "sqrt", "sum", "mean", "max", "add")  # of which the first two always


def _is_size(x: Tensor, known: dict[int, bool] | None = None) -> bool:
    """Say whether a value is a size or a distance, made of sizes: it is never below 0.

    Args:
        x: the value.
        known: what is known already, by the values' ids: one may be read many times.
    """
    *_, x = sources(x)
    source, known = x.value.source, {} if known is None else known
    if source is None:
        return x.data is not None and x.data.min() >= 0
    if id(x.value) not in known:
        name, inputs = source.op.name, source.inputs
        sized = (_is_size(i, known) for i in inputs)
        known[id(x.value)] = (
            name in SIZES[:2]
            or (name == "mul" and inputs[0] is inputs[1])
            or (name in SIZES and all(sized))
            or (name == "maximum" and any(sized))
        )
    return known[id(x.value)]


def _written_out(above: Tensor, below: Tensor) -> str:
    """Return what a quotient is: e^x / sum of e^x, 1 / (1 + e^-x), or "other"."""
    made = [x.value.source for x in (above, below)]
    names = ["" if source is None else source.op.name for source in made]
    before = [] if made[1] is None else [i.value.source for i in made[1].inputs]
    of_powers = any(source is not None and source.op.name == "exp" for source in before)
    if names == ["exp", "sum"] and of_powers:
        return "softmax"
    return "sigmoid" if names == ["", "add"] and of_powers else "other"


def ends_of(case: Case) -> tuple[list[End], NeuronaError | None]:
    """Return the outputs of a model with what `compile` and `fit` were given for them.

    The second is why y cannot be sorted to them, if so; then no output has targets.
    """
    refused: NeuronaError | None = None
    model, tensors = case.examined, case.forward.tensors
    compiled = model._training.losses.anew()
    outputs = compiled.outputs_of(case.forward.returned, model.output_names)
    compiled.outputs = outputs
    targets: list[Any] = [None] * len(outputs)
    if case.y is not None:
        try:
            numbers = compiled.targets(_numbered(case))
            targets = [None if n is None else case.y_parts[n] for n in numbers]
        except NeuronaError as error:
            refused = error
    found = []
    rows = zip(_metrics(compiled, len(outputs)), case.forward.outputs, strict=True)
    for output, tensor, target, (given, value) in zip(outputs, tensors, targets, rows, strict=True):
        shape = () if target is None else target.values.shape
        metrics = [_metric(m, shape, tensor.shape) for m in given]
        layer = _made_by(case, tensor)
        mixes = _of_data(case.forward, value)
        end = End(
            output.name or "", tensor, output.loss, target, metrics, case.custom, layer, mixes
        )
        found.append(end)
    return found, refused


def _of_data(forward: Forward, value: int) -> bool:
    """Say whether a value is a product of data with data, as a mean is that shares weigh."""
    node = forward.made(value)
    weighed = any(node is row[0] for row in forward.products)
    return node is not None and node.op.name in PRODUCTS and not weighed


def _made_by(case: Case, tensor: Tensor) -> Any:
    source = tensor.value.source
    name = source.origins[0].path.rpartition("/")[2] if source and source.origins else ""
    return next((layer for layer in case.layers if layer.name == name), None)


def _numbered(case: Case) -> Any:
    """Return y with the numbers of its parts in their places."""
    structure = case._y[1]
    return structure.unflatten(range(len(case.y_parts)))


def _metrics(compiled: Any, count: int) -> list[list[Any]]:
    _, _, metrics, weighted = compiled.given
    rows = [
        compiled.metric_rows(k, g, count)
        for k, g in (("metrics", metrics), ("weighted_metrics", weighted))
    ]
    return [[*a, *b] for a, b in zip(*rows, strict=True)]


def _metric(given: Any, target: tuple, output: tuple) -> Any:
    if not isinstance(given, str):  # the user's own object stays as it is
        return given
    try:
        return all_metrics.get(given, target, output)
    except NeuronaError:
        return given
