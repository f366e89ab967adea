"""A recurrent network that reads a text character by character and says which comes next.

Karpathy 2015, "The Unreasonable Effectiveness of Recurrent Neural Networks": a vector for each
character, one or more recurrent layers, scores of the next character.
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import check_choice, check_integer
from neurona.layers import GRU, LSTM, Dense, Dropout, Embedding, SimpleRNN
from neurona.models import Model
from neurona.nn.options import LayerOptions
from neurona.zoo import decoding

CELLS = {"rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


class CharRNN(Model, namespace="zoo"):
    """Scores of the next character, after each character of a text.

    Shapes: tokens (B, T) -> logits (B, T, vocabulary_size).

    Args:
        vocabulary_size: number V of characters.
        width: size of a character's vector.
        units: size of the state.
        depth: number of recurrent layers.
        cell: "rnn", "lstm" or "gru".
        dropout: share of what each layer hands on, dropped in training.

    >>> model = CharRNN(65, width=8, units=16)
    >>> model([[1, 2, 3]]).shape, model.generate([1, 2], 3, seed=0).shape
    ((1, 3, 65), (5,))
    """

    context = None  # it forgets by itself

    def __init__(
        self,
        vocabulary_size: int,
        width: int = 64,
        units: int = 128,
        depth: int = 1,
        cell: str = "lstm",
        dropout: float = 0.0,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        layer: Any = CELLS[check_choice("cell", cell, CELLS)]
        check_integer("depth", depth, minimum=1)
        self.characters = Embedding(vocabulary_size, width)
        self.recurrent = [layer(units, return_sequences=True) for _ in range(depth)]
        self.drop = Dropout(dropout)
        self.decide = Dense(vocabulary_size)

    def call(self, tokens: Tensor) -> Tensor:  # (B, T)
        x = self.characters(tokens)  # (B, T, width)
        for layer in self.recurrent:
            x = self.drop(layer(x))  # (B, T, units)
        return self.decide(x)  # (B, T, V)

    def initial_state(self, batch: int) -> list:
        """Return the states before the first character."""
        return [layer.cell.get_initial_state(batch_size=batch) for layer in self.recurrent]

    def next(self, token: Tensor, state: Any) -> tuple[Tensor, Any]:  # (B,)
        """Return scores (B, V) of the character after this one, and the states after it."""
        x, after = self.characters(token), []  # (B, width)
        for layer, own in zip(self.recurrent, state, strict=True):
            x, own = layer.cell(x, own)
            after.append(own)
        return self.decide(x), after

    generate = decoding.generate
