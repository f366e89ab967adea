"""What the model can take: numbers, of its shape, ids within its vocabulary; and padding."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from neurona.core.graph import Node
from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.finding import INFO, Finding, Rule
from neurona.doctor.forward import Forward
from neurona.doctor.parts import Part
from neurona.doctor.scan import sample
from neurona.doctor.written import diff
from neurona.errors import DataError, NeuronaError
from neurona.nn.layer import Layer
from neurona.train.before import with_front

UNUSABLE = Rule(
    "GD105",
    "data that the model cannot take",
    "error",
    "A network computes with numbers of the shape that it was built for; an id is the number of a "
    "row in a table, and must have one.",
    source="UMLAUT, CHI 2021",
)
SEEN = 100_000  # objects that are looked at for text


def unusable(case: Case) -> Iterator[Finding]:
    """Look for text, shapes and ids that the model has no use for."""
    try:
        texts = [part for part in (*case.x_parts, *case.y_parts) if not part.numeric]
    except DataError as error:  # rows of different lengths
        yield UNUSABLE.found(error.rule.rstrip("."), evidence={}, fix=error.hint)
        return
    takes_text = bool(texts) and _takes_text(case)
    for part in texts:
        if part.name.startswith("y") or not takes_text:
            yield _text(part)
    if texts and not takes_text:
        return
    try:
        found = list(lookups(case))
    except NeuronaError as error:
        if case.model.overrides("train_step"):
            raise  # such a model need not be called on x
        yield UNUSABLE.found(
            f"x does not go through the model: {error.rule.rstrip('.')}",
            where="; ".join(error.places) or "x",
            evidence={"got": error.got, "shapes": [list(a.shape) for a in case.inputs]},
            threshold=error.expected,
            fix=error.hint,
        )
        return
    for lookup in found:
        yield from _ids(case, lookup)


def _takes_text(case: Case) -> bool:
    """Say whether the first layers look up what x has; a model not built yet is made for it."""
    try:
        return with_front(case.examined_network, case.x) is not None
    except NeuronaError:  # it takes no text
        return False


def _text(part: Part) -> Finding:
    if not part.values.ndim:
        return UNUSABLE.found(
            f"{part.name} is a single value, and there is one for each sample",
            where=part.name,
            evidence={"value": repr(part.values.item())[:40]},
            threshold="an array",
            fix=f"print(type({part.name}))  # look at where it is made",
        )
    values = part.values.ravel()[:SEEN]
    first = next((i for i, v in enumerate(values) if not isinstance(v, int | float)), 0)
    index = np.unravel_index(first, part.values.shape)
    columns: list[str] = []
    if part.values.ndim == 2:
        row = part.values[index[0]]
        columns = [part.column(j) for j, v in enumerate(row) if isinstance(v, str | bytes)]
    place = f", {part.column(int(index[1]))}," if part.values.ndim == 2 else ""
    shown = repr(part.values[index])[:40] if part.values.size else "nothing"
    fix = f"+ names, {part.name[0]} = np.unique({part.name[0]}, return_inverse=True)"
    if part.values.ndim == 2:
        name = part.columns[int(index[1])] if part.columns else "city"
        fix = f"+ frame = pandas.get_dummies(frame, columns=[{name!r}], dtype='float32')"
    return UNUSABLE.found(
        f"row {index[0]} of {part.name}{place} is {shown}, no number",
        where=part.name,
        evidence={"type": str(part.values.dtype), "columns": columns[:10]},
        threshold="numbers",
        fix=fix,
    )


# --- ids of embeddings -------------------------------------------------------------------------


class Lookup(NamedTuple):
    """Rows of a table that a part of x numbers.

    Attributes:
        part: the ids, as they were given.
        node: of the lookup.
        size: of the vocabulary.
    """

    part: Part
    node: Node
    size: int


def lookups(case: Case) -> Iterator[Lookup]:
    """Yield the lookups whose ids are a part of x as it is, in any order of its axes."""
    forward = case.forward
    if len(case.x_parts) != len(forward.inputs):
        return
    for node, index, table in forward.first_lookups:
        size = forward.graph.specs[table].shape[0]
        read = [k for k, v in enumerate(forward.inputs) if v in forward.graph.needed([index])]
        if len(read) != 1:
            continue
        given, used = forward.arrays[read[0]], forward.evaluate([index])[0]
        if _cast_by_table(case, forward.inputs[read[0]]):
            given = np.trunc(given)  # which an Embedding refuses, and a cast by hand may mean
        inside = np.sort(given[(given >= 0) & (given < size) & (given % 1 == 0)])
        if given.size == used.size and np.array_equal(inside, np.sort(used[used < size])):
            yield Lookup(case.x_parts[read[0]], node, size)


TABLES = ("Embedding", "Model", "Sequential")  # the last ones: an Input of whole numbers


def _cast_by_table(case: Case, value: int) -> bool:
    """Say whether floats become whole numbers on the way to a table, and not by the user's code."""
    readers = case.forward.readers.get(value, ())
    return any(n.op.name == "cast" and n.origins and n.origins[0].kind in TABLES for n in readers)


def ids_of(case: Case) -> set[str]:
    """Return the names of the parts that number rows of a table: they are no quantities."""
    try:
        return {lookup.part.name for lookup in lookups(case)}
    except NeuronaError:  # that the model cannot take x is told elsewhere
        return set()


def _ids(case: Case, lookup: Lookup) -> Iterator[Finding]:
    ids, size = lookup.part.values, lookup.size
    with np.errstate(invalid="ignore"):
        wrong = ~((ids >= 0) & (ids < size))
        if ids.dtype.kind == "f":
            wrong |= ids % 1 != 0
            wrong &= np.isfinite(ids)
    if not wrong.any():
        return
    first = np.argwhere(wrong)[0].tolist()
    value = ids[tuple(first)].item()
    fraction = value % 1 != 0
    high, low = int(np.nanmax(ids)), int(np.nanmin(ids))
    if fraction:
        said = f"an Embedding takes whole numbers, and row {first[0]} of {lookup.part.name} has "
        fix = "- Embedding(...)\n+ Dense(...)  # for quantities; ids are whole numbers"
    else:
        said = f"ids run from {low} to {high}, and the vocabulary has 0 to {size - 1}: row "
        said += f"{first[0]} of {lookup.part.name} has "
        fix = _of_table(case, lookup, input_dim=high + 1)
        if low < 0:
            fix = f"- model.fit(x, y)\n+ model.fit(x + {-low}, y)  # and input_dim {high - low + 1}"
    yield UNUSABLE.found(
        f"{said}{value:g}",
        where=case.forward.place(lookup.node),
        evidence={"lowest": low, "highest": high, "vocabulary": size, "wrong": int(wrong.sum())},
        threshold=f"whole numbers from 0 to {size - 1}",
        fix=fix,
    )


def _of_table(case: Case, lookup: Lookup, **changes: Any) -> str:
    """Return the code of the Embedding that a lookup is of, with some arguments changed."""
    layer = next((v for v in case.layers if _is_table(v, lookup.size)), None)
    if layer is not None:
        return diff(layer, **changes)
    size = changes.get("input_dim", lookup.size)
    return f"+ a table of {size} rows{', and a mask' if 'mask_zero' in changes else ''}"


def _is_table(layer: Layer, size: int) -> bool:
    return type(layer).__name__ == "Embedding" and layer.arguments.get("input_dim") == size


# --- padding -----------------------------------------------------------------------------------

PADDING = Rule(
    "GD114",
    "padding that counts",
    "warning",
    "Nothing tells the network that padded steps are none: it learns to predict padding, or ends "
    "each sequence with a long look at zeros.",
    auto="race",
    accepted=("pad in front: pad_sequences(x, padding='pre')", "sample_weight of 0 where padded"),
    source="SageMaker Debugger",
)
WORD = dataclasses.replace(
    PADDING,
    title="a word that counts as padding",
    why="The mask leaves out whatever has the number 0, so no layer ever sees that word, nor that "
    "there is one.",
    auto="never",
    accepted=("mask_zero=False, where there is no padding",),
)
SHARE, HALF = 0.2, 0.5
ROWS, ALONE = 0.1, 1.5  # rows with a 0 amid their words; steps of such zeros in a row, on average
OFTEN = 0.25  # of the steps amid words: so many zeros are no end of a row
MOST = 0.9  # so many zeros in a mean leave a tenth of what the words say
AVERAGED = ("GlobalAveragePooling1D", "GlobalAvgPool1D")
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")


def _ends_in_padding(layer: Any) -> bool:
    """Whether a layer gives its last state alone; a mean or a maximum still knows the words."""
    kind = type(layer).__name__
    each = getattr(layer, "return_sequences", False)
    return kind in RECURRENT and (not each or kind == "SimpleRNN")


def padding(case: Case) -> Iterator[Finding]:
    """Look for sequences that end with zeros, where no mask says so."""
    if case.sample_weight is not None or case.custom:
        return
    told = {lookup.part.name: lookup for lookup in lookups(case)}  # both ways of a Bidirectional
    for lookup in told.values():
        rows = sample(lookup.part.values)
        if rows.ndim != 2 or rows.shape[1] == 1:
            continue
        if is_masked(case):
            yield from _word_of_zero(case, lookup, rows)
            continue
        if _is_word(rows):
            continue
        ends = float(leading_zeros(rows[:, ::-1]).mean())
        steps = [e for e in case.ends if e.values.shape[:2] == lookup.part.values.shape]
        each = any(getattr(e.loss, "ignore_class", None) is None for e in steps)
        recurrent = not steps and any(map(_ends_in_padding, case.layers))
        both = ends + float(leading_zeros(rows).mean())
        averaged = not steps and (
            any(type(v).__name__ in AVERAGED for v in case.layers)
            or _is_averaged(case.forward, lookup)
        )
        drowned = averaged and both > MOST
        share = both if each or drowned else ends
        if ((each or recurrent) and share > SHARE) or drowned:
            what = "of what it learns to predict" if each else "of the steps, at the end of rows,"
            what = "of what a mean is taken of" if drowned else what
            yield PADDING.found(
                f"{share:.0%} {what} is padding, and no mask tells",
                where=case.forward.place(lookup.node),
                evidence={"share": share, "steps": rows.shape[1]},
                threshold=f"at most {SHARE:.0%}, or a mask",
                fix=fixes.Mask(_of_table(case, lookup, mask_zero=True)),
            )
        elif both > HALF:
            yield PADDING.found(
                f"{both:.0%} of the steps are padding",
                where=lookup.part.name,
                evidence={"share": both, "steps": rows.shape[1]},
                severity=INFO,
            )


def _word_of_zero(case: Case, lookup: Lookup, rows: np.ndarray) -> Iterator[Finding]:
    """Look for zeros that stand alone amid words, as words do; padding comes in rows."""
    if not any(getattr(layer, "mask_zero", False) for layer in case.layers):
        return  # a mask by hand may hide what it likes
    amid = (rows == 0) & ~leading_zeros(rows) & ~leading_zeros(rows[:, ::-1])[:, ::-1]
    begun = int((amid[:, 1:] & ~amid[:, :-1]).sum())
    share = float(amid.any(axis=1).mean())
    if share < ROWS or amid.sum() > ALONE * begun:
        return
    yield WORD.found(
        f"{share:.0%} of the rows have a 0 amid their words, and the mask leaves it out",
        where=case.forward.place(lookup.node),
        evidence={"share": share, "zeros": int(amid.sum())},
        threshold=f"at most {ROWS:.0%}, or several in a row",
        fix=f"- model.fit(x, y)\n+ model.fit(x + 1, y)  # words from 1 on, and input_dim "
        f"{lookup.size + 1}",
    )


def _is_averaged(forward: Forward, lookup: Lookup) -> bool:
    """Say whether all that is known of x is a mean over the steps of a row, each as much as others.

    It is a sum over them that is divided by a constant.
    """
    specs, constants = forward.graph.specs, forward.graph.constants
    steps = lookup.part.values.shape[1]
    for node in forward.graph.nodes:
        shape = specs[node.inputs[0]].shape if node.inputs else ()
        if node.op.name not in ("sum", "mean") or len(shape) != 3 or shape[1] != steps:
            continue
        maker = forward.maker.get(node.inputs[0])
        weighted = maker is not None and maker.op.name == "mul"
        behind = forward.readers.get(node.outputs[0], ())
        mean = node.op.name == "mean" or all(
            n.op.name == "div" and n.inputs[1] in constants for n in behind
        )
        over_steps = node.attributes["axis"] in (1, -2, (1,), (-2,))
        if over_steps and mean and not weighted and forward.all_through(node.outputs[0]):
            return True
    return False


def _is_word(rows: np.ndarray) -> bool:
    """Say whether 0 is a word like others: it stands amid them often, and so it ends rows, too."""
    inside = ~leading_zeros(rows) & ~leading_zeros(rows[:, ::-1])[:, ::-1]
    return bool(inside.any() and (rows[inside] == 0).mean() > OFTEN)


def leading_zeros(rows: np.ndarray) -> np.ndarray:
    """Return which places of rows have nothing but zeros before and in them."""
    return np.cumsum(rows != 0, axis=1) == 0


def is_masked(case: Case) -> bool:
    """Say whether ids are compared with 0 in the model, by a mask or by hand."""
    if any(getattr(layer, "mask_zero", False) for layer in case.layers):
        return True
    constants = case.forward.graph.constants
    zeros = {v for v, a in constants.items() if a.size == 1 and not a.any()}
    compared = (n for n in case.forward.graph.nodes if n.op.name in ("ne", "eq"))
    of_ids = case.forward.of_data
    return any(
        a in of_ids and b in zeros and case.forward.graph.specs[a].dtype.kind in "iu"
        for node in compared
        for a, b in itertools.permutations(node.inputs[:2])
    )


CHECKS = {unusable: (UNUSABLE,), padding: (PADDING, WORD)}
