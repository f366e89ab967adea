"""What ImageDataGenerator gives: batches by number, and one after the other without an end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator as PlainIterator
from pathlib import Path
from typing import Any

import numpy as np

from neurona import config
from neurona.data.old.moves import numpy_random
from neurona.data.pictures import array_to_img
from neurona.data.py_dataset import PyDataset
from neurona.errors import DataError, IndexRangeError, check_choice, check_integer

SUBSETS = ("training", "validation")


class Iterator(PyDataset):
    """Batches of n samples in an order, which is drawn anew after each pass.

    `fit` takes whole passes of it; `next(it)` and `for` give batches without an end.

    Args:
        n: number of samples.
        batch_size: samples a batch.
        shuffle: whether the order is random.
        seed: of the orders and all that is drawn for a batch; None: NumPy's generator goes on.
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(
        self, n: int, batch_size: int, shuffle: bool, seed: int | None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.n, self.shuffle, self.seed = n, shuffle, seed
        self.batch_size = check_integer("batch_size", batch_size, minimum=1)
        self.batch_index = self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array: np.ndarray | None = None
        self.index_generator = self._flow_index()

    def _set_index_array(self) -> None:
        self.index_array = numpy_random().permutation(self.n) if self.shuffle else np.arange(self.n)

    def _draw(self) -> None:
        """Let what is drawn now depend on the seed and the number of the batch."""
        if self.seed is not None:
            numpy_random().seed(self.seed + self.total_batches_seen)

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx: int) -> Any:
        if not 0 <= idx < len(self):
            raise IndexRangeError(
                "there is no such batch.", got=str(idx), expected=f"0 to {len(self) - 1}"
            )
        self._draw()
        self.total_batches_seen += 1
        if self.index_array is None:
            self._set_index_array()
        rows = self.index_array[self.batch_size * idx : self.batch_size * (idx + 1)]  # type: ignore[index]
        return self._get_batches_of_transformed_samples(rows)

    def on_epoch_end(self) -> None:
        """Draw the order of the next pass."""
        self._set_index_array()

    def reset(self) -> None:
        """Let `next` begin with the first batch again."""
        self.batch_index = 0

    def _flow_index(self) -> PlainIterator[np.ndarray]:
        self.reset()
        while True:
            self._draw()
            if self.batch_index == 0 or self.index_array is None:
                self._set_index_array()
            first = self.batch_index * self.batch_size
            self.batch_index = self.batch_index + 1 if self.n > first + self.batch_size else 0
            self.total_batches_seen += 1
            yield self.index_array[first : first + self.batch_size]  # type: ignore[index]

    def __iter__(self) -> PlainIterator[Any]:
        return self

    def __next__(self) -> Any:
        with self.lock:
            rows = next(self.index_generator)
        return self._get_batches_of_transformed_samples(rows)

    def next(self) -> Any:
        """Return the next batch, as `next(it)`."""
        return next(self)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        """Return the batch of these samples; a subclass says how."""
        raise NotImplementedError(f"{type(self).__name__} gives no batches.")


def keep(
    images: np.ndarray, rows: np.ndarray, folder: Any, prefix: str, kind: str, data_format: str
) -> None:
    """Write the images of a batch to a folder, to be looked at."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for image, row in zip(images, rows, strict=True):
        name = f"{prefix}_{row}_{numpy_random().randint(10**7)}.{kind}"
        array_to_img(image, data_format, scale=True).save(os.path.join(folder, name))


class NumpyArrayIterator(Iterator):
    """Batches of images in an array.

    Args:
        x: images (N, H, W, C); or (images, other inputs), which go along unchanged.
        y: targets, or None.
        image_data_generator: changes the images.
        batch_size, shuffle, seed: see `Iterator`.
        sample_weight: a weight for each image.
        data_format: "channels_last" or "channels_first".
        save_to_dir, save_prefix, save_format: where to write what is given, to look at it.
        subset: "training" or "validation"; the latter has the first samples.
        ignore_class_split: whether both may have different classes.
        dtype: of the images.
    Raises:
        DataError: different numbers of samples, or images that are none.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        self.dtype = dtype or config.floatx()
        others: list[np.ndarray] = []
        if isinstance(x, tuple | list):
            x, along = x
            others = [np.asarray(part) for part in (along if isinstance(along, list) else [along])]
        x = np.asarray(x)
        columns = [*others, *(np.asarray(part) for part in (y, sample_weight) if part is not None)]
        for column in columns:
            if len(column) != len(x):
                raise DataError(
                    "images and what belongs to them are of one number.",
                    got=f"{len(x)} images, and {len(column)}",
                )
        if subset is not None:
            check_choice("subset", subset, SUBSETS)
            place = int(len(x) * image_data_generator._validation_split)
            if y is not None and not ignore_class_split:
                _check_classes(np.asarray(y), place)
            part = slice(None, place) if subset == "validation" else slice(place, None)
            x, others = x[part], [other[part] for other in others]
            y = None if y is None else np.asarray(y)[part]
            sample_weight = None if sample_weight is None else np.asarray(sample_weight)[part]
        self.x, self.x_misc = np.asarray(x, self.dtype), others
        if self.x.ndim != 4:
            raise DataError(
                "images have four axes.",
                got=str(self.x.shape),
                expected="(N, H, W, C)",
                hint="x[..., None]" if self.x.ndim == 3 else "",
            )
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        self.image_data_generator = image_data_generator
        self.data_format = data_format or config.image_data_format()
        self.save_to_dir, self.save_prefix = save_to_dir, save_prefix
        self.save_format = save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        change = self.image_data_generator
        images = np.zeros((len(index_array),) + self.x.shape[1:], self.dtype)
        for place, row in enumerate(index_array):
            image = change.random_transform(self.x[row].astype(self.dtype))
            images[place] = change.standardize(image)
        if self.save_to_dir:
            given = self.save_to_dir, self.save_prefix, self.save_format, self.data_format
            keep(images, index_array, *given)
        others = [other[index_array] for other in self.x_misc]
        x: Any = (images, *others) if others else images
        if self.y is None:
            return x
        if self.sample_weight is None:
            return x, self.y[index_array]
        return x, self.y[index_array], self.sample_weight[index_array]


def _check_classes(y: np.ndarray, place: int) -> None:
    if not np.array_equal(np.unique(y[:place]), np.unique(y[place:])):
        raise DataError(
            "training and validation have different classes.",
            got=f"{len(np.unique(y[place:]))} and {len(np.unique(y[:place]))}",
            hint="shuffle the samples first, or ignore_class_split=True",
        )
