"""The blocks that Transformers are made of: attention, then a small network at each step."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, StateError, check_integer, check_number
from neurona.nn import activations
from neurona.nn.attention.multi_head import MultiHeadAttention
from neurona.nn.dense import Dense
from neurona.nn.dropout import Dropout, check_rate
from neurona.nn.layer import Layer
from neurona.nn.normalization import LayerNormalization
from neurona.nn.options import LayerOptions


class _Block(Layer):
    """What encoder and decoder share: x + f(norm(x)), or norm(x + f(x)), for each part f.

    Args: see TransformerEncoderBlock.
    """

    supports_masking = True
    drop: Dropout
    feedforward_intermediate_dense: Dense
    feedforward_output_dense: Dense

    def __init__(
        self,
        intermediate_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        activation: Any = "relu",
        layer_norm_epsilon: float = 1e-5,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        normalize_first: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.intermediate_dim = check_integer("intermediate_dim", intermediate_dim, minimum=1)
        self.num_heads = check_integer("num_heads", num_heads, minimum=1)
        self.dropout = check_rate(dropout, "dropout")
        self.activation = activations.get(activation)
        self.layer_norm_epsilon = check_number("layer_norm_epsilon", layer_norm_epsilon, low=0)
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.normalize_first = bool(normalize_first)

    def _attention(self, name: str, features: int) -> MultiHeadAttention:
        if features % self.num_heads:
            raise ShapeError(
                f"{type(self).__name__}: the features do not divide among the heads.",
                got=f"{features} features, num_heads={self.num_heads}",
                expected=f"a multiple of {self.num_heads} features",
            )
        return MultiHeadAttention(
            self.num_heads,
            features // self.num_heads,
            dropout=self.dropout,
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
            name=f"{self.name}_{name}",
            dtype=self.dtype,
        )

    def _norm(self, name: str) -> LayerNormalization:
        return LayerNormalization(
            epsilon=self.layer_norm_epsilon, name=f"{self.name}_{name}", dtype=self.dtype
        )

    def _dense(self, name: str, units: int, activation: Any = None) -> Dense:
        return Dense(
            units,
            activation,
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
            name=f"{self.name}_{name}",
            dtype=self.dtype,
        )

    def _feedforward(self, x: Tensor) -> Tensor:
        h = self.feedforward_intermediate_dense(x)  # (B, T, intermediate_dim)
        return self.feedforward_output_dense(h)  # (B, T, D)

    def _before(self, x: Tensor, norm: LayerNormalization) -> Tensor:
        return norm(x) if self.normalize_first else x

    def _after(self, x: Tensor, h: Tensor, norm: LayerNormalization) -> Tensor:
        y = x + self.drop(h)
        return y if self.normalize_first else norm(y)


class TransformerEncoderBlock(_Block):
    """x = norm(x + attention(x, x)), y = norm(x + W_2 activation(W_1 x + b_1) + b_2).

    With normalize_first each part has its norm in front: x = x + attention(norm(x)), and so on,
    which trains deep stacks without a warm-up. It is KerasHub's TransformerEncoder.

    Shapes: x (B, T, D) -> y (B, T, D), weights (B, N, T, T).

    Args:
        intermediate_dim: size of the hidden layer, often 4 D.
        num_heads: number N of heads; D / N features for each.
        dropout: share of weights of the attention, and of what each part adds, that is dropped in
            training.
        activation: of the hidden layer; "relu" by default, BERT and GPT have "gelu".
        layer_norm_epsilon: see LayerNormalization.
        kernel_initializer: Glorot uniform by default.
        bias_initializer: zeros by default.
        normalize_first: whether the norm is in front of each part.

    `call` also takes `padding_mask` (B, T), true at real steps, `attention_mask` (B, T, T), true
    where a step sees another, and `return_attention_scores`, whether to return (y, weights).

    Raises:
        ShapeError: if the heads do not divide the features, or a mask has another shape.

    Source: Vaswani et al. 2017, section 3.1; Xiong et al. 2020 for normalize_first.

    >>> from neurona import ops
    >>> TransformerEncoderBlock(16, 2)(ops.ones((1, 3, 8))).shape
    (1, 3, 8)
    """

    def build(self, shape: Any) -> None:
        """Create the parts."""
        _check(self, shape)
        features = shape[-1]
        self.self_attention = self._attention("self_attention", features)
        self.self_attention_norm = self._norm("self_attention_norm")
        self.feedforward_norm = self._norm("feedforward_norm")
        self.feedforward_intermediate_dense = self._dense(
            "feedforward_intermediate_dense", self.intermediate_dim, self.activation
        )
        self.feedforward_output_dense = self._dense("feedforward_output_dense", features)
        self.drop = Dropout(self.dropout, name=f"{self.name}_dropout", dtype=self.dtype)

    def call(
        self,
        x: Tensor,  # (B, T, D)
        padding_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
    ) -> Any:
        """Return y (B, T, D), and the weights (B, N, T, T) if wanted."""
        h = self._before(x, self.self_attention_norm)
        h = self.self_attention(
            h,
            h,
            value_mask=padding_mask,
            attention_mask=attention_mask,
            return_attention_scores=return_attention_scores,
        )
        h, weights = h if return_attention_scores else (h, None)
        x = self._after(x, h, self.self_attention_norm)
        h = self._feedforward(self._before(x, self.feedforward_norm))
        y = self._after(x, h, self.feedforward_norm)
        return (y, weights) if return_attention_scores else y


class TransformerDecoderBlock(_Block):
    """x = norm(x + attention(x, x)), x = norm(x + attention(x, encoded)), y = norm(x + W_2 ...).

    The first attention is causal: a step sees itself and those before it. The second is of a
    decoder in an encoder-decoder: called as `layer(x, encoded)` it is there, as `layer(x)` it is
    not, which makes the block of a GPT. It is KerasHub's TransformerDecoder.

    Shapes: x (B, T, D), encoded (B, S, E) -> y (B, T, D).

    Args: see TransformerEncoderBlock.

    `call` also takes `decoder_padding_mask` (B, T) and `encoder_padding_mask` (B, S), true at real
    steps, `decoder_attention_mask` (B, T, T) and `encoder_attention_mask` (B, T, S), true where a
    step sees another, and `use_causal_mask`, True by default.

    Raises:
        ShapeError: if the heads do not divide the features, or a mask has another shape.
        StateError: if it was built with the encoder's sequence and is called without, or vice
            versa.

    Source: Vaswani et al. 2017, section 3.1; Radford et al. 2018 without the encoder.

    >>> from neurona import ops
    >>> x, encoded = ops.ones((1, 3, 8)), ops.ones((1, 5, 4))
    >>> TransformerDecoderBlock(16, 2)(x, encoded).shape
    (1, 3, 8)
    """

    has_cross_attention = False

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Have a cross attention if the first call is with the encoder's sequence."""
        crossed = len(args) > 1 or kwargs.get("encoder_sequence") is not None
        if not self.built:
            self.has_cross_attention = crossed
        return super().__call__(*args, training=training, **kwargs)

    def build(self, shape: Any) -> None:
        """Create the parts."""
        _check(self, shape)
        features = shape[-1]
        self.self_attention = self._attention("self_attention", features)
        self.self_attention_norm = self._norm("self_attention_norm")
        if self.has_cross_attention:
            self.cross_attention = self._attention("cross_attention", features)
            self.cross_attention_norm = self._norm("cross_attention_norm")
        self.feedforward_intermediate_dense = self._dense(
            "feedforward_intermediate_dense", self.intermediate_dim, self.activation
        )
        self.feedforward_output_dense = self._dense("feedforward_output_dense", features)
        self.feedforward_norm = self._norm("feedforward_norm")
        self.drop = Dropout(self.dropout, name=f"{self.name}_dropout", dtype=self.dtype)

    def call(
        self,
        decoder_sequence: Tensor,  # x (B, T, D)
        encoder_sequence: Tensor | None = None,  # (B, S, E)
        decoder_padding_mask: Any = None,
        decoder_attention_mask: Any = None,
        encoder_padding_mask: Any = None,
        encoder_attention_mask: Any = None,
        use_causal_mask: bool = True,
    ) -> Tensor:
        """Return y (B, T, D)."""
        if self.has_cross_attention != (encoder_sequence is not None):
            built = "with" if self.has_cross_attention else "without"
            raise StateError(
                f"{type(self).__name__}: it was built {built} an encoder's sequence.",
                hint="call it as it was called first, or make another",
            )
        x = decoder_sequence
        h = self._before(x, self.self_attention_norm)
        h = self.self_attention(
            h,
            h,
            value_mask=decoder_padding_mask,
            attention_mask=decoder_attention_mask,
            use_causal_mask=use_causal_mask,
        )
        x = self._after(x, h, self.self_attention_norm)
        if self.has_cross_attention:
            h = self.cross_attention(
                self._before(x, self.cross_attention_norm),
                encoder_sequence,
                value_mask=encoder_padding_mask,
                attention_mask=encoder_attention_mask,
            )
            x = self._after(x, h, self.cross_attention_norm)
        h = self._feedforward(self._before(x, self.feedforward_norm))
        return self._after(x, h, self.feedforward_norm)


def _check(layer: Layer, shape: Any) -> None:
    if len(shape) != 3:
        raise ShapeError(
            f"{type(layer).__name__}: the number of axes is wrong.",
            got=f"x {shape}",
            expected="x (batch, time, features)",
            hint="x[None] makes a batch of one sample",
        )
