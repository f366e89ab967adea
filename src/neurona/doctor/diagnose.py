"""`model.diagnose`: look at data, model and one batch before training."""

from __future__ import annotations

from typing import Any

from neurona.doctor import data, statics
from neurona.doctor.case import Case
from neurona.doctor.diagnosis import Diagnosis
from neurona.doctor.finding import Checks, Finding, Rule
from neurona.doctor.probe import CHECKS as PROBE
from neurona.doctor.tools.thorough import CHECKS as THOROUGH
from neurona.errors import NeuronaError

STAGES: tuple[Checks, ...] = (data.CHECKS, statics.CHECKS, PROBE)  # in the order of causes


def diagnose(case: Case, thorough: bool = False) -> Diagnosis:
    """Return what is wrong with a case; each check that cannot be made is told, with its reason."""
    stages = (*STAGES, THOROUGH) if thorough else STAGES
    findings: list[Finding] = []
    checked: list[Rule] = []
    skipped: dict[str, str] = {}
    for check, rules in ((c, r) for stage in stages for c, r in stage.items()):
        try:
            findings += check(case)
        except NeuronaError as error:  # another fault is in its way, which has its own finding
            skipped.update({rule.id: str(error).partition("\n")[0] for rule in rules})
        else:
            checked += rules
    return Diagnosis(findings, checked, skipped)


def diagnose_model(model: Any, x: Any, y: Any, thorough: bool = False, **given: Any) -> Diagnosis:
    """Do what `model.diagnose` says."""
    return diagnose(Case(model, x, y, **given), thorough)
