"""T5: an encoder and a decoder that know distances between words instead of their places.

Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer". A score of attention gets a learned number for how far apart query and key are; norms
only scale, and nothing has a bias. `T5()` is T5-small of 60.5 million numbers.
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.initializers import RandomNormal
from neurona.layers import Dense, Dropout, Layer, ReversibleEmbedding, RMSNormalization
from neurona.models import Model
from neurona.nn.context import is_training
from neurona.nn.options import LayerOptions
from neurona.ops.attention import attention
from neurona.zoo.attention import until, written
from neurona.zoo.decoding import answer

PAD, START = 0, 0  # a text that is written begins with the token of padding, as in the paper


def buckets(distance: np.ndarray, both: bool, count: int = 32, most: int = 128) -> np.ndarray:
    """Return the class of a distance, key minus query: each near one its own, far ones together.

    Half of the classes are for distances one by one, half grow logarithmically up to `most`; if
    keys may also come later (`both`), those have half of all.

    >>> buckets(np.array([0, -1, -7, -20, -500, 3]), both=False, count=8).tolist()
    [0, 1, 4, 5, 7, 0]
    """
    offset = np.zeros_like(distance)
    if both:
        count //= 2
        offset, distance = np.where(distance > 0, count, 0), np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = count // 2
    ratio = np.log(np.maximum(distance, 1) / exact) / np.log(most / exact)
    far = np.minimum(exact + (ratio * (count - exact)).astype(int), count - 1)
    return offset + np.where(distance < exact, distance, far)


class Distances(Layer, namespace="zoo.t5"):
    """A number for each head and class of distances, added to the scores of attention.

    Shapes: queries (T,), keys (S,) places -> (1, N, T, S).
    """

    def __init__(self, heads: int, both: bool, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.both = both
        self.table = self.add_weight((32, heads), RandomNormal(stddev=0.1), "table")

    def call(self, queries: Tensor, keys: Tensor) -> Tensor:
        size = keys.shape[0]
        known = buckets(np.arange(-size, size + 1), self.both)  # of distances from -S to S
        distance = ops.clip(keys - queries[:, None], -size, size)  # (T, S)
        rows = ops.take(known, distance + size, axis=0)
        return ops.transpose(ops.take(self.table, rows, axis=0), (2, 0, 1))[None]


class Attention(Layer, namespace="zoo.t5"):
    """softmax(q k + bias) v of each head, without a scale and without biases of its own."""

    def __init__(
        self, width: int, size: int, heads: int, dropout: float, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.heads, self.size, self.dropout = heads, size, dropout
        inner = heads * size
        self.ask = Dense(inner, use_bias=False, kernel_initializer=_normal(width * size))
        self.keys = Dense(inner, use_bias=False, kernel_initializer=_normal(width))
        self.values = Dense(inner, use_bias=False, kernel_initializer=_normal(width))
        self.write = Dense(width, use_bias=False, kernel_initializer=_normal(inner))

    def call(
        self, x: Tensor, memory: Tensor, bias: Any = None, seen: Any = None, causal: bool = False
    ) -> Tensor:
        return self.look(x, *self.keys_and_values(memory), bias, seen, causal)

    def keys_and_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:  # (B, S, D)
        """Return keys and values (B, S, N, H)."""
        return self.parts(self.keys(memory)), self.parts(self.values(memory))

    def look(
        self, x: Tensor, k: Tensor, v: Tensor, bias: Any, seen: Any, causal: bool = False
    ) -> Tensor:
        """Return what each step of x (B, T, D) sees."""
        rate = self.dropout if is_training() else 0.0
        q = self.parts(self.ask(x))  # (B, T, N, H)
        y, _ = attention(q, k, v, bias, seen, scale=1.0, is_causal=causal, dropout=rate)
        return self.write(ops.reshape(y, (*y.shape[:2], self.heads * self.size)))

    def parts(self, x: Tensor) -> Tensor:
        """Return the vectors of each head, (..., N H) -> (..., N, H)."""
        return ops.reshape(x, (*x.shape[:-1], self.heads, self.size))


class Block(Layer, namespace="zoo.t5"):
    """Attention to itself, to what was read (in a decoder), and W_2 relu(W_1 x)."""

    def __init__(
        self, width: int, size: int, hidden: int, heads: int, dropout: float, decodes: bool,
        **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        super().__init__(**common)
        self.own = Attention(width, size, heads, dropout)
        self.reading = Attention(width, size, heads, dropout) if decodes else None
        self.norms = [RMSNormalization() for _ in range(2 + decodes)]
        self.widen = Dense(hidden, "relu", use_bias=False, kernel_initializer=_normal(width))
        self.narrow = Dense(width, use_bias=False, kernel_initializer=_normal(hidden))
        self.drop = Dropout(dropout)

    def call(
        self, x: Tensor, bias: Tensor, seen: Any = None, memory: Any = None, causal: bool = False
    ) -> Tensor:
        h = self.norms[0](x)
        x = x + self.drop(self.own(h, h, bias, None if causal else seen, causal))
        if memory is None:
            return self.network(x)
        return self.read(x, self.remembered(memory), seen)

    def remembered(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return the keys and values of what was read."""
        assert self.reading is not None
        return self.reading.keys_and_values(memory)

    def read(self, x: Tensor, remembered: tuple[Tensor, Tensor], seen: Any) -> Tensor:
        """Return x after attention to what was read, and the network."""
        assert self.reading is not None
        keys, values = remembered
        x = x + self.drop(self.reading.look(self.norms[1](x), keys, values, None, seen))
        return self.network(x)

    def network(self, x: Tensor) -> Tensor:
        """Add two layers at each step by itself."""
        return x + self.drop(self.narrow(self.drop(self.widen(self.norms[-1](x)))))


class T5(Model, namespace="zoo"):
    """Scores of each next token of an answer, from a text and the tokens before.

    Shapes: (source (B, S), target (B, T)) token numbers, 0 behind the ends -> logits (B, T, V).
    The target begins with the token 0.

    Args:
        vocabulary_size: number V of tokens.
        depth: blocks of the encoder, and as many of the decoder.
        width, hidden: size D of a token's vector, and of the network in a block.
        heads, size: number N of heads, and size H of each.
        dropout: share of what blocks add, of hidden units and of attention, dropped in training.
        context: how many tokens can be written at most.

    >>> model = T5(50, depth=1, width=16, hidden=32, heads=2, size=8)
    >>> model((np.array([[5, 6, 7]]), np.array([[0, 8]]))).shape
    (1, 2, 50)
    """

    def __init__(
        self,
        vocabulary_size: int = 32128,
        depth: int = 6,
        width: int = 512,
        hidden: int = 2048,
        heads: int = 8,
        size: int = 64,
        dropout: float = 0.1,
        context: int = 512,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.width, self.context, self.heads, self.size = width, context, heads, size
        self.words = ReversibleEmbedding(
            vocabulary_size, width, embeddings_initializer=RandomNormal(stddev=1.0)
        )
        self.reads = Distances(heads, both=True)
        self.writes = Distances(heads, both=False)
        sizes = width, size, hidden, heads, dropout
        self.encoder = [Block(*sizes, decodes=False) for _ in range(depth)]
        self.decoder = [Block(*sizes, decodes=True) for _ in range(depth)]
        self.norms = [RMSNormalization() for _ in range(2)]
        self.drop = Dropout(dropout)

    def call(self, inputs: Any) -> Tensor:
        source, target = inputs  # (B, S), (B, T)
        memory, seen = self.encode(source)
        x = self.drop(self.words(target))  # (B, T, D)
        t = ops.arange(target.shape[1])
        bias = self.writes(t, t)  # (1, N, T, T)
        for block in self.decoder:
            x = block(x, bias, seen, memory, causal=True)
        return self.scores(x)  # (B, T, V)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the encoder makes of texts (B, S, D), and which tokens are real."""
        seen = (source != PAD)[:, None, None]  # (B, 1, 1, S)
        x = self.drop(self.words(source))
        t = ops.arange(source.shape[1])
        bias = self.reads(t, t)
        for block in self.encoder:
            x = block(x, bias, seen)
        return self.drop(self.norms[0](x)), seen

    def scores(self, x: Tensor) -> Tensor:
        """Return the logits of the next tokens."""
        return self.words(self.drop(self.norms[1](x)) * self.width**-0.5, reverse=True)

    # --- writing one token at a time -------------------------------------------------------------

    def initial_state(self, source: Any) -> Any:
        """Return the state before the first token of the answer to texts (B, S)."""
        source = ops.cast(source, "int32")
        memory, seen = self.encode(source)
        shape = (source.shape[0], self.heads, self.context, self.size)
        room = ops.zeros(shape, memory.dtype)
        blocks = [((room, room), block.remembered(memory)) for block in self.decoder]
        return ops.zeros((), "int32"), seen, blocks

    def next(self, token: Tensor, state: Any) -> tuple[Tensor, Any]:  # (B,)
        """Return scores (B, V) of the next token, and the state after this one."""
        t, seen, blocks = state
        x = self.words(token)[:, None]  # (B, 1, D)
        at = ops.arange(self.context)
        bias = self.writes(ops.reshape(t, (1,)), at)  # (1, N, 1, context)
        after = []
        for block, ((keys, values), read) in zip(self.decoder, blocks, strict=True):
            h = block.norms[0](x)
            k, v = block.own.keys_and_values(h)  # (B, 1, N, H)
            keys, values = written(keys, k[:, 0], t), written(values, v[:, 0], t)
            k, v = ops.swapaxes(keys, 1, 2), ops.swapaxes(values, 1, 2)  # (B, context, N, H)
            x = x + block.own.look(h, k, v, bias, until(t, keys))
            x = block.read(x, read, seen)
            after.append(((keys, values), read))
        return self.scores(x)[:, 0], (t + 1, seen, after)

    def answer(
        self, source: Any, end: int, length: int, beams: int = 1, **sampling: Any
    ) -> list[np.ndarray]:
        """Return an answer to each text, greedily, by beams or drawn; see `zoo.answer`."""
        return answer(self, source, START, end, length, beams, **sampling)


def _normal(size: int) -> RandomNormal:
    return RandomNormal(stddev=size**-0.5)
