"""Graphs that once went wrong on the native engine; random ones found most of them."""

import numpy as np
import pytest

import neurona.ops as o
from neurona.core.graph import trace
from neurona.engines.program import compile

RNG = np.random.default_rng(0)


def draw(*shape):
    return RNG.normal(size=shape)


def numbers_joined(x):
    one = np.array([0], "int32")
    return o.concatenate([o.argsort(x), one], axis=0)


def merged_while_another_waits(x, t, u):
    a, s = x * 2.0, t + 1.0
    return a + s, u * 3.0 + s  # the kernel of s joins that of the second result


FAULTS = {
    "an operand of a convolution is one number": (
        lambda x: o.conv1d(x, np.array([[[0.9]]])), draw(6, 11, 1)),
    "an operand of a product is one number": (
        lambda x: x @ np.broadcast_to(0.5, (7, 3)), draw(5, 7)),
    "a row that is one number is joined": (numbers_joined, draw(17)),
    "nothing is folded to nothing": (lambda x: o.sum(x, axis=1, keepdims=True), draw(64, 1, 0)),
    "less than nothing is folded": (lambda x: o.sum(o.tanh(x), axis=1), draw(0, 24, 0)),
    "nothing is folded to zeros": (lambda x: o.sum(o.tanh(x), axis=1), draw(4, 0, 3)),
    "nothing that is joined is folded": (
        lambda x: o.sum(o.concatenate([x, x], axis=1), axis=(0, 1)), draw(0, 0, 10)),
    "of numbers made narrower one is left": (
        lambda x: o.cast(o.abs(x), dtype="int32"), 99 * draw(3, 17)),
    "of positions made narrower one is left": (lambda x: o.argmax(x, axis=0), draw(5, 17)),
    "of all that is padded one place is read": (
        lambda x: o.pad(o.reshape(x, (11, 3, 1)), [(1, 2), (0, 0), (2, 1)]), draw(33)),
    "nothing is padded": (lambda x: o.pad(x, [(1, 0)]), draw(0)),
    "nothing is joined to one number": (lambda x: o.concatenate([x, x[:0], x]), draw(1)),
    "kernels are merged while another waits": (
        merged_while_another_waits, draw(2), draw(), draw()),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_gone(fault):
    fn, *arrays = FAULTS[fault]
    graph = trace(fn, arrays)
    want, got = compile(graph, "reference")(*arrays), compile(graph, "native")(*arrays)
    for x, y in zip(want, got, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        np.testing.assert_allclose(y, x, rtol=1e-12)
