"""nn.jit of what has parameters: they are inputs, what is assigned comes out, gradients flow."""

import gc
import weakref

import numpy as np
import pytest

import neurona as nn
from neurona import layers, losses, metrics, models, optimizers
from neurona.nn.context import added_losses, collect_losses, in_training
from tests.settings import engine_set_to

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")


@pytest.fixture(params=["native", "reference"], autouse=True)
def _engine(request):
    with engine_set_to(request.param):
        yield


def network(*more):
    nn.utils.set_random_seed(3)
    return models.Sequential([layers.Input((4,)), layers.Dense(5, "tanh"), *more, layers.Dense(3)])


def close(a, b):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("how", [lambda m: m, lambda m: lambda x: m(x), lambda m: m.call])
def test_a_model_is_jitted_and_its_parameters_are_current(how):
    model = network()
    fn = nn.jit(how(model))
    close(fn(X), model(X))
    model.set_weights([w + 1 for w in model.get_weights()])
    close(fn(X), model(X))
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=2, verbose=0)  # afterwards the values are in the engine's memory
    close(fn(X), model(X))
    assert len(fn.programs) == 1


def test_values_of_parameters_are_not_copied():
    model = network()
    fn = nn.jit(model)
    fn(X)
    (made,) = fn.programs.values()
    assert {id(p) for p in made.found} == {id(p) for p in model.weights}
    before = [p.value for p in model.weights]
    fn(X)
    assert all(p.value is v for p, v in zip(model.weights, before, strict=True))


def test_a_model_is_built_in_its_first_call():
    nn.utils.set_random_seed(4)
    model = models.Sequential(
        [layers.Dense(5, "relu"), layers.BatchNormalization(), layers.Dense(3)]
    )
    fn = nn.jit(lambda x: model(x))
    first = fn(X)
    assert model.built
    assert all(p.level == 0 for p in model.weights)
    close(first, model(X))
    close(fn(X), first)


def test_gradients_of_arguments_and_parameters():
    model = network()
    fn = nn.jit(lambda x, y: ((model(x) - y) ** 2).mean())

    def plain(x, y):
        return ((model(x) - y) ** 2).mean()

    close(nn.grad(fn)(X, Y), nn.grad(plain)(X, Y))
    value, (dx, dy) = nn.value_and_grad(fn, (0, 1))(X, Y)
    expected, (dx_, dy_) = nn.value_and_grad(plain, (0, 1))(X, Y)
    for a, b in ((value, expected), (dx, dx_), (dy, dy_)):
        close(a, b)
    weights = model.trainable_weights
    loss, gs = nn.gradients(lambda: fn(X, Y), weights)
    loss_, gs_ = nn.gradients(lambda: plain(X, Y), weights)
    close(loss, loss_)
    for g, g_ in zip(gs, gs_, strict=True):
        close(g, g_)
    fn(X, Y).backward()
    for p, g in zip(weights, gs_, strict=True):
        close(p.grad, g)
    assert len(fn.programs) == 1


def test_a_parameter_is_an_argument():
    w, x = nn.Parameter(np.float32([1, 2, 3])), nn.tensor([4.0, 5.0, 6.0])
    fn = nn.jit(lambda w, x: nn.ops.sum(w * x))
    assert fn(w, x).item() == 32
    w.assign([0.0, 0.0, 1.0])
    assert fn(w, x).item() == 6
    assert nn.gradients(lambda: fn(w, x), [w])[1][0].tolist() == x.tolist()
    fn(w, x).backward()
    assert w.grad.tolist() == x.tolist()
    assert len(fn.programs) == 1


def test_gradients_of_gradients():
    w = nn.Parameter([0.5, -1.0])
    fn, plain = nn.jit(lambda x: (w * x**3).sum()), lambda x: (w * x**3).sum()
    x = np.float32([1, 2])
    close(
        nn.grad(lambda x: (nn.grad(fn)(x) ** 2).sum())(x),
        nn.grad(lambda x: (nn.grad(plain)(x) ** 2).sum())(x),
    )
    close(nn.jacobian(nn.grad(fn))(x), np.diag(6 * np.float32([0.5, -1.0]) * x))
    close(nn.jit(nn.grad(fn))(x), nn.grad(plain)(x))
    close(nn.jit(nn.value_and_grad(fn))(x)[1], nn.grad(plain)(x))


def test_some_outputs_have_no_gradient():
    w = nn.Parameter([2.0, 3.0])
    fn = nn.jit(lambda x: {"y": w * x, "top": nn.ops.argmax(x), "other": x + 1})
    close(nn.grad(lambda x: fn(x)["y"].sum())(np.float32([1, 1])), [2, 3])
    close(nn.grad(lambda x: fn(x)["other"].sum())(np.float32([1, 1])), [1, 1])
    out = fn(np.float32([1, 5]))
    assert out["top"].item() == 1


def test_what_variables_around_it_hold_is_current():
    w = nn.tensor([1.0, 2.0], requires_grad=True)
    fn = nn.jit(lambda x: (x * (w * 2)).sum())
    x = np.float32([1, 1])
    for _ in range(3):
        w.grad = None
        fn(x).backward()
        assert w.grad.tolist() == [2, 2]
        w = nn.tensor(w - 0.5 * w.grad, requires_grad=True)
        assert fn(x).item() == pytest.approx(2 * w.numpy().sum())
    assert len(fn.programs) == 1
    w = nn.tensor([[1.0, 1.0]])  # of another shape
    assert fn(x).item() == 4
    assert len(fn.programs) == 2


def test_what_an_attribute_holds_receives_gradients():
    class Holder:
        w = nn.tensor([3.0], requires_grad=True)

    fn = nn.jit(lambda x: (x * Holder.w).sum())
    fn(np.float32([2])).backward()
    assert Holder.w.grad.tolist() == [2]


def test_moving_averages_are_assigned():
    model, same = (network(layers.BatchNormalization()) for _ in range(2))
    fn = nn.jit(lambda x: model(x, training=True))
    for _ in range(2):
        close(fn(X), same(X, training=True))
    for p, q in zip(model.weights, same.weights, strict=True):
        close(p.numpy(), q.numpy())
    close(nn.jit(model)(X), same(X))
    # gradients too, through the moments of the batch
    close(
        nn.grad(lambda x: (fn(x) ** 3).sum())(X),
        nn.grad(lambda x: (same(x, training=True) ** 3).sum())(X),
    )


def test_a_training_step_of_ones_own():
    def trained(how):
        model = network(layers.BatchNormalization(), layers.Dropout(0.3))
        optimizer = optimizers.Adam(0.01)
        optimizer.build(model.trainable_weights)
        total = metrics.Mean()

        def step(x, y):
            def loss():
                return losses.MeanSquaredError()(y, model(x, training=True))

            value, gs = nn.gradients(loss, model.trainable_weights)
            optimizer.apply(gs, model.trainable_weights)
            total.update_state(value)
            return value

        run = how(step)
        values = [run(X, Y).item() for _ in range(4)]
        return values, model.get_weights(), total.result().item(), int(optimizer.iterations)

    (a, w, m, n), (_, v, _, o) = trained(nn.jit), trained(lambda step: step)
    assert n == o == 4
    assert m == pytest.approx(np.mean(a), rel=1e-5)
    assert a[-1] < a[0]
    assert len({*a}) == 4
    for p, q in zip(w, v, strict=True):
        assert p.shape == q.shape


def test_whether_it_is_training_is_part_of_the_look():
    model = network(layers.Dropout(0.5))
    fn = nn.jit(lambda x: model(x))
    still = fn(X)
    with in_training(True):
        assert not np.array_equal(fn(X), still)
        assert not np.array_equal(fn(X), fn(X))  # draws are new
    close(fn(X), still)
    assert len(fn.programs) == 2
    nn.utils.set_random_seed(1)
    drop = nn.jit(layers.Dropout(0.5))
    a = drop(X, training=True)
    nn.utils.set_random_seed(1)
    assert np.array_equal(drop(X, training=True), a)


def test_the_gradient_sees_the_draws_of_the_call():
    fn = nn.jit(lambda x: x * nn.random.uniform(x.shape))
    x = nn.tensor(np.ones(50, "float32"), requires_grad=True)
    y = fn(x)
    y.sum().backward()
    close(x.grad, y)


def test_losses_that_layers_add_reach_the_caller():
    layer = layers.Dense(3, activity_regularizer="l2")
    fn = nn.jit(lambda x: layer(x))
    for _ in range(2):
        with collect_losses():
            y = fn(X)
            added = added_losses()
        close(added[0], 0.01 * (y.numpy() ** 2).sum() / len(X))
        assert len(added) == 1


def test_nested_and_within_a_step():
    model = network()
    inner = nn.jit(lambda x: model(x))
    outer = nn.jit(lambda x: inner(x) * 2)
    close(outer(X), 2 * model(X).numpy())
    assert not [p for p in model.weights if p.level]
    assert len(inner.programs) == 0

    class Mine(models.Model):
        def __init__(self):
            self.dense = layers.Dense(3)
            self.fast = nn.jit(self.dense)

        def call(self, x):
            return self.fast(x)

    mine, before = Mine(), None
    mine.compile("sgd", "mse")
    before = mine.fit(X, Y, epochs=3, verbose=0).history["loss"]
    assert before[-1] < before[0]
    close(mine.predict(X, verbose=0), mine(X))


def test_a_loop_reads_parameters():
    w = nn.Parameter(np.eye(3, dtype="float32") * 0.5)
    moved = nn.Parameter(np.zeros(3, "float32"), trainable=False)

    def fn(xs):
        last, _ = nn.ops.scan(lambda h, x: (h @ w + x + moved, None), nn.ops.zeros(3), xs)
        return (last**2).sum()

    run = nn.jit(fn)
    close(run(Y), fn(Y))
    moved.assign([1.0, 2.0, 3.0])
    close(run(Y), fn(Y))
    close(nn.grad(run)(Y), nn.grad(fn)(Y))


def test_only_so_many_programs_are_kept():
    fn = nn.jit(lambda x, n: x + n, engine="reference")
    fn(X, 0)
    made = weakref.ref(next(iter(fn.programs.values())).function)
    for n in range(1, 129):
        fn(X, n)
    gc.collect()
    assert len(fn.programs) == 128
    assert made() is None
    assert fn(X, 0)[0, 0].item() == X[0, 0]


def test_an_error_leaves_parameters_as_they_were():
    model = network(layers.BatchNormalization())
    before = model.get_weights()

    def fails(x):
        model(x, training=True)
        raise RuntimeError("here")

    with pytest.raises(RuntimeError, match="here"):
        nn.jit(fails)(X)
    for p, v in zip(model.weights, before, strict=True):
        assert p.level == 0
        assert np.array_equal(p.numpy(), v)
