"""Batches of image files for ImageDataGenerator: of folders, a folder a class, and of tables."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from neurona import config
from neurona.core import origin
from neurona.data.old.iterator import SUBSETS, Iterator, keep
from neurona.data.pictures import MODES, img_to_array, load_img
from neurona.errors import (
    ArgumentError,
    DataError,
    MissingDataError,
    check_choice,
    check_sizes,
)

CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
PLAIN = ("input", "multi_output", "raw")  # modes that need no classes


class FileIterator(Iterator):
    """Batches of image files; a subclass says which, and what their targets are.

    Attributes:
        filenames, filepaths: of the samples.
        classes: the class number of each.
        class_indices: the number of each class.
        image_shape: of a sample.
        samples: how many there are.
    """

    filenames: list[str]
    filepaths: list[str]
    classes: Any = None
    class_indices: dict[str, int]
    sample_weight: np.ndarray | None = None
    targets: Any = None  # of the modes that need no classes

    def __init__(
        self, image_data_generator: Any, target_size: Any, color_mode: str, class_mode: str | None,
        data_format: str | None, save_to_dir: Any, save_prefix: str, save_format: str,
        subset: str | None, interpolation: str, keep_aspect_ratio: bool, dtype: Any,
        batch_size: int, shuffle: bool, seed: int | None,
    ) -> None:  # fmt: skip
        self.image_data_generator, self.class_mode = image_data_generator, class_mode
        height, width = check_sizes("target_size", target_size, 2)
        self.target_size = height, width
        self.color_mode = check_choice("color_mode", color_mode, MODES)
        self.data_format = data_format or config.image_data_format()
        channels = (CHANNELS[color_mode],)
        first = self.data_format == "channels_first"
        self.image_shape = channels + self.target_size if first else self.target_size + channels
        self.save_to_dir, self.save_prefix = save_to_dir, save_prefix
        self.save_format, self.interpolation = save_format, interpolation
        self.keep_aspect_ratio, self.dtype = keep_aspect_ratio, dtype or config.floatx()
        self.subset = None if subset is None else check_choice("subset", subset, SUBSETS)
        self.samples = len(self.filenames)
        super().__init__(self.samples, batch_size, shuffle, seed)

    @property
    def labels(self) -> Any:
        """The class number, or the target, of each sample."""
        return self.targets if self.class_mode in PLAIN else self.classes

    def _image(self, path: str) -> np.ndarray:
        picture = load_img(
            path, self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio
        )
        image = img_to_array(picture, self.data_format)
        change = self.image_data_generator
        return image if change is None else change.standardize(change.random_transform(image))

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        images = np.zeros((len(index_array),) + self.image_shape, self.dtype)
        for place, row in enumerate(index_array):
            images[place] = self._image(self.filepaths[row])
        if self.save_to_dir:
            given = self.save_to_dir, self.save_prefix, self.save_format, self.data_format
            keep(images, index_array, *given)
        if self.class_mode is None:
            return images
        y = self._targets(images, index_array)
        if self.sample_weight is None:
            return images, y
        return images, y, self.sample_weight[index_array]

    def _targets(self, images: np.ndarray, rows: np.ndarray) -> Any:
        if self.class_mode == "input":
            return images.copy()
        if self.class_mode == "multi_output":
            return tuple(target[rows] for target in self.targets)
        if self.class_mode == "raw":
            return self.targets[rows]
        chosen = [self.classes[row] for row in rows]
        if self.class_mode in ("binary", "sparse"):
            return np.array(chosen, self.dtype)
        found = np.zeros((len(rows), len(self.class_indices)), self.dtype)
        for place, numbers in enumerate(chosen):  # a number, or several
            found[place, numbers] = 1.0
        return found


def part(image_data_generator: Any, subset: str | None, size: int) -> slice:
    """Return which samples a subset has: "validation" the first ones."""
    if subset is None:
        return slice(None)
    check_choice("subset", subset, SUBSETS)
    place = int(image_data_generator._validation_split * size)
    return slice(0, place) if subset == "validation" else slice(place, None)


class DirectoryIterator(FileIterator):
    """Batches (images, labels) of the images under `directory/CLASS/`.

    Args:
        directory: the folder whose folders are the classes.
        image_data_generator: changes the images.
        target_size: (height, width) to resize to.
        color_mode: "rgb", "rgba" or "grayscale".
        classes: the folders to read, in the order of their numbers; None takes all by name.
        class_mode: labels are "categorical" vectors, "binary" or "sparse" numbers, the images
            themselves ("input"), or None.
        batch_size, shuffle, seed: see `Iterator`.
        data_format: "channels_last" or "channels_first".
        save_to_dir, save_prefix, save_format: where to write what is given, to look at it.
        follow_links: whether links to folders are followed.
        subset: "training" or "validation", which has the first files of each class.
        interpolation, keep_aspect_ratio: see `load_img`.
        dtype: of images and labels.
    Raises:
        MissingDataError: no such folder.
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input")

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        if class_mode is not None:
            check_choice("class_mode", class_mode, self.allowed_class_modes)
        if not os.path.isdir(directory):
            raise MissingDataError(f"{directory}: there is no such folder.")
        self.directory = directory
        found = sorted(
            n for n in os.listdir(directory) if os.path.isdir(os.path.join(directory, n))
        )
        names = list(classes or found)
        self.num_classes = len(names)
        self.class_indices = {name: number for number, name in enumerate(names)}
        self.filenames, numbers = [], []
        for number, name in enumerate(names):
            files = self._files(os.path.join(directory, name), follow_links)
            files = files[part(image_data_generator, subset, len(files))]
            self.filenames += [os.path.join(name, file) for file in files]
            numbers += [number] * len(files)
        self.classes = np.array(numbers, np.int32)
        self.filepaths = [os.path.join(directory, name) for name in self.filenames]
        print(f"Found {len(self.filenames)} images belonging to {self.num_classes} classes.")
        super().__init__(
            image_data_generator, target_size, color_mode, class_mode, data_format, save_to_dir,
            save_prefix, save_format, subset, interpolation, keep_aspect_ratio, dtype, batch_size,
            shuffle, seed,
        )  # fmt: skip

    def _files(self, folder: str, follow_links: bool) -> list[str]:
        found = []
        for place, _, names in sorted(
            os.walk(folder, followlinks=follow_links), key=lambda x: x[0]
        ):
            images = sorted(n for n in names if n.lower().endswith(self.white_list_formats))
            found += [os.path.relpath(os.path.join(place, name), folder) for name in images]
        return found


class DataFrameIterator(FileIterator):
    """Batches (images, targets) of the image files that a table names.

    Args:
        dataframe: a table of pandas, or a dict of columns.
        directory: where relative file names begin.
        image_data_generator: changes the images.
        x_col: the column of the file names.
        y_col: the column of the targets, or a list of columns.
        weight_col: the column of the sample weights, or None.
        target_size, color_mode, batch_size, shuffle, seed, data_format, save_to_dir, save_prefix,
            save_format, subset, interpolation, keep_aspect_ratio, dtype: see `DirectoryIterator`.
        classes: the classes in the order of their numbers; None takes all in order.
        class_mode: "categorical" (texts, or lists of texts), "binary", "sparse", "raw" for the
            numbers of `y_col`, "multi_output" for a list of columns, "input" or None.
        validate_filenames: leave out files that are not there or have other endings.
    Raises:
        DataError: columns that do not suit the class_mode.
    """

    allowed_class_modes = ("binary", "categorical", "sparse", *PLAIN)

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = "channels_last",
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = "float32",
        validate_filenames: bool = True,
    ) -> None:
        if class_mode is not None:
            check_choice("class_mode", class_mode, self.allowed_class_modes)
        if class_mode == "multi_output" and not isinstance(y_col, list):
            raise ArgumentError('class_mode="multi_output" takes columns.', got=f"y_col={y_col!r}")
        self.directory = directory or ""
        names = list(dataframe[x_col])
        if not all(isinstance(name, str) for name in names):
            raise DataError("file names are texts.", got=f"others in the column {x_col!r}")
        rows = np.arange(len(names))
        if validate_filenames:
            rows = rows[[self._is_image(name) for name in names]]
            if missing := len(names) - len(rows):
                origin.warn(f"{missing} files of the column {x_col!r} are no images, or not there.")
        told = f"Found {len(rows)} {'' if validate_filenames else 'non-'}validated image filenames"
        labels = None
        if class_mode in ("categorical", "binary", "sparse"):
            labels = list(dataframe[y_col])
            rows, known = _of_classes(labels, rows, classes, class_mode, y_col)
            self.class_indices = {name: number for number, name in enumerate(known)}
            told += f" belonging to {len(known)} classes"
        elif classes:
            origin.warn(f"classes have no effect with class_mode={class_mode!r}.")
        rows = rows[part(image_data_generator, subset, len(rows))]
        self.filenames = [names[row] for row in rows]
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        if labels is not None:
            self.classes = [_numbers(labels[row], self.class_indices) for row in rows]
        elif class_mode == "multi_output":
            self.targets = [np.array(list(dataframe[column]))[rows] for column in y_col]
        elif class_mode == "raw":
            columns = [list(dataframe[c]) for c in (y_col if isinstance(y_col, list) else [y_col])]
            values = np.array(columns).T if isinstance(y_col, list) else np.array(columns[0])
            self.targets = values[rows]
        if weight_col is not None:
            self.sample_weight = np.array(list(dataframe[weight_col]))[rows]
            if self.sample_weight.dtype.kind not in "biuf":
                raise DataError("weights are numbers.", got=f"others in the column {weight_col!r}")
        print(f"{told}.")
        super().__init__(
            image_data_generator, target_size, color_mode, class_mode, data_format, save_to_dir,
            save_prefix, save_format, subset, interpolation, keep_aspect_ratio, dtype, batch_size,
            shuffle, seed,
        )  # fmt: skip

    def _is_image(self, name: str) -> bool:
        path = os.path.join(self.directory, name)
        return name.lower().endswith(self.white_list_formats) and os.path.isfile(path)


def _of_classes(
    labels: list[Any], rows: np.ndarray, classes: Any, class_mode: str, column: Any
) -> tuple[np.ndarray, list[str]]:
    """Return the rows that have a class, and the classes."""
    several = class_mode == "categorical"
    kinds: Any = str | list | tuple if several else str
    if not all(isinstance(labels[row], kinds) for row in rows):
        raise DataError(
            f"classes are texts{', or lists of them' if several else ''}.",
            got=f"others in the column {column!r}",
            hint='class_mode="raw" for numbers, or column.astype(str)',
        )
    every = {row: _listed(labels[row]) for row in rows}
    known = (
        list(dict.fromkeys(classes)) if classes else sorted({c for v in every.values() for c in v})
    )
    if class_mode == "binary" and len(known) != 2:
        raise DataError('class_mode="binary" needs two classes.', got=f"{len(known)} classes")
    kept = [row for row in rows if set(every[row]) & set(known)]
    return np.array(kept, dtype=int), known


def _listed(label: Any) -> list[str]:
    return [label] if isinstance(label, str) else list(label)


def _numbers(label: Any, known: dict[str, int]) -> Any:
    if isinstance(label, str):
        return known[label]
    return [known[name] for name in label if name in known]
