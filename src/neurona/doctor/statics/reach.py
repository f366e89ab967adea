"""Reach: targets that the last activation, or what is added to x, can never give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.core.tensor import as_array
from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.ends import End, activation_of
from neurona.doctor.finding import ERROR, Finding, Rule
from neurona.doctor.forward import sources
from neurona.doctor.scan import sample

REACH = Rule(
    "GD204",
    "targets that the output cannot reach",
    "warning",
    "An activation bounds what comes out; a target beyond pulls forever, and is never met.",
    auto="race",
    because=("GD203",),
    accepted=("scale the targets into the range of the activation",),
    source="DeepDiagnosis, ICSE 2022",
)
RANGES = {
    "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf), "exponential": (0.0, np.inf), "relu6": (0.0, 6.0),
    "size": (0.0, np.inf), "hard_sigmoid": (0.0, 1.0), "softsign": (-1.0, 1.0),
    "elu": (-1.0, np.inf), "selu": (-1.7581, np.inf), "gelu": (-0.17, np.inf),
    "silu": (-0.2785, np.inf),
}  # fmt: skip
HAIR = 1e-3
SHARE, MOST = 0.001, 0.5  # of the targets


def _pulled(end: End, out: np.ndarray, bounds: tuple[float, float]) -> bool:
    """Ask a loss of the user's own whether it wants what the output cannot reach.

    It may leave such targets out, as -1 for what nobody measured, or take them for weights or
    rewards: then it is lower still beyond them.
    """
    assert end.target is not None
    rows = np.flatnonzero(out.reshape(len(out), -1).any(axis=1))[:64]
    y = sample(end.target.values)[rows]
    if y.size != len(y) * np.prod(end.shape[1:]):
        return False  # numbers of classes: it picks an output
    p = y.reshape(len(y), *end.shape[1:]).astype(np.float32)
    try:
        with np.errstate(all="ignore"):
            near, at, beyond = (
                as_array(end.loss(y, q)).mean()
                for q in (p.clip(*bounds), p, 2 * p - p.clip(*bounds))
            )
    except Exception:  # a loss of another kind, which wants other numbers
        return False
    return bool(at < near - HAIR**2 * abs(near) and at <= beyond)


def reach(end: End) -> Iterator[Finding]:
    """Look for targets beyond what the last activation can give."""
    bounds = RANGES.get(end.activation)
    y = end.values
    if bounds is None or not y.size or y.shape[1:] != end.shape[1:][: y.ndim - 1]:
        return
    rows = sample(y)
    out = (rows < bounds[0] - HAIR) | (rows > bounds[1] + HAIR)
    share = float(out.mean())
    if share <= SHARE or not (end.kind or _pulled(end, out, bounds)):
        return
    low, high = float(rows.min()), float(rows.max())
    worst = low if low < bounds[0] - HAIR else high
    yield REACH.found(
        f"a {end.activation} can never be {worst:.4g}: {share:.0%} of the targets are out of its "
        f"reach",
        where=end.place,
        evidence={"lowest": low, "highest": high, "share": share},
        threshold=f"targets from {bounds[0]:g} to {bounds[1]:g}",
        fix=fixes.Activate(end.activation, "linear", end.width),
        severity=ERROR if share > MOST else None,
    )


OFTEN = 0.1  # of the differences: what is left of noise is on both sides


def added(case: Case, end: End) -> Iterator[Finding]:
    """Ask whether what the model adds to x itself reaches from there to the targets."""
    *_, last = sources(end.tensor)
    source = last.value.source
    x, target = case.x_parts[0], end.target
    if source is None or source.op.name != "add" or len(case.x_parts) != 1 or target is None:
        return
    plain = [i.value.source is None and tuple(i.shape[1:]) == x.values.shape[1:]
             for i in source.inputs]  # fmt: skip
    if plain.count(True) != 1 or not target.numeric or x.values.shape != target.values.shape:
        return
    bounds = RANGES.get(act := activation_of(source.inputs[plain.index(False)]))
    if bounds is None:
        return
    left = sample(target.values).astype(np.float64) - sample(x.values)
    out = (left < bounds[0] - HAIR) | (left > bounds[1] + HAIR)
    if (share := float(out.mean())) <= OFTEN:
        return
    yield REACH.found(
        f"the model adds a {act} to x, which never is {left.min():.4g}: {share:.0%} of the "
        "differences of targets and x are out of its reach",
        where=end.place,
        evidence={"lowest": left.min(), "highest": left.max(), "share": share},
        threshold=f"differences from {bounds[0]:g} to {bounds[1]:g}",
        fix=fixes.replaced(f'activation="{act}"', "activation=None"),
    )
