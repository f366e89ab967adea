"""Learning rates: which are usual, and the rules for one that is not, before training and in it."""

from __future__ import annotations

from typing import Any

from neurona.doctor.finding import Rule

# rules whose steps do not follow the scale of a gradient
ADAPTIVE = ("Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Lamb", "Lion", "Adafactor")
USUAL = {"momentum": (1e-5, 0.5), "SGD": (1e-4, 2.0), "": (1e-6, 1e-2)}


def usual_rates(optimizer: Any) -> tuple[float, float]:
    """Return the smallest and the largest rate that are usual for an optimizer of these."""
    if type(optimizer).__name__ != "SGD":
        return USUAL[""]
    return USUAL["momentum" if optimizer.momentum else "SGD"]


SCALING = ("GD101", "GD104", "GD113", "GD201", "GD301")  # what makes steps too large or too small
STUCK = ("GD208", "GD209", "GD211", "GD212", "GD303", "GD304", "GD305", "GD306", "GD307", "GD516")

TOO_HIGH = Rule(
    "GD506", "learning rate too high", "warning",
    "Each step jumps over the valley that it aims for, so the loss of the very samples that it "
    "learns from goes up instead of down.",
    auto="safe", because=SCALING, accepted=("a warm-up of the learning rate", "clipnorm=1.0"),
    source="Cockpit 2021 (alpha > 0); Tuning Playbook",
)  # fmt: skip
TOO_LOW = Rule(
    "GD507", "learning rate too low", "warning",
    "The steps go the right way, but they are so short that the training ends long before it "
    "gets anywhere.",
    auto="race",
    because=("GD104", "GD201", "GD206", "GD216", "GD501", "GD503", "GD504", "GD514", "GD516",
             "GD102", "GD113", "GD202", "GD203", "GD204", *STUCK[:-1]),
    accepted=("more epochs", "Adam"),
    source="CS231n",
)  # fmt: skip
