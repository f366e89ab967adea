"""y = softmax(scale q k^T) v by tiles, with a running softmax; no scores are kept.

A unit takes some queries of a head at a time. Tile by tile of keys it computes scores, and adds
e^(score - m) times the values to the result, m being the largest score so far: when that grows,
what is there is scaled. Tiles that no query sees, above the diagonal, are left out.

Source: Dao et al. 2022, "FlashAttention"; Milakov and Gimelshein 2018 for the running softmax.
"""

from __future__ import annotations

from neurona.engines.native.attention.blocks import Blocks, Matrix
from neurona.engines.native.attention.dropout import Dropout
from neurona.engines.native.attention.geometry import UNITS, Geometry
from neurona.engines.native.llvm.lanes import Index, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.stage import Stage

LOWEST = float("-inf")


def plan(given: Geometry) -> tuple[list[Stage], list[int]]:
    """Return two stages, which pack keys and values, then attend; and their workspaces.

    Operands "0" query, "1" key, "2" value, then mask and state; results "y" and "y1".
    """
    forward = Forward(given)
    products = 2 * given.rows * given.t * given.s * (given.size + given.values)
    return [
        Stage(given.rows, forward.pack, given.rows * given.s * (given.size + given.values), False),
        Stage(forward.units, forward.emit, products // (2 if given.causal else 1), False),
    ], [
        given.bytes(given.rows * given.keys * given.size),
        given.bytes(given.rows * given.keys * given.padded(given.values)),
        forward.units * forward.room,
    ]


class Forward:
    """Writes the two stages; see `plan`."""

    def __init__(self, given: Geometry) -> None:
        self.given = given
        self.queries, self.keys = given.tile
        self.tiles = -(-given.t // self.queries)
        self.units = min(given.rows * self.tiles, UNITS)
        n = self.queries
        self.counts = [
            n * given.padded(given.size), n * given.padded(given.values), n * self.keys, n, n, n, n,
        ]  # fmt: skip
        self.room = given.bytes(*self.counts)

    def pack(self, f: Function, pointers: dict[str, str], finish: None = None) -> None:
        """Copy the keys of each head to panels, and its values to rows."""
        given, b = self.given, Blocks(f, self.given)
        with f.loop("%begin", "%end") as head:
            keys = b.at(pointers["1"], given.head(f, head, given.s, given.size))
            to = b.at(pointers["work0"], f.mul(head, given.keys * given.size))
            row = given.heads * given.size
            b.copy_panels(to, Matrix(keys, row), given.s, given.keys, given.size)
            values = b.at(pointers["2"], given.head(f, head, given.s, given.values))
            to = b.at(pointers["work1"], f.mul(head, given.keys * given.padded(given.values)))
            row = given.heads * given.values
            b.copy_rows(to, Matrix(values, row), given.s, given.keys, given.values)

    def emit(self, f: Function, pointers: dict[str, str], finish: None = None) -> None:
        """Attend, for the queries of each tile of each head."""
        given, b = self.given, Blocks(f, self.given)
        with f.loop("%begin", "%end") as unit:
            work, places = (
                b.at(pointers["work2"], f.mul(unit, self.room // given.dtype.itemsize)),
                [],
            )
            for count in self.counts:
                places.append(work)
                work = b.at(work, given.bytes(count) // given.dtype.itemsize)
            with f.loop(unit, given.rows * self.tiles, self.units) as item:  # the longest first
                head, tile = f.digits(item, (self.tiles, given.rows))[::-1]
                first = f.mul(f.add(self.tiles - 1, f.mul(tile, -1)), self.queries)
                Tile(self, b, pointers, places, head, first).emit()


class Tile:
    """Some queries of a head."""

    def __init__(
        self, forward: Forward, b: Blocks, pointers: dict[str, str], places: list[str],
        head: str, first: str,
    ) -> None:  # fmt: skip
        self.forward, self.b, self.f, self.given = forward, b, b.f, b.given
        self.pointers, self.head, self.first = pointers, head, first
        self.q, self.y, self.scores, self.top, self.total, self.next, self.part = places
        state = pointers["4" if self.given.mask else "3"] if self.given.dropout else ""
        self.dropout = Dropout(b, state) if state else None
        self.rows = self.f.smaller(self.f.add(self.given.t, self.f.mul(first, -1)), forward.queries)

    def emit(self) -> None:
        """Write it all."""
        f, b, given, queries = self.f, self.b, self.given, self.forward.queries
        start = given.head(f, self.head, given.t, given.size)
        row = given.heads * given.size
        source = Matrix(b.at(self.pointers["0"], start, f.mul(self.first, row)), row)
        b.copy_rows(self.q, source, self.rows, queries, given.size, given.scale)
        b.fill(self.y, queries * given.padded(given.values), 0.0)
        b.fill(self.top, queries, LOWEST)
        b.fill(self.total, queries, 0.0)
        stop: str | int = given.s
        if given.causal:
            stop = f.smaller(stop, f.add(self.first, queries))
        with f.loop(0, stop, self.forward.keys) as key:
            rest = f.add(stop, f.mul(key, -1))
            some = f.smaller(rest, self.forward.keys)
            panels = f.pure(f"udiv i64 {f.add(some, given.panel - 1)}, {given.panel}")
            self._tile(key, f.mul(panels, given.panel))
        self._store()

    def _tile(self, key: str, count: str) -> None:
        """Let the queries see some keys, `count` in whole panels."""
        f, b, given, queries = self.f, self.b, self.given, self.forward.queries
        size, values = given.padded(given.size), given.padded(given.values)
        keys = b.at(
            self.pointers["work0"],
            f.mul(self.head, given.keys * given.size),
            f.mul(key, given.size),
        )
        scores = Matrix(self.scores, self.forward.keys)
        b.product(
            scores, Matrix(self.q, size), Matrix(keys, given.panel, given.size), queries,
            given.size, [(0, count, given.across)], False,
        )  # fmt: skip
        with f.loop(0, queries) as row:
            self._highest(row, key, count)
        with f.loop(0, queries, given.lanes) as row:
            self._scales(row)
        with f.loop(0, queries) as row:
            self._weigh(row, key, count)
        with f.loop(0, queries, given.lanes) as row:
            total = b.lanes.fma(
                b.load(self.total, row), b.load(self.part, row), b.load(self.next, row)
            )
            b.store(self.total, total, row)
        seen = b.at(
            self.pointers["work1"], f.mul(self.head, given.keys * values), f.mul(key, values)
        )
        b.product(
            Matrix(self.y, values), scores, Matrix(seen, values), queries, count,
            given.pieces(given.values), True,
        )  # fmt: skip

    def _highest(self, row: str, key: str, count: str) -> None:
        """Hide what a query does not see, and note its highest score in this tile."""
        f, b, given, line = self.f, self.b, self.given, self.f.mul(row, self.forward.keys)
        seen = b.hidden(
            self.head, self.pointers["3"] if given.mask else "", f.add(self.first, row), key
        )
        kind = b.lanes.type(given.dtype, True)
        highest = [f.slot(kind, b.lanes.spread(b.number(LOWEST)).text) for _ in range(given.across)]
        with f.loop(0, count, given.panel) as panel:
            for v, slot in enumerate(highest):
                column = f.add(panel, v * given.lanes)
                place = f.add(line, column)
                x = b.lanes.select(seen(column), b.load(self.scores, place), b.number(LOWEST))
                b.store(self.scores, x, place)
                before = Value(f.let(f"load {kind}, ptr {slot}"), given.dtype, True)
                after = b.lanes.select(b.lanes.gt(x, before), x, before)
                f.do(f"store {kind} {after.text}, ptr {slot}")
        values = [Value(f.let(f"load {kind}, ptr {slot}"), given.dtype, True) for slot in highest]
        best = values[0]
        for x in values[1:]:
            best = b.lanes.select(b.lanes.gt(x, best), x, best)
        b.one.store(self.next, b.reduced("max", best), Index(row, 0))

    def _scales(self, row: str) -> None:
        """Let the highest scores grow; `part` is what what was summed so far is worth now."""
        b = self.b
        before, here = b.load(self.top, row), b.load(self.next, row)
        top = b.lanes.select(b.lanes.gt(here, before), here, before)
        none = b.lanes.eq(top, b.number(LOWEST))
        base = b.lanes.select(none, b.number(0.0), top)
        b.store(self.part, b.lanes.exp(b.lanes.sub(before, base)), row)
        b.store(self.top, top, row)

    def _weigh(self, row: str, key: str, count: str) -> None:
        """e^(score - m) instead of the scores; scale what the query has, and sum the weights."""
        f, b, given, line = self.f, self.b, self.given, self.f.mul(row, self.forward.keys)
        values = given.padded(given.values)
        part = b.load(self.part, row, 0)
        with f.loop(0, values, given.lanes) as column:
            place = f.add(f.mul(row, values), column)
            b.store(self.y, b.lanes.mul(b.load(self.y, place), part), place)
        top = b.load(self.top, row, 0)
        base = b.lanes.select(b.lanes.eq(top, b.number(LOWEST)), b.number(0.0), top)
        kind = b.lanes.type(given.dtype, True)
        sums = [f.slot(kind, "zeroinitializer") for _ in range(given.across)]
        draw = self.dropout.row(self.head, f.add(self.first, row), key) if self.dropout else None
        with f.loop(0, count, given.panel) as panel:
            for v, slot in enumerate(sums):
                column = f.add(panel, v * given.lanes)
                if draw and v % 2 == 0:
                    kept = draw(column)
                place = f.add(line, column)
                e = b.lanes.exp(b.lanes.sub(b.load(self.scores, place), base))
                before = Value(f.let(f"load {kind}, ptr {slot}"), given.dtype, True)
                f.do(f"store {kind} {b.lanes.add(before, e).text}, ptr {slot}")
                b.store(self.scores, kept[v % 2](e) if draw else e, place)
        found = [Value(f.let(f"load {kind}, ptr {slot}"), given.dtype, True) for slot in sums]
        while len(found) > 1:
            found = [b.lanes.add(x, y) for x, y in zip(found[::2], found[1::2], strict=True)]
        b.one.store(self.next, b.reduced("sum", found[0]), Index(row, 0))

    def _store(self) -> None:
        """Divide by the sums of the weights, and store results and logarithms."""
        f, b, given = self.f, self.b, self.given
        values = given.padded(given.values)
        start = given.head(f, self.head, given.t, given.values)
        step = given.heads * given.values
        target = b.at(self.pointers["y"], start, f.mul(self.first, step))
        sums = b.at(self.pointers["y1"], f.mul(self.head, given.t), self.first)
        with f.loop(0, self.rows) as row:
            total = b.one.load(self.total, given.dtype, Index(row, 0))
            some = b.one.gt(total, b.number(0.0))
            total = b.one.select(some, total, b.number(1.0))
            top = b.one.load(self.top, given.dtype, Index(row, 0))
            log = b.one.add(b.one.select(some, top, b.number(0.0)), b.one.log(total))
            b.one.store(sums, log, Index(row, 0))
            factor = b.one.div(b.number(1.0), total)
            for lanes, column in b.vectors(given.values):
                x = b.load(self.y, f.add(f.mul(row, values), column))
                x = b.lanes.mul(x, factor._replace(wide=False))
                lanes.store(target, x, Index(f.add(f.mul(row, step), column)))
