"""An embedding that can be read backwards: from a vector to the words that are near it."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.op import cast
from neurona.core.shapes import as_dtype, is_float
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_number
from neurona.nn.embedding import Embedding
from neurona.nn.masking import mask_of, with_mask
from neurona.nn.options import LayerOptions


class ReversibleEmbedding(Embedding):
    """y = embeddings[x]; in reverse logits = x embeddings^T: one score for each word.

    Shapes: x (B, ...) of integers -> y (B, ..., output_dim); with `reverse=True`, an argument of
    `call`, x (B, ..., output_dim) -> logits (B, ..., input_dim).

    Args:
        input_dim: size V of the vocabulary.
        output_dim: size of a vector.
        tie_weights: whether both ways use the same vectors; else the way back has its own,
            (output_dim, V).
        embeddings_initializer: uniform in [-0.05, 0.05] by default.
        embeddings_regularizer: penalty on the vectors.
        embeddings_constraint: limit applied after each update.
        mask_zero: see Embedding.
        reverse_dtype: the element type of the way back; the layer's by default.
        logit_soft_cap: c, for logits of c tanh(logits / c), within (-c, c).

    Raises:
        ShapeError: if x has another number of features than output_dim, on the way back.

    Source: Press and Wolf 2017; Gemma Team 2024 for the cap.

    >>> words = ReversibleEmbedding(7, 3)
    >>> words(words([[1, 2]]), reverse=True).shape
    (1, 2, 7)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **common,
        )
        self.tie_weights, self.supports_masking = bool(tie_weights), True
        self.reverse_dtype = None if reverse_dtype is None else as_dtype(reverse_dtype)
        if self.reverse_dtype is not None and not is_float(self.reverse_dtype):
            raise ArgumentError("reverse_dtype is a float type.", got=self.reverse_dtype.name)
        self.logit_soft_cap = (
            None if logit_soft_cap is None else check_number("logit_soft_cap", logit_soft_cap)
        )
        if self.logit_soft_cap is not None and self.logit_soft_cap <= 0:
            raise ArgumentError(
                "logit_soft_cap is out of range.",
                got=repr(logit_soft_cap),
                expected="a number above 0, or None",
            )

    def build(self, shape: Any) -> None:
        """Create embeddings (V, output_dim), and (output_dim, V) for the way back if untied."""
        super().build(shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim), self.embeddings_initializer, "reverse_embeddings"
            )

    def call(self, x: Tensor, reverse: bool = False) -> Tensor:
        if not reverse:
            y = super().call(x)  # (B, ..., output_dim)
            return with_mask(y, super().compute_mask(x)) if self.mask_zero else y
        if x.ndim < 2 or x.shape[-1] != self.output_dim:
            raise ShapeError(
                "ReversibleEmbedding: the number of features differs.",
                got=f"x {x.shape}",
                expected=f"x (batch, ..., {self.output_dim}), as embedded",
            )
        steps = mask_of(x)
        kernel = self.embeddings.value.T if self.tie_weights else self.reverse_embeddings.value
        if self.reverse_dtype is not None:
            x, kernel = (cast(v, dtype=self.reverse_dtype) for v in (x, kernel))
        logits = x @ kernel  # (B, ..., V)
        cap = self.logit_soft_cap
        logits = logits if cap is None else cap * ops.tanh(logits / cap)
        return logits if steps is None else with_mask(logits, steps)

    def compute_mask(self, x: Any, mask: Any = None) -> None:
        """Return None: `call`, which knows the way, notes the masks itself."""
