"""Judge: how often the rule sets of others were right, by the measure of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.doctor.fault import Fault, Healthy
from benchmarks.doctor.rivals import RIVALS

Symptoms = Sequence[str] | None  # None: the rule set failed, which counts as nothing said
Said = dict[str, list[dict[str, Symptoms]]]  # by the name of the case, one for each seed


def names(rival: str, symptoms: Symptoms, causes: Sequence[str]) -> bool:
    """Whether one of the symptoms fits one of the causes."""
    return any(set(RIVALS[rival].FITS[s]) & set(causes) for s in symptoms or ())


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
            "symptoms told a run": _mean(len(told or ()) for _, told in ill),
            "healthy runs": len(well),
            "healthy with a symptom": _mean(bool(told) for told in well),
            "same verdict for two seeds": _mean((a or [])[:1] == (b or [])[:1] for a, b in pairs),
            "runs that could not be read": sum(t is None for t in (*(t for _, t in ill), *well)),
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
                words = "could not read it" if symptoms is None else ", ".join(symptoms)
                lines.append(f"  {mark} {rival}: {words or 'nothing'}")
    return lines
