"""Every row of the table of ops, on every promise that an op makes."""

import math

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.core.graph import trace
from neurona.core.lowering import (
    Contraction,
    Elementwise,
    Indexed,
    Reduction,
    Running,
    Scatter,
    Search,
    View,
)
from neurona.core.op import OPS
from neurona.core.shapes import Spec
from neurona.engines.program import compile

from .cases import CASES, INF, NAN
from .nests import interpreted
from .numpy_builder import Input, NumpyBuilder


def attributes(case, dtype="float64"):
    like = [Spec((2,), np.dtype(dtype))] * 3
    graphs = {
        "loop": {"body": (lambda c, x, w: (c * w + x * x, c * x, c), 3)},
        "repeat_while": {"test": (lambda c: c.sum() < 100, 1), "body": (lambda c, x: c * 2 + x, 2)},
        "with_gradient": {"rule": (lambda g: 3 * g, 1)},
    }.get(case.op, {})
    made = {name: trace(fn, like[:count]) for name, (fn, count) in graphs.items()}
    return {**case.attributes, **made}


def as_list(result):
    return list(result) if isinstance(result, tuple) else [result]


def test_every_op_has_a_row():
    assert {case.op for case in CASES} == set(OPS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_forward(case, dtype):
    op, arrays, given = OPS[case.op], case.arrays(dtype), attributes(case, dtype)
    wide = [a.astype(float) if a.dtype.kind == "f" else a for a in arrays]
    expected = as_list(case.oracle(*wide, **case.attributes))
    results = as_list(op(*arrays, **given))
    graph = trace(lambda *xs: op(*xs, **given), arrays).check()
    program = compile(graph, "reference")(*arrays)
    specs = [graph.specs[v] for v in graph.outputs]
    close = 1e-12 if dtype == "float64" else 2e-5
    for y, want, again, spec in zip(results, expected, program, specs, strict=True):
        assert y.spec == spec == Spec(again.shape, again.dtype)
        assert Spec(y.data.shape, y.data.dtype) == spec
        assert y.shape == want.shape
        np.testing.assert_allclose(y.numpy(), want.astype(spec.dtype), rtol=close, atol=close)
        np.testing.assert_array_equal(y.numpy(), again)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("case", [c for c in CASES if c.smooth], ids=str)
def test_gradient(case, order):
    arrays, given = case.arrays(), attributes(case)
    tolerance = 1e-6 if order == 2 else 1e-7 if case.smooth is True else 1e-5
    chosen = [n for n, a in enumerate(arrays) if a.dtype.kind == "f"]
    nn.gradcheck(
        lambda *xs: OPS[case.op](*xs, **given), *arrays,
        order=order, rtol=tolerance, atol=tolerance, argnums=chosen,
    )  # fmt: skip


FLAT = [c for c in CASES if OPS[c.op].vjp is None and c.arrays()[0].dtype.kind == "f"]


@pytest.mark.parametrize("case", FLAT, ids=str)
def test_flat_ops_pass_no_gradient(case):
    tensors = [nn.tensor(a, requires_grad=True) for a in case.arrays()]
    result = OPS[case.op](*tensors, **case.attributes)
    if result.dtype.kind == "f":
        result.sum().backward()
    assert all(x.grad is None for x in tensors)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("case", "special"), [(c, s) for c in CASES for s in c.special], ids=str)
def test_special_values(case, special, dtype):
    *inputs, expected = [np.asarray(s, dtype) for s in special]
    y = OPS[case.op](*inputs, **case.attributes).numpy()
    np.testing.assert_allclose(y, expected, rtol=1e-6)


def of_kind(kind):
    return [c for c in CASES if isinstance(OPS[c.op].lower, kind)]


@pytest.mark.parametrize("case", of_kind(Elementwise), ids=str)
def test_scalar_rule_agrees_with_forward(case):
    op = OPS[case.op]
    tensors, given = op._bind(tuple(case.arrays()), dict(case.attributes))
    arrays = np.broadcast_arrays(*[x.numpy() for x in tensors])
    want = op(*case.arrays(), **case.attributes).numpy()
    y = np.asarray(op.lower.scalar(NumpyBuilder(), *arrays, **given))
    assert y.dtype == want.dtype
    np.testing.assert_allclose(y, want, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("case", of_kind(Reduction), ids=str)
def test_combine_folded_from_identity_agrees_with_forward(case):
    (x,), lower = case.arrays(), OPS[case.op].lower
    ends = (-math.inf, math.inf) if x.dtype.kind == "f" else (-(2**31), 2**31 - 1)
    limits = dict(zip(("lowest", "highest"), ends, strict=True))
    axis = case.attributes.get("axis")
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = sorted(a % x.ndim for a in axes)
    rows = np.moveaxis(x, axes, range(len(axes)))
    rest = rows.shape[len(axes) :]
    y = np.full(rest, limits.get(lower.identity, lower.identity), x.dtype)
    for row in rows.reshape(math.prod(rows.shape[: len(axes)]), *rest):
        y = lower.combine(NumpyBuilder(), y, row)
    want = OPS[case.op](x, **case.attributes).numpy()
    np.testing.assert_allclose(np.reshape(y, want.shape), want, rtol=1e-14)


@pytest.mark.parametrize("case", of_kind(Contraction), ids=str)
def test_nest_agrees_with_forward(case):
    (x, w), op = case.arrays(), OPS[case.op]
    want = op(x, w, **case.attributes).numpy()
    nest = op.lower.nest(x.shape, w.shape, want.shape, **case.attributes)
    np.testing.assert_allclose(interpreted(nest, x, w, want.shape), want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("reverse", [False, True], ids=["contiguous", "reversed"])
@pytest.mark.parametrize("case", of_kind(View), ids=str)
def test_strides_agree_with_forward(case, reverse):
    (x,), op = case.arrays(), OPS[case.op]
    if reverse:  # the same values, but the axes lie in memory the other way around
        x = np.ascontiguousarray(x.T).T
    y = op(x, **case.attributes).numpy()
    given = op._bind((x,), dict(case.attributes))[1]
    steps = tuple(s // x.itemsize for s in x.strides)
    found = op.lower.strides(x.shape, steps, y.shape, **given)
    if found is None:
        assert reverse, "what lies contiguous can be viewed"
        return
    strides, offset = found
    memory = x.T.ravel() if reverse else x.ravel()
    for i in np.ndindex(y.shape):
        assert y[i] == memory[offset + sum(a * b for a, b in zip(i, strides, strict=True))]


def places(shape):
    """The index of every element, as an array of int64 for each axis."""
    return tuple(np.indices(shape, "int64"))


@pytest.mark.parametrize("case", of_kind(Indexed), ids=str)
def test_element_by_place_agrees_with_forward(case):
    op = OPS[case.op]
    tensors, given = op._bind(tuple(case.arrays()), dict(case.attributes))
    want = op(*case.arrays(), **case.attributes).numpy()
    inputs = [Input(x.numpy()) for x in tensors]
    y = np.asarray(op.lower.element(NumpyBuilder(), places(want.shape), *inputs, **given))
    assert y.dtype == want.dtype
    np.testing.assert_array_equal(np.broadcast_to(y, want.shape), want)


@pytest.mark.parametrize("case", of_kind(Scatter), ids=str)
def test_updates_at_their_places_agree_with_forward(case):
    x, *rest = case.arrays()
    op, inputs = OPS[case.op], [Input(a) for a in (x, *rest)]
    given = op._bind((x, *rest), dict(case.attributes))[1]
    place = op.lower.place(NumpyBuilder(), places(rest[-1].shape), *inputs, **given)
    y = x.copy()
    if op.lower.replaces:
        y[place] = rest[-1]
    else:
        np.add.at(y, place, rest[-1])
    np.testing.assert_array_equal(y, op(x, *rest, **case.attributes).numpy())


@pytest.mark.parametrize("case", of_kind(Search), ids=str)
def test_search_agrees_with_forward(case):
    searched(OPS[case.op], *case.arrays(), **case.attributes)


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "bool"])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_search_finds_the_first_of_equals(name, dtype):
    searched(OPS[name], np.asarray([[2, 1, 2, 1], [0, 0, 0, 0], [1, 0, 3, 3]], dtype), axis=1)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_search_finds_the_first_nan(name):
    x = np.float32([[1, NAN, 5, NAN], [NAN, 0, 1, 2], [-INF, INF, 0, 0]])
    assert searched(OPS[name], x, axis=1)[:2].tolist() == [1, 0]


def searched(op, x, axis=None, **more):
    rows = x.reshape(-1) if axis is None else np.moveaxis(x, axis, 0)
    best, found = rows[0], np.zeros(rows.shape[1:], "int32")
    for k, row in enumerate(rows[1:], 1):
        leads = op.lower.leads(NumpyBuilder(), row, best)
        best, found = np.where(leads, row, best), np.where(leads, k, found)
    want = op(x, axis=axis, **more).numpy()
    np.testing.assert_array_equal(found.reshape(want.shape), want)
    return found


@pytest.mark.parametrize("case", of_kind(Running), ids=str)
def test_running_fold_agrees_with_forward(case):
    (x,), op = case.arrays(), OPS[case.op]
    given = op._bind((x,), dict(case.attributes))[1]
    rows = np.moveaxis(x, given["axis"], 0)
    y, total = np.empty_like(rows), None
    for k in range(len(rows))[:: -1 if given["reverse"] else 1]:
        y[k] = total = (
            rows[k] if total is None else op.lower.combine(NumpyBuilder(), total, rows[k])
        )
    want = op(x, **case.attributes).numpy()
    np.testing.assert_array_equal(np.moveaxis(y, 0, given["axis"]), want)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_the_last_of_equal_indices_counts_however_they_lie(engine):
    @nn.jit(engine=engine)
    def put(x, indices, updates):
        return ops.scatter_set(x, ops.swapaxes(indices, 0, 1), ops.swapaxes(updates, 0, 1))

    found = put(np.zeros(2), np.array([[0, 1], [1, 0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert found.tolist() == [4.0, 2.0]
