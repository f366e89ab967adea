"""Kernels that are algorithms of their own, against the forward rules of their ops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurona as nn
from neurona.core.graph import trace
from neurona.core.lowering import Opaque
from neurona.core.op import OPS
from neurona.core.shapes import Spec
from neurona.engines.native import schedule
from neurona.engines.native.kernels import philox, running, scatter, sort
from neurona.engines.native.llvm.assemble import check_ir
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.program import compile
from neurona.errors import IndexRangeError

from ..ops.cases import CASES
from ..ops.test_ops import attributes
from .stages import TARGETS, run, written

MACHINES = pytest.mark.parametrize(
    "machine",
    [
        pytest.param(Machine.named(t), id=t, marks=[pytest.mark.slow] * (t == "avx2"))
        for t in TARGETS
    ],
)


def cases(*names):
    return pytest.mark.parametrize("case", [c for c in CASES if c.op in names], ids=str)


def guarded(spec):
    """An array with room around it, that must not be touched."""
    whole = np.full(spec.size * spec.dtype.itemsize + 256, 0x77, "uint8")
    inner = whole[128 : whole.size - 128].view(spec.dtype).reshape(spec.shape)
    return whole, inner


def result(planned, spec, inputs, machine, **more):
    whole, y = guarded(spec)
    run(planned, {**{str(k): a for k, a in enumerate(inputs)}, "y": y, **more}, machine)
    assert (whole[:128] == 0x77).all()
    assert (whole[whole.size - 128 :] == 0x77).all()
    return y


@pytest.mark.sampled(3)
@MACHINES
@pytest.mark.parametrize("count", [0, 1, 15, 64, 100, 255, 256, 257, 1000, 2049])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_unit(dtype, count, machine):
    for state, draw in (([3, 5], 0), ([2**40 + 3, 2**33 + 1], 7), ([-1, -2], 2**31 + 9)):
        spec, state = Spec((count,), np.dtype(dtype)), np.array(state, "int64")
        want = OPS["random_unit"](state, shape=(count,), draw=draw, dtype=dtype).numpy()
        y = result(philox.plan(spec, draw, machine), spec, [state], machine)
        np.testing.assert_array_equal(y, want)


def scattered(case_or_name, arrays, given, machine, **more):
    op = OPS[case_or_name]
    specs = [Spec(a.shape, a.dtype) for a in arrays]
    planned = scatter.plan(op.lower, given, specs, machine, **more)
    return result(planned, specs[0], arrays, machine)


@pytest.mark.sampled(3)
@MACHINES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@cases("scatter_add", "scatter_set", "add_along_axis")
def test_scatter_cases(case, dtype, machine):
    arrays = case.arrays(dtype)
    want = OPS[case.op](*arrays, **case.attributes).numpy()
    given = OPS[case.op]._bind(tuple(arrays), dict(case.attributes))[1]
    np.testing.assert_array_equal(scattered(case.op, arrays, given, machine), want)


@pytest.mark.sampled(3)
@MACHINES
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "bool"])
@pytest.mark.parametrize(
    ("name", "x", "indices", "axis"),
    [
        ("scatter_add", (7, 150), (40,), 0),
        ("scatter_add", (70,), (5, 9), 0),
        ("scatter_add", (3, 5, 2, 19), (4,), 1),
        ("scatter_set", (7, 150), (40,), 0),
        ("scatter_set", (70,), (5, 9), 0),
        ("scatter_set", (3, 5, 2, 19), (), 1),
        ("add_along_axis", (6, 33), (6, 50), 1),
        ("add_along_axis", (6, 33), (20, 33), 0),
    ],
)
def test_scatter_adds_in_order(name, x, indices, axis, dtype, machine):
    rng = np.random.default_rng(3)
    k = rng.integers(-x[axis], x[axis], indices).astype("int32")
    shape = indices if name == "add_along_axis" else (*x[:axis], *indices, *x[axis + 1 :])
    k = np.asarray(k, "int32")
    x, updates = [(rng.standard_normal(s) * 100).astype(dtype) for s in (x, shape)]
    want = OPS[name](x, k, updates, axis=axis).numpy()
    got = scattered(name, [x, k, updates], {"axis": axis}, machine)
    np.testing.assert_array_equal(got, want)
    zero = np.zeros_like(x)
    want = OPS[name](zero, k, updates, axis=axis).numpy()
    got = scattered(name, [np.full_like(x, 1), k, updates], {"axis": axis}, machine, fill=0)
    np.testing.assert_array_equal(got, want)


@MACHINES
def test_what_is_put_over_its_input_leaves_the_rest_alone(machine):
    x, k = np.arange(30, dtype="float32").reshape(5, 6), np.array([3, 1, 3], "int32")
    updates = -np.ones((3, 6), "float32") * np.arange(1, 4, dtype="float32")[:, None]
    want = OPS["scatter_set"](x, k, updates, axis=0).numpy()
    specs = [Spec(a.shape, a.dtype) for a in (x, k, updates)]
    planned = scatter.plan(OPS["scatter_set"].lower, {"axis": 0}, specs, machine)
    y = x.copy()
    result(planned, specs[0], [y, k, updates], machine, y=y)
    np.testing.assert_array_equal(y, want)


@MACHINES
@pytest.mark.parametrize("bad", [7, -8, 2**31 - 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_an_index_outside_is_reported_and_nothing_outside_is_touched(axis, bad, machine):
    x = np.zeros((7, 7), "float32")
    k = np.zeros((7, 7), "int32")
    k[3, 5] = bad
    status = np.zeros(3, "int64")
    specs = [Spec(x.shape, x.dtype), Spec(k.shape, k.dtype), Spec(x.shape, x.dtype)]
    planned = scatter.plan(OPS["add_along_axis"].lower, {"axis": axis}, specs, machine)
    result(planned, specs[0], [x, k, x + 1], machine, status=status)
    assert status.tolist() == [1, bad, 7]


@MACHINES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@cases("cumsum")
def test_running_cases(case, dtype, machine):
    (x,) = case.arrays(dtype)
    runs(x, machine, **case.attributes)


@pytest.mark.sampled(3)
@MACHINES
@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "bool"])
@pytest.mark.parametrize(
    ("shape", "axis"), [((5, 70), 0), ((5, 70), 1), ((3, 4, 50), -2), ((9,), 0), ((1, 3), 0)]
)
@pytest.mark.parametrize("reverse", [False, True])
def test_running_sum(shape, axis, reverse, dtype, machine):
    x = (np.random.default_rng(1).standard_normal(shape) * 100).astype(dtype)
    runs(x, machine, axis=axis, reverse=reverse)


def runs(x, machine, **given):
    op = OPS["cumsum"]
    given = op._bind((x,), given)[1]
    want = op(x, **given).numpy()
    spec = Spec(want.shape, want.dtype)
    planned = running.plan(op.lower, Spec(x.shape, x.dtype), spec, machine=machine, **given)
    np.testing.assert_array_equal(result(planned, spec, [x], machine), want)


@MACHINES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@cases("argsort")
def test_sort_cases(case, dtype, machine):
    (x,) = case.arrays(dtype)
    sorts(x, machine, **case.attributes)


SPECIAL = [0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 5e-324, -1e-40, 1.0, -1.0, 1e38, -1e38]


@pytest.mark.sampled(3)
@MACHINES
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((40,), 0), ((20, 83), 1), ((20, 33), 0), ((3, 70, 2), -2), ((2, 300), 1), ((3, 1), 1)],
)
@pytest.mark.parametrize("descending", [False, True])
def test_sort(shape, axis, descending, dtype, machine):
    rng = np.random.default_rng(2)
    if dtype.startswith("f"):
        values = np.float64([*SPECIAL, *rng.standard_normal(8)])
    else:
        limits = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        values = np.array([*limits, 0, 1, 3, 100])
    with np.errstate(all="ignore"):
        x = rng.choice(values, shape).astype(dtype)
    sorts(x, machine, axis=axis, descending=descending)


def sorts(x, machine, **given):
    op = OPS["argsort"]
    given = op._bind((x,), given)[1]
    spec = Spec(x.shape, np.dtype("int32"))
    planned = sort.plan(Spec(x.shape, x.dtype), machine=machine, **given)
    np.testing.assert_array_equal(result(planned, spec, [x], machine), op(x, **given).numpy())


@pytest.mark.parametrize("target", ["neon", "apple"])
def test_code_for_other_machines(target):
    machine, f32 = Machine.named(target), np.dtype("float32")
    x, k = Spec((5, 70), f32), Spec((5, 70), np.dtype("int32"))
    kinds = {name: OPS[name].lower for name in ("add_along_axis", "cumsum")}
    for stages, works in (
        philox.plan(x, 0, machine),
        scatter.plan(kinds["add_along_axis"], {"axis": 0}, [x, k, x], machine),
        running.plan(kinds["cumsum"], x, x, 0, True, machine),
        sort.plan(x, 0, False, machine),
        sort.plan(x, 1, True, machine),
    ):
        names = ["status", "0", "1", "2", "y", *(f"work{i}" for i in range(len(works)))]
        assert check_ir(written(stages, names, machine), machine)


# --- shapes at random ----------------------------------------------------------------------------

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=3)
FEW = settings(max_examples=25, deadline=None)
HOST = Machine.host()


@FEW
@given(SIZES, st.integers(0, 2), st.booleans(), st.integers(0, 2**32))
def test_sorts_of_any_shape(shape, axis, descending, seed):
    x = np.random.default_rng(seed).integers(-9, 9, shape).astype("float32")
    sorts(x, HOST, axis=axis % len(shape), descending=descending)


@FEW
@given(SIZES, st.integers(0, 2), st.booleans(), st.integers(0, 2**32))
def test_running_sums_of_any_shape(shape, axis, reverse, seed):
    x = np.random.default_rng(seed).standard_normal(shape)
    runs(x, HOST, axis=axis % len(shape), reverse=reverse)


@FEW
@given(SIZES, SIZES, st.integers(0, 2), st.integers(0, 2**32))
def test_scatters_of_any_shape(shape, many, axis, seed):
    rng, axis = np.random.default_rng(seed), axis % len(shape)
    k = rng.integers(-shape[axis], shape[axis], many[:2])
    x = rng.standard_normal(shape).astype("float32")
    updates = rng.standard_normal((*shape[:axis], *k.shape, *shape[axis + 1 :])).astype("float32")
    want = OPS["scatter_add"](x, k, updates, axis=axis).numpy()
    got = scattered("scatter_add", [x, k, updates], {"axis": axis}, HOST)
    np.testing.assert_array_equal(got, want)


@FEW
@given(st.integers(1, 3000), st.integers(0, 2**31), st.integers(-(2**62), 2**62))
def test_draws_of_any_size(count, draw, seed):
    spec, state = Spec((count,), np.dtype("float32")), np.array([seed, 1])
    want = OPS["random_unit"](state, shape=(count,), draw=draw, dtype="float32").numpy()
    y = result(philox.plan(spec, draw, HOST), spec, [state], HOST)
    np.testing.assert_array_equal(y, want)


# --- within the engine ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_row_is_native_code_but_for_the_opaque(case):
    op, given = OPS[case.op], attributes(case)
    arrays = [x.numpy() for x in op._bind(tuple(case.arrays()), dict(given))[0]]
    graph = trace(lambda *xs: op(*xs, **given), arrays)
    assert schedule(graph, HOST).native == (not isinstance(op.lower, Opaque))


@pytest.mark.parametrize("bad", [3, -4])
@pytest.mark.parametrize(
    "name", ["take", "take_along_axis", "scatter_add", "scatter_set", "add_along_axis"]
)
def test_an_index_outside_is_an_error_once(name, bad):
    x, k = np.ones((3, 2), "float32"), np.zeros((3, 2), "int32")
    updates = [np.ones((3, 2, 2), "float32")] * (name in ("scatter_add", "scatter_set"))
    updates += [x] * (name == "add_along_axis")
    program = compile(trace(lambda *xs: OPS[name](*xs, axis=0), [x, k, *updates]), "native")
    want = OPS[name](x, k, *updates, axis=0).numpy()
    wrong = k.copy()
    wrong[1, 1] = bad
    with pytest.raises(IndexRangeError, match=f"{bad}.*-3 to 2"):
        program(x, wrong, *updates)
    np.testing.assert_array_equal(program(x, k, *updates)[0], want)


@pytest.mark.parametrize("sizes", [(128, 128, 128, 128), (1, 200, 0, 3, 77), (515, 2), (16, 4096)])
def test_long_rows_are_joined_of_parts(sizes):
    """Gates of a recurrent step: a row is written vector by vector, or in a loop if it is long."""
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(3, n)).astype("float32") for n in sizes]
    joined = nn.jit(lambda *x: nn.ops.concatenate([2.0 * p for p in x], axis=-1), engine="native")
    expected = 2.0 * np.concatenate(parts, axis=-1)
    np.testing.assert_array_equal(joined(*parts).numpy(), expected)

    def padded(*x):
        starts = np.cumsum([0, *sizes])
        rows = [
            nn.ops.pad(p, ((0, 0), (int(a), int(starts[-1] - b))))
            for p, a, b in zip(x, starts, starts[1:], strict=False)
        ]
        return 2.0 * sum(rows)

    np.testing.assert_array_equal(nn.jit(padded, engine="native")(*parts).numpy(), expected)
