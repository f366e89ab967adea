"""IMDB: 50,000 reviews of films, good or bad, as the numbers of their words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurona.data.random_state import as_random_state
from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder, obtain_file
from neurona.datasets.number_archive import LISTS, NUMBERS, read_arrays
from neurona.datasets.word_numbers import (
    Numbering,
    as_objects,
    check_labels,
    read_word_index,
    shuffled,
)

FILE, WORDS = "imdb.npz", "imdb_word_index.json"
# The checksums are those of Keras, which has SHA-256 for the first and MD5 for the second.
CARD = Card(
    name="imdb",
    description="Reviews of films as numbers of words, 25,000 for training, 25,000 for testing",
    samples=50_000,
    shape=(),
    classes=("negative", "positive"),
    licence="none stated; cite Maas et al. 2011",
    homepage="https://ai.stanford.edu/~amaas/data/sentiment/",
    files=remote_files(
        ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/",),
        (FILE, 17_464_789, "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
        (WORDS, 1_641_221, "bfafd718b763782e994055a2d397834f"),
    ),
)

Pair = tuple[np.ndarray, np.ndarray]


def load_data(
    path: str = FILE,
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    folder: Folder | None = None,
) -> tuple[Pair, Pair]:
    """Load IMDB: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Shapes: x (25000,) objects, each a list of the numbers of a review's words; y (25000,) int64,
    1 for a good review. `pad_sequences(x, maxlen=...)` makes x an array of numbers.

    Args:
        path: the file; one of the usual name is looked for, another is read as it is.
        num_words: keep the words with smaller numbers; None keeps all.
        skip_top: leave out words with smaller numbers than this.
        maxlen: leave out reviews that are as long or longer.
        seed: of the order of the reviews.
        start_char: the number that each review begins with.
        oov_char: the number in the place of words that are left out; None leaves nothing.
        index_from: what is added to the rank of a word, from 1, that `get_word_index` gives.
        folder: where `imdb.npz`, or an `imdb/` with it, is. None looks into `imdb/` of NEURONA_DATA
            and of the cache, and then downloads it (17 MB).
    Raises:
        MissingDataError: no file and no network.
        FormatError: a file that is damaged, or holds anything else than lists of integers.
        DataError: no review is shorter than maxlen.
    Source: Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis".
    """
    numbering = Numbering(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    file = obtain_file(CARD, FILE, folder, path)
    members = {"x_train": LISTS, "y_train": NUMBERS, "x_test": LISTS, "y_test": NUMBERS}
    x_train, y_train, x_test, y_test = read_arrays(file, members)
    rng, parts = as_random_state(seed), []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        check_labels(y, x, len(CARD.classes), file)
        x, y = shuffled(x, y, rng)
        parts.append(numbering.short(numbering.begun(x), y))
    (x_train, y_train), (x_test, y_test) = parts
    x = numbering.limited(x_train + x_test)
    size = len(x_train)
    return (as_objects(x[:size]), y_train), (as_objects(x[size:]), y_test)


def get_word_index(path: str = WORDS, folder: Folder | None = None) -> dict[str, int]:
    """Return the rank of each word, 1 for the most frequent.

    A word's number in `load_data` is its rank and `index_from`:

        words = {rank + 3: word for word, rank in get_word_index().items()}
        print(" ".join(words.get(number, "?") for number in x_train[0]))

    Args:
        path: the file; one of the usual name is looked for, another is read as it is.
        folder: see `load_data`; the file is `imdb_word_index.json` (1.6 MB).
    Raises:
        MissingDataError: no file and no network.
        FormatError: a file that is damaged.
    """
    return read_word_index(obtain_file(CARD, WORDS, folder, path))


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has both files."""
    return all((folder / name).is_file() for name in (FILE, WORDS))
