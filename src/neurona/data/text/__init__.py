"""Text as numbers: tokenisers by characters, by words and by byte pairs."""

from neurona.data.text.byte_pairs import BytePairTokenizer
from neurona.data.text.characters import CharacterTokenizer
from neurona.data.text.load import load_tokenizer
from neurona.data.text.tokenizer import Tokenizer
from neurona.data.text.words import WordTokenizer

__all__ = [
    "BytePairTokenizer",
    "CharacterTokenizer",
    "Tokenizer",
    "WordTokenizer",
    "load_tokenizer",
]
