"""The whole state of a training run in one place: what a file keeps and what a resume puts back.

`collect(model)` returns arrays by stable names, and the rest as JSON values:

    hidden/kernel                        a parameter, by its path through the model
    /optimizer/velocity/hidden/kernel    a slot, by the optimiser's attribute name
    /optimizer/iterations
    /metrics/loss/total                  a metric's total
    /states/lstm/state                   what a stateful layer remembers

A path names a layer by its own name where the user gave one, and by its class and number within its
parent where the name is automatic: so it does not depend on what else was made before.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

from neurona.core import random
from neurona.errors import FormatError, StateError
from neurona.nn.context import snake_case
from neurona.nn.layer import Layer
from neurona.nn.members import members
from neurona.nn.metrics import Metric
from neurona.nn.parameter import Parameter, State
from neurona.optim.optimizer import Optimizer


def children(layer: Layer) -> dict[str, Layer]:
    """Return the layers directly below a layer by their stable names."""
    found: dict[str, Layer] = {}
    contained = layer.contained() if hasattr(layer, "contained") else []
    counts: Counter[str] = Counter()
    for child in contained:
        name, kind = child.name, snake_case(type(child).__name__)
        if re.fullmatch(rf"{kind}(_\d+)?", name):  # automatic: numbered within the parent instead
            name = kind if not counts[kind] else f"{kind}_{counts[kind]}"
            counts[kind] += 1
        found[name] = child
    seen = {id(child) for child in contained}
    for name, child in members(layer, Layer):
        if id(child) not in seen:
            seen.add(id(child))
            found[name] = child
    return found


def layer_paths(layer: Layer) -> dict[str, Layer]:
    """Return a layer, as "", and all below it by stable paths, each once."""
    paths: dict[str, Layer] = {}
    seen: set[int] = set()

    def walk(owner: Layer, path: str) -> None:
        if id(owner) not in seen:
            seen.add(id(owner))
            paths[path] = owner
            for name, child in children(owner).items():
                walk(child, f"{path}/{name}" if path else name)

    walk(layer, "")
    return paths


def parameter_paths(layer: Layer) -> dict[str, Parameter]:
    """Return all weights of a layer and those below by stable paths, each once."""
    return {path: p for path, p in _paths(layer).items() if not isinstance(p, State)}


def _states(layer: Layer) -> dict[str, Parameter]:
    return {f"/states/{path}": p for path, p in _paths(layer).items() if isinstance(p, State)}


def _paths(layer: Layer) -> dict[str, Parameter]:
    paths: dict[str, Parameter] = {}
    seen: set[int] = set()
    for path, owner in layer_paths(layer).items():
        for p in owner.own_parameters():
            if id(p) in seen:
                continue
            seen.add(id(p))
            start = name = f"{path}/{p.name}" if path else p.name
            number = 1
            while name in paths:
                name, number = f"{start}_{number}", number + 1
            paths[name] = p
    return paths


def optimizers_of(model: Any) -> dict[str, Optimizer]:
    """Return the optimisers that are attributes of a model, by attribute name."""
    return dict(members(model, Optimizer))


def all_optimizers_of(model: Any) -> dict[str, Optimizer]:
    """Return those, and what they hand the work to: "optimizer", "optimizer/1"."""
    return {
        f"{name}/{i}" if i else name: optimizer
        for name, outer in optimizers_of(model).items()
        for i, optimizer in enumerate(outer.all_optimizers())
    }


def finalize(model: Any) -> None:
    """Let all optimisers of a model that average weights put the averages in their place."""
    trainable = set(model.trainable_weights)
    for optimizer in optimizers_of(model).values():
        optimizer.finalize_variable_values([p for p in optimizer.parameters if p in trainable])


def named_metrics(model: Any) -> dict[str, Metric]:
    """Return the metrics that a model reports by their names in logs."""
    if model.overrides("metrics"):  # a subclass lists its own
        return {m.name: m for m in model.metrics}
    found = model._training.losses.named() if model.compiled else {}
    known = {id(m) for m in found.values()}
    for layer in model.all_layers():
        for _, metric in members(layer, Metric):
            if id(metric) not in known:
                known.add(id(metric))
                found.setdefault(metric.name, metric)
    return found


def restarted_metrics(model: Any) -> dict[str, Metric]:
    """Start the metrics that a model reports anew and return them: looked for once an epoch."""
    with model._training.turns:
        if model.overrides("reset_metrics"):
            model.reset_metrics()
            return named_metrics(model)
        metrics = named_metrics(model)
        for metric in metrics.values():
            metric.reset_state()
        return metrics


def metrics_of(model: Any) -> list[Metric]:
    """Return all metrics of a model: those it reports, and those that its layers hold."""
    found = {id(m): m for m in model.metrics}
    for layer in model.all_layers():
        found.update({id(m): m for _, m in members(layer, Metric)})
    return list(found.values())


def _totals(model: Any) -> dict[str, Parameter]:
    paths: dict[str, Parameter] = {}
    for metric in metrics_of(model):
        for p in metric.variables:
            name, number = f"/metrics/{metric.name}/{p.name}", 1
            while name in paths:
                name, number = f"/metrics/{metric.name}_{number}/{p.name}", number + 1
            paths[name] = p
    return paths


def _optimizer_parameters(model: Any, parameters: dict[str, Parameter]) -> dict[str, Parameter]:
    """Return the state of the optimisers by names made of the paths of what they optimise."""
    path_of = {id(p): path for path, p in parameters.items()}
    paths: dict[str, Parameter] = {}
    for name, optimizer in optimizers_of(model).items():
        number_of = {p: i for i, p in enumerate(optimizer.parameters)}
        slots = {id(slot): (kind, p) for kind, p, slot in optimizer.slots_of_parameters()}
        for number, p in enumerate(optimizer.variables):
            if id(p) in slots:
                kind, of = slots[id(p)]
                paths[f"/{name}/{kind}/{path_of.get(id(of), str(number_of[of]))}"] = p
            else:
                key = f"/{name}/{p.name}"
                paths[key if key not in paths else f"{key}_{number}"] = p
    return paths


def collect(model: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the state of a training run: arrays by name, and the rest as JSON values."""
    parameters = parameter_paths(model)
    path_of = {id(p): path for path, p in parameters.items()}
    optimizers, totals = _optimizer_parameters(model, parameters), _totals(model)
    tensors = {**parameters, **optimizers, **totals, **_states(model)}
    info: dict[str, Any] = {
        "random": list(random.get_position()),
        "position": _position(model._training.position),
        "optimizers": {
            name: [path_of.get(id(p), p.path) for p in optimizer.parameters]
            for name, optimizer in optimizers_of(model).items()
            if optimizer.parameters
        },
    }
    return {name: p.numpy() for name, p in tensors.items()}, info


def _position(position: Any) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(position).items()}


def restore(
    model: Any,
    arrays: dict[str, np.ndarray],
    info: dict[str, Any],
    parameters_only: bool = False,
) -> None:
    """Put back what `collect` returned; the model has the same architecture and is built.

    Optimisers that have no slots yet get them. Totals of metrics that do not exist yet are kept
    until they do. Nothing is changed if anything does not fit.

    Raises:
        StateError: if the model is not built, or has other parameters.
        FormatError: if an array is missing, or has another shape or type.
    """
    if parameters_only:
        arrays = {name: a for name, a in arrays.items() if not name.startswith("/")}
    parameters = parameter_paths(model)
    if not parameters and any(not name.startswith("/") for name in arrays):
        raise StateError(
            f"{model.name!r} has no parameters yet.", hint="build it: call it on data first"
        )
    _build_optimizers(model, parameters, info)
    totals = _totals(model)
    needed = dict(parameters)
    for name, p in _optimizer_parameters(model, parameters).items():
        owner = name.split("/")[1]
        if any(n.startswith(f"/{owner}/") for n in arrays):  # else it was saved without it
            needed[name] = p
    known = {name: p for name, p in {**totals, **_states(model)}.items() if name in arrays}
    targets = {**needed, **known}
    check_fit(targets, arrays)
    extra = sorted(n for n in arrays if n not in targets and not n.startswith("/"))
    if extra:
        raise FormatError(
            "the saved state has parameters that the model has not.", got=", ".join(extra[:3])
        )
    training = model._training
    position, place = _checked_position(model, info), _checked_random(info)
    for name, p in targets.items():
        p.assign(arrays[name])
    training.pending_totals = {
        n: a for n, a in arrays.items() if n.startswith("/metrics/") and n not in known
    }
    if place is not None:
        random.set_position(*place)
    for key, value in position.items():
        setattr(training.position, key, value)


def _checked_random(info: dict[str, Any]) -> tuple[int, int] | None:
    match info.get("random"):
        case None:
            return None
        case [int(seed), int(step)] if 0 <= seed < 2**63 and 0 <= step < 2**63:
            return seed, step
    raise FormatError("the saved place in the random stream is malformed.")


def _checked_position(model: Any, info: dict[str, Any]) -> dict[str, Any]:
    found = info.get("position", {})
    known = vars(model._training.position)
    if not isinstance(found, dict) or not set(found) <= set(known):
        raise FormatError("the saved position in the training is malformed.")
    checked: dict[str, Any] = {}
    for key, value in found.items():
        right = {
            "logs": lambda v: isinstance(v, dict),
            "order": lambda v: v is None or (isinstance(v, list | tuple) and all(map(_counts, v))),
        }.get(key, _counts)
        if not right(value):
            raise FormatError(
                "the saved position in the training is malformed.", got=f"{key} {value!r:.80}"
            )
        checked[key] = tuple(value) if isinstance(value, list) else value
    return checked


def _counts(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 2**64


def _build_optimizers(model: Any, parameters: dict[str, Parameter], info: dict[str, Any]) -> None:
    named = info.get("optimizers", {})
    for name, optimizer in optimizers_of(model).items():
        paths = named.get(name) if isinstance(named, dict) else named
        if paths and not (isinstance(paths, list) and all(isinstance(p, str) for p in paths)):
            raise FormatError("the saved names of what the optimizer changes are malformed.")
        if not paths:
            continue
        missing = [path for path in paths if path not in parameters]
        if missing:
            raise FormatError(
                f"the optimizer {name!r} was trained on a parameter that the model has not.",
                got=missing[0],
            )
        optimizer.ensure_built([parameters[path] for path in paths])


def check_fit(targets: dict[str, Parameter], arrays: dict[str, np.ndarray]) -> None:
    """Raise a FormatError unless there is an array of the right shape and type for each target."""
    for name, p in targets.items():
        if name not in arrays:
            raise FormatError("the saved state lacks an array.", expected=name)
        array = arrays[name]
        if array.shape != p.shape or array.dtype != p.dtype:
            raise FormatError(
                f"the saved {name} does not fit.",
                got=f"{array.dtype.name} {array.shape}",
                expected=f"{p.dtype.name} {p.shape}",
            )


def take_pending(model: Any) -> None:
    """Give metrics that exist by now the totals that `restore` kept for them."""
    if model._training.pending_totals:
        totals = _totals(model)
        for name in [n for n in model._training.pending_totals if n in totals]:
            array = model._training.pending_totals.pop(name)
            if array.shape == totals[name].shape:
                totals[name].assign(array)
