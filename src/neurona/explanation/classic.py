"""The textbook's own lines: of a Perceptron and of the two-layer NeuralNetwork."""

from __future__ import annotations

from typing import Any

from neurona.explanation.explanation import Explanation


def explain_classic(model: Any, x: Any, y: Any, terms: int, digits: int) -> Explanation:
    """Explain a Perceptron or a NeuralNetwork."""
    raise NotImplementedError
