"""Writes boxes.json: boxes in other formats, moved, cut and compared, and the STFT initialiser."""

import numpy as np
from writing import finish

TOLERANCES = {
    "float32": {"rtol": 1e-5, "atol": 1e-5, "why": "sums of a few float32 products"},
    "angles": {"rtol": 1e-4, "atol": 1e-3, "why": "sines in float32 times hundreds of pixels"},
}
BOXES = np.float32([[[10, 20, 30, 60], [-5, 0, 140, 90], [50, 40, 70, 80]],
                    [[0, 0, 100, 100], [33, 44, 35, 47], [120, 130, 150, 160]]])  # fmt: skip
OTHERS = np.float32([[12, 18, 33, 50], [60, 50, 90, 95], [-1, -1, -1, -1]])
FORMATS = ["xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh",
           "rel_center_xywh"]  # fmt: skip


def main() -> None:
    """Write the file."""
    from keras import initializers, ops
    from keras.utils import bounding_boxes as bb

    cases = []

    def case(function, args, found, tolerance="float32", **kwargs):
        label = ",".join(f"{k}={v}" for k, v in kwargs.items() if not isinstance(v, np.ndarray))
        cases.append({
            "id": f"{function}({label})".replace(" ", ""), "function": function, "args": args,
            "kwargs": kwargs, "y": np.asarray(found), "tolerance": tolerance,
        })  # fmt: skip

    size = {"height": 100, "width": 120}
    for source in FORMATS:
        own = np.asarray(bb.convert_format(BOXES, "xyxy", source, **size))
        for target in FORMATS:
            found = bb.convert_format(own, source, target, **size)
            case("convert_format", [own], found, source=source, target=target, **size)
    cut = bb.clip_to_image_size({"boxes": BOXES, "labels": np.zeros((2, 3), "int32")}, **size)
    case("clip_to_image_size", [BOXES], cut["boxes"], **size)
    part = {"top": 10, "left": 20, "height": 40, "width": 30}
    case("crop", [BOXES], bb.crop(BOXES, **part), **part)
    case("pad", [BOXES], bb.pad(BOXES, 3, 5), top=3, left=5)
    moves = {
        "angle": np.float32([30, -10]), "translate_x": np.float32([0.1, 0]),
        "translate_y": np.float32([0, -0.2]), "scale": np.float32([1.5, 0.8]),
        "shear_x": np.float32([0, 12]), "shear_y": np.float32([5, 0]),
    }  # fmt: skip
    for center in ({}, {"center_x": 0.25, "center_y": 0.75}):
        found = bb.affine_transform(BOXES, **moves, **size, **center)
        case("affine_transform", [BOXES], found, "angles", **moves, **size, **center)
    for formats in ({"anchor_format": "xyxy", "box_format": "xyxy"},
                    {"anchor_format": "xywh", "box_format": "yxyx"}):  # fmt: skip
        for variance in (None, np.float32([0.1, 0.1, 0.2, 0.2])):
            anchors = np.float32([[10, 10, 40, 50], [0, 20, 90, 60], [100, 90, 140, 170]])
            deltas = bb.encode_box_to_deltas(anchors, BOXES, variance=variance, **formats)
            case("encode_box_to_deltas", [anchors, BOXES], deltas, variance=variance, **formats)
            small = np.float32(np.asarray(deltas) / 10)
            back = bb.decode_deltas_to_boxes(anchors, small, variance=variance, **formats)
            case("decode_deltas_to_boxes", [anchors, small], back, variance=variance, **formats)
    for kwargs in ({}, {"use_masking": True}, {"use_masking": True, "mask_val": -7}):
        for one, two in ((BOXES[0], OTHERS), (BOXES, OTHERS), (BOXES, BOXES[::-1].copy())):
            if kwargs and one.ndim != two.ndim:  # Keras fails there
                continue
            found = bb.compute_iou(one, two, "xyxy", **kwargs)
            case("compute_iou", [one, two], found, bounding_box_format="xyxy", **kwargs)
    for kind in ("xyxy", "xywh"):
        found = bb.compute_ciou(BOXES, BOXES[:, ::-1].copy(), kind)
        case("compute_ciou", [BOXES, BOXES[:, ::-1].copy()], found, bounding_box_format=kind)
    for side in ("real", "imag"):
        for rest in ({}, {"window": None}, {"window": "hamming", "scaling": "spectrum"},
                     {"window": "blackman", "scaling": None, "periodic": True}):  # fmt: skip
            found = initializers.STFT(side, **rest)((6, 1, 5))
            case("STFT", [], ops.convert_to_numpy(found), side=side, **rest)
    finish("boxes", TOLERANCES, cases)


if __name__ == "__main__":
    main()
