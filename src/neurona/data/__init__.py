"""Preparing data: batches, splits, padding, tokenisers, one-hot vectors and augmentation."""

from neurona.data import sound
from neurona.data.batches import Batches, batches, shuffle
from neurona.data.buckets import Buckets
from neurona.data.categories import to_categorical
from neurona.data.sequences import pad_sequences, windows
from neurona.data.split import k_fold, train_test_split
from neurona.data.text import (
    BytePairTokenizer,
    CharacterTokenizer,
    Tokenizer,
    WordTokenizer,
    load_tokenizer,
)

__all__ = [
    "Batches",
    "Buckets",
    "BytePairTokenizer",
    "CharacterTokenizer",
    "Tokenizer",
    "WordTokenizer",
    "batches",
    "k_fold",
    "load_tokenizer",
    "pad_sequences",
    "shuffle",
    "sound",
    "to_categorical",
    "train_test_split",
    "windows",
]
