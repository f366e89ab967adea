"""The words of a vocabulary: which ones training shows, and which ones are unknown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.data.inputs import Lookup, leading_zeros, lookups
from neurona.doctor.finding import INFO, WARNING, Finding, Rule
from neurona.doctor.scan import EXACT
from neurona.nn.encoding.lookup import Lookup as Encoding

UNUSED = Rule(
    "GD705",
    "words that are never trained",
    "warning",
    "The vector of a word that training never shows stays as it was drawn, and all unknown words "
    "share one: where they come, the network is told nothing.",
    because=("GD105",),
    accepted=("one tokenizer for all parts of the data", "adapt it to the training texts"),
    source="SageMaker Debugger",
)
NEW, FEW = 0.3, 0.05  # share of the words of the validation: an alarm, a fact
UNKNOWN = 0.5  # share of words that share one vector: an alarm
IDLE = 0.5  # share of a vocabulary, which costs memory only
STANDS, FILLED = 0.85, 0.3  # share of words with one number; of places that one fills at an end
FIRST = 4  # numbers that tokenizers have for what is no word: padding, unknown, begin, end
LEAST = 200  # words, to judge by


def vocabulary(case: Case) -> Iterator[Finding]:
    """Count the ids of training, those of the validation among them, and those of no word."""
    for name, lookup in {lookup.part.name: lookup for lookup in lookups(case)}.items():
        ids = lookup.part.values
        if not lookup.part.numeric:
            yield from _unknown(case, lookup)
        elif case.whole and LEAST <= ids.size <= EXACT and ids.min() >= 0:
            yield from _compared(case, lookup, name)


def _compared(case: Case, lookup: Lookup, name: str) -> Iterator[Finding]:
    known = np.zeros(lookup.size, bool)
    ids = lookup.part.values.astype(np.int64).ravel()
    known[ids[ids < lookup.size]] = True
    place = [part.name for part in case.x_parts].index(name)
    held = case.validation_parts[0] if case.held else []
    words = held[place].values.ravel() if len(held) == len(case.x_parts) else ids[:0]
    words = words.astype(np.int64) if words.dtype.kind in "biuf" else ids[:0]
    words = words[(words > 0) & (words < lookup.size)]  # 0 is padding, or one of many
    new = float((~known[words]).mean()) if words.size >= LEAST else 0.0
    if new > FEW:
        yield UNUSED.found(
            f"{new:.0%} of the words of the validation never come in training",
            where=held[place].name,
            evidence={"share": new, "words": int(words.size), "known": int(known.sum())},
            threshold=f"at most {NEW:.0%}",
            fix="# number the words of all parts of the data by the same vocabulary",
            severity=WARNING if new > NEW else INFO,
        )
    idle = 1 - float(known.mean())
    word, share = _most_frequent(lookup.part.values)
    last = bool(known[1 : word + 1].all() and not known[word + 1 :].any())  # behind the known ones
    special = word < FIRST or word == lookup.size - 1 or last
    if idle > IDLE and share > STANDS and special:
        yield UNUSED.found(
            f"{share:.0%} of the words are the number {word}, and {idle:.0%} of the "
            f"{lookup.size:,} rows of the table never come: does it stand for unknown words?",
            where=lookup.part.name,
            evidence={"share": share, "word": word, "vocabulary": lookup.size},
            threshold=f"at most {STANDS:.0%}",
            fix="# make the vocabulary of the texts of training, with more words",
        )
    elif idle > IDLE:
        yield UNUSED.found(
            f"{idle:.0%} of the {lookup.size:,} rows of the table belong to words that never come",
            where=case.forward.place(lookup.node),
            evidence={"share": idle, "vocabulary": lookup.size, "known": int(known.sum())},
            threshold=f"at most {IDLE:.0%}",
            fix=f"Embedding({int(ids.max()) + 1}, ...)" if ids.max() < lookup.size / 2 else "",
            severity=INFO,
        )


def _most_frequent(ids: np.ndarray) -> tuple[int, float]:
    """Return the number that most words have, and its share; what rows are filled with is none."""
    words = ids[ids != 0].astype(np.int64)
    if ids.ndim != 2 or words.size < LEAST:
        return 0, 0.0
    word = int(np.bincount(words).argmax())
    other = ids != word
    behind = float(leading_zeros(other[:, ::-1]).mean())
    before = float(leading_zeros(other).mean())
    if (ids[:, [0, -1]] != 0).all() and max(behind, before) > FILLED > 3 * min(behind, before):
        return word, 0.0
    return word, float((words == word).mean())


def _unknown(case: Case, lookup: Lookup) -> Iterator[Finding]:
    """Look at the ids that the layers of text before the network give."""
    table = next(_tables(case), None)
    place = [part.name for part in case.x_parts].index(lookup.part.name)
    ids = case.forward.arrays[place].ravel()
    if table is None or ids.size < LEAST:
        return
    first = table._first_unknown
    words = ids[ids >= first]  # else they are padding
    share = float((words < first + table.num_oov_indices).mean()) if words.size else 0.0
    if share > FEW:
        yield UNUSED.found(
            f"{share:.0%} of the words are not in the vocabulary of {table.vocabulary_size():,}",
            where=lookup.part.name,
            evidence={"share": share, "words": int(words.size)},
            threshold=f"at most {UNKNOWN:.0%}",
            fix=f"{table.name}.adapt(texts)  # those of training, with more max_tokens",
            severity=WARNING if share > UNKNOWN else INFO,
        )


def _tables(case: Case) -> Iterator[Encoding]:
    front = getattr(case.examined_network._network, "front", None)
    for call in front.calls if front is not None else ():
        if isinstance(call.layer, Encoding):
            yield call.layer


CHECKS = {vocabulary: (UNUSED,)}
