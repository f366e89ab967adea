"""Reuters: 11,228 news of 46 topics, as the numbers of their words."""

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
from neurona.errors import check_number

FILE, WORDS = "reuters.npz", "reuters_word_index.json"
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade "
    "reserves ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum "
    "oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber heat jobs lei "
    "bop zinc orange pet-chem dlr gas silver wpi hog lead"
)
# The checksums are those of Keras, which has SHA-256 for the first and MD5 for the second.
CARD = Card(
    name="reuters",
    description="Short news of 46 topics as numbers of words, 1987",
    samples=11_228,
    shape=(),
    classes=tuple(_TOPICS.split()),
    licence="for research; cite Lewis, Reuters-21578",
    homepage="https://doi.org/10.24432/C52G6M",
    files=remote_files(
        ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/",),
        (FILE, 2_110_848, "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),
        (WORDS, 550_378, "4d44cc38712099c9e383dc6e5f11a921"),
    ),
)

Pair = tuple[np.ndarray, np.ndarray]


def load_data(
    path: str = FILE,
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    folder: Folder | None = None,
) -> tuple[Pair, Pair]:
    """Load Reuters: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Shapes: x (N,) objects, each a list of the numbers of a text's words; y (N,) int64, a place in
    `get_label_names()`; 8,982 texts to train and 2,246 to test.

    Args:
        path: the file; one of the usual name is looked for, another is read as it is.
        num_words: keep the words with smaller numbers; None keeps all.
        skip_top: leave out words with smaller numbers than this.
        maxlen: leave out texts that are as long or longer.
        test_split: part for testing, in [0, 1].
        seed: of the order of the texts.
        start_char: the number that each text begins with.
        oov_char: the number in the place of words that are left out; None leaves nothing.
        index_from: what is added to the rank of a word, from 1, that `get_word_index` gives.
        folder: where `reuters.npz`, or a `reuters/` with it, is. None looks into `reuters/` of
            NEURONA_DATA and of the cache, and then downloads it (2 MB).
    Raises:
        MissingDataError: no file and no network.
        FormatError: a file that is damaged, or holds anything else than lists of integers.
        DataError: no text is shorter than maxlen.
    """
    numbering = Numbering(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    test_split = check_number("test_split", test_split, low=0.0, high=1.0)
    file = obtain_file(CARD, FILE, folder, path)
    x, y = read_arrays(file, {"x": LISTS, "y": NUMBERS})
    check_labels(y, x, len(CARD.classes), file)
    x, y = shuffled(x, y, as_random_state(seed))
    x, y = numbering.short(numbering.begun(x), y)
    found = as_objects(numbering.limited(x))
    size = int(len(found) * (1 - test_split))
    return (found[:size], y[:size]), (found[size:], y[size:])


def get_word_index(path: str = WORDS, folder: Folder | None = None) -> dict[str, int]:
    """Return the rank of each word, 1 for the most frequent; its number is rank + index_from.

    Args:
        path: the file; one of the usual name is looked for, another is read as it is.
        folder: see `load_data`; the file is `reuters_word_index.json` (0.6 MB).
    Raises:
        MissingDataError: no file and no network.
        FormatError: a file that is damaged.
    """
    return read_word_index(obtain_file(CARD, WORDS, folder, path))


def get_label_names() -> tuple[str, ...]:
    """Return the names of the topics, by class number.

    >>> get_label_names()[:3]
    ('cocoa', 'grain', 'veg-oil')
    """
    return CARD.classes


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has both files."""
    return all((folder / name).is_file() for name in (FILE, WORDS))
