"""As many boxes for each image: cut off, or filled up."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.errors import ArgumentError, check_integer
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions


class MaxNumBoundingBoxes(Layer):
    """The first boxes of each image, and boxes of a fill value up to their number.

    Shapes: {"images": x, "bounding_boxes": {"boxes": (B, N, 4), "labels": (B, N)}} -> such a dict
        with max_number boxes, and whatever else is in it as it is; or x alone -> x.

    Args:
        max_number: how many boxes an image has afterwards.
        fill_value: of boxes and labels that are added.

    Raises:
        ArgumentError: if max_number is below 1, or the boxes are no dict of boxes and labels.

    >>> data = {"bounding_boxes": {"boxes": ops.ones((1, 1, 4)), "labels": ops.ones((1, 1))}}
    >>> MaxNumBoundingBoxes(2)(data)["bounding_boxes"]["labels"].tolist()
    [[1.0, -1.0]]
    """

    def __init__(
        self, max_number: int, fill_value: int = -1, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.max_number = check_integer("max_number", max_number, minimum=1)
        self.fill_value = check_integer("fill_value", fill_value)

    def call(self, data: Any) -> Any:
        if not isinstance(data, dict) or "bounding_boxes" not in data:
            return data
        boxes = data["bounding_boxes"]
        if not isinstance(boxes, dict) or set(boxes) != {"boxes", "labels"}:
            raise ArgumentError(
                "MaxNumBoundingBoxes takes a dict of 'boxes' and 'labels'.",
                got=f"the keys {sorted(boxes)}" if isinstance(boxes, dict) else repr(boxes)[:60],
            )
        return {**data, "bounding_boxes": {k: self._first(v) for k, v in boxes.items()}}

    def _first(self, x: Any) -> Any:
        x = x[:, : self.max_number]
        widths = [(0, 0), (0, self.max_number - x.shape[1]), *[(0, 0)] * (x.ndim - 2)]
        return ops.pad(x, widths, constant_values=self.fill_value)
