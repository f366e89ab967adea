"""Attention of long sequences, and its gradient: the scores of a row are made again.

    p[t, s] = e^(scale q[t]·k[s] - c[t]), y[t] = sum over s of p[t, s] v[s]

and backward, with g the gradient of y and d[t] what g[t]·y[t] adds up to,

    dv[s] = sum over t of p[t, s] g[t], ds[t, s] = scale p[t, s] (g[t]·v[s] - d[t]),
    dq[t] = sum over s of ds[t, s] k[s], dk[s] = sum over t of ds[t, s] q[t]

as `core/lowering.py` says. Where dropout acts, a weight p is 0 or grows by 1 / (1 - rate).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.explanation.expression import Expression, Number, apply
from neurona.explanation.record import Made
from neurona.ops.draw import random_unit

if TYPE_CHECKING:
    from neurona.explanation.elements import Index, Reader


def attention(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    """Return an element of what attention of long sequences returns, or of its gradient."""
    head = _Head(reader, made, id, index)
    output = made.outputs.index(id)
    if made.node.op.lower.gradient:  # type: ignore[union-attr]
        return (head.slope_of_query, head.slope_of_key, head.slope_of_value)[output]()
    return head.logarithm() if output else head.mix()


class _Head:
    """One head of one sample, and the query t, or the key s, that an element belongs to."""

    def __init__(self, reader: Reader, made: Made, id: int, index: Index) -> None:
        self.reader, self.made, self.id, self.index = reader, made, id, index
        self.how, self.backward = made.node.attributes, made.node.op.lower.gradient  # type: ignore
        of_logarithm = not self.backward and id != made.outputs[0]
        self.b, self.n = index[0], index[1 if of_logarithm else 2]
        self.at, self.feature = (index[2], 0) if of_logarithm else (index[1], index[3])
        self.scale = float(self.how["scale"])
        q, k, v = (self._of_head(i) for i in range(3))
        scores = self.scale * q @ k.T
        self.seen = self._seen(scores.shape)
        self.kept = self._kept(scores.shape)
        self.logarithms = made.inputs[3] if self.backward else made.outputs[1]
        c = reader.record.arrays[self.logarithms][self.b, self.n].astype(float)
        self.p = np.where(self.seen, np.exp(np.where(self.seen, scores - c[:, None], 0.0)), 0.0)
        self.v, self.scores = v, scores

    def _of_head(self, i: int) -> np.ndarray:
        return self.reader.record.arrays[self.made.inputs[i]][self.b, :, self.n].astype(float)

    def _seen(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return which keys each query sees (T, S)."""
        seen = np.tri(shape[0], shape[1]) > 0 if self.how["is_causal"] else np.ones(shape, bool)
        if self.how["masked"]:
            mask = self.reader.record.arrays[self.made.inputs[6 if self.backward else 3]]
            every = np.broadcast_to(mask, (self.b + 1, self.n + 1, *mask.shape[2:]))
            seen = seen & every[self.b, self.n]
        return seen

    def _kept(self, shape: tuple[int, ...]) -> np.ndarray | None:
        """Return the factors that dropout draws for the weights (T, S)."""
        rate = self.how["dropout"]
        if not rate:
            return None
        q = self.reader.record.arrays[self.made.inputs[0]]
        state = self.reader.record.arrays[self.made.inputs[-1]]
        whole = (q.shape[0], q.shape[2], *shape)
        unit = random_unit.forward(
            np, state, shape=whole, draw=self.how["draw"], dtype=q.dtype.name
        )
        return (unit[self.b, self.n] >= rate) / (1.0 - rate)

    # --- parts of formulas -----------------------------------------------------------------------

    def _read(self, i: int, place: int, feature: int) -> Expression:
        return self.reader.read(self.made.inputs[i], (self.b, place, self.n, feature))

    def _dot(self, i: int, place: int, j: int, other: int) -> Expression:
        width = self.reader.record.arrays[self.made.inputs[i]].shape[-1]
        return apply(
            "add",
            *[apply("mul", self._read(i, place, h), self._read(j, other, h)) for h in range(width)],
        )

    def _score(self, t: int, s: int) -> Expression:
        return apply("mul", Number(self.scale), self._dot(0, t, 1, s))

    def _weight(self, t: int, s: int) -> Expression:
        top = self.reader.read(self.logarithms, (self.b, self.n, t))
        return apply("exp", apply("sub", self._score(t, s), top))

    def _with_dropout(self, x: Expression, t: int, s: int) -> Expression:
        return x if self.kept is None else apply("mul", Number(float(self.kept[t, s])), x)

    def _slope(self, t: int, s: int) -> Expression:
        """Return ds[t, s], how the loss changes with a product q[t]·k[s]."""
        d = self.reader.read(self.made.inputs[5], (self.b, self.n, t))
        seen = self._with_dropout(self._dot(4, t, 2, s), t, s)
        weight = apply("mul", Number(self.scale), self._weight(t, s))
        return apply("mul", weight, apply("sub", seen, d))

    def _slopes(self) -> np.ndarray:
        g, d = self._of_head(4), self.reader.record.arrays[self.made.inputs[5]][self.b, self.n]
        seen = g @ self.v.T if self.kept is None else self.kept * (g @ self.v.T)
        return self.scale * self.p * (seen - d[:, None])

    def _total(
        self, places: np.ndarray, values: np.ndarray, term: Callable[[int], Expression]
    ) -> Expression:
        """Return the sum over the steps that are seen."""
        steps = np.flatnonzero(places)
        whole: Any = self.reader.value(self.id, self.index)
        return self.reader.total(values[steps], lambda i: term(int(steps[i])), whole)

    # --- what there is ---------------------------------------------------------------------------

    def logarithm(self) -> Expression:
        """Return c[t], the logarithm of what the e^score add up to."""
        t = self.at
        steps = np.flatnonzero(self.seen[t])
        if not len(steps):
            return Number(0.0)
        powers = np.exp(self.scores[t, steps])
        total = self.reader.total(
            powers, lambda i: apply("exp", self._score(t, int(steps[i]))), float(powers.sum())
        )
        return apply("log", total)

    def mix(self) -> Expression:
        """Return an element of y[t]."""
        t = self.at
        weights = self.p[t] if self.kept is None else self.p[t] * self.kept[t]

        def term(s: int) -> Expression:
            weight = self._with_dropout(self._weight(t, s), t, s)
            return apply("mul", weight, self._read(2, s, self.feature))

        return self._total(self.seen[t], weights * self.v[:, self.feature], term)

    def slope_of_query(self) -> Expression:
        """Return an element of dq[t]."""
        t = self.at

        def term(s: int) -> Expression:
            return apply("mul", self._slope(t, s), self._read(1, s, self.feature))

        return self._total(
            self.seen[t], self._slopes()[t] * self._of_head(1)[:, self.feature], term
        )

    def slope_of_key(self) -> Expression:
        """Return an element of dk[s]."""
        s = self.at

        def term(t: int) -> Expression:
            return apply("mul", self._slope(t, s), self._read(0, t, self.feature))

        values = self._slopes()[:, s] * self._of_head(0)[:, self.feature]
        return self._total(self.seen[:, s], values, term)

    def slope_of_value(self) -> Expression:
        """Return an element of dv[s]."""
        s = self.at
        weights = self.p[:, s] if self.kept is None else self.p[:, s] * self.kept[:, s]

        def term(t: int) -> Expression:
            weight = self._with_dropout(self._weight(t, s), t, s)
            return apply("mul", weight, self._read(4, t, self.feature))

        return self._total(self.seen[:, s], weights * self._of_head(4)[:, self.feature], term)
