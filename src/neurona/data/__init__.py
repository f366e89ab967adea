"""Preparing data: batches, splits, padding, one-hot vectors and augmentation."""

from neurona.data import augment
from neurona.data.batches import Batches, batches, shuffle
from neurona.data.categories import to_categorical
from neurona.data.sequences import pad_sequences
from neurona.data.split import k_fold, train_test_split

__all__ = [
    "Batches",
    "augment",
    "batches",
    "k_fold",
    "pad_sequences",
    "shuffle",
    "to_categorical",
    "train_test_split",
]
