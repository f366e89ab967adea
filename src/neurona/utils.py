"""What scripts expect under Keras's `utils`: `from neurona import utils`."""

from neurona.core.random import set_seed as set_random_seed
from neurona.data import (
    PyDataset,
    Sequence,
    array_to_img,
    audio_dataset_from_directory,
    get_file,
    image_dataset_from_directory,
    img_to_array,
    load_img,
    pad_sequences,
    save_img,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
    to_categorical,
)

__all__ = [
    "PyDataset",
    "Sequence",
    "array_to_img",
    "audio_dataset_from_directory",
    "get_file",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "pad_sequences",
    "save_img",
    "set_random_seed",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
]
__path__: list[str] = []  # it has modules inside, as it had: see keras/paths.py
