"""The rules of a training that runs: each check with the rules that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from neurona.doctor.finding import Finding, Rule
from neurona.doctor.live import (
    course,
    generalisation,
    heads,
    labels,
    norms,
    places,
    rates,
    sequences,
    units,
    updates,
    weights,
)
from neurona.doctor.live.record import Record

Check = Callable[[Record], Iterator[Finding]]

ROOMS = (
    updates,
    norms,
    rates,
    weights,
    units,
    places,
    sequences,
    course,
    heads,
    generalisation,
    labels,
)
CHECKS: Mapping[Check, tuple[Rule, ...]] = {
    check: rules for room in ROOMS for check, rules in room.CHECKS.items()
}
