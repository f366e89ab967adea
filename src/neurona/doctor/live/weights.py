"""GD501, GD505, GD512, GD209: weights that hardly move, move too far, stand still, were faint."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor.anytime import SIZED
from neurona.doctor.finding import INFO, WARNING, Finding, Rule
from neurona.doctor.fixes import Rate
from neurona.doctor.live.course import WRONG, nothing_learnt
from neurona.doctor.live.middle import median
from neurona.doctor.live.record import FEWEST, Look, Record
from neurona.doctor.written import diff, squashes, written_at
from neurona.train.state import parameter_paths

ENOUGH = 200  # steps

VANISHING = Rule(
    "GD501", "vanishing gradients", "warning",
    "The gradient shrinks from layer to layer on its way back, so the first layers hardly learn.",
    auto="race", because=(*WRONG, "GD503", "GD504", "GD506", "GD703", "GD704"),
    accepted=("ReLU", "BatchNormalization", "residual connections", "He or Glorot initial values"),
    source="AutoTrainer 2021; TheDeepChecker 2022",
)  # fmt: skip
SHARE = 1e-3  # of the gradient of the layer that has the largest, if that lies behind
LEAST = 1e-6  # a step, as a share of the weights
TINY = 1e-4  # the longest of all layers' steps: the rate is too low for each of them


def vanishing(record: Record) -> Iterator[Finding]:
    """GD501: an early layer has a thousandth of a later one's gradient, and nothing is learnt."""
    looks = [look for look in record.recent if look.kernels]
    if record.steps < ENOUGH or record.warming or len(looks) < FEWEST or not record.logs:
        return
    if not (told := record.at_guessing()):
        return
    paths = _paths(looks)
    if len(paths) < 3:
        return
    steps, slopes = _usual(looks, paths, "ratio"), _usual(looks, paths, "gradient")
    least = int(slopes.argmin())
    later = float(slopes[least:].max())
    shrunk = float(slopes[least]) / later if later > 0 else 1.0
    if not 0 < shrunk < SHARE or steps.max() < TINY:
        return
    yield VANISHING.found(
        f"its gradient is {shrunk:.1g} times that of a later layer, its steps {steps[least]:.1g} "
        f"of its size; {told}",
        where=paths[least],
        evidence={"gradient_ratio": shrunk, "step": float(steps[least]),
                  "gradients": [float(g) for g in slopes]},
        threshold=f"{SHARE} of a later layer's gradient, and nothing learnt",
        fix=_another(record.model, paths[least]),
    )  # fmt: skip


def _another(model: Any, path: str) -> str:
    """Return the code of a layer with an activation that lets gradients through."""
    layer = written_at(model.all_layers(), path)
    if layer is None or not squashes(layer):
        return "+ BatchNormalization()  # behind each layer, or x + layer(x) around some"
    return diff(layer, activation="relu", kernel_initializer="he_normal")


def _paths(looks: list[Look]) -> list[str]:
    """Return the kernels; rows of a table may stand still, so embeddings are none."""
    return [path for path in looks[-1].kernels if not path.endswith("embeddings")]


def _usual(looks: list[Look], paths: list[str], name: str) -> np.ndarray:
    """Return the median over some looks of what was seen of each kernel."""
    return median([[getattr(x.weights[path], name) for path in paths] for x in looks])


RATIO = Rule(
    "GD505", "steps of an unusual length", "warning",
    "A healthy step changes weights by about a thousandth of their size: a tenth throws away what "
    "was learnt, a millionth learns nothing.",
    auto="race", because=(*WRONG, "GD501", "GD502", "GD503", "GD504", "GD506", "GD507", "GD512"),
    source="CS231n; TheDeepChecker 2022",
)  # fmt: skip
LONG = 0.1


def ratio(record: Record) -> Iterator[Finding]:
    """GD505: steps of a tenth, or a millionth, of the weights' size, and training goes badly."""
    looks = [look for look in record.recent if look.kernels and look in record.at_full_rate]
    if len(looks) < FEWEST or record.steps < 100 or record.warming:
        return
    paths = _paths(looks)
    if not paths:
        return
    steps = _usual(looks, paths, "ratio")
    longest, rate = int(steps.argmax()), looks[-1].rate
    if steps[longest] > LONG:
        told, factor = record.struggling(), 0.1
    elif 0 < steps.max() < LEAST and record.steps >= ENOUGH:
        told, factor = record.at_guessing(), 10.0
    else:
        return
    if not told:
        return
    yield RATIO.found(
        f"a step changes it by {steps[longest]:.2g} of its size; {told}",
        where=paths[longest],
        evidence={"ratio": float(steps[longest]), "learning_rate": rate},
        threshold=f"{LONG} or {LEAST}; about 0.001 is usual",
        fix=Rate(rate, factor),
    )


STILL = Rule(
    "GD512", "a layer that stands still", "warning",
    "It is to be trained, but no step changes it, while others move.",
    auto="never", because=(*WRONG, "GD501", "GD503", "GD504", "GD506", "GD507", "GD703"),
    accepted=("layer.trainable = False, if that is meant",), source="SageMaker Debugger",
)  # fmt: skip


def still(record: Record) -> Iterator[Finding]:
    """GD512: no number of a trainable kernel changes in at least five looks, and others do."""
    moving = [x for x in record.looks if any(not w.still for w in x.weights.values())]
    looks = moving[-2 * FEWEST :]
    if len(looks) < FEWEST or looks[-1].step - looks[0].step < 20 or record.warming:
        return
    places = [
        path
        for path in looks[-1].kernels
        if all(path in look.weights and look.weights[path].still for look in looks)
    ]
    if not places:
        return
    gradient = max(look.weights[path].gradient for look in looks for path in places)
    why = "the steps are below its precision" if gradient > 0 else "no gradient reaches it"
    told, more = record.struggling(), f" and {len(places) - 1} more" if len(places) > 1 else ""
    yield STILL.found(
        f"{looks[-1].step - looks[0].step + 1} steps have changed nothing in it: {why}"
        + (f"; {told}" if told else ""),
        where=places[0] + more,
        evidence={"looks": len(looks), "gradient": gradient, "weights": places},
        threshold=f"no change at all in {len(looks)} looks, while others change",
        fix="" if gradient > 0 else "look for stop_gradient, round, argmax or NumPy behind it",
        severity=WARNING if told else INFO,
    )


FAINT = 5.0  # times smaller than Glorot's


def faint(record: Record) -> Iterator[Finding]:
    """GD209: nothing is learnt from weights that began several times smaller than Glorot's.

    The slope of each is a product of the others, and of answers that are nearly the same.
    """
    if len(record.looks) < FEWEST or record.looks[0].step or record.warming:
        return
    began, known = record.looks[0].weights, parameter_paths(record.model)
    shapes = {path: known[path].shape for path, w in began.items() if w.moved is not None}
    kernels = [path for path, shape in shapes.items() if len(shape) > 1]
    usual = {path: _glorot(shapes[path]) for path in kernels}
    off = [path for path in kernels if began[path].size * FAINT < usual[path]]
    if len(off) < max(2, len(kernels) - 1) or not any(nothing_learnt(record)):
        return  # the last may be another
    worst = min(off, key=lambda path: began[path].size / usual[path])
    yield SIZED.found(
        f"it began with a spread of {began[worst].size:.2g}, where Glorot's is "
        f"{usual[worst]:.2g}, and {len(off) - 1} more like it; nothing is learnt",
        where=worst,
        evidence={"spread": began[worst].size, "expected": usual[worst], "layers": len(off)},
        threshold=f"1 / {FAINT:g} of Glorot's, where nothing is learnt",
        fix="- kernel_initializer=...  # leave it out: the default is Glorot's",
    )


def _glorot(shape: tuple[int, ...]) -> float:
    """Return the spread of Glorot's weights."""
    places = math.prod(shape[:-2])
    return math.sqrt(2 / (places * (shape[-2] + shape[-1])))


CHECKS = {vanishing: (VANISHING,), ratio: (RATIO,), still: (STILL,), faint: (SIZED,)}
