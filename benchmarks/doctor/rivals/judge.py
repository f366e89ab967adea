"""Judge: how often the rule sets of others were right, by the measure of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.doctor.fault import Fault, Healthy
from benchmarks.doctor.rivals import RIVALS

Said = dict[str, list[dict[str, list[str]]]]  # by the name of the case, one for each seed


def names(rival: str, symptoms: Sequence[str], causes: Sequence[str]) -> bool:
    """Whether one of the symptoms fits one of the causes."""
    return any(set(RIVALS[rival].FITS[s]) & set(causes) for s in symptoms)


def rivals_table(
    faults: Sequence[Fault], healthy: Sequence[Healthy], said: Said
) -> dict[str, dict[str, Any]]:
    """Return the figures of each rule set; shares of runs."""
    found = {}
    for rival in RIVALS:
        ill = [(f, told[rival]) for f in faults for told in said.get(f.name, [])]
        well = [told[rival] for h in healthy for told in said.get(h.name, [])]
        pairs = [[t[rival] for t in said[c.name][:2]] for c in (*faults, *healthy)
                 if len(said.get(c.name, [])) > 1]  # fmt: skip
        found[rival] = {
            "faulty runs": len(ill),
            "something said": _mean(bool(told) for _, told in ill),
            "right cause named": _mean(names(rival, told, f.causes) for f, told in ill),
            "symptoms told a run": _mean(len(told) for _, told in ill),
            "healthy runs": len(well),
            "healthy with a symptom": _mean(bool(told) for told in well),
            "same verdict for two seeds": _mean(a[:1] == b[:1] for a, b in pairs),
        }
    return found


def _mean(values: Any) -> float | None:
    numbers = [float(v) for v in values]
    return round(float(np.mean(numbers)), 3) if numbers else None


def rivals_lines(faults: Sequence[Fault], healthy: Sequence[Healthy], said: Said) -> list[str]:
    """Return what each rule set says of each case: X is missed, ~ another cause, ! a false alarm"""
    lines = []
    for case in (*faults, *healthy):
        for told in said.get(case.name, [])[:1]:
            lines.append(case.name)
            for rival, symptoms in told.items():
                mark = "!" if symptoms else " "
                if isinstance(case, Fault):
                    right = names(rival, symptoms, case.causes)
                    mark = " " if right else "~" if symptoms else "X"
                lines.append(f"  {mark} {rival}: {', '.join(symptoms) or 'nothing'}")
    return lines
