"""Translation by two recurrent networks, the second of which looks back at what the first read.

Bahdanau, Cho and Bengio 2015, "Neural Machine Translation by Jointly Learning to Align and
Translate": where the Transformer's attention comes from. An encoder reads a sentence in both
directions; at each word the decoder weighs all its states anew.
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.layers import GRU, Bidirectional, Dense, Dropout, Embedding, GRUCell
from neurona.models import Model
from neurona.nn.options import LayerOptions
from neurona.zoo import decoding

PAD = 0


class Seq2Seq(Model, namespace="zoo"):
    """Scores of each next word of a translation, from the sentence and the words before.

    With h_s the encoder's states and d_t the decoder's:

        e_ts = v . tanh(W d_(t-1) + U h_s),  a_t = softmax(e_t),  c_t = sum_s a_ts h_s
        d_t = GRU([y_(t-1), c_t], d_(t-1)),  scores = V [d_t, c_t, y_(t-1)]

    Shapes: (source (B, S), target (B, T)) token numbers, 0 behind the ends -> logits (B, T, V).

    Args:
        source_size, target_size: number of tokens of each language.
        width: size of a token's vector.
        units: size of the states.
        dropout: share of the vectors and of what scores are made of, dropped in training.

    >>> import numpy as np
    >>> model = Seq2Seq(50, 40, width=8, units=16)
    >>> model((np.array([[5, 6, 7]]), np.array([[1, 8]]))).shape
    (1, 2, 40)
    """

    context = None

    def __init__(
        self,
        source_size: int,
        target_size: int,
        width: int = 256,
        units: int = 256,
        dropout: float = 0.2,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.units = units
        self.source_words = Embedding(source_size, width)
        self.target_words = Embedding(target_size, width)
        self.reader = Bidirectional(GRU(units, return_sequences=True))
        self.first = Dense(units, "tanh")  # of the decoder, from the backward state
        self.from_state = Dense(units, use_bias=False)  # W
        self.from_read = Dense(units)  # U
        self.weigh = Dense(1, use_bias=False)  # v
        self.cell = GRUCell(units)
        self.decide = Dense(target_size)
        self.drop = Dropout(dropout)

    def call(self, inputs: Any) -> Tensor:
        source, target = inputs  # (B, S), (B, T)
        state = self.read(source)
        words = self.drop(self.target_words(target))  # (B, T, width)

        def step(d: Tensor, y: Tensor) -> tuple:
            d, h = self.step(y, d, *state[1:])
            return d, h

        _, h = ops.scan(step, state[0], ops.transpose(words, (1, 0, 2)))  # (T, B, ...)
        return self.decide(self.drop(ops.transpose(h, (1, 0, 2))))  # (B, T, V)

    def read(self, source: Tensor) -> tuple[Tensor, ...]:
        """Return the decoder's first state, the states h, U h, and which words are real."""
        mask = source != PAD  # (B, S)
        h = self.reader(self.drop(self.source_words(source)), mask=mask)  # (B, S, 2 units)
        return self.first(h[:, 0, self.units :]), h, self.from_read(h), mask

    def attention_weights(self, d: Tensor, read: Tensor, mask: Tensor) -> Tensor:
        """Return how much of each word read goes into the next word, (B, S)."""
        e = self.weigh(ops.tanh(self.from_state(d)[:, None] + read))[..., 0]
        return ops.softmax(ops.where(mask, e, -1e9))

    def step(self, y: Tensor, d: Tensor, h: Tensor, read: Tensor, mask: Tensor) -> tuple:
        """Return the next state of the decoder, and what the scores are made of."""
        a = self.attention_weights(d, read, mask)
        c = ops.sum(a[:, :, None] * h, axis=1)  # (B, 2 units)
        d, _ = self.cell(ops.concatenate([y, c], axis=1), [d])
        return d, ops.concatenate([d, c, y], axis=1)

    # --- writing one word at a time --------------------------------------------------------------

    def initial_state(self, source: Any) -> tuple[Tensor, ...]:
        """Return the state before the first word of the translation of sentences (B, S)."""
        return self.read(ops.cast(source, "int32"))

    def next(self, token: Tensor, state: Any) -> tuple[Tensor, Any]:  # (B,)
        """Return scores (B, V) of the next word, and the state after this one."""
        d, *rest = state
        d, made = self.step(self.target_words(token), d, *rest)
        return self.decide(made), (d, *rest)

    translate = decoding.answer
