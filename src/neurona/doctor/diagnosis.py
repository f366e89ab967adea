"""Diagnosis: the findings, and what was looked at to find them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from neurona.core import markup
from neurona.doctor.finding import ERROR, INFO, WARNING, Finding, Rule
from neurona.doctor.order import arranged, causes


class Diagnosis(Sequence[Finding]):
    """What was found, causes first; a sequence of Findings that prints itself.

    Args:
        findings: in any order.
        checked: the Rules that were looked at. That nothing was found is no certificate: it says
            that these do not hold.
        skipped: ids of rules that could not be looked at -> why.
    """

    def __init__(
        self, findings: Sequence[Finding], checked: Sequence[Rule] = (),
        skipped: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.findings = arranged(findings)
        self.checked = sorted({rule.id: rule for rule in checked}.values(), key=lambda r: r.id)
        self.skipped = dict(skipped or {})

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, index: Any) -> Any:
        return self.findings[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __contains__(self, item: object) -> bool:
        return item in self.findings or any(f.id == item for f in self.findings)

    @property
    def errors(self) -> list[Finding]:
        """Findings with which it will not train, or the result means nothing."""
        return [f for f in self.findings if f.severity == ERROR]

    @property
    def warnings(self) -> list[Finding]:
        """Findings that are likely to cost accuracy or time."""
        return [f for f in self.findings if f.severity == WARNING]

    @property
    def infos(self) -> list[Finding]:
        """Facts, which are no alarm."""
        return [f for f in self.findings if f.severity == INFO]

    @property
    def causes(self) -> list[Finding]:
        """The alarms that no other explains, at most three."""
        return causes(self.findings)

    def without(self, told: Collection[tuple[str, str]]) -> Diagnosis:
        """Return the same without findings that were told already, each by its id and sentence."""
        new = [f for f in self.findings if (f.id, f.said) not in told]
        return Diagnosis(new, self.checked, self.skipped)

    def followed_by(self, later: Diagnosis) -> Diagnosis:
        """Return both as one: what was found before a training, and in it."""
        known = {f.id for f in self.findings}
        found = [*self.findings, *(f for f in later if f.id not in known)]
        checked = [*self.checked, *later.checked]
        looked = {rule.id for rule in checked}
        skipped = {**self.skipped, **later.skipped}
        return Diagnosis(found, checked, {k: v for k, v in skipped.items() if k not in looked})

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "findings": [f.as_dict() for f in self.findings],
            "checked": [rule.id for rule in self.checked],
            "skipped": self.skipped,
        }

    def to_json(self) -> str:
        """Return all of it as JSON."""
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=False)

    def __repr__(self) -> str:
        counts = f"{len(self.errors)} errors, {len(self.warnings)} warnings"
        return f"<Diagnosis: {counts}, {len(self.checked)} rules checked>"

    def __str__(self) -> str:
        texts = [_text(f) for f in self.causes]
        if left := [f for f in self.findings if f.alarm and f not in self.causes]:
            texts.append("\n".join(["also seen:", *(f"  {_short(f)}" for f in left)]))
        if self.infos:
            texts.append("\n".join(["good to know:", *(f"  {_short(f)}" for f in self.infos)]))
        return "\n\n".join([self._heading(), *texts, self._looked_at()])

    def _heading(self) -> str:
        counts = [(len(self.errors), "error"), (len(self.warnings), "warning")]
        told = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in counts if n]
        return f"{' and '.join(told)}:" if told else "nothing wrong was found."

    def _looked_at(self) -> str:
        looked = f"looked at {len(self.checked)} rules: {spans([r.id for r in self.checked])}."
        reasons: dict[str, list[str]] = {}
        for rule, why in self.skipped.items():
            reasons.setdefault(why, []).append(rule)
        missed = [f"  {spans(rules)}: {why}" for why, rules in reasons.items()]
        return "\n".join([looked, *(["not looked at:", *missed] if missed else [])])

    def _repr_html_(self) -> str:
        rows = [(f.id, f.severity, f.said, f.where, f.rule.why, f.fix) for f in self.findings]
        head = ["id", "severity", "what", "where", "why", "try"]
        return markup.titled("Diagnosis", self._looked_at(), markup.table(head, rows))


def spans(ids: Sequence[str]) -> str:
    """Return ids with those that follow each other as one.

    >>> spans(["GD101", "GD102", "GD103", "GD201", "GD203", "GD204"])
    'GD101 to GD103, GD201, GD203, GD204'
    """
    runs: list[list[str]] = []
    for name in ids:
        if runs and int(name[2:]) == int(runs[-1][-1][2:]) + 1:
            runs[-1].append(name)
        else:
            runs.append([name])
    told = [[f"{r[0]} to {r[-1]}"] if len(r) > 2 else r for r in runs]
    return ", ".join(text for part in told for text in part)


def _text(finding: Finding) -> str:
    """Return a finding as a paragraph: what, where, by which numbers, why, and what to do."""
    lines = [f"{finding.id} {finding.severity}: {finding.said}"]
    if finding.where:
        lines.append(f"  where: {finding.where}")
    lines.append(f"  why:   {finding.rule.why}")
    if finding.threshold:
        lines.append(f"  rule:  {finding.threshold}")
    if finding.fix:
        first, *rest = finding.fix.splitlines()
        lines += [f"  try:   {first}", *(f"         {line}" for line in rest)]
    if finding.rule.accepted:
        lines.append(f"  or:    {'; '.join(finding.rule.accepted)}")
    return "\n".join(lines)


def _short(finding: Finding) -> str:
    tail = f" (explained by {finding.because})" if finding.because else ""
    return f"{finding}{tail}"
