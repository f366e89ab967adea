"""The rules of a training that runs: each check with the rules that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from neurona.doctor.finding import Finding, Rule
from neurona.doctor.live import course, generalisation, rates
from neurona.doctor.live.record import Record

Check = Callable[[Record], Iterator[Finding]]

CHECKS: Mapping[Check, tuple[Rule, ...]] = {
    **rates.CHECKS,
    **course.CHECKS,
    **generalisation.CHECKS,
}
