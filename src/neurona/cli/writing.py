"""What a language model writes on: `neurona predict MODEL --prompt "To be"`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurona.errors import ArgumentError, DataError

TOKENS = "tokens.json"  # beside the model, as recipes leave it
END = "<end>"  # the special token before and behind a text, if the tokeniser has one


def writes(model: Any) -> bool:
    """Whether a model is a language model: it scores the next token, and writes on with that.

    Others generate too: an autoencoder makes images.
    """
    return all(callable(getattr(model, name, None)) for name in ("generate", "next"))


def written(
    model: Any, path: Path, prompt: str, length: int, temperature: float, seed: int | None
) -> str:
    """Return a prompt and the tokens that a model adds.

    Args:
        model: of the file at `path`, beside which its tokeniser is.
        prompt: how the text begins; it may be empty.
        length: how many tokens are added.
        temperature, seed: of the draws, as in `zoo.generate`.
    Raises:
        DataError: the model does not write, or knows no such character.
        ArgumentError: there is no tokeniser, or an argument is out of range.
    """
    from neurona.data import load_tokenizer

    if not writes(model):
        raise DataError(
            "this model does not write.",
            got=type(model).__name__,
            expected="a language model, such as that of `neurona train shakespeare`",
            hint="give it files instead of a --prompt",
        )
    beside = path.with_name(TOKENS)
    if not beside.is_file():
        raise ArgumentError(
            f"there is no tokeniser {beside}.",
            hint="neurona train shakespeare leaves one beside its model; in Python: "
            "tokens.save(path)",
        )
    tokens = load_tokenizer(beside)
    around = END if END in tokens.specials else None
    numbers = tokens.encode(prompt, start=around)
    if not len(numbers):
        numbers = tokens.encode("\n")
    end = tokens.number(END) if around else None
    return tokens.decode(model.generate(numbers, length, temperature, seed=seed, end=end))
