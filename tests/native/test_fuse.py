"""Which nodes become one kernel."""

import numpy as np
import pytest

from neurona import ops
from neurona.core.graph import trace
from neurona.engines.native.fuse import fuse
from neurona.engines.native.simplify import simplify


def kernels(fn, *shapes):
    graph = trace(fn, [np.zeros(shape, "float32") for shape in shapes])
    return fuse(simplify(graph)).kernels


def momentum(w, v, x, y):
    v = 0.9 * v + ops.matmul(x.T, y)
    return [w - 0.1 * v, v]


@pytest.mark.parametrize(("n", "together"), [(128, True), (400, False)])
def test_an_update_is_part_of_its_product_while_weights_stay_in_the_cache(n, together):
    found = kernels(momentum, (784, n), (784, n), (32, 784), (32, n))
    (product,) = (k for k in found if k.head is not None)
    assert bool(product.nodes) == together
    assert len(found) == (1 if together else 2)  # of its own, the update is one kernel still


def test_an_epilogue_computes_no_functions_of_large_results():
    found = kernels(lambda x, w: [ops.maximum(ops.matmul(x, w), 0.0)], (64, 64), (64, 64))
    assert len(found) == 1
    found = kernels(lambda x, w: [ops.tanh(ops.matmul(x, w))], (64, 64), (64, 64))
    assert [k.head is None for k in found] == [False, True]


def test_what_is_only_folded_is_computed_where_it_is_folded():
    found = kernels(lambda x, w: [(2.0 * ops.matmul(x, w)).sum()], (8, 8), (8, 8))
    assert [bool(k.nodes) for k in found] == [False, True]
    assert found[1].folds


def test_the_kernels_of_a_deep_network_do_not_grow_with_its_depth():
    def gradients(x, w, *masks):  # of the input of residual blocks with relu and normalisation
        found = []
        for mask in masks:
            inner = ops.matmul(3.0 * x - x.sum(axis=0), w)
            x = ops.where(mask > 0, inner + x, 0.0)
            found += [x.sum(axis=0), (x * mask).sum(axis=0)]
        return found

    sizes = [
        max(len(k.nodes) for k in kernels(gradients, (32, 8), (8, 8), *[(32, 8)] * blocks))
        for blocks in (4, 12)
    ]
    assert sizes[0] == sizes[1]
