"""Whether the loss has a slope at all: a count of hits, or an argmax, has none."""

from __future__ import annotations

from collections.abc import Iterator

from neurona.doctor.case import Case
from neurona.doctor.finding import ERROR, Finding, Rule
from neurona.doctor.probe.probe import probe_of
from neurona.errors import NeuronaError

FLAT = Rule(
    "GD212", "weights that cannot learn", ERROR,
    "A step follows the slope of the loss. Counts, rounded numbers and the number of the largest "
    "stay as they are when weights change a little: there is nothing to follow.",
    accepted=("a cross-entropy, and the count as a metric",),
)  # fmt: skip
SAID = ("does not depend on any", "no parameter has a gradient")  # of what refuses such a loss


def check_slope(case: Case) -> Iterator[Finding]:
    """GD212: ask for the gradient of a batch, which is refused where no weight can change it."""
    try:
        _ = probe_of(case).values
    except NeuronaError as error:
        if not any(said in error.rule for said in SAID):
            raise
        ends = [] if case.custom else case.ends
        names = [end.loss.name for end in ends if end.loss is not None]
        yield FLAT.found(
            f"the loss {', '.join(names) or 'of the train_step'} has no slope: no weight can make "
            "it smaller",
            where="loss",
            evidence={"losses": names},
            threshold="a way with a gradient from each weight to the loss",
            fix="# in the loss: no argmax, round, ==, stop_gradient, cast to integers or .numpy(); "
            "count hits in a metric",
        )


CHECKS = {check_slope: (FLAT,)}
