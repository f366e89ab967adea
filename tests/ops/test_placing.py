"""Slices and updates at computed places, segments, patches, rearranged axes."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError, TraceError

ENGINES = pytest.mark.parametrize("engine", ["reference", "native"])
X = np.arange(12, dtype="float32").reshape(3, 4)


@ENGINES
def test_a_slice_whose_place_is_computed_is_moved_inside(engine):
    f = nn.jit(lambda x, s: ops.slice(x, s, (2, 2)), engine=engine)
    for start in ((0, 0), (1, 2), (2, 3), (-1, 9)):
        a, b = min(max(start[0], 0), 1), min(max(start[1], 0), 2)
        expected = X[a : a + 2, b : b + 2].tolist()
        assert f(X, np.int32(start)).tolist() == ops.slice(X, start, (2, 2)).tolist() == expected
    assert ops.slice(X, (1, 1), (-1, 2)).tolist() == X[1:, 1:3].tolist()
    each = nn.jit(lambda x, i: ops.slice(x, (0, i), (3, 1)), engine=engine)
    assert each(X, np.int32(2)).tolist() == X[:, 2:3].tolist()


@ENGINES
def test_an_update_whose_place_is_computed(engine):
    u = -np.ones((2, 1), "float32")
    f = nn.jit(lambda x, s: ops.slice_update(x, s, u), engine=engine)
    for start in ((0, 0), (1, 3), (5, 5)):
        expected = X.copy()
        a, b = min(start[0], 1), min(start[1], 3)
        expected[a : a + 2, b : b + 1] = -1
        assert f(X, np.int32(start)).tolist() == expected.tolist()
        assert ops.slice_update(X, start, u).tolist() == expected.tolist()
    assert ops.slice_update([1, 2], (0,), [7.9]).tolist() == [7, 2]


def test_gradients_of_slices_and_updates():
    x, u = np.float64(X), np.float64([[0.5, 2.0]])
    nn.gradcheck(lambda x, u: ops.slice_update(x, (1, 1), u), x, u)
    nn.gradcheck(lambda x: ops.slice(x, (1, 1), (2, 2)), x)
    places = np.int32([[0, 1], [2, 3], [0, 1]])
    for reduction in (None, "add", "mul", "max"):
        nn.gradcheck(
            lambda x, u, r=reduction: ops.scatter_update(x, places, u, reduction=r),
            x + 0.5, np.float64([0.7, 20.0, 3.0]),
        )  # fmt: skip


def test_products_with_zeros_have_their_gradient():
    def f(x):
        return ops.segment_prod(x, [0, 0, 1, 1, 1], 2).sum()

    assert nn.grad(f)([0.0, 3.0, 0.0, 0.0, 5.0]).tolist() == [3.0, 0.0, 0.0, 0.0, 0.0]
    assert nn.grad(f)([2.0, 3.0, 0.0, 4.0, 5.0]).tolist() == [3.0, 2.0, 20.0, 0.0, 0.0]


def test_equal_ones_share_the_gradient_of_a_largest():
    def f(x):
        return ops.segment_max(x, [0, 0, 1], 2).sum()

    assert nn.grad(f)([2.0, 2.0, 1.0]).tolist() == [0.5, 0.5, 1.0]


@ENGINES
def test_segments(engine):
    ids = np.int32([2, 0, 2, -1, 7])
    x = np.float32([1, 2, 3, 4, 5])
    none = {"sum": 0, "prod": 1, "max": -np.inf, "min": np.inf}
    for name, of_two in (("sum", 4), ("prod", 3), ("max", 3), ("min", 1)):
        f = getattr(ops, f"segment_{name}")
        expected = [2, none[name], of_two]
        assert f(x, ids, 3).tolist() == expected
        assert nn.jit(lambda x, i, f=f: f(x, i, 3), engine=engine)(x, ids).tolist() == expected
    assert ops.segment_sum([1.0, 2.0], [0, 3]).tolist() == [1.0, 0.0, 0.0, 2.0]
    assert ops.segment_max(np.int32([5, 6]), [1, 1], 2).tolist() == [-(2**31), 6]
    with pytest.raises(TraceError, match=r"how many segments(.|\n)*num_segments=10"):
        nn.jit(lambda i: ops.segment_sum(x, i))(ids)


def test_fold_is_the_adjoint_of_unfold():
    rng = np.random.default_rng(0)
    for options in ({}, {"stride": 2, "padding": 1}, {"dilation": (2, 1), "padding": (0, 2)}):
        x = rng.uniform(-1, 1, (2, 3, 6, 5))
        y = ops.unfold(x, (2, 3), **options)
        g = rng.uniform(-1, 1, y.shape)
        back = ops.fold(g, (6, 5), (2, 3), **options)
        np.testing.assert_allclose((back.numpy() * x).sum(), (g * y.numpy()).sum(), rtol=1e-12)


def test_patches_of_single_images_and_volumes():
    x = np.arange(48.0).reshape(4, 4, 3)
    y = ops.image.extract_patches(x, 2)
    assert y.shape == (2, 2, 12)
    assert y[1, 0].tolist() == x[2:4, :2].ravel().tolist()
    first = ops.image.extract_patches(x.transpose(2, 0, 1), 2, data_format="channels_first")
    assert first.tolist() == y.numpy().transpose(2, 0, 1).tolist()
    volume = np.arange(64.0).reshape(1, 4, 4, 4, 1)
    assert ops.image.extract_patches(volume, (2, 2, 2)).shape == (1, 2, 2, 2, 8)


def test_rearranged_axes():
    x = np.arange(120).reshape(2, 3, 4, 5)
    for pattern, expected in (
        ("b h w c -> b c h w", x.transpose(0, 3, 1, 2)),
        ("b h w c -> (b h) w c", x.reshape(6, 4, 5)),
        ("b ... c -> c ... b", x.transpose(3, 1, 2, 0)),
        ("b ... -> b (...)", x.reshape(2, 60)),
        ("a b c d -> a 1 b (c d)", x.reshape(2, 1, 3, 20)),
        ("a b c d->d c b a", x.T),
    ):
        assert ops.rearrange(x, pattern).tolist() == expected.tolist()
    y = ops.rearrange(x, "b h (w p) c -> b h w (p c)", p=2)
    assert y.tolist() == x.reshape(2, 3, 2, 10).tolist()
    assert ops.rearrange(y, "b h w (p c) -> b h (w p) c", c=5).tolist() == x.tolist()
    assert ops.rearrange(np.ones((1, 3)), "1 a -> a").shape == (3,)


def indices(*rows):
    return np.int32(rows)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.slice(X, (0,), (1, 1)), ShapeError, "slice: one start for each axis"),
        (lambda: ops.slice(X, (0, 0), (1,)), ShapeError, "slice: one size for each axis"),
        (lambda: ops.slice(X, (0, 0), (4, 1)), ShapeError, "slice: the part is larger than x"),
        (lambda: nn.jit(lambda s: ops.slice(X, s, (-1, 1)))(indices(0, 0)), ShapeError,
         "-1 needs places that are known"),
        (lambda: nn.jit(lambda s: ops.slice(X, s, (1, 1)))(indices(0)), ShapeError, "one start"),
        (lambda: ops.slice_update(X, (0, 0), np.ones(2)), ShapeError, "larger than x"),
        (lambda: ops.scatter_update(X, [[0.5]], [1.0]), DtypeError, "indices are integers"),
        (lambda: ops.scatter_update(X, indices([0, 0, 0]), [1.0]), ShapeError, "a row of indices"),
        (lambda: ops.scatter_update(X, indices([0]), [1.0]), ShapeError, "one update for each row"),
        (lambda: ops.scatter_update(X, indices([0, 9]), [1.0]), IndexRangeError, "out of range"),
        (lambda: ops.scatter_update(X, indices([0, -5]), [1.0], "max"), IndexRangeError, "scatter"),
        (lambda: ops.scatter_update(X, indices([0, 0]), [1.0], "mean"), ArgumentError, "unknown"),
        (lambda: ops.segment_sum(X, [0.5, 1, 2]), DtypeError, "segment numbers are integers"),
        (lambda: ops.segment_max(X, [0, 1]), ShapeError, "a segment number for each row"),
        (lambda: ops.unfold(np.ones((2, 2)), 2), ShapeError, "unfold takes images"),
        (lambda: ops.fold(np.ones((1, 3, 4)), 3, 2), ShapeError, "the columns of windows"),
        (lambda: ops.image.extract_patches(X, 2), ShapeError, "expected 3 or 4 axes"),
        (lambda: ops.depth_to_space(np.ones((1, 1, 1, 3)), 2), ShapeError, "make no blocks"),
        (lambda: ops.space_to_depth(np.ones((1, 3, 2, 1)), 2), ShapeError, "makes no blocks"),
        (lambda: ops.space_to_depth(X, 2), ShapeError, "takes a batch of images"),
        (lambda: ops.unstack(X, 2), ShapeError, "unstack: the axis has another size. Got num=2"),
        (lambda: ops.rearrange(X, "a b"), ArgumentError, "a pattern has two sides"),
        (lambda: ops.rearrange(X, "a -> a"), ShapeError, "another number of axes"),
        (lambda: ops.rearrange(X, "a b -> a"), ArgumentError, "both sides name the same axes"),
        (lambda: ops.rearrange(X, "a (b c) -> a b c"), ArgumentError, r"size is missing(.|\n)*c=2"),
        (lambda: ops.rearrange(X, "a (b c) -> a b c", b=3), ShapeError, "does not split so"),
        (lambda: ops.rearrange(X, "a b -> b a", c=3), ArgumentError, "no such axis"),
        (lambda: ops.rearrange(X, "a * -> * a"), ArgumentError, "an axis has a name"),
        (lambda: ops.one_hot([1], 2, sparse=True), ArgumentError, "there are no sparse tensors"),
        (lambda: ops.multi_hot([1]), ArgumentError, "how many classes there are"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
