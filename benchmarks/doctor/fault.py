"""Fault: a healthy training, the same with a fault in it, and the findings that name the fault."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable

from benchmarks.doctor.training import Training

FAMILIES = ("dense", "images", "recurrent", "attention")

Make = Callable[[], Training]


@dataclasses.dataclass(frozen=True)
class Fault:
    """A program with a fault, and its healthy twin.

    Attributes:
        name: says what is wrong, after the twin's name.
        family: "dense", "images", "recurrent" or "attention".
        twin: makes the healthy training.
        plant: makes the faulty one of it.
        causes: ids of the findings that name the fault: any of them is right.
    """

    name: str
    family: str
    twin: Make
    plant: Callable[[Training], Training]
    causes: tuple[str, ...]

    def faulty(self) -> Training:
        """Return the training with the fault."""
        return self.plant(self.twin())


@dataclasses.dataclass(frozen=True)
class Healthy:
    """A healthy program that breaks naive rules.

    Attributes:
        name: what a naive rule would complain about.
        family: as of a Fault.
        make: makes the training.
    """

    name: str
    family: str
    make: Make


def frozen(name: str) -> bool:
    """Whether a case is kept for the end: two of five, by the hash of its name.

    The split is the same for ever, whatever cases are added, and nobody chose it.
    """
    return hashlib.sha256(name.encode()).digest()[0] % 5 < 2
