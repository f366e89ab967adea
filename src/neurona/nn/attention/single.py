"""Attention without projections: by products of queries and keys (Luong), or by sums (Bahdanau)."""

from __future__ import annotations

import math
from typing import Any, Unpack

from neurona import ops
from neurona.core import random
from neurona.core.op import as_tensor
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice
from neurona.nn.dropout import check_rate, check_seed
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.nn.parameter import Parameter
from neurona.ops.attention import causal_mask, dropped


class Attention(Layer):
    """y = softmax(scores) value, with scores = query key^T: averages of the values.

    Called on a list, `layer([query, value])` or `layer([query, value, key])`; without a key the
    value is the key as well.

    Shapes: query (B, T, D), value (B, S, V), key (B, S, D) -> y (B, T, V), weights (B, T, S).

    Args:
        use_scale: whether a learned number multiplies the scores; it begins at 1.
        score_mode: "dot" for scores as above, "concat" for w * sum over D of tanh(scale * (query +
            key)) with a learned number w.
        dropout: share of the weights that is dropped in training.
        seed: see Dropout.

    `call` also takes `mask`, a list [query_mask (B, T), value_mask (B, S)] of what is true at real
    steps, or None: y is 0 where the query is none, and weights are where the value is none;
    `use_causal_mask`, whether query t sees the keys 0 to t alone; and `return_attention_scores`,
    whether to return (y, weights). A query that sees nothing averages to zeros.

    Raises:
        ShapeError: if query, value, key and masks do not fit each other.

    Source: Luong, Pham, Manning 2015.

    >>> query, key = ops.ones((1, 1, 1)), ops.zeros((1, 2, 1))
    >>> Attention()([query, ops.reshape([3.0, 5.0], (1, 2, 1)), key]).tolist()
    [[[4.0]]]
    """

    supports_masking = True

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.use_scale = bool(use_scale)
        self.score_mode = check_choice("score_mode", score_mode, ("dot", "concat"))
        self.dropout, self.seed = check_rate(dropout, "dropout"), check_seed(seed)
        self.scale: Parameter | None = None
        self.concat_score_weight: Parameter | None = None

    def build(self, shape: Any) -> None:
        """Create the scale and, for "concat", the weight of the scores, numbers that begin at 1."""
        if self.use_scale:
            self.scale = self.add_weight((), "ones", "scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", "concat_score_weight")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """How well keys match queries: (B, T, D), (B, S, D) -> (B, T, S)."""
        if self.score_mode == "dot":
            scores = query @ ops.swapaxes(key, 1, 2)
            return scores if self.scale is None else scores * self.scale
        sums = _sums(query, key)  # (B, T, S, D)
        return self.concat_score_weight * ops.sum(
            ops.tanh(sums if self.scale is None else self.scale * sums), axis=-1
        )

    def call(
        self,
        inputs: list[Tensor],  # query (B, T, D), value (B, S, V), key (B, S, D)
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return y (B, T, V), and the weights (B, T, S) if wanted."""
        query, value, key = _three(self, inputs)
        query_mask, value_mask = _two(self, mask, query.shape, value.shape)
        seen = None if value_mask is None else value_mask[:, None, :]
        if use_causal_mask:
            causal = causal_mask(query.shape[1], key.shape[1])
            seen = causal if seen is None else ops.logical_and(seen, causal)
        if key.shape[1] == 0:
            weights = ops.zeros((*query.shape[:2], 0), query.dtype)
            y = ops.zeros((*query.shape[:2], value.shape[2]), value.dtype)
            return (y, weights) if return_attention_scores else y
        scores = self.scores(query, key)  # (B, T, S)
        scores = scores if seen is None else ops.where(seen, scores, -math.inf)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout:
            with random.seeded(self.seed):
                weights = dropped(weights, self.dropout)
        y = weights @ value  # (B, T, V)
        if query_mask is not None:
            y = ops.where(query_mask[:, :, None], y, 0.0)
        return (y, weights) if return_attention_scores else y

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the query's mask: y has its steps."""
        return mask[0] if isinstance(mask, list | tuple) else None


class AdditiveAttention(Attention):
    """y = softmax(scores) value, with scores = sum over D of scale * tanh(query + key).

    Called on a list, `layer([query, value])` or `layer([query, value, key])`; without a key the
    value is the key as well.

    Shapes: query (B, T, D), value (B, S, V), key (B, S, D) -> y (B, T, V), weights (B, T, S).

    Args:
        use_scale: whether there is a learned scale (D,); it begins Glorot uniform.
        dropout: share of the weights that is dropped in training.
        seed: see Dropout.

    `call` takes what that of Attention does.

    Raises:
        ShapeError: if query, value, key and masks do not fit each other.

    Source: Bahdanau, Cho, Bengio 2015.

    >>> AdditiveAttention()([ops.ones((1, 2, 4)), ops.ones((1, 3, 4))]).shape
    (1, 2, 4)
    """

    def __init__(
        self,
        use_scale: bool = True,
        dropout: float = 0.0,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(use_scale, dropout=dropout, seed=seed, **common)

    def build(self, shape: Any) -> None:
        """Create the scale (D,)."""
        if self.use_scale:
            self.scale = self.add_weight((_first(shape)[-1],), "glorot_uniform", "scale")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """How well keys match queries: (B, T, D), (B, S, D) -> (B, T, S)."""
        y = ops.tanh(_sums(query, key))  # (B, T, S, D)
        return ops.sum(y if self.scale is None else self.scale * y, axis=-1)


def _sums(query: Tensor, key: Tensor) -> Tensor:
    """Every query plus every key: (B, T, D), (B, S, D) -> (B, T, S, D)."""
    return ops.expand_dims(query, 2) + ops.expand_dims(key, 1)


def _first(shape: Any) -> Shape:
    return shape[0] if isinstance(shape, list) else shape


def _three(layer: Layer, inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Return query, value and key."""
    name = type(layer).__name__
    if not isinstance(inputs, list | tuple) or len(inputs) not in (2, 3):
        raise ShapeError(
            f"{name}: takes a list of two or three tensors.",
            got=f"{len(inputs)} of them"
            if isinstance(inputs, list | tuple)
            else f"one, x {inputs.shape}",
            hint=f"{name}()([query, value]), or [query, value, key]",
        )
    query, value = inputs[:2]
    key = inputs[2] if len(inputs) == 3 else value
    got = f"query {query.shape}, value {value.shape}, key {key.shape}"
    if not query.ndim == value.ndim == key.ndim == 3:
        rule = "the number of axes is wrong"
    elif query.shape[-1] != key.shape[-1]:
        rule = "queries and keys differ in size"
    elif value.shape[:2] != key.shape[:2]:
        rule = "there is one value for each key"
    elif query.shape[0] != key.shape[0]:
        rule = "the batch sizes differ"
    else:
        return query, value, key
    raise ShapeError(
        f"{name}: {rule}.", got=got, expected="query (B, T, D), value (B, S, V), key (B, S, D)"
    )


def _two(layer: Layer, mask: Any, query: Shape, value: Shape) -> list[Tensor | None]:
    """Return the masks of the query and of the value."""
    if mask is None:
        return [None, None]
    name = type(layer).__name__
    if not isinstance(mask, list | tuple) or len(mask) not in (2, 3):
        raise ArgumentError(
            f"{name}: the mask is a list of two.",
            got=type(mask).__name__,
            expected="[query_mask, value_mask], each a mask or None",
        )
    masks = []
    for what, given, shape in zip(("query", "value"), mask, (query, value), strict=False):
        found = None if given is None else as_tensor(given).astype("bool")
        masks.append(found)
        if found is not None and found.shape != shape[:2]:
            raise ShapeError(
                f"{name}: the {what}'s mask has another shape.",
                got=str(found.shape),
                expected=f"{shape[:2]}, true at real steps",
            )
    return masks
