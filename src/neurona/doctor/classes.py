"""Classes: the rules on how often and in which order they come, before training and in it."""

from __future__ import annotations

from neurona.doctor.finding import Rule

IMBALANCE = Rule(
    "GD107",
    "class imbalance",
    "warning",
    "Always giving the most frequent answer scores well already, so training may stop there; "
    "accuracy does not show it.",
    auto="race",
    accepted=("sample_weight", "take rare samples more often", "a focal loss"),
    source="SageMaker Debugger",
)
ORDER = Rule(
    "GD110",
    "labels in order",
    "warning",
    "Each batch has one class only, so each step forgets what the one before has learnt.",
    auto="race",
    accepted=("shuffle the rows of x and y once, together",),
    source="DeepFD, ICSE 2022",
)
