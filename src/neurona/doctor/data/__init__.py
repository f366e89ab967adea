"""Rules about the data: GD1xx."""

from neurona.doctor.data import (
    augmented,
    batches,
    inputs,
    labels,
    leak,
    numbers,
    other_words,
    relations,
    splits,
    targets,
    vocabulary,
)
from neurona.doctor.finding import Checks

CHECKS: Checks = {
    **inputs.CHECKS, **numbers.CHECKS, **labels.CHECKS, **targets.CHECKS, **splits.CHECKS,
    **relations.CHECKS, **other_words.CHECKS, **leak.CHECKS, **batches.CHECKS, **vocabulary.CHECKS,
    **augmented.CHECKS,
}  # fmt: skip
