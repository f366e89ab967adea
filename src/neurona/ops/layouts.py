"""Where images have their axes: one or a batch of them, with the channels first or last."""

from __future__ import annotations

from neurona.core.op import as_tensor
from neurona.errors import ShapeError
from neurona.ops.movement import expand_dims, moveaxis, squeeze
from neurona.ops.spatial import channels_first


def of_images(name, images, data_format, function):
    """Return function(x) of images (B, H, W, C), laid out as the given ones are."""
    x = as_tensor(images)
    first = channels_first(data_format)
    if x.ndim not in (3, 4):
        raise ShapeError(
            f"{name} takes an image, or a batch of them.", got=f"images {x.shape}",
            expected="(B, C, H, W) or (C, H, W)" if first else "(B, H, W, C) or (H, W, C)",
        )  # fmt: skip
    single = x.ndim == 3
    x = expand_dims(x, 0) if single else x
    y = function(moveaxis(x, 1, -1) if first else x)
    y = moveaxis(y, -1, 1) if first and y.ndim == 4 else y
    return squeeze(y, 0) if single else y
