"""Tokenisers from their files."""

from __future__ import annotations

from typing import Any

from neurona.data.text.byte_pairs import BytePairTokenizer
from neurona.data.text.characters import CharacterTokenizer
from neurona.data.text.tokenizer import Tokenizer
from neurona.data.text.words import WordTokenizer
from neurona.errors import ArgumentError, FormatError, check_file
from neurona.strict_json import read_json

_KINDS = {c.kind: c for c in (CharacterTokenizer, WordTokenizer, BytePairTokenizer)}


def load_tokenizer(path: Any) -> Tokenizer:
    """Return the tokeniser that `tokens.save(path)` wrote.

    Raises:
        MissingDataError: if there is no such file.
        FormatError: if it is no tokeniser's.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "tokens.json")
    >>> CharacterTokenizer("ab").save(path)
    >>> load_tokenizer(path)
    CharacterTokenizer(258 tokens)
    """
    file = check_file(path)
    try:
        described = read_json(file.read_bytes(), file.name)
        kind = _KINDS[described.pop("tokenizer")]
        return kind.from_description(described)
    except FormatError:
        raise
    except ArgumentError as error:
        raise _broken(file.name, str(error)) from None
    except (AttributeError, TypeError, KeyError) as error:
        raise _broken(file.name, f"it cannot be read ({type(error).__name__})") from None


def _broken(name: str, why: str) -> FormatError:
    return FormatError(
        f"{name} is no tokeniser's file.", got=why, expected="a file that tokens.save wrote"
    )
