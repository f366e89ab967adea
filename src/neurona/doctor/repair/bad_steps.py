"""A step that is not finite is left out; then the training ends, or goes on with a smaller rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import terminal
from neurona.doctor.finding import Finding
from neurona.doctor.not_finite import GROWN_TOO_LARGE, At
from neurona.doctor.repair.repair import Repair
from neurona.doctor.repair.saved import Best

MOST = 8  # steps that are left out of a training: more are no accident
HALVED, TENTH = 0.5, 0.1
OFTEN = 2  # bad steps: half of the rate is not enough, or the weights are where all steps are bad


def stop_at(model: Any, finding: Finding) -> bool:
    """Let the training end behind the last good step."""
    model.stop_training = True
    terminal.say(
        f"doctor: {finding.id} {finding.severity}: {finding.said}\n{_lines(finding)}"
        "The training stops there. The step was not committed: the model has the weights of the "
        "last good one."
    )
    return False


def leave_out(
    model: Any, finding: Finding, at: At, before: int, best: Best | None = None
) -> Repair | None:
    """Leave a step out and halve the learning rate, unless the data are to blame; None: enough.

    Weights that have grown too large are no place to go on from: then the best ones are put back.

    Args:
        model: that is trained.
        finding: on the step.
        at: which step it is.
        before: how many were left out.
        best: the best weights so far.
    """
    if before >= MOST or finding.evidence.get("input") in _paths(model):
        return None
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or finding.evidence.get("op") == "input":
        return Repair(finding.id, str(at), "the step is left out.")
    rate = float(np.asarray(optimizer.learning_rate))
    factor, what = HALVED, "the step is left out, and the learning rate halved."
    if best is not None and (finding.rule is GROWN_TOO_LARGE or before >= OFTEN):
        best.put_back()
        factor, what = TENTH, f"the weights are {best} again, and the learning rate is a tenth."
    optimizer.scale_learning_rate(factor)
    diff = f"- learning_rate={rate:.3g}\n+ learning_rate={rate * factor:.3g}"
    return Repair(finding.id, str(at), what, diff)


def _paths(model: Any) -> set[str]:
    return {p.path for p in model.weights}


def _lines(finding: Finding) -> str:
    place = f"  where: {finding.where}\n" if finding.where else ""
    cured = finding.fix.replace("\n", "\n         ")
    return f"{place}  try:   {cured}\n" if cured else place
