"""Texts as numbers of words, by how frequent these are: Keras's old Tokenizer and its kin."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from neurona.core import origin
from neurona.errors import ArgumentError, FormatError, StateError, check_choice, check_integer
from neurona.strict_json import read_json

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
MODES = ("binary", "count", "freq", "tfidf")

Analyzer = Callable[[str], list[str]]


def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Return the words of a text.

    Args:
        input_text: the text.
        filters: characters that are no part of words.
        lower: whether words become lower case.
        split: what stands between words.

    >>> text_to_word_sequence("Here, there.")
    ['here', 'there']
    """
    text = input_text.lower() if lower else input_text
    return [w for w in text.translate(dict.fromkeys(map(ord, filters), split)).split(split) if w]


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Analyzer | None = None,
) -> list[int]:
    """Return a number from 1 to n - 1 for each word; several words may share one.

    Args:
        text, filters, lower, split: see `text_to_word_sequence`.
        n: how many numbers there are, with 0.
        hash_function: of a word; "md5" for the same numbers in each process, None for Python's
            `hash`, which differs between processes.
        analyzer: makes a list of words in place of `text_to_word_sequence`.
    Raises:
        ArgumentError: n below 2.

    >>> hashing_trick("a b a", 10, "md5")
    [2, 5, 2]
    """
    n = check_integer("n", n, minimum=2)
    number = hash if hash_function is None else hash_function
    if hash_function == "md5":

        def number(word: str) -> int:
            return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)

    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [number(word) % (n - 1) + 1 for word in words]


def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Analyzer | None = None,
) -> list[int]:
    """Return a number from 1 to n - 1 for each word, by Python's `hash`: see `hashing_trick`."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


class Tokenizer:
    """Words by their numbers, 1 for the most frequent: `fit_on_texts`, then `texts_to_sequences`.

    Args:
        num_words: only words with smaller numbers are used; None uses all.
        filters, lower, split: see `text_to_word_sequence`.
        char_level: characters in place of words.
        oov_token: stands in the place of unknown words, with the number 1; None leaves them out.
        analyzer: makes a list of words in place of `text_to_word_sequence`.

    Attributes:
        word_counts: how often each word came, in the order in which they came first.
        word_docs: in how many texts.
        word_index, index_word: the number of each word, and the word of each number.
        index_docs: in how many texts the word of a number came.
        document_count: how many texts there were.

    >>> words = Tokenizer(oov_token="?")
    >>> words.fit_on_texts(["The cat sat.", "The dog"])
    >>> words.texts_to_sequences(["the cow sat"]), words.sequences_to_texts([[2, 1]])
    ([[2, 1, 4]], ['the ?'])
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Analyzer | None = None,
        document_count: int = 0,
        nb_words: int | None = None,
    ) -> None:
        if nb_words is not None:
            origin.warn("nb_words is num_words now.")
            num_words = nb_words
        self.num_words = None if num_words is None else check_integer("num_words", num_words)
        self.filters, self.lower, self.split = filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        self.word_counts: dict[str, int] = {}
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> Any:
        """Return the words, or the characters, of a text or a list of words."""
        if isinstance(text, list | tuple):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return text.lower() if self.lower else text
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts, or of lists of words, and number them by how often they came.

        Raises:
            ArgumentError: if it is one text: a list of its characters is hardly meant.
        """
        if isinstance(texts, str):
            raise ArgumentError(
                "fit_on_texts takes a list of texts.", got="one text", hint="fit_on_texts([text])"
            )
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=lambda word: -self.word_counts[word])  # is stable
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: number for number, word in enumerate([*first, *ranked], 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Iterable[int]]) -> None:
        """Count in how many lists of numbers each number is, for "tfidf"."""
        for sequence in sequences:
            self.document_count += 1
            for number in set(sequence):
                self.index_docs[number] += 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Return the numbers of the words of each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Yield the numbers of the words of each text."""
        other = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        limit = self.num_words or math.inf
        for text in texts:
            numbers = (self.word_index.get(word) for word in self._words(text))
            known = (n if n is not None and n < limit else other for n in numbers)
            yield [n for n in known if n is not None]

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Return the words of lists of numbers, a space between them."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """Yield the words of each list of numbers, a space between them."""
        limit = self.num_words or math.inf
        for sequence in sequences:
            found = []
            for number in sequence:
                word = self.index_word.get(number)
                if word is not None and number < limit:
                    found.append(word)
                elif self.oov_token is not None:
                    found.append(self.oov_token)
            yield " ".join(found)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """Return a row of numbers for each text; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> np.ndarray:
        """Return a row for each list of numbers, and in it a number for each word.

        Args:
            sequences: what `texts_to_sequences` returns.
            mode: "binary" 1 where the word is in the text; "count" how often, c; "freq" which share
                of the words; "tfidf" (1 + log c) log(1 + texts / (1 + texts with the word)).
        Raises:
            StateError: before `fit_on_texts`.
        """
        check_choice("mode", mode, MODES)
        if not (self.num_words or self.word_index):
            raise StateError(
                "the number of words is not known yet.", hint="num_words=..., or fit_on_texts first"
            )
        if mode == "tfidf" and not self.document_count:
            raise StateError("tfidf counts texts.", hint="fit_on_texts first")
        size = self.num_words or len(self.word_index) + 1
        found = np.zeros((len(sequences), size))
        for row, sequence in zip(found, sequences, strict=True):
            counts = Counter(number for number in sequence if number < size)
            for number, count in counts.items():
                if mode == "tfidf":
                    texts = 1 + self.index_docs.get(number, 0)
                    row[number] = (1 + math.log(count)) * math.log1p(self.document_count / texts)
                else:
                    row[number] = {"binary": 1, "count": count, "freq": count / len(sequence)}[mode]
        return found

    def get_config(self) -> dict[str, Any]:
        """Return all that it is and has counted; the counts as JSON."""
        counted = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        names = ("num_words", "filters", "lower", "split", "char_level", "oov_token")
        config = {name: getattr(self, name) for name in (*names, "document_count")}
        return config | {name: json.dumps(getattr(self, name)) for name in counted}

    def to_json(self, **kwargs: Any) -> str:
        """Return it as JSON, for `tokenizer_from_json`; `kwargs` are those of `json.dumps`."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Return a Tokenizer as `to_json` wrote it.

    Raises:
        FormatError: it is something else.
    """

    def counts(name: str, read: Callable[[str], Any], value: type) -> dict[Any, Any]:
        found = read_json(config.pop(name), name)
        if not isinstance(found, dict) or any(type(v) is not value for v in found.values()):
            raise TypeError(name)
        return {read(key): v for key, v in found.items()}

    try:
        config = dict(read_json(json_string, "the tokenizer")["config"])
        words, documents = counts("word_counts", str, int), counts("word_docs", str, int)
        index_documents = counts("index_docs", int, int)
        index_word, word_index = counts("index_word", int, str), counts("word_index", str, int)
        found = Tokenizer(**config)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            "this is no Tokenizer.",
            got=f"{type(error).__name__} {str(error)[:60]}",
            expected="what to_json() returns",
        ) from None
    found.word_counts, found.word_index, found.index_word = words, word_index, index_word
    found.word_docs.update(documents)
    found.index_docs.update(index_documents)
    return found
