"""The step of a model, traced once more with all that an explanation needs to know of it.

The Graph is that of `train/step.py`, node for node; what layers return, gradients and the loss are
further outputs of it, which tells where in the Graph they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.core import origin, random
from neurona.core.ambient import ambient, within
from neurona.core.graph import Graph, tracing
from neurona.core.observation import Observer
from neurona.core.tensor import Source, Tensor
from neurona.core.tree import flatten, paths
from neurona.explanation.record import Record
from neurona.nn.parameter import Parameter
from neurona.nn.pure import trace_pure
from neurona.ops.notes import Logits


class Witness(Observer):
    """Takes all values that layers offer, and all gradients, without changing what is traced."""

    def __init__(self) -> None:
        super().__init__(())
        self.scores: list[tuple[Tensor, Tensor, Any]] = []  # probabilities, logits, axis
        self.sweeps: list[Mapping[Any, Tensor]] = []

    def offer(self, name: str, x: Tensor) -> None:
        """Take a value."""
        self.take(_path(name), x)
        note = x.note(Logits)
        if note is not None:
            self.scores.append((x, note.scores.value, note.axis))

    def offer_gradients(self, key: Callable[[Tensor], Any], found: Mapping[Any, Tensor]) -> None:
        """Take gradients."""
        self.sweeps.append(found)


def _path(name: str) -> str:
    """Return the path of one of several results of a layer, with no brackets in it.

    >>> _path("net/cell[1][0]"), _path("net/cell['h']"), _path("net/cell")
    ('net/cell/result1_0', 'net/cell/h', 'net/cell')
    """
    keys = re.findall(r"\[(.+?)\]", name)
    if not keys:
        return name
    if all(key.isdecimal() for key in keys):
        return f"{name.partition('[')[0]}/result{'_'.join(keys)}"
    return "/".join([name.partition("[")[0], *[key.strip("'") for key in keys]])


class Traced(NamedTuple):
    """A traced and evaluated step.

    Attributes:
        record: the run.
        inputs: name of an input of the batch -> its id.
        parameters: the Parameters, and the ids of their values before.
        after: number of a Parameter -> id of its value after the step.
        values: name -> id of what layers return and of what is observed.
        gradients: pairs of a value and the gradient with respect to it, by ids.
        losses: ids of what gradients are of; a step may have several, each for some of the weights.
        loss_of: id of a gradient -> number of its loss.
        scores: id of probabilities -> id of the logits, and the axis of the softmax.
        results: ids of what the function returned.
        training: whether it is a training step.
    """

    record: Record
    inputs: dict[str, int]
    parameters: list[tuple[Parameter, int]]
    after: dict[int, int]
    values: dict[str, int]
    gradients: list[tuple[int, int]]
    losses: list[int]
    loss_of: dict[int, int]
    scores: dict[int, tuple[int, Any]]
    results: list[int]
    training: bool
    graph: Graph


def traced(
    fn: Callable, batch: Any, names: Sequence[str], parameters: Sequence[Parameter],
    wanted: Callable[[Parameter], bool], training: bool, keep_results: bool,
) -> Traced:  # fmt: skip
    """Trace a function of a batch, and evaluate it.

    Args:
        fn: called with the batch; reads and assigns Parameters.
        batch: arrays, nested.
        names: of the arguments.
        parameters: all that `fn` uses.
        wanted: whether the new value of a Parameter is explained.
        training: whether it is a training step.
        keep_results: whether what `fn` returns is explained.
    """
    leaves, structure = flatten(tuple(batch))
    arrays = [np.asarray(x) for x in leaves]
    extra: dict[str, Any] = {}

    def run(*given: Any) -> Any:
        witness = Witness()
        starts = {(-1, id(p.value)): p.value for p in parameters}  # as a sweep calls them
        scope = ambient.scope or origin.Scope(None)
        with within(observer=witness, scope=scope):
            results = fn(*given)
        ours = [x for x in flatten(results)[0] if isinstance(x, Tensor)]
        changed = [p.value for p in parameters]
        tensors, places = _all_of(witness, [*ours, *changed], starts)
        extra.update(places)
        return ours, tensors

    pure = trace_pure(run, structure, arrays, list(parameters))
    graph, ends = pure.graph, len(pure.changed)
    count = len(graph.outputs) - ends - extra["count"]
    results = graph.outputs[ends : ends + count] if keep_results else []
    tensors = graph.outputs[ends + count :]
    new = [(k, v) for k, v in zip(pure.changed, graph.outputs, strict=False)]
    new = [(k, v) for k, v in new if wanted(parameters[k])]
    live = graph.restricted([*[v for _, v in new], *results, *tensors])
    record = Record(
        live, [np.array(random.get_position(), np.int64), *[p.data for p in parameters], *arrays]
    )
    ids = [record.id_of[v] for v in tensors]
    values = {name: ids[i] for name, i in extra["values"].items()}
    losses = list(dict.fromkeys(ids[i] for i in extra["losses"]))
    gradients: dict[tuple[int, int], int] = {}
    loss_of: dict[int, int] = {}
    for x, g, loss in extra["gradients"]:
        number = losses.index(ids[loss])
        gradients.setdefault((ids[x], number), ids[g])
        loss_of.setdefault(ids[g], number)
    first = 1 + len(parameters)
    every = paths(structure, "") if leaves else []
    return Traced(
        record=record,
        inputs=dict(zip(_input_names(every, names), record.inputs[first:], strict=True)),
        parameters=list(zip(parameters, record.inputs[1:first], strict=True)),
        after={k: record.id_of[v] for k, v in new},
        values=values,
        gradients=sorted((x, g) for (x, _), g in gradients.items()),
        losses=losses,
        loss_of=loss_of,
        scores={ids[p]: (ids[z], axis) for p, z, axis in extra["scores"]},
        results=[record.id_of[v] for v in results],
        training=training,
        graph=graph,
    )


def _input_names(every: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return a name for each array of the batch: "x", "y", or "x1" of several."""
    found = []
    for path in every:
        number, *rest = [p for p in path.replace("]", "").replace("[", " ").split() if p]
        found.append(names[int(number)] + "".join(rest))
    return found


def _all_of(
    witness: Witness, roots: Sequence[Tensor], starts: Mapping[Any, Tensor]
) -> tuple[list[Tensor], dict[str, Any]]:
    """Return the tensors that a witness saw and that lead to the roots, and what they are."""
    level = tracing()
    sources = _sources(
        [*roots, *witness.values.values(), *[g for s in witness.sweeps for g in s.values()]], level
    )
    tensors: list[Tensor] = []

    def number(x: Tensor) -> int:
        tensors.append(x)
        return len(tensors) - 1

    values = {name: number(x) for name, x in witness.values.items() if _here(x, level)}
    gradients, losses = [], []
    for found in witness.sweeps:
        known = {
            key: g
            for key, g in found.items()
            if key[0] in sources and sources[key[0]].level == level and _here(g, level, True)
        }
        if known:
            last = max(known)
            losses.append(number(sources[last[0]].output(last[1])))
        for (serial, index), g in known.items():
            gradients.append((number(sources[serial].output(index)), number(g), losses[-1]))
        if known:
            gradients += [
                (number(x), number(found[key]), losses[-1])
                for key, x in starts.items()
                if key in found and _here(found[key], level, True)
            ]
    scores = [
        (number(p), number(z), axis)
        for p, z, axis in witness.scores
        if _here(p, level) and _here(z, level)
    ]
    return tensors, {
        "values": values, "gradients": gradients, "losses": losses, "scores": scores,
        "count": len(tensors),
    }  # fmt: skip


def _here(x: Tensor, level: int, constant: bool = False) -> bool:
    return x.level == level or (constant and not x.level and x.data is not None)


def _sources(roots: Sequence[Tensor], level: int) -> dict[int, Source]:
    found: dict[int, Source] = {}
    waiting = [x.source for x in roots if x.source is not None and x.level >= level]
    while waiting:
        source = waiting.pop()
        if source.serial not in found:
            found[source.serial] = source
            waiting += [
                x.source for x in source.inputs if x.source is not None and x.level >= level
            ]
    return found
