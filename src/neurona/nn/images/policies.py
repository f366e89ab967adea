"""Augmentations made of others: one after the other, drawn from a list, mixed."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_choice, check_integer, check_number
from neurona.nn.images.augmentation import Augmentation, check_factor, check_range, for_each
from neurona.nn.images.colours import RandomBrightness, RandomContrast
from neurona.nn.images.histograms import AutoContrast, Equalization
from neurona.nn.images.moves import RandomRotation, RandomShear, RandomTranslation, as_transform
from neurona.nn.images.tones import (
    RandomColorDegeneration,
    RandomPosterization,
    RandomSharpness,
    Solarization,
)
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops import draw, images
from neurona.ops.images import INTERPOLATIONS


class Pipeline(Layer):
    """Layers one after the other, as one layer: y = layer_n(... layer_1(x)).

    Shapes: those of its layers.

    Args:
        layers: a list of layers.

    Raises:
        ArgumentError: if there are none, or one is no layer.

    >>> from neurona import layers
    >>> Pipeline([layers.Rescaling(2.0), layers.Rescaling(1.0, 1.0)])([[3.0]]).tolist()
    [[7.0]]
    """

    supports_masking = True

    def __init__(self, layers: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.layers = list(layers) if isinstance(layers, list | tuple) else []
        wrong = [layer for layer in self.layers if not isinstance(layer, Layer)]
        if not self.layers or wrong:
            raise ArgumentError(
                "Pipeline takes a list of layers.", got=repr(wrong[0] if wrong else layers)[:60]
            )

    def call(self, x: Any, training: bool = False) -> Any:
        for layer in self.layers:
            x = layer(x, training=training)
        return x


class _Policy(Augmentation):
    """RandAugment and AugMix: `one_of` their moves and changes of tones, which each image draws."""

    def __init__(
        self,
        value_range: Any,
        factor: Any,
        interpolation: str,
        all_ops: bool,
        seed: int | None,
        data_format: str | None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.value_range, self.factor = (
            check_range(value_range),
            check_factor("factor", factor, low=0.0),
        )
        self.interpolation = check_choice("interpolation", interpolation, INTERPOLATIONS)
        f, pixels = self.factor, self.value_range
        self.moves = [RandomShear(f, f), RandomTranslation(f, f), RandomRotation(f)]
        self.tones: list[Augmentation] = [
            RandomPosterization(max(1, int(8 * f[1])), pixels), Solarization(f, f, pixels),
            AutoContrast(pixels), Equalization(pixels),
        ]  # fmt: skip
        if all_ops:
            self.tones += [
                RandomBrightness(f, pixels), RandomColorDegeneration(f, pixels),
                RandomContrast(f, pixels), RandomSharpness(f, pixels),
            ]  # fmt: skip
        for part in (*self.moves, *self.tones):
            part.built = True

    def one_of(self, x: Tensor, more: int = 0) -> Tensor:
        """Return the images, each after one of all changes, or after none of `more`."""
        count = len(self.moves) + len(self.tones)
        which = ops.floor(for_each(x) * (count + more))  # (B, 1, 1, 1)
        still = as_transform((1, 0, 0, 0, 1, 0), x)
        transform = still
        for k, move in enumerate(self.moves):
            mine = ops.reshape(which == k, (-1, 1))
            transform = ops.where(mine, as_transform(move.maps(x), x), transform)
        y = images.affine_transform(x, transform, self.interpolation, "reflect")
        y = ops.where(which < len(self.moves), y, x)
        for k, tone in enumerate(self.tones, start=len(self.moves)):
            if x.shape[-1] == 3 or not isinstance(tone, RandomColorDegeneration):
                y = ops.where(which == k, tone.change(x), y)
        return y


class RandAugment(_Policy):
    """In training some changes of a list of eleven, one after the other, drawn for each image.

    Shear, translation, rotation, brightness, paler colours, contrast, sharpness, posterization,
    solarization, auto-contrast and equalization.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        value_range: the least and the largest pixel.
        num_ops: how many changes there are for an image.
        factor: how strong they are, in [0, 1]; f means that each draws from (0, f).
        interpolation: "bilinear" or "nearest", of what moves pixels.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [0, 1], num_ops is below 1, or a name is unknown.

    Source: Cubuk et al. 2019, with Keras's list and strengths.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, factor, interpolation, True, seed, data_format, **common)
        self.num_ops = check_integer("num_ops", num_ops, minimum=1)

    def change(self, x: Tensor) -> Tensor:
        """Return the images after some changes."""
        for _ in range(self.num_ops):
            x = self.one_of(x)
        return x


class AugMix(_Policy):
    """In training an image is mixed with some that went through chains of changes.

    y = w x + (1 - w) (v_1 x_1 + ... + v_k x_k), x_i after up to chain_depth changes, as those of
    `RandAugment`, with w from Beta(alpha, alpha) and v from a Dirichlet distribution.

    Shapes: x (B, H, W, C) -> y (B, H, W, C), clipped to the value_range.

    Args:
        value_range: the least and the largest pixel.
        num_chains: k.
        chain_depth: the most changes in a chain.
        factor: how strong they are, in [0, 1]; f means that each draws from (0, f).
        alpha: above 0; small values take one chain, large ones all evenly.
        all_ops: whether brightness, paler colours, contrast and sharpness are among them.
        interpolation: "bilinear" or "nearest", of what moves pixels.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a number is out of range, or a name is unknown.

    Source: Hendrycks et al. 2019; each image draws for itself.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            value_range, factor, interpolation, bool(all_ops), seed, data_format, **common
        )
        self.num_chains = check_integer("num_chains", num_chains, minimum=1)
        self.chain_depth = check_integer("chain_depth", chain_depth, minimum=1)
        self.alpha = check_number("alpha", alpha, low=0.0, high=float("inf"), open=True)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, mixed."""
        shape = (x.shape[0], 1, 1, 1)
        shares = [draw.gamma(shape, self.alpha, dtype=x.dtype) for _ in range(self.num_chains)]
        total = sum(shares) + 1e-12
        mixed: Any = 0.0
        for share in shares:
            chain = x
            for _ in range(self.chain_depth):
                chain = self.one_of(chain, more=1)
            mixed = mixed + share / total * chain
        w = draw.beta(shape, self.alpha, self.alpha, dtype=x.dtype)
        return ops.clip(w * x + (1 - w) * mixed, *self.value_range)
