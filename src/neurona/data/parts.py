"""Two parts of a data set, and vectors of length 1: what Keras has in its utils."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.dataset import Dataset
from neurona.data.random_state import as_random_state
from neurona.data.split import split_sizes
from neurona.errors import ArgumentError, DataError


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """Return x / |x| along an axis; what is 0 stays 0.

    Args:
        x: an array.
        axis: along which the vectors lie.
        order: of the norm: 2, 1 or infinity.

    >>> normalize([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    array = np.asarray(x)
    array = array if array.dtype.kind == "f" else array.astype("float64")
    length = np.linalg.norm(array, order, axis, keepdims=True) if array.ndim else np.abs(array)
    return array / np.where(length == 0, 1, length)


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Return two parts of a data set, as arrays that are nested as its samples are.

    Args:
        dataset: an array, a tuple, list or dict of them with one row a sample each; or what can be
            gone through sample by sample. A Dataset becomes two of them, in batches as it was.
        left_size, right_size: a fraction in (0, 1) or a number of samples; by default the rest.
        shuffle: whether samples are mixed before.
        seed: for the same order each time; None follows `nn.utils.set_random_seed`.
        preferred_backend: accepted as in Keras.

    Raises:
        ArgumentError: without a size, or with sizes that are out of range.
        DataError: if there are no samples, or different numbers of them.

    >>> left, right = split_dataset((np.arange(10), np.arange(10) * 2), left_size=0.8)
    >>> left[0].tolist(), right[1].tolist()
    ([0, 1, 2, 3, 4, 5, 6, 7], [16, 18])
    """
    if isinstance(dataset, Dataset):
        samples = dataset if dataset.batch_size is None else dataset.unbatch()
        halves = split_dataset(samples.as_numpy_iterator(), left_size, right_size, shuffle, seed)
        first, second = map(Dataset.from_tensor_slices, halves)
        size = dataset.batch_size
        return (first, second) if size is None else (first.batch(size), second.batch(size))
    if left_size is None and right_size is None:
        raise ArgumentError("split_dataset needs left_size, right_size, or both.")
    rows = _rows_of(dataset)
    counts = {len(array) for array in rows.values()}
    if len(counts) != 1 or counts == {0}:
        raise DataError(
            "a data set has one row a sample in each array.", got=f"{sorted(counts)} rows"
        )
    count = counts.pop()
    left, right = _sizes(count, left_size, right_size)
    order = as_random_state(seed).permutation(count) if shuffle else np.arange(count)
    parts = order[:left], order[left : left + right]
    first, second = (_again(dataset, {k: a[part] for k, a in rows.items()}) for part in parts)
    return first, second


def _sizes(count: int, left: Any, right: Any) -> tuple[int, int]:
    n_left, n_right = (None if s is None else split_sizes(count, None, s)[0] for s in (left, right))
    n_left = count - (n_right or 0) if n_left is None else n_left
    n_right = count - n_left if n_right is None else n_right
    if n_left + n_right > count:
        raise ArgumentError(
            "left_size and right_size are more than there is.", got=f"{n_left} + {n_right}",
            expected=f"{count} at most",
        )  # fmt: skip
    return n_left, n_right


def _rows_of(dataset: Any) -> dict[Any, np.ndarray]:
    """Return the arrays of a data set by their keys; of samples that come one by one, stacked."""
    if isinstance(dataset, np.ndarray) or hasattr(dataset, "numpy"):
        return {None: np.asarray(dataset)}
    if isinstance(dataset, dict):
        return {k: np.asarray(v) for k, v in dataset.items()}
    if isinstance(dataset, tuple) or (isinstance(dataset, list) and _holds_arrays(dataset)):
        return {k: np.asarray(v) for k, v in enumerate(dataset)}
    samples = list(dataset)
    if samples and isinstance(samples[0], tuple):
        return {k: np.stack([s[k] for s in samples]) for k in range(len(samples[0]))}
    if samples and isinstance(samples[0], dict):
        return {k: np.stack([s[k] for s in samples]) for k in samples[0]}
    return {None: np.asarray(samples)}


def _holds_arrays(items: list) -> bool:
    return bool(items) and all(isinstance(v, np.ndarray) and v.ndim for v in items)


def _again(dataset: Any, rows: dict[Any, np.ndarray]) -> Any:
    if None in rows:
        return rows[None]
    if all(isinstance(k, int) for k in rows) and not isinstance(dataset, dict):
        return [*rows.values()] if isinstance(dataset, list) else tuple(rows.values())
    return rows
