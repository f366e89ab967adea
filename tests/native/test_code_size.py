"""The code of an op is no longer for larger arguments, and of long chains there is code at all."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona import ops as o
from neurona.core.graph import trace
from neurona.core.lowering import Joined
from neurona.engines.native import schedule
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.simplify import simplify
from neurona.engines.native.write import write

WORDS = np.linspace(1, 2, 2 * 200 * 3, dtype="float32").reshape(2, 200, 3)
IMAGE = np.linspace(1, 2, 64 * 64 * 3, dtype="float32").reshape(1, 64, 64, 3)
ROW = np.linspace(1, 2, 400, dtype="float32")


def lines(f, x):
    """How long the IR is."""
    return str(write(schedule(trace(f, [x]), Machine.chosen()))).count("\n")


def orders(f):
    """A function, its gradient and its second gradient."""
    g = nn.grad(lambda x: (f(x) ** 2).sum())
    return f, g, nn.grad(lambda x: (g(x) ** 2).sum())


def upsampled(x, k):
    return layers.UpSampling2D(k, interpolation="bilinear")(x)


ARGUMENTS = {  # op with an argument k, an input, and the numbers, of which the last is the largest
    "max_pool1d": (lambda x, k: o.max_pool1d(x, k, 1), WORDS, (6, 9, 40)),
    "max_pool1d same": (lambda x, k: o.max_pool1d(x, k, 1, "same"), WORDS, (6, 9, 150)),
    "max_pool2d": (lambda x, k: o.max_pool2d(x, k, 1), IMAGE, (5, 7, 13, 30)),
    "max_pool2d same": (lambda x, k: o.max_pool2d(x, k, 1, "same"), IMAGE, (5, 9, 13)),
    "max_pool2d strides": (lambda x, k: o.max_pool2d(x, k, 2, "same"), IMAGE, (10, 13, 21)),
    "average_pool1d": (lambda x, k: o.average_pool1d(x, k, 1), WORDS, (5, 9, 60)),
    "average_pool2d": (lambda x, k: o.average_pool2d(x, k, 1, "same"), IMAGE, (5, 9, 30)),
    "conv2d": (lambda x, k: o.conv2d(x, np.ones((k, k, 3, 4), "f4")), IMAGE, (6, 24, 60)),
    "conv1d strides": (
        lambda x, k: o.conv1d(x, np.ones((24, 3, 5), "f4"), strides=k), WORDS, (2, 3, 8, 16, 24)
    ),
    "conv1d_transpose strides": (
        lambda x, k: o.conv1d_transpose(x, np.ones((24, 5, 3), "f4"), strides=k),
        WORDS, (2, 3, 8, 16),
    ),
    "conv2d_transpose strides": (
        lambda x, k: o.conv2d_transpose(x, np.ones((9, 9, 5, 3), "f4"), strides=k),
        IMAGE[:, :16, :16], (2, 3, 8),
    ),
    "repeat": (lambda x, k: o.repeat(x, k, axis=1), WORDS, (100, 400)),
    "tile": (lambda x, k: o.tile(x, (1, k, 1)), WORDS, (300, 1600)),  # 100 are a level of sums less
    "pad": (lambda x, k: o.pad(x, ((0, 0), (k, k), (0, 0))), WORDS, (3, 100)),
    "upsampling": (upsampled, IMAGE, (2, 3, 8)),
    "sort": (lambda x, k: o.sort(x[:k]), ROW, (20, 40, 400)),
    "top_k": (lambda x, k: o.top_k(x, k)[0], ROW, (20, 40, 400)),
    "prod": (lambda x, k: o.prod(x[:k]), ROW, (200, 300, 400)),
    "cumsum": (lambda x, k: o.cumsum(x[:k]), ROW, (20, 40, 400)),
}  # fmt: skip


@pytest.mark.parametrize("name", ARGUMENTS)
def test_code_does_not_grow_with_an_argument(name):
    op, x, numbers = ARGUMENTS[name]
    for order in range(3):
        *small, large = (lines(orders(lambda x, k=k: op(x, k))[order], x) for k in numbers)
        assert large <= 1.1 * max(small), (order, small, large)  # remainders of blocks differ


MANY = {  # what is made of n pieces or slices
    "concatenate": lambda x, n: o.concatenate([x[i : i + 1] for i in range(n)], axis=0),
    "stack": lambda x, n: o.stack([x * i for i in range(n)], axis=1),
    "split": lambda x, n: sum(p * i for i, p in enumerate(o.split(x[: n * 2], n))),
    "single indices": lambda x, n: sum(x[i] ** 2 * i for i in range(n)),
}


@pytest.mark.parametrize("name", MANY)
def test_code_of_many_pieces_grows_with_their_number_at_most(name):
    for order in range(2):
        few, many = (lines(orders(lambda x, n=n: MANY[name](x, n))[order], ROW) for n in (48, 192))
        assert many < 4.4 * few, (order, few, many)


def test_an_element_of_many_pieces_is_looked_for_in_few():
    graph = simplify(trace(lambda x: o.stack([x * i for i in range(300)]), [ROW[:3]]))
    joins = [node for node in graph.nodes if isinstance(node.op.lower, Joined)]
    assert max(len(node.inputs) for node in joins) <= 8
    assert sum(graph.specs[v].size for node in joins for v in node.outputs) <= 3 * 300 * 3


@pytest.mark.parametrize("count", [7, 8, 9, 16, 17, 64, 65, 200])
@pytest.mark.parametrize("axis", [0, 1])
def test_many_pieces_are_joined_in_order(count, axis):
    x = np.arange(600, dtype="float32").reshape(2, 300)
    cuts = [x[:, i : i + 1 + i % 2] for i in range(count)]
    cuts = [c.T for c in cuts] if axis == 0 else cuts
    y = nn.jit(lambda *xs: o.concatenate(xs, axis=axis) * 2)(*cuts)
    np.testing.assert_array_equal(y, np.concatenate(cuts, axis) * 2)


def test_a_chain_of_thousands_of_nodes_is_compiled():
    def chain(x):
        for k in range(3000):
            x = o.abs(x - k % 7)
        return x

    np.testing.assert_array_equal(nn.jit(chain)(ROW[:3]), chain(ROW[:3]))


def test_a_power_with_a_known_exponent_has_a_short_gradient():
    general = lines(nn.grad(lambda x: (o.abs(x) ** 2.5).sum()), ROW)
    assert lines(nn.grad(lambda x: (x**3).sum()), ROW) < general / 2


def test_sine_and_cosine_of_a_number_reduce_it_once():
    code = str(write(schedule(trace(lambda x: o.sin(x) + o.cos(x), [ROW[:8]]), Machine.chosen())))
    assert code.count("call void @far_angle") == 1
