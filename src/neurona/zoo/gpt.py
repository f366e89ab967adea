"""GPT-2: a Transformer that reads from left to right and says which token comes next.

Radford et al. 2019, "Language Models are Unsupervised Multitask Learners". In the order of the
forward pass: what a token is plus where it stands, blocks of attention and a small network, and
scores of all tokens by the same vectors that they were read with.
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.activations import gelu
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError
from neurona.initializers import RandomNormal
from neurona.layers import (
    Dense,
    Dropout,
    Layer,
    LayerNormalization,
    PositionEmbedding,
    ReversibleEmbedding,
)
from neurona.models import Model
from neurona.nn.options import LayerOptions
from neurona.zoo import decoding
from neurona.zoo.attention import SelfAttention

Cache = list[tuple[Tensor, Tensor]]  # of each block, keys and values (B, N, S, H)


class Block(Layer, namespace="zoo.gpt"):
    """x + attention(norm(x)), then x + network(norm(x)).

    The last weights of each part begin smaller, by 1 / sqrt(2 depth): the stream that all blocks
    add to then has the same variance at any depth.
    """

    def __init__(
        self, width: int, heads: int, depth: int, dropout: float, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        small, start = RandomNormal(stddev=0.02 / (2 * depth) ** 0.5), RandomNormal(stddev=0.02)
        self.attention_norm = LayerNormalization(epsilon=1e-5)
        self.attention = SelfAttention(width, heads, dropout, start, small, causal=True)
        self.network_norm = LayerNormalization(epsilon=1e-5)
        self.widen = Dense(4 * width, kernel_initializer=start)
        self.narrow = Dense(width, kernel_initializer=small)
        self.drop = Dropout(dropout)

    def call(self, x: Tensor) -> Tensor:  # (B, T, D)
        x = x + self.drop(self.attention(self.attention_norm(x)))
        return x + self.drop(self.network(x))

    def step(self, x: Tensor, keys: Tensor, values: Tensor, t: Tensor) -> tuple:  # (B, D)
        """Return y of the one step t, and the keys and values with those of this step."""
        h, keys, values = self.attention.step(self.attention_norm(x), keys, values, t)
        x = x + h
        return x + self.network(x), keys, values

    def network(self, x: Tensor) -> Tensor:
        """Two layers at each step by itself."""
        h = gelu(self.widen(self.network_norm(x)), approximate=True)  # (B, T, 4 D)
        return self.narrow(h)


class GPT(Model, namespace="zoo"):
    """Scores of the next token, after each token of a text.

    Shapes: tokens (B, T), T up to `context` -> logits (B, T, vocabulary_size).

    Args:
        vocabulary_size: number V of tokens.
        context: how many tokens it sees at most.
        depth: number of blocks.
        heads: number N of heads in each.
        width: size D of a token's vector, a multiple of heads.
        dropout: share of what blocks add, and of the weights of attention, dropped in training.

    The defaults are GPT-2 small, of 124 million numbers. Train it with
    `SparseCategoricalCrossentropy(from_logits=True)` on texts x and the same texts one token on.

    >>> model = GPT(65, context=8, depth=1, heads=2, width=16)
    >>> model([[1, 2, 3]]).shape, model.generate([1, 2], 3, seed=0).shape
    ((1, 3, 65), (5,))
    """

    def __init__(
        self,
        vocabulary_size: int = 50257,
        context: int = 1024,
        depth: int = 12,
        heads: int = 12,
        width: int = 768,
        dropout: float = 0.1,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.context = context
        start = RandomNormal(stddev=0.02)
        self.words = ReversibleEmbedding(vocabulary_size, width, embeddings_initializer=start)
        self.places = PositionEmbedding(context, initializer=start)
        self.drop = Dropout(dropout)
        self.blocks = [Block(width, heads, depth, dropout) for _ in range(depth)]
        self.norm = LayerNormalization(epsilon=1e-5)

    def call(self, tokens: Tensor) -> Tensor:  # (B, T)
        if tokens.shape[1] > self.context:
            raise ShapeError(
                "GPT: the text is longer than what it sees at once.",
                got=f"{tokens.shape[1]} tokens",
                expected=f"at most context={self.context}",
            )
        x = self.words(tokens)  # (B, T, D)
        x = self.drop(x + self.places(x))
        for block in self.blocks:
            x = block(x)
        return self.words(self.norm(x), reverse=True)  # (B, T, V)

    # --- one token at a time, with the keys and values of those before ---------------------------

    def initial_state(self, batch: int) -> tuple[Tensor, Cache]:
        """Return the state before the first token: where it stands, and empty keys and values."""
        cache = [block.attention.empty(batch, self.context) for block in self.blocks]
        return ops.zeros((), "int32"), cache

    def next(self, token: Tensor, state: Any) -> tuple[Tensor, Any]:  # (B,)
        """Return scores (B, V) of the token after this one, and the state after it."""
        t, cache = state
        x = self.words(token)[:, None]  # (B, 1, D)
        place = ops.reshape(ops.minimum(t, self.context - 1), (1,))
        x = (x + self.places(x, positions=place))[:, 0]  # (B, D)
        written = []
        for block, (keys, values) in zip(self.blocks, cache, strict=True):
            x, keys, values = block.step(x, keys, values, t)
            written.append((keys, values))
        return self.words(self.norm(x), reverse=True), (t + 1, written)

    generate = decoding.generate
