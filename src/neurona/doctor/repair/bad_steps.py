"""A step that is not finite is left out; then the training ends, or goes on with half the rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import terminal
from neurona.doctor.finding import Finding
from neurona.doctor.first_bad import At
from neurona.doctor.repair.repair import Repair

MOST = 8  # steps that are left out of a training: more are no accident
HALVED = 0.5


def stop_at(model: Any, finding: Finding) -> bool:
    """Let the training end behind the last good step."""
    model.stop_training = True
    terminal.say(
        f"doctor: {finding.id} {finding.severity}: {finding.said}\n{_lines(finding)}"
        "The training stops there. The step was not committed: the model has the weights of the "
        "last good one."
    )
    return False


def leave_out(model: Any, finding: Finding, at: At, before: int) -> Repair | None:
    """Leave a step out and halve the learning rate, unless the data are to blame; None: enough.

    Args:
        model: that is trained.
        finding: on the step.
        at: which step it is.
        before: how many were left out.
    """
    if before >= MOST or finding.evidence.get("input") in _paths(model):
        return None
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or finding.evidence.get("op") == "input":
        return Repair(finding.id, str(at), "the step is left out.")
    rate = float(np.asarray(optimizer.learning_rate))
    optimizer.scale_learning_rate(HALVED)
    diff = f"- learning_rate = {rate:.3g}\n+ learning_rate = {rate * HALVED:.3g}"
    what = "the step is left out, and the learning rate halved."
    return Repair(finding.id, str(at), what, diff)


def _paths(model: Any) -> set[str]:
    return {p.path for p in model.weights}


def _lines(finding: Finding) -> str:
    place = f"  where: {finding.where}\n" if finding.where else ""
    cured = finding.fix.replace("\n", "\n         ")
    return f"{place}  try:   {cured}\n" if cured else place
