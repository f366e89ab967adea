"""GD107 and GD110 while it trains: rare places that are never told, batches of one class."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from neurona.doctor.anytime import IMBALANCE, ORDER
from neurona.doctor.finding import Finding
from neurona.doctor.live.course import WRONG
from neurona.doctor.live.record import FEWEST, Record

NEVER = dataclasses.replace(IMBALANCE, because=(*WRONG, "GD502", "GD506"))
OFTEN, RARE = 0.9, 50  # share of the frequent answer; places that had another one
KNOWS = 0.9  # of the loss of guessing: who is below knows where rare places are likely
HARDLY, LAST = 0.1, 0.5  # of the rare places, and of that loss, when the training has ended
ENOUGH = 100  # steps, and half of the training


def never_told(record: Record) -> Iterator[Finding]:
    """GD107: nine of ten places are background, and half way through all are taken for it.

    Or nearly all, when the training has ended.
    """
    said = [(x.predicted, x.samples) for x in record.looks[-2 * FEWEST :]]
    looks = [(p, n) for p, n in said if p is not None]
    majority = record.guess.majority
    early = not record.ended and (record.done < 0.5 or record.steps < ENOUGH)
    if len(looks) < FEWEST or majority is None or early:
        return
    counts = np.sum([p for p, _ in looks], axis=0)
    places = int(counts.sum())
    several = places > 2 * sum(n for _, n in looks)  # places: rows alone may well be so rare
    if not several or not OFTEN <= majority < 1 or (1 - majority) * places < RARE:
        return
    told, rare = places - int(counts.max()), (1 - majority) * places
    never = told == 0 and record.loss >= KNOWS * record.scale
    hardly = record.ended and told < HARDLY * rare and record.loss >= LAST * record.scale
    if not never and not hardly:
        return
    yield NEVER.found(
        f"{1 - majority:.2%} of the places are something else than class {int(counts.argmax())}, "
        f"and after {record.steps} steps the model says so of {told or 'none'} of {places:,}",
        where="y",
        evidence={"majority": majority, "places": places, "steps": record.steps},
        threshold="some of the rare places are found in the second half of the training",
        fix='+ loss = "binary_focal_crossentropy"  # or Dice, or a weight for the rare places',
    )


FEW, MUCH = 10, 0.6  # looks; classes of a batch, as a share of those that chance would bring


def in_order(record: Record) -> Iterator[Finding]:
    """GD110: batches that somebody else makes have far fewer classes than all of them together."""
    counts = [look.classes for look in record.looks if look.classes is not None]
    if len(counts) < FEW or record.shuffled:
        return
    table = np.array(counts, float)
    share, size = table.sum(axis=0) / table.sum(), table.sum(axis=1)
    chance = float((1 - (1 - share) ** size[:, None]).sum(axis=1).mean())
    seen = float((table > 0).sum(axis=1).mean())
    several = np.count_nonzero(share) > 2 or bool(record.struggling())
    if chance < 1.8 or seen > MUCH * chance or not several:
        return
    yield ORDER.found(
        f"batches have {seen:.1f} classes on average, and by chance they would have {chance:.1f}: "
        "samples come ordered by class",
        where="y",
        evidence={"classes": seen, "by chance": chance, "batches": len(counts)},
        threshold=f"{MUCH:.0%} of what chance brings",
        fix="+ dataset.shuffle(len(x))  # a buffer as large as the data; or rows by random numbers",
    )


CHECKS = {never_told: (NEVER,), in_order: (ORDER,)}
