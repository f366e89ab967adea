"""SageMaker Debugger: the built-in rules for deep learning, with their default parameters.

A saved step is the end of an epoch here (the default is each 500th step, and most runs are
shorter), and step 0; each rule is asked of all tensors that its documented example names.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from benchmarks.doctor.record import Moment, Record

NAME = "SageMaker Debugger"
SOURCE = "docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html, default parameters"
LEFT_OUT = {
    "SimilarAcrossRuns": "compares with another run",
    "StalledTrainingRule": "is of machines that stand still",
    "Confusion, TreeDepth, FeatureImportanceOverweight": "are for XGBoost",
    "PoorWeightInitialization's patience of the loss": "the first ten steps are within an epoch",
}

FITS: dict[str, tuple[str, ...]] = {
    "DeadRelu": ("GD503", "GD305", "GD307"),
    "ExplodingTensor": ("GD401", "GD302", "GD502", "GD506", "GD101"),
    "PoorWeightInitialization": (
        "GD209", "GD208", "GD303", "GD304", "GD301", "GD305", "GD306", "GD307",
    ),
    "SaturatedActivation": ("GD504", "GD306", "GD209", "GD303"),
    "VanishingGradient": (
        "GD304", "GD501", "GD303", "GD209", "GD307", "GD704", "GD306", "GD208", "GD516",
    ),
    "WeightUpdateRatio": ("GD505", "GD506", "GD507", "GD502", "GD512", "GD212", "GD514", "GD216"),
    "AllZero": ("GD208", "GD503", "GD305", "GD307", "GD516", "GD211"),
    "ClassImbalance": ("GD107", "GD511"),
    "LossNotDecreasing": (
        "GD510", "GD508", "GD506", "GD507", "GD505", "GD509", "GD502", "GD602", "GD216", "GD516",
        "GD514",
    ),
    "Overfit": ("GD601", "GD605"),
    "Overtraining": ("GD601",),
    "TensorVariance": ("GD209", "GD303", "GD301", "GD502", "GD506", "GD208", "GD211"),
    "UnchangedTensor": ("GD507", "GD505", "GD512", "GD516", "GD510", "GD307", "GD212"),
    "CheckInputImages": ("GD104",),
    "NLPSequenceRatio": ("GD114",),
}  # fmt: skip


def symptoms(run: Record) -> list[str]:
    """Return the rules that fire in a run."""
    return [name for name, fires in RULES.items() if fires(run)]


def _saved(run: Record) -> list[Moment]:
    return [*([run.start] if run.start else []), *run.epochs]


def _dead(run: Record) -> bool:
    """More than 50 % of the ReLUs of a layer are active for less than 1 % of the samples."""
    for out in (out for m in _saved(run) for out in m.outputs if out.activation == "relu"):
        active = np.mean(out.values > 0, axis=tuple(range(out.values.ndim - 1)))
        if np.mean(active < 0.01) > 0.5:
            return True
    return False


def _exploding(run: Record) -> bool:
    """A tensor has a number that is not finite."""
    tensors = [a for m in _saved(run) for a in (*m.weights.values(), *m.gradients.values())]
    losses = [np.array(values) for name, values in run.logs.items() if "loss" in name]
    return not all(np.isfinite(a).all() for a in (*tensors, *losses))


def _poor_start(run: Record) -> bool:
    """At the start variances of what ReLUs get differ 10-fold, or gradients lie within 0.001."""
    if run.start is None:
        return False
    given = [o.before for o in run.start.outputs if o.activation == "relu" and o.before is not None]
    variances = [float(np.var(z)) for z in given]
    if variances and max(variances) > 10 * min(variances):
        return True
    spreads = [np.diff(np.percentile(g, (5, 95)))[0] for g in run.start.gradients.values()]
    return bool(spreads) and bool(min(spreads) < 0.001)


def _saturated(run: Record) -> bool:
    """More than 50 % of the tanhs or sigmoids of a layer are within their bounds below 1 %."""
    bounds = {"tanh": (-9.4999, 9.4999), "sigmoid": (-23, 16.99999)}
    for out in (out for m in _saved(run) for out in m.outputs if out.activation in bounds):
        if out.before is not None:
            low, high = bounds[str(out.activation)]
            inside = (out.before > low) & (out.before < high)
            active = np.mean(inside, axis=tuple(range(inside.ndim - 1)))
            if np.mean(active < 0.01) > 0.5:
                return True
    return False


def _vanishing(run: Record) -> bool:
    """The mean size of the gradients of a tensor is below 1e-7."""
    return any(np.abs(g).mean() < 1e-7 for m in _saved(run) for g in m.gradients.values())


def _update_ratio(run: Record) -> bool:
    """From one saved step to the next weights change by more than 10, or less than 1e-8, of them"""
    for before, after in itertools.pairwise(_saved(run)):
        for name, w in before.kernels.items():
            ratio = np.linalg.norm(after.weights[name] - w) / (np.linalg.norm(w) + 1e-9)
            if ratio > 10 or ratio < 1e-8:
                return True
    return False


def _all_zero(run: Record) -> bool:
    """All numbers of a tensor are 0; biases before the first step are, and do not count here."""
    tensors = [a for m in run.epochs for a in (*m.weights.values(), *m.gradients.values())]
    return not all(np.any(a) for a in tensors)


def _imbalance(run: Record) -> bool:
    """Classes differ 10-fold in size, or more than 0.7 of a class is not found."""
    labels, found = run.labels, run.predicted
    if labels is None:
        return False
    _, counts = np.unique(labels, return_counts=True)
    if counts.max() > 10 * counts.min():
        return True
    if found is None:
        return False
    labels = labels[: len(found)]
    return any(np.mean(found[labels == k] != k) > 0.7 for k in np.unique(labels))


def _not_decreasing(run: Record) -> bool:
    """In 10 steps or more the loss falls by less than 0.1 %, or grows by more than 5 %."""
    losses, checked = run.logs.get("loss", []), 0
    for i in range(1, len(losses)):
        if (i - checked) * run.steps >= 10:
            before, now = losses[checked], losses[i]
            fallen = 100 * (before - now) / abs(before) if before else 0.0
            if 0 <= fallen < 0.1 or fallen < -5:
                return True
            checked = i
    return False


def _overfit(run: Record) -> bool:
    """The loss of validation is more than 10 % above that of training."""
    if "val_loss" not in run.logs:
        return False
    seen, held = (np.array(run.logs[name]) for name in ("loss", "val_loss"))
    return bool((held - seen > 0.1 * np.abs(seen)).any())


def _overtraining(run: Record) -> bool:
    """Neither loss is better by 0.01 than before: training's for 5, validation's for 10 steps."""

    def waited(values: list[float]) -> list[int]:
        best, since, found = np.inf, 0, []
        for value in values:
            best, since = (value, 0) if value < best - 0.01 else (best, since + 1)
            found.append(since)
        return found

    pairs = zip(
        waited(run.logs.get("loss", [])), waited(run.logs.get("val_loss", [])), strict=False
    )
    return any(seen >= 5 and held >= 10 for seen, held in pairs)


def _variance(run: Record) -> bool:
    """The variance of weights is above 10 or below 1e-5."""
    variances = [np.var(w) for m in _saved(run) for w in m.kernels.values()]
    return any(v > 10 or v < 1e-5 for v in variances)


def _unchanged(run: Record) -> bool:
    """Three losses after one another are the same."""
    losses = run.logs.get("loss", [])
    return any(
        np.allclose(losses[i : i + 3], losses[i], rtol=1e-5, atol=1e-8)
        for i in range(len(losses) - 2)
    )


def _images(run: Record) -> bool:
    """The mean of 500 images is more than 0.2 from 0."""
    images = [x for x in run.inputs if x.ndim == 4 and len(x) >= 500]
    return any(abs(float(np.mean(x))) > 0.2 for x in images)


def _tokens(run: Record) -> bool:
    """More than 50 % of the tokens are 0."""
    tokens = [x for x in run.inputs if x.dtype.kind in "iu" and x.ndim == 2]
    return any(float(np.mean(x == 0)) > 0.5 for x in tokens)


RULES: dict[str, Callable[[Record], bool]] = {
    "DeadRelu": _dead,
    "ExplodingTensor": _exploding,
    "PoorWeightInitialization": _poor_start,
    "SaturatedActivation": _saturated,
    "VanishingGradient": _vanishing,
    "WeightUpdateRatio": _update_ratio,
    "AllZero": _all_zero,
    "ClassImbalance": _imbalance,
    "LossNotDecreasing": _not_decreasing,
    "Overfit": _overfit,
    "Overtraining": _overtraining,
    "TensorVariance": _variance,
    "UnchangedTensor": _unchanged,
    "CheckInputImages": _images,
    "NLPSequenceRatio": _tokens,
}
