"""`model.diagnose`: look at data, model and one batch before training."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.doctor import data, statics
from neurona.doctor.case import Case
from neurona.doctor.diagnosis import Diagnosis
from neurona.doctor.finding import Checks, Finding, Rule, reason
from neurona.doctor.foreseen import CHECKS as FORESEEN
from neurona.doctor.narrow import CHECKS as NARROW
from neurona.doctor.opened import opened
from neurona.doctor.probe.checks import CHECKS as PROBE
from neurona.doctor.steps import CHECKS as STEPS
from neurona.doctor.tools.thorough import CHECKS as THOROUGH

STAGES: tuple[Checks, ...] = (
    data.CHECKS,
    statics.CHECKS,
    PROBE,
    STEPS,
    NARROW,
    FORESEEN,
)  # in the order of causes


def diagnose(case: Case, thorough: bool = False) -> Diagnosis:
    """Return what is wrong with a case; each check that cannot be made is told, with its reason."""
    stages = (*STAGES, THOROUGH) if thorough else STAGES
    findings: list[Finding] = []
    checked: list[Rule] = []
    skipped: dict[str, str] = {}
    for check, rules in ((c, r) for stage in stages for c, r in stage.items()):
        try:
            with np.errstate(all="ignore"):  # numbers may be as large as they like
                found = list(check(case))
        except Exception as error:  # another fault is in its way, or the rule has one itself
            skipped.update(dict.fromkeys((rule.id for rule in rules), reason(error)))
        else:
            findings += found
            checked += rules
    return Diagnosis(findings, checked, skipped)


def diagnose_model(model: Any, x: Any, y: Any, thorough: bool = False, **given: Any) -> Diagnosis:
    """Do what `model.diagnose` says."""
    data = opened(x, y, given.pop("sample_weight", None))
    held = given.pop("validation", None)
    if held is not None and not isinstance(held, tuple):
        found = opened(held)
        held = (found.x, found.y) if found.batch_size is not None else held
    if data.batch_size is not None:
        given["batch_size"] = data.batch_size
    if data.shuffle is not None:
        given["shuffle"] = data.shuffle
    case = Case(
        model, data.x, data.y, data.sample_weight, held, whole=data.whole, steps=data.steps, **given
    )
    return diagnose(case, thorough)
