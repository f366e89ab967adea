"""UMLAUT: heuristics of experts on data, structure and curves of classifiers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.doctor.record import Record, activation

NAME = "UMLAUT"
SOURCE = (
    "Schoop, Huang, Hartmann, CHI 2021, doi 10.1145/3411764.3445538; thresholds as in the authors'"
    " github.com/BerkeleyHCI/umlaut, umlaut/heuristics.py and umserver/errors.py"
)
LEFT_OUT: dict[str, str] = {}

FITS: dict[str, tuple[str, ...]] = {
    "Input data exceeds typical limits": ("GD104",),
    "Input is not a Float type": ("GD105",),
    "Image data may have incorrect shape": ("GD308",),
    "NaN in input": ("GD101",),
    "NaN in loss": ("GD401", "GD302", "GD502", "GD506"),
    "Missing Softmax layer before loss": ("GD202", "GD203", "GD214"),
    "Missing activation functions": ("GD207",),
    "Last model layer has nonlinear activation": ("GD205", "GD201"),
    "High dropout rate": ("GD211",),
    "Learning Rate is high": ("GD506", "GD502", "GD503", "GD401", "GD509", "GD210"),
    "Learning Rate is low": ("GD507", "GD505", "GD210"),
    "Possible overfitting": ("GD601", "GD605"),
    "Check validation accuracy": ("GD108", "GD109", "GD603"),
}


def symptoms(run: Record) -> list[str]:
    """Return what UMLAUT says of a run."""
    return list(dict.fromkeys([*_before(run), *_data(run), *_curves(run)]))


def _before(run: Record) -> Iterator[str]:
    names = [activation(layer) for layer in run.layers]
    # The authors' check knows a Softmax layer only, and would tell all networks that end in
    # Dense(..., "softmax") or in a sigmoid, or that are no classifiers; here it does not.
    wanted = "crossentropy" in run.loss and not run.scores
    if wanted and names[-1] not in ("softmax", "sigmoid"):
        yield "Missing Softmax layer before loss"
    softmax = type(run.layers[-1]).__name__ == "Softmax"
    inner = names[: -2 if softmax else -1]
    if "linear" in inner:
        yield "Missing activation functions"
    if softmax and names[-2] not in (None, "linear"):
        yield "Last model layer has nonlinear activation"
    dropouts = [x for x in run.layers if type(x).__name__.endswith("Dropout")]
    if any(layer.rate > 0.5 for layer in dropouts):
        yield "High dropout rate"


def _data(run: Record) -> Iterator[str]:
    for x in run.inputs:
        if x.ndim == 4 and x.shape[1] != x.shape[2]:
            yield "Image data may have incorrect shape"
        if np.nanmin(x) < -1 or np.nanmax(x) > 1:
            yield "Input data exceeds typical limits"
        if x.dtype.kind != "f":
            yield "Input is not a Float type"
        elif np.isnan(x).any():
            yield "NaN in input"


def _curves(run: Record) -> Iterator[str]:
    logs = run.logs
    if np.isnan(logs.get("loss", [])).any():
        yield "NaN in loss"
    rates = [m.rate for m in run.epochs] or [float(run.model.optimizer.learning_rate)]
    if max(rates) > 0.01:
        yield "Learning Rate is high"
    if min(rates) < 1e-7:
        yield "Learning Rate is low"
    if "val_loss" in logs:
        fell, rose = np.diff(logs["loss"]) <= 0, np.diff(logs["val_loss"]) > 0
        if (fell & rose).any():
            yield "Possible overfitting"
    if "val_accuracy" in logs:
        seen, held = np.array(logs["accuracy"][3:]), np.array(logs["val_accuracy"][3:])
        if ((held > 0.95) | (held > seen)).any():
            yield "Check validation accuracy"
