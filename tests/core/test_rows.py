"""Which graphs keep the rows of a batch apart, and which are the same for other numbers of rows."""

import numpy as np
import pytest

from neurona import ops
from neurona.core.graph import trace
from neurona.core.rows import axes_of_rows, same_function
from neurona.core.shapes import Spec

F32 = np.dtype("float32")
W = np.random.default_rng(0).normal(size=(3, 3)).astype("float32")
K = np.random.default_rng(1).normal(size=(2, 2, 3, 4)).astype("float32")

APART = {
    "elementwise": ((3,), lambda x: ops.tanh(x) * 2 + W[0]),
    "product": ((3,), lambda x: x @ W),
    "product with itself": ((3, 3), lambda x: x @ ops.swapaxes(x, 1, 2)),
    "softmax": ((3,), lambda x: ops.exp(x) / ops.sum(ops.exp(x), axis=-1, keepdims=True)),
    "sort and running sum": ((3,), lambda x: ops.cumsum(x, axis=1) + ops.argsort(x, axis=-1)),
    "search": ((3,), lambda x: ops.argmax(x, axis=1)),
    "flatten": ((2, 3), lambda x: ops.reshape(x, (x.shape[0], 6))),
    "there and back": ((2, 3), lambda x: ops.transpose(ops.transpose(x, (1, 0, 2)), (1, 0, 2))),
    "slices": ((5,), lambda x: x[:, 1:4] + x[:, ::2]),
    "padded": ((3,), lambda x: ops.pad(x, [(0, 0), (1, 2)])),
    "joined": ((3,), lambda x: ops.concatenate([x, x * 2], axis=1)),
    "lookup": ((3,), lambda x: ops.take(W, (x > 0).astype("int32"), axis=0)),
    "attention": ((4, 1, 2), lambda x: ops.dot_product_attention(x, x, x, is_causal=True)),
    "attention in tiles": (
        (256, 1, 2),
        lambda x: ops.dot_product_attention(x, x, x, mask=np.tri(256, dtype=bool)),
    ),
    "zeros for each row": ((3,), lambda x: x + ops.zeros(x.shape)),
}
MIXED = {
    "mean over the batch": ((3,), lambda x: x - ops.mean(x, axis=0)),
    "sum of all": ((3,), lambda x: x * ops.sum(x)),
    "sorted samples": ((3,), lambda x: ops.cumsum(x, axis=0)),
    "turned round": ((3,), lambda x: ops.flip(x, axis=0)),
    "rows moved": ((3,), lambda x: ops.pad(x, [(1, 0), (0, 0)])[:-1]),
    "transposed": ((3,), lambda x: ops.transpose(x) @ x @ W),
    "merged and parted elsewhere": ((4,), lambda x: ops.reshape(ops.reshape(x, (-1, 2)), x.shape)),
    "all pairs": ((3,), lambda x: x @ ops.transpose(x)),
    "the number of the row": ((3,), lambda x: x + np.arange(x.shape[0], dtype=F32)[:, None]),
    "a row of another sample": (
        (3,),
        lambda x: x + ops.take(x, np.arange(x.shape[0])[::-1].copy(), axis=0),
    ),
    "attention to another sample": (
        (256, 1, 2),
        lambda x: ops.dot_product_attention(x, ops.flip(x, axis=0), x),
    ),
    "joined batches": ((3,), lambda x: ops.concatenate([x[1:], x[:1]], axis=0)),
    "shapes that grow": ((3,), lambda x: x @ x[:3]),
    "no rows": ((3,), lambda x: ops.sum(x)),
}


def traced(fn, shape, rows):
    return trace(fn, [Spec((rows, *shape), F32)])


@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize("rows", [1, 3, 5, 64])
def test_rows_are_kept_apart(name, rows):
    shape, fn = APART[name]
    one = traced(fn, shape, 7)
    assert axes_of_rows(one, one.inputs) is not None
    assert same_function(one, traced(fn, shape, rows), 1)


@pytest.mark.parametrize("name", MIXED)
def test_rows_are_mixed(name):
    shape, fn = MIXED[name]
    for rows in (3, 4, 8):
        graph = traced(fn, shape, rows)
        assert axes_of_rows(graph, graph.inputs) is None
        assert not same_function(graph, traced(fn, shape, rows), 1)


DEPENDS_ON_THE_NUMBER = {
    "a factor": lambda x: x / x.shape[0],
    "a branch": lambda x: x * 2 if x.shape[0] > 5 else x + 2,
    "an attribute": lambda x: ops.pad(x, [(0, 0), (0, 1)], constant_values=x.shape[0]),
    "a width": lambda x: ops.one_hot((x[:, 0] > 0).astype("int32"), x.shape[0])[:, :3],
}


@pytest.mark.parametrize("name", DEPENDS_ON_THE_NUMBER)
def test_the_number_of_rows_matters(name):
    fn = DEPENDS_ON_THE_NUMBER[name]
    assert not same_function(traced(fn, (3,), 8), traced(fn, (3,), 5), 1)
