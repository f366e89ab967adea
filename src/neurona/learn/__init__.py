"""The exercises of the learner's path, `docs/learn/`, a file each page, and their grading."""

from neurona.learn import backpropagation, gates, one_neuron
from neurona.learn.exercise import Exercise, Page

PAGES: dict[int, Page] = {
    1: one_neuron.PAGE,
    2: gates.PAGE,
    3: backpropagation.PAGE,
}

__all__ = ["PAGES", "Exercise", "Page"]
