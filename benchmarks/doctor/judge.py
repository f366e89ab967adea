"""Judge: of outcomes, how often the doctor was right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.doctor.fault import FAMILIES, Fault, Healthy

Outcomes = dict[str, list[dict[str, Any]]]  # by the name of the case, one for each seed
LOWEST = -1.0  # the score of a program that stops with an error


def hurts(faulty: Sequence[float | None], twin: Sequence[float | None]) -> bool:
    """Whether the fault really does harm: Welch's p < 0.05 and half a standard deviation."""
    a, b = (np.array([LOWEST if s is None else s for s in scores]) for scores in (faulty, twin))
    spread = a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)
    lost = b.mean() - a.mean()
    if spread == 0:
        return bool(lost > 0)
    t = lost / math.sqrt(spread)
    parts = [(v.var(ddof=1) / len(v)) ** 2 / (len(v) - 1) for v in (a, b)]
    large = lost > 0.5 * math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    return bool(t > 0 and _p(t, spread**2 / sum(parts)) < 0.05 and large)


def _p(t: float, freedom: float) -> float:
    """Return the two-sided p of Student's t, by adding up its density."""
    z = np.linspace(t, t + 400, 400_001)
    log = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    density = (
        np.exp(log) / math.sqrt(freedom * math.pi) * (1 + z**2 / freedom) ** (-(freedom + 1) / 2)
    )
    return float(2 * np.trapezoid(density, z))


def table(faults: Sequence[Fault], healthy: Sequence[Healthy], found: Outcomes) -> dict[str, Any]:
    """Return the figures that are aimed at; shares of runs."""
    runs = [(f, o) for f in faults for o in found.get(f.name, [])]
    named = [set(f.causes) & {*o["before"], *o["during"]} for f, o in runs]
    first = [bool(o["causes"]) and o["causes"][0] in f.causes for f, o in runs]
    three = [bool(set(o["causes"][:3]) & set(f.causes)) for f, o in runs]
    early = [bool(set(f.causes) & set(o["before"])) for f, o in runs]
    well = [o for h in healthy for o in found.get(h.name, [])]
    pairs = [found[c.name][:2] for c in (*faults, *healthy) if len(found.get(c.name, [])) > 1]
    return {
        "faulty runs": len(runs),
        "detected": _share(bool(n) for n in named),
        "right first": _share(first),
        "among three": _share(three),
        "causes told a run": round(float(np.mean([len(o["causes"]) for _, o in runs])), 2)
        if runs
        else None,
        "before the first step": _share(early),
        "healthy runs": len(well),
        "healthy with a warning": _share(bool(o["causes"]) for o in well),
        "healthy with an error": _share(bool(o["errors"]) for o in well),
        "same verdict for two seeds": _share(a["causes"][:1] == b["causes"][:1] for a, b in pairs),
        **{
            f"detected, {family}": _share(
                bool(n) for n, (f, _) in zip(named, runs, strict=True) if f.family == family
            )
            for family in FAMILIES
        },
    }


def _share(values: Any) -> float | None:
    known = [bool(v) for v in values]
    return round(float(np.mean(known)), 3) if known else None


def lines(faults: Sequence[Fault], healthy: Sequence[Healthy], found: Outcomes) -> list[str]:
    """Return a line for each case, for whoever works on the rules: X is missed, ! a false alarm."""
    told = []
    for f in faults:
        for o in found.get(f.name, [])[:1]:
            right = bool(o["causes"]) and o["causes"][0] in f.causes
            seen = bool(set(f.causes) & {*o["before"], *o["during"]})
            mark = " " if right else "~" if seen else "X"
            told.append(f"{mark} {f.name}: wanted {'/'.join(f.causes)}, got {_said(o)}")
    for h in healthy:
        bad = [o for o in found.get(h.name, []) if o["causes"] or o["error"]]
        told += [f"! {h.name}: {_said(o)}" for o in bad]
    return told


def _said(o: dict[str, Any]) -> str:
    stages = f"before {'/'.join(o['before'])}, during {'/'.join(o['during'])}"
    return f"{'/'.join(o['causes']) or 'nothing'} ({stages}) {o['error']}"
