"""Gradients: forms of the functions, structures, composition, and no history that piles up."""

import gc
import weakref

import numpy as np
import pytest

import neurona as nn
from neurona.core.tensor import Source
from neurona.errors import ArgumentError, GradientError, ShapeError

o = nn.ops


def test_value_and_grad_with_structures_and_aux():
    def loss(model, x, scale=1.0):
        y = o.tanh(x @ model["w"] + model["b"][0])
        return (y * y).sum() * scale, {"y": y}

    model = {"w": np.ones((3, 2)), "b": [np.zeros(2), None]}
    x = np.full((4, 3), 0.1)
    (value, aux), g = nn.value_and_grad(loss, has_aux=True)(model, x, scale=2.0)
    assert value.item() == pytest.approx(2 * 8 * np.tanh(0.3) ** 2)
    assert aux["y"].shape == (4, 2)
    assert set(g) == {"w", "b"}
    assert g["w"].shape == (3, 2)
    assert g["b"][1] is None
    slope = 2 * 2 * np.tanh(0.3) * (1 - np.tanh(0.3) ** 2)
    np.testing.assert_allclose(g["b"][0].numpy(), [4 * slope] * 2)
    g, aux = nn.grad(loss, has_aux=True)(model, x)
    assert set(aux) == {"y"}


def test_argnums():
    def fn(a, b, c):
        return (a * b * b * c).sum()

    args = np.float64(2), np.float64(3), np.float64(5)
    assert nn.grad(fn, 1)(*args).item() == 60
    assert [g.item() for g in nn.grad(fn, (2, 0))(*args)] == [18, 45]
    assert nn.grad(fn, -1)(*args).item() == 18
    with pytest.raises(ArgumentError, match="there is no such argument"):
        nn.grad(fn, 3)(*args)


def test_gradients_of_gradients():
    f = lambda x: o.sin(x) * o.exp(x)  # noqa: E731
    x = 0.7
    fourth = nn.grad(nn.grad(nn.grad(nn.grad(f))))(np.float64(x)).item()
    assert fourth == pytest.approx(-4 * f(np.float64(x)).item(), rel=1e-12)  # since f'''' = -4 f
    mixed = nn.grad(lambda x: nn.grad(lambda y: x * x * y * y)(x))(np.float64(3)).item()
    assert mixed == 6 * 9
    outer_only = nn.grad(lambda x: x * o.stop_gradient(nn.grad(lambda y: y * y)(x)))
    assert outer_only(np.float64(3)).item() == 6


def test_no_dependence_gives_zeros():
    g = nn.grad(lambda x, y: (y * 2).sum(), (0, 1))(np.ones((2, 3)), np.ones(2))
    assert g[0].tolist() == np.zeros((2, 3)).tolist()
    assert nn.grad(lambda x: nn.tensor(np.float64(3)))(np.ones(2)).tolist() == [0, 0]


def test_jacobian():
    a = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(nn.jacobian(lambda x: a @ x)(np.ones(3)).numpy(), a)
    cube = nn.jacobian(nn.jacobian(lambda x: x**3))(np.array([1.0, 2.0])).numpy()
    assert cube.shape == (2, 2, 2)
    assert [cube[0, 0, 0], cube[1, 1, 1], cube[0, 1, 0]] == [6, 12, 0]
    assert nn.jacobian(lambda x, y: x * y, 1)(2.0, np.ones((1, 2))).shape == (1, 2, 1, 2)
    assert nn.jacobian(lambda x: np.float64(1.0))(np.ones(2)).tolist() == [0, 0]
    with pytest.raises(ShapeError, match="returned nothing"):
        nn.jacobian(lambda x: x[:0])(np.ones(2))


def test_backward_adds_to_grad():
    w = nn.tensor([1.0, 2.0], requires_grad=True)
    b = nn.tensor(1.0, requires_grad=True)
    fixed = nn.tensor([3.0, 4.0])
    loss = (w * w * fixed).sum() + b
    loss.backward()
    assert w.grad.tolist() == [6.0, 16.0]
    assert b.grad.item() == 1.0
    assert fixed.grad is None
    loss.backward()
    assert w.grad.tolist() == [12.0, 32.0]
    w.grad = None
    (w * 2).backward([1.0, 10.0])
    assert w.grad.tolist() == [2.0, 20.0]
    assert not w.grad.tracked


def test_backward_through_scan_equals_grad():
    start = np.array([1.0, 1.5])

    def fn(w):
        return o.scan(lambda c, v: (c * w + v, c), np.ones(2), np.ones((3, 2)))[1].sum()

    w = nn.tensor(start, requires_grad=True)
    fn(w).backward()
    np.testing.assert_allclose(w.grad.numpy(), nn.grad(fn)(start).numpy())


def test_sources_of_a_sweep_are_not_looked_behind():
    from neurona.autodiff import sweep

    a = nn.tensor(np.float64(2), requires_grad=True)
    b = a * 3
    g = sweep([b], [o.ones((), "float64")], [a, b])
    assert g[0] is None
    assert g[1].item() == 1
    g = sweep([b * a], [o.ones((), "float64")], [a, b])
    assert [x.item() for x in g] == [6, 2]


def test_gradients_within_a_trace():
    x = np.float32([1, 2])
    step = nn.jit(lambda w, x: w - 0.1 * nn.grad(lambda w: (w * w * x).sum())(w))
    np.testing.assert_allclose(step(x, x).numpy(), x - 0.2 * x * x)
    of_constant = nn.jit(lambda x: nn.grad(lambda w: (w * w * x).sum())(np.ones(2, "float32")))
    np.testing.assert_allclose(of_constant(x).numpy(), 2 * x)
    hessian = nn.jit(nn.jacobian(nn.grad(lambda x: (x**3).sum())))
    np.testing.assert_allclose(hessian(x).numpy(), np.diag(6 * x), rtol=1e-6)


def test_descent_keeps_no_history():
    others = [s for s in gc.get_objects() if isinstance(s, Source)]  # of tests before
    x = np.ones((3, 2))
    w = nn.tensor(np.ones(2))
    loss = lambda w: (x @ w).sum() ** 2  # noqa: E731
    first = weakref.ref(w)
    for _ in range(3):
        value, g = nn.value_and_grad(loss)(w)
        w = w - 0.001 * g
        assert w.source is None
        assert value.source is None
    gc.collect()
    assert first() is None
    known = set(map(id, others))
    assert not [s for s in gc.get_objects() if isinstance(s, Source) and id(s) not in known]


def test_history_is_freed_without_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        w = nn.tensor(np.ones(2), requires_grad=True)
        y = o.exp(w)
        watched = weakref.ref(y)
        loss = (y * y).sum()
        loss.backward()
        del y, loss
        assert watched() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: nn.grad(lambda x: x)(np.ones(2)), "taken of a float scalar"),
        (lambda: nn.grad(lambda x: x.sum())(np.arange(2)), "argument 0 has no gradient"),
        (lambda: nn.grad(lambda x: (x > 0).all())(np.ones(2)), "taken of a float scalar"),
        (lambda: nn.tensor([1.0, 2.0], requires_grad=True).backward(), "starts from a scalar"),
        (lambda: nn.tensor(1.0).backward(), "nothing here asks for a gradient"),
        (lambda: nn.tensor([1], requires_grad=True), "only float tensors have gradients"),
    ],
)
def test_errors(run, message):
    with pytest.raises(GradientError, match=message):
        run()


def test_powers_where_logarithms_fail():
    g = nn.grad(lambda x, p: (x**p).sum(), (0, 1))(np.array([0.0, -2.0, 3.0]), np.full(3, 2.0))
    np.testing.assert_allclose(g[0].numpy(), [0, -4, 6])
    np.testing.assert_allclose(g[1].numpy(), [0, 0, 9 * np.log(3)])
    assert nn.grad(lambda x: x**0.0)(0.0).item() == 0


def test_products_with_zeros_to_any_order():
    x = np.array([0.0, 2.0, 3.0])
    assert nn.grad(lambda x: x.prod())(x).tolist() == [6, 0, 0]
    hessian = nn.jacobian(nn.grad(lambda x: x.prod()))(x)
    assert hessian.tolist() == [[0, 3, 2], [3, 0, 0], [2, 0, 0]]


def test_clip_with_crossed_limits():
    g = nn.grad(lambda x, a, b: o.clip(x, a, b), (0, 1, 2))(
        np.float64(0), np.float64(5), np.float64(1)
    )
    assert [v.item() for v in g] == [0, 0, 1]


# --- many slices of one tensor -------------------------------------------------------------------


def cut_sums(boxes):
    """A function of many slices of x, its gradient at x by NumPy, and a linear one's."""

    def f(x):
        return sum((x[box] ** 2).sum() * (k + 1) for k, box in enumerate(boxes))

    def gradient(x):
        g = np.zeros_like(x)
        for k, box in enumerate(boxes):
            g[box] += 2 * (k + 1) * x[box]
        return g

    return f, gradient


BOXES = {
    "single indices": [(i, j) for i in range(4) for j in range(5)],
    "repeated indices": [(i * 3 % 4, i % 2) for i in range(12)],
    "moving windows": [(slice(None), slice(i, i + 3)) for i in range(4)] * 3,
    "gaps": [(slice(i, i + 1), slice(i, i + 2)) for i in range(4)] * 2,
    "empty and stepping ones": [(slice(0, 0),), (slice(0, 4, 2),), (1,), (2,), (3,)] * 3,
    "diagonal": [(i % 4, i) for i in range(6)],
    "nothing but empty ones": [(slice(2, 2),)] * 7,
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("boxes", BOXES.values(), ids=BOXES)
def test_gradient_of_many_slices(boxes, compiled):
    f, gradient = cut_sums(boxes)
    x = np.random.default_rng(4).normal(size=(4, 6))
    g = nn.grad(f)
    found = (nn.jit(g) if compiled else g)(x).numpy()
    np.testing.assert_allclose(found, gradient(x), rtol=1e-12, atol=1e-12)
    second = nn.grad(lambda x: (g(x) * x).sum())(x).numpy()
    np.testing.assert_allclose(second, 2 * gradient(x), rtol=1e-12, atol=1e-12)


def test_gradient_of_many_slices_takes_work_of_their_size_only():
    def work(n):
        g = nn.grad(lambda x: sum(x[i] ** 2 * i for i in range(n)))
        graph = nn.trace(g, [np.ones(n, "float32")])
        return sum(graph.specs[v].size for node in graph.nodes for v in node.outputs)

    assert work(400) < 2.2 * work(200)
