"""The keyword arguments that every layer takes besides its own.

They stand in a constructor's signature as `**common: Unpack[LayerOptions]`, so that editors and
type checkers know them. `nn/record.py` hands them to `Layer.set_common` before the constructor
runs, which never sees them.
"""

from __future__ import annotations

from typing import Any, TypedDict


class LayerOptions(TypedDict, total=False):
    """What every layer takes: see `Layer`."""

    name: str | None
    dtype: Any
    trainable: bool | None
    input_shape: Any
    activity_regularizer: Any
