"""dq, dk, dv by tiles: the weights are made again from the logarithms of their sums.

    p = e^(scale q k^T - c), dv = p^T g, ds = p * (g v^T - d), dq = scale ds k, dk = scale ds^T q

A unit takes heads. For each tile of keys it goes through the queries that see any of them, and adds
to dk and dv of these keys and to dq of those queries.

Source: Dao et al. 2022, "FlashAttention", algorithm 4.
"""

from __future__ import annotations

from neurona.engines.native.attention.blocks import Blocks, Matrix
from neurona.engines.native.attention.dropout import Dropout
from neurona.engines.native.attention.geometry import UNITS, Geometry
from neurona.engines.native.llvm.lanes import Index
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.stage import Stage


def plan(given: Geometry) -> tuple[list[Stage], list[int]]:
    """Return the stage that goes through the heads, and its workspace.

    Operands "0" q, "1" k, "2" v, "3" c, "4" g, "5" d, then mask and state; results "y" dq, "y1" dk
    and "y2" dv.
    """
    backward = Backward(given)
    products = given.rows * given.t * given.s * (6 * given.size + 4 * given.values)
    flops = products // (2 if given.causal else 1)
    stage = Stage(backward.units, backward.emit, flops, False)
    return [stage], [backward.units * backward.room]


class Backward:
    """Writes the stage; see `plan`."""

    def __init__(self, given: Geometry) -> None:
        self.given = given
        self.queries, self.keys = given.tile
        self.units = min(given.rows, UNITS)
        size, values = given.padded(given.size), given.padded(given.values)
        self.length = -(-given.t // self.queries) * self.queries  # queries, in whole tiles
        scores = self.queries * self.keys
        self.counts = [
            self.length * size, self.length * values, self.length * size,  # q, g, dq
            self.length, self.length,  # c, d
            self.keys * given.size, self.keys * given.values, self.keys * size,  # k^T, v^T, k
            self.keys * size, self.keys * values, scores, scores,  # dk, dv, p, ds
        ]  # fmt: skip
        self.room = given.bytes(*self.counts)

    def emit(self, f: Function, pointers: dict[str, str], finish: None = None) -> None:
        """Go through the heads of the units."""
        given, b = self.given, Blocks(f, self.given)
        with f.loop("%begin", "%end") as unit:
            work, places = (
                b.at(pointers["work0"], f.mul(unit, self.room // given.dtype.itemsize)),
                [],
            )
            for count in self.counts:
                places.append(work)
                work = b.at(work, given.bytes(count) // given.dtype.itemsize)
            with f.loop(unit, given.rows, self.units) as head:
                Head(self, b, pointers, places, head).emit()


class Head:
    """One head of one sample."""

    def __init__(
        self, backward: Backward, b: Blocks, pointers: dict[str, str], places: list[str], head: str
    ) -> None:
        self.backward, self.b, self.f, self.given = backward, b, b.f, b.given
        self.pointers, self.head = pointers, head
        (
            self.q, self.g, self.dq, self.logarithms, self.deltas, self.turned_k, self.turned_v,
            self.k, self.dk, self.dv, self.p, self.ds,
        ) = places  # fmt: skip
        state = pointers["7" if self.given.mask else "6"] if self.given.dropout else ""
        self.dropout = Dropout(b, state) if state else None
        self.size, self.values = b.given.padded(b.given.size), b.given.padded(b.given.values)

    def operand(self, name: str, length: int, size: int, first: str | int = 0) -> Matrix:
        """The rows of this head in an operand or a result, from one on."""
        row = self.given.heads * size
        start = self.given.head(self.f, self.head, length, size)
        return Matrix(self.b.at(self.pointers[name], start, self.f.mul(first, row)), row)

    def emit(self) -> None:
        """Write it all."""
        f, b, given, length = self.f, self.b, self.given, self.backward.length
        t, s = given.t, given.s
        b.copy_rows(self.q, self.operand("0", t, given.size), t, length, given.size, given.scale)
        b.copy_rows(self.g, self.operand("4", t, given.values), t, length, given.values)
        b.fill(self.dq, length * self.size, 0.0)
        self._numbers(self.logarithms, "3")
        self._numbers(self.deltas, "5")
        with f.loop(0, s, self.backward.keys) as key:
            some = f.smaller(f.add(s, f.mul(key, -1)), self.backward.keys)
            self._keys(key, some)
        dq = self.operand("y", t, given.size)
        b.write_rows(dq, self.dq, t, given.size, given.scale)

    def _numbers(self, target: str, name: str) -> None:
        """Copy a number for each query; zeros stand behind."""
        f, b, given = self.f, self.b, self.given
        source = b.at(self.pointers[name], f.mul(self.head, given.t))
        with f.loop(0, given.t) as row:
            b.one.store(target, b.one.load(source, given.dtype, Index(row, 0)), Index(row, 0))
        with f.loop(given.t, self.backward.length) as row:
            b.one.store(target, b.number(0.0), Index(row, 0))

    def _keys(self, key: str, some: str) -> None:
        """The gradients of some keys and values, and what they give to the queries."""
        f, b, given, keys = self.f, self.b, self.given, self.backward.keys
        k = self.operand("1", given.s, given.size, key)
        v = self.operand("2", given.s, given.values, key)
        b.copy_panels(self.turned_k, k, some, keys, given.size)
        b.copy_panels(self.turned_v, v, some, keys, given.values)
        b.copy_rows(self.k, k, some, keys, given.size)
        b.fill(self.dk, keys * self.size, 0.0)
        b.fill(self.dv, keys * self.values, 0.0)
        first: str | int = 0
        if given.causal:  # queries before the first key see none of them
            number = f.pure(f"udiv i64 {f.smaller(key, given.t)}, {self.backward.queries}")
            first = f.mul(number, self.backward.queries)
        with f.loop(first, given.t, self.backward.queries) as query:
            self._tile(query, key, some)
        b.write_rows(self.operand("y1", given.s, given.size, key), self.dk, some, given.size)
        b.write_rows(self.operand("y2", given.s, given.values, key), self.dv, some, given.values)

    def _tile(self, query: str, key: str, some: str) -> None:
        """Some queries and some keys."""
        f, b, given, queries = self.f, self.b, self.given, self.backward.queries
        if given.causal:
            some = f.smaller(some, f.add(f.add(query, queries), f.mul(key, -1)))
        panels = f.pure(f"udiv i64 {f.add(some, given.panel - 1)}, {given.panel}")
        count = f.mul(panels, given.panel)
        q = b.at(self.q, f.mul(query, self.size))
        g = b.at(self.g, f.mul(query, self.values))
        dq = b.at(self.dq, f.mul(query, self.size))
        p, ds = (Matrix(pointer, self.backward.keys) for pointer in (self.p, self.ds))
        across = [(0, count, given.across)]
        turned = Matrix(self.turned_k, given.panel, given.size)
        b.product(p, Matrix(q, self.size), turned, queries, given.size, across, False)
        turned = Matrix(self.turned_v, given.panel, given.values)
        b.product(ds, Matrix(g, self.values), turned, queries, given.values, across, False)
        with f.loop(0, queries) as row:
            self._row(row, query, key, count)
        turned = Matrix(self.p, 1, self.backward.keys)
        pieces = given.pieces(given.values)
        b.product(
            Matrix(self.dv, self.values), turned, Matrix(g, self.values), count, queries, pieces,
            True,
        )  # fmt: skip
        turned = Matrix(self.ds, 1, self.backward.keys)
        pieces = given.pieces(given.size)
        b.product(
            Matrix(self.dk, self.size), turned, Matrix(q, self.size), count, queries, pieces, True,
        )  # fmt: skip
        b.product(
            Matrix(dq, self.size), ds, Matrix(self.k, self.size), queries, count, pieces, True,
        )  # fmt: skip

    def _row(self, row: str, query: str, key: str, count: str) -> None:
        """Weights, and the gradients of the scores, of a query."""
        f, b, given = self.f, self.b, self.given
        number = f.add(query, row)
        mask = self.pointers["6"] if given.mask else ""
        seen = b.hidden(self.head, mask, number, key)
        logarithm, delta = b.load(self.logarithms, number, 0), b.load(self.deltas, number, 0)
        line = f.mul(row, self.backward.keys)
        draw = self.dropout.row(self.head, number, key) if self.dropout else None
        with f.loop(0, count, given.panel) as panel:
            for v in range(given.across):
                column = f.add(panel, v * given.lanes)
                if draw and v % 2 == 0:
                    kept = draw(column)
                place = f.add(line, column)
                e = b.lanes.exp(b.lanes.sub(b.load(self.p, place), logarithm))
                p = b.lanes.select(seen(column), e, b.number(0.0))
                dp = b.load(self.ds, place)
                dp = kept[v % 2](dp) if draw else dp
                b.store(self.p, kept[v % 2](p) if draw else p, place)
                b.store(self.ds, b.lanes.mul(p, b.lanes.sub(dp, delta)), place)
