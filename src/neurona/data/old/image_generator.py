"""ImageDataGenerator: batches of images that are moved, coloured and standardised on the way.

Its draws come from NumPy's global generator in Keras's order. Two things differ from Keras 3.15:
`height_shift_range` moves images up and down and `width_shift_range` sideways, as their names say
and Keras's code does the other way round; and images that are no squares turn about their middle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona import config
from neurona.core import origin
from neurona.data.old.folders import DataFrameIterator, DirectoryIterator
from neurona.data.old.iterator import NumpyArrayIterator
from neurona.data.old.moves import (
    FILL_MODES,
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    numpy_random,
    pair,
)
from neurona.errors import ArgumentError, DataError, check_choice

EPSILON = 1e-6
UNUSED = ("has_ext", "sort", "drop_duplicates")  # arguments that tables of files once had


class ImageDataGenerator:
    """Images changed at random, then standardised.

        train = ImageDataGenerator(rescale=1 / 255, rotation_range=20, horizontal_flip=True)
        model.fit(train.flow_from_directory("train", target_size=(150, 150)), epochs=10)

    Args:
        featurewise_center, featurewise_std_normalization: take the mean off, and divide by the
            deviation, of all images; `fit` finds them.
        samplewise_center, samplewise_std_normalization: the same, of each image.
        zca_whitening: make pixels independent, by `fit`.
        zca_epsilon: added to what it divides by.
        rotation_range: degrees, to either side.
        width_shift_range, height_shift_range: shares of the size if below 1, pixels otherwise; or a
            list of pixels to choose from.
        brightness_range: (low, high) factors.
        shear_range: degrees, to either side.
        zoom_range: (low, high), or z for (1 - z, 1 + z).
        channel_shift_range: a number to add to all.
        fill_mode, cval: beyond the border: "nearest", "reflect", "wrap" or "constant".
        horizontal_flip, vertical_flip: of half of the images.
        rescale: a factor, such as 1 / 255, after the moves.
        preprocessing_function: of an image, after the moves and before `rescale`.
        data_format: "channels_last" or "channels_first".
        validation_split: the share that `subset="validation"` has.
        interpolation_order: 1 linear, 0 the nearest pixel.
        dtype: of the images.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], Any] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        self.featurewise_center, self.samplewise_center = featurewise_center, samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.brightness_range = None if brightness_range is None else pair(brightness_range)
        number = isinstance(zoom_range, int | float)
        self.zoom_range = [*pair((1 - zoom_range, 1 + zoom_range) if number else zoom_range)]
        self.channel_shift_range = channel_shift_range
        self.fill_mode, self.cval = check_choice("fill_mode", fill_mode, FILL_MODES), cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.data_format = data_format or config.image_data_format()
        check_choice("data_format", self.data_format, ("channels_last", "channels_first"))
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        if validation_split and not 0 < validation_split < 1:
            raise ArgumentError("validation_split is between 0 and 1.", got=repr(validation_split))
        self._validation_split = validation_split
        if interpolation_order not in (0, 1):
            raise ArgumentError(
                "interpolation_order is 0, the nearest pixel, or 1, linear.",
                got=repr(interpolation_order),
            )
        self.interpolation_order, self.dtype = interpolation_order, dtype or config.floatx()
        self.mean: Any = None  # what `fit` finds, as the two below
        self.std: Any = None
        self.zca_whitening_matrix: Any = None
        self._take("zca_whitening", "featurewise_center")
        if zca_whitening and featurewise_std_normalization:
            self.featurewise_std_normalization = False
            origin.warn("zca_whitening takes the place of featurewise_std_normalization.")
        self._take("featurewise_std_normalization", "featurewise_center")
        self._take("samplewise_std_normalization", "samplewise_center")

    def _take(self, setting: str, along: str) -> None:
        """Switch on what a setting needs."""
        if getattr(self, setting) and not getattr(self, along):
            setattr(self, along, True)
            origin.warn(f"{setting} sets {along} too.")

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Return batches of arrays: see `NumpyArrayIterator`."""
        return NumpyArrayIterator(
            x, y, self, batch_size, shuffle, sample_weight, seed, self.data_format, save_to_dir,
            save_prefix, save_format, subset, ignore_class_split, self.dtype,
        )  # fmt: skip

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Return batches of the images under `directory/CLASS/`: see `DirectoryIterator`."""
        return DirectoryIterator(
            directory, self, target_size, color_mode, classes, class_mode, batch_size, shuffle,
            seed, self.data_format, save_to_dir, save_prefix, save_format, follow_links, subset,
            interpolation, keep_aspect_ratio, self.dtype,
        )  # fmt: skip

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
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
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **kwargs: Any,
    ) -> DataFrameIterator:
        """Return batches of the images that a table names: see `DataFrameIterator`."""
        for name in kwargs:
            if name not in UNUSED:
                raise TypeError(f"flow_from_dataframe has no argument {name!r}.")
            origin.warn(f"{name} has no effect any more.")
        if class_mode == "other":
            origin.warn('class_mode="other" is "raw" now.')
            class_mode = "raw"
        return DataFrameIterator(
            dataframe, directory, self, x_col, y_col, weight_col, target_size, color_mode, classes,
            class_mode, batch_size, shuffle, seed, self.data_format, save_to_dir, save_prefix,
            save_format, subset, interpolation, False, self.dtype, validate_filenames,
        )  # fmt: skip

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """Return an image, or a batch, standardised; arrays of floats are changed in place."""
        if self.preprocessing_function:
            x = np.asarray(self.preprocessing_function(x))
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + EPSILON
        if self.featurewise_center and self._known("featurewise_center", self.mean):
            x -= self.mean
        if self.featurewise_std_normalization and self._known(
            "featurewise_std_normalization", self.std
        ):
            x /= self.std + EPSILON
        if self.zca_whitening and self._known("zca_whitening", self.zca_whitening_matrix):
            flat = x.reshape(-1, int(np.prod(x.shape[-3:])))
            x = (flat @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _known(self, setting: str, value: Any) -> bool:
        if value is None:
            origin.warn(f"{setting} has no effect before fit(images).")
        return value is not None

    def get_random_transform(
        self, img_shape: tuple[int, ...], seed: int | None = None
    ) -> dict[str, Any]:
        """Return how an image of a shape is to be changed; see `apply_transform`."""
        if seed is not None:
            numpy_random().seed(seed)
        uniform: Any = numpy_random().uniform
        found: dict[str, Any] = {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1}
        if self.rotation_range:
            found["theta"] = uniform(-self.rotation_range, self.rotation_range)
        rows, columns = img_shape[self.row_axis - 1], img_shape[self.col_axis - 1]
        found["ty"] = _shift(self.height_shift_range, rows)
        found["tx"] = _shift(self.width_shift_range, columns)
        if self.shear_range:
            found["shear"] = uniform(-self.shear_range, self.shear_range)
        if self.zoom_range != [1, 1]:
            found["zx"], found["zy"] = uniform(*self.zoom_range, 2)
        found["flip_horizontal"] = bool(
            (numpy_random().random_sample() < 0.5) * self.horizontal_flip
        )
        found["flip_vertical"] = bool((numpy_random().random_sample() < 0.5) * self.vertical_flip)
        found["channel_shift_intensity"] = found["brightness"] = None
        if self.channel_shift_range:
            found["channel_shift_intensity"] = uniform(
                -self.channel_shift_range, self.channel_shift_range
            )
        if self.brightness_range is not None:
            found["brightness"] = uniform(*self.brightness_range)
        return found

    def apply_transform(self, x: np.ndarray, transform_parameters: dict[str, Any]) -> np.ndarray:
        """Return an image, changed.

        Args:
            x: (H, W, C), or (C, H, W).
            transform_parameters: of `theta shear` in degrees, `tx ty` in pixels, `zx zy`,
                `flip_horizontal flip_vertical`, `channel_shift_intensity`, `brightness`.
        """
        given = transform_parameters
        rows, columns, channels = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        x = apply_affine_transform(
            x, given.get("theta", 0), given.get("tx", 0), given.get("ty", 0),
            given.get("shear", 0), given.get("zx", 1), given.get("zy", 1), rows, columns, channels,
            self.fill_mode, self.cval, self.interpolation_order,
        )  # fmt: skip
        if given.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given["channel_shift_intensity"])
        if given.get("flip_horizontal", False):
            x = np.flip(x, columns)
        if given.get("flip_vertical", False):
            x = np.flip(x, rows)
        if given.get("brightness") is not None:
            x = apply_brightness_shift(x, given["brightness"], False, self.data_format)
        return x

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """Return an image, changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Find mean, deviation and whitening matrix, as far as they are used.

        Args:
            x: images (N, H, W, C).
            augment: of changed images.
            rounds: how often each is changed, then.
            seed: of the changes.
        Raises:
            DataError: x are no images.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise DataError("fit takes images.", got=str(x.shape), expected="(N, H, W, C)")
        if seed is not None:
            numpy_random().seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x])
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = x.mean(axis=(0, self.row_axis, self.col_axis)).reshape(shape)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = x.std(axis=(0, self.row_axis, self.col_axis)).reshape(shape)
            x /= self.std + EPSILON
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(x)) / (s + self.zca_epsilon))) @ u.T


def _shift(limits: Any, size: int) -> float:
    """Return a random shift in pixels: from a list, of whole pixels below a number, or a share."""
    if np.ndim(limits) == 0 and not limits:
        return 0
    try:
        shift = numpy_random().choice(limits) * numpy_random().choice([-1, 1])
    except ValueError:  # a float
        shift = numpy_random().uniform(-limits, limits)
    return shift * size if np.max(limits) < 1 else shift
