"""Rules and findings: what can be wrong, and what is wrong here, with the numbers that show it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from neurona.doctor.fixes import Fix
from neurona.errors import NeuronaError, check_choice

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)
AUTO = ("safe", "race", "never")


@dataclasses.dataclass(frozen=True)
class Rule:
    """Something that can be wrong.

    Args:
        id: "GD104"; the first digit says what is looked at: 1 the data, 2 the model and its loss,
            3 one batch, 4 numbers that leave their range, 5 the course of training, 6 what is
            learnt, 7 sequences.
        title: a few words.
        severity: "error": it will not train, or the result means nothing; "warning": it is likely
            to cost accuracy or time; "info": a fact, and no alarm.
        why: what it does to training, in plain words.
        auto: whether the fix may be applied without being asked for: "safe" (it cannot harm),
            "race" (only if the repaired twin is better than the unrepaired), "never".
        because: ids of rules whose finding explains this one, if both hold.
        accepted: other cures that are as good as the fix.
        source: where the rule or its threshold is from.
    """

    id: str
    title: str
    severity: str
    why: str
    auto: str = "never"
    because: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        check_choice("severity", self.severity, SEVERITIES)
        check_choice("auto", self.auto, AUTO)

    def found(
        self, said: str, *, where: str = "", evidence: Mapping[str, Any], threshold: str = "",
        fix: str | Fix = "", severity: str | None = None, confidence: float = 1.0,
    ) -> Finding:  # fmt: skip
        """Return the finding that this holds here.

        Args:
            said: what is the case, in one sentence with its numbers.
            where: the layer's path and the user's line, or the part of the data.
            evidence: what was measured, by name.
            threshold: what the evidence is held against.
            fix: code, as a diff if it replaces some: lines that begin with "- " and "+ "; or the
                Fix that prints itself so, and that a repair can carry out.
            severity: that of the rule by default.
            confidence: from 0 to 1.
        """
        plain = {name: _plain(value) for name, value in evidence.items()}
        held = severity or self.severity
        change = fix if isinstance(fix, Fix) else None
        return Finding(
            self, said, where, plain, threshold, str(fix), held, confidence, change=change
        )


@dataclasses.dataclass(frozen=True)
class Finding:
    """That a rule holds for a model, its data or its training; made by `Rule.found`.

    Attributes:
        rule: the Rule.
        said, where, evidence, threshold, fix, severity, confidence: see `Rule.found`.
        because: the id of the finding that explains it; "" for a cause of its own.
        change: the Fix that `fix` is the text of, if a repair can carry it out.
    """

    rule: Rule
    said: str
    where: str
    evidence: dict[str, Any]
    threshold: str
    fix: str
    severity: str
    confidence: float = 1.0
    because: str = ""
    change: Fix | None = None

    @property
    def id(self) -> str:
        """That of the rule."""
        return self.rule.id

    @property
    def alarm(self) -> bool:
        """Whether something is wrong: an error or a warning."""
        return self.severity != INFO

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        rule = self.rule
        return {
            "id": rule.id, "title": rule.title, "severity": self.severity, "said": self.said,
            "where": self.where, "evidence": self.evidence, "threshold": self.threshold,
            "why": rule.why, "fix": self.fix, "auto": rule.auto, "accepted": list(rule.accepted),
            "confidence": self.confidence, "because": self.because, "source": rule.source,
        }  # fmt: skip

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.id} {self.severity}: {self.said}{place}"


Check = Callable[[Any], Iterator[Finding]]  # what looks at a Case
Checks = Mapping[Check, tuple[Rule, ...]]  # each with the rules that it looks at


def reason(error: Exception) -> str:
    """Return why rules could not be looked at, in a line: another fault, or one of their own."""
    text = str(error).partition("\n")[0]
    return text if isinstance(error, NeuronaError) else f"{type(error).__name__}: {text}"


def _plain(value: Any) -> Any:
    """Return a measured value as JSON can hold it; what is not finite as text."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    return value if isinstance(value, bool | int | str | None) else str(value)
