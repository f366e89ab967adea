"""Squares of vectors turned in registers: transposed, or summed along their lanes."""

from __future__ import annotations

from collections.abc import Sequence

from neurona.engines.native.llvm.lanes import Lanes, Value


def transposed(lanes: Lanes, rows: Sequence[Value]) -> list[Value]:
    """The columns of a square of vectors: blocks of 1, 2, 4, ... change places."""
    result, distance = list(rows), 1
    while distance < lanes.width:
        for i in range(lanes.width):
            if not i & distance:
                pair = exchanged(lanes, result[i], result[i + distance], distance)
                result[i], result[i + distance] = pair
        distance *= 2
    return result


def sums_of_lanes(lanes: Lanes, rows: Sequence[Value]) -> Value:
    """Each lane the sum of one row of a square: the columns of a transpose, added on the way."""
    result, distance = list(rows), 1
    while len(result) > 1:
        result = [
            lanes.add(*exchanged(lanes, x, y, distance))
            for x, y in zip(result[::2], result[1::2], strict=True)
        ]
        distance *= 2
    return result[0]


def exchanged(lanes: Lanes, x: Value, y: Value, distance: int) -> tuple[Value, Value]:
    """Two rows of a square, their off-diagonal blocks of lanes having changed places."""
    kind, width = lanes.type(x.dtype, True), lanes.width
    low = [j if not j & distance else width + j - distance for j in range(width)]
    results = []
    for picks in (low, [j + distance for j in low]):
        mask = ", ".join(f"i32 {j}" for j in picks)
        text = f"shufflevector {kind} {x.text}, {kind} {y.text}, <{width} x i32> <{mask}>"
        results.append(x._replace(text=lanes.f.let(text)))
    return results[0], results[1]
