"""A recurrent network that reads a text in both directions and names its class.

Schuster and Paliwal 1997 for reading both ways, Hochreiter and Schmidhuber 1997 for the LSTM.
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import check_choice
from neurona.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Embedding
from neurona.models import Model
from neurona.nn.options import LayerOptions


class RecurrentClassifier(Model, namespace="zoo"):
    """Scores of each class of a text.

    Shapes: tokens (B, T), 0 behind the end -> logits (B, classes).

    Args:
        vocabulary_size: number V of tokens.
        classes: how many there are.
        width: size of a token's vector.
        units: size of the state, each direction.
        cell: "lstm" or "gru".
        dropout: share of the vectors and of the last states dropped in training.

    >>> RecurrentClassifier(50, 3, width=8, units=8)([[1, 2, 0]]).shape
    (1, 3)
    """

    def __init__(
        self,
        vocabulary_size: int,
        classes: int,
        width: int = 64,
        units: int = 64,
        cell: str = "lstm",
        dropout: float = 0.3,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        layer: Any = {"gru": GRU, "lstm": LSTM}[check_choice("cell", cell, ("gru", "lstm"))]
        self.vectors = Embedding(vocabulary_size, width, mask_zero=True)
        self.read = Bidirectional(layer(units))
        self.drop = Dropout(dropout)
        self.decide = Dense(classes)

    def call(self, tokens: Tensor) -> Tensor:  # (B, T)
        x = self.drop(self.vectors(tokens))  # (B, T, width), with the mask of what is real
        return self.decide(self.drop(self.read(x)))  # (B, 2 units) -> (B, classes)
