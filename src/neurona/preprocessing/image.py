"""Keras's `preprocessing.image`."""

from neurona.data import array_to_img, img_to_array, load_img, save_img, smart_resize
from neurona.data.old.folders import DataFrameIterator, DirectoryIterator
from neurona.data.old.image_generator import ImageDataGenerator
from neurona.data.old.iterator import Iterator, NumpyArrayIterator
from neurona.data.old.moves import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "img_to_array",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "smart_resize",
]
