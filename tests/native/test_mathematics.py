"""Vector mathematics against higher precision over the full range, on each target."""

import ctypes
import functools
import itertools
import re

import numpy as np
import pytest

from neurona.engines.native.llvm.assemble import assemble, assembly
from neurona.engines.native.llvm.denormals import denormals_ir
from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Module

F32, F64 = np.dtype("float32"), np.dtype("float64")
TARGETS = [t for t in ("host", "avx2", "baseline") if Machine.named(t).runs_here]
EXTENDED = np.finfo(np.longdouble).nmant > 60
UNARY = ("exp", "expm1", "sigmoid", "tanh", "log", "log1p", "erf", "sin", "cos")
BINARY = ("pow", "mod", "floordiv")

NEXT_TO_A_QUARTER = 6381956970095103 * 2.0**797  # no float64 is nearer to a multiple of pi / 2

# Bounds in ulp, as the docstrings state them: (float32, float64).
BOUNDS = {
    "exp": (1.25, 1.25), "expm1": (1.5, 1.5), "sigmoid": (2.75, 2.75), "tanh": (2.75, 2.75),
    "log": (1.0, 1.0), "log1p": (1.5, 1.5), "erf": (1.5, 1.75), "sin": (1.0, 1.0),
    "cos": (1.0, 1.0), "pow": (1.0, 1.75),
}  # fmt: skip


def written(name, dtypes, machine, width, single=False, around=("", "")):
    """A module with the kernel `run`, of n vectors."""
    m = Module()
    f = m.function("run", ["ptr %table", "i64 %begin", "i64 %end"], machine.attributes, "dso_local")
    f.do(around[0])
    places = [
        f.let(f"load ptr, ptr {f.address('%table', 'ptr', i)}") for i in range(len(dtypes) + 1)
    ]
    with f.loop("%begin", "%end", width) as i:
        b = Lanes(f, width)
        values = [b.load(p, d, Index(i)) for p, d in zip(places, dtypes, strict=False)]
        if single:
            values = [Value(v.text, v.dtype, False) for v in values]
        b.store(places[-1], getattr(b, name)(*values), Index(i))
    f.do(around[1])
    return str(m)


@functools.cache
def kernel(name, dtypes, target="host", width=None, single=False, flush=False):
    """The function over arrays, made for a target, with or without denormal numbers."""
    machine = Machine.named(target)
    width = width or machine.lanes(dtypes[0].itemsize)
    around = ("%mode = call i64 @flush_denormals()", "call void @restore_denormals(i64 %mode)")
    ir = written(name, dtypes, machine, width, single, around if flush else ("", ""))
    code = assemble((denormals_ir(machine) if flush else "") + ir, machine)
    run = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(
        code.address("run")
    )

    def call(*arrays):
        n = arrays[0].size
        filled = [np.resize(a, n + -n % width) for a in arrays]
        result = np.empty_like(filled[0])
        table = np.array([a.ctypes.data for a in (*filled, result)], np.uintp)
        run(table.ctypes.data, 0, result.size)
        assert code  # alive until here
        return result[:n]

    return call


def erf(x):
    """The series of positive terms 2/sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!."""
    x = np.clip(x, -7, 7)
    term = total = x * (2 / np.sqrt(np.arccos(x.dtype.type(-1))))
    for n in range(1, 160):
        term = term * (2 * x * x) / (2 * n + 1)
        total = total + term
    return total * np.exp(-x * x)


def expected(name, *arrays):
    """What NumPy makes of it in the precision of its arguments."""
    own = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "erf": erf, "pow": np.power}
    with np.errstate(all="ignore"):
        return (own.get(name) or getattr(np, name))(*arrays)


def errors(got, wanted):
    """Errors in ulp; infinite where NaN or infinity is not where it should be.

    Results below the normal range may be zero.
    """
    dtype, info = got.dtype, np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        rounded = wanted.astype(dtype)
        ulp = np.spacing(np.maximum(np.abs(rounded), info.tiny)).astype(wanted.dtype)
        found = np.abs(got.astype(wanted.dtype) - wanted) / ulp
    found[~np.isfinite(rounded) | ~np.isfinite(got)] = np.inf
    found[(got == rounded) | (np.isnan(got) & np.isnan(rounded))] = 0
    found[(got == 0) & (np.abs(wanted) < info.tiny)] = 0
    return found


def check(name, target, arrays, dtype, precise):
    got = kernel(name, (dtype,) * len(arrays), target)(*arrays)
    with np.errstate(invalid="ignore"):  # some are signalling NaN
        wanted = expected(name, *[a.astype(precise) for a in arrays])
    found = errors(got, wanted)
    worst = int(np.argmax(found))
    at = [a[worst] for a in arrays]
    bound = BOUNDS[name][dtype == F64]
    assert found[worst] <= bound, f"{found[worst]} ulp, {name}({at}) = {got[worst]}"


def every(step):
    """Every `step`-th of all float32 numbers that are not denormal."""
    x = np.arange(step // 2, 2**32, step, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return x[~((np.abs(x) < np.finfo(np.float32).tiny) & (x != 0))]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", UNARY)
def test_float32_over_all_numbers(name, target):
    check(name, target, [every(30011)], F32, np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", UNARY)
def test_float32_over_more_numbers(name, target):
    check(name, target, [every(97)], F32, np.float64)


def scattered(name, rng, n):
    """Numbers of all sizes, more of them where the function changes."""
    sizes = np.exp(rng.uniform(np.log(1e-300), np.log(1e300), n))
    usual = np.exp(rng.uniform(np.log(1e-6), np.log(40), 2 * n))
    x = np.concatenate([sizes, usual, rng.uniform(0, 1, n), 1 + rng.uniform(-0.1, 0.1, n)])
    if name == "exp":
        x = np.concatenate([x, rng.uniform(0, 709, n)])
    if name in ("sin", "cos"):  # next to the zeros
        quarters = rng.integers(1, 6e8, n) * (np.arccos(np.longdouble(-1)) / 2)
        x = np.concatenate([x, quarters.astype(F64), [NEXT_TO_A_QUARTER]])
    return np.concatenate([x, -x])


@pytest.mark.skipif(not EXTENDED, reason="needs numbers longer than float64")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", UNARY)
def test_float64_against_extended_precision(name, target):
    x = scattered(name, np.random.default_rng(3), 2000)
    check(name, target, [x], F64, np.longdouble)


def powers(dtype, rng, n):
    """Bases and exponents of all sizes, whose power is in the range, a fifth of them whole."""
    info = np.finfo(dtype)
    spread = np.exp(rng.uniform(np.log(info.tiny), np.log(info.max), n))
    x = np.concatenate([spread, rng.uniform(0.5, 2, n), 1 + rng.uniform(-1e-4, 1e-4, n)])
    x = x.astype(dtype)
    with np.errstate(all="ignore"):
        y = rng.uniform(-0.99, 0.99, 3 * n) * np.log(info.max) / np.log(x.astype(F64))
    y[~np.isfinite(y)] = 3
    whole = rng.uniform(size=3 * n) < 0.2
    return np.where(whole, -x, x), np.where(whole, np.round(y), y).astype(dtype)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_powers(dtype, target):
    if dtype == F64 and not EXTENDED:
        pytest.skip("needs numbers longer than float64")
    x, y = powers(dtype, np.random.default_rng(4), 5000)
    check("pow", target, [x, y], dtype, np.longdouble if dtype == F64 else F64)


def with_known(name, x, y):
    """The function of an array and of a number that is known when the code is written; the code."""
    machine, m = Machine.host(), Module()
    f = m.function("run", ["ptr %x", "ptr %y"], machine.attributes, "dso_local")
    b = Lanes(f, x.size)
    value = getattr(b, name)(b.load("%x", x.dtype, Index("0")), b.number(y, x.dtype))
    b.store("%y", value, Index("0"))
    got, code = np.empty_like(x), assemble(str(m), machine)
    run = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(code.address("run"))
    run(x.ctypes.data, got.ctypes.data)
    return got, str(m)


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("exponent", [-1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5])
def test_powers_with_a_known_exponent(exponent, dtype):
    x = np.concatenate([specials(dtype), np.geomspace(1e-9, 1e9, 26, dtype=dtype)])
    got, _ = with_known("pow", x, exponent)
    wanted = expected("pow", x, np.full(x.size, exponent, dtype))
    wrong = ~same(got, wanted)
    assert not [*zip(x[wrong], got[wrong], wanted[wrong], strict=True)]


def test_a_known_square_is_one_product():
    _, code = with_known("pow", np.ones(16, F32), 2.0)
    assert "fmul" in code
    assert len(code.splitlines()) < 10


# --- special values ------------------------------------------------------------------------------


def specials(dtype):
    info = np.finfo(dtype)
    size = np.array([0, 16 * info.tiny, 1e-12, 0.1, 0.5, 1, 1.5, 2, 2.5, 3, 7, 100, 1e30, info.max,
                     2.0**info.nmant + 1, 2.0 ** (info.nmant + 1), np.log(info.max), np.inf,
                     np.nan], dtype)  # fmt: skip
    return np.concatenate([size, -size])


def same(got, wanted):
    """Equal with the sign of zeros, or all but equal."""
    with np.errstate(all="ignore"):
        return (got == wanted) & (np.signbit(got) == np.signbit(wanted)) | (
            np.isfinite(wanted) & (wanted != 0) & (errors(got, wanted) <= 3)
            | np.isnan(got) & np.isnan(wanted)
        )


@pytest.mark.sampled(3)
@pytest.mark.parametrize("flush", [False, True], ids=["denormals", "flush"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_special_values(name, dtype, target, flush):
    x = specials(dtype)
    got = kernel(name, (dtype,), target, flush=flush)(x)
    with np.errstate(all="ignore"):
        wanted = expected(name, x.astype(np.longdouble)).astype(dtype)
    wrong = ~same(got, wanted)
    assert not [*zip(x[wrong], got[wrong], wanted[wrong], strict=True)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("flush", [False, True], ids=["denormals", "flush"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_special_pairs(name, dtype, target, flush):
    x, y = np.array([*itertools.product(specials(dtype), repeat=2)], dtype).T
    got = kernel(name, (dtype, dtype), target, flush=flush)(x, y)
    wanted = expected({"floordiv": "floor_divide"}.get(name, name), x, y)
    wrong = ~same(got, wanted) & ~((got == 0) & (np.abs(wanted) < np.finfo(dtype).tiny))
    assert not [*zip(x[wrong], y[wrong], got[wrong], wanted[wrong], strict=True)]


@pytest.mark.parametrize("name", UNARY)
def test_denormal_numbers_count_as_zero(name):
    x = np.array([1e-45, 1e-40, -1e-45, -1e-40], F32)
    got = kernel(name, (F32,), flush=True)(x)
    got[np.abs(got) < np.finfo(F32).tiny] = 0  # the argument itself, in some
    assert np.array_equal(got, expected(name, np.zeros(4, F32))), got


@pytest.mark.parametrize("width", [1, None])
@pytest.mark.parametrize("target", TARGETS)
def test_waves_of_huge_angles(target, width):
    """Values of 60 digits of pi times as many; the last is the float64 next to one of quarters."""
    x = np.array([1e15, 1e22, 2.0**1023, -1e300, NEXT_TO_A_QUARTER, 0.5, 1.0])
    sines = [0.8582727931702359, -0.8522008497671888, 0.5631277798508840, 0.8178819121159085, 1.0]
    got = kernel("sin", (F64,), target, width)(x)
    np.testing.assert_allclose(got, [*sines, np.sin(0.5), np.sin(1)], rtol=2e-16)
    got = kernel("cos", (F64,), target, width)(x)[4]
    np.testing.assert_allclose(got, -4.687165924254627611e-19, rtol=2e-16)


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_a_remainder_is_smaller_than_its_divisor(dtype):
    rng = np.random.default_rng(5)
    tiny, largest = np.log(np.finfo(dtype).tiny), np.log(np.finfo(dtype).max)
    x, y = np.exp(rng.uniform(tiny + 1, largest - 1, (2, 5000))).astype(dtype)
    got = kernel("mod", (dtype, dtype))(x, -y)
    assert ((got <= 0) & (got >= -y)).all()


def test_remainders_of_huge_quotients():
    rng = np.random.default_rng(8)
    for dtype, reach in ((F32, 37), (F64, 300)):
        x, y = (
            10.0 ** rng.uniform(-reach, reach, (2, 4000)) * rng.choice([-1, 1], (2, 4000))
        ).astype(dtype)
        for name, oracle in (("mod", np.mod), ("floordiv", np.floor_divide)):
            got = kernel(name, (dtype, dtype))(x, y)
            with np.errstate(all="ignore"):
                wanted = oracle(x, y)
            assert same(got, wanted).all(), name
    assert kernel("mod", (F64, F64))(np.array([1e300, 2.0**80]), np.array([7.0, 3.0])).tolist() == [
        1e300 % 7.0, 1.0,
    ]  # fmt: skip


# --- divisions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("name", ["mod", "floordiv"])
def test_float_divisions_are_exactly_numpys(name, dtype, target):
    rng = np.random.default_rng(6)
    sizes = np.exp(rng.uniform(-11, 11, (2, 4000)))
    whole = rng.integers(-50, 50, (2, 4000))
    tenths = np.stack([0.1 * np.arange(4000), np.full(4000, 0.1)])
    x, y = np.concatenate([rng.normal(size=(2, 4000)) * 10, sizes, -sizes, whole, tenths], axis=1)
    x, y = x.astype(dtype), y.astype(dtype)
    got = kernel(name, (dtype, dtype), target)(x, y)
    with np.errstate(all="ignore"):
        wanted = (np.mod if name == "mod" else np.floor_divide)(x, y)
    np.testing.assert_array_equal(got, wanted)
    assert np.array_equal(np.signbit(got[wanted == 0]), np.signbit(wanted[wanted == 0]))


@pytest.mark.parametrize("width", [1, None])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
@pytest.mark.parametrize("name", ["mod", "floordiv"])
def test_whole_divisions_are_numpys_and_nothing_traps(name, dtype, width):
    dtype, rng = np.dtype(dtype), np.random.default_rng(7)
    info = np.iinfo(dtype)
    ends = [info.min, info.min + 1, info.max, 0, 1, 2, 3, 7, *([] if info.min == 0 else [-1, -2])]
    x, y = np.array([*itertools.product(ends, repeat=2)], dtype).T
    x = np.concatenate([x, rng.integers(info.min, info.max, 999, dtype)])
    y = np.concatenate([y, rng.integers(max(info.min, -20), 20, 999).astype(dtype)])
    with np.errstate(all="ignore"):
        wanted = (np.mod if name == "mod" else np.floor_divide)(x, y)
    np.testing.assert_array_equal(kernel(name, (dtype, dtype), width=width)(x, y), wanted)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
@pytest.mark.parametrize("name", ["mod", "floordiv"])
@pytest.mark.parametrize("divisor", [0, 1, 2, 3, 8, 10, -1, -3])
def test_whole_divisions_by_a_known_number(divisor, name, dtype):
    info = np.iinfo(dtype)
    if divisor < info.min:
        return
    x = np.concatenate([np.arange(-30, 30), [info.min, info.max, 0, 1]]).astype(dtype)
    with np.errstate(all="ignore"):
        wanted = (np.mod if name == "mod" else np.floor_divide)(x, np.full_like(x, divisor))
    np.testing.assert_array_equal(with_known(name, x, divisor)[0], wanted)


# --- code ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_every_width_and_single_numbers_give_the_same_bits(name, dtype):
    x = np.random.default_rng(8).normal(size=320).astype(dtype) * 3
    arrays, dtypes = ([x, x[::-1].copy()], (dtype,) * 2) if name in BINARY else ([x], (dtype,))
    want = kernel(name, dtypes)(*arrays)
    for width in (1, 2, 32):
        np.testing.assert_array_equal(kernel(name, dtypes, width=width)(*arrays), want)
    np.testing.assert_array_equal(kernel(name, dtypes, width=1, single=True)(*arrays), want)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("target", ["avx512", "avx2", "baseline", "neon", "apple"])
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_nothing_is_called_on_any_machine(name, target):
    machine = Machine.named(target)
    for dtype in (F32, F64):
        dtypes = (dtype,) * (2 if name in BINARY else 1)
        for width in (1, machine.lanes(dtype.itemsize)):
            code = assembly(written(name, dtypes, machine, width), machine)
            calls = re.findall(r"^\s+(?:callq?|bl)\s+_?(.*)", code, re.MULTILINE)
            assert {*calls} <= {"far_angle", "far_remainder"}  # its own
