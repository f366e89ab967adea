"""Losses for special targets: logarithms, percentages, counts, directions. They ask for such."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.data.labels import MIXED
from neurona.doctor.ends import End
from neurona.doctor.finding import ERROR, Finding
from neurona.doctor.scan import sample

SHARE = 0.001  # of the targets
WHOLE = 0.02  # how far shares may be from 1 in all
NEGATIVE = ("linear", "tanh")  # ends that go below 0
POSITIVE = {"MeanSquaredLogarithmicError": "mse", "Poisson": "mse"}  # and what takes all numbers


def special(case: Case) -> Iterator[Finding]:
    """Hold targets and last activation against what a loss is the right one for."""
    for end in [] if case.custom else case.ends:
        if end.loss is None or not end.values.size:
            continue
        kind = type(end.loss).__name__
        said, fix = _asked(end, kind, sample(end.values))
        if said:
            yield MIXED.found(
                said,
                where=end.place,
                evidence={"loss": end.loss.name, "activation": end.activation},
                threshold="targets and outputs that the loss is made for",
                fix=fix,
                severity=ERROR,
            )


def _asked(end: End, kind: str, y: np.ndarray) -> tuple[str, str]:
    """Return what a loss is asked that it has no answer to, and a fix; "" if nothing is."""
    name = end.loss.name
    if kind in POSITIVE and (share := float((y < 0).mean())) > SHARE:
        return (
            f"{name} takes the logarithm of targets and outputs, and {share:.0%} of the targets "
            f"are below 0: {y.min():.4g}"
        ), f'- loss="{name}"\n+ loss="{POSITIVE[kind]}"'
    if kind == "Poisson" and end.activation in NEGATIVE:
        return f"{name} takes the logarithm of outputs, and a {end.activation} end goes below 0", (
            f'- Dense({end.width})\n+ Dense({end.width}, "softplus")  # or "exponential"'
        )
    if kind == "KLDivergence" and end.activation in (*NEGATIVE, "relu"):
        return f"{name} compares probabilities, and a {end.activation} end gives other numbers", (
            f'- Dense({end.width})\n+ Dense({end.width}, "softmax")'
        )
    if kind == "KLDivergence" and (sums := _no_wholes(end)) is not None:
        return f"{name} compares shares of a whole, and the targets of a row sum to {sums:.3g}", (
            f'- loss="{name}"\n+ loss="binary_crossentropy"'
        )
    if kind == "KLDivergence" and float(((y < 0) | (y > 1)).mean()) > SHARE:
        return (
            f"{name} compares probabilities, and targets run from {y.min():.4g} to {y.max():.4g}"
        ), "- model.fit(x, y)\n+ model.fit(x, nn.ops.softmax(y))  # of scores"
    if kind == "MeanAbsolutePercentageError":
        small = float((y == 0).mean())
        if small > SHARE or (y.min() < 0 < y.max()):
            what = "are 0" if small > SHARE else "pass through 0"
            return f"{name} divides by the targets, and they {what}", (
                f'- loss="{name}"\n+ loss="mae"'
            )
    if kind == "CosineSimilarity" and end.width == 1:
        return f"{name} compares directions, and one number has none but its sign", (
            f'- loss="{name}"\n+ loss="mse"'
        )
    return "", ""


def _no_wholes(end: End) -> float | None:
    """Return what the targets of a row sum to in the middle, if it is not 1 and none is below 0."""
    y = end.target.values if end.target is not None else end.values
    sums = sample(y if y.ndim > 1 else y[:, None]).sum(axis=-1, dtype=np.float64)
    whole = float((abs(sums - 1) < WHOLE).mean())
    return float(np.median(sums)) if whole < 0.5 and y.min() >= 0 and y.max() <= 1 else None


CHECKS = {special: (MIXED,)}
