"""Windows of a time series as a Dataset, with Keras's arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.dataset import Dataset, Rows
from neurona.data.random_state import seed_or_drawn
from neurona.errors import ArgumentError, DataError, check_choice, check_integer


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Return a Dataset of batches (windows, targets): window i is data[i + sampling_rate * t].

    Shapes: data (T, ...), targets (T', ...) -> windows (B, sequence_length, ...), targets (B, ...).

    Args:
        data: the steps.
        targets: the target of the window that begins at each step: for the step that follows a
            window, data[sequence_length:]; None: there are windows alone.
        sequence_length: steps of a window.
        sequence_stride: from the beginning of one window to that of the next.
        sampling_rate: from one step of a window to the next.
        batch_size: windows a batch; None gives them one by one.
        shuffle: a new order each epoch.
        seed: of the order.
        start_index: where the first window begins.
        end_index: behind the last step that a window may have.
        format: accepted; there is one kind of Dataset.
    Raises:
        ArgumentError: a number out of its range.
        DataError: there is no window.

    >>> data = timeseries_dataset_from_array(np.arange(6), np.arange(3, 6), 3, batch_size=2)
    >>> [(x.tolist(), y.tolist()) for x, y in data]
    [([[0, 1, 2], [1, 2, 3]], [3, 4]), ([[2, 3, 4]], [5])]
    """
    steps = np.asarray(data)
    if steps.ndim == 0 or not len(steps):
        raise DataError("a time series has steps.", got=str(steps.shape), expected="(T, ...)")
    check_choice("format", format, ("tf", "grain"))
    length = check_integer("sequence_length", sequence_length, minimum=1)
    most = max(len(steps) - 1, 1)
    stride = check_integer("sequence_stride", sequence_stride, minimum=1, maximum=most)
    rate = check_integer("sampling_rate", sampling_rate, minimum=1, maximum=most)
    start = check_integer("start_index", start_index or 0, minimum=0, maximum=len(steps) - 1)
    end = len(steps)
    if end_index:
        end = check_integer("end_index", end_index, minimum=1, maximum=len(steps) - 1)
        if end <= start:
            raise ArgumentError(
                "end_index lies behind start_index.", got=f"start {start}, end {end}"
            )
    goals = None if targets is None else np.asarray(targets)[start:]
    count = end - start - (length - 1) * rate
    if goals is not None:
        count = min(count, len(goals))
    firsts = np.arange(0, count, stride) if count > 0 else np.arange(0)
    if not len(firsts):
        raise DataError(
            "the time series is shorter than a window.",
            got=f"{end - start} steps" + ("" if goals is None else f", {len(goals)} targets"),
            expected=f"{(length - 1) * rate + 1} steps or more",
        )
    reach = np.arange(0, length * rate, rate)

    def fetch(rows: np.ndarray) -> Any:
        begin = firsts[rows]
        windows = steps[start + begin[:, None] + reach]
        return windows if goals is None else (windows, goals[begin])

    found: Dataset = Rows(fetch, len(firsts))
    if shuffle:
        found = found.shuffle(len(firsts), seed_or_drawn(seed))
    return found if batch_size is None else found.batch(batch_size)
