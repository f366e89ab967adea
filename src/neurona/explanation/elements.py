"""How one element of a value was computed: its Expression, found by the kind of the op.

As an engine does, this asks an op for its kind (`core/lowering.py`), never for its name: so it
reads ops that are written tomorrow, and a user's own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.lowering import (
    Attention,
    Contraction,
    Elementwise,
    Indexed,
    Opaque,
    Random,
    Reduction,
    Running,
    Scatter,
    Search,
    View,
)
from neurona.core.shapes import normalize_axes, product
from neurona.explanation.attending import attention
from neurona.explanation.expression import (
    Apply,
    Expression,
    Number,
    Operand,
    Rest,
    apply,
    flat,
    given,
)
from neurona.explanation.linear import linear
from neurona.explanation.nests import products
from neurona.explanation.record import Made, Record, Row, Rows
from neurona.explanation.scalars import Element, Places, Readable, Symbols

Index = tuple[int, ...]


class Reader:
    """Finds the Expressions of elements.

    Args:
        record: the run that is explained.
        shown: the values that have lines of their own: elsewhere they are Operands.
        terms: how many terms of a long sum are written out.

    Attributes:
        because: conditions that decided something in the Expression that was made last.
        factors: of algorithms that are linear, see `linear.py`.
    """

    def __init__(self, record: Record, shown: Callable[[int], bool], terms: int) -> None:
        self.record, self.shown, self.terms = record, shown, terms
        self._read: dict[tuple[int, Index], Expression] = {}
        self._noted: dict[tuple[int, Index], list[Expression]] = {}
        self.because: list[Expression] = []
        self.factors: dict[int, list[np.ndarray] | None] = {}

    def value(self, id: int, index: Index) -> Any:
        """Return the value of an element as a Python number."""
        return self.record.arrays[id][index].item()

    def read(self, id: int, index: Index) -> Expression:
        """Return an element as it appears in the formula of another one."""
        if id in self.record.constants:
            return Number(self.value(id, index))
        if self.record.made[id] is None or self.shown(id):
            return Operand(id, index, self.value(id, index))
        key = id, index
        if key not in self._read:
            around, self.because = self.because, []
            self._read[key] = self._formula(id, index)
            self._noted[key], self.because = self.because, around
        self.because += self._noted[key]
        return self._read[key]

    def formula(self, id: int, index: Index) -> Expression:
        """Return how an element was computed; if it was given, the element itself."""
        self.because = []
        return self._formula(id, index)

    def _formula(self, id: int, index: Index) -> Expression:
        made = self.record.made[id]
        if made is None:
            return Operand(id, index, self.value(id, index))
        if isinstance(made, Row):
            return self.read(made.of, (made.number, *index))
        if isinstance(made, Rows):
            return self.read(made.rows[index[0]], index[1:])
        rule = _RULES.get(type(made.node.op.lower), _named)
        if isinstance(made.node.op.lower, Indexed):
            rule = _indexed
        try:
            found = rule(self, made, id, index)
        except (AttributeError, NotImplementedError, ValueError, OverflowError):
            found = _named(self, made, id, index)
        return found if self._agrees(found, id, index) else _named(self, made, id, index)

    def _agrees(self, found: Expression, id: int, index: Index) -> bool:
        """Say whether a formula gives what the computation gave; if not, it is not shown."""
        value, true = found.value, self.value(id, index)
        if value == true or (value != value and true != true):
            return True
        if self.record.arrays[id].dtype.kind != "f":
            return False
        wide = self.record.arrays[id].dtype.itemsize == 8
        return math.isclose(
            value,
            true,
            rel_tol=1e-7 if wide else 1e-3,
            abs_tol=_size(found) * (1e-9 if wide else 1e-4),
        )

    def total(
        self, values: np.ndarray, term: Callable[[int], Expression], whole: Any
    ) -> Expression:
        """Return a sum: all its terms, or the largest ones and the rest.

        Args:
            values: what each term is.
            term: gives the Expression of one, by its number.
            whole: what they add up to.
        """
        count = len(values)
        if count <= self.terms:
            return apply("add", *map(term, range(count))) if count else Number(0.0)
        largest = np.argsort(-np.abs(values), kind="stable")[: max(self.terms - 1, 1)]
        kept = sorted(int(i) for i in largest if values[i]) or [0]
        shown = [term(i) for i in kept]
        rest = Rest(count - len(kept), float(np.delete(values, kept).sum(dtype=float)))
        return Apply("add", flat([*shown, rest]), float(whole))


def _size(x: Expression) -> float:
    """Return the size of the largest number that an Expression is made of."""
    own = abs(float(x.value)) if isinstance(x.value, int | float) else 0.0
    own = own if math.isfinite(own) else 0.0
    return max([own, *map(_size, x.arguments)]) if isinstance(x, Apply) else own


def broadcast(index: Index, shape: tuple[int, ...]) -> Index:
    """Return where an element of a broadcast result comes from in an input of this shape."""
    behind = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(behind, shape, strict=True))


def _elementwise(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    arrays = [reader.record.arrays[v] for v in made.inputs]
    read = [
        reader.read(v, broadcast(index, a.shape)) for v, a in zip(made.inputs, arrays, strict=True)
    ]
    symbols = Symbols()
    found = made.node.op.lower.scalar(symbols, *read, **made.node.attributes)  # type: ignore
    reader.because += symbols.because
    return found


def _contraction(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    record = reader.record
    x, w = (record.arrays[v] for v in made.inputs)
    shapes = (x.shape, w.shape, record.arrays[id].shape)
    nest = made.node.op.lower.nest(*shapes, **made.node.attributes)  # type: ignore[union-attr]
    xs, ws = products(nest, index, x.shape, w.shape)
    values = x[tuple(xs.T)] * w[tuple(ws.T)]

    def term(i: int) -> Expression:
        left = reader.read(made.inputs[0], tuple(map(int, xs[i])))
        return apply("mul", left, reader.read(made.inputs[1], tuple(map(int, ws[i]))))

    return reader.total(values, term, reader.value(id, index))


def _folded(lower: Reduction | Running) -> str:
    """Return the function that a reduction folds with."""
    a, b = Operand(-1, (), 2), Operand(-2, (), 3)
    found = lower.combine(Symbols(), a, b)
    if isinstance(found, Apply) and set(found.arguments) == {a, b}:
        return found.fn
    raise NotImplementedError


def _places(x: np.ndarray, index: Index, axis: Any, keepdims: bool) -> list[Index]:
    """Return the elements that a reduction folds to the one at an index."""
    axes = range(x.ndim) if axis is None else normalize_axes(axis, x.ndim, "reduction")
    kept = iter(index)
    ranges = []
    for a in range(x.ndim):
        if a in axes:
            ranges.append(range(x.shape[a]))
            if keepdims:
                next(kept)
        else:
            i = next(kept)
            ranges.append(range(i, i + 1))
    grid = np.stack(np.meshgrid(*ranges, indexing="ij"), -1).reshape(-1, x.ndim)
    return [tuple(map(int, row)) for row in grid]


def _fold(reader: Reader, fn: str, source: int, places: list[Index], whole: Any) -> Expression:
    def term(i: int) -> Expression:
        return reader.read(source, places[i])

    if fn == "add":
        x = reader.record.arrays[source]
        values = np.asarray([x[p] for p in places], float)
        return reader.total(values, term, whole)
    if fn in ("max", "min"):
        if len(places) <= reader.terms:
            return apply(fn, *[term(i) for i in range(len(places))])
        values = np.asarray([reader.value(source, p) for p in places], float)
        order = np.argsort(-values if fn == "max" else values, kind="stable")
        kept = sorted(map(int, order[: reader.terms - 1]))
        rest = Rest(len(places) - len(kept), float(values[order[len(kept)]]))
        return Apply(fn, (*map(term, kept), rest), whole)
    if len(places) > reader.terms:
        raise NotImplementedError
    return functools.reduce(lambda x, y: apply(fn, x, y), map(term, range(len(places))))


def _reduction(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    lower, x = made.node.op.lower, reader.record.arrays[made.inputs[0]]
    given = made.node.attributes
    places = _places(x, index, given["axis"], given["keepdims"])
    fn = _folded(lower)  # type: ignore[arg-type]
    return _fold(reader, fn, made.inputs[0], places, reader.value(id, index))


def _running(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    attributes, x = made.node.attributes, reader.record.arrays[made.inputs[0]]
    axis = attributes.get("axis", -1) % x.ndim
    steps = (
        range(index[axis], x.shape[axis]) if attributes.get("reverse") else range(index[axis] + 1)
    )
    places = [(*index[:axis], k, *index[axis + 1 :]) for k in steps]
    fn = _folded(made.node.op.lower)  # type: ignore[arg-type]
    return _fold(reader, fn, made.inputs[0], places, reader.value(id, index))


def _search(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    lower, x = made.node.op.lower, reader.record.arrays[made.inputs[0]]
    given = made.node.attributes
    places = _places(x, index, given["axis"], given["keepdims"])
    first = lower.leads(Symbols(), Number(2), Number(1)).value  # type: ignore[union-attr]
    if len(places) > reader.terms:
        raise NotImplementedError
    found = [reader.read(made.inputs[0], p) for p in places]
    return apply("argmax" if first else "argmin", *found)


def _view(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    source = made.inputs[0]
    x, y = reader.record.arrays[source].shape, reader.record.arrays[id].shape
    steps = tuple(product(x[a + 1 :]) for a in range(len(x)))
    found = made.node.op.lower.strides(x, steps, y, **made.node.attributes)  # type: ignore
    if found is None:
        raise NotImplementedError
    strides, first = found
    place = first + sum(i * s for i, s in zip(index, strides, strict=True))
    return reader.read(source, tuple(int(i) for i in np.unravel_index(place, x)) if x else ())


def _indexed(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    symbols = Symbols()
    inputs = [
        Element(
            reader.record.arrays[v].shape,
            reader.record.arrays[v].dtype,
            functools.partial(reader.read, v),
        )
        for v in made.inputs
    ]
    at = tuple(map(Number, index))
    found = made.node.op.lower.element(symbols, at, *inputs, **made.node.attributes)  # type: ignore
    return _finite_maximum(found)


def _finite_maximum(x: Expression) -> Expression:
    """Return a maximum, made of pairs, as one of all that is finite."""
    if not (isinstance(x, Apply) and x.fn == "max"):
        return x
    found: list[Expression] = []

    def collect(y: Expression) -> None:
        if isinstance(y, Apply) and y.fn == "max":
            for argument in y.arguments:
                collect(argument)
        elif not (isinstance(y, Number) and y.value == -math.inf):
            found.append(y)

    collect(x)
    return apply("max", *found)


def _scatter(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    lower, updates = made.node.op.lower, made.inputs[-1]
    shape = reader.record.arrays[updates].shape
    inputs = [Readable(reader.record.arrays[v]) for v in made.inputs]
    grid = [np.asarray(i, np.int64) for i in np.indices(shape)]
    places = lower.place(Places(), tuple(grid), *inputs, **made.node.attributes)  # type: ignore
    here = np.ones(shape, bool)
    for k, i in zip(places, index, strict=True):
        here &= np.broadcast_to(k, shape) == i
    found = [tuple(map(int, row)) for row in np.argwhere(here)]
    start = reader.read(made.inputs[0], index)
    if not found:
        return start
    if lower.replaces:  # type: ignore[union-attr]
        return reader.read(updates, found[-1])
    array = reader.record.arrays[updates]
    values = np.asarray([array[p] for p in found], float)
    added = reader.total(values, lambda i: reader.read(updates, found[i]), float(values.sum()))
    return apply("add", start, added)


def _random(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    return Operand(id, index, reader.value(id, index))


def _named(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    """What is not taken apart: the op's name, and what it read if that is little."""
    for v in made.inputs:  # an op that hands an input on, as one with a gradient of its own
        if reader.record.arrays[v] is reader.record.arrays[id]:
            return reader.read(v, index)
    arguments: list[Expression] = []
    for v in made.inputs:
        x = reader.record.arrays[v]
        if x.size <= 4 and v not in reader.record.constants:
            arguments += [reader.read(v, tuple(map(int, i))) for i in np.ndindex(*x.shape)]
    return given(made.node.op.name, tuple(arguments), reader.value(id, index))


_RULES: dict[type, Callable[[Reader, Made, int, Index], Expression]] = {
    Elementwise: _elementwise, Contraction: _contraction, Reduction: _reduction,
    Attention: attention, Opaque: linear,
    Running: _running, Search: _search, View: _view, Scatter: _scatter, Random: _random,
}  # fmt: skip
