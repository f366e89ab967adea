"""Images with boxes and masks drawn on them, and galleries of them: Keras's visualization."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import config
from neurona.errors import ArgumentError, DataError, DtypeError
from neurona.ops import boxes as bounding
from neurona.plots.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Color = Sequence[int]


def draw_bounding_boxes(
    images: Any, bounding_boxes: Mapping[str, Any], bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None, color: Color = (128, 128, 128),
    line_thickness: int = 2, text_thickness: int | None = 1, font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:  # fmt: skip
    """Return images (B, H, W, C) as bytes with boxes drawn on them.

    Args:
        images: bytes, or floats up to 1 or up to 255.
        bounding_boxes: a dict with "boxes" (B, N, 4), "labels" (B, N), where -1 is none, and
            "confidences" (B, N) or none.
        bounding_box_format: see `utils.bounding_boxes.convert_format`.
        class_mapping: label -> what stands at the box.
        color: red, green and blue up to 255.
        line_thickness: pixels.
        text_thickness: accepted as in Keras.
        font_scale: 1 is letters of some 20 pixels.
        data_format: "channels_last", or "channels_first".

    Raises:
        DataError: if the images are no batch.
        ArgumentError: without boxes or labels.
    """
    from PIL import Image, ImageDraw, ImageFont

    pictures = _as_bytes(_batch(images, data_format))
    if not isinstance(bounding_boxes, Mapping) or not {"boxes", "labels"} <= {*bounding_boxes}:
        raise ArgumentError(
            "bounding_boxes is a dict with boxes and labels.", got=repr(bounding_boxes)[:60]
        )
    height, width = pictures.shape[1:3]
    corners = bounding.convert_format(
        bounding_boxes["boxes"], bounding_box_format, "xyxy", height, width
    )
    labels, sure = np.asarray(bounding_boxes["labels"]), bounding_boxes.get("confidences")
    font = ImageFont.load_default(20 * font_scale)
    names = class_mapping or {}
    for i, found in enumerate(np.asarray(corners).astype(int)):
        image = Image.fromarray(pictures[i].squeeze())
        draw = ImageDraw.Draw(image)
        fill: Any = tuple(color) if pictures.shape[-1] >= 3 else int(np.mean(color))
        for k, (left, top, right, bottom) in enumerate(found):
            if (label := int(labels[i, k])) == -1:
                continue
            outline = sorted((left, right)), sorted((top, bottom))
            (x0, x1), (y0, y1) = outline
            draw.rectangle((x0, y0, x1, y1), outline=fill, width=line_thickness)
            if label in names:
                text = names[label] if sure is None else f"{names[label]} | {sure[i][k]:.2f}"
                draw.text((x0, max(y0 - 24 * font_scale, 0)), text, fill=fill, font=font)
        pictures[i] = np.asarray(image).reshape(pictures[i].shape)
    return pictures


def draw_segmentation_masks(
    images: Any, segmentation_masks: Any, num_classes: int | None = None,
    color_mapping: Any = None, alpha: float = 0.8, blend: bool = True, ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray:  # fmt: skip
    """Return images (B, H, W, C) with each pixel in the colour of its class.

    Args:
        images: as for `draw_bounding_boxes`, up to 255.
        segmentation_masks: integers (B, H, W, 1), the class of each pixel.
        num_classes: by default as many as the masks have.
        color_mapping: class -> red, green and blue; some by default.
        alpha: how much of the colour is seen.
        blend: False returns the colours alone, as floats.
        ignore_index: the class of pixels that are left as they are.
        data_format: "channels_last", or "channels_first", of both.

    Raises:
        DataError: if the images are no batch.
        DtypeError: if the masks are no integers.

    >>> image, mask = np.zeros((1, 1, 2, 3)), np.array([[[[0], [1]]]])
    >>> draw_segmentation_masks(image, mask, color_mapping={0: (0, 0, 0), 1: (100, 0, 0)}).tolist()
    [[[[0, 0, 0], [80, 0, 0]]]]
    """
    pictures = _batch(images, data_format).astype("float32")
    masks = _batch(segmentation_masks, data_format)
    if masks.dtype.kind not in "iu":
        raise DtypeError("segmentation_masks are integers.", got=masks.dtype.name)
    count = int(masks.max()) + 1 if num_classes is None else num_classes
    colors = _palette(count) if color_mapping is None else [color_mapping[k] for k in range(count)]
    classes, found = masks[..., 0], pictures.copy()
    for k, color in enumerate(colors):
        found[classes == k] = np.asarray(color, "float32")
    if not blend:
        return found
    mixed = pictures * (1 - alpha) + found * alpha
    whole = np.where((classes == ignore_index)[..., None], pictures, mixed)
    return np.clip(whole, 0, 255).astype("uint8")


def _palette(count: int) -> list[list[int]]:
    base = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])
    return [((k * base) % 255).tolist() for k in range(count)]


def plot_image_gallery(
    images: Any, y_true: Any = None, y_pred: Any = None, label_map: Mapping[int, str] | None = None,
    rows: int | None = None, cols: int | None = None, value_range: tuple[float, float] = (0, 255),
    scale: float = 2, path: Any = None, show: bool | None = None, transparent: bool = True,
    dpi: float = 60, legend_handles: Any = None, data_format: str | None = None,
) -> Figure:  # fmt: skip
    """Draw images side by side, with their labels below if these are given.

    Args:
        images: (B, H, W, C), or one image; what rows times columns do not hold is left out.
        y_true, y_pred: labels (B,).
        label_map: label -> name.
        rows, cols: how many; about as many of each by default.
        value_range: of the images.
        scale: inches of an image.
        path: of a file to be written.
        show: accepted as in Keras; see `neurona.plots` for when a figure is seen.
        transparent, dpi: of the file.
        legend_handles: matplotlib's, for a legend below.
        data_format: "channels_last", or "channels_first".

    Raises:
        ArgumentError: for labels without their names, or both a path and show.
    """
    if path is not None and show:
        raise ArgumentError("plot_image_gallery writes a file or shows.", got="path and show")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ArgumentError("labels need their names.", hint="label_map={0: 'cat', 1: 'dog'}")
    array = np.asarray(images)
    pictures = _batch(array[None] if array.ndim == 3 else array, data_format)
    low, high = value_range
    pictures = np.clip((pictures - low) * (255.0 / (high - low)), 0, 255).astype("uint8")
    rows = rows or math.ceil(math.sqrt(len(pictures)))
    cols = cols or math.ceil(len(pictures) / rows)
    figure = new_figure(cols * scale, rows * scale + (0.3 if legend_handles else 0.0))
    axes = figure.subplots(rows, cols, squeeze=False)
    for place, ax in enumerate(axes.flat):
        ax.axis("off")
        if place < len(pictures):
            ax.imshow(pictures[place].squeeze(), cmap="gray", vmin=0, vmax=255)
            parts = [
                f"{word}: {(label_map or {}).get(_plain(y[place]), 'Unknown')}"
                for word, y in (("Label", y_true), ("Pred", y_pred))
                if y is not None
            ]
            ax.set_title("\n".join(parts), fontsize=8)
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="outside lower center")
    if path is not None:
        figure.savefig(path, transparent=transparent, dpi=dpi)
    return figure


def _plain(label: Any) -> Any:
    return np.asarray(label).item()


def plot_bounding_box_gallery(
    images: Any, bounding_box_format: str, y_true: Any = None, y_pred: Any = None,
    value_range: tuple[float, float] = (0, 255), true_color: Color = (0, 188, 212),
    pred_color: Color = (255, 235, 59), line_thickness: int = 2, font_scale: float = 1.0,
    text_thickness: int | None = None, class_mapping: Any = None, ground_truth_mapping: Any = None,
    prediction_mapping: Any = None, legend: bool = False, legend_handles: Any = None,
    rows: int | None = None, cols: int | None = None, data_format: str | None = None, **kwargs: Any,
) -> Figure:  # fmt: skip
    """Draw images side by side with true and predicted boxes.

    Args: see `draw_bounding_boxes` and `plot_image_gallery`, which takes the rest.
    """
    from matplotlib.patches import Patch

    low, high = value_range
    pictures = (_batch(images, data_format) - low) * (255.0 / (high - low))
    for found, color, names in (
        (y_true, true_color, ground_truth_mapping),
        (y_pred, pred_color, prediction_mapping),
    ):
        if found is not None:
            pictures = draw_bounding_boxes(
                np.clip(pictures, 0, 255).astype("uint8"), found, bounding_box_format,
                names or class_mapping, color, line_thickness, text_thickness, font_scale,
                "channels_last",
            )  # fmt: skip
    if legend and legend_handles is None:
        pairs = (("Ground Truth", true_color), ("Prediction", pred_color))
        legend_handles = [
            Patch(color="#{:02x}{:02x}{:02x}".format(*c), label=word) for word, c in pairs
        ]
    return plot_image_gallery(
        pictures, rows=rows, cols=cols, legend_handles=legend_handles,
        data_format="channels_last", **kwargs,
    )  # fmt: skip


def plot_segmentation_mask_gallery(
    images: Any, num_classes: int, value_range: tuple[float, float] = (0, 255), y_true: Any = None,
    y_pred: Any = None, color_mapping: Any = None, blend: bool = True, alpha: float = 0.8,
    ignore_index: int = -1, data_format: str | None = None, **kwargs: Any,
) -> Figure:  # fmt: skip
    """Draw a row for each image: itself, with its true masks, with its predicted ones.

    Args: see `draw_segmentation_masks` and `plot_image_gallery`, which takes the rest.
    """
    low, high = value_range
    pictures = (_batch(images, data_format).astype("float32") - low) * (255.0 / (high - low))
    columns = [pictures]
    for masks in (y_true, y_pred):
        if masks is not None:
            whole = _batch(masks, data_format).astype("int32")
            columns.append(
                draw_segmentation_masks(
                    pictures, whole, num_classes, color_mapping, alpha, blend, ignore_index,
                    "channels_last",
                ).astype("float32")
            )  # fmt: skip
    tiles = np.stack(columns, axis=1).reshape(-1, *pictures.shape[1:])
    return plot_image_gallery(
        tiles, rows=len(pictures), cols=len(columns), data_format="channels_last", **kwargs
    )


def _batch(images: Any, data_format: str | None) -> np.ndarray:
    """Return images as (B, H, W, C)."""
    array = np.asarray(images)
    if array.ndim != 4:
        raise DataError("images are a batch of four axes.", got=str(array.shape))
    if (data_format or config.image_data_format()) == "channels_first":
        return array.transpose(0, 2, 3, 1)
    return array


def _as_bytes(images: np.ndarray) -> np.ndarray:
    if images.dtype.kind == "f" and images.size and images.max() <= 1.0:
        images = images * 255.0
    return np.clip(images, 0, 255).astype("uint8")
