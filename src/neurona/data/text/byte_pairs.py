"""BytePairTokenizer: pairs of tokens that are frequent become tokens."""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Self

from neurona.data.text.tokenizer import BYTES, Tokenizer, as_bytes, as_texts
from neurona.errors import ArgumentError, check_integer

Pair = tuple[int, int]

# Tokens do not cross the borders of these pieces: a word with the space before it, a number of at
# most three digits, marks, white space up to the space before a word. Their length is bounded,
# since merging takes time that grows with its square.
_PIECES = re.compile(
    r"'(?:[sdmt]|ll|ve|re)\b"
    r"| ?[^\W\d_]{1,40}"
    r"| ?\d{1,3}"
    r"| ?(?:[^\s\w]|_){1,40}"
    r"|\s{1,40}(?!\S)"
    r"|\s"
)
_KNOWN_PIECES = 1 << 16


class BytePairTokenizer(Tokenizer):
    """Bytes, and the pairs of tokens that training found most frequent: any text, few tokens.

    Training begins with the 256 bytes and makes the most frequent pair of neighbours one token,
    again and again; encoding does these merges in the same order.

    Args:
        merges: the pairs, each of earlier tokens: 0 to 255 are the bytes, 256 + i is merge i.
        specials: names of special tokens, which come first and shift all other numbers.
    Raises:
        ArgumentError: a merge of tokens that are not made yet, or that comes twice.
    Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units"; on
        bytes as in GPT-2 (Radford et al. 2019), with pieces like those of its pattern.

    >>> tokens = BytePairTokenizer.train("low low lower lowest newest widest", vocabulary_size=261)
    >>> [tokens.vocabulary[i] for i in tokens.encode("the lowest low")]
    ['t', 'h', 'e', ' low', 'est', ' low']
    """

    kind = "byte pairs"

    def __init__(self, merges: Iterable[Sequence[int]], specials: Sequence[str] = ()) -> None:
        self.merges: list[Pair] = []
        self._ranks: dict[Pair, int] = {}
        tokens = list(BYTES)
        for merge in merges:
            left, right = pair = _as_pair(merge, len(tokens))
            if pair in self._ranks:
                raise ArgumentError("a merge comes twice.", got=repr(pair))
            self._ranks[pair] = len(tokens)
            self.merges.append(pair)
            tokens.append(tokens[left] + tokens[right])
        super().__init__(specials, tokens)
        self._known: dict[str, list[int]] = {}

    @classmethod
    def train(
        cls,
        texts: Any,
        vocabulary_size: int,
        specials: Sequence[str] = (),
        min_count: int = 2,
    ) -> Self:
        """Return the tokeniser whose merges are the most frequent pairs in a text or several.

        Args:
            texts: a str, or several.
            vocabulary_size: how many tokens, the specials and 256 bytes included; fewer if pairs
                run out.
            specials: names of special tokens, which come first.
            min_count: pairs seen less often are not merged.
        Raises:
            DataError: if texts are none.
            ArgumentError: vocabulary_size below 256 and the specials.

        Of pairs with one frequency the one of the lower numbers is merged first.
        """
        smallest = 256 + len(specials)
        check_integer("vocabulary_size", vocabulary_size, minimum=smallest)
        check_integer("min_count", min_count, minimum=1)
        counts: Counter[str] = Counter()
        for text in as_texts(texts):
            counts.update(_PIECES.findall(text))
        return cls(_merges(counts, vocabulary_size - smallest, min_count), specials)

    def description(self) -> dict[str, Any]:
        return {"merges": [list(pair) for pair in self.merges], "specials": list(self.specials)}

    def _encoded(self, text: str) -> list[int]:
        known, found = self._known, []
        for piece in _PIECES.findall(text):
            tokens = known.get(piece)
            if tokens is None:
                if len(known) >= _KNOWN_PIECES:
                    known.clear()
                tokens = known[piece] = self._merged(piece)
            found += tokens
        return found

    def _merged(self, piece: str) -> list[int]:
        tokens = list(as_bytes(piece))
        while len(tokens) > 1:
            pair = min(pairwise(tokens), key=lambda p: self._ranks.get(p, 1 << 40))
            if pair not in self._ranks:
                break
            tokens = _replaced(tokens, pair, self._ranks[pair])
        first = len(self.specials)
        return [first + token for token in tokens]


def _merges(counts: Counter[str], number: int, min_count: int) -> list[Pair]:
    """Return the most frequent pairs, each counted after the merges before it."""
    words = [list(as_bytes(piece)) for piece in counts]
    times = list(counts.values())
    frequency: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)  # words that have, or had, the pair
    for i, word in enumerate(words):
        for pair in pairwise(word):
            frequency[pair] += times[i]
            places[pair].add(i)
    queue = [(-n, pair) for pair, n in frequency.items()]
    heapq.heapify(queue)
    merges: list[Pair] = []
    while queue and len(merges) < number:
        count, pair = heapq.heappop(queue)
        if -count != frequency[pair]:
            continue  # counted again since, and in the queue once more if it is still there
        if -count < min_count:
            break
        merged = 256 + len(merges)
        merges.append(pair)
        changed: set[Pair] = set()
        for i in places.pop(pair):
            before, after = words[i], _replaced(words[i], pair, merged)
            for old in pairwise(before):
                frequency[old] -= times[i]
                changed.add(old)
            for new in pairwise(after):
                frequency[new] += times[i]
                places[new].add(i)
                changed.add(new)
            words[i] = after
        for other in changed:
            if frequency[other] > 0:
                heapq.heappush(queue, (-frequency[other], other))
    return merges


def _replaced(tokens: list[int], pair: Pair, merged: int) -> list[int]:
    """Return the tokens with each pair, from the left, as one."""
    left, right = pair
    found, i, last = [], 0, len(tokens) - 1
    while i <= last:
        if i < last and tokens[i] == left and tokens[i + 1] == right:
            found.append(merged)
            i += 2
        else:
            found.append(tokens[i])
            i += 1
    return found


def _as_pair(merge: Any, made: int) -> Pair:
    numbers = [n for n in merge if type(n) is int and 0 <= n < made] if _is_row(merge) else []
    if len(numbers) != 2 or len(merge) != 2:
        raise ArgumentError(
            "a merge is a pair of earlier tokens.",
            got=repr(merge)[:60],
            expected=f"two integers from 0 to {made - 1}",
        )
    return numbers[0], numbers[1]


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple)
