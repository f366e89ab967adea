"""Straight models: a single layer on data that bend."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.classic import baselines
from neurona.doctor.case import Case
from neurona.doctor.ends import End
from neurona.doctor.finding import Finding, Rule
from neurona.doctor.forward import Forward
from neurona.doctor.scan import share_error

STRAIGHT = Rule(
    "GD602",
    "underfitting",
    "warning",
    "Without a hidden layer a model is a straight line, or a plane, between the classes, however "
    "long it is trained; here even the nearest neighbours tell more.",
    auto="never",
    because=("GD101", "GD102", "GD104", "GD203", "GD207", "GD310"),
    accepted=("products of columns as further columns",),
    source="Minsky and Papert 1969",
)
ROWS, FEWEST, FEATURES = 3000, 150, 64
AFFINE = ("cast", "reshape", "alias", "transpose", "sub", "add", "mul", "div", "sqrt", "rsqrt")
NEIGHBOURS = 5
MARGIN = 0.1  # points of accuracy, or of the explained part of the spread


def straight(case: Case) -> Iterator[Finding]:
    """GD602: hold a model of one layer against its nearest neighbours (Cover and Hart 1967)."""
    alone = len(case.ends) == 1 and len(case.x_parts) == 1 and not case.custom
    if not alone or not _one_layer(case.forward):
        return
    x, end = case.x_parts[0].values, case.ends[0]
    if x.ndim != 2 or x.shape[1] > FEATURES or len(x) < FEWEST or x.dtype.kind not in "fiu":
        return
    if end.values.shape != (len(x),) or not (np.isfinite(x).all() and _plain(end)):
        return
    rows = np.random.default_rng(0).permutation(len(x))[:ROWS]
    held = len(rows) // 3
    a, y = x[rows].astype(np.float64), end.values[rows].astype(np.float64)
    a = (a - a[held:].mean(axis=0)) / (a[held:].std(axis=0) + 1e-9)
    classes = end.task.classes if end.task.name in ("classes", "binary") else 0
    y = np.eye(classes)[end.task.labels[rows]] if classes else y
    score = _accuracy if classes else _explained
    line = score(baselines.linear(a[held:], y[held:], a[:held]), y[:held])
    near = score(baselines.neighbours(a[held:], y[held:], a[:held], NEIGHBOURS), y[:held])
    error = share_error(line, held) if classes else 0.0
    if near - line < max(MARGIN, 4 * error):
        return
    unit = "accuracy" if classes else "R2"
    yield STRAIGHT.found(
        f"the model has one layer: the best such reaches {line:.2f} ({unit}), and the "
        f"{NEIGHBOURS} nearest neighbours {near:.2f}",
        where=end.place,
        evidence={"line": line, "neighbours": near, "samples": held},
        threshold=f"{MARGIN} above a linear model",
        fix='+ Dense(32, "relu")  # before the last layer',
    )


def _one_layer(forward: Forward) -> bool:
    """Say whether the only thing that bends is behind the only product with weights."""
    if len(forward.products) != 1 or forward.lookups:
        return False
    before = forward.graph.needed([forward.products[0][1]])
    made = [node.op.name for node in forward.graph.nodes if before.intersection(node.outputs)]
    return all(name in AFFINE for name in made)


def _plain(end: End) -> bool:
    return end.loss is not None and bool(np.isfinite(end.values).all())


def _accuracy(found: np.ndarray, y: np.ndarray) -> float:
    return float((found.argmax(axis=1) == y.argmax(axis=1)).mean())


def _explained(found: np.ndarray, y: np.ndarray) -> float:
    return 1 - float(((found - y) ** 2).mean() / max(y.var(), 1e-12))


CHECKS = {straight: (STRAIGHT,)}
