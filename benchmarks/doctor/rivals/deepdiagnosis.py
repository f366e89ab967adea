"""DeepDiagnosis: eight symptoms at the ends of epochs; the first one ends the run.

An activation within a layer is read as one behind it, as the authors' programs have it; their
callback would take Dense(10, "softmax") for a layer without any.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.doctor.record import Moment, Output, Record

NAME = "DeepDiagnosis"
SOURCE = (
    "Wardat, Cruz, Le, Rajan, ICSE 2022, arXiv 2112.04036; thresholds as in the authors'"
    " github.com/DeepDiagnosis/ICSE2022, callback/callbacks.py"
)
LEFT_OUT: dict[str, str] = {}

WINDOW, LONG = 5, 20  # epochs between two checks of what has not changed; of accuracy
DEAD = 0.7  # share of what a ReLU returns that is 0
BOUND, SATURATED = 5.0, 0.5  # what tanh and sigmoid are called on, and the share beyond
VANISHED = 1e-7  # mean size of a gradient
VARIANCE = (1e-5, 10.0)  # of weights that are not poor
RATE = (1e-5, 0.1)  # of a step relative to the weights
SPREAD = 10  # times that of the targets that the range of a linear output may have
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, np.inf), "elu": (-1.0, np.inf)}

RATES = ("GD506", "GD507", "GD505", "GD502", "GD503", "GD216", "GD210", "GD514")
NUMERICAL = ("GD401", "GD302", "GD101", "GD502", "GD307", "GD208", "GD506")
UNCHANGED = ("GD507", "GD505", "GD512", "GD212", "GD307", "GD516", "GD510", "GD208")

FITS: dict[str, tuple[str, ...]] = {
    "out of range": ("GD204", "GD202", "GD203", "GD205", "GD113"),
    "numerical error in a layer": NUMERICAL,
    "numerical error in delta weights": (*NUMERICAL, "GD516"),
    "numerical error in weights": NUMERICAL,
    "dead node": ("GD503", "GD305", "GD307"),
    "saturated activation": ("GD504", "GD306", "GD209", "GD303"),
    "unchanged tensor": UNCHANGED,
    "invalid loss": ("GD401", "GD302", "GD502", "GD506", "GD101"),
    "loss not decreasing": (*UNCHANGED, "GD508"),
    "invalid accuracy": ("GD203", "GD103", "GD102", "GD401", "GD215"),
    "accuracy not increasing": (*UNCHANGED, "GD508"),
    "vanishing gradient": ("GD304", "GD501", "GD303", "GD209", "GD307", "GD704", "GD306"),
    "fix: normalize the data": ("GD104",),
    "fix: learning rate": RATES,
    "fix: poor weights": ("GD209", "GD208", "GD303", "GD301", "GD304"),
    "fix: activation function": ("GD204", "GD205", "GD206", "GD207", "GD202", "GD504", "GD306"),
    "fix: loss function": ("GD202", "GD203", "GD206", "GD401"),
    "fix: optimizer": ("GD506", "GD507", "GD509"),
    "fix: layers or their activation": ("GD304", "GD501", "GD303", "GD207"),
}


def symptoms(run: Record) -> list[str]:
    """Return what DeepDiagnosis says of a run: a symptom, and the fix that it recommends."""
    for epoch in range(len(run.epochs)):
        found = next(_of_epoch(run, epoch), None)
        if found:
            return [found[0], f"fix: {found[1]}"]
    return []


def _of_epoch(run: Record, epoch: int) -> Iterator[tuple[str, str]]:
    now, count = run.epochs[epoch], epoch + 1
    window = run.epochs[count - WINDOW : count] if count % WINDOW == 0 else []
    yield from _forward(run, now, count, window)
    yield from _curves(run, now, count)
    for name in reversed(_dense(run)):
        gradient, weights = now.gradients.get(name), now.weights[name]
        if gradient is not None:
            if _numerical(gradient):
                last = name == _dense(run)[-1]
                yield "numerical error in delta weights", _loss_or_activation(last)
            if np.abs(gradient).mean() < VANISHED:
                fix = "learning rate" if _odd_rate(now) else "layers or their activation"
                yield "vanishing gradient", fix
        if _numerical(weights):
            yield "numerical error in weights", _causes(run, now, "activation function")
    for name in reversed(_dense(run)) if window else []:
        for seen in ([m.gradients.get(name) for m in window], [m.weights[name] for m in window]):
            if seen[0] is not None and _still([float(np.mean(a)) for a in seen]):
                yield "unchanged tensor", _weights_or_rate(now)


def _forward(
    run: Record, now: Moment, count: int, window: list[Moment]
) -> Iterator[tuple[str, str]]:
    names = {layer.name for layer in run.layers}
    places = [i for i, out in enumerate(now.outputs) if out.layer in names]
    for i in places:
        out = now.outputs[i]
        if i == places[-1] and count == 1 and _out_of_range(run, out):
            yield "out of range", "activation function"
        if _numerical(out.values):
            yield "numerical error in a layer", _causes(run, now, "activation function")
        rectified = out.activation in ("relu", "exponential")
        if rectified and count == run.training.epochs and np.mean(out.values <= 0) >= DEAD:
            yield "dead node", _causes(run, now, "layers or their activation")
        bounded = out.activation in ("sigmoid", "tanh") and out.before is not None
        if window and bounded and np.mean(np.abs(out.before) >= BOUND) > SATURATED:
            yield "saturated activation", _causes(run, now, "layers or their activation")
    for i in places[:-1] if window else []:
        means = [float(np.mean(m.outputs[i].values)) for m in window]
        if now.outputs[i].kind != "Flatten" and _still(means):
            yield "unchanged tensor", _weights_or_rate(now)


def _curves(run: Record, now: Moment, count: int) -> Iterator[tuple[str, str]]:
    loss = run.logs["loss"][:count]
    if not np.isfinite(loss[-1]):
        yield "invalid loss", "learning rate" if _odd_rate(now) else "optimizer"
    if count % WINDOW == 0 and _still(loss[-WINDOW:]):
        yield "loss not decreasing", _causes(run, now, "optimizer")
    accuracy = run.logs.get("accuracy", [])[:count]
    if accuracy and (not np.isfinite(accuracy[-1]) or accuracy[-1] == 0):
        yield "invalid accuracy", "learning rate" if _odd_rate(now) else "optimizer"
    if accuracy and count % LONG == 0 and _still(accuracy[-LONG:]):
        yield "accuracy not increasing", _causes(run, now, "optimizer")


def _out_of_range(run: Record, out: Output) -> bool:
    if out.activation == "softmax" or run.y is None:
        return False
    y = np.asarray(run.y, float)
    if out.activation in (None, "linear"):
        classes = "categorical_crossentropy" in run.loss and not run.scores
        return bool(classes or np.ptp(out.values) > SPREAD * np.ptp(y))
    low, high = RANGES.get(out.activation, (-np.inf, np.inf))
    classes = out.activation == "relu" and "categorical_crossentropy" in run.loss
    return bool(classes or y.min() < low or y.max() > high)


# --- which fix is recommended -------------------------------------------------------------------


def _causes(run: Record, now: Moment, otherwise: str) -> str:
    if _poor(now):
        return "poor weights"
    if any(np.nanmin(x) < -1 or np.nanmax(x) > 1 for x in run.inputs):
        return "normalize the data"
    return "learning rate" if _odd_rate(now) else otherwise


def _weights_or_rate(now: Moment) -> str:
    if _poor(now):
        return "poor weights"
    return "learning rate" if _odd_rate(now) else "optimizer"


def _loss_or_activation(last: bool) -> str:
    return "loss function" if last else "activation function"


def _poor(now: Moment) -> bool:
    variances = [float(np.var(w)) for w in now.kernels.values() if w.size > 1]
    return any(v < VARIANCE[0] or v > VARIANCE[1] for v in variances)


def _odd_rate(now: Moment) -> bool:
    for name, w in now.kernels.items():
        if name in now.gradients:
            size = float(np.linalg.norm(w))
            step = now.rate * float(np.linalg.norm(now.gradients[name])) / size if size else np.inf
            if step < RATE[0] or step > RATE[1]:
                return True
    return False


def _dense(run: Record) -> list[str]:
    kinds = {layer.name: type(layer).__name__ for layer in run.layers}
    kernels = run.epochs[0].kernels
    return [path for path in kernels if kinds.get(path.rpartition("/")[0]) == "Dense"]


def _numerical(values: np.ndarray) -> bool:
    mean = float(np.mean(values))
    return not np.isfinite(mean) or mean == 0


def _still(values: list[float]) -> bool:
    return bool(np.mean(values) == np.max(values))
