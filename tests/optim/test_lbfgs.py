"""L-BFGS: exact on quadratics, as good as SciPy's, better than gradient descent, robust."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, StateError
from neurona.optimizers import LBFGS, SGD, Adam
from neurona.train.step import Step

SEARCHES = ("strong_wolfe", "backtracking", None)
searches = pytest.mark.parametrize("line_search", SEARCHES)


def minimized(loss, start, optimizer, steps):
    """The losses seen on the way, and the weights at the end."""
    w = nn.Parameter(np.array(start))
    optimizer.build([w])
    step = Step(lambda: optimizer.minimize(lambda: loss(w), [w]), [w, *optimizer.variables])
    losses = [float(step()) for _ in range(steps)]
    optimizer.finalize_variable_values([w])
    return losses, w.numpy()


def rosenbrock(w):
    return ((1 - w[:-1]) ** 2 + 100 * (w[1:] - w[:-1] ** 2) ** 2).sum()


def test_the_first_steps_by_hand():
    """f = 2 w^2 from w = 3: g = 12; the first step is cut to length 1, then H is exact: 1/4."""
    losses, w = minimized(lambda w: (2 * w * w).sum(), [3.0], LBFGS(line_search=None), 3)
    np.testing.assert_allclose(losses, [18.0, 8.0, 0.0], atol=1e-12)
    assert abs(w[0]) < 1e-12


def test_the_direction_is_that_of_bfgs_written_as_matrices():
    """The two loops against H <- V^T H V + rho s s^T, eq. 6.17 of Nocedal and Wright."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(4, 4))
    hessian = a @ a.T + np.eye(4)
    b = rng.normal(size=4)
    optimizer, w = LBFGS(line_search=None, history_size=3, learning_rate=0.5), nn.Parameter(0 * b)
    points, gradients = [], []
    for _ in range(4):
        points.append(w.numpy())
        gradients.append(hessian @ w.numpy() - b)
        optimizer.minimize(lambda: 0.5 * (w @ (hessian @ w)) - w @ b, [w])
    pairs = list(zip(np.diff(points, axis=0), np.diff(gradients, axis=0), strict=True))
    s, y = pairs[-1]
    h = np.eye(4) * (s @ y) / (y @ y)
    for s, y in pairs:
        v = np.eye(4) - np.outer(y, s) / (s @ y)
        h = v.T @ h @ v + np.outer(s, s) / (s @ y)
    np.testing.assert_allclose(
        optimizer.state["direction"][0].numpy(), -h @ gradients[-1], rtol=1e-6
    )
    np.testing.assert_allclose(w.numpy(), points[-1] - 0.5 * h @ gradients[-1], rtol=1e-6)


@searches
def test_a_quadratic_takes_a_few_steps(line_search):
    scale = np.array([1.0, 3.0, 10.0, 30.0])
    losses, w = minimized(
        lambda w: (scale * (w - 1.0) ** 2).sum(),
        np.zeros(4),
        LBFGS(line_search=line_search),
        25,
    )
    assert losses[-1] < 1e-9
    np.testing.assert_allclose(w, 1.0, atol=1e-5)


@searches
@pytest.mark.parametrize("history_size", [1, 5, 10])
def test_rosenbrock_as_well_as_scipy(line_search, history_size):
    optimizer = LBFGS(line_search=line_search, history_size=history_size)
    _, w = minimized(rosenbrock, [-1.2, 1.0], optimizer, 150)
    np.testing.assert_allclose(w, 1.0, atol=1e-6)  # SciPy reaches 4e-6 with its defaults


@pytest.mark.oracle
def test_rosenbrock_in_ten_dimensions_beside_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    start = np.tile([-1.2, 1.0], 5)
    theirs = optimize.minimize(
        optimize.rosen, start, jac=optimize.rosen_der, method="L-BFGS-B",
        options={"maxcor": 10, "ftol": 1e-15, "gtol": 1e-9},
    )  # fmt: skip
    losses, w = minimized(rosenbrock, start, LBFGS(), 2 * theirs.nfev)
    assert np.min(losses) < max(theirs.fun, 1e-12) * 10
    if np.abs(theirs.x - 1).max() < 1e-3:  # there is a second valley, where both may end
        np.testing.assert_allclose(w, theirs.x, atol=1e-4)


def regression():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (120, 2)).astype("float32")
    return x, (np.sin(2 * x[:, :1]) * x[:, 1:]).astype("float32")


def fitted(optimizer, epochs):
    """The final loss of a small network on a small regression, trained with the full batch."""
    nn.utils.set_random_seed(0)
    x, y = regression()
    model = nn.Sequential([layers.Dense(12, "tanh"), layers.Dense(1)])
    model.compile(optimizer, "mse")
    history = model.fit(x, y, batch_size=len(x), epochs=epochs, verbose=0).history["loss"]
    return history, model.evaluate(x, y, batch_size=len(x), verbose=0)


@pytest.mark.parametrize("line_search", ["strong_wolfe", "backtracking"])
def test_fit_beats_gradient_descent_by_far(line_search):
    history, loss = fitted(LBFGS(line_search=line_search), 200)
    assert loss == pytest.approx(min(history), rel=1e-3) or loss < min(history)  # the best base
    assert loss < 0.2 * fitted(SGD(0.1), 200)[1]
    assert loss < fitted(Adam(0.02), 200)[1]


def test_the_loss_of_accepted_steps_never_rises():
    w, optimizer = nn.Parameter(np.array([-1.2, 1.0])), LBFGS(line_search="backtracking")
    bases = []
    for _ in range(60):
        optimizer.minimize(lambda: rosenbrock(w), [w])
        bases.append(optimizer.state["loss"][0].item())
    assert (np.diff(bases) <= 1e-12).all()
    assert bases[-1] < 1e-9


def test_a_step_into_nan_is_taken_back():
    """ln and 1 / w end at w = 0; the first full step of a flat start jumps beyond it."""

    def loss(w):
        return (0.01 / w - 0.1 * ops.log(1.0 - w) + ops.log(w) * 0.001).sum()

    losses, w = minimized(loss, np.array([0.9999]), LBFGS(learning_rate=3.0), 60)
    assert np.isnan(losses).any()
    assert np.isfinite(losses[-1])
    assert 0.2 < w[0] < 0.3


def test_it_gives_up_where_nothing_is_lower_and_stays_at_the_best():
    """A kink: the gradient of |w| says go, but every step of the search is higher."""
    w, optimizer = nn.Parameter(np.array([1e-9])), LBFGS(max_evaluations=3)
    for _ in range(12):
        optimizer.minimize(lambda: abs(w).sum() + 1.0, [w])
    optimizer.finalize_variable_values()
    assert abs(w.numpy()[0]) <= 1e-9


def test_weights_set_by_somebody_are_a_new_base():
    w, optimizer = nn.Parameter(np.array([5.0])), LBFGS()
    for _ in range(5):
        optimizer.minimize(lambda: (w * w).sum(), [w])
    w.assign(np.array([40.0]))
    optimizer.minimize(lambda: (w * w).sum(), [w])
    assert optimizer.state["loss"][0].item() == 1600.0
    for _ in range(5):
        optimizer.minimize(lambda: (w * w).sum(), [w])
    assert abs(w.numpy()[0]) < 1e-6


def test_a_second_fit_goes_on_with_what_it_knows():
    optimizer = LBFGS()
    _, first = fitted(optimizer, 30)
    known = optimizer.state["moves"][0].numpy()
    assert np.any(known)
    x, y = regression()
    nn.utils.set_random_seed(0)
    model = nn.Sequential([layers.Dense(12, "tanh"), layers.Dense(1)])
    model.compile(LBFGS(), "mse")
    model.fit(x, y, batch_size=len(x), epochs=30, verbose=0)
    model.fit(x, y, batch_size=len(x), epochs=30, verbose=0)
    assert model.evaluate(x, y, batch_size=len(x), verbose=0) < first


def test_constraints_hold():
    w = nn.Parameter(np.array([2.0, 2.0]), constraint=nn.constraints.NonNeg())
    optimizer = LBFGS()
    for _ in range(30):
        optimizer.minimize(lambda: ((w - np.array([1.0, -1.0])) ** 2).sum(), [w])
    optimizer.finalize_variable_values()
    assert (w.numpy() >= 0).all()
    assert w.numpy() == pytest.approx([1.0, 0.0], abs=1e-3)


def test_the_rate_is_the_first_step_tried_and_may_be_a_schedule():
    for rate in (0.5, nn.optimizers.schedules.PiecewiseConstantDecay([9], [0.5, 0.1])):
        losses, _ = minimized(lambda w: (w * w).sum(), [8.0], LBFGS(rate, line_search=None), 4)
        # |g| = 16: the first step is 0.5 long, then each halves w
        np.testing.assert_allclose(losses, [64.0, 7.5**2, 3.75**2, 1.875**2], rtol=1e-6)


BAD = [
    ({"history_size": 0}, "history_size is too small"),
    ({"line_search": "wolfe"}, "unknown line_search.*did you mean 'strong_wolfe'"),
    ({"max_evaluations": 1}, "max_evaluations is too small"),
    ({"learning_rate": -1}, "learning_rate is out of range"),
    ({"clipnorm": 1.0}, r"LBFGS does not go with clipnorm\..*\ntry: leave it out"),
    ({"use_ema": True}, "LBFGS does not go with use_ema"),
    ({"weight_decay": 0.1}, r"LBFGS does not go with weight_decay\..*\ntry: kernel_regularizer"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ArgumentError, match=f"(?s){message}"):
        LBFGS(**arguments)


def test_it_needs_the_loss_and_the_same_parameters():
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = LBFGS()
    with pytest.raises(StateError, match=r"needs the loss besides the gradients.\ntry: optim"):
        optimizer.apply([[1.0]], [a])
    optimizer.minimize(lambda: (a * a).sum(), [a])
    with pytest.raises(StateError, match="LBFGS changes the same parameters in every step"):
        optimizer.minimize(lambda: (b * b).sum(), [b])
