"""Products against NumPy: every layout, tails, epilogues, other processors, guards."""

import ctypes
import itertools
import math
import mmap
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.engines.native.llvm.assemble import assemble, check_ir
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Module
from neurona.engines.native.products.product import Axis, Product, plan

TARGETS = [n for n in ("host", "avx2", "baseline") if Machine.named(n).runs_here]
KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
GUARD = 12345
F32 = np.dtype("float32")


def write(product, machine, finish=None, extra=()):
    """The IR of a product's kernels k0, k1, ...; its stages, and the sizes of its workspaces."""
    stages, works = plan(product, machine)
    module = Module()
    names = ["a", "b", "c", *extra, *[f"work{i}" for i in range(len(works))]]
    for number, stage in enumerate(stages):
        f = module.function(
            f"k{number}",
            ["ptr %table", "i64 %begin", "i64 %end"],
            machine.attributes,
            linkage="external",
        )
        pointers = {
            name: f.let(f"load ptr, ptr {f.address('%table', 'ptr', i)}")
            for i, name in enumerate(names)
        }
        stage.emit(f, pointers, finish(pointers) if finish and stage.final else None)
    return str(module), stages, works


def compile(product, target="host", finish=None, extra=()):
    """The kernels of a product as one function of arrays a, b, c, ...; units split as told."""
    machine = Machine.named(target)
    text, stages, works = write(product, machine, finish, extra)
    code = assemble(text, machine)
    kernels = [KERNEL(code.address(f"k{number}")) for number in range(len(stages))]

    def call(*arrays, parts=1, code=code):
        rooms = [np.full(size, 255, "uint8") for size in works]  # NaN
        pointers = [array.ctypes.data for array in (*arrays, *rooms)]
        given = (ctypes.c_void_p * len(pointers))(*pointers)
        for kernel, stage in zip(kernels, stages, strict=True):
            cuts = [stage.units * i // parts for i in range(parts + 1)]
            for begin, end in reversed(list(itertools.pairwise(cuts))):
                kernel(given, begin, end)

    return call


def guarded(values):
    """A copy that ends where a page begins that nobody may read or write."""
    if not sys.platform.startswith("linux"):
        return values.copy()
    page = mmap.PAGESIZE
    length = -(-values.nbytes // page) * page
    memory = mmap.mmap(-1, length + page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(start + length), page, 0) == 0
    raw = np.frombuffer(memory, "uint8", values.nbytes, length - values.nbytes)
    copy = raw.view(values.dtype)
    copy[...] = values
    return copy


def extent(axes, operand):
    """The elements of an operand that axes reach."""
    return 1 + sum((axis.size - 1) * axis[operand] for axis in axes)


def oracle(product, a, b):
    """The result by the definition, in float64 or int64, in axes batch + rows + columns."""
    outside = product.batch + product.rows + product.columns
    axes = outside + product.inner
    wide = "float64" if product.dtype.kind == "f" else "int64"
    shape = [axis.size for axis in axes]
    views = [
        np.lib.stride_tricks.as_strided(x.astype(wide), shape, [axis[operand] * 8 for axis in axes])
        for operand, x in ((1, a), (2, b))
    ]
    return (views[0] * views[1]).sum(tuple(range(len(outside), len(axes))))


def numbers(random, size, dtype):
    if dtype.kind == "f":
        return random.standard_normal(size).astype(dtype)
    return random.integers(-9, 9, size, dtype)


def check(product, target="host", parts=3):
    random = np.random.default_rng(0)
    outside = product.batch + product.rows + product.columns
    every = outside + product.inner
    a, b = (numbers(random, extent(every, operand), product.dtype) for operand in (1, 2))
    size = extent(outside, 3)
    room = np.full(size + 64, GUARD, product.dtype)
    c = room[32 : 32 + size]
    call = compile(product, target)
    call(a, b, c, parts=parts)
    shape = [axis.size for axis in outside]
    found = np.lib.stride_tricks.as_strided(
        c, shape, [axis.c * product.dtype.itemsize for axis in outside]
    )
    expected = oracle(product, a, b)
    root = math.sqrt(math.prod(axis.size for axis in product.inner))
    epsilon = np.finfo(product.dtype).eps if product.dtype.kind == "f" else 0
    tolerance = 8 * epsilon * max(root, 1) * (1 + root / 4)  # rounding errors add up
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    assert (room[:32] == GUARD).all()
    assert (room[32 + size :] == GUARD).all()
    touched = np.zeros(size, bool)
    np.lib.stride_tricks.as_strided(touched, shape, [axis.c for axis in outside])[...] = True
    assert (c[~touched] == GUARD).all()
    whole = guarded(np.full(size, GUARD, product.dtype))
    call(guarded(a), guarded(b), whole)
    assert whole.tobytes() == c.tobytes()  # the same bits for any split


def matmul(m, k, n, dtype="float32", a="mk", b="kn", batch=()):
    """A product of matrices stored in this order, each index of `batch` with its own."""
    sizes = {"m": m, "k": k, "n": n}
    stride = {}
    for operand, order in ("a", a), ("b", b), ("c", "mn"):
        step = 1
        for letter in reversed(order):
            stride[operand, letter] = step
            step *= sizes[letter]
        for i in reversed(range(len(batch))):
            stride[operand, i] = step
            step *= batch[i]
    return Product(
        tuple(Axis(size, *(stride[o, i] for o in "abc")) for i, size in enumerate(batch)),
        (Axis(m, stride["a", "m"], 0, stride["c", "m"]),),
        (Axis(n, 0, stride["b", "n"], stride["c", "n"]),),
        (Axis(k, stride["a", "k"], stride["b", "k"], 0),),
        np.dtype(dtype),
    )


def convolution(b, h, w, c, ky, kx, n):
    """Images (b, h, w, c) by a kernel (ky, kx, c, n), no padding."""
    y, x = h - ky + 1, w - kx + 1
    return Product(
        (),
        (Axis(b, h * w * c, 0, y * x * n), Axis(y, w * c, 0, x * n), Axis(x, c, 0, n)),
        (Axis(n, 0, 1, 1),),
        (Axis(ky, w * c, kx * c * n, 0), Axis(kx, c, c * n, 0), Axis(c, 1, n, 0)),
        F32,
    )


def kernel_gradient(b, h, w, c, ky, kx, n):
    """The gradient of the kernel of `convolution`."""
    y, x = h - ky + 1, w - kx + 1
    return Product(
        (),
        (Axis(ky, w * c, 0, kx * c * n), Axis(kx, c, 0, c * n), Axis(c, 1, 0, n)),
        (Axis(n, 0, 1, 1),),
        (Axis(b, h * w * c, y * x * n, 0), Axis(y, w * c, x * n, 0), Axis(x, c, n, 0)),
        F32,
    )


SHAPES = [
    (4, 2, 4), (200, 2, 2), (200, 16, 1), (2, 200, 16), (32, 128, 10), (32, 10, 20), (1, 784, 128),
    (13, 50, 400), (65, 33, 49), (1, 1, 1), (7, 300, 3), (300, 7, 1), (2, 3, 1000),
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matrices(shape, target):
    check(matmul(*shape), target)


@pytest.mark.parametrize("a", ["mk", "km"])
@pytest.mark.parametrize("b", ["kn", "nk"])
@pytest.mark.parametrize("shape", [(32, 10, 128), (40, 33, 17), (5, 64, 1), (1, 64, 5), (1, 9, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
def test_layouts_and_types(a, b, shape, dtype):
    check(matmul(*shape, dtype, a, b))


def test_batches():
    check(matmul(9, 8, 21, batch=(3, 2)))
    check(matmul(9, 8, 21, b="nk", batch=(3, 2)))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "shape", [(2, 28, 28, 1, 3, 3, 32), (3, 13, 13, 32, 3, 3, 64), (2, 6, 5, 3, 2, 3, 5)], ids=str
)
def test_convolutions(shape, target):
    check(convolution(*shape), target)
    check(kernel_gradient(*shape), target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shape", [(8, 28, 28, 1, 3, 3, 32), (33, 13, 12, 20, 3, 3, 40)], ids=str)
def test_long_sums_are_cut_into_parts(shape, target):
    product = kernel_gradient(*shape)
    assert [stage.final for stage in plan(product, Machine.named(target))[0]] == [False, True]
    check(product, target, parts=5)


def test_long_sums_of_what_has_to_be_transposed():
    product = matmul(40, 4000, 64, b="nk")
    finals = [stage.final for stage in plan(product, Machine.named("avx512"))[0]]
    assert finals == [False, False, True]
    check(product)


def test_large_operands_are_packed():
    product = matmul(260, 512, 300, b="nk")
    assert [stage.final for stage in plan(product, Machine.host())[0]] == [False, True]
    check(product)
    check(matmul(2000, 100, 40))


def test_axes_that_operands_lack_or_share():
    shared = matmul(9, 8, 21, batch=(3, 2))
    check(replace(shared, batch=tuple(axis._replace(b=0) for axis in shared.batch)))
    check(replace(shared, batch=tuple(axis._replace(a=0) for axis in shared.batch)))
    heads = Product(
        (Axis(2, 120, 280, 336), Axis(3, 8, 7, 7)),
        (Axis(5, 24, 0, 21),),
        (Axis(2, 0, 140, 105 * 6), Axis(7, 0, 1, 1)),
        (Axis(8, 1, 21, 0),),
        F32,
    )
    check(heads)


@pytest.mark.parametrize("b", ["kn", "nk"])
def test_operands_may_be_walked_backwards(b):
    product = matmul(20, 30, 33, b=b)
    (k,) = product.inner
    backwards = replace(product, inner=(k._replace(b=-k.b),))
    random = np.random.default_rng(3)
    x, w = (numbers(random, extent(product.inner + product.columns + product.rows, o), F32)
            for o in (1, 2))  # fmt: skip
    c = np.zeros((20, 33), F32)
    compile(backwards)(x, w[(k.size - 1) * k.b :], c)
    w = w.reshape(30, 33) if b == "kn" else w.reshape(33, 30).T
    np.testing.assert_allclose(c, x.reshape(20, 30) @ w[::-1], atol=1e-4)


def test_the_order_of_inner_axes_does_not_matter():
    product = convolution(2, 9, 9, 5, 3, 2, 20)
    turned = replace(product, inner=product.inner[::-1])
    check(turned)
    assert plan(turned, Machine.host())[1] == plan(product, Machine.host())[1]


def test_sums_of_nothing_are_zero_and_no_results_are_no_work():
    check(matmul(3, 0, 5))
    for shape in (0, 2, 3), (3, 2, 0):
        assert sum(stage.units for stage in plan(matmul(*shape), Machine.host())[0]) == 0


@st.composite
def products(draw):
    size = st.integers(1, 40)
    dtype = draw(st.sampled_from(["float32", "float64"]))
    shape = [draw(size), draw(size), draw(size)]
    batch = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    a, b = draw(st.sampled_from(["mk", "km"])), draw(st.sampled_from(["kn", "nk"]))
    return matmul(*shape, dtype, a, b, batch)


@st.composite
def strided_convolutions(draw):
    """Images and kernels of any small shape, with strides and dilation, and either gradient."""
    small, few = st.integers(1, 4), st.integers(1, 3)
    b, c, n, ky, kx = (draw(small) for _ in range(5))
    n *= draw(st.sampled_from([1, 7, 16]))
    sy, sx, dy, dx = (draw(few) for _ in range(4))
    y, x = draw(st.integers(1, 9)), draw(st.integers(1, 30))
    h, w = (y - 1) * sy + (ky - 1) * dy + 1, (x - 1) * sx + (kx - 1) * dx + 1
    image = (Axis(b, h * w * c, 0, y * x * n), Axis(y, sy * w * c, 0, x * n), Axis(x, sx * c, 0, n))
    kernel = Axis(ky, dy * w * c, kx * c * n, 0), Axis(kx, dx * c, c * n, 0), Axis(c, 1, n, 0)
    if draw(st.booleans()):
        return Product((), image, (Axis(n, 0, 1, 1),), kernel, F32)
    rows = tuple(Axis(axis.size, axis.a, 0, axis.b) for axis in kernel)
    inner = tuple(Axis(axis.size, axis.a, axis.c, 0) for axis in image)
    return Product((), rows, (Axis(n, 0, 1, 1),), inner, F32)


@settings(max_examples=40, deadline=None)
@given(strided_convolutions(), st.sampled_from(TARGETS), st.integers(1, 4))
def test_any_convolution(product, target, parts):
    check(product, target, parts)


@settings(max_examples=40, deadline=None)
@given(products(), st.sampled_from(TARGETS), st.integers(1, 4))
def test_any_product(product, target, parts):
    check(product, target, parts)


@pytest.mark.parametrize("shape", [(32, 64, 10), (5, 7, 40), (40, 9, 1), (1, 50, 33)], ids=str)
def test_a_finish_stores_what_it_makes_of_the_results(shape):
    m, _, n = shape
    product = matmul(*shape)

    def finish(pointers):
        def store(lanes, place, value):
            bias = lanes.load(pointers["bias"], product.dtype, place.index([0, 1]))
            mask = lanes.load(pointers["mask"], product.dtype, place.index([n, 1]))
            total = lanes.mul(lanes.add(value, bias), mask)
            lanes.store(pointers["c"], total, place.index([n, 1]))
            lanes.store(pointers["d"], lanes.add(total, total), place.index([n, 1]))

        return store

    random = np.random.default_rng(1)
    a, b = (random.standard_normal(s).astype("f") for s in ((m, shape[1]), (shape[1], n)))
    bias, mask = (random.standard_normal(s).astype("f") for s in (n, (m, n)))
    c, d = np.zeros((2, m, n), "f")
    compile(product, "host", finish, ("d", "bias", "mask"))(a, b, c, d, bias, mask, parts=2)
    expected = (a.astype("d") @ b + bias) * mask
    np.testing.assert_allclose(c, expected, atol=1e-4)
    np.testing.assert_array_equal(d, 2 * c)


@pytest.mark.parametrize(
    "product",
    [
        convolution(3, 6, 5, 3, 2, 3, 20),
        convolution(3, 6, 5, 12, 2, 3, 40),
        kernel_gradient(8, 28, 28, 2, 3, 3, 20),
        matmul(40, 30, 1),
    ],
    ids=["small", "loop", "parts", "along rows"],
)
def test_a_place_knows_the_index_along_every_axis(product):
    sizes = [axis.size for axis in product.rows + product.columns]
    strides = [math.prod([*sizes[i + 1 :], len(sizes)]) for i in range(len(sizes))]

    def finish(pointers):
        def store(lanes, place, value):
            assert len(place) == len(sizes)
            for i in range(len(sizes)):
                index = lanes.number(0, np.dtype("int64"))._replace(text=place[i])
                if i == place.axis:
                    index = lanes.add(lanes.lane_numbers(), index)
                at = place.index(strides)
                at = at._replace(base=lanes.f.add(at.base, i))
                lanes.store(pointers["c"], lanes.spread(index), at)

        return store

    random = np.random.default_rng(2)
    every = product.rows + product.columns + product.inner
    a, b = (numbers(random, extent(every, operand), product.dtype) for operand in (1, 2))
    c = np.zeros([*sizes, len(sizes)], np.int64)
    compile(product, "host", finish)(a, b, c)
    np.testing.assert_array_equal(np.moveaxis(c, -1, 0), np.indices(sizes))


@pytest.mark.parametrize("target", ["avx512", "neon", "apple"])
def test_code_is_made_for_other_processors_too(target):
    machine = Machine.named(target)
    for product in (
        matmul(32, 70, 30),
        matmul(70, 40, 1),
        matmul(33, 64, 100, "float64", b="nk"),
        convolution(2, 13, 13, 32, 3, 3, 64),
        kernel_gradient(8, 28, 28, 1, 3, 3, 32),
    ):
        text, _, _ = write(product, machine)
        assert check_ir(text, machine)
