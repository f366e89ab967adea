import itertools
import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.data import (
    BytePairTokenizer,
    CharacterTokenizer,
    WordTokenizer,
    load_tokenizer,
)
from neurona.errors import ArgumentError, DataError, FormatError, MissingDataError

TEXT = "The quick brown fox, it's said, jumps over the lazy dog; the dog doesn't care. 1234 ÄÖ 猫\n"
SPECIALS = ["<pad>", "<end>"]
TOKENIZERS = [
    CharacterTokenizer.train(TEXT, SPECIALS),
    WordTokenizer.train(TEXT, 20, SPECIALS),
    BytePairTokenizer.train(TEXT * 3, 300, SPECIALS),
]
each = pytest.mark.parametrize("tokens", TOKENIZERS, ids=lambda t: t.kind)

# Any str, halves of surrogate pairs included, and what is likely to break rules about spaces.
ANY = st.text(st.characters()) | st.text(st.characters(categories=["Cs"]), max_size=3)
SPACED = st.lists(st.sampled_from([" ", "  ", "\n", "the", "dog", ",", "'s", "x9", "<+>", "_"]))


@each
@settings(max_examples=300)
@given(text=ANY | SPACED.map("".join))
def test_any_text_comes_back_exactly(tokens, text):
    numbers = tokens.encode(text)
    assert numbers.dtype == np.int32
    assert tokens.decode(numbers) == text


@each
def test_special_tokens_are_no_text(tokens):
    numbers = tokens.encode("the <pad>", end="<end>")
    assert numbers[-1] == tokens.number("<end>") == 1
    assert tokens.number("<pad>") == 0
    assert 0 not in numbers
    assert tokens.decode(numbers) == "the <pad>"
    assert tokens.decode([0, 0], specials=True).replace(" ", "") == "<pad><pad>"
    assert tokens.encode("", "<pad>", "<end>").tolist() == [0, 1]
    assert tokens.encode("").tolist() == []
    assert tokens.decode([]) == ""


@each
def test_files_give_the_same_tokeniser(tokens, tmp_path):
    tokens.save(tmp_path / "tokens.json")
    again = load_tokenizer(tmp_path / "tokens.json")
    assert again == tokens
    assert again.vocabulary == tokens.vocabulary
    assert again.encode(TEXT).tolist() == tokens.encode(TEXT).tolist()


@each
def test_any_numbers_can_be_decoded(tokens):
    draw = random.Random(0)
    for _ in range(200):
        numbers = [draw.randrange(len(tokens)) for _ in range(12)]
        assert isinstance(tokens.decode(numbers), str)  # a model writes what it likes


@each
def test_what_is_no_text_or_no_token(tokens):
    with pytest.raises(DataError, match=r"takes a text. Got list; expected a str"):
        tokens.encode(["the"])
    with pytest.raises(DataError, match=f"Got {len(tokens)} at place 1; expected 0 to"):
        tokens.decode([0, len(tokens)])
    with pytest.raises(DataError, match=r"one text. Got float64 of shape \(1,\)"):
        tokens.decode([1.5])
    with pytest.raises(DataError, match=r"tokens.decode\(row\) for row"):
        tokens.decode([[1], [2]])
    with pytest.raises(ArgumentError, match=r"no such special token. Got '<start>'"):
        tokens.encode("a", start="<start>")
    with pytest.raises(DataError, match=r"is trained on texts. Got one is a int"):
        type(tokens).train(["a", 3], 300)


def test_characters_are_numbered_by_code_point():
    tokens = CharacterTokenizer.train(["bb", "a c"], ["<pad>"], byte_fallback=False)
    assert tokens.vocabulary == ["<pad>", " ", "a", "b", "c"]
    assert tokens.encode("cab").tolist() == [4, 2, 3]
    with pytest.raises(DataError, match=r"Got 'é' at place 1; expected one of its 4 characters"):
        tokens.encode("aé")
    with pytest.raises(ArgumentError, match="has each once"):
        CharacterTokenizer("aba")


def test_words_are_the_same_wherever_they_stand():
    tokens = WordTokenizer.train("a rose, is a rose")
    shown = [tokens.vocabulary[i] for i in tokens.encode("rose, rose  a\n")]
    assert shown == ["rose", "<+>", ",", "rose", "<unk>", " ", "<+>",
                     "a", "<+>", "<unk>", "\n"]  # fmt: skip
    assert tokens.words == ["a", "rose", ",", "is"]
    lossy = WordTokenizer.train("a rose", byte_fallback=False)
    assert lossy.decode(lossy.encode("a red rose")) == "a <unk> rose"
    with pytest.raises(ArgumentError, match="a word is letters and digits"):
        WordTokenizer(["two words"])
    with pytest.raises(ArgumentError, match=r"a word comes twice. Got 'a'"):
        WordTokenizer(["b", "a", "a"])


def by_hand(words, merges):
    """Byte pair merges as the paper has them: count all pairs anew after each merge."""
    words = {tuple(word.encode()): n for word, n in words.items()}
    tokens = {i: bytes([i]) for i in range(256)}
    found = []
    for number in range(256, 256 + merges):
        counts = {}
        for word, n in words.items():
            for pair in itertools.pairwise(word):
                counts[pair] = counts.get(pair, 0) + n
        best = min(counts, key=lambda p: (-counts[p], p))
        found.append(best)
        tokens[number] = tokens[best[0]] + tokens[best[1]]
        merged = {}
        for word, n in words.items():
            new, i = [], 0
            while i < len(word):
                if word[i : i + 2] == best:
                    new.append(number)
                    i += 2
                else:
                    new.append(word[i])
                    i += 1
            merged[tuple(new)] = merged.get(tuple(new), 0) + n
        words = merged
    return found


def test_byte_pairs_merge_as_the_paper_says():
    draw = random.Random(1)
    words = {"".join(draw.choices("abc", k=draw.randrange(2, 9))): draw.randrange(1, 9)
             for _ in range(60)}  # fmt: skip
    text = "\n".join(word for word, n in words.items() for _ in range(n))
    # A new line stands between the words, and as a piece of its own it has no pairs.
    assert BytePairTokenizer.train(text, 256 + 30, min_count=1).merges == by_hand(words, 30)


def test_byte_pairs_stop_where_nothing_is_frequent_and_encode_long_words():
    tokens = BytePairTokenizer.train("abcd", 1000)
    assert len(tokens) == 256
    tokens = BytePairTokenizer.train("a" * 64, 300)
    long = "a" * 100_000
    assert tokens.decode(tokens.encode(long)) == long
    with pytest.raises(ArgumentError, match="vocabulary_size"):
        BytePairTokenizer.train("a", 200)
    with pytest.raises(ArgumentError, match=r"pair of earlier tokens. Got \[0, 256\]"):
        BytePairTokenizer([[0, 256]])
    with pytest.raises(ArgumentError, match="a merge comes twice"):
        BytePairTokenizer([[0, 1], [0, 1]])


@pytest.mark.parametrize("specials", ["<pad>", ["a", "a"], ["a", 1], [""]])
def test_special_tokens_are_names(specials):
    with pytest.raises(ArgumentError, match="special token"):
        CharacterTokenizer("ab", specials)


def test_files_that_are_none(tmp_path):
    file = tmp_path / "tokens.json"
    with pytest.raises(MissingDataError):
        load_tokenizer(file)
    good = {"tokenizer": "byte pairs", "merges": [[1, 2]], "specials": []}
    for content in (
        b"", b"\xff", b"[]", b"{}", b"[" * 9999,
        *(json.dumps({**good, **bad}).encode() for bad in (
            {"tokenizer": "other"}, {"tokenizer": []}, {"merges": [[1, 999]]}, {"merges": 3},
            {"merges": [[1.0, 2]]}, {"merges": [[True, 2]]}, {"specials": "x"}, {"more": 1},
        )),
    ):  # fmt: skip
        file.write_bytes(content)
        with pytest.raises(FormatError, match=r"tokens\.json"):
            load_tokenizer(file)


@pytest.mark.parametrize("kind", [CharacterTokenizer, WordTokenizer, BytePairTokenizer])
def test_halves_of_characters_are_no_vocabulary(kind, tmp_path):
    text = "a \ud800 b" * 3
    tokens = kind.train(text, *([300] if kind is BytePairTokenizer else []))
    tokens.save(tmp_path / "tokens.json")
    tokens = load_tokenizer(tmp_path / "tokens.json")
    assert tokens.decode(tokens.encode(text)) == text
