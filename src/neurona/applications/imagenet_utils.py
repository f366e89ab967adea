"""What goes into networks of ImageNet, and what comes out: scaled pixels, names of classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurona import config, ops
from neurona.data.get_file import get_file
from neurona.errors import DataError, FormatError, check_choice, check_integer
from neurona.nn.symbolic import Symbolic
from neurona.strict_json import read_json

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's colours, in 0 to 1
BGR_MEAN = (103.939, 116.779, 123.68)  # in 0 to 255
MODES = ("caffe", "tf", "torch")
CLASSES = 1000
INDEX = "imagenet_class_index.json"
INDEX_URL = f"https://storage.googleapis.com/download.tensorflow.org/data/{INDEX}"
INDEX_MD5 = "c2c37ea517e94d9795004a39431a14cb"


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Return images scaled as a network was trained with.

    Args:
        x: images (..., H, W, 3) with numbers from 0 to 255: an array, a Tensor or symbolic. An
            array is not changed, a new one comes back.
        data_format: "channels_last", or "channels_first" for (..., 3, H, W).
        mode: "tf" -1 to 1; "torch" 0 to 1, standardised by ImageNet's colours; "caffe" blue first,
            with the mean of each colour taken off.

    >>> preprocess_input(np.array([[[0.0, 127.5, 255.0]]]), mode="tf").tolist()
    [[[-1.0, 0.0, 1.0]]]
    """
    check_choice("mode", mode, MODES)
    layout = data_format or config.image_data_format()
    first = check_choice("data_format", layout, ("channels_last", "channels_first"))[9:] == "first"
    if not isinstance(x, Symbolic) and not hasattr(x, "source"):
        x = np.asarray(x)
        x = x if x.dtype.kind == "f" else x.astype(config.floatx())
    if mode == "tf":
        return x / 127.5 - 1.0

    def colours(values: Any) -> np.ndarray:
        found = np.asarray(values, np.float32)
        return found[:, None, None] if first else found

    if mode == "torch":
        return (x / 255.0 - colours(MEAN)) / colours(DEVIATION)
    order = np.array([2, 1, 0])
    if isinstance(x, np.ndarray):
        swapped = np.take(x, order, axis=-3 if first else -1)
        return (swapped - colours(BGR_MEAN)).astype(x.dtype)
    return ops.take(x, order, axis=-3 if first else -1) - colours(BGR_MEAN)


def for_caffe(x: Any, data_format: str | None = None) -> Any:
    """Return images with blue first and the mean of each colour taken off: `preprocess_input`."""
    return preprocess_input(x, data_format, "caffe")


def for_tf(x: Any, data_format: str | None = None) -> Any:
    """Return images with numbers from -1 to 1: `preprocess_input`."""
    return preprocess_input(x, data_format, "tf")


def for_torch(x: Any, data_format: str | None = None) -> Any:
    """Return images standardised by ImageNet's colours: `preprocess_input`."""
    return preprocess_input(x, data_format, "torch")


def unchanged(x: Any, data_format: str | None = None) -> Any:
    """Return images as they are: the network begins with what scales them."""
    return x


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """Return the likeliest classes of each image: (WordNet's number, name, score).

    The names are in `imagenet_class_index.json`, which is looked for in the folder of NEURONA_DATA
    and the cache, and then downloaded.

    Args:
        preds: (B, 1000).
        top: how many of each.
    Raises:
        DataError: another shape.
        MissingDataError: no names and no network.
    """
    scores = np.asarray(preds)
    if scores.ndim != 2 or scores.shape[1] != CLASSES:
        raise DataError(
            "decode_predictions takes scores of ImageNet's classes.",
            got=str(scores.shape),
            expected=f"(B, {CLASSES})",
        )
    top = check_integer("top", top, minimum=1)
    names = _names(get_file(INDEX, INDEX_URL, cache_subdir="models", file_hash=INDEX_MD5))
    best = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    return [
        [(*names[number], row[number]) for number in numbers]
        for row, numbers in zip(scores, best, strict=True)
    ]


def _names(path: str) -> list[tuple[str, str]]:
    found = read_json(Path(path).read_bytes(), path)
    try:
        names = [(str(a), str(b)) for a, b in (found[str(n)] for n in range(CLASSES))]
    except (KeyError, TypeError, ValueError):
        raise FormatError(
            f"{path}: these are no names of ImageNet's classes.",
            expected='{"0": ["n01440764", "tench"], ...}',
            hint="delete it, and it is downloaded again",
        ) from None
    return names
