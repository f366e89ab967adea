"""What golden numbers do not show of NumPy's functions: messages, traces, symbols, properties."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, DtypeError, NeuronaError, ShapeError, TraceError

A = np.arange(6, dtype="float32").reshape(2, 3)
V = np.array([3, 1, 2], "int32")

MISUSES = [
    (lambda: ops.bitwise_and(A, A), DtypeError, "bitwise_and takes integers or booleans"),
    (lambda: ops.left_shift(A, 1), DtypeError, "left_shift takes integers. Got float32"),
    (lambda: ops.gcd(V > 1, V > 1), DtypeError, "gcd takes integers. Got bool"),
    (lambda: ops.power(V, -1), ArgumentError, "no negative power that is whole"),
    (lambda: ops.ldexp(A, A), DtypeError, "ldexp: the exponent is an integer"),
    (lambda: ops.view(A, "float64"), ShapeError, "do not make whole elements"),
    (lambda: ops.eye(-1), ArgumentError, "N"),
    (lambda: ops.vander(A), ArgumentError, "vander: x is a vector"),
    (lambda: ops.meshgrid(V, indexing="yx"), ArgumentError, "meshgrid: indexing"),
    (lambda: ops.moveaxis(A, (0, 1), (0, 0)), ShapeError, "each axis has one place to go"),
    (lambda: ops.vsplit(V, 1), ShapeError, "vsplit: x has too few axes"),
    (lambda: ops.dsplit(A, 1), ShapeError, "dsplit: x has too few axes"),
    (lambda: ops.array_split(A, 0), ArgumentError, "the number of pieces"),
    (lambda: ops.repeat(A, [1, 2, 3], axis=0), ArgumentError, "one for each element"),
    (lambda: ops.rot90(V), ShapeError, "rot90: two axes"),
    (lambda: ops.rot90(A, axes=(1, -1)), ArgumentError, "the two axes differ"),
    (lambda: ops.tril(V), ShapeError, "tril takes matrices"),
    (lambda: ops.diag(A[None]), ShapeError, "diag takes a vector or a matrix"),
    (lambda: ops.pad(A, "1"), ArgumentError, "pad_width is a number"),
    (lambda: ops.pad(A, 1, "mirror"), ArgumentError, "pad: mode"),
    (lambda: ops.pad(A, 1, "edge", 2.0), ArgumentError, "go with the mode 'constant'"),
    (lambda: ops.pad(A[:0], 1, "edge"), ShapeError, "pad: nothing has no edge"),
    (lambda: ops.pad(A, -1), ShapeError, "a width is never negative"),
    (lambda: ops.tensordot(A, A, 1), ShapeError, "tensordot: the sizes of the axes differ"),
    (lambda: ops.cross(np.ones(4), np.ones(4)), ShapeError, "vectors have 2 or 3 elements"),
    (lambda: ops.correlate(A, V), ShapeError, "correlate takes two vectors"),
    (lambda: ops.correlate(V, V, "all"), ArgumentError, "correlate: mode"),
    (lambda: ops.diff(A, -1), ArgumentError, "diff: n is 0 or more"),
    (lambda: ops.average(A, weights=V), ShapeError, "average: weights of x's shape"),
    (lambda: ops.corrcoef(A[None]), ShapeError, "corrcoef takes a matrix"),
    (lambda: ops.quantile(A, 1.5), ArgumentError, "q lies between 0 and 1"),
    (lambda: ops.quantile(A, 0.5, method="cubic"), ArgumentError, "quantile: method"),
    (lambda: ops.quantile(A, A), ArgumentError, "q is a number or a vector"),
    (lambda: ops.median(A[:0]), ArgumentError, "nothing has no quantile"),
    (lambda: ops.argpartition(V, 3), ArgumentError, "kth is a place on the axis"),
    (lambda: ops.where(A > 1, A), ArgumentError, "both x1 and x2, or neither"),
    (lambda: ops.select([A > 1], []), ArgumentError, "one choice for each condition"),
    (lambda: ops.searchsorted(A, A), ShapeError, "the sequence is a vector"),
    (lambda: ops.searchsorted(V, V, side="up"), ArgumentError, "searchsorted: side"),
    (lambda: ops.bincount(A), DtypeError, "bincount counts integers"),
    (lambda: ops.bincount(-V), ArgumentError, "numbers are 0 or more"),
    (lambda: ops.bincount(V, sparse=True), ArgumentError, "no sparse tensors"),
    (lambda: ops.histogram(A, 0), ArgumentError, "one bin or more"),
    (lambda: ops.histogram(A, 2, (1, 0)), ArgumentError, "a range is"),
    (lambda: ops.convert_to_tensor(A, sparse=True), ArgumentError, "neither sparse nor ragged"),
    (lambda: ops.vectorize(3), ArgumentError, "vectorize takes a function"),
    (lambda: ops.vectorize(abs, signature="n->n"), ArgumentError, "this is no signature"),
    (lambda: ops.vectorize(abs, signature="(n)->()")(1.0), ShapeError, "too few axes"),
    (lambda: ops.vectorize(abs, signature="(n)->()")(A, A), ArgumentError, "one argument for each"),
]


@pytest.mark.parametrize(("call", "error", "message"), MISUSES, ids=lambda m: m if m is str else "")
def test_message(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["nonzero", "unique", "bincount"])
def test_what_depends_on_values_says_so_while_tracing(name):
    with pytest.raises(TraceError, match=f"{name}: how many results there are depends on values"):
        nn.jit(getattr(ops, name))(V)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_with_a_size_it_is_traced(engine):
    counted = nn.jit(lambda x: ops.bincount(x, minlength=5), engine=engine)
    assert counted(V).tolist() == [0, 1, 1, 1, 0]
    different = nn.jit(lambda x: ops.unique(x, size=4, return_counts=True), engine=engine)
    assert [y.tolist() for y in different(np.int32([2, 1, 2]))] == [[1, 2, 0, 0], [1, 2, 0, 0]]


def test_the_namespace_holds_the_same_functions():
    assert ops.numpy.mean is ops.mean
    assert all(getattr(ops.numpy, n) is getattr(ops, n) for n in ops.numpy.__all__)
    from neurona.ops.numpy import add

    assert add is ops.add


def test_operators_work_on_bits_of_integers_and_on_truth():
    x, y = nn.tensor([6, 5]), nn.tensor([3, 3])
    assert [(x & y).tolist(), (x | y).tolist(), (x ^ y).tolist()] == [[2, 1], [7, 7], [5, 6]]
    assert [(x << 1).tolist(), (x >> 1).tolist(), (~x).tolist()] == [[12, 10], [3, 2], [-7, -6]]
    a, b = x > 5, y > 0
    assert [(a & b).tolist(), (a ^ b).tolist(), (~a).tolist()] == [
        [True, False], [False, True], [False, True],
    ]  # fmt: skip
    assert (a & True).tolist() == [True, False]
    with pytest.raises(NeuronaError, match="takes integers or booleans"):
        nn.tensor([1.0]) & 1


def test_a_symbolic_tensor_answers_and_is_passed_on():
    x = nn.layers.Input((3, 4))
    assert ops.shape(x) == (None, 3, 4)
    assert (ops.ndim(x), ops.size(x), ops.dtype(x), ops.is_tensor(x)) == (3, None, "float32", True)
    y = ops.median(ops.pad(ops.flip(x, axis=1), ((0, 0), (1, 0), (0, 0)), "edge"), axis=1)
    model = nn.Model(x, ops.hstack([y, ops.get_item(x, (slice(None), 0))]))
    given = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    padded = np.pad(given[:, ::-1], ((0, 0), (1, 0), (0, 0)), "edge")
    want = np.hstack([np.median(padded, axis=1), given[:, 0]])
    np.testing.assert_allclose(model(given).numpy(), want, rtol=1e-5, atol=1e-6)


def test_argpartition_puts_kth_where_sorting_would():
    x = np.random.default_rng(3).permutation(40).reshape(4, 10)
    order = ops.argpartition(x, 4).numpy()
    y = np.take_along_axis(x, order, axis=1)
    assert (y[:, :4] < y[:, 4:5]).all()
    assert (y[:, 5:] > y[:, 4:5]).all()


def test_vectorize_follows_a_signature_and_passes_gradients():
    dot = ops.vectorize(lambda w, a, b: ops.sum(w * a * b), excluded={0}, signature="(n),(n)->()")
    x, y = nn.tensor(A, requires_grad=True), nn.tensor([1.0, 2.0, 4.0])
    found = dot(2.0, x, y)
    assert found.tolist() == (2 * A @ [1.0, 2.0, 4.0]).tolist()
    found.sum().backward()
    assert x.grad.tolist() == [[2.0, 4.0, 8.0]] * 2
    both = ops.vectorize(lambda a: (a + 1, a * 2))(V)
    assert [b.tolist() for b in both] == [[4, 2, 3], [6, 2, 4]]


def test_widths_and_shifts_may_be_known_only_when_it_runs():
    rolled = nn.jit(lambda x, s: ops.roll(x, s, axis=0))
    assert rolled(V, np.int32(1)).tolist() == [2, 3, 1]
    padded = nn.jit(lambda x, v: ops.pad(x, 1, constant_values=v))
    assert padded(V, np.int32(9)).tolist() == [9, 3, 1, 2, 9]


def test_running_products_have_gradients_where_elements_are_zero():
    x = np.array([2.0, 0.0, 3.0, 0.0, 4.0])
    nn.gradcheck(lambda x: ops.cumprod(x), x)
    nn.gradcheck(lambda x: ops.nancumprod(x, axis=0), x)


def test_dtypes_of_numpy_pass_through_array():
    row = ops.array([nn.tensor([1.0]), [2.0]])
    assert row.tolist() == [[1.0], [2.0]]
    x = nn.tensor([3.0], requires_grad=True)
    ops.array([[x[0], 1.0]]).sum().backward()
    assert x.grad.tolist() == [1.0]


def test_angles_of_far_points_have_gradients():
    x = nn.tensor([3e30], requires_grad=True)
    ops.arctan2(x, 3e30).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [1 / 6e30], rtol=1e-5)
