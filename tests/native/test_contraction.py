"""Contractions as machine code, against their forward rules."""

import math
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurona.core.lowering import Contraction
from neurona.core.op import OPS
from neurona.core.shapes import Spec
from neurona.engines.native.llvm.assemble import assembly
from neurona.engines.native.llvm.lanes import Index
from neurona.engines.native.llvm.machine import Machine

from ..ops.cases import CASES
from .contractions import Compiled, written

ROWS = [case for case in CASES if isinstance(OPS[case.op].lower, Contraction)]
CLOSE = {"float64": 1e-12, "float32": 3e-5, "int32": 0, "int64": 0}
TARGETS = ["host", "avx2", "baseline"]


def check(op, x, w, attributes, target="host", pieces=3):
    """One contraction on a target: the numbers of the forward rule, for any split of the units."""
    wide = [np.float64(a) if a.dtype.kind == "f" else a for a in (x, w)]
    want = OPS[op](*wide, **attributes).numpy()
    compiled = Compiled(op, x, w, attributes, target)
    y = compiled(x, w)
    assert y.shape == want.shape
    scale = max(abs(want).max(initial=0), 1)
    np.testing.assert_allclose(y, want, rtol=0, atol=CLOSE[str(x.dtype)] * scale)
    np.testing.assert_array_equal(compiled(x, w, pieces), y)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", ROWS, ids=str)
def test_row(case, target, dtype):
    check(case.op, *case.arrays(dtype), case.attributes, target)


def once(f, pointers, shape):
    """A Finish that spoils what is finished twice, and stores by the index on each axis."""
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]

    def finish(lanes, place, value):
        index = place.index(strides)
        old = lanes.load(pointers["y"], value.dtype, index)  # NaN if nobody was there
        value = lanes.select(lanes.eq(old, old), lanes.number(np.inf, value.dtype), value)
        base = "0"
        for axis, stride in enumerate(strides):
            base = f.add(base, f.mul(place[axis], stride))
        assert index.step == strides[place.axis] * place.step
        lanes.store(pointers["y"], value, Index(base, index.step))

    return finish


@pytest.mark.parametrize("case", ROWS, ids=str)
def test_every_element_is_finished_once(case):
    x, w = case.arrays("float32")
    want = OPS[case.op](x, w, **case.attributes).numpy()
    y = Compiled(case.op, x, w, case.attributes, finish=once)(x, w)
    np.testing.assert_allclose(y, want, rtol=0, atol=3e-5)


# --- random ones ---------------------------------------------------------------------------------


def values(shape, dtype):
    """Small numbers, none like its neighbours."""
    count = np.arange(1, int(np.prod(shape)) + 1, dtype="float64").reshape(shape)
    numbers = np.sin(count * count)
    return numbers.astype(dtype) if np.dtype(dtype).kind == "f" else (9 * numbers).astype(dtype)


@st.composite
def views(draw, shape, dtype):
    """An array of a shape, seen as: a slice, transposed, backwards or repeated."""
    order = draw(st.permutations(range(len(shape))))
    steps = draw(
        st.lists(st.sampled_from([1, 1, 1, 2, -1]), min_size=len(shape), max_size=len(shape))
    )
    inside = [shape[axis] * abs(steps[axis]) + (axis % 2) for axis in order]
    array = values(inside, dtype).transpose(np.argsort(order))
    array = array[tuple(slice(None, None, step) for step in steps)]
    array = array[tuple(slice(0, n) for n in shape)]
    repeated = draw(st.sampled_from([None] * 3 + list(range(len(shape)))))
    if repeated is not None:
        one = tuple(slice(0, 1) if axis == repeated else slice(None) for axis in range(len(shape)))
        array = np.broadcast_to(array[one], shape)
    assert array.shape == tuple(shape)
    return array


@st.composite
def matrices(draw):
    leading = draw(st.lists(st.integers(1, 3), max_size=2))
    m, k, n = (draw(st.sampled_from([0, 1, 2, 3, 5, 8, 16, 17, 33, 70])) for _ in range(3))
    sides = [
        [draw(st.sampled_from([1, size])) for size in leading[draw(st.integers(0, len(leading))) :]]
        for _ in range(2)
    ]
    dtype = draw(st.sampled_from(["float32", "float64", "int32"]))
    return draw(views((*sides[0], m, k), dtype)), draw(views((*sides[1], k, n), dtype))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(operands=matrices(), target=st.sampled_from(TARGETS), pieces=st.integers(2, 9))
def test_matrix_product(operands, target, pieces):
    check("matrix_product", *operands, {}, target, pieces)


@st.composite
def convolutions(draw):
    rank = draw(st.sampled_from([1, 2, 2, 2, 3]))
    groups = draw(st.sampled_from([1, 1, 1, 2, 3, 17]))
    channels, filters = (draw(st.sampled_from([1, 2, 3, 5, 16])) for _ in range(2))
    kernel, strides, dilation, padding, sizes = [], [], [], [], []
    for _ in range(rank):
        kernel.append(draw(st.integers(1, 7 if rank == 1 else 3)))
        strides.append(draw(st.sampled_from([1, 1, 2, 3, 5])))
        dilation.append(draw(st.sampled_from([1, 1, 2, 3])))
        padding.append((draw(st.integers(0, 3)), draw(st.integers(0, 3))))
        extent = (kernel[-1] - 1) * dilation[-1] + 1
        least = max(extent - sum(padding[-1]), 1)
        sizes.append(draw(st.integers(least, least + (9 if rank < 3 else 3))))
    geometry = {
        "strides": tuple(strides), "padding": tuple(padding), "dilation": tuple(dilation),
        "groups": groups,
    }  # fmt: skip
    dtype = draw(st.sampled_from(["float32", "float64"]))
    x = (draw(st.integers(0, 3)), *sizes, channels * groups)
    w = (*kernel, channels, filters * groups)
    looks = Spec(x, np.dtype(dtype)), Spec(w, np.dtype(dtype))
    y = OPS["convolution"].shape(*looks, **geometry).shape
    op = draw(st.sampled_from(["convolution", "conv_input_gradient", "conv_kernel_gradient"]))
    shapes, more = {
        "convolution": ((x, w), {}),
        "conv_input_gradient": ((y, w), {"size": x[1:-1]}),
        "conv_kernel_gradient": ((x, y), {"kernel_size": w[:-2]}),
    }[op]
    return op, *(draw(views(shape, dtype)) for shape in shapes), {**geometry, **more}


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(given=convolutions(), target=st.sampled_from(TARGETS), pieces=st.integers(2, 9))
def test_convolution(given, target, pieces):
    check(*given, target, pieces)


# --- borders -------------------------------------------------------------------------------------

SAME = [  # x, w, strides, padding, dilation: lines of one tile, of several, of odd ends
    ((3, 8, 8, 16), (3, 3, 16, 48), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    ((2, 6, 32, 8), (3, 3, 8, 32), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    ((2, 9, 33, 9), (5, 2, 9, 20), (1, 1), ((2, 2), (1, 0)), (1, 1)),
    ((2, 16, 16, 16), (3, 3, 16, 32), (2, 2), ((0, 1), (0, 1)), (1, 1)),
    ((2, 11, 13, 8), (3, 3, 8, 17), (2, 3), ((3, 0), (1, 2)), (2, 1)),
    ((64, 4, 5, 8), (3, 3, 8, 16), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    ((2, 20, 8), (3, 8, 16), (1,), ((2, 0),), (1,)),
    ((2, 20, 8), (3, 8, 16), (1,), ((4, 5),), (2,)),
    ((2, 3, 4, 5, 8), (3, 3, 3, 8, 16), (1, 1, 1), ((1, 1),) * 3, (1, 1, 1)),
    ((2, 7, 7, 32), (3, 3, 16, 64), (1, 1), ((1, 1), (1, 1)), (1, 1)),  # two groups
    ((2, 7, 7, 34), (3, 3, 1, 34), (1, 1), ((1, 1), (1, 1)), (1, 1)),  # by channel
    ((2, 7, 7, 19), (3, 3, 1, 38), (2, 1), ((1, 1), (1, 1)), (1, 1)),  # two filters a channel
    ((2, 5, 29, 17), (3, 3, 1, 17), (1, 1), ((1, 1), (2, 0)), (1, 1)),  # blocks of two sizes
    ((1, 9, 26, 8), (5, 5, 1, 8), (1, 2), ((3, 4), (4, 3)), (2, 1)),
    ((2, 31, 6), (5, 1, 6), (1,), ((4, 0),), (1,)),
    ((3, 19, 11, 18), (3, 3, 1, 18), (1, 1), ((1, 1), (1, 1)), (1, 1)),  # sums in groups
    ((2, 700, 5), (3, 1, 10), (1,), ((1, 1),), (1,)),
    ((2, 40, 41, 5), (3, 3, 5, 32), (1, 1), ((1, 1), (1, 1)), (1, 1)),  # lines in chunks
    ((2, 39, 80, 8), (4, 3, 8, 64), (2, 1), ((1, 2), (1, 1)), (1, 1)),
]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("op", ["convolution", "conv_input_gradient", "conv_kernel_gradient"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("x", "w", "strides", "padding", "dilation"), SAME, ids=str)
def test_borders_are_skipped(op, x, w, strides, padding, dilation, target):
    geometry = {
        "strides": strides, "padding": padding, "dilation": dilation, "groups": x[-1] // w[-2],
    }  # fmt: skip
    f4 = np.dtype("float32")
    y = OPS["convolution"].shape(Spec(x, f4), Spec(w, f4), **geometry).shape
    shapes, more = {
        "convolution": ((x, w), {}),
        "conv_input_gradient": ((y, w), {"size": x[1:-1]}),
        "conv_kernel_gradient": ((x, y), {"kernel_size": w[:-2]}),
    }[op]
    operands = [values(shape, "float32") for shape in shapes]
    check(op, *operands, {**geometry, **more}, target)
    finished = Compiled(op, *operands, {**geometry, **more}, target, finish=once)(*operands)
    plain = Compiled(op, *operands, {**geometry, **more}, target)(*operands)
    np.testing.assert_array_equal(finished, plain)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("channels", [32, 20])
def test_few_places_of_a_large_kernel_are_dot_products(channels, target, dtype):
    g, w = values((1, 6, 7, 64), dtype), values((3, 3, channels, 64), dtype)
    geometry = {"strides": (1, 1), "padding": ((1, 1),) * 2, "dilation": (1, 1), "groups": 1}
    check("conv_input_gradient", g, w, {**geometry, "size": (6, 7)}, target)
    stages = written(
        "conv_input_gradient", g, w, {**geometry, "size": (6, 7)}, Machine.named(target)
    )[0]
    assert len(stages) == 1  # no kernel is transposed first


@pytest.mark.parametrize("op", ["convolution", "conv_input_gradient"])
def test_sums_stay_in_registers(op):
    # Three taps read nearly the same pixels: kept for each other, they would displace sums.
    x, w = np.zeros((2, 14, 14, 256), "float32"), np.zeros((3, 3, 256, 256), "float32")
    geometry = {"strides": (1, 1), "padding": ((1, 1),) * 2, "dilation": (1, 1), "groups": 1}
    more = {"size": (14, 14)} if op == "conv_input_gradient" else {}
    machine = Machine.named("avx512")
    code = assembly(written(op, x, w, {**geometry, **more}, machine)[2], machine)
    loops = [block for block in re.split(r"^\.L", code, flags=re.M) if block.count("vfmadd") > 30]
    assert loops
    for block in loops:
        assert block.count("(%rsp)") < block.count("vfmadd") / 8
