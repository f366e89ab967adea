"""Preparing data: batches, files, splits, padding, tokenisers, one-hot vectors, augmentation."""

from neurona.data import preparation, sound
from neurona.data.batches import Batches, batches, shuffle
from neurona.data.buckets import Buckets
from neurona.data.categories import to_categorical
from neurona.data.dataset import AUTOTUNE, Dataset
from neurona.data.from_directory import (
    audio_dataset_from_directory,
    image_dataset_from_directory,
    text_dataset_from_directory,
)
from neurona.data.get_file import get_file
from neurona.data.pictures import array_to_img, img_to_array, load_img, save_img, smart_resize
from neurona.data.py_dataset import PyDataset, Sequence
from neurona.data.sequences import pad_sequences, windows
from neurona.data.split import k_fold, train_test_split
from neurona.data.text import (
    BytePairTokenizer,
    CharacterTokenizer,
    Tokenizer,
    WordTokenizer,
    load_tokenizer,
)
from neurona.data.timeseries import timeseries_dataset_from_array

__all__ = [
    "AUTOTUNE",
    "Batches",
    "Buckets",
    "BytePairTokenizer",
    "CharacterTokenizer",
    "Dataset",
    "PyDataset",
    "Sequence",
    "Tokenizer",
    "WordTokenizer",
    "array_to_img",
    "audio_dataset_from_directory",
    "batches",
    "get_file",
    "image_dataset_from_directory",
    "img_to_array",
    "k_fold",
    "load_img",
    "load_tokenizer",
    "pad_sequences",
    "preparation",
    "save_img",
    "shuffle",
    "smart_resize",
    "sound",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "train_test_split",
    "windows",
]
