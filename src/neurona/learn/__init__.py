"""The exercises of the learner's path, `docs/learn/`, a file each page, and their grading."""

from neurona.learn import (
    activation,
    backpropagation,
    convolutions,
    digits,
    gates,
    images,
    learning_rates,
    mistakes,
    one_neuron,
    overfitting,
    own_parts,
    tables,
)
from neurona.learn.exercise import Exercise, Page

PAGES: dict[int, Page] = {
    1: one_neuron.PAGE,
    2: gates.PAGE,
    3: backpropagation.PAGE,
    4: activation.PAGE,
    5: digits.PAGE,
    6: mistakes.PAGE,
    7: tables.PAGE,
    8: images.PAGE,
    9: overfitting.PAGE,
    10: learning_rates.PAGE,
    11: own_parts.PAGE,
    12: convolutions.PAGE,
}

__all__ = ["PAGES", "Exercise", "Page"]
