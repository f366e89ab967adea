"""Attention with several heads: what MultiHeadAttention and GroupQueryAttention share."""

from __future__ import annotations

import math
from typing import Any, Unpack

from neurona import ops
from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.errors import check_integer
from neurona.nn.attention.axes import AttentionAxes
from neurona.nn.dropout import check_rate, check_seed
from neurona.nn.einsum_dense import EinsumDense
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops.attention import attention


class Heads(Layer):
    """y = concat over n of (softmax(q_n k_n^T / sqrt(H)) v_n) W_o, with projections q_n, k_n, v_n.

    Args:
        heads: number N of heads of the queries.
        groups: number K of heads of keys and values, a divisor of N.
        key_dim, value_dim: sizes of a head's keys and values.
        features: sizes of y; those of the query if None.
        attention_axes: those that are attended along; all but the first and the last if None.
        dropout, use_bias, sliding_window, use_gate, seed: see MultiHeadAttention.
        parts: initializers, regularizers and constraints of each projection.
    """

    supports_masking = True

    def __init__(
        self,
        heads: int,
        groups: int,
        key_dim: int,
        value_dim: int,
        features: tuple[int, ...] | None,
        attention_axes: tuple[int, ...] | None,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        use_gate: bool,
        seed: int | None,
        parts: dict[str, Any],
        **common: Unpack[LayerOptions],
    ) -> None:
        penalty = common.pop("activity_regularizer", None)  # each projection has it, as in Keras
        super().__init__(**common)
        self.features, self.attention_axes = features, attention_axes
        self.scale = 1.0 / math.sqrt(key_dim)
        self.dropout, self.seed = check_rate(dropout, "dropout"), check_seed(seed)
        self.use_bias, self.use_gate = bool(use_bias), bool(use_gate)
        self.sliding_window = sliding_window
        if sliding_window is not None:
            check_integer("sliding_window", sliding_window, minimum=1)
        self._parts = {**parts, "activity_regularizer": penalty}
        self.query_dense = self._projection("query", heads, key_dim)
        self.key_dense = self._projection("key", groups, key_dim)
        if self.use_gate:
            self.gate_dense = self._projection("gate", heads, value_dim, "sigmoid")
        self.value_dense = self._projection("value", groups, value_dim)

    def _projection(self, name: str, heads: int, size: int, activation: Any = None) -> EinsumDense:
        """Return the layer from (..., D) to (..., heads, size)."""
        return EinsumDense(
            "...d,dnh->...nh",
            (heads, size),
            activation,
            "nh" if self.use_bias else None,
            name=f"{self.name}_{name}",
            dtype=self.dtype,
            **self._parts,
        )

    def build(self, shape: Any) -> None:
        """Create the projection of all heads' values to y, which has the query's features."""
        features = self.features or (shape[-1],)
        letters = "efgijklmopqrstuvwxyz"[: len(features)]
        self.output_dense = EinsumDense(
            f"...nh,nh{letters}->...{letters}",
            features,
            None,
            letters if self.use_bias else None,
            name=f"{self.name}_attention_output",
            dtype=self.dtype,
            **self._parts,
        )

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Take query, value and key by place or by name."""
        for name in ("query", "value", "key")[len(args) :]:
            if kwargs.get(name) is None:
                break
            args = (*args, kwargs.pop(name))
        return super().__call__(*args, training=training, **kwargs)

    def call(  # type: ignore[override]  # several inputs, one by one
        self,
        query: Tensor,  # (B, T, D)
        value: Tensor,  # (B, S, D_v)
        key: Tensor | None = None,  # (B, S, D_k)
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return y (B, T, features), and the weights (B, N, T, S) if wanted."""
        key = value if key is None else key
        axes = AttentionAxes(type(self).__name__, self.attention_axes, query, value, key)
        mask = axes.merged(query_mask, value_mask, key_mask, attention_mask)
        if use_causal_mask or self.sliding_window:
            t, s = axes.lengths()
            if self.sliding_window:
                near = _window(t, s, self.sliding_window)
                mask = near if mask is None else ops.logical_and(mask, near)
        q = axes.flat(self.query_dense(query))  # (B, T, N, H)
        k = axes.flat(self.key_dense(key))  # (B, S, K, H)
        v = axes.flat(self.value_dense(value))  # (B, S, K, V)
        with random.seeded(self.seed):
            y, weights = attention(
                q, k, v, mask=mask, scale=self.scale, is_causal=use_causal_mask,
                dropout=self.dropout if training else 0.0, weights=return_attention_scores,
            )  # fmt: skip
        y = axes.unflat(y)  # (B, T, N, V)
        if self.use_gate:
            y = y * self.gate_dense(query)
        y = self.output_dense(y)  # (B, T, features)
        return (y, axes.scores(weights)) if return_attention_scores else y

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the query's mask: y has its steps."""
        return mask[0] if isinstance(mask, list | tuple) else mask


def _window(t: int, s: int, width: int) -> Tensor:
    """Whether query t is less than `width` steps from key s, (T, S)."""
    return ops.abs(ops.expand_dims(ops.arange(t), 1) - ops.arange(s)) < width
