"""A diagnosis in a file: what `Diagnosis.as_dict` gave, read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurona.doctor.diagnosis import Diagnosis
from neurona.doctor.finding import INFO, Finding, Rule
from neurona.errors import FormatError

TEXTS = ("id", "title", "severity", "said", "where", "threshold", "why", "fix", "auto", "because",
         "source")  # fmt: skip


def diagnosis_of(stored: Any) -> Diagnosis:
    """Return the Diagnosis that was stored.

    Raises:
        FormatError: if it is something else.

    >>> rule = Rule("GD115", "few rows", "info", "Small differences mean nothing here.")
    >>> before = Diagnosis([rule.found("40 rows", evidence={"rows": 40})], [rule])
    >>> diagnosis_of(before.as_dict()).as_dict() == before.as_dict()
    True
    """
    known = isinstance(stored, Mapping) and {"findings", "checked", "skipped"} <= set(stored)
    if not known or not all(isinstance(f, Mapping) for f in stored["findings"]):
        raise FormatError("this is no diagnosis.", got=repr(stored)[:60])
    checked = [Rule(str(id), "", INFO, "") for id in stored["checked"]]
    findings = [_finding(f) for f in stored["findings"]]
    return Diagnosis(findings, checked, {str(k): str(v) for k, v in stored["skipped"].items()})


def _finding(stored: Mapping[str, Any]) -> Finding:
    if not all(isinstance(stored.get(name), str) for name in TEXTS):
        missing = [name for name in TEXTS if not isinstance(stored.get(name), str)]
        raise FormatError("a finding is malformed.", got=f"no {missing[0]}")
    accepted, evidence = stored.get("accepted"), stored.get("evidence")
    if not isinstance(accepted, list) or not isinstance(evidence, dict):
        raise FormatError("a finding is malformed.", got="no evidence")
    rule = Rule(
        stored["id"], stored["title"], stored["severity"], stored["why"], stored["auto"],
        (stored["because"],) if stored["because"] else (), tuple(map(str, accepted)),
        stored["source"],
    )  # fmt: skip
    return Finding(
        rule, stored["said"], stored["where"], evidence, stored["threshold"], stored["fix"],
        stored["severity"], float(stored.get("confidence", 1.0)), stored["because"],
    )  # fmt: skip
