"""The forms that textbooks write: softmax, cross-entropy, and their joint gradient p - y.

What runs computes them so that no number overflows, by the same algebra: e^(z - max z) for e^z, and
the gradient from z. A form of the textbook stands in its place only where it gives the number that
the computation gave, so that it can be no other formula.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.explanation.elements import Index, Reader
from neurona.explanation.expression import Apply, Expression, Number, Operand, apply
from neurona.explanation.tracing import Traced
from neurona.explanation.values import Values


class Textbook:
    """Finds the textbook's form of an element, if there is one.

    Args:
        traced: the step.
        values: its names.
        reader: reads the elements that a form is made of.
    """

    def __init__(self, traced: Traced, values: Values, reader: Reader) -> None:
        self.values, self.reader, self.record = values, reader, traced.record
        self.target = traced.inputs.get("y")
        self.softmax = {p: (z, axis) for p, (z, axis) in traced.scores.items() if axis is not None}
        # logits, as the value that has a name -> probabilities
        self.pairs = {
            values.source(z): p for p, (z, _) in traced.scores.items() if p in values.names
        }
        self.slopes = {
            g: values.source(x) for x, g in traced.gradients if values.source(x) in self.pairs
        }
        self.axes = {p: axis for p, (_, axis) in traced.scores.items()}

    def form(self, id: int, index: Index) -> Expression | None:
        """Return the textbook's form of an element, None if there is none that is right."""
        true = self.reader.value(id, index)
        for found in self._candidates(id, index):
            wide = self.record.arrays[id].dtype.itemsize == 8
            if math.isclose(
                found.value, true, rel_tol=1e-9 if wide else 2e-4, abs_tol=1e-12 if wide else 1e-6
            ):
                return found
        return None

    def _candidates(self, id: int, index: Index) -> Iterator[Expression]:
        if id in self.softmax:
            yield from self._softmax(id, index)
        if id in self.slopes:
            yield from self._slopes(self.slopes[id], index)
        name = self.values.names.get(id)
        if self.target is not None and name is not None and not name.before and not name.after:
            yield from self._losses(id, index)

    def _softmax(self, id: int, index: Index) -> Iterator[Expression]:
        z, axis = self.softmax[id]
        array = self.record.arrays[z]
        if array.shape != self.record.arrays[id].shape or isinstance(axis, tuple):
            return
        axis %= array.ndim
        places = [(*index[:axis], k, *index[axis + 1 :]) for k in range(array.shape[axis])]
        powers = np.exp(np.asarray([float(array[p]) for p in places]))
        if not np.isfinite(powers).all() or len(places) < 2:
            return

        def term(k: int) -> Expression:
            return apply("exp", self.reader.read(z, places[k]))

        total = self.reader.total(powers, term, float(powers.sum()))
        yield apply("div", apply("exp", self.reader.read(z, index)), total)

    def _slopes(self, z: int, index: Index) -> Iterator[Expression]:
        p, target = self.pairs[z], self._target(self.pairs[z], index)
        if target is None or self.record.arrays[p].shape != self.record.arrays[z].shape:
            return
        value = self.reader.value(p, index)
        read = Operand(p, index, value)
        difference = Apply("sub", (read, target), value - target.value)
        shape = self.record.arrays[p].shape
        counts = {1, shape[0], math.prod(shape), math.prod(shape[:-1])}
        for count in sorted(counts):
            yield apply("div", difference, Number(float(count)))

    def _target(self, p: int, index: Index) -> Expression | None:
        """Return the target of one probability: of classes by number, 1 for the right one."""
        if self.target is None:
            return None
        y, shape = self.record.arrays[self.target], self.record.arrays[p].shape
        if y.shape == shape:
            return Operand(self.target, index, self.reader.value(self.target, index))
        if y.shape in (shape[:-1], (*shape[:-1], 1)) and y.dtype.kind in "iuf":
            place = index[: y.ndim] if y.ndim < len(shape) else (*index[:-1], 0)
            if self.axes.get(p) is None:
                if math.prod(y.shape) == math.prod(shape):
                    return Operand(self.target, place, self.reader.value(self.target, place))
                return None
            return Number(1.0 if int(y[place]) == index[-1] else 0.0)
        return None

    def _losses(self, id: int, index: Index) -> Iterator[Expression]:
        """Yield -ln p of the right class, and -y ln p - (1 - y) ln(1 - p), for one sample."""
        assert self.target is not None
        if id in self.pairs.values() or id in self.pairs:
            return
        y = self.record.arrays[self.target]
        for p in self.pairs.values():
            array = self.record.arrays[p]
            rows = math.prod(array.shape[:-1])
            if rows == 1:
                row: Any = (0,) * (array.ndim - 1)
            elif self.record.arrays[id].shape in (array.shape[:-1], (*array.shape[:-1], 1)):
                row = index[: array.ndim - 1]
            else:
                continue
            if array.shape[-1] > 64:
                continue
            places = [(*row, k) for k in range(array.shape[-1])]
            read = [Operand(p, at, self.reader.value(p, at)) for at in places]
            targets = [self._target(p, at) for at in places]
            if any(t is None for t in targets) or y.dtype.kind not in "iufb":
                continue
            pairs = [(t, q) for t, q in zip(targets, read, strict=True) if t is not None]
            if self.axes.get(p) is not None:
                terms = [apply("mul", t, apply("log", q)) for t, q in pairs if t.value]
                yield apply("neg", apply("add", *terms)) if terms else Number(0.0)
            else:
                one = Number(1.0)
                each = [
                    apply(
                        "sub",
                        apply("neg", apply("mul", t, apply("log", q))),
                        apply("mul", apply("sub", one, t), apply("log", apply("sub", one, q))),
                    )
                    for t, q in pairs
                    if 0 < q.value < 1
                ]
                if len(each) == len(pairs):
                    yield apply("div", apply("add", *each), Number(float(len(each))))
