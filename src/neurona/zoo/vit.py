"""ViT: an image is a sentence, its words are patches of it.

Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words". `ViT()` is B/16: 86.6 million numbers.
"""

from __future__ import annotations

from typing import Unpack

from neurona import ops
from neurona.activations import gelu
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.initializers import RandomNormal
from neurona.layers import (
    Conv2D,
    Dense,
    Dropout,
    Layer,
    LayerNormalization,
    PositionEmbedding,
)
from neurona.models import Model
from neurona.nn.options import LayerOptions
from neurona.zoo.attention import SelfAttention


class Block(Layer, namespace="zoo.vit"):
    """x + attention(norm(x)), then x + network(norm(x))."""

    def __init__(
        self, width: int, hidden: int, heads: int, dropout: float, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.attention_norm = LayerNormalization(epsilon=1e-6)
        self.attention = SelfAttention(width, heads, dropout)
        self.network_norm = LayerNormalization(epsilon=1e-6)
        self.widen, self.narrow = Dense(hidden), Dense(width)
        self.drop = Dropout(dropout)

    def call(self, x: Tensor) -> Tensor:  # (B, P + 1, D)
        x = x + self.drop(self.attention(self.attention_norm(x)))
        h = gelu(self.widen(self.network_norm(x)))  # (B, P + 1, hidden)
        return x + self.drop(self.narrow(self.drop(h)))


class ViT(Model, namespace="zoo"):
    """Scores of each class of an image.

    Shapes: images (B, H, W, C), H = W = image_size -> logits (B, classes).

    Args:
        image_size: height and width of the images.
        patch_size: of a patch; it divides image_size.
        classes: how many there are.
        depth, width, hidden, heads: blocks, size D of a patch's vector, of the network, heads.
        dropout: share of what blocks add, of hidden units and of attention, dropped in training.

    >>> from neurona import ops
    >>> model = ViT(28, 7, 10, depth=1, width=16, hidden=32, heads=2)
    >>> model(ops.zeros((2, 28, 28, 1))).shape
    (2, 10)
    """

    def __init__(
        self,
        image_size: int = 224,
        patch_size: int = 16,
        classes: int = 1000,
        depth: int = 12,
        width: int = 768,
        hidden: int = 3072,
        heads: int = 12,
        dropout: float = 0.0,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if image_size % patch_size:
            raise ArgumentError(
                "patches cover the image.",
                got=f"image_size={image_size}, patch_size={patch_size}",
                expected="a patch_size that divides image_size",
            )
        self.width = width
        self.patches = Conv2D(width, patch_size, strides=patch_size)
        self.places = PositionEmbedding(
            (image_size // patch_size) ** 2 + 1, initializer=RandomNormal(stddev=0.02)
        )
        self.drop = Dropout(dropout)
        self.blocks = [Block(width, hidden, heads, dropout) for _ in range(depth)]
        self.norm = LayerNormalization(epsilon=1e-6)
        self.decide = Dense(classes)
        self.first = self.add_weight((1, 1, width), "zeros", "first")  # it will know the class

    def call(self, images: Tensor) -> Tensor:  # (B, H, W, C)
        x = self.words(images)
        for block in self.blocks:
            x = block(x)
        return self.decide(self.norm(x)[:, 0])  # (B, classes)

    def words(self, images: Tensor) -> Tensor:  # (B, H, W, C)
        """Return the vectors of the first place and the P patches, with their places added."""
        x = self.patches(images)  # (B, H / p, W / p, D)
        batch = x.shape[0]
        x = ops.reshape(x, (batch, -1, self.width))  # (B, P, D)
        first = ops.broadcast_to(self.first.value, (batch, 1, self.width))
        x = ops.concatenate([first, x], axis=1)  # (B, P + 1, D)
        return self.drop(x + self.places(x))

    def attention_maps(self, images: Tensor) -> Tensor:  # (B, H, W, C)
        """Return how much the first place takes of each patch, the mean of the heads.

        Shapes: (B, depth, P), each row sums to at most 1: the rest it takes of itself.
        """
        x, maps = self.words(images), []
        for block in self.blocks:
            weights = block.attention.attention_weights(
                block.attention_norm(x)
            )  # (B, N, P + 1, P + 1)
            maps.append(ops.mean(weights[:, :, 0, 1:], axis=1))
            x = block(x)
        return ops.stack(maps, axis=1)
