"""Causes before consequences: which findings are told as causes, and in which order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from neurona.doctor.finding import SEVERITIES, Finding

MOST = 3  # causes that are told at once: who reads ten mends none


def arranged(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with causes first; a finding that another explains names it.

    Errors come before warnings, and among equals what lies upstream: data, the model and its loss,
    the first batch, numbers, training; their ids are in this order.
    """
    found = sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.id, -f.confidence))
    alarms = {f.id for f in found if f.alarm}
    told = [dataclasses.replace(f, because=_cause(f, alarms)) for f in found]
    return sorted(told, key=lambda f: (not f.alarm, bool(f.because)))


def _cause(finding: Finding, alarms: set[str]) -> str:
    causes = [other for other in finding.rule.because if other in alarms]
    return causes[0] if causes else ""


def causes(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that nothing else explains, at most three."""
    return [f for f in findings if f.alarm and not f.because][:MOST]
