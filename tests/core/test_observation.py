"""observe and observing: values inside of functions, their gradients, loops, jit."""

import concurrent.futures

import numpy as np
import pytest

import neurona as nn
from neurona import ops as o
from neurona.core.ambient import ambient
from neurona.core.observation import matches
from neurona.errors import ArgumentError

X = np.array([[1, 2], [3, 4]], np.float32)


def squared(x):
    y = nn.observe("square", x * x)
    return nn.observe("root", o.sqrt(y)) + 1.0


def test_values_are_taken_by_name_and_the_function_is_as_it_was():
    with nn.observing() as seen:
        y = squared(nn.tensor(X))
    np.testing.assert_array_equal(y.numpy(), X + 1)
    assert list(seen) == ["square", "root"]
    np.testing.assert_array_equal(seen["square"].numpy(), X * X)


def test_nobody_asks_nothing_happens():
    x = nn.tensor(X)
    assert nn.observe("x", x) is x
    assert nn.observe("x", X) is X
    graphs = [nn.trace(f, [X]) for f in (squared, lambda x: o.sqrt(x * x) + 1.0)]
    assert graphs[0] == graphs[1]
    assert ambient.observer is ambient.scope is None
    with nn.observing("other") as seen:
        assert nn.observe("x", X) is X
    assert seen == {}
    assert ambient.observer is ambient.scope is None


def test_only_what_is_asked_for():
    with nn.observing("root") as seen:
        squared(X)
    assert list(seen) == ["root"]
    with nn.observing("s*", "x") as seen:
        squared(X)
    assert list(seen) == ["square"]


@pytest.mark.parametrize(
    ("name", "pattern", "asked"),
    [
        ("net/block/dense", "dense", True),
        ("net/block/dense", "block/dense", True),
        ("net/block/dense", "net/block/dense", True),
        ("net/block/dense", "net/*", True),
        ("net/block/dense", "block", False),
        ("net/block/dense", "lock/dense", False),
        ("net/block/dense_1", "dense_?", True),
        ("gradient of net/dense", "dense", False),
        ("gradient of net/dense", "gradient of dense", True),
        ("net/dense", "gradient of *", False),
    ],
)
def test_patterns(name, pattern, asked):
    assert matches(name, pattern) is asked


@pytest.mark.parametrize("name", ["", 3, None, "gradient of x"])
def test_a_name_is_a_name(name):
    message = "observe takes the name of a value, and the value. Got .*\ntry: x = nn.observe"
    with pytest.raises(ArgumentError, match=message):
        nn.observe(name, X)


def test_nested_values_and_names_that_come_again():
    with nn.observing() as seen:
        for k in range(3):
            nn.observe("state", {"h": X * k, "c": [X, None]})
            nn.observe("number", 2.5)
    names = ["state['c'][0]", "state['h']", "number"]
    assert list(seen) == names + [f"{n}#2" for n in names] + [f"{n}#3" for n in names]
    np.testing.assert_array_equal(seen["state['h']#3"].numpy(), X * 2)
    assert seen["number"].item() == 2.5


def test_gradients_of_values():
    def loss(x):
        y = nn.observe("y", x * 2.0)
        return (y * y * y).sum()

    with nn.observing("gradient of *") as seen:
        g = nn.grad(loss)(X)
    np.testing.assert_array_equal(seen["gradient of y"].numpy(), 3 * (2 * X) ** 2)
    np.testing.assert_array_equal(g.numpy(), 6 * (2 * X) ** 2)
    assert list(seen) == ["gradient of y"]
    assert not seen["gradient of y"].tracked


def test_a_gradient_is_the_sum_over_all_uses_and_absent_without_any():
    def loss(x):
        y = nn.observe("y", o.exp(x))
        nn.observe("unused", o.exp(x))
        return (y * 3.0).sum() + y.sum()

    with nn.observing("gradient of *") as seen:
        nn.grad(loss)(X)
    assert list(seen) == ["gradient of y"]
    np.testing.assert_array_equal(seen["gradient of y"].numpy(), np.full_like(X, 4))


def test_backward_hands_out_gradients_too():
    x = nn.tensor(X, requires_grad=True)
    with nn.observing("gradient of y") as seen:
        nn.observe("y", x * 2.0).sum().backward()
    np.testing.assert_array_equal(seen["gradient of y"].numpy(), np.ones_like(X))


def test_in_a_loop_values_are_stacked():
    def turn(carry, x):
        carry = nn.observe("carry", carry + x)
        return carry, carry * 2.0

    def looped(x):
        return o.scan(turn, o.zeros(2), x)

    plain = looped(X)
    with nn.observing() as seen:
        final, ys = looped(X)
    np.testing.assert_array_equal(final.numpy(), plain[0].numpy())
    np.testing.assert_array_equal(ys.numpy(), plain[1].numpy())
    np.testing.assert_array_equal(seen["carry"].numpy(), [[1, 2], [4, 6]])
    with nn.observing("carry") as seen:  # and a gradient flows as before
        g = nn.grad(lambda x: looped(x)[1].sum())(X)
    np.testing.assert_array_equal(g.numpy(), nn.grad(lambda x: looped(x)[1].sum())(X).numpy())
    np.testing.assert_array_equal(seen["carry"].numpy(), [[1, 2], [4, 6]])


def test_in_loops_within_loops_values_are_stacked_twice():
    def inner(carry, x):
        return carry, nn.observe("product", carry * x)

    def outer(carry, x):
        return carry, o.scan(inner, x, X[:, 0])[1]

    with nn.observing() as seen:
        o.scan(outer, 0.0, X)
    np.testing.assert_array_equal(seen["product"].numpy(), X[:, None] * X[:, 0][None, :, None])


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_a_jit_function_hands_out_its_values(engine):
    fn = nn.jit(squared, engine=engine)
    np.testing.assert_array_equal(fn(X).numpy(), X + 1)
    for k in (1, 2):
        with nn.observing() as seen:
            np.testing.assert_array_equal(fn(X * k).numpy(), X * k + 1)
        np.testing.assert_array_equal(seen["square"].numpy(), (X * k) ** 2)
    with nn.observing("root") as seen:
        fn(X)
    assert list(seen) == ["root"]
    assert len(fn.programs) == 3  # as it was, with all, and with one
    graphs = [jitted.program.graph for jitted in fn.programs.values()]
    assert [len(g.outputs) for g in graphs] == [1, 3, 2]


def test_a_jit_function_within_a_layer_is_part_of_the_layer_that_calls_it():
    fn = nn.jit(squared)

    class Wrapped(nn.layers.Layer):
        def call(self, x):
            return fn(x)

    for name in ("a", "b"):
        with nn.observing("square") as seen:
            Wrapped(name=name)(X)
        assert list(seen) == [f"{name}/square"]


def test_what_is_traced_on_its_own_hands_out_nothing():
    with nn.observing() as seen:
        graph = nn.trace(squared, [X])
    assert seen == {}
    assert len(graph.outputs) == 1
    with nn.observing() as outer, nn.observing("square") as seen:
        squared(X)
    assert (list(outer), list(seen)) == ([], ["square"])  # the innermost is the one who asks


def test_a_traced_function_can_return_what_it_observes():
    def both(x):
        with nn.observing("square") as seen:
            y = squared(x)
        return y, seen["square"]

    y, square = nn.jit(both)(X)
    np.testing.assert_array_equal(square.numpy(), X * X)
    np.testing.assert_array_equal(y.numpy(), X + 1)


def test_a_functional_model_records_it():
    x = nn.Input((2,))
    y = nn.observe("doubled", x * 2.0)
    model = nn.Model(x, y + 1.0, name="net")
    with nn.observing("doubled") as seen:
        model(X)
    np.testing.assert_array_equal(seen["net/doubled"].numpy(), X * 2)
    again = nn.Model.from_config(model.get_config())
    with nn.observing("doubled") as seen:
        again(X)
    assert list(seen) == ["net/doubled"]


def test_an_observed_value_holds_no_history():
    x = nn.tensor(X, requires_grad=True)
    with nn.observing() as seen:
        squared(x)
    assert not seen["square"].tracked


def test_each_thread_asks_for_itself():
    with concurrent.futures.ThreadPoolExecutor(1) as pool, nn.observing() as seen:
        pool.submit(squared, X).result()
        assert seen == {}
        squared(X)
    assert list(seen) == ["square", "root"]


def test_a_gradient_flows_through_a_jit_function_that_is_observed():
    fn = nn.jit(lambda x: squared(x).sum())
    expected = nn.grad(fn)(X)
    with nn.observing() as seen:
        g = nn.grad(fn)(X)
    np.testing.assert_array_equal(g.numpy(), expected.numpy())
    np.testing.assert_array_equal(seen["square"].numpy(), X * X)
    assert not seen["square"].tracked
    both = nn.jit(nn.grad(lambda x: squared(x).sum()))  # here the sweep is inside
    with nn.observing("gradient of root") as seen:
        both(X)
    np.testing.assert_array_equal(seen["gradient of root"].numpy(), np.ones_like(X))
