"""Attention with several heads, each with keys and values of its own or shared by some."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.errors import ArgumentError, check_integer
from neurona.nn.attention.heads import Heads
from neurona.nn.options import LayerOptions


class MultiHeadAttention(Heads):
    """y = concat over n of (softmax(q_n k_n^T / sqrt(H)) v_n) W_o, for n = 1 ... num_heads.

    Each head n has projections of its own: q_n = query W_q, k_n = key W_k, v_n = value W_v. Called
    as `layer(query, value, key)`; without a key the value is the key as well, and with x for both,
    `layer(x, x)`, the attention is of x to itself.

    Shapes: query (B, T, D), value and key (B, S, ...) -> y (B, T, D), weights (B, N, T, S). Kernels
    are (D, N, H) for H = key_dim, (D, N, V) and (N, V, D).

    Args:
        num_heads: number N of heads.
        key_dim: size H of a head's queries and keys.
        value_dim: size V of a head's values; key_dim by default.
        dropout: share of the weights that is dropped in training.
        use_bias: whether the projections have one.
        output_shape: size of y, or sizes; the query's by default.
        attention_axes: axes that are attended along, counted with the batch as 0; all between the
            batch and the features by default. The others are as samples of the batch.
        sliding_window: a query sees keys less than so many steps away; all by default.
        flash_attention: of Keras, which chooses how it is computed; no effect here.
        kernel_initializer: Glorot uniform by default.
        bias_initializer: zeros by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties, of each projection.
        kernel_constraint, bias_constraint: limits applied after each update.
        use_gate: whether what the heads see is multiplied by sigmoid(query W_g).
        seed: see Dropout.

    `call` also takes `attention_mask` (B, T, S), true where a query sees a key, with an axis for
    heads in front of T if they differ; `query_mask` (B, T), `value_mask` and `key_mask` (B, S),
    true at real steps; `use_causal_mask`, whether query t sees the keys 0 to t alone; and
    `return_attention_scores`, whether to return (y, weights). A query that sees nothing averages
    to zeros.

    Raises:
        ArgumentError: if num_heads, key_dim or value_dim is no positive integer.
        ShapeError: if query, value, key and masks do not fit each other.

    Source: Vaswani et al. 2017, section 3.2.2; Qiu et al. 2025 for the gate.

    >>> from neurona import ops
    >>> x = ops.ones((1, 3, 4))
    >>> y, weights = MultiHeadAttention(2, 2)(x, x, return_attention_scores=True)
    >>> y.shape, weights.shape
    ((1, 3, 4), (1, 2, 3, 3))
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        self.num_heads = check_integer("num_heads", num_heads, minimum=1)
        self.key_dim = check_integer("key_dim", key_dim, minimum=1)
        self.value_dim = check_integer("value_dim", value_dim or key_dim, minimum=1)
        super().__init__(
            self.num_heads,
            self.num_heads,
            self.key_dim,
            self.value_dim,
            _integers("output_shape", output_shape, minimum=1),
            _integers("attention_axes", attention_axes),
            dropout,
            use_bias,
            sliding_window,
            use_gate,
            seed,
            {
                "kernel_initializer": kernel_initializer,
                "bias_initializer": bias_initializer,
                "kernel_regularizer": kernel_regularizer,
                "bias_regularizer": bias_regularizer,
                "kernel_constraint": kernel_constraint,
                "bias_constraint": bias_constraint,
            },
            **common,
        )


class GroupQueryAttention(Heads):
    """Attention whose heads share keys and values in groups: y as of MultiHeadAttention.

    Of the N = num_query_heads heads each N / K have the same keys and values, K =
    num_key_value_heads. With K = N it is MultiHeadAttention, with K = 1 all share one.

    Shapes: query (B, T, D), value and key (B, S, ...) -> y (B, T, D), weights (B, N, T, S).

    Args:
        head_dim: size of a head's queries, keys and values.
        num_query_heads: number N of heads.
        num_key_value_heads: number K of heads of keys and values, a divisor of N.
        dropout, use_bias, sliding_window, flash_attention, use_gate, seed: see MultiHeadAttention,
            as of the initializers, regularizers and constraints, and of what `call` takes.

    Raises:
        ArgumentError: if num_key_value_heads does not divide num_query_heads.

    Source: Ainslie et al. 2023.

    >>> from neurona import ops
    >>> GroupQueryAttention(4, 6, 2)(ops.ones((1, 3, 8)), ops.ones((1, 5, 8))).shape
    (1, 3, 8)
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        self.head_dim = check_integer("head_dim", head_dim, minimum=1)
        self.num_query_heads = check_integer("num_query_heads", num_query_heads, minimum=1)
        self.num_key_value_heads = check_integer(
            "num_key_value_heads", num_key_value_heads, minimum=1
        )
        if self.num_query_heads % self.num_key_value_heads:
            raise ArgumentError(
                "the heads of the keys do not divide those of the queries.",
                got=f"num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}",
                expected=f"a divisor of {num_query_heads}",
            )
        super().__init__(
            self.num_query_heads,
            self.num_key_value_heads,
            self.head_dim,
            self.head_dim,
            None,
            (1,),
            dropout,
            use_bias,
            sliding_window,
            use_gate,
            seed,
            {
                "kernel_initializer": kernel_initializer,
                "bias_initializer": bias_initializer,
                "kernel_regularizer": kernel_regularizer,
                "bias_regularizer": bias_regularizer,
                "kernel_constraint": kernel_constraint,
                "bias_constraint": bias_constraint,
            },
            **common,
        )


def _integers(name: str, value: Any, minimum: int | None = None) -> tuple[int, ...] | None:
    if value is None:
        return None
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(check_integer(name, v, minimum=minimum) for v in values)
