"""One training step of a twin as a Graph, with what the probe looks at as its outputs.

The Graph is evaluated by the forward rules on NumPy: to compile it would take longer than the one
pass that is made, and every value can be looked at on the way. A step that is large is made for
fewer samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.core import random
from neurona.core.graph import Graph
from neurona.core.observation import opened
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten, map_leaves
from neurona.doctor.probe.twin import Batch, users_code
from neurona.engines.program import cost_of
from neurona.nn.context import collect_losses, in_training
from neurona.nn.front import fed
from neurona.nn.gradients import chosen, gradients
from neurona.nn.parameter import Parameter
from neurona.nn.pure import trace_pure
from neurona.ops.notes import Logits
from neurona.train.data import pack
from neurona.train.state import optimizers_of

WORK = 4e9  # multiplications, or 50 times as many elements: a few seconds
FEW = 4  # samples that are looked at at least, however large the step is


class Traced(NamedTuple):
    """A function of a batch as a Graph.

    Attributes:
        graph: its inputs are the random state, the batch, and the values of `found`.
        found: what it reads besides.
        batch: the samples that it was made for.
        names: of its outputs, behind the assigned values; several may have one name.
        parameters: the Parameters whose gradients are among the outputs, by their names there.
        skip: how many outputs are assigned values.
        assigned: the Parameters that these go to.
        without: the Parameters that an optimizer was given without a gradient.
    """

    graph: Graph
    found: list[Tensor]
    batch: Batch
    names: list[str]
    parameters: dict[str, Parameter]
    skip: int
    assigned: list[Tensor]
    without: list[Parameter]

    def arrays(self, batch: Batch) -> list[np.ndarray]:
        """Return the inputs of the Graph for a batch of the same size."""
        state = np.array(random.get_position(), np.int64)
        known = [p.value.numpy() for p in self.found]
        return [state, *map(np.asarray, flatten(tuple(batch))[0]), *known]

    def named(self, outputs: Sequence[Any]) -> dict[str, np.ndarray]:
        """Return the outputs of a run by their names."""
        return dict(zip(self.names, map(np.asarray, outputs[self.skip :]), strict=True))

    def __call__(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return what the function gives for a batch of the same size."""
        with np.errstate(all="ignore"):
            return self.named(self.graph.evaluate(np, self.arrays(batch)))


def training_pass(model: Any, batch: Batch) -> Traced:
    """Return forward and backward pass of a training step: loss, outputs, gradients, layers.

    Outputs are called "loss" (the total), "loss 0" (that of an output alone), "output 0", "gradient
    0" (of a parameter), and "value PATH" (what a layer returns).

    Raises:
        StateError: if the step cannot be traced.
    """
    parameters: dict[str, Parameter] = {}
    without: list[Parameter] = []
    step = own_step if model.overrides("train_step") else usual_step

    def run(x: Any, y: Any, weight: Any) -> dict[str, Any]:
        with opened(("*",)) as observer, in_training(True), collect_losses(), fed(model._network):
            results, slopes = step(model, x, y, weight)
        parameters.clear()
        without[:] = [p for p, g in slopes if g is None]
        for i, (p, g) in enumerate((p, g) for p, g in slopes if g is not None):
            parameters[f"gradient {i}"] = p
            results[f"gradient {i}"] = g
        return results | {f"value {name}": v for name, v in observer.values.items()}

    return _made(run, batch, parameters)._replace(without=without)


def prediction_pass(model: Any, batch: Batch, layers: bool = False) -> Traced:
    """Return the forward pass of a prediction.

    Outputs are called "output 0", "output 1", and with `layers` also "value PATH". Of probabilities
    they are the scores, which still tell samples apart where those are all but 0 and 1.
    """

    def run(x: Any, y: Any, weight: Any) -> dict[str, Any]:
        patterns = ("*",) if layers else ()
        with opened(patterns) as observer, in_training(False), fed(model._network):
            results = _outputs(map_leaves(_scores, model(x, training=False)))
        return results | {f"value {name}": v for name, v in observer.values.items()}

    return _made(run, batch, {})


def usual_step(model: Any, x: Any, y: Any, weight: Any) -> tuple[dict, list]:
    """Do what `Trainer.train_step` does, without an update."""
    compiled = model._training.losses

    def forward() -> tuple[Any, Any]:
        y_pred = model(x, training=True)
        return model._total_loss(x, y, y_pred, weight, training=True), y_pred

    weights = model.trainable_weights
    (loss, y_pred), slopes = gradients(forward, weights) if weights else (forward(), [])
    results = {"loss": loss, **_outputs(y_pred)}
    if not model.overrides("compute_loss"):
        for i, (output, target, predicted, _) in enumerate(compiled.rows(y, y_pred, None)):
            if output.loss is not None:
                results[f"loss {i}"] = output.loss(target, predicted, None)
    return results, list(zip(weights, slopes, strict=True))


def own_step(model: Any, x: Any, y: Any, weight: Any) -> tuple[dict, list]:
    """Do what a user's `train_step` does; what it gives its optimizers is taken, not applied."""
    taken: list[tuple[Parameter, Any]] = []
    optimizers = list(optimizers_of(model).values())
    for optimizer in optimizers:
        vars(optimizer)["apply"] = _taker(optimizer, taken)
    try:
        logs = model.train_step(pack(x, y, weight))
    finally:
        for optimizer in optimizers:
            vars(optimizer).pop("apply", None)
    results = {}
    if isinstance(logs, dict) and isinstance(logs.get("loss"), Tensor):
        results["loss"] = logs["loss"]
    return results, taken


def _taker(optimizer: Any, taken: list[tuple[Parameter, Any]]) -> Callable[..., None]:
    def apply(grads: Sequence[Any], trainable_variables: Any = None) -> None:
        parameters = chosen(trainable_variables or optimizer.parameters)
        taken.extend(zip(parameters, grads, strict=True))

    return apply


def _scores(y: Any) -> Any:
    note = y.note(Logits) if isinstance(y, Tensor) else None
    return note.scores if note is not None and note.axis in (None, -1, y.ndim - 1) else y


def _outputs(y_pred: Any) -> dict[str, Tensor]:
    return {f"output {i}": as_tensor(leaf) for i, leaf in enumerate(flatten(y_pred)[0])}


def _made(run: Callable, batch: Batch, parameters: dict[str, Parameter]) -> Traced:
    traced = _traced(run, batch, parameters)
    cost = cost_of(traced.graph)
    work = max(cost["products"], 50 * cost["elements"]) / WORK
    if work > 1 and batch.size > FEW:
        few = max(FEW, int(batch.size / work))
        some = batch.some(np.arange(batch.size)[:: -(-batch.size // few)])
        traced = _traced(run, some, parameters)
    return traced


def _traced(run: Callable, batch: Batch, parameters: dict[str, Parameter]) -> Traced:
    leaves, structure = flatten(tuple(batch))
    names: list[str] = []

    def flat(x: Any, y: Any, weight: Any) -> list[Tensor]:
        results = {k: as_tensor(v) for k, v in run(x, y, weight).items()}
        names[:] = results
        return list(results.values())

    with users_code():
        pure = trace_pure(flat, structure, leaves)
    assigned = [pure.found[k] for k in pure.changed]
    return Traced(
        pure.graph, pure.found, batch, names, dict(parameters), len(assigned), assigned, []
    )
