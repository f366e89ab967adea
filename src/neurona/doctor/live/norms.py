"""GD703: transformers with their norms behind the parts, trained without a warm-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neurona.doctor.finding import Finding, Rule
from neurona.doctor.fixes import WarmUp
from neurona.doctor.learning_rate import usual_rates
from neurona.doctor.live.record import FEWEST, Record

BEHIND = Rule(
    "GD703", "norms behind, and no warm-up", "warning",
    "With each norm behind its part the gradients near the output are large at first, so the first "
    "full steps throw away what the layers began with.",
    auto="race", because=("GD101", "GD102", "GD103", "GD104", "GD208", "GD304", "GD307", "GD310"),
    accepted=("norms in front (normalize_first=True)", "a smaller learning rate"),
    source="Xiong et al. 2020; Tuning Playbook",
)  # fmt: skip
NORMS, ENOUGH = 4, 200  # two blocks; steps
COLD = 0.5  # of the highest rate: where a warm-up would begin below


def behind(record: Record) -> Iterator[Finding]:
    """GD703: four norms behind sums, full rate from the first step, and nothing is learnt."""
    looks = record.looks
    if len(looks) < FEWEST or not record.logs:
        return
    rate = max(look.rate for look in looks)
    unusual = (
        rate > usual_rates(getattr(record.model, "optimizer", None))[1]
    )  # then all of a short training tells
    if record.steps < ENOUGH and not (unusual and record.ended):
        return
    if looks[0].rate < COLD * rate or not (told := record.at_guessing()):
        return
    if (norms := _behind(record.model)) < NORMS:
        return
    yield BEHIND.found(
        f"{norms} norms stand behind their parts, and the first step has the full rate of "
        f"{rate:.2g}; {told}",
        where="optimizer",
        evidence={"norms": norms, "learning_rate": rate, "first_rate": looks[0].rate},
        threshold=f"{NORMS} norms, no warm-up, and nothing learnt in {ENOUGH} steps",
        fix=WarmUp(rate, rate / 3, record.total or 10_000),
    )


def _behind(model: Any) -> int:
    """Return how many norms take a sum that nothing else takes."""
    blocks = [x for x in model.all_layers() if getattr(x, "normalize_first", None) is False]
    network = model._network
    if network is None:
        return 2 * len(blocks)
    found = 0
    for call in network.calls:
        if type(call.layer).__name__ in ("LayerNormalization", "RMSNormalization"):
            (x,) = call.inputs[:1]
            summed = type(x.call.layer).__name__ == "Add"
            found += summed and len(network.readers(x)) == 1
    return found + 2 * len(blocks)


CHECKS = {behind: (BEHIND,)}
