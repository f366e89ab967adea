"""The rules that take training or many passes, and are only looked at when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.graph import Graph
from neurona.core.lowering import Scan
from neurona.core.shapes import is_float
from neurona.doctor.case import Case
from neurona.doctor.finding import ERROR, WARNING, Checks, Finding, Rule
from neurona.doctor.probe.probe import Probe, probe_of
from neurona.doctor.tools.memorise import ENOUGH, overfit_one_batch
from neurona.errors import StateError

MEMORY = Rule(
    "GD311", "cannot learn a few samples by heart", WARNING,
    "A network with more weights than samples can memorise them. If it does not, the fault lies in "
    "the model, its loss, its labels or its learning rate, not in the amount of data.",
    because=("GD101", "GD102", "GD104", "GD201", "GD202", "GD203", "GD206", "GD208", "GD212",
             "GD302", "GD303", "GD304", "GD305", "GD306", "GD307", "GD308"),
    accepted=("another learning rate", "see nn.overfit_one_batch(model, x, y).plot()"),
    source="Karpathy, A Recipe for Training Neural Networks; TheDeepChecker",
)  # fmt: skip
SLOPE = Rule(
    "GD312", "a gradient is wrong", ERROR,
    "The gradient that somebody wrote is not the slope of what they compute, so each step leads in "
    "another direction than down.",
    accepted=("no custom_gradient: the library finds the gradient",),
    source="CS231n, gradient checks",
)  # fmt: skip

SAMPLES, STEPS = 16, 200
SHARE, FEWEST, MOST = 0.1, 4, 20  # of the entries of each parameter that are looked at
EPSILON, WRONG = 1e-6, 1e-4  # how far an entry moves; relative error that is too large
NUDGE = 1e-2  # of the size of the weights, by which all are moved at first
CUSTOM = "with_gradient"  # the op of functions that say their gradient themselves


def check_memory(case: Case) -> Iterator[Finding]:
    """GD311: train a copy on 16 samples."""
    found = overfit_one_batch(
        case.model, case.x, case.y, SAMPLES, STEPS, sample_weight=case.sample_weight
    )
    if found.learned or found.samples < 2:
        return
    first, last = found.losses[0], min(found.losses)
    right = "" if found.accuracy is None else f", and has {found.accuracy:.0%} of them right"
    yield MEMORY.found(
        f"after {len(found.losses)} steps on the same {found.samples} samples the loss has gone "
        f"from {first:.3g} to {last:.3g}{right}",
        where="model", evidence={"first": first, "last": last, "accuracy": found.accuracy},
        threshold=f"loss below {ENOUGH:.0%} of the first, or {1 - ENOUGH:.0%} right",
        fix="nn.lr_finder(model, x, y)  # another rate? then labels, loss and layers",
    )  # fmt: skip


def check_slopes(case: Case) -> Iterator[Finding]:
    """GD312: hold gradients against differences in float64, if a function says its own."""
    probe = probe_of(case)
    graph = probe.training.graph
    custom = [n for n in _nodes(graph) if n.op.name == CUSTOM]
    if not custom:
        return  # all other gradients are proven by the library's own tests
    where = next((n.origins[0].described for n in custom if n.origins), "")
    worst = max(_errors(probe), key=lambda e: e[0], default=(0.0, "", 0.0, 0.0, 0))
    error, name, slope, difference, count = worst
    if error > WRONG:
        yield SLOPE.found(
            f"the gradient of {name} is {slope:.4g}, and the loss changes by {difference:.4g}: a "
            f"relative error of {error:.1g}",
            where=where, evidence={"error": error, "parameter": name, "entries": count},
            threshold=f"relative error below {WRONG}",
            fix="nn.gradcheck(your_function, x)  # says in which element, and by which factor",
        )  # fmt: skip


def _nodes(graph: Graph) -> Iterator[Any]:
    for node in graph.nodes:
        yield node
        if isinstance(node.op.lower, Scan):
            yield from _nodes(node.attributes["body"])


def _errors(probe: Probe) -> Iterator[tuple[float, str, float, float, int]]:
    """Yield relative error, name, gradient, difference and number of entries, by parameter."""
    training = probe.training
    if "loss" not in training.names:
        raise StateError("the training step shows no loss.")
    if any(isinstance(n.op.lower, Scan) for n in training.graph.nodes):
        raise StateError("gradients within loops are not looked at.", hint="nn.gradcheck")
    arrays = [_double(a) for a in training.arrays(training.batch)]
    first = len(arrays) - len(training.found)
    ends = training.names

    def run(given: list[np.ndarray]) -> dict[str, np.ndarray]:
        outputs = _evaluated(training.graph, given)[training.skip :]
        return dict(zip(ends, outputs, strict=True))

    rng = np.random.default_rng(0)
    for i in range(first, len(arrays)):  # away from kinks: a ReLU of a fresh bias may be at 0
        if is_float(arrays[i].dtype):
            size = NUDGE * (np.abs(arrays[i]).mean() + 0.1)
            arrays[i] = arrays[i] + size * rng.standard_normal(arrays[i].shape)
    base = run(arrays)
    for name, p in training.parameters.items():
        place = next((i for i, q in enumerate(training.found) if q is p), None)
        if place is None or not p.size:
            continue
        count = int(np.clip(SHARE * p.size, min(FEWEST, p.size), MOST))
        slopes, moved = np.asarray(base[name]).reshape(-1), []
        entries = rng.choice(p.size, count, replace=False)
        for entry in entries:
            values = []
            for step in (EPSILON, -EPSILON):
                given = list(arrays)
                changed = arrays[first + place].copy()
                changed.reshape(-1)[entry] += step
                given[first + place] = changed
                values.append(float(run(given)["loss"]))
            moved.append((values[0] - values[1]) / (2 * EPSILON))
        differences, known = np.array(moved), slopes[entries]
        scale = float(max(np.abs(known).max(), np.abs(differences).max(), 1e-12))
        wrong = np.abs(known - differences) / scale
        # an entry may stand at a kink, such as that of a ReLU; half of them do not
        if np.median(wrong) > WRONG or (wrong > WRONG).mean() > 0.25:
            k = int(wrong.argmax())
            yield float(wrong[k]), p.path, float(known[k]), float(differences[k]), count


def _double(a: np.ndarray) -> np.ndarray:
    return a.astype(np.float64) if is_float(a.dtype) else a


def _evaluated(graph: Graph, arrays: list[np.ndarray]) -> list[Any]:
    """Evaluate a Graph with all its floats in float64: differences in float32 are rounding."""
    values: dict[int, Any] = {v: _double(a) for v, a in graph.constants.items()}
    values.update(zip(graph.inputs, arrays, strict=True))
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            attributes = dict(node.attributes)
            if "dtype" in attributes and is_float(np.dtype(attributes["dtype"])):
                attributes["dtype"] = np.dtype(np.float64)
            result = node.op.forward(np, *[values[v] for v in node.inputs], **attributes)
            results = result if isinstance(result, tuple) else (result,)
            doubled = [_double(np.asarray(r)) for r in results]
            values.update(zip(node.outputs, doubled, strict=True))
    return [values[v] for v in graph.outputs]


CHECKS: Checks = {check_memory: (MEMORY,), check_slopes: (SLOPE,)}
