"""Properties that hold for any shapes: against NumPy, and round trips."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import neurona as nn
from neurona.core.shapes import DTYPES
from neurona.errors import DtypeError, NeuronaError, ShapeError
from neurona.ops import movement

from . import oracles

settings.register_profile("ops", deadline=None, max_examples=50)
settings.load_profile("ops")

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def numbered(shape):
    return np.arange(np.prod(shape, dtype=int), dtype="float32").reshape(shape)


@given(SHAPES, SHAPES)
def test_broadcasting_is_numpys(a, b):
    x, y = numbered(a), numbered(b)
    try:
        expected = x + y
    except ValueError:
        with pytest.raises(ShapeError, match="do not broadcast"):
            nn.ops.add(x, y)
        return
    assert nn.ops.add(x, y).tolist() == expected.tolist()
    dx, dy = nn.grad(lambda x, y: (x + y).sum(), (0, 1))(x, y)
    assert dx.tolist() == np.full(a, expected.size / max(x.size, 1)).tolist()
    assert dy.tolist() == np.full(b, expected.size / max(y.size, 1)).tolist()


@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
def test_basic_indexing_is_numpys(data, shape):
    x = numbered(shape)
    key = data.draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    expected = x[key]
    y = nn.tensor(x)[key]
    assert y.shape == expected.shape
    assert y.tolist() == expected.tolist()
    hit = np.zeros(shape)
    hit[key] = 1
    assert nn.grad(lambda x: x[key].sum())(x).tolist() == hit.tolist()


@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
def test_advanced_indexing_is_numpys(data, shape):
    x = numbered(shape)
    count = data.draw(st.integers(1, len(shape)))
    first = data.draw(st.integers(0, len(shape) - count))
    common = data.draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=1, max_side=3))
    dtype = data.draw(st.sampled_from(["int32", "int64", "uint8"]))
    indices = [
        data.draw(
            hnp.arrays(dtype, common, elements=st.integers(0 if dtype == "uint8" else -n, n - 1))
        )
        for n in shape[first : first + count]
    ]
    key = (*[slice(None)] * first, *indices)
    y, expected = nn.tensor(x)[key], x[key]
    assert y.shape == expected.shape
    assert y.tolist() == expected.tolist()
    hits = np.zeros(shape)
    np.add.at(hits, key, 1)
    assert nn.grad(lambda x: x[key].sum())(x).tolist() == hits.tolist()


@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
def test_masks_are_numpys(data, shape):
    x = numbered(shape)
    mask = data.draw(hnp.arrays(bool, shape[: data.draw(st.integers(1, len(shape)))]))
    assert nn.tensor(x)[mask].tolist() == x[mask].tolist()


@given(st.data(), SHAPES)
def test_transpose_and_reshape_return(data, shape):
    x = numbered(shape)
    order = data.draw(st.permutations(range(len(shape))))
    y = nn.ops.transpose(x, order)
    assert y.tolist() == x.transpose(order).tolist()
    assert nn.ops.transpose(y, np.argsort(order).tolist()).tolist() == x.tolist()
    assert y.reshape(-1).reshape(y.shape).tolist() == y.tolist()


@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
def test_slice_takes_back_what_pad_put(data, shape):
    widths = [tuple(data.draw(st.tuples(*[st.integers(0, 2)] * 3))) for _ in shape]
    x = numbered(shape)
    y = movement.pad(x, widths, value=-1)
    key = tuple(
        slice(a, a + (n - 1) * (k + 1) + 1 if n else a, k + 1)
        for n, (a, _, k) in zip(shape, widths, strict=True)
    )
    assert y[key].tolist() == x.tolist()
    assert y.tolist() == oracles.surrounded(x, widths, -1).tolist()


@given(st.data())
def test_split_and_concatenate_return(data):
    x = numbered(data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    cuts = data.draw(st.lists(st.integers(0, x.shape[axis]), max_size=3).map(sorted))
    pieces = nn.ops.split(x, cuts, axis)
    expected = np.split(x, cuts, axis)
    assert [p.tolist() for p in pieces] == [p.tolist() for p in expected]
    assert nn.ops.concatenate(pieces, axis=axis).tolist() == x.tolist()


@given(st.data())
def test_convolution_is_the_nested_loops(data):
    rank = data.draw(st.integers(1, 2))
    draw = lambda low, high: tuple(data.draw(st.integers(low, high)) for _ in range(rank))  # noqa: E731
    groups, per_group, multiplier = (data.draw(st.integers(1, 3)) for _ in range(3))
    sizes, kernel, dilation = draw(1, 6), draw(1, 3), draw(1, 2)
    padding = tuple(zip(draw(0, 2), draw(0, 2), strict=True))
    room = zip(sizes, padding, kernel, dilation, strict=True)
    assume(all(n + sum(p) > (k - 1) * d for n, p, k, d in room))
    geometry = {
        "strides": draw(1, 3), "padding": padding, "dilation": dilation, "groups": groups,
    }  # fmt: skip
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = rng.normal(size=(data.draw(st.integers(0, 2)), *sizes, groups * per_group))
    w = rng.normal(size=(*kernel, per_group, groups * multiplier))
    y = nn.ops.convolution(x, w, **geometry)
    np.testing.assert_allclose(y.numpy(), oracles.convolved(x, w, **geometry), atol=1e-12)
    g = rng.normal(size=y.shape)
    dx = nn.ops.conv_input_gradient(g, w, size=sizes, **geometry)
    dw = nn.ops.conv_kernel_gradient(x, g, kernel_size=kernel, **geometry)
    both = (y.numpy() * g).sum()  # adjoint: <y, g> = <x, dx> = <w, dw>
    np.testing.assert_allclose([(x * dx).sum().item(), (w * dw).sum().item()], both, atol=1e-10)


EQUATIONS = [
    "ij,jk->ik", "ij,jk", "bij,bjk->bik", "i,i->", "i,j->ij", "ij->ji", "ij->i", "ij->",
    "bhid,bhjd->bhij",
    "ij,ij->ij", "ij,j->ij", "ij,jk,kl->il", "...ij,...jk->...ik", "...i->...",
    "ab,cd->dbca", "i,ij,j->",
]  # fmt: skip


@pytest.mark.parametrize("equation", EQUATIONS)
@given(seed=st.integers(0, 99))
@settings(max_examples=5)
def test_einsum_is_numpys(equation, seed):
    rng = np.random.default_rng(seed)
    sizes = {letter: int(rng.integers(1, 4)) for letter in "abcdhijkl"}
    terms = equation.partition("->")[0].split(",")
    arrays = [
        rng.normal(size=[*([2, 3] if "." in term else []), *[sizes[c] for c in term.strip(".")]])
        for term in terms
    ]
    y = nn.ops.einsum(equation, *arrays)
    np.testing.assert_allclose(y.numpy(), np.einsum(equation, *arrays), atol=1e-12)


@given(st.sampled_from(sorted(DTYPES)), st.sampled_from(sorted(DTYPES)))
def test_mixed_types_become_the_higher_one(a, b):
    ranks = ["bool", "uint8", "int32", "int64", "float32", "float64"]
    x, y = np.ones(2, a), np.ones(2, b)
    if {a, b} == {"float32", "float64"}:
        with pytest.raises(DtypeError, match="float32 and float64 do not mix"):
            nn.ops.maximum(x, y)
    elif {a, b} == {"bool"}:
        with pytest.raises(DtypeError, match="booleans have no arithmetic"):
            nn.ops.maximum(x, y)
    else:
        expected = max(a, b, key=ranks.index)
        assert nn.ops.maximum(x, y).dtype == expected
        assert nn.ops.where(np.array([True, False]), x, y).dtype == expected
        assert nn.ops.div(x, y).dtype == (expected if expected[0] == "f" else "float32")


@given(st.sampled_from(["uint8", "int32", "int64", "float32", "float64"]), st.integers(0, 9))
def test_python_numbers_take_the_type_of_the_tensor(dtype, number):
    x = np.ones(2, dtype)
    assert (nn.tensor(x) + number).dtype == dtype
    assert (number * nn.tensor(x)).dtype == dtype
    assert (nn.tensor(x) + 0.5).dtype == (dtype if dtype[0] == "f" else "float32")


@given(st.data())
def test_any_key_gives_numpys_answer_or_an_error(data):
    x = numbered((2, 3, 4))
    kinds = st.sampled_from([0, -1, slice(None), slice(2, None, -1), None, Ellipsis, [0, 1], 7])
    key = tuple(data.draw(st.lists(kinds, min_size=1, max_size=4)))
    try:
        y = nn.tensor(x)[key]
    except (NeuronaError, IndexError):
        return
    assert y.tolist() == x[key].tolist()
