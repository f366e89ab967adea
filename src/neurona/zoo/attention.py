"""The attention of Transformers: of a sequence to itself, and to another; all at once, or by steps.

y_t = W_o concat_n sum_s softmax_s(q_nt . k_ns / sqrt(H)) v_ns,   H = width / heads
"""

from __future__ import annotations

import math
from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.layers import Dense, Layer
from neurona.nn.context import is_training
from neurona.nn.options import LayerOptions
from neurona.ops.attention import attention


def written(room: Tensor, x: Tensor, t: Tensor) -> Tensor:
    """Return what is kept of all steps (B, N, S, H), with x (B, N, H) at step t, at most the last.

    As the state of a loop it is written in place: a step costs as much at any length.
    """
    return ops.scatter_set(room, ops.minimum(t, room.shape[2] - 1), x, axis=2)


def until(t: Tensor, room: Tensor) -> Tensor:
    """Return whether each of all steps (S,) is one up to step t."""
    return ops.arange(room.shape[2]) <= t


class _Attention(Layer, namespace="zoo"):
    """What both have: heads, the way out, and what a query sees.

    Args:
        width: size D of a step's vector.
        heads: number N of heads, a divisor of width.
        dropout: share of the weights that is dropped in training.
        initializer, last_initializer: of the weights, and of those on the way out.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        dropout: float = 0.0,
        initializer: Any = "glorot_uniform",
        last_initializer: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if heads < 1 or width % heads:
            raise ArgumentError(
                "the heads do not divide the width.",
                got=f"width={width}, heads={heads}",
                expected="a width that is a multiple of heads",
            )
        self.width, self.heads, self.dropout = width, heads, dropout
        self.initializer = initializer
        self.write = Dense(width, kernel_initializer=last_initializer or initializer)

    def _parts(self, x: Tensor, count: int) -> list[Tensor]:
        """Return `count` vectors of each head that lie side by side in x (..., count D)."""
        x = ops.reshape(x, (*x.shape[:-1], count, self.heads, self.width // self.heads))
        return [x[..., i, :, :] for i in range(count)]

    def _seen(self, q: Tensor, k: Tensor, v: Tensor, mask: Any, causal: bool = False) -> Tensor:
        """Return W_o of what each query (B, T, N, H) sees of the values (B, S, N, H)."""
        rate = self.dropout if is_training() else 0.0
        y, _ = attention(q, k, v, mask=mask, is_causal=causal, dropout=rate)
        return self.write(ops.reshape(y, (*y.shape[:2], self.width)))  # (B, T, D)


class SelfAttention(_Attention):
    """Attention of each step to all steps of its sequence, or to those up to itself.

    Shapes: x (B, T, D), mask (B, T), true at real steps -> y (B, T, D).

    Args:
        width, heads, dropout, initializer, last_initializer: sizes and initial weights.
        causal: whether a step sees itself and the steps before it alone.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        dropout: float = 0.0,
        initializer: Any = "glorot_uniform",
        last_initializer: Any = None,
        causal: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(width, heads, dropout, initializer, last_initializer, **common)
        self.causal = causal
        self.read = Dense(3 * width, kernel_initializer=self.initializer)

    def call(self, x: Tensor, mask: Any = None) -> Tensor:  # (B, T, D)
        q, k, v = self._parts(self.read(x), 3)  # (B, T, N, H)
        return self._seen(q, k, v, None if mask is None else mask[:, None, None], self.causal)

    def attention_weights(self, x: Tensor) -> Tensor:  # (B, T, D)
        """Return softmax_s(q_nt . k_ns / sqrt(H)), how much step t takes of s, (B, N, T, S)."""
        q, k, _ = (ops.transpose(part, (0, 2, 1, 3)) for part in self._parts(self.read(x), 3))
        scores = q @ ops.transpose(k, (0, 1, 3, 2)) / math.sqrt(self.width // self.heads)
        if self.causal:
            at = ops.arange(x.shape[1])
            scores = ops.where(at[:, None] >= at, scores, -math.inf)
        return ops.softmax(scores)

    def step(self, x: Tensor, keys: Tensor, values: Tensor, t: Tensor) -> tuple:  # (B, D)
        """Return y (B, D) of step t, and the keys and values (B, N, S, H) with those of step t."""
        q, k, v = self._parts(self.read(x), 3)  # (B, N, H)
        keys, values = written(keys, k, t), written(values, v, t)
        k, v = ops.swapaxes(keys, 1, 2), ops.swapaxes(values, 1, 2)  # (B, S, N, H)
        return self._seen(q[:, None], k, v, until(t, keys))[:, 0], keys, values

    def empty(self, batch: int, length: int) -> tuple[Tensor, Tensor]:
        """Return room for the keys and values of `length` steps, each head's in a row."""
        room = ops.zeros((batch, self.heads, length, self.width // self.heads), self.dtype)
        return room, room


class CrossAttention(_Attention):
    """Attention of each step to the steps of another sequence.

    Shapes: x (B, T, D), keys and values (B, S, N, H), mask (B, S) -> y (B, T, D).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        dropout: float = 0.0,
        initializer: Any = "glorot_uniform",
        last_initializer: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(width, heads, dropout, initializer, last_initializer, **common)
        self.ask = Dense(width, kernel_initializer=self.initializer)
        self.read = Dense(2 * width, kernel_initializer=self.initializer)

    def keys_and_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:  # (B, S, D)
        """Return what queries are compared with, and what they get, (B, S, N, H) each."""
        keys, values = self._parts(self.read(memory), 2)
        return keys, values

    def call(self, x: Tensor, keys: Tensor, values: Tensor, mask: Any = None) -> Tensor:
        (q,) = self._parts(self.ask(x), 1)  # (B, T, N, H)
        return self._seen(q, keys, values, None if mask is None else mask[:, None, None])
