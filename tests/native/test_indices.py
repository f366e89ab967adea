"""Indices outside of an axis: native code notes them; the error says what the reference says."""

import numpy as np
import pytest

import neurona.ops as o
from neurona.core.graph import trace
from neurona.engines.program import compile
from neurona.errors import IndexRangeError

X, U = np.arange(40.0).reshape(2, 20), np.ones((2, 18))
GOOD = np.tile(np.arange(18, dtype="int32"), (2, 1))
OPS = {
    "take": lambda x, i: o.take(x, i[0], axis=1),
    "take_along_axis": lambda x, i: o.take_along_axis(x, i, axis=1) * 2.0,
    "scatter_add": lambda x, i: o.scatter_add(x, i[0], U, axis=1),
    "scatter_set": lambda x, i: o.scatter_set(x, i[0], U, axis=1),
    "add_along_axis": lambda x, i: o.add_along_axis(x, i, U, axis=1),
    "in a scan": lambda x, i: o.scan(lambda c, r: (c + o.take(r, i[0], axis=0), 0.0), U[0], x)[0],
}


def message(program, *arrays):
    with pytest.raises(IndexRangeError) as caught:
        program(*arrays)
    return str(caught.value)


@pytest.mark.parametrize("bad", [20, 21, -21, 2**31 - 1])
@pytest.mark.parametrize("op", OPS)
def test_the_message_is_that_of_the_reference(op, bad):
    graph = trace(OPS[op], [X, GOOD])
    native, reference = compile(graph, "native"), compile(graph, "reference")
    indices = GOOD.copy()
    indices[0, 17] = bad
    said = message(native, X, indices)
    assert said == message(reference, X, indices)
    assert f"an index is out of range. Got {bad}; expected -20 to 19" in said
    for x, y in zip(native(X, GOOD), reference(X, GOOD), strict=True):  # it goes on as before
        np.testing.assert_array_equal(x, y)
