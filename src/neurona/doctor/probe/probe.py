"""Probe: one forward and backward pass on some samples, and what it tells of each layer."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np

from neurona.core.lowering import Attention
from neurona.core.origin import Origin, as_text
from neurona.doctor.case import Case
from neurona.doctor.probe.attending import padded
from neurona.doctor.probe.traced import Traced, prediction_pass, training_pass
from neurona.doctor.probe.twin import Batch, aside, first_batch, ready, twin_of, users_code
from neurona.doctor.probe.units import Units, Watch
from neurona.doctor.written import wholes
from neurona.errors import NeuronaError, StateError

SAMPLES = 128  # that are looked at; a unit of a deep network may well be 0 for fewer


@dataclasses.dataclass(frozen=True)
class Weighted:
    """A layer with weights, in the order of the forward pass.

    Attributes:
        layer: of the twin.
        where: its path, and the user's line that made it.
        spread: standard deviation of what it returns, between samples and places; None if unknown.
        share: of the size of what it returns, that this spread is.
        weight: rms of its largest matrix, of those that a gradient reaches; a cell's recurrent one
            waits for a second step.
        gradient: rms of the gradient with respect to that, where there is any; None if unknown.
    """

    layer: Any
    where: str
    spread: float | None
    share: float
    weight: float
    gradient: float | None


class Probe:
    """What one pass shows of a case; nothing of the case is changed.

    Args:
        case: a model with its data.

    Attributes:
        twin: a built copy of the model.
        batch: the samples.

    Raises:
        NeuronaError: if no pass can be made.
    """

    def __init__(self, case: Case) -> None:
        if case.x is None:
            raise StateError("there are no data to look at.", got="x=None")
        self.case = case
        with aside(), case.model._training.turns, users_code():
            self.twin = twin_of(case.model)
            given = case.x, case.y, case.sample_weight
            kept = any(getattr(layer, "stateful", False) for layer in self.twin.all_layers())
            most = case.batch_size if kept else SAMPLES  # a state is of one size of batch
            self.batch: Batch = first_batch(self.twin, *given, most)
            ready(self.twin, self.batch)
            self.twin.reset_metrics()

    @functools.cached_property
    def training(self) -> Traced:
        """The training step as a Graph.

        Raises:
            StateError: if the model has no loss to train with.
        """
        if not (self.twin.compiled or self.twin.overrides("train_step")):
            raise StateError("the model is not compiled, so there is no loss to look at.")
        with aside():
            return training_pass(self.twin, self.batch)

    @functools.cached_property
    def prediction(self) -> Traced:
        """The prediction as a Graph."""
        with aside():
            return prediction_pass(self.twin, self.batch)

    def layers_of(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return what each layer gives in a prediction for a batch of that size, by its path."""
        with aside():
            found = prediction_pass(self.twin, batch, layers=True)(batch)
        return {name[6:]: v for name, v in found.items() if name.startswith("value ")}

    @functools.cached_property
    def attends(self) -> bool:
        """Whether there is attention in the model."""
        kinds = [type(layer).__name__.lower() for layer in self.twin.all_layers()]
        nodes = self.prediction.graph.nodes
        fused = any(isinstance(node.op.lower, Attention) for node in nodes)
        return fused or any("attention" in kind for kind in kinds)

    @functools.cached_property
    def _run(self) -> tuple[dict[str, np.ndarray], Watch]:
        axis = 1 if self._channels_first else -1
        watch = Watch(self.training.graph, axis, padded(self.training.batch))
        with aside():
            outputs = watch.run(self.training.arrays(self.training.batch))
        return self.training.named(outputs), watch

    @property
    def values(self) -> dict[str, np.ndarray]:
        """What the training step gives, by the names of `training_pass`."""
        return self._run[0]

    @functools.cached_property
    def outputs(self) -> dict[str, np.ndarray]:
        """What the model gives; in training, since running figures of a fresh one are no guide."""
        twin = self.twin
        if (twin.compiled or twin.overrides("train_step")) and (
            found := {n: v for n, v in self.values.items() if n.startswith("output ")}
        ):
            return found
        normalized = any(hasattr(layer, "moving_variance") for layer in twin.all_layers())
        return {} if normalized else self.prediction(self.prediction.batch)

    @property
    def units(self) -> list[Units]:
        """The activations that have a flat part, in the order of the forward pass."""
        return list(self._run[1].units.values())

    @property
    def focus(self) -> list[tuple[Origin, float]]:
        """Where weights of attention are made, and the mean share of the key that gets most."""
        return list(self._run[1].focus.values())

    @property
    def on_padding(self) -> list[tuple[Origin, float, float]]:
        """Where weights of attention are made, that on padding, and the share of padding."""
        return list(self._run[1].on_padding.values())

    @property
    def _channels_first(self) -> bool:
        layers = self.twin.all_layers()
        return any(getattr(layer, "data_format", "") == "channels_first" for layer in layers)

    @functools.cached_property
    def weighted(self) -> list[Weighted]:
        """The layers that have matrices, in the order of the forward pass."""
        owners = {id(p): layer for layer in self.twin.all_layers() for p in layer.own_parameters()}
        largest: dict[int, tuple[Any, Any, np.ndarray | None]] = {}
        for name, p in self.training.parameters.items():
            layer = owners.get(id(p))
            if layer is None or len(p.shape) < 2:
                continue
            known, gradient = largest.get(id(layer)), self.values.get(name)
            if known is None or (_reached(gradient), p.size) > (_reached(known[2]), known[1].size):
                largest[id(layer)] = layer, p, gradient
        order = {name: i for i, name in enumerate(self._spreads)}
        whole = wholes(self.twin)
        found = []
        for layer, p, g in largest.values():
            path = next((n for n in order if n.rpartition("/")[2] == layer.name), "")
            if not path:  # a cell, which is not called by itself
                layer = whole.get(id(layer), layer)
                path = next((n for n in order if n.rpartition("/")[2] == layer.name), "")
            place, slope = order.get(path, len(order)), None if g is None else rms(g)
            spread, share = self._spreads.get(path, (None, 0.0))
            where = ", ".join(filter(None, (path or layer.name, as_text(layer._made_at))))
            found.append((place, Weighted(layer, where, spread, share, rms(p.numpy()), slope)))
        return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]

    @functools.cached_property
    def _spreads(self) -> dict[str, tuple[float, float]]:
        """The spread of what each layer returns, and as a share of its size, by its path."""
        found = {}
        for name, value in self.values.items():
            if name.startswith("value ") and value.dtype.kind == "f" and value.ndim > 1:
                axes = tuple(range(value.ndim - 1))
                with np.errstate(all="ignore"):
                    spread = float(np.sqrt(value.var(axis=axes, dtype=float).mean()))
                    size = float(np.sqrt(np.square(value, dtype=float).mean()))
                found[name[6:]] = spread, spread / size if size > 0 else 0.0
        return found


def _reached(gradient: np.ndarray | None) -> bool:
    return gradient is not None and bool(np.any(gradient))


def rms(array: Any) -> float:
    """Return the root of the mean square of what is not 0: rows of a table may be untouched."""
    values = np.asarray(array, float)
    values = values[values != 0]
    with np.errstate(all="ignore"):
        return float(np.sqrt((values**2).mean())) if values.size else 0.0


def probe_of(case: Case) -> Probe:
    """Return the Probe of a case, one for all checks.

    Raises:
        NeuronaError: if no pass can be made.
    """
    found: Probe | NeuronaError | None = case.worked_out.get("probe")
    if found is None:
        try:
            found = Probe(case)
        except NeuronaError as error:
            found = error
        case.worked_out["probe"] = found
    if isinstance(found, NeuronaError):
        raise found
    return found
