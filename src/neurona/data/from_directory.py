"""Datasets of the images, texts and sounds in a folder, with Keras's arguments.

train = nn.utils.image_dataset_from_directory("flowers", image_size=(180, 180))
model.fit(train, epochs=3)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurona import config
from neurona.data.labelled_files import Choice
from neurona.data.pictures import MODES
from neurona.data.preparation import Images
from neurona.data.sequences import pad_sequences
from neurona.data.sound.recording import read_sound
from neurona.errors import ArgumentError, FormatError, check_choice, check_integer, check_sizes

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
NOT_HERE = ("area", "gaussian", "mitchellcubic")  # of Keras's
FORMATS = ("tf", "grain")

Folder = str | os.PathLike[str]


def image_dataset_from_directory(
    directory: Folder,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return a Dataset of batches (images, labels) of the images under `directory/CLASS/`.

    Shapes: images (B, H, W, C) float32, 0 to 255; labels (B,) int32, (B, classes) or (B, 1) float32
    by `label_mode`. Files are read when their batch is asked for. The Dataset has `class_names`,
    `file_paths` and `preparation`: given to the model, its file tells both, and `neurona predict`
    uses them.

        model.preparation, model.class_names = train.preparation, train.class_names

    Where `map` divides by 255: `dataclasses.replace(train.preparation, divide_by=255)`.

    Args:
        directory: the folder whose folders are the classes; they may have folders in them.
        labels: "inferred" from the folders, a list of class numbers in the order of the paths, or
            None.
        label_mode: "int", "categorical", "binary" (two classes) or None.
        class_names: the folders to read, in the order of their numbers; None takes all by name.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: images a batch; None gives them one by one.
        image_size: (height, width) to resize to.
        shuffle: a new order each epoch; False: in the order of the paths.
        seed: of the order, and of the parts.
        validation_split: the share of files for validation; they are the last ones in the order.
        subset: "training", "validation", or "both" for a list of two Datasets.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        follow_links: whether links to folders are followed.
        crop_to_aspect_ratio, pad_to_aspect_ratio: see `ops.resize`.
        data_format: "channels_last", or "channels_first" for (B, C, H, W).
        format: accepted; there is one kind of Dataset.
        verbose: whether to print how many files there are.
    Raises:
        ArgumentError: an argument that is unknown, or does not fit another.
        MissingDataError: no such folder, or no image in it.
        FormatError: a file that is no image.
    """
    height, width = check_sizes("image_size", image_size, 2)
    check_choice("format", format, FORMATS)
    method = interpolation.lower() if isinstance(interpolation, str) else interpolation
    if method in NOT_HERE:
        raise ArgumentError(
            f"images are not resized by {method!r} here.",
            expected=f"one of {', '.join(INTERPOLATIONS)}",
            hint='interpolation="bicubic"',
        )
    check_choice("interpolation", method, INTERPOLATIONS)
    check_choice("color_mode", color_mode, ("rgb", "rgba", "grayscale"))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError("an image is cropped or padded, not both.", hint="choose one")
    first = (data_format or config.image_data_format()) == "channels_first"

    preparation = Images(
        (height, width),
        color_mode,
        framing="crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch",
        interpolation=method,
        keras=True,
        shape=(len(MODES[color_mode]), height, width) if first else None,
    )
    choice = Choice(
        directory, IMAGES, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip
    return choice.datasets(preparation.samples, "images", preparation)


def text_dataset_from_directory(
    directory: Folder,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return a Dataset of batches (texts, labels) of the .txt files under `directory/CLASS/`.

    Shapes: texts (B,) of `str`; labels as in `image_dataset_from_directory`.

    Args:
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
            subset, follow_links, format, verbose: as in `image_dataset_from_directory`.
        max_length: bytes of a text that are read; None reads all.
    Raises:
        ArgumentError: an argument that is unknown, or does not fit another.
        MissingDataError: no such folder, or no text in it.
        FormatError: a file that is no UTF-8.
    """
    check_choice("format", format, FORMATS)
    most = -1 if max_length is None else check_integer("max_length", max_length, minimum=1)

    def text(path: str) -> str:
        with open(path, "rb") as file:
            content = file.read(most)
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            if most == len(content) and error.start >= most - 3:  # cut within a character
                return content[: error.start].decode()
            raise FormatError(
                f"{path}: this is no text of UTF-8.",
                got=f"byte {content[error.start]:#04x}",
                hint="save it as UTF-8, or remove it",
            ) from None

    def read(paths: list[str]) -> np.ndarray:
        return np.array([text(path) for path in paths], object)

    choice = Choice(
        directory, (".txt",), labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip
    return choice.datasets(read, "texts")


def audio_dataset_from_directory(
    directory: Folder,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Return a Dataset of batches (sounds, labels) of the .wav files under `directory/CLASS/`.

    Shapes: sounds (B, N, channels) float32 in [-1, 1]; shorter ones are filled up with silence.
    Labels as in `image_dataset_from_directory`. Needs the library soundfile.

    Args:
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
            subset, follow_links, verbose: as in `image_dataset_from_directory`.
        sampling_rate: resample to it, in Hz; None keeps that of the files.
        output_sequence_length: samples of each sound, cut or filled up; None: of the longest of
            each batch.
        ragged: arrays have rows of one length, so only False.
    Raises:
        ArgumentError: an argument that is unknown, or does not fit another.
        MissingDataError: no such folder, no sound in it, or no soundfile.
        FormatError: a file that is no sound.
    """
    if ragged:
        raise ArgumentError(
            "a batch of sounds is an array, whose rows have one length.",
            got="ragged=True",
            hint="output_sequence_length=16000, or batch_size=None for one sound at a time",
        )
    length = output_sequence_length
    if length is not None:
        length = check_integer("output_sequence_length", length, minimum=1)

    def read(paths: list[str]) -> np.ndarray:
        sounds = [read_sound(Path(path), sampling_rate, mono=False)[0] for path in paths]
        columns = [sound[:, None] if sound.ndim == 1 else sound for sound in sounds]
        return pad_sequences(columns, length, "float32", padding="post", truncating="post")

    choice = Choice(
        directory, (".wav",), labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip
    return choice.datasets(read, "sounds")
