"""The keyword arguments that every layer takes besides its own.

A constructor has them as `**common: Unpack[LayerOptions]`, so that editors and type checkers know
them, and hands them on: `super().__init__(**common)`.
"""

from __future__ import annotations

from typing import Any, TypedDict


class RegularizedOptions(TypedDict, total=False):
    """What a layer takes that has an activity_regularizer among its own arguments."""

    name: str | None
    dtype: Any
    trainable: bool | None
    input_shape: Any


class LayerOptions(RegularizedOptions, total=False):
    """What every layer takes: see `Layer`."""

    activity_regularizer: Any


class OlderLayerOptions(LayerOptions, total=False):
    """And what older scripts say instead of input_shape."""

    input_dim: int | None
    batch_input_shape: Any
