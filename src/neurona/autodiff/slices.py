"""Gradients of very many slices of one tensor, put side by side instead of padded and added up.

Padding takes work of the size of the whole tensor for each slice: fine for few, as the gates of a
recurrent cell are. What more there are is joined along one axis after the other, the last first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurona.core.shapes import is_float
from neurona.core.tensor import Source, Tensor
from neurona.ops.arithmetic import add
from neurona.ops.filled import zeros
from neurona.ops.joining import concatenate

FEW = 4  # slices of a tensor that are padded


class Piece(NamedTuple):
    """A gradient of a part of a tensor, which is what lies between two places on each axis."""

    g: Tensor
    box: tuple[tuple[int, int], ...]


class Slices:
    """The slices that a sweep meets, by the key of the tensor that they are cut from."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, int], int] = {}
        self._later: dict[tuple[int, int], tuple[Tensor, list[Piece]]] = {}

    def take(self, key: tuple[int, int], source: Source, g: Tensor | None) -> bool:
        """Note the gradient g of a slice; say whether it is left for later."""
        if g is None or not is_float(g.dtype):
            return False
        given = source.attributes
        if any(step != 1 for step in given["step"]):
            return False
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count > FEW:
            box = tuple(zip(given["start"], given["stop"], strict=True))
            self._later.setdefault(key, (source.inputs[0], []))[1].append(Piece(g, box))
        return count > FEW

    def rest(self, key: tuple[int, int]) -> Tensor | None:
        """Return the sum of what was left for later of a tensor's gradient."""
        x, pieces = self._later.pop(key, (None, []))
        pieces = [piece for piece in pieces if piece.g.size]
        if x is None or not pieces:
            return None
        for axis in reversed(range(x.ndim)):
            pieces = joined(pieces, axis, x.shape[axis])
        total = pieces[0].g
        for piece in pieces[1:]:
            total = add(total, piece.g)
        return total


def joined(pieces: Sequence[Piece], axis: int, size: int) -> list[Piece]:
    """Return fewer pieces, which reach from end to end of an axis; what overlaps is apart."""
    lines: dict[tuple, list[list[Piece]]] = {}
    for piece in sorted(pieces, key=lambda piece: piece.box[axis]):
        rows = lines.setdefault(piece.box[:axis] + piece.box[axis + 1 :], [])
        row = next((row for row in rows if row[-1].box[axis][1] <= piece.box[axis][0]), None)
        if row is None:
            rows.append(row := [])
        row.append(piece)
    return [filled(row, axis, size) for rows in lines.values() for row in rows]


def filled(row: Sequence[Piece], axis: int, size: int) -> Piece:
    """Return neighbours on an axis as one piece, with zeros in the gaps."""
    box, parts, at = row[0].box, [], 0
    for g, (start, stop) in [(p.g, p.box[axis]) for p in row] + [(None, (size, size))]:
        if start > at:
            gap = list(row[0].g.shape)
            gap[axis] = start - at
            parts.append(zeros(tuple(gap), row[0].g.dtype))
        if g is not None:
            parts.append(g)
        at = stop
    whole = parts[0] if len(parts) == 1 else concatenate(*parts, axis=axis)
    return Piece(whole, (*box[:axis], (0, size), *box[axis + 1 :]))
