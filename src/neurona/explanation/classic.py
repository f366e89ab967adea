"""The textbook's own lines: of a Perceptron and of the two-layer NeuralNetwork.

They are no Models, but what they compute is made of the same ops: so it is traced, too, and its
values are called as in the textbooks, z1, a1, z2, a2, dW1 and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona import ops
from neurona.classic.network import NeuralNetwork
from neurona.classic.perceptron import Perceptron
from neurona.core.observation import offer
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, DataError
from neurona.explanation.explanation import Explanation
from neurona.explanation.lines import Lines
from neurona.explanation.tracing import Traced, traced
from neurona.nn.parameter import Parameter

LOSS = "L"


def explain_classic(model: Any, x: Any, y: Any, terms: int, digits: int) -> Explanation:
    """Explain a Perceptron or a NeuralNetwork.

    Raises:
        ArgumentError: if it is neither, nor a Model.
    """
    if isinstance(model, Perceptron):
        return _perceptron(model, x, y, terms, digits)
    if isinstance(model, NeuralNetwork):
        return _network(model, x, y, terms, digits)
    raise ArgumentError(
        "explain takes a model.", got=type(model).__name__,
        expected="a Model, or a Perceptron or NeuralNetwork of nn.classic",
    )  # fmt: skip


def _network(network: NeuralNetwork, X: Any, y: Any, terms: int, digits: int) -> Explanation:
    parameters = list(network._parameters.values())
    rate = Parameter(np.float64(network.learning_rate), "learning_rate", trainable=False)

    def forward(X: Tensor) -> None:
        for name, value in network._forward(X).items():
            offer(name, value)

    def learn(X: Tensor, y: Tensor) -> None:
        values, slopes = network._gradients(X, y)
        for name, value in values.items():
            offer(name, value)
        offer(LOSS, network._objective(values, y))
        for name in sorted(slopes, key=lambda n: not n.startswith("dz")):
            offer(name, slopes[name])
        for p in parameters:
            p.assign(p.value - rate * slopes[f"d{p.name}"])

    if y is None:
        rows = network._samples(X)
        return _explained(forward, (rows,), ("x",), parameters, terms, digits, "NeuralNetwork")
    rows, targets = network._pair(X, y)
    used = [*parameters, rate]
    return _explained(learn, (rows, targets), ("x", "y"), used, terms, digits, "NeuralNetwork")


def _perceptron(neuron: Perceptron, X: Any, y: Any, terms: int, digits: int) -> Explanation:
    w = Parameter(np.asarray(neuron.weights, np.float64), "w")
    b = Parameter(np.float64(neuron.bias), "b")
    rate = Parameter(np.float64(neuron.learning_rate), "learning_rate", trainable=False)
    row = np.asarray(neuron._rows(X), np.float64)
    if row.ndim == 2 and len(row) == 1:
        row = row[0]
    if row.ndim != 1:
        raise DataError(
            "a Perceptron learns from one sample after the other.", got=f"X {row.shape}",
            expected=f"({len(neuron.weights)},)", hint="explain(neuron, X[0], y[0])",
        )  # fmt: skip

    def decide(x: Tensor) -> Tensor:
        z = ops.sum(w.value * x) + b.value
        output = ops.where(z > 0, 1.0, 0.0).astype("float64")
        offer("z", z)
        offer("output", output)
        return output

    def learn(x: Tensor, y: Tensor) -> None:
        error = y - decide(x)
        offer("error", error)
        w.assign(w.value + rate * error * x)
        b.assign(b.value + rate * error)

    if y is None:
        return _explained(decide, (row,), ("x",), [w, b], terms, digits, "Perceptron")
    target = np.asarray(y, np.float64).reshape(-1)
    if target.size != 1 or target[0] not in (0, 1):
        raise DataError(
            "Perceptron: the classes are 0 and 1, one for each sample.", got=repr(y)[:60]
        )
    used = [w, b, rate]
    return _explained(learn, (row, target[0]), ("x", "y"), used, terms, digits, "Perceptron")


def _explained(
    fn: Callable, batch: Sequence[Any], names: Sequence[str], parameters: Sequence[Parameter],
    terms: int, digits: int, name: str,
) -> Explanation:  # fmt: skip
    """Return all lines of a function that offers its values by their names."""
    step = traced(fn, batch, names, parameters, lambda p: True, len(batch) > 1, False)
    step = step._replace(losses=[], gradients=list(_slopes(step).items()))
    lines = Lines(step, "", terms)
    for path, id in step.values.items():
        kind = "loss" if path == LOSS else "backward" if path.startswith("d") else "forward"
        lines.where[id] = (kind, "")
    lines.where.update(dict.fromkeys(step.after.values(), ("update", "")))
    last = max(id for id, (kind, _) in lines.where.items() if kind == "forward")
    for id in lines.values.names:
        if id > last and id not in lines.where and lines.section_of(id)[0] == "forward":
            lines.where[id] = ("loss" if LOSS in step.values else "update", "")
    keys = [key for id in lines.targets() for key in lines.elements(id)]
    found, _ = lines.needed(keys, len(keys) * 4)
    samples = len(batch[0]) if np.ndim(batch[0]) > 1 else 1
    what = "Training step" if len(batch) > 1 else "Prediction"
    title = f"{what} of the {name}, {samples} sample{'s' if samples > 1 else ''}"
    return lines.explanation(title, found, {}, [], digits)


def _slopes(step: Traced) -> dict[int, int]:
    """Return what dz2 and its like are the gradients of."""
    values = step.values
    return {values[n[1:]]: g for n, g in values.items() if n.startswith("d") and n[1:] in values}
