"""The logic gates: the four points that one neuron can learn, or, for xor, cannot."""

from __future__ import annotations

import numpy as np

from neurona.errors import unknown

GATES = {
    "and": (0, 0, 0, 1),
    "or": (0, 1, 1, 1),
    "xor": (0, 1, 1, 0),
    "nand": (1, 1, 1, 0),
    "nor": (1, 0, 0, 0),
    "xnor": (1, 0, 0, 1),
}


def gates(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the truth table of a gate of two inputs, in the order 00, 01, 10, 11.

    Shapes: X (4, 2) float32, y (4,) int64.
    Args:
        name: "and", "or", "xor", "nand", "nor" or "xnor".
    Raises:
        ArgumentError: another name.
    Source: Minsky and Papert 1969, chapter 2: no single line separates xor.

    >>> X, y = gates("xor")
    >>> X.tolist(), y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    if name not in GATES:
        raise unknown("gate", name, GATES)
    X = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], dtype=np.float32)
    return X, np.array(GATES[name], dtype=np.int64)
