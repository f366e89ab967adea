"""How signals and gradients grow or shrink from layer to layer."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.finding import WARNING, Finding, Rule
from neurona.doctor.fixes import Fix, Rectify, Redraw
from neurona.doctor.learning_rate import ADAPTIVE
from neurona.doctor.probe.probe import Weighted, probe_of, rms
from neurona.doctor.probe.start import one_answer
from neurona.doctor.written import activation_name, code, diff, squashes

SIGNAL = Rule(
    "GD303", "signal shrinks or grows with depth", WARNING,
    "What tells samples apart fades, or grows, by the same factor in each layer. The last layers "
    "see hardly any difference, or far too much, and learn slowly or not at all.",
    auto="race", because=("GD101", "GD104", "GD207", "GD208", "GD209"),
    accepted=("normalization layers", "skip connections", "another activation"),
    source="Glorot and Bengio 2010; He et al. 2015; own measurement",
)  # fmt: skip
GRADIENT = Rule(
    "GD304", "gradients vanish or explode with depth", WARNING,
    "The first layers get gradients that are thousands of times smaller, or larger, than those of "
    "the last. Either they stand still, or they break what the others learn.",
    auto="race", because=("GD104", "GD208", "GD209", "GD212", "GD305", "GD306", "GD303", "GD702"),
    accepted=("normalization layers", "skip connections", "fewer layers"),
    source="AutoTrainer; Bengio et al. 1994; own measurement",
)  # fmt: skip

LAYERS = 4  # with weights; fewer make no trend
SIGNALS, GRADIENTS = 1e-2, 1e-3  # of the last to the first, or the first to the last
SCALED = 1e-3  # of the signal, where only its scale shrinks, which Adam and its kin make up for
APART = 0.5  # of the share of the size that tells samples apart: more is left of them
TREND = 0.85  # rank correlation with depth: a branch that begins small is no trend
SHUT = 1e-2  # of a factor
STARVED, TINY = 1e-6, 1e-10  # gradient to weight beside the median layer; a gradient by itself


class Trend(NamedTuple):
    """How a quantity goes with depth.

    Attributes:
        ratio: of the last to the first.
        correlation: of the ranks of quantity and depth.
        factor: from one layer to the next, as a mean.
    """

    ratio: float
    correlation: float
    factor: float


def trend(values: Sequence[float]) -> Trend:
    """Return how positive numbers go with their place.

    >>> trend([1.0, 0.5, 0.25, 0.125])
    Trend(ratio=0.125, correlation=-1.0, factor=0.5)
    """
    ratio = values[-1] / values[0]
    ranks = np.argsort(np.argsort(values))
    correlation = float(np.corrcoef(ranks, np.arange(len(values)))[0, 1])
    return Trend(ratio, round(correlation, 6), ratio ** (1 / (len(values) - 1)))


def check_signal(case: Case) -> Iterator[Finding]:
    """GD303: the spread between samples behind each layer with weights, against depth."""
    layers = [w for w in probe_of(case).weighted if w.spread is not None][:-1]  # scores are free
    spreads = [w.spread or 0.0 for w in layers]
    if len(layers) < LAYERS or not np.isfinite(spreads).all() or spreads[0] == 0:
        return
    spreads = [max(s, 1e-30) for s in spreads]
    found = trend(spreads)
    least = SCALED if _only_scaled(case, layers) else SIGNALS
    if abs(found.correlation) < TREND or least <= found.ratio <= 1 / SIGNALS:
        return
    shrinks = found.ratio < 1
    factor = 1 / found.factor if shrinks else found.factor
    yield SIGNAL.found(
        f"the signal {'shrinks' if shrinks else 'grows'} {factor:.3g} times a layer: its spread is "
        f"{spreads[0]:.2g} behind the first and {spreads[-1]:.2g} behind layer {len(layers)}",
        where=layers[-1].where,
        evidence={"spread": spreads, "layers": [w.layer.name for w in layers]},
        threshold=f"last to first from {least} to {1 / SIGNALS:.0f}, or no trend",
        fix=_initializer(layers),
    )


def _only_scaled(case: Case, layers: Sequence[Weighted]) -> bool:
    """Whether samples stay apart as they are, as behind GELU, and steps do not follow the scale."""
    adaptive = type(case.model.optimizer).__name__ in ADAPTIVE
    return adaptive and layers[-1].share > APART * layers[0].share


def check_gradients(case: Case) -> Iterator[Finding]:
    """GD304: the gradients of the layers' matrices, against depth and beside their weights."""
    probe = probe_of(case)
    layers = [w for w in probe.weighted if w.gradient is not None and w.weight > 0]
    gradients = [w.gradient or 0.0 for w in layers]
    if not layers or not np.isfinite(gradients).all():
        return
    zeros = [w for w, g in zip(layers, gradients, strict=True) if g == 0]
    if zeros and len(zeros) == len(layers):
        return  # nothing learns at all: that is said by what is the cause
    starts_at_zero = any(w.weight == 0 for w in probe.weighted)  # then zeros are its consequence
    rest = [(w, g) for w, g in zip(layers, gradients, strict=True) if g > 0]
    if len(rest) >= LAYERS:
        found = trend([g for _, g in rest])
        vanish, explode = found.ratio > 1 / GRADIENTS, found.ratio < GRADIENTS
        if (vanish or explode) and abs(found.correlation) >= TREND:
            yield _trend_found([w for w, _ in rest], [g for _, g in rest], found, vanish)
            return
    starved = [w for w, g in rest if _is_starved(w, g, rest)]
    elsewhere = layers[0].gradient and one_answer(probe) is not None  # the way to x is open
    if zeros and not starts_at_zero and not elsewhere:
        starved += zeros
    if starved and not _opens_later(case):
        names = ", ".join(repr(w.layer.name) for w in starved[:3])
        yield GRADIENT.found(
            f"{names} {'gets' if len(starved) == 1 else 'get'} next to no gradient: "
            f"{starved[0].gradient:.1g} beside {np.median(gradients):.1g} of the median layer",
            where=starved[0].where,
            evidence={"gradients": gradients, "layers": [w.layer.name for w in layers]},
            threshold=f"gradient / weight below {STARVED} of the median",
            fix="# a ReLU that is always 0, a stop_gradient, or a branch that is multiplied by 0?",
        )


def _opens_later(case: Case) -> bool:
    """Whether a factor that is learnt begins next to 0: what is before it waits for it to grow.

    As the last scale of a residual branch does, so that the sum begins as what it adds to.
    """
    probe = probe_of(case)
    gradients = {p.path: probe.values.get(name) for name, p in probe.training.parameters.items()}
    factors = () if case.custom else case.forward.factors
    return any(
        rms(p.numpy()) < SHUT and (g := gradients.get(p.path)) is not None and g.any()
        for p in factors
    )


def _is_starved(w: Weighted, g: float, rest: Sequence[tuple[Weighted, float]]) -> bool:
    share = float(np.median([other / v.weight for v, other in rest]))
    return g / w.weight < STARVED * share or (
        g < TINY and g < 1e-3 * float(np.median([other for _, other in rest]))
    )


def _trend_found(
    layers: Sequence[Weighted], gradients: Sequence[float], found: Trend, vanish: bool
) -> Finding:
    first, last = gradients[0], gradients[-1]
    factor = found.factor if vanish else 1 / found.factor
    return GRADIENT.found(
        f"gradients {'vanish' if vanish else 'explode'}: {factor:.3g} times "
        f"{'smaller' if vanish else 'larger'} with each layer towards the input, {first:.1g} in "
        f"{layers[0].layer.name!r} and {last:.1g} in {layers[-1].layer.name!r}",
        where=layers[0].where,
        evidence={"gradients": gradients, "layers": [w.layer.name for w in layers]},
        threshold=f"first to last from {GRADIENTS} to {1 / GRADIENTS:.0f}, or no trend",
        fix=_initializer(layers),
    )


def _initializer(layers: Sequence[Weighted]) -> Fix:
    """Return the cure: the activation that keeps the scale, and the weights that go with it."""
    layer = layers[len(layers) // 2].layer
    name = activation_name(layer)
    if "kernel_initializer" not in inspect.signature(type(layer).__init__).parameters:
        return Redraw("+ x = nn.layers.LayerNormalization()(x)  # in front of each of them")
    he = {"kernel_initializer": "he_normal"}
    if layer.arguments.get("kernel_initializer") == "he_normal" or not name:
        return Redraw(f"  {code(layer)}\n+ BatchNormalization()  # behind each of them")
    if squashes(layer):
        return Rectify(diff(layer, activation="relu", **he))
    return Redraw(diff(layer, **he))
