"""The Transformer: an encoder reads a sentence, a decoder writes it in another language.

Vaswani et al. 2017, "Attention Is All You Need". `base` has the paper's 65 million numbers with its
37,000 tokens, all embeddings shared.
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.initializers import RandomNormal
from neurona.layers import Dense, Dropout, Layer, LayerNormalization, ReversibleEmbedding
from neurona.losses import Loss
from neurona.models import Model
from neurona.nn.options import LayerOptions
from neurona.zoo import decoding
from neurona.zoo.attention import CrossAttention, SelfAttention

PAD = 0  # the token that stands behind a sentence


def waves(length: int, width: int) -> np.ndarray:
    """Positions as waves (T, D): sin and cos of t / 10000^(2i / D), as in section 3.5.

    >>> waves(2, 4).round(2).tolist()
    [[0.0, 1.0, 0.0, 1.0], [0.84, 0.54, 0.01, 1.0]]
    """
    t, i = np.arange(length)[:, None], np.arange(width)
    angles = t / 10000 ** (i // 2 * 2 / width)
    return np.where(i % 2 == 0, np.sin(angles), np.cos(angles))


class Feedforward(Layer, namespace="zoo"):
    """W_2 relu(W_1 x + b_1) + b_2 at each step, (B, T, D) -> (B, T, D)."""

    def __init__(
        self, width: int, hidden: int, dropout: float, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.widen, self.narrow = Dense(hidden, "relu"), Dense(width)
        self.drop = Dropout(dropout)

    def call(self, x: Tensor) -> Tensor:  # (B, T, D)
        return self.narrow(self.drop(self.widen(x)))


class EncoderBlock(Layer, namespace="zoo.transformer"):
    """Self-attention and a network, each added to x; the norm in front of each or behind it."""

    causal, parts = False, 2

    def __init__(
        self,
        width: int,
        hidden: int,
        heads: int,
        dropout: float,
        pre_norm: bool,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.pre_norm = pre_norm
        self.attention = SelfAttention(width, heads, dropout, causal=self.causal)
        self.network = Feedforward(width, hidden, dropout)
        self.norms = [LayerNormalization(epsilon=1e-6) for _ in range(self.parts)]
        self.drop = Dropout(dropout)

    def call(self, x: Tensor, mask: Any = None) -> Tensor:  # (B, S, D), (B, S)
        x = self.added(x, 0, lambda x: self.attention(x, mask=mask))
        return self.added(x, 1, self.network)

    def added(self, x: Tensor, part: int, fn: Any) -> Tensor:
        """Return x + fn(norm(x)), or norm(x + fn(x))."""
        norm = self.norms[part]
        return x + self.drop(fn(norm(x))) if self.pre_norm else norm(x + self.drop(fn(x)))


class DecoderBlock(EncoderBlock, namespace="zoo.transformer"):
    """Self-attention to what was written, attention to what was read, and a network."""

    causal, parts = True, 3

    def __init__(
        self,
        width: int,
        hidden: int,
        heads: int,
        dropout: float,
        pre_norm: bool,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(width, hidden, heads, dropout, pre_norm, **common)
        self.reading = CrossAttention(width, heads, dropout)

    def call(self, x: Tensor, memory: Tensor, mask: Any = None) -> Tensor:  # (B, T, D), (B, S, D)
        keys, values = self.reading.keys_and_values(memory)
        x = self.added(x, 0, self.attention)
        x = self.added(x, 1, lambda x: self.reading(x, keys, values, mask=mask))
        return self.added(x, 2, self.network)

    def step(self, x: Tensor, state: tuple, mask: Tensor, t: Tensor) -> tuple:  # (B, D)
        """Return y of step t, and the state with its keys and values."""
        written, read = state

        def attend(x: Tensor) -> Tensor:
            nonlocal written
            keys, values = written
            y, *written = self.attention.step(x, keys, values, t)
            return y

        x = self.added(x, 0, attend)
        x = self.added(x, 1, lambda x: self.reading(x[:, None], *read, mask=mask)[:, 0])
        return self.added(x, 2, self.network), (tuple(written), read)


class Transformer(Model, namespace="zoo"):
    """Scores of each next word of a translation, from the sentence and the words before.

    Shapes: (source (B, S), target (B, T)) token numbers, 0 behind the ends -> logits (B, T, V).

    Args:
        vocabulary_size: number V of tokens, of both languages together.
        depth: blocks of the encoder, and as many of the decoder.
        width: size D of a token's vector.
        hidden: size of the network in a block.
        heads: number N of heads.
        dropout: share of what blocks add, of their hidden units and of attention, in training.
        context: how many tokens can be written at most.
        pre_norm: the norm in front of each part, which trains without a long warm-up; False puts it
            behind, as the paper does.

    Train it on `((source, target), next words)`, the next words being the target one token on, with
    `SmoothedCrossentropy`.

    >>> model = Transformer(50, depth=1, width=16, hidden=32, heads=2)
    >>> model((np.array([[5, 6, 7]]), np.array([[1, 8]]))).shape
    (1, 2, 50)
    """

    def __init__(
        self,
        vocabulary_size: int = 37000,
        depth: int = 6,
        width: int = 512,
        hidden: int = 2048,
        heads: int = 8,
        dropout: float = 0.1,
        context: int = 256,
        pre_norm: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.width, self.context = width, context
        self.words = ReversibleEmbedding(
            vocabulary_size, width, embeddings_initializer=RandomNormal(stddev=width**-0.5)
        )
        sizes = width, hidden, heads, dropout, pre_norm
        self.encoder = [EncoderBlock(*sizes) for _ in range(depth)]
        self.decoder = [DecoderBlock(*sizes) for _ in range(depth)]
        # Where norms stand in front of the parts, one more is behind all of them.
        self.last_norms = [LayerNormalization(epsilon=1e-6) for _ in range(2 * pre_norm)]
        self.drop = Dropout(dropout)

    def call(self, inputs: Any) -> Tensor:
        source, target = inputs  # (B, S), (B, T)
        memory = self.encode(source)  # (B, S, D)
        x = self.embedded(target, waves(target.shape[1], self.width))  # (B, T, D)
        for block in self.decoder:
            x = block(x, memory, mask=source != PAD)
        return self.scores(x)  # (B, T, V)

    def encode(self, source: Tensor) -> Tensor:
        """Return what the encoder makes of sentences, (B, S) -> (B, S, D)."""
        x = self.embedded(source, waves(source.shape[1], self.width))
        for block in self.encoder:
            x = block(x, mask=source != PAD)
        return self.last_norms[0](x) if self.last_norms else x

    def embedded(self, tokens: Tensor, places: Any) -> Tensor:
        """Return sqrt(D) times the tokens' vectors, and where they stand."""
        x = self.words(tokens) * self.width**0.5
        return self.drop(x + ops.cast(places, x.dtype))

    def scores(self, x: Tensor) -> Tensor:
        """Return the logits of the next words."""
        return self.words(self.last_norms[1](x) if self.last_norms else x, reverse=True)

    # --- writing one token at a time -------------------------------------------------------------

    def initial_state(self, source: Any) -> Any:
        """Return the state before the first word of the translation of sentences (B, S)."""
        source = ops.cast(source, "int32")
        memory = self.encode(source)
        blocks = [
            (block.attention.empty(source.shape[0], self.context),
             block.reading.keys_and_values(memory))
            for block in self.decoder
        ]  # fmt: skip
        return ops.zeros((), "int32"), source != PAD, blocks

    def next(self, token: Tensor, state: Any) -> tuple[Tensor, Any]:  # (B,)
        """Return scores (B, V) of the next word, and the state after this one."""
        t, mask, blocks = state
        places = ops.cast(waves(self.context, self.width), self.dtype)
        x = self.embedded(token, ops.take(places, ops.minimum(t, self.context - 1), axis=0))
        after = []
        for block, own in zip(self.decoder, blocks, strict=True):
            x, own = block.step(x, own, mask, t)
            after.append(own)
        return self.scores(x), (t + 1, mask, after)

    translate = decoding.answer


class SmoothedCrossentropy(Loss, namespace="zoo"):
    """-(1 - e) ln p_y - e mean_k ln p_k, over the real words: being all too sure is not rewarded.

    Args:
        smoothing: e, in [0, 1).
        ignore_class: the token that counts for nothing.
        reduction, name, dtype: as in every Loss.

    Source: Szegedy et al. 2016, section 7, as the paper above uses it.

    >>> SmoothedCrossentropy()([[1, 0]], np.zeros((1, 2, 4))).numpy().round(4).item()
    1.3863
    """

    class_numbers = True

    def __init__(
        self,
        smoothing: float = 0.1,
        ignore_class: int = PAD,
        reduction: str | None = "sum_over_batch_size",
        name: str = "smoothed_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.smoothing, self.ignore_class = smoothing, ignore_class

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:  # (B, T), (B, T, V)
        log_p = ops.log_softmax(y_pred)
        own = ops.take_along_axis(log_p, y_true[..., None].astype("int32"), axis=-1)[..., 0]
        values = -(1 - self.smoothing) * own - self.smoothing * ops.mean(log_p, axis=-1)
        return ops.where(y_true != self.ignore_class, values, 0.0)

    def counted(self, y_true: Tensor) -> Tensor:
        """Return which words are real."""
        return y_true != self.ignore_class
