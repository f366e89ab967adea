"""NumPy's functions of Tensors: traced, with gradients, and of plain values."""

# ruff: noqa: SIM300 (arrays on the left are what is tested)

import math

import numpy as np
import pytest

import neurona as nn
from neurona.errors import (
    ArgumentError,
    FrozenError,
    GradientError,
    NeuronaError,
    ShapeError,
    TraceError,
)
from tests.tracebacks import check_users_lines_only

A = np.array([[0.5, 1.5, -0.25], [0.75, -2.0, 1.0]], np.float32)
B = np.array([[1.0, 0.5, 2.0], [-1.0, 0.25, 1.0]], np.float32)
V = np.array([0.5, 1.0, 3.0], np.float32)
I = np.array([[2, 0, 1], [1, 1, 0]])  # noqa: E741

# x is A, as an array and as a Tensor: both must give the same numbers
CALLS = {
    # operators and ufuncs, with arrays and numbers on either side
    "B + x": lambda x: B + x,
    "x - B": lambda x: x - B,
    "B - x": lambda x: B - x,
    "V * x": lambda x: V * x,
    "V / (x + 3)": lambda x: V / (x + 3),
    "V ** x": lambda x: V**x,
    "x ** 2": lambda x: np.power(x, 2),
    "(-x) ** 3": lambda x: np.float_power(-x, np.float32(3)),
    "x @ x.T": lambda x: x @ B.T,
    "B @ x.T": lambda x: B @ x.T,
    "float64 number": lambda x: x * np.sqrt(2) + np.float64(1) - np.float32(3),
    "number on the left": lambda x: np.sqrt(2) * x,
    "B < x": lambda x: B < x,
    "B >= x": lambda x: np.greater_equal(B, x),
    "B == x": lambda x: B == x,
    "bits": lambda x: (B < x) & (x > 0) | ~(x > 1),
    "xor": lambda x: np.bitwise_xor(B < x, x > 0),
    "maximum": lambda x: np.maximum(x, 0),
    "maximum of an array": lambda x: np.maximum(V, x),
    "minimum": lambda x: np.minimum(x, B),
    "exp": lambda x: np.exp(x),
    "log": lambda x: np.log(np.abs(x) + 1),
    "log1p": lambda x: np.log1p(np.square(x)),
    "logaddexp": lambda x: np.logaddexp(x, 0),
    "tanh": lambda x: np.tanh(x),
    "arcs": lambda x: np.arctan2(np.sin(x), np.cos(x)) + np.asin(np.tanh(x)) + np.arctan(x),
    "hypot": lambda x: np.hypot(x, B),
    "sign": lambda x: np.sign(x) * np.floor(x) + np.ceil(x) + np.trunc(x) + np.rint(x),
    "cbrt": lambda x: np.cbrt(x) + np.reciprocal(x),
    "degrees": lambda x: np.degrees(x) + np.radians(x) + np.rad2deg(x),
    "absolute": lambda x: np.absolute(x) + np.fabs(x) + np.positive(x) - np.negative(x),
    "mod": lambda x: np.mod(x, 0.75) + np.floor_divide(x, 0.75) + np.remainder(B, x),
    "logical": lambda x: np.logical_and(x > 0, np.logical_not(B > 0)),
    "isfinite": lambda x: np.isfinite(x) | np.isnan(x) | np.isinf(x),
    "heaviside": lambda x: np.heaviside(x, 0.5),
    "dtype of a ufunc": lambda x: np.add(x, B, dtype=np.float64),
    "clip as a ufunc": lambda x: np.maximum(np.minimum(x, 1.0), -1.0),
    # their methods
    "add.reduce": lambda x: np.add.reduce(x),
    "add.reduce, axis": lambda x: np.add.reduce(x, axis=1, keepdims=True),
    "multiply.reduce": lambda x: np.multiply.reduce(x, axis=None),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
    "minimum.reduce": lambda x: np.minimum.reduce(x),
    "logical_and.reduce": lambda x: np.logical_and.reduce(x > 0),
    "add.accumulate": lambda x: np.add.accumulate(x),
    "multiply.accumulate": lambda x: np.multiply.accumulate(x, axis=1),
    "subtract.outer": lambda x: np.subtract.outer(x, V),
    "maximum.outer": lambda x: np.maximum.outer(V, x),
    # folds
    "mean of squares": lambda x: np.mean((x - B) ** 2),
    "mean": lambda x: np.mean(x, axis=-1, keepdims=True),
    "mean, dtype": lambda x: np.mean(x, dtype=np.float64),
    "sum": lambda x: np.sum(x, axis=(0, 1)) + np.sum(x),
    "sum by place": lambda x: np.sum(x, 1),
    "prod": lambda x: np.prod(x, axis=0),
    "max": lambda x: np.max(x) + np.amin(x, axis=1) + np.min(x, keepdims=True),
    "std": lambda x: np.std(x, axis=0, ddof=1) + np.var(x, axis=0),
    "median": lambda x: np.median(x, axis=1),
    "percentile": lambda x: np.percentile(x, 30) + np.quantile(x, 0.5, axis=1),
    "average": lambda x: np.average(x, axis=1, weights=V),
    "ptp": lambda x: np.ptp(x, axis=1),
    "cumsum": lambda x: np.cumsum(x),
    "cumsum, axis": lambda x: np.cumsum(x, axis=0),
    "cumprod": lambda x: np.cumprod(x),
    "diff": lambda x: np.diff(x),
    "trapezoid": lambda x: np.trapezoid(x, V),
    "nansum": lambda x: np.nansum(x) + np.nanmean(x, axis=0),
    "any": lambda x: np.any(x > 1, axis=0),
    "all": lambda x: np.all(x > 1),
    "argmax": lambda x: np.argmax(x, axis=1),
    "argmin": lambda x: np.argmin(x),
    "count_nonzero": lambda x: np.count_nonzero(x > 0),
    "allclose": lambda x: np.allclose(x, x),
    # movement
    "where": lambda x: np.where(x > 0, x, 0.1 * x),
    "where, one number": lambda x: np.where(B > 0, 1.0, x),
    "concatenate": lambda x: np.concatenate([x, B]),
    "concatenate, axis": lambda x: np.concatenate((B, x, x), axis=1),
    "stack": lambda x: np.stack([x, B]),
    "stack, axis": lambda x: np.stack([x, B], axis=-1),
    "vstack": lambda x: np.vstack([x, B]) @ np.hstack([V, V[:0]]),
    "hstack": lambda x: np.hstack([x, B]),
    "dstack": lambda x: np.dstack([x, B]),
    "append": lambda x: np.append(x, B),
    "append, axis": lambda x: np.append(x, B, axis=0),
    "reshape": lambda x: np.reshape(x, (3, 2)) + np.reshape(x, -1)[:2],
    "ravel": lambda x: np.ravel(x),
    "transpose": lambda x: np.transpose(x) + np.transpose(x, (1, 0)),
    "permute_dims": lambda x: np.swapaxes(x, 0, 1) + np.moveaxis(x, 0, -1),
    "expand_dims": lambda x: np.squeeze(np.expand_dims(x, 1)),
    "flip": lambda x: np.flip(x) + np.flip(x, 0) + np.fliplr(x) + np.flipud(x),
    "roll": lambda x: np.roll(x, 1) + np.roll(x, 1, axis=0),
    "rot90": lambda x: np.rot90(x),
    "repeat": lambda x: np.repeat(x, 2),
    "repeat, axis": lambda x: np.repeat(x, 2, axis=0),
    "tile": lambda x: np.tile(x, (2, 1)),
    "pad": lambda x: np.pad(x, 1),
    "pad, values": lambda x: np.pad(x, ((0, 0), (1, 2)), constant_values=3.0),
    "pad, reflect": lambda x: np.pad(x, 1, mode="reflect"),
    "split": lambda x: np.split(x, 3, axis=1)[1] + np.array_split(x, 2)[0],
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 2, 3)),
    "take": lambda x: np.take(x, [0, 4]),
    "take, axis": lambda x: np.take(x, [0, 2], axis=1),
    "take_along_axis": lambda x: np.take_along_axis(x, I, axis=1),
    "diag": lambda x: np.diag(x[0]) + np.tril(np.outer(x[0], V)) + np.triu(B.T @ x),
    "diagonal": lambda x: np.diagonal(x) + np.trace(x),
    "sort": lambda x: np.sort(x) + np.sort(x, axis=0),
    "sort, flat": lambda x: np.sort(x, axis=None),
    "argsort": lambda x: np.argsort(x),
    "searchsorted": lambda x: np.searchsorted(V, x),
    "meshgrid": lambda x: np.meshgrid(x[0], V)[0],
    "select": lambda x: np.select([x > 1, x > 0], [x, 2 * x], 0.0),
    # products
    "dot": lambda x: np.dot(x, B.T) + np.dot(B, x.T),
    "matmul": lambda x: np.matmul(B, x.T),
    "inner": lambda x: np.inner(x, V) + np.vdot(x, B),
    "outer": lambda x: np.outer(x, V),
    "tensordot": lambda x: np.tensordot(x, B, axes=([1], [1])),
    "kron": lambda x: np.kron(x, B),
    "cross": lambda x: np.cross(x, B),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, B),
    "einsum, optimized": lambda x: np.einsum("ij,kj->i", x, B, optimize=True),
    "norm": lambda x: np.linalg.norm(x) + np.linalg.norm(x, axis=1, keepdims=True),
    "norm of order 1": lambda x: np.linalg.norm(x, 1, axis=0),
    "inv": lambda x: np.linalg.inv(x[:, :2]) + np.linalg.det(x[:, :2]),
    "solve": lambda x: np.linalg.solve(x[:, :2], B),
    # likes, and values
    "zeros_like": lambda x: np.zeros_like(x) + np.ones_like(x) + np.full_like(x, 3.0),
    "clip": lambda x: np.clip(x, -1, 1),
    "clip, keywords": lambda x: np.clip(x, a_min=0, a_max=None) + np.clip(x, max=1, min=-1),
    "clip, one side": lambda x: np.clip(x, None, 1),
    "round": lambda x: np.round(x, 1) + np.around(x),
    "nan_to_num": lambda x: np.nan_to_num(x),
    "sinc": lambda x: np.sinc(x),
    "shape": lambda x: x * np.ndim(x) + np.shape(x)[1] + np.size(x) + np.size(x, 0),
    "isclose": lambda x: np.isclose(x, B) | np.isin(x, V),
    "fix": lambda x: np.fix(x) if np.lib.NumpyVersion(np.__version__) < "2.4.0" else np.trunc(x),
}  # fmt: skip


def compared(got, wanted):
    got = got if isinstance(got, tuple | list) else [got]
    wanted = wanted if isinstance(wanted, tuple | list) else [wanted]
    for y, z in zip(got, wanted, strict=True):
        y = y.detach().numpy() if isinstance(y, nn.Tensor) else y
        assert np.shape(y) == np.shape(z)
        np.testing.assert_allclose(y, z, rtol=2e-5, atol=1e-6)


def test_numpys_functions_give_numpys_numbers():
    wrong = {}
    for name, call in CALLS.items():
        wanted = call(A)
        for x in (nn.tensor(A, requires_grad=True), nn.tensor(A), None):
            try:
                traced = nn.jit(call, engine="reference")
                compared(traced(A) if x is None else call(x), wanted)
            except Exception as error:
                kind = "traced" if x is None else "with a gradient" if x.requires_grad else "plain"
                wrong[f"{name}, {kind}"] = f"{type(error).__name__}: {str(error)[:300]}"
    assert not wrong, "\n".join(f"{k}: {v}" for k, v in wrong.items())


def test_they_are_differentiated():
    twins = {
        lambda x: np.mean(np.maximum(x - B, 0) ** 2): lambda x: nn.ops.mean(
            nn.ops.square(nn.ops.relu(x - B))
        ),
        lambda x: np.sum(np.where(x > 0, np.exp(x), np.sqrt(2) * x), axis=0)[1]: lambda x: (
            nn.ops.sum(nn.ops.where(x > 0, nn.ops.exp(x), float(np.sqrt(2)) * x), axis=0)[1]
        ),
        lambda x: np.linalg.norm(np.einsum("ij,j->i", x, V)): lambda x: nn.ops.norm(
            nn.ops.einsum("ij,j->i", x, V)
        ),
    }
    for numpys, ours in twins.items():
        wanted = nn.grad(ours)(A).numpy()
        np.testing.assert_allclose(nn.grad(numpys)(A).numpy(), wanted, rtol=1e-6)
        x = nn.tensor(A, requires_grad=True)
        numpys(x).backward()  # eager, with nothing that would say that a gradient is wanted
        np.testing.assert_allclose(x.grad.numpy(), wanted, rtol=1e-6)


def test_a_loss_and_a_layer_in_numpy_are_trained():
    def squared(y, p):
        return np.mean(np.square(y - p), axis=-1)

    class Hinge(nn.Layer):
        def call(self, x):
            return np.maximum(x, 0.1 * x)

    weights = []
    for loss, middle in ((squared, Hinge()), ("mse", nn.layers.LeakyReLU(0.1))):
        nn.utils.set_random_seed(0)
        model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(4), middle, nn.layers.Dense(3)])
        model.compile("sgd", loss)
        model.fit(A, B, epochs=2, verbose=0)
        weights.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    np.testing.assert_allclose(*weights, rtol=1e-5)
    symbolic = nn.Input((3,))
    model = nn.Model(symbolic, np.tanh(symbolic) + np.sum(symbolic, axis=1, keepdims=True))
    np.testing.assert_allclose(model(A).numpy(), np.tanh(A) + A.sum(1, keepdims=True), rtol=1e-6)


def test_values_alone_stay_numpys():
    x, w = nn.tensor(A), nn.tensor(A, requires_grad=True)
    kinds = [type(y) for y in (np.exp(x), np.mean(x), np.histogram(x)[1], np.cov(x))]
    assert kinds == [np.ndarray, np.float32, np.ndarray, np.ndarray]
    assert (type(np.argmax(w)), type(np.isnan(w))) == (np.int64, np.ndarray)  # no gradient is lost
    assert np.array_equal(w, A)
    assert np.array2string(w) == np.array2string(A)
    assert type(B - x) is type(np.subtract(B, x)) is nn.Tensor  # as operators are
    total = B.copy()
    total += x
    np.testing.assert_array_equal(total, A + B)
    np.testing.assert_array_equal(np.asarray(w), A)


WRONG = [  # of traced tensors
    (lambda x: np.cov(x), TraceError, "np.cov has no twin in nn.ops, and needs values", "centred"),
    (lambda x: np.linalg.eigvals(x), TraceError, "np.linalg.eigvals has no twin", "nn.ops.eig"),
    (lambda x: np.fft.fft(x), TraceError, "np.fft.fft has no twin", "nn.ops.fft"),
    (lambda x: np.modf(x), TraceError, "np.modf has no twin in nn.ops", "f32[2,3]"),
    (lambda x: np.column_stack([x, B]), TraceError, "np.column_stack", "stack(xs, axis=1)"),
    (lambda x: np.argwhere(x), TraceError, "np.argwhere", "its size depends on values"),
    (lambda x: np.add.at(x, 0, 1), TraceError, "np.add.at", "not changed in place"),
    (lambda x: np.add.at(B.copy(), 0, x), TraceError, "np.add.at", "not changed in place"),
    (lambda x: np.add.reduceat(x, [0]), TraceError, "np.add.reduceat", "nn.ops.segment_sum"),
    (lambda x: np.maximum.accumulate(x), TraceError, "np.maximum.accumulate", "associative_scan"),
    (lambda x: np.copyto(x, 0), TraceError, "np.copyto", "nn.ops.where, or nn.ops.scatter_update"),
    (lambda x: np.sum(x, where=B > 0), ArgumentError, "np.sum: where= is not for", "neutral"),
    (lambda x: np.add(x, 1, where=B > 0), ArgumentError, "np.add: where= is not for", "neutral"),
    (lambda x: np.sum(x, axis=0, out=V), ArgumentError, "np.sum: out= is not", "what it returns"),
    (lambda x: np.exp(x, out=B.copy()), GradientError, "np.exp writes into an array", "y = y + x"),
    (lambda x: np.exp(B, out=x), FrozenError, "not changed in place", "take what it returns"),
    (lambda x: np.ravel(x, order="F"), ArgumentError, "np.ravel: order= is not for Tensors"),
    (lambda x: np.matmul(x, B.T, axes=[0]), ArgumentError, "np.matmul: axes= is not for Tensors"),
    (lambda x: np.sum(x, axis=5), ShapeError, "sum"),
    (lambda x: np.asarray(x), TraceError, "being traced", "give x itself to NumPy's functions"),
    (lambda x: np.array([x.sum(), x.max()]), TraceError, "nn.ops.stack([a, b]) for np.array"),
    (lambda x: np.random.default_rng(0).normal(x), TraceError, "nn.random for np.random"),
    (lambda x: math.exp(x.sum()), TraceError, "try: keep it a Tensor: nn.ops.exp(x) for math.exp"),
    (lambda x: x if x.sum() > 0 else -x, TraceError, "nn.ops.where(condition, a, b) instead of"),
    (lambda x: max(x[0, 0], x[0, 1]), TraceError, "Python's if, max and min"),
    (lambda x: x.numpy(), TraceError, "compute with nn.ops", "return what you want to see"),
]  # fmt: skip


def test_what_has_no_twin_says_so_by_name():
    for call, kind, *texts in WRONG:
        with pytest.raises(NeuronaError) as caught:
            nn.jit(call, engine="reference")(A)
        assert type(caught.value) is kind, (texts, str(caught.value))
        for text in texts:
            assert text in str(caught.value), (text, str(caught.value))
        check_users_lines_only(caught.value)


def test_a_gradient_is_not_lost_silently():
    w = nn.tensor(A, requires_grad=True)
    with pytest.raises(GradientError, match=r"np\.cov has no twin in nn\.ops, and does not tell"):
        np.cov(w)
    total = B.copy()
    with pytest.raises(GradientError, match=r"np\.add writes into an array, which does not tell"):
        total += w
    with pytest.raises(GradientError, match=r"float\(\) and Python's math do not tell") as caught:
        nn.grad(lambda x: x * math.exp(x))(1.0)
    assert "nn.ops.exp(x) for math.exp(x), and so on, or x.detach()" in str(caught.value)
    with pytest.raises(GradientError, match="NumPy's arrays do not tell a gradient"):
        nn.grad(lambda x: x * np.asarray(x))(1.0)
    assert nn.grad(lambda x: x * np.exp(x))(1.0).item() == pytest.approx(2 * math.e)
    assert math.exp(nn.tensor(0.0)) == 1.0
