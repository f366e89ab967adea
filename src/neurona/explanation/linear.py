"""Algorithms that are linear, such as a Fourier transform: which share each number has in another.

An op of the kind Opaque says nothing of how it works. If it is linear, its forward rule tells all
the same: what it makes of a 1 among zeros is the factor that the number there is multiplied by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona.explanation.expression import Expression, Number, apply
from neurona.explanation.record import Made, Record

if TYPE_CHECKING:
    from neurona.explanation.elements import Index, Reader

MOST = 256  # numbers that go in: each is tried by itself


def linear(reader: Reader, made: Made, id: int, index: Index) -> Expression:
    """Return an element as a sum of factors times inputs.

    Raises:
        NotImplementedError: if the op is not linear, or takes too many numbers.
    """
    key = made.outputs[0]
    if key not in reader.factors:
        reader.factors[key] = _factors(reader.record, made)
    found = reader.factors[key]
    if found is None:
        raise NotImplementedError
    factors = np.moveaxis(found[made.outputs.index(id)], 0, -1)[index]
    places = [
        (v, tuple(map(int, place)))
        for v in _variables(reader.record, made)
        for place in np.ndindex(*reader.record.arrays[v].shape)
    ]
    used = np.flatnonzero(np.abs(factors) > 1e-12 * np.abs(factors).max(initial=0.0))
    values = np.asarray(
        [factors[k] * reader.record.arrays[places[k][0]][places[k][1]] for k in used]
    )

    def term(i: int) -> Expression:
        return apply("mul", Number(float(factors[used[i]])), reader.read(*places[used[i]]))

    return reader.total(values, term, reader.value(id, index))


def _variables(record: Record, made: Made) -> list[int]:
    return [v for v in made.inputs if v not in record.constants]


def _factors(record: Record, made: Made) -> list[np.ndarray] | None:
    """Return for each output (inputs, *shape) the factors; None if the op is not linear."""
    variables = _variables(record, made)
    arrays = [record.arrays[v] for v in variables]
    sizes = [a.size for a in arrays]
    if not 0 < sum(sizes) <= MOST or any(a.dtype.kind != "f" for a in arrays):
        return None

    def run(x: np.ndarray) -> list[np.ndarray]:
        parts = iter(np.split(x, np.cumsum(sizes)[:-1]))
        given = [
            record.arrays[v]
            if v in record.constants
            else next(parts).reshape(record.arrays[v].shape)
            for v in made.inputs
        ]
        with np.errstate(all="ignore"):
            results = made.node.op.forward(np, *given, **made.node.attributes)
        results = results if isinstance(results, tuple) else (results,)
        return [np.asarray(y, float) for y in results]

    if not all(y.dtype.kind == "f" for y in map(record.arrays.__getitem__, made.outputs)):
        return None
    units = [run(row) for row in np.eye(sum(sizes))]
    factors = [np.stack(column) for column in zip(*units, strict=True)]
    draw = np.random.default_rng(0).normal(size=(2, sum(sizes)))
    for x in draw:  # numbers that are in no order and no pattern
        for y, by in zip(run(x), factors, strict=True):
            if not np.allclose(y, np.tensordot(x, by, 1), rtol=1e-6, atol=1e-6):
                return None
    return factors
