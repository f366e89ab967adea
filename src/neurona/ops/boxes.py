"""Boxes around things in images: four numbers each, in one of nine formats.

Every format is a matrix A away from the corners: (left, top, right, bottom) = box @ A. "rel_" ones
are in units of the image's width and height.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice
from neurona.ops.arithmetic import clip, maximum, minimum
from neurona.ops.comparison import where
from neurona.ops.elementary import arctan
from neurona.ops.functions import cos, exp, log, sin
from neurona.ops.joining import concatenate, stack
from neurona.ops.matmul import matmul
from neurona.ops.movement import expand_dims
from neurona.ops.reduce import max, min

EPSILON = 1e-7  # Keras's: boxes without an area
_CORNERS = {  # A of each format: the rows are what the box's numbers add to the four corners
    "xyxy": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    "yxyx": [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]],
    "xywh": [[1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]],
    "center_xywh": [[1, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]],
    "center_yxhw": [[0, 1, 0, 1], [1, 0, 1, 0], [0, -0.5, 0, 0.5], [-0.5, 0, 0.5, 0]],
}
FORMATS = (*_CORNERS, "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None,
    dtype: Any = "float32",
) -> Any:  # fmt: skip
    """Return boxes (..., 4) in another format.

    Args:
        boxes: an array, or a dict with "boxes".
        source, target: "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", or "rel_xyxy",
            "rel_yxyx", "rel_xywh", "rel_center_xywh", in any case.
        height, width: of the image, for those that are relative.
        dtype: of the result.

    Raises:
        ShapeError: if there are not four numbers.
        ArgumentError: for an unknown format, or a relative one without a size.

    >>> convert_format([[10, 20, 30, 60]], "xyxy", "center_xywh").tolist()
    [[20.0, 40.0, 20.0, 40.0]]
    """
    if isinstance(boxes, dict):
        found = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return {**boxes, "boxes": found}
    x = as_tensor(boxes).astype(dtype)
    if not x.shape or x.shape[-1] != 4:
        raise ShapeError("a box has four numbers.", got=str(x.shape), expected="(..., 4)")
    source, target = (check_choice("format", str(f).lower(), FORMATS) for f in (source, target))
    relative = [f.startswith("rel_") for f in (source, target)]
    if any(relative) and (height is None or width is None):
        raise ArgumentError(
            "a relative format needs the size of the image.",
            got=f"{source} to {target}",
            hint="height=..., width=...",
        )
    to, back = (np.array(_CORNERS[f.removeprefix("rel_")], float) for f in (source, target))
    if relative[0] != relative[1]:
        size = np.array([width, height, width, height], float)
        to = to * size if relative[0] else to / size
    whole = to @ np.linalg.inv(back)
    return x if source == target else matmul(x, whole.astype(x.dtype.name))


def _sides(boxes: Any) -> list[Tensor]:
    """Return left, top, right, bottom, each (..., 1)."""
    x = as_tensor(boxes)
    return [x[..., k : k + 1] for k in range(4)]


def _only_corners(name: str, bounding_box_format: str, known: tuple[str, ...] = ("xyxy",)) -> None:
    if bounding_box_format not in known:
        raise ArgumentError(
            f"{name} takes boxes as corners.",
            got=repr(bounding_box_format),
            expected=" or ".join(known),
            hint="convert_format(boxes, source, 'xyxy')",
        )


def clip_to_image_size(
    bounding_boxes: dict[str, Any], height: Any = None, width: Any = None,
    bounding_box_format: str = "xyxy",
) -> dict[str, Any]:  # fmt: skip
    """Return boxes cut at the image's edges; the label of one without an area becomes -1.

    Args:
        bounding_boxes: a dict with "boxes" (..., 4), and "labels" (...) or none.
        height, width: of the image; 1 if the boxes are relative.
        bounding_box_format: "xyxy" or "rel_xyxy".
    """
    _only_corners("clip_to_image_size", bounding_box_format, ("xyxy", "rel_xyxy"))
    if bounding_box_format == "xyxy" and (height is None or width is None):
        raise ArgumentError(
            "clip_to_image_size needs the size of the image.", hint="height=, width="
        )
    high, wide = (height, width) if bounding_box_format == "xyxy" else (1.0, 1.0)
    left, top, right, bottom = _cut(_sides(bounding_boxes["boxes"]), high, wide)
    found = {**bounding_boxes, "boxes": concatenate([left, top, right, bottom], axis=-1)}
    if bounding_boxes.get("labels") is not None:
        area = ((right - left) * (bottom - top))[..., 0]
        found["labels"] = where(area > 0, as_tensor(bounding_boxes["labels"]), -1)
    return found


def _cut(sides: list[Tensor], height: Any, width: Any) -> list[Tensor]:
    limits = (width, height, width, height)
    return [minimum(maximum(s, 0), most) for s, most in zip(sides, limits, strict=True)]


def crop(
    boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy"
) -> Tensor:
    """Return boxes as they lie in a part of the image, cut at its edges."""
    _only_corners("crop", bounding_box_format)
    return concatenate(_cut(_moved(boxes, -left, -top), height, width), axis=-1)


def pad(
    boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Tensor:  # fmt: skip
    """Return boxes as they lie in an image with rows above it and columns at its left."""
    _only_corners("pad", bounding_box_format)
    return concatenate(_moved(boxes, left, top), axis=-1)


def _moved(boxes: Any, right: Any, down: Any) -> list[Tensor]:
    moves = (right, down, right, down)
    return [side + move for side, move in zip(_sides(boxes), moves, strict=True)]


def affine_transform(
    boxes: Any, angle: Any, translate_x: Any, translate_y: Any, scale: Any, shear_x: Any,
    shear_y: Any, height: int, width: int, center_x: Any = None, center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Tensor:  # fmt: skip
    """Return the boxes around boxes (B, N, 4) that were turned, moved, scaled and sheared.

    Args:
        boxes: corners.
        angle, shear_x, shear_y: in degrees, one for each image (B,).
        translate_x, translate_y: as a share of width and height, (B,).
        scale: (B,).
        height, width: of the images.
        center_x, center_y: what stays, as a share of width and height; the middle by default.
        bounding_box_format: "xyxy".
    """
    _only_corners("affine_transform", bounding_box_format)
    degree = math.pi / 180.0
    rotation, sx, sy = (-degree * as_tensor(v).astype("float32") for v in (angle, shear_x, shear_y))
    cx = (0.5 if center_x is None else as_tensor(center_x)) * (width - 1)
    cy = (0.5 if center_y is None else as_tensor(center_y)) * (height - 1)
    tx, ty = -as_tensor(translate_x) * (width - 1), -as_tensor(translate_y) * (height - 1)
    tangent = sin(sx) / cos(sx)
    a, c = cos(rotation - sy) / cos(sy), -sin(rotation - sy) / cos(sy)
    b, d = a * tangent + sin(rotation), cos(rotation) - c * tangent
    across, down = [d * scale, -b * scale], [-c * scale, a * scale]
    moves = [cx - across[0] * (cx + tx) - across[1] * (cy + ty),
             cy - down[0] * (cx + tx) - down[1] * (cy + ty)]  # fmt: skip
    left, top, right, bottom = (side[..., 0] for side in _sides(as_tensor(boxes).astype("float32")))
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    rows = [(*across, moves[0]), (*down, moves[1])]
    x, y = (
        stack([expand_dims(p, -1) * u + expand_dims(q, -1) * v for u, v in corners], axis=-1)
        for p, q in ((r[0], r[1]) for r in rows)
    )
    x, y = x + _to_points(moves[0]), y + _to_points(moves[1])
    sides = [min(x, axis=-1), min(y, axis=-1), max(x, axis=-1), max(y, axis=-1)]
    return stack(sides, axis=-1)


def _to_points(values: Tensor) -> Tensor:
    return expand_dims(expand_dims(values, -1), -1)


def encode_box_to_deltas(
    anchors: Any, boxes: Any, anchor_format: str, box_format: str,
    encoding_format: str = "center_yxhw", variance: Any = None, image_shape: Any = None,
) -> Tensor:  # fmt: skip
    """Return ((centre - anchor's centre) / anchor's size, ln(size / anchor's size)) / variance.

    Args:
        anchors: (N, 4).
        boxes: (N, 4) or (B, N, 4).
        anchor_format, box_format: see `convert_format`.
        encoding_format: "center_xywh" or "center_yxhw": the order of the result.
        variance: four numbers, or None.
        image_shape: (height, width, channels), for relative formats.
    """
    scale, (height, width) = _variance(variance), _size(image_shape)
    kind = check_choice("encoding_format", encoding_format, ("center_xywh", "center_yxhw"))
    anchor = convert_format(anchors, anchor_format, kind, height, width)
    box = convert_format(boxes, box_format, kind, height, width)
    own, other = maximum(anchor[..., 2:], EPSILON), maximum(box[..., 2:], EPSILON)
    deltas = concatenate([(box[..., :2] - anchor[..., :2]) / own, log(other / own)], axis=-1)
    return deltas if scale is None else deltas / scale


def decode_deltas_to_boxes(
    anchors: Any, boxes_delta: Any, anchor_format: str, box_format: str,
    encoded_format: str = "center_yxhw", variance: Any = None, image_shape: Any = None,
) -> Any:  # fmt: skip
    """Return the boxes that `encode_box_to_deltas` told; of dicts, level by level.

    Args: see `encode_box_to_deltas`.
    """
    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {
            level: decode_deltas_to_boxes(
                anchor, boxes_delta[level], anchor_format, box_format, encoded_format, variance,
                image_shape,
            )
            for level, anchor in anchors.items()
        }  # fmt: skip
    scale, (height, width) = _variance(variance), _size(image_shape)
    kind = check_choice("encoded_format", encoded_format, ("center_xywh", "center_yxhw"))
    anchor = convert_format(anchors, anchor_format, kind, height, width)
    deltas = as_tensor(boxes_delta) if scale is None else as_tensor(boxes_delta) * scale
    size = anchor[..., 2:]
    parts = [deltas[..., :2] * size + anchor[..., :2], exp(deltas[..., 2:]) * size]
    return convert_format(concatenate(parts, axis=-1), kind, box_format, height, width)


def _variance(variance: Any) -> Tensor | None:
    if variance is None:
        return None
    found = as_tensor(variance).astype("float32")
    if found.shape[-1:] != (4,):
        raise ShapeError("variance is four numbers.", got=str(found.shape))
    return found


def _size(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else tuple(image_shape)[:2]


def compute_iou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, use_masking: bool = False,
    mask_val: float = -1, image_shape: Any = None,
) -> Tensor:  # fmt: skip
    """Return the area that each two boxes share, divided by what they cover together.

    Shapes: boxes1 (M, 4) or (B, M, 4), boxes2 (N, 4) or (B, N, 4) -> (M, N) or (B, M, N).
    Args:
        boxes1, boxes2: in a format of `convert_format`.
        bounding_box_format: that format.
        use_masking: give `mask_val` for boxes whose numbers are all below 0, as padding is.
        mask_val: see there.
        image_shape: (height, width, channels), for relative formats.
    """
    height, width = _size(image_shape)
    one, two = (
        convert_format(b, bounding_box_format, "xyxy", height, width) for b in (boxes1, boxes2)
    )
    if one.ndim not in (2, 3) or two.ndim not in (2, 3):
        raise ShapeError("compute_iou takes boxes of an image or of a batch.",
                         got=f"{one.shape}, {two.shape}", expected="2 or 3 axes")  # fmt: skip
    first = [expand_dims(s[..., 0], -1) for s in _sides(one)]  # (..., M, 1)
    second = [expand_dims(s[..., 0], -2) for s in _sides(two)]  # (..., 1, N)
    shared = _shared(first, second)
    whole = _area(first) + _area(second) - shared
    found = shared / (whole + EPSILON)
    if not use_masking:
        return found
    absent = [expand_dims(max(b, axis=-1) < 0.0, axis) for b, axis in ((one, -1), (two, -2))]
    return where(absent[0] | absent[1], float(mask_val), found)


def _area(sides: list[Tensor]) -> Tensor:
    left, top, right, bottom = sides
    return (right - left) * (bottom - top)


def _shared(one: list[Tensor], two: list[Tensor]) -> Tensor:
    wide = minimum(one[2], two[2]) - maximum(one[0], two[0])
    high = minimum(one[3], two[3]) - maximum(one[1], two[1])
    return clip(wide, 0.0, math.inf) * clip(high, 0.0, math.inf)


def compute_ciou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None
) -> Tensor:
    """Return IoU - d^2 / c^2 - alpha v of boxes pair by pair: complete IoU.

    d is the distance of the centres, c the diagonal of what holds both, v = 4 / pi^2 (atan w2 / h2
    - atan w1 / h1)^2 and alpha = v / (1 - IoU + v).

    Shapes: (..., 4), (..., 4) -> (...).
    Args: see `compute_iou`.

    Source: Zheng et al. 2020, "Distance-IoU loss".
    """
    height, width = _size(image_shape)
    one, two = (
        [s[..., 0] for s in _sides(convert_format(b, bounding_box_format, "xyxy", height, width))]
        for b in (boxes1, boxes2)
    )
    (wide1, high1), (wide2, high2) = ((s[2] - s[0], s[3] - s[1] + EPSILON) for s in (one, two))
    shared = _shared(one, two)
    iou = shared / (wide1 * high1 + wide2 * high2 - shared + 2 * EPSILON)
    around = (maximum(one[2], two[2]) - minimum(one[0], two[0])) ** 2 + (
        maximum(one[3], two[3]) - minimum(one[1], two[1])
    ) ** 2
    apart = (
        (one[0] + one[2] - two[0] - two[2]) ** 2 + (one[1] + one[3] - two[1] - two[3]) ** 2
    ) / 4
    v = (4 / math.pi**2) * (arctan(wide2 / high2) - arctan(wide1 / high1)) ** 2
    alpha = v / (v - iou + (1 + EPSILON))
    return iou - (apart / (around + EPSILON) + v * alpha)


__all__ = [
    "affine_transform", "clip_to_image_size", "compute_ciou", "compute_iou", "convert_format",
    "crop", "decode_deltas_to_boxes", "encode_box_to_deltas", "pad",
]  # fmt: skip
