"""Boxes and the STFT initialiser: Keras's numbers."""

import numpy as np
import pytest

from .library import close, each, public


def given(value):
    return np.asarray(value, np.float32) if isinstance(value, list) else value


@each("boxes")
def test_the_numbers_are_kerass(case):
    kwargs = {k: given(v) for k, v in case["kwargs"].items()}
    args = [given(v) for v in case["args"]]
    if case["function"] == "STFT":
        found = public("initializers", "STFT")(**kwargs)((6, 1, 5))
    elif case["function"] == "clip_to_image_size":
        boxes = {"boxes": args[0], "labels": np.zeros((2, 3), "int32")}
        whole = public("utils.bounding_boxes", case["function"])(boxes, **kwargs)
        assert np.asarray(whole["labels"]).tolist() == [[0, 0, 0], [0, 0, -1]]
        found = whole["boxes"]
    else:
        found = public("utils.bounding_boxes", case["function"])(*args, **kwargs)
    close(found, case["y"], case["tolerance"], case["id"])


def test_boxes_within_dicts():
    convert = public("utils.bounding_boxes", "convert_format")
    found = convert({"boxes": np.float32([[1, 2, 3, 4]]), "labels": [7]}, "xywh", "xyxy")
    assert np.asarray(found["boxes"]).tolist() == [[1.0, 2.0, 4.0, 6.0]]
    assert found["labels"] == [7]
    decode = public("utils.bounding_boxes", "decode_deltas_to_boxes")
    levels = {"p3": np.float32([[0, 0, 2, 2]])}
    found = decode(levels, {"p3": np.zeros((1, 4), "float32")}, "xyxy", "xyxy")
    assert np.asarray(found["p3"]).tolist() == [[0.0, 0.0, 2.0, 2.0]]
    iou = public("utils.bounding_boxes", "compute_iou")
    same = iou(np.float32([[0.1, 0.1, 0.5, 0.5]]), np.float32([[0.1, 0.1, 0.5, 0.5]]), "rel_xyxy",
               image_shape=(10, 20, 3))  # fmt: skip
    assert np.isclose(np.asarray(same).item(), 1.0)


def test_errors_of_boxes():
    box = np.float32([[1, 2, 3, 4]])
    boxes = public("utils.bounding_boxes")
    for wrong, message in (
        (lambda: boxes.convert_format(box[:, :3], "xyxy", "xywh"), "four numbers"),
        (lambda: boxes.convert_format(box, "xyxy", "xyz"), "unknown format"),
        (lambda: boxes.convert_format(box, "xyxy", "rel_xyxy"), "needs the size of the image"),
        (lambda: boxes.clip_to_image_size({"boxes": box}), "needs the size of the image"),
        (lambda: boxes.crop(box, 1, 1, 2, 2, "xywh"), "takes boxes as corners"),
        (lambda: boxes.encode_box_to_deltas(box, box, "xyxy", "xyxy", variance=[1.0]),
         "variance is four numbers"),
        (lambda: boxes.encode_box_to_deltas(box, box, "xyxy", "xyxy", "xyxy"),
         "unknown encoding_format"),
        (lambda: boxes.compute_iou(box[0], box, "xyxy"), "boxes of an image or of a batch"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            wrong()
