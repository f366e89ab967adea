"""Images with boxes and masks, and galleries of them."""

import numpy as np
import pytest
from PIL import Image

from neurona import visualization as v
from neurona.errors import ArgumentError, DataError, DtypeError

IMAGES = np.full((2, 40, 60, 3), 200, "uint8")
BOXES = {
    "boxes": np.float32([[[5, 5, 30, 20], [0, 0, 0, 0]], [[10, 10, 50, 35], [20, 2, 25, 9]]]),
    "labels": np.array([[0, -1], [1, 0]]),
}


def test_boxes_are_drawn_where_they_are():
    drawn = v.draw_bounding_boxes(IMAGES, BOXES, "xyxy", color=(255, 0, 0), line_thickness=1)
    assert drawn.shape == IMAGES.shape
    assert drawn.dtype == np.uint8
    changed = (drawn != IMAGES).any(-1)
    rows, columns = np.nonzero(changed[0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 20, 5, 30)
    assert drawn[0, 5, 5].tolist() == [255, 0, 0]
    assert not changed[0, 10, 10]  # outlines only
    assert changed[1, 2, 20]
    relative = {**BOXES, "boxes": BOXES["boxes"] / np.float32([60, 40, 60, 40])}
    again = v.draw_bounding_boxes(
        IMAGES / 255.0, relative, "rel_xyxy", color=(255, 0, 0), line_thickness=1
    )
    assert np.array_equal(again != 200, drawn != 200)
    named = v.draw_bounding_boxes(IMAGES, {**BOXES, "confidences": np.ones((2, 2))}, "xyxy",
                                  class_mapping={0: "cat"})  # fmt: skip
    plain = v.draw_bounding_boxes(IMAGES, BOXES, "xyxy")
    assert (named != plain)[0].any()
    grey = v.draw_bounding_boxes(IMAGES[..., :1], BOXES, "xyxy")
    assert grey.shape == (2, 40, 60, 1)
    first = v.draw_bounding_boxes(IMAGES.transpose(0, 3, 1, 2), BOXES, "xyxy",
                                  data_format="channels_first")  # fmt: skip
    assert np.array_equal(first, plain)


def test_masks_have_colours():
    masks = np.zeros((1, 2, 2, 1), int)
    masks[0, 0] = 1
    masks[0, 1, 1] = -1
    image = np.full((1, 2, 2, 3), 100.0)
    found = v.draw_segmentation_masks(image, masks, 2, {0: (0, 0, 0), 1: (250, 0, 0)}, alpha=0.5)
    assert found[0, 0, 0].tolist() == [175, 50, 50]
    assert found[0, 1, 0].tolist() == [50, 50, 50]
    assert found[0, 1, 1].tolist() == [100, 100, 100]
    alone = v.draw_segmentation_masks(image, masks, 2, [(0, 0, 0), (250, 0, 0)], blend=False)
    assert alone[0, 0, 0].tolist() == [250, 0, 0]
    assert v.draw_segmentation_masks(image, masks).shape == image.shape  # with colours of its own


def test_galleries(tmp_path):
    names = {0: "cat", 1: "dog"}
    figure = v.plot_image_gallery(IMAGES, [0, 1], np.array([1, 5]), names, rows=1, cols=2)
    assert [ax.get_title() for ax in figure.axes] == [
        "Label: cat\nPred: dog",
        "Label: dog\nPred: Unknown",
    ]
    path = tmp_path / "gallery.png"
    v.plot_image_gallery(np.zeros((5, 8, 8, 1)), value_range=(0, 1), path=path)
    with Image.open(path) as image:
        assert image.size[0] > 60
    assert len(v.plot_image_gallery(IMAGES[0]).axes) == 1
    boxed = v.plot_bounding_box_gallery(IMAGES / 255.0, "xyxy", BOXES, BOXES, (0, 1), legend=True)
    assert len(boxed.legends) == 1
    masks = np.ones((2, 40, 60, 1))
    assert len(v.plot_segmentation_mask_gallery(IMAGES, 2, y_true=masks, y_pred=masks).axes) == 6


def test_errors():
    with pytest.raises(DataError, match=r"four axes. Got \(40, 60, 3\)"):
        v.draw_bounding_boxes(IMAGES[0], BOXES, "xyxy")
    with pytest.raises(ArgumentError, match="a dict with boxes and labels"):
        v.draw_bounding_boxes(IMAGES, {"boxes": []}, "xyxy")
    with pytest.raises(DtypeError, match="segmentation_masks are integers"):
        v.draw_segmentation_masks(IMAGES, np.zeros((2, 40, 60, 1)))
    with pytest.raises(ArgumentError, match="labels need their names"):
        v.plot_image_gallery(IMAGES, [0, 1])
    with pytest.raises(ArgumentError, match="writes a file or shows"):
        v.plot_image_gallery(IMAGES, path="x.png", show=True)
