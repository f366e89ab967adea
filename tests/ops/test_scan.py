"""scan against the same loop in Python: values and gradients, eager, traced, nested, reversed."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.graph import trace
from neurona.errors import ArgumentError, DtypeError, ShapeError

o = nn.ops
rng = np.random.default_rng(0)
T, B, D, H = 4, 2, 3, 2
ARGS = [rng.normal(size=s) for s in ((T, B, D), (B, H), (D, H), (H, H))]


def rnn(x, h, w, u, reverse):
    def step(carry, x):
        h, total, k = carry["h"], *carry["rest"]
        h = o.tanh(x @ w + h @ u + 0.1 * k.astype("float64"))
        return {"h": h, "rest": (total * 0.5 + h.sum(), k + 1)}, {"square": h * h, "none": None}

    init = {"h": h, "rest": (np.float64(0), 0)}
    return o.scan(step, init, x, reverse=reverse)


def unrolled(x, h, w, u, reverse):
    total, k, ys = 0.0, 0, [None] * T
    for t in reversed(range(T)) if reverse else range(T):
        h = o.tanh(x[t] @ w + h @ u + 0.1 * k)
        total, k, ys[t] = total * 0.5 + h.sum(), k + 1, h * h
    return {"h": h, "rest": (total, nn.tensor(k))}, {"square": o.stack(ys), "none": None}


def loss(run, reverse):
    def fn(*args):
        carry, ys = run(*[o.alias(a) for a in args], reverse)
        return (carry["h"] ** 3).sum() + carry["rest"][0] ** 2 + o.sin(ys["square"]).sum()

    return fn


def squared_gradient(run, reverse):
    slopes = nn.grad(loss(run, reverse), (0, 1, 2, 3))
    return lambda *args: sum((g * g).sum() for g in slopes(*args))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("order", [loss, squared_gradient])
@pytest.mark.parametrize("how", [lambda f: f, nn.jit])
def test_equals_the_unrolled_loop(reverse, order, how):
    value, g = how(nn.value_and_grad(order(rnn, reverse), (0, 1, 2, 3)))(*ARGS)
    expected, wanted = nn.value_and_grad(order(unrolled, reverse), (0, 1, 2, 3))(*ARGS)
    assert value.item() == pytest.approx(expected.item(), rel=1e-12)
    for a, b in zip(g, wanted, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-9)


def test_gradcheck_of_init_xs_and_surroundings():
    nn.gradcheck(loss(rnn, False), *ARGS, order=1)

    def powers(c, x, w):
        return o.scan(lambda c, x: (c * w + x, c * x), c, x)

    nn.gradcheck(powers, 0.5, np.array([1.0, 2.0, 3.0]), 0.7, order=2)


def test_nested():
    def fn(w):
        def outer(c, _):
            inner, _ = o.scan(lambda d, _: (d * w + c.sum(), None), c, length=2)
            return inner, inner

        return o.scan(outer, np.array([0.5, 0.25]), length=3)[1]

    w = np.array([1.0, -0.5])
    nn.gradcheck(fn, w, order=2)
    np.testing.assert_allclose(nn.jit(nn.jacobian(fn))(w).numpy(), nn.jacobian(fn)(w).numpy())


def test_a_gradient_inside_the_body():
    def descend(w, rate):
        return o.scan(lambda w, _: (w - rate * nn.grad(lambda w: w**4)(w), w), w, length=3)[1]

    w, path = 1.0, []
    for _ in range(3):
        path.append(w)
        w = w - 0.1 * 4 * w**3
    np.testing.assert_allclose(descend(np.float64(1), 0.1).numpy(), path)
    nn.gradcheck(descend, 1.0, 0.1, order=2)


def test_results_and_lengths():
    carry, ys = o.scan(lambda c, x: (c + x["a"], None), 0, {"a": np.int32([0, 1, 2, 3])}, length=4)
    assert (carry.item(), ys) == (6, None)
    carry, ys = o.scan(lambda c, x: (c, (c, 1.5)), nn.tensor([1, 2]), length=3)
    assert ys[0].tolist() == [[1, 2]] * 3
    assert ys[1].tolist() == [1.5] * 3
    assert o.scan(lambda c, x: (None, 2), None, length=2)[1].tolist() == [2, 2]
    carry, ys = o.scan(lambda c, x: (c * x, c), 1.0, np.zeros((0,), "float32"))
    assert (carry.item(), ys.shape) == (1.0, (0,))
    empty = nn.grad(lambda c: o.scan(lambda c, x: (c * c, c), c, length=0)[0])
    assert empty(3.0).item() == 1.0


def test_the_graph_does_not_grow_with_the_length():
    def nodes(n):
        fn = nn.grad(lambda x: o.scan(lambda c, x: (o.tanh(c + x), c), 0.0, x)[1].sum())
        return len(trace(fn, [np.zeros(n, "float32")]).check().nodes)

    assert nodes(2) == nodes(200)


def test_random_numbers_are_new_in_each_iteration():
    def draw(x):
        return o.scan(lambda c, v: (c, nn.random.uniform((2,)) + v), None, x)[1]

    nn.random.set_seed(1)
    eager = draw(np.zeros(3, "float32")).numpy()
    assert len(np.unique(eager)) == 6
    run = nn.jit(draw)
    nn.random.set_seed(1)
    first, second = (run(np.zeros(3, "float32")).numpy() for _ in range(2))
    assert len(np.unique([first, second])) == 12
    nn.random.set_seed(1)
    np.testing.assert_array_equal(run(np.zeros(3, "float32")).numpy(), first)


def test_a_gradient_sees_the_same_random_numbers():
    def fn(w):
        def keep(c, _):
            return c * w * (nn.random.uniform((2,), dtype="float64") + 0.5), None

        return o.scan(keep, np.ones(2), length=3)[0].sum()

    def fixed(w):
        nn.random.set_seed(4)
        return fn(w)

    nn.gradcheck(fixed, np.array([1.0, 2.0]), order=2)


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: o.scan(lambda c, x: ({"h": c["h"][:1]}, None), {"h": np.ones(2)}, length=1),
         ShapeError, r"changes carry\['h'\]. Got f64\[1\] after it; expected f64\[2\]"),
        (lambda: o.scan(lambda c, x: (c > 0, None), 1.0, length=1),
         DtypeError, r"an iteration changes carry. Got bool\[\] after it; expected f32\[\]"),
        (lambda: o.scan(lambda c, x: ((c, c), None), 1.0, length=1),
         ArgumentError, "changes the structure of the carry"),
        (lambda: o.scan(lambda c, x: c, 1.0, length=1), ArgumentError, r"returns \(carry, y\)"),
        (lambda: o.scan(lambda c, x: (c, x), 1.0), ArgumentError, "the length is needed"),
        (lambda: o.scan(lambda c, x: (c, x), 1.0, (np.ones(2), np.ones(3))),
         ShapeError, r"differ in length. Got xs\[1\] of length 3; expected length 2"),
        (lambda: o.scan(lambda c, x: (c, x), 1.0, np.ones(2), length=3),
         ShapeError, "expected length 3"),
        (lambda: o.scan(lambda c, x: (c, x), 1.0, np.float32(2)), ShapeError, "xs has no axis"),
        (lambda: o.scan(lambda c, x: (c, x), 1.0, length=-1), ArgumentError, "length is too small"),
    ],
)  # fmt: skip
def test_errors(run, error, message):
    with pytest.raises(error, match=message):
        run()
