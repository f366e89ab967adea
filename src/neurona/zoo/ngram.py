"""A network that sees the last few tokens: the first neural language model.

Bengio et al. 2003, "A Neural Probabilistic Language Model": the vectors of the last n - 1 tokens
side by side, a hidden layer, scores of the next token.
"""

from __future__ import annotations

from typing import Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_integer
from neurona.layers import Dense, Embedding
from neurona.models import Model
from neurona.nn.options import LayerOptions
from neurona.zoo import decoding


class NGramNetwork(Model, namespace="zoo"):
    """Scores of the next token from the last `seen` ones; before the text stands token 0.

    Shapes: tokens (B, T) -> logits (B, T, vocabulary_size).

    Args:
        vocabulary_size: number V of tokens.
        seen: how many tokens it sees, n - 1.
        width: size of a token's vector.
        units: of the hidden layer.

    >>> model = NGramNetwork(65, width=8, units=16)
    >>> model([[1, 2, 3]]).shape, model.generate([1, 2], 3, seed=0).shape
    ((1, 3, 65), (5,))
    """

    context = None  # a text may be of any length

    def __init__(
        self,
        vocabulary_size: int,
        seen: int = 3,
        width: int = 24,
        units: int = 128,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.seen = check_integer("seen", seen, minimum=1)
        self.vectors = Embedding(vocabulary_size, width)
        self.hidden, self.decide = Dense(units, "tanh"), Dense(vocabulary_size)

    def call(self, tokens: Tensor) -> Tensor:  # (B, T)
        length = tokens.shape[1]
        behind = ops.pad(tokens, ((0, 0), (self.seen - 1, 0)))  # (B, seen - 1 + T)
        x = [self.vectors(behind[:, i : i + length]) for i in range(self.seen)]
        x = ops.concatenate(x, axis=-1)  # (B, T, seen * width)
        return self.decide(self.hidden(x))  # (B, T, V)

    def initial_state(self, batch: int) -> Tensor:
        """Return the tokens before the first."""
        return ops.zeros((batch, self.seen - 1), "int32")

    def next(self, token: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores (B, V) of the token after this one, and the tokens that are still seen."""
        last = ops.concatenate([before, token[:, None]], axis=1)  # (B, seen)
        return self(last)[:, -1], last[:, 1:]

    generate = decoding.generate
