"""What the doctor says of a run: `doctor.json` in its folder, and a section of its report."""

from __future__ import annotations

import dataclasses
import math
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from neurona.doctor import Diagnosis, Finding
from neurona.doctor.diagnosis import spans
from neurona.doctor.repair.repair import Repair
from neurona.doctor.stored import diagnosis_of
from neurona.errors import FormatError
from neurona.files import write_text
from neurona.recipes import page
from neurona.recipes.files import read_history
from neurona.strict_json import read_json, write_json

NAME = "doctor.json"


@dataclasses.dataclass(frozen=True)
class Examined:
    """A training of a run, as the doctor saw it.

    Attributes:
        stage: its name, if the run has several trainings.
        diagnosis: what was found.
        repairs: what was changed, as `history.repairs` has it.
        afterwards: whether it was examined when it was over, by its curves and its weights.
    """

    stage: str
    diagnosis: Diagnosis
    repairs: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    afterwards: bool = False

    @property
    def told(self) -> bool:
        """Whether there is anything to be told: a finding, or a repair."""
        return bool(self.diagnosis.findings or self.repairs)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        found = {"stage": self.stage, **self.diagnosis.as_dict(), "repairs": self.repairs}
        return {**found, "afterwards": self.afterwards}

    def __str__(self) -> str:
        head = [f"{self.stage}:"] if self.stage else []
        note = ["by its curves and weights alone; --doctor watches data and training."]
        repairs = [str(Repair(**r)) for r in self.repairs]
        parts = [*head, str(self.diagnosis), *repairs, *(note if self.afterwards else [])]
        return "\n".join(parts)


def in_short(examined: list[Examined], folder: Path) -> str:
    """Return the end of a run in a line: how much was found, and which cause comes first."""
    found = [f for e in examined for f in e.diagnosis.causes]
    alarms = sum(f.alarm for e in examined for f in e.diagnosis)
    repairs = sum(r["kept"] for e in examined for r in e.repairs)
    mended = f", {repairs} repair{'s' if repairs > 1 else ''}" if repairs else ""
    if not found:
        told = "nothing wrong was found" if not repairs else "nothing wrong is left"
        return f"doctor: {told}{mended}"
    more = f", and {alarms - 1} more" if alarms > 1 else ""
    return f"doctor: {found[0].id}, {found[0].rule.title}{more}{mended}: neurona doctor {folder}"


def write(folder: Path, examined: list[Examined]) -> None:
    """Write what was found beside the other results."""
    write_text(folder / NAME, write_json([e.as_dict() for e in examined], indent=1) + "\n")


def read(folder: Path) -> list[Examined]:
    """Return what the doctor found while the run was trained; nothing if it did not look.

    Raises:
        FormatError: if the file is something else.
    """
    file = folder / NAME
    if not file.is_file():
        return []
    stored = read_json(file.read_bytes(), NAME)
    if not isinstance(stored, list) or not all(isinstance(s, dict) for s in stored):
        raise FormatError(f"{NAME} is no list of diagnoses.", got=str(file))
    return [Examined(str(s.get("stage", "")), diagnosis_of(s), _repairs(s)) for s in stored]


def _repairs(stored: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        return [Repair(**r).as_dict() for r in stored.get("repairs", ())]
    except TypeError:
        raise FormatError("a repair is malformed.", got=repr(stored.get("repairs"))[:60]) from None


def afterwards(folder: Path, model: Any) -> Examined:
    """Return what can be found of a run that is over: in its curves, and in its weights.

    Args:
        folder: of the run.
        model: that it saved, or None.
    """
    from neurona.doctor.live import generalisation
    from neurona.doctor.live.guess import Guess
    from neurona.doctor.live.record import Record
    from neurona.doctor.not_finite import NOT_FINITE

    history = read_history(folder / "history.csv")
    epochs = max((len(values) for values in history.values()), default=0)
    logs = [{n: v[i] for n, v in history.items() if i < len(v)} for i in range(epochs)]
    record = Record(Guess(), None, epochs, None, model, logs=logs, ended=True)
    findings: list[Finding] = [*_not_finite(history, model)]
    checked = [NOT_FINITE]
    for check in (generalisation.overfitting, generalisation.not_done):
        findings += [] if findings and findings[0].rule is NOT_FINITE else check(record)
        checked += generalisation.CHECKS[check]
    return Examined("", Diagnosis(findings, checked), afterwards=True)


def _not_finite(history: dict[str, list[float]], model: Any) -> list[Finding]:
    from neurona.doctor.not_finite import NOT_FINITE

    for name, values in history.items():
        bad = [i for i, v in enumerate(values) if not math.isfinite(v)]
        if bad and "loss" in name:
            return [
                NOT_FINITE.found(
                    f"the {name} is {values[bad[0]]} in epoch {bad[0] + 1}.",
                    evidence={"epoch": bad[0] + 1},
                    fix="train it again with the doctor: it names the step, the op and the line",
                )
            ]
    for p in model.weights if model is not None else ():
        if p.dtype.kind == "f" and not np.isfinite(p.numpy()).all():
            return [
                NOT_FINITE.found(
                    f"{p.path} holds numbers that are not finite.", where=p.path,
                    evidence={"bad": int((~np.isfinite(p.numpy())).sum()), "of": p.size},
                    fix="train it again with the doctor: it names the step, the op and the line",
                )
            ]  # fmt: skip
    return []


def grouped(examined: list[Examined]) -> list[Examined]:
    """Return trainings of a run, with those next to each other that nothing was found in as one."""
    found: list[Examined] = []
    for e in examined:
        if found and not (e.told or found[-1].told):
            found[-1] = dataclasses.replace(e, stage=f"{found[-1].stage}, {e.stage}")
        else:
            found.append(e)
    return found


def section(examined: list[Examined]) -> str:
    """Return what the doctor says as HTML."""
    return "".join(_training(e) for e in grouped(examined))


def _training(examined: Examined) -> str:
    found = examined.diagnosis
    head = f"<h3>{escape(examined.stage)}</h3>" if examined.stage else ""
    items = "".join(f"<li>{_told(f)}</li>" for f in found.causes)
    listed = f'<ol class="advice">{items}</ol>' if items else "<p>Nothing wrong was found.</p>"
    if others := [f for f in found if f.alarm and f not in found.causes]:
        seen = "".join(f"<li>{_short(f)}</li>" for f in others)
        listed += f"<h3>Also seen</h3><ul>{seen}</ul>"
    facts = "".join(f"<p>{escape(f.said)} ({f.id}).</p>" for f in found.infos)
    repairs = "".join(map(_repaired, examined.repairs))
    rules = spans([rule.id for rule in found.checked])
    looked = f"<p>Looked at {len(found.checked)} rules: {escape(rules)}.</p>"
    return head + listed + facts + repairs + looked


def _told(finding: Finding) -> str:
    said = _short(finding)
    fix = page.preformatted(finding.fix) if finding.fix else ""
    return f'{said}<br><span class="try">{escape(finding.rule.why)}</span>{fix}'


def _short(finding: Finding) -> str:
    where = f" <code>{escape(finding.where)}</code>" if finding.where else ""
    because = f" (explained by {finding.because})" if finding.because else ""
    return f"<b>{finding.id}</b> {finding.severity}: {escape(finding.said)}{where}{because}"


def _repaired(repair: dict[str, Any]) -> str:
    told = Repair(**repair)
    diff = page.preformatted(told.diff) if told.diff else ""
    return f"<p>{escape(str(dataclasses.replace(told, diff='')))}</p>{diff}"
