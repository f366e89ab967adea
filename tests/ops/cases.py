"""The table of ops: one row for each op and each configuration that matters.

A row says what goes in, what an independent oracle (`oracles.py`) makes of it, and whether the op
is smooth there. `test_ops.py` runs every row; an op without a row fails it.
"""

import math
import operator
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import oracles as o
from . import rare

INF, NAN, PI, LN2 = math.inf, math.nan, math.pi, math.log(2)


@dataclass(frozen=True)
class Case:
    """One row.

    Attributes:
        op: name of the op.
        inputs: for each input a shape (random floats of the domain) or an array.
        oracle: from the input arrays and attributes to the expected array (or tuple of arrays).
        smooth: True, "kink" (checked with a wider tolerance), or False: no gradient.
        special: tuples (*inputs, expected output), in float32 and float64.
    """

    op: str
    inputs: tuple
    oracle: Callable
    attributes: dict[str, Any] = field(default_factory=dict)
    domain: tuple[float, float] = (-2.0, 2.0)
    smooth: bool | str = True
    special: tuple = ()

    def arrays(self, dtype="float64"):
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        made = []
        for given in self.inputs:
            array = (
                np.asarray(rng.uniform(*self.domain, given)) if isinstance(given, tuple) else given
            )
            made.append(array.astype(dtype) if array.dtype.kind == "f" else array)
        return made

    def __str__(self):
        looks = [g if isinstance(g, tuple) else f"{g.dtype}{g.shape}" for g in self.inputs]
        given = ",".join(f"{k}={v}" for k, v in self.attributes.items())
        return f"{self.op}-{'-'.join(map(str, looks))}-{given}".replace(" ", "")


UNARY = [((2, 3),), ((),), ((0, 2),)]
BINARY = [((2, 3), (2, 3)), ((2, 1, 3), (4, 1)), ((), (3,)), ((0, 3), (1, 3))]


def elementwise(shapes, op, f, special=(), **more):
    return [
        Case(op, given, o.each(f), special=special if k == 0 else (), **more)
        for k, given in enumerate(shapes)
    ]


def unary(op, f, *args, **more):
    return elementwise(UNARY, op, f, *args, **more)


def few(op, f, *args, **more):
    """A row for what is declared in a table, whose shape rule others prove."""
    return elementwise(UNARY[:1], op, f, *args, **more)


def few2(op, f, *args, **more):
    return elementwise(BINARY[1:2], op, f, *args, **more)


def binary(op, f, *args, **more):
    return elementwise(BINARY, op, f, *args, **more)


FUNCTIONS = [
    *unary("exp", math.exp, (([-INF, 0, INF, NAN], [0, 1, INF, NAN]),)),
    *unary("log", math.log, (([0, 1, INF, -1], [-INF, 0, INF, NAN]),), domain=(0.5, 3)),
    *unary("log1p", math.log1p, (([-1, 0, 1e-12], [-INF, 0, 1e-12]),), domain=(-0.5, 3)),
    *unary("expm1", math.expm1, (([-INF, 0, 1e-12], [-1, 0, 1e-12]),)),
    *unary("sqrt", math.sqrt, (([0, INF, -1], [0, INF, NAN]),), domain=(0.5, 3)),
    *unary("rsqrt", lambda x: x**-0.5, (([0, INF, 4], [INF, 0, 0.5]),), domain=(0.5, 3)),
    *unary("sin", math.sin, (([INF, NAN], [NAN, NAN]),)),
    *unary("cos", math.cos, (([INF, NAN], [NAN, NAN]),)),
    *unary("tanh", math.tanh, (([-INF, 100, NAN], [-1, 1, NAN]),)),
    *unary("sigmoid", o.sigmoid, (([-INF, -1000, 1000, NAN], [0, 0, 1, NAN]),)),
    *unary("erf", math.erf, (([-INF, 10, NAN, 0], [-1, 1, NAN, 0]),), domain=(-4, 4)),
    *few("tan", math.tan, (([INF, NAN], [NAN, NAN]),), domain=(-1, 1)),
    *few(
        "arcsin",
        math.asin,
        (([-1, 0, 1, 2, NAN], [-PI / 2, 0, PI / 2, NAN, NAN]),),
        domain=(-0.8, 0.8),
    ),
    *few("arccos", math.acos, (([-1, 0, 1, -2], [PI, PI / 2, 0, NAN]),), domain=(-0.8, 0.8)),
    *few("arctan", math.atan, (([-INF, 0, INF, NAN], [-PI / 2, 0, PI / 2, NAN]),), domain=(-4, 4)),
    *few("sinh", math.sinh, (([-INF, 0, 1e-12, NAN], [-INF, 0, 1e-12, NAN]),)),
    *few("cosh", math.cosh, (([-INF, 0, INF, NAN], [INF, 1, INF, NAN]),)),
    *few("arcsinh", math.asinh, (([-INF, 0, 1e-12, 1e30], [-INF, 0, 1e-12, math.asinh(1e30)]),)),
    *few(
        "arccosh",
        math.acosh,
        (([1, 0.5, INF, 1e30, -9], [0, NAN, INF, math.acosh(1e30), NAN]),),
        domain=(1.2, 4),
    ),
    *few("arctanh", math.atanh, (([-1, 0, 1, 2], [-INF, 0, INF, NAN]),), domain=(-0.8, 0.8)),
    *few("log2", math.log2, (([0, 1, INF, -1], [-INF, 0, INF, NAN]),), domain=(0.5, 3)),
    *few("log10", math.log10, (([0, 1, INF, -1], [-INF, 0, INF, NAN]),), domain=(0.5, 3)),
    *few("exp2", lambda x: 2.0**x, (([-INF, 3, INF, NAN], [0, 8, INF, NAN]),)),
    *few(
        "cbrt", math.cbrt, (([-27, 0, INF, NAN, 1e-30], [-3, 0, INF, NAN, 1e-10]),), domain=(0.5, 3)
    ),
    *unary("floor", math.floor, (([-0.5, 2, INF], [-1, 2, INF]),), smooth=False),
    *unary("round", round, (([0.5, 1.5, -2.5], [0, 2, -2]),), smooth=False),
    *unary("neg", operator.neg, (([INF, NAN], [-INF, NAN]),)),
    *unary("square", lambda x: x * x, (([-INF, NAN], [INF, NAN]),)),
    *unary("abs", abs, (([-INF, 0, NAN], [INF, 0, NAN]),), smooth="kink"),
    *unary("sign", lambda x: math.copysign(1, x), (([0, -INF], [0, -1]),), smooth=False),
    *unary("isfinite", math.isfinite, (([INF, NAN, 0], [0, 0, 1]),), smooth=False),
    *unary("alias", lambda x: x),
    *unary("stop_gradient", lambda x: x, smooth=False),
    *unary("cast", float, attributes={"dtype": "float64"}),
    *unary("cast", int, attributes={"dtype": "int32"}, smooth=False),
    *unary("cast", bool, attributes={"dtype": "bool"}, smooth=False),
]

ARITHMETIC = [
    *binary("add", operator.add, (([1, INF], [INF, -INF], [INF, NAN]),)),
    *binary("sub", operator.sub, (([1, INF], [INF, INF], [-INF, NAN]),)),
    *binary("mul", operator.mul, (([0, 2], [INF, -INF], [NAN, -INF]),)),
    *binary("div", operator.truediv, (([1, 0, -1], [0, 0, 0], [INF, NAN, -INF]),), domain=(0.5, 2)),
    *binary("floordiv", operator.floordiv, domain=(0.5, 2), smooth=False),
    *binary("mod", operator.mod, (([-1, 1], [3, -3], [2, -2]),), domain=(0.5, 2), smooth="kink"),
    *binary("pow", operator.pow, (([0, 0, 2], [0, 2, -1], [1, 0, 0.5]),), domain=(0.5, 2)),
    *few2("arctan2", math.atan2, (
        ([0, 0, -0.0, 1, -INF, INF, NAN], [1, -1, -1, 0, INF, -INF, 1],
         [0, PI, -PI, PI / 2, -PI / 4, 3 * PI / 4, NAN]),), domain=(0.5, 2)),
    *few2("hypot", math.hypot, (([3, 0, INF], [4, 0, NAN], [5, 0, INF]),),
          domain=(0.5, 2)),
    *few2("logaddexp", lambda x, y: math.log(math.exp(x) + math.exp(y)), (
        ([-INF, -INF, INF, 1e3, NAN], [-INF, 1, INF, 1e3, 0], [-INF, 1, INF, 1e3 + LN2, NAN]),)),
    *few2("nextafter", math.nextafter, smooth=False),
    *binary("maximum", max, (([NAN, 1], [1, NAN], [NAN, NAN]),), smooth="kink"),
    *binary("minimum", min, (([NAN, 1], [1, NAN], [NAN, NAN]),), smooth="kink"),
    Case("add", (np.int32([1, -2]), np.int32([3, 4])), o.each(operator.add), smooth=False),
    Case("floordiv", (np.int32([7, -7]), np.int32([2])), o.each(operator.floordiv), smooth=False),
    Case("mod", (np.int32([7, -7]), np.int32([3])), o.each(operator.mod), smooth=False),
    Case("div", (np.int32([1, 2]), np.int32([4])), o.each(operator.truediv), smooth=False),
    Case("square", (np.int32([-3, 2]),), o.each(lambda x: x * x), smooth=False),
    Case("clip", ((3, 4), (1, 4), ()), o.each(o.clip), smooth="kink"),
    Case("clip", ((5,), np.float64(-1), np.float64(1)), o.each(o.clip), smooth="kink",
         special=(([NAN, 5], -1, 1, [NAN, 1]),)),
]  # fmt: skip

WHOLE = np.int32([[5, -7, 12, 0], [1, 2, -3, 40]]), np.int32([3, 6, 0, 33])
INTEGERS = [
    *(
        Case(op, given, o.each(f), smooth=False)
        for op, f in (
            ("bitwise_and", operator.and_),
            ("bitwise_or", operator.or_),
            ("bitwise_xor", operator.xor),
        )
        for given in (WHOLE, tuple(np.uint8(abs(x)) for x in WHOLE), (WHOLE[0] > 0, WHOLE[1] > 4))
    ),
    *(Case("bitwise_not", (x,), o.each(operator.invert), smooth=False) for x in WHOLE),
    Case("bitwise_not", (WHOLE[0] > 0,), o.each(operator.not_), smooth=False),
    *(
        Case("left_shift", (x, WHOLE[1].astype(x.dtype)), o.moved_up, smooth=False)
        for x in (WHOLE[0], np.int64(WHOLE[0]), np.uint8(abs(WHOLE[0])))
    ),
    *(
        Case("right_shift", (x, WHOLE[1].astype(x.dtype)), o.each(operator.rshift), smooth=False)
        for x in (WHOLE[0], np.int64(WHOLE[0]), np.uint8(abs(WHOLE[0])))
    ),
    Case("gcd", WHOLE, o.each(math.gcd), smooth=False),
    Case("lcm", WHOLE, o.each(math.lcm), smooth=False),
    Case("integer_power", (WHOLE[0], np.int32([2, 0, 1, 3])), o.each(operator.pow), smooth=False),
    Case(
        "bits_as",
        (np.int32([2**30, 0]),),
        lambda x, dtype: np.array([2.0, 0.0]),
        {"dtype": "float32"},
        smooth=False,
    ),
]

MASKS = np.array([True, False, True]), np.array([[True], [False]])
COMPARISON = [
    *(case for name in ("eq", "ne", "lt", "le", "gt", "ge")
      for case in (
          *binary(name, getattr(operator, name), smooth=False),
          Case(name, (np.int32([1, 2, 3]), np.int32([2])), o.each(getattr(operator, name)),
               smooth=False, special=(([NAN], [NAN], [name == "ne"]),)))),
    Case("logical_and", MASKS, o.each(lambda x, y: x and y), smooth=False),
    Case("logical_or", MASKS, o.each(lambda x, y: x or y), smooth=False),
    Case("logical_not", MASKS[:1], o.each(operator.not_), smooth=False),
    *(Case("where", (c, *shapes), o.each(lambda c, x, y: x if c else y))
      for c, shapes in ((MASKS[0], ((3,), (3,))), (MASKS[1], ((3,), ())),
                        (MASKS[0], ((2, 1), (1, 3))))),
]  # fmt: skip

SUM, PRODUCT = o.fold(operator.add, 0.0), o.fold(operator.mul, 1.0)
LARGEST, SMALLEST = o.fold(max, -INF), o.fold(min, INF)
AXES = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"keepdims": True}]
ZEROS = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 1.0], [1.0, 2.0, 3.0]])
REDUCTIONS = [
    *(Case("sum", ((2, 3, 2),), SUM, a) for a in AXES),
    *(Case("prod", ((2, 3, 2),), PRODUCT, a) for a in AXES),
    *(Case("max", ((2, 3, 2),), LARGEST, a, smooth="kink") for a in AXES),
    *(Case("min", ((2, 3, 2),), SMALLEST, a, smooth="kink") for a in AXES),
    *(Case(op, ((0, 3),), f, {"axis": 0}) for op, f in (("sum", SUM), ("prod", PRODUCT))),
    Case("prod", (ZEROS,), PRODUCT, {"axis": 1}),
    Case("prod", ((7,),), PRODUCT),
    *(Case(op, (np.int32([[3, 1], [2, 5]]),), f, {"axis": 0}, smooth=False)
      for op, f in (("sum", SUM), ("prod", PRODUCT), ("max", LARGEST), ("min", SMALLEST))),
    Case("max", ((2,),), LARGEST, smooth="kink", special=(([NAN, 1], NAN), ([1, INF], INF))),
    *(Case(op, (ZEROS > 0,), o.fold(f, s), {"axis": 1}, smooth=False)
      for op, f, s in (("any", operator.or_, False), ("all", operator.and_, True))),
]  # fmt: skip

TIES = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]])
ORDER = [
    *(Case(op, (x,), o.best(f), a, smooth=False)
      for op, f in (("argmax", operator.gt), ("argmin", operator.lt))
      for x, a in (((2, 3), {}), ((2, 3), {"axis": 0}), (TIES, {"axis": 1, "keepdims": True}))),
    *(Case("cumsum", (x,), o.running, a)
      for x, a in (((2, 3), {}), ((2, 3), {"axis": 0, "reverse": True}), ((0, 3), {"axis": 0}))),
    *(Case("argsort", (x,), o.order, a, smooth=False)
      for x, a in (((2, 3), {}), (TIES, {"descending": True}), ((3, 2), {"axis": 0}), (TIES, {}))),
]  # fmt: skip

MOVEMENT = [
    *(Case("reshape", (x,), o.reshaped, {"newshape": s})
      for x, s in (((2, 6), (3, 4)), ((2, 3), (-1,)), ((1,), ()), ((0, 3), (3, 0, 2)),
                   ((), (1, 1)))),
    *(Case("transpose", (x,), o.permuted, a)
      for x, a in (((2, 3), {}), ((2, 3, 4), {"axes": (1, 2, 0)}),
                   ((2, 3, 1), {"axes": (0, -1, 1)}), ((), {}), ((0, 2), {}))),
    *(Case("broadcast_to", (x,), o.stretched, {"shape": s})
      for x, s in (((3,), (2, 3)), ((2, 1), (4, 2, 3)), ((), (2,)), ((1, 2), (0, 2)))),
    *(Case("strided_slice", ((5, 4),), o.sliced, {"start": a, "stop": b, "step": s})
      for a, b, s in (((1, 0), (5, 4), (2, 1)), ((0, 3), (5, 4), (3, 2)),
                      ((2, 0), (2, 4), (1, 1)))),
    *(Case("pad", (x,), o.surrounded, {"widths": w, "value": v})
      for x, w, v in (((2, 3), ((1, 0), (0, 2)), 0), ((3,), ((1, 2, 1),), 7.5),
                      ((0, 2), ((1, 1), (0, 0)), 0), ((2,), ((0, 0, 3),), 0))),
    *(Case("flip", ((2, 3),), o.flipped, a) for a in ({}, {"axis": 1}, {"axis": (0, -1)})),
    *(Case("concatenate", xs, o.joined, a)
      for xs, a in ((((2, 3), (1, 3)), {}), (((2, 3), (2, 1)), {"axis": -1}),
                    (((2, 3), (0, 3), (1, 3)), {"axis": 0}),
                    (((2,),), {}))),
]  # fmt: skip

STEPS = np.array([-1.0, 0.0, 0.0, 1.5])
PLACES = [
    *(
        Case("searchsorted", (STEPS, x), o.places_among, {"side": side}, smooth=False)
        for x in ((2, 3), STEPS)
        for side in ("left", "right")
    ),
    *(
        Case("unique_places", (x,), o.first_of_each, {"axis": None, "size": n}, smooth=False)
        for x, n in ((np.int32([[3, 1, 3], [2, 1, 1]]), 4), (np.int32([5, 5]), 1))
    ),
]

ROWS, GRID, NONE = np.int32([1, 0, 1, -1]), np.int32([[2, 0], [2, 1]]), np.zeros((0,), np.int32)
INDEX = [
    *(Case("take", (x, i), o.looked_up, {"axis": a})
      for x, i, a in (((3, 2), ROWS, 0), ((2, 3), GRID, 1), ((3,), np.array(2, "int32"), 0),
                      ((3, 2), NONE, 0), ((2, 3), np.uint8([2, 2]), -1))),
    *(Case("scatter_add", (x, i, u), o.scattered, {"axis": a})
      for x, i, u, a in (((3, 2), ROWS, (4, 2), 0), ((2, 3), GRID, (2, 2, 2), 1),
                         ((3,), np.array(2, "int32"), (), 0), ((3,), NONE, (0,), 0))),
    *(Case("scatter_set", (x, i, u), o.replaced, {"axis": a})
      for x, i, u, a in (((3, 2), ROWS, (4, 2), 0), ((2, 3), GRID, (2, 2, 2), 1),
                         ((2, 3, 2), np.array(-2, "int32"), (2, 2), 1), ((3,), NONE, (0,), 0))),
    *(Case("take_along_axis", (x, i), o.along, {"axis": a})
      for x, i, a in (((2, 3), GRID, 1), ((3, 2), GRID, 0), ((2, 3), NONE.reshape(2, 0), 1),
                      ((4, 3), ROWS[:, None], -1), ((2, 3), np.uint8([[1, 0, 1]]), 0))),
    *(Case("add_along_axis", (x, i, u), o.added_along, {"axis": a})
      for x, i, u, a in (((2, 3), GRID, (2, 2), 1), ((3, 2), GRID, (2, 2), 0),
                         ((2, 3), np.int32([[1, -2, 1]] * 2), (2, 3), -1))),
]  # fmt: skip

MATRICES = [
    Case("matrix_product", shapes, o.products)
    for shapes in (
        ((2, 3), (3, 4)), ((2, 2, 3), (3, 2)), ((2, 1, 2, 3), (3, 3, 1)), ((0, 3), (3, 2)),
        ((2, 0), (0, 2)), ((2, 3, 0), (0, 2)), ((2, 3), (2, 3, 1)),
    )
]  # fmt: skip


def geometry(rank, strides=1, padding=(0, 0), dilation=1, groups=1):
    return {
        "strides": (strides,) * rank,
        "padding": (padding,) * rank,
        "dilation": (dilation,) * rank,
        "groups": groups,
    }


CONVOLUTIONS = [  # x, w, geometry: plain, strided, dilated, grouped, depthwise, 1x1, empty
    ((2, 4, 2), (2, 2, 3), geometry(1)),
    ((1, 5, 2), (3, 2, 2), geometry(1, strides=2, padding=(2, 1))),
    ((2, 5, 1), (2, 1, 2), geometry(1, dilation=3, padding=(3, 0))),
    ((1, 3, 4), (2, 2, 2), geometry(1, groups=2, padding=(0, 1))),
    ((1, 4, 2), (2, 1, 4), geometry(1, groups=2)),
    ((2, 4, 2), (1, 2, 3), geometry(1, strides=3)),
    ((0, 4, 2), (2, 2, 3), geometry(1)),
    ((0, 4, 2), (2, 1, 2), geometry(1, groups=2)),
    ((1, 3, 4, 2), (2, 2, 2, 2), geometry(2, padding=(1, 0))),
    ((1, 4, 3, 1), (2, 2, 1, 2), geometry(2, strides=2, padding=(0, 1))),
    ((1, 4, 3, 2), (2, 2, 1, 2), geometry(2, groups=2, dilation=2, padding=(1, 1))),
    ((1, 2, 2, 2, 1), (2, 1, 2, 1, 1), geometry(3, padding=(0, 1))),
    ((1, 3, 3, 2, 2), (2, 2, 1, 1, 2), geometry(3, strides=2, groups=2, padding=(1, 0))),
]


def conv_cases():
    for x, w, given in CONVOLUTIONS:
        y = o.meetings(x, w, **given)[1]
        yield Case("convolution", (x, w), o.convolved, given)
        yield Case("conv_input_gradient", (y, w), o.input_gradient, {**given, "size": x[1:-1]})
        yield Case(
            "conv_kernel_gradient", (x, y), o.kernel_gradient, {**given, "kernel_size": w[:-2]}
        )


def pool_cases():
    rng = np.random.default_rng(5)
    for shape, size, steps, padding in (
        ((2, 5, 2), (2,), (2,), ((0, 0),)),
        ((1, 4, 1), (3,), (1,), ((1, 1),)),
        ((1, 4, 4, 2), (2, 2), (2, 2), ((0, 0), (0, 0))),
        ((1, 5, 2), (2,), (3,), ((1, 0),)),
        ((1, 3, 4, 1), (2, 3), (1, 2), ((0, 1), (1, 1))),
        ((1, 5, 7, 1), (3, 6), (1, 1), ((1, 1), (2, 3))),
        ((1, 3, 2, 3, 1), (2, 1, 3), (1, 2, 2), ((1, 0), (0, 0), (1, 1))),
    ):
        windows = {"pool_size": size, "strides": steps, "padding": padding}
        distinct = rng.permutation(math.prod(shape)).reshape(shape) / 8
        tied = rng.integers(0, 2, shape) * 1.0
        for x, smooth in ((distinct, "kink"), (tied, False)):
            y = o.pooled(x, **windows)
            yield Case("window_max", (x,), o.pooled, windows, smooth=smooth)
            winner = o.pool_won(x, y, **windows)
            given = {**windows, "size": shape[1:-1]}
            yield Case("max_pool_winner", (x, y), o.pool_won, windows, smooth=False)
            yield Case("max_pool_scatter", (y.shape, winner), o.pool_scattered, given)
            yield Case("max_pool_gather", (shape, winner), o.pool_gathered, windows)


RANDOM = [
    Case("random_unit", (np.int64(s),), o.unit, {"shape": n, "draw": d, "dtype": t}, smooth=False)
    for s, n, d, t in (
        ([2, 3], (2, 3), 0, "float32"), ([2**40 + 3, 2**33 + 1], (5,), 7, "float64"),
        ([-1, 5], (0,), 1, "float64"), ([0, 0], (), 0, "float32"),
    )
]  # fmt: skip

# which of two keys a query sees: the query (1, 0) none
SEEN = np.array([[[True, False], [True, True]], [[False, False], [True, True]]])

LOOPS = [  # the body stands in test_ops.py: c, x, w -> c * w + x * x; y = c * x
    Case("loop", ((2,), (length, 2), (2,)), o.looped,
         {"length": length, "carries": 1, "sequences": 1, "saved": 1, "reverse": reverse})
    for length, reverse in ((3, False), (3, True), (1, False), (0, False))
]  # fmt: skip

ATTENTION = [
    Case(op, (q, k, v, *more, *([mask] if mask is not None else [])), oracle,
         {"scale": 0.6, "is_causal": causal, "masked": mask is not None, "dropout": 0.0, "draw": 0})
    for q, k, v, mask, causal in (
        ((2, 3, 2, 4), (2, 5, 2, 4), (2, 5, 2, 3), None, False),
        ((1, 4, 1, 2), (1, 4, 1, 2), (1, 4, 1, 2), None, True),
        ((2, 3, 1, 2), (2, 2, 1, 2), (2, 2, 1, 5), SEEN[:, :1, None], False),
        ((1, 2, 2, 1), (1, 2, 2, 1), (1, 2, 2, 1), SEEN[:1, None], True),
    )
    for op, more, oracle in (
        ("attend", (), o.attended),
        ("attend_gradient", ((q[0], q[2], q[1]), (*q[:3], v[3]), (q[0], q[2], q[1])),
         o.attended_back),
    )
]  # fmt: skip

CASES = [
    *FUNCTIONS, *ARITHMETIC, *INTEGERS, *COMPARISON, *PLACES, *REDUCTIONS, *ORDER, *MOVEMENT,
    *INDEX, *MATRICES, *conv_cases(), *pool_cases(), *RANDOM, *LOOPS, *ATTENTION,
    *rare.rows(Case),
]  # fmt: skip
