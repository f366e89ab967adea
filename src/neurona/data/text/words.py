"""WordTokenizer: a token for each word and each mark between words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Self

from neurona.data.text.tokenizer import BYTES, Tokenizer, as_bytes, as_texts, has_halves
from neurona.errors import ArgumentError, check_integer

_PIECES = re.compile(r"\w+|[^\w\s]|\s")
_MARKS = ("<+>", "<unk>")  # "nothing between these two", "a word of none of my words"


class WordTokenizer(Tokenizer):
    """A token for each word, and for each mark of punctuation; words are numbered by frequency.

    Two tokens stand one space apart, unless `<+>` between them says that they touch: "Hello, you"
    is `Hello <+> , you`. Another white space is a token like a word. A word outside of the
    vocabulary is `<unk>` and the bytes of its UTF-8.

    Args:
        words: those of the vocabulary, each once.
        specials: names of special tokens, which come first.
        byte_fallback: 256 more tokens, the last ones, for the bytes behind `<unk>`. Without them
            a word outside of the vocabulary is `<unk>` alone, and lost.
    Raises:
        ArgumentError: a word that comes twice, or that is not one word.

    >>> tokens = WordTokenizer.train("the cat and the dog, the end", vocabulary_size=20)
    >>> [tokens.vocabulary[i] for i in tokens.encode("the dog, the cat")]
    ['the', 'dog', '<+>', ',', 'the', 'cat']
    """

    kind = "words"

    def __init__(
        self, words: Sequence[str], specials: Sequence[str] = (), byte_fallback: bool = True
    ) -> None:
        for word in words:
            if not isinstance(word, str) or not _PIECES.fullmatch(word) or has_halves(word):
                raise ArgumentError(
                    "a word is letters and digits, or one other character.", got=repr(word)
                )
        if len(set(words)) != len(words):
            twice = Counter(words).most_common(1)[0][0]
            raise ArgumentError("a word comes twice.", got=repr(twice))
        self.words, self.byte_fallback = list(words), bool(byte_fallback)
        fallback = BYTES if byte_fallback else ()
        marks = [mark.encode() for mark in _MARKS]
        super().__init__(specials, [*marks, *map(as_bytes, words), *fallback])
        self._glue = len(self.specials)
        self._unknown = self._glue + 1
        first = self._glue + len(_MARKS)
        self._fallback = first + len(self.words)
        self._numbers = {word: first + i for i, word in enumerate(self.words)}

    @classmethod
    def train(
        cls,
        texts: Any,
        vocabulary_size: int | None = None,
        specials: Sequence[str] = (),
        byte_fallback: bool = True,
        min_count: int = 1,
    ) -> Self:
        """Return the tokeniser of the words in a text or several.

        Args:
            texts: a str, or several.
            vocabulary_size: how many words, the most frequent ones; None takes all.
            specials: names of special tokens, which come first.
            byte_fallback: see the class.
            min_count: words seen less often are left out.
        Raises:
            DataError: if texts are none.
        """
        check_integer("min_count", min_count, minimum=1)
        if vocabulary_size is not None:
            check_integer("vocabulary_size", vocabulary_size, minimum=0)
        counts: Counter[str] = Counter()
        for text in as_texts(texts):
            counts.update(piece for piece in _PIECES.findall(text) if piece != " ")
        words = [w for w, n in counts.items() if n >= min_count and not has_halves(w)]
        words.sort(key=lambda word: (-counts[word], word))
        return cls(words[:vocabulary_size], specials, byte_fallback)

    def description(self) -> dict[str, Any]:
        return {
            "words": self.words,
            "specials": list(self.specials),
            "byte_fallback": self.byte_fallback,
        }

    def _encoded(self, text: str) -> list[int]:
        found: list[int] = []
        for piece, touches in _placed(_PIECES.findall(text)):
            if touches:
                found.append(self._glue)
            number = self._numbers.get(piece)
            if number is not None:
                found.append(number)
            else:
                found.append(self._unknown)
                if self.byte_fallback:
                    found.extend(self._fallback + b for b in as_bytes(piece))
        return found

    def _joined(self, numbers: list[int]) -> bytes:
        parts: list[bytes] = []
        touches, spelled = True, False  # spelled: within the bytes of an unknown word
        for number in numbers:
            if number == self._glue:
                touches, spelled = True, False
                continue
            spells = number >= self._fallback
            if not (touches or (spells and spelled)):
                parts.append(b" ")
            spelled = spells or (number == self._unknown and self.byte_fallback)
            touches = number == self._unknown and self.byte_fallback
            if not touches:
                parts.append(self._tokens[number])
        return b"".join(parts)


def _placed(pieces: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield each piece and whether it touches the one before; a single space stands for itself."""
    last, spaced, touched = len(pieces) - 1, True, None
    for i, piece in enumerate(pieces):
        if piece == " " and 0 < i < last and not spaced:
            spaced = True
            continue
        touched = not spaced and i > 0
        spaced = False
        yield piece, touched
