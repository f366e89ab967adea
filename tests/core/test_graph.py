"""Graphs: what they show, what they refuse, and what tracing leaves out."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.graph import Node, trace, trace_open, tracing
from neurona.core.op import OPS
from neurona.core.shapes import Spec
from neurona.engines.program import compile
from neurona.errors import TraceError
from neurona.ops.attend import attend

F = np.dtype("float32")
X = Spec((2,), F)
o = nn.ops


def graph():
    return trace(lambda x, y: o.tanh(x * y) + 1.0, [X, X])


def test_print():
    assert str(graph()).splitlines() == [
        "graph(%0: f32[2], %1: f32[2]) -> %5",
        "  %4: f32[] = constant 1.0",
        "  %2: f32[2] = mul(%0, %1)",
        "  %3: f32[2] = tanh(%2)",
        "  %5: f32[2] = add(%3, %4)",
    ]
    reduced = trace(lambda x: x.sum(axis=0), [X])
    assert "sum(%0, axis=0, keepdims=False)" in str(reduced)
    large = trace(lambda x: x + np.ones(9, "float32"), [Spec((9,), F)])
    assert "constant ..." in str(large)


def break_order(g):
    g.nodes.reverse()


def break_spec(g):
    g.specs[2] = Spec((3,), F)


def break_constant(g):
    g.constants[4] = np.float64(1)


def break_origin(g):
    g.inputs.append(4)


def break_again(g):
    g.nodes.append(g.nodes[-1])


def break_output(g):
    g.outputs = [g.value(X)]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_order, "uses %3 before it is computed"),
        (break_spec, "mul does not give what its Specs say"),
        (break_constant, "the constant %4 is not what its Spec says"),
        (break_origin, "a value has two origins"),
        (break_again, "add computes a value again"),
        (break_output, "the output %6 is never computed"),
    ],
)
def test_check_refuses_broken_graphs(damage, message):
    broken = graph()
    assert broken.check() is broken
    damage(broken)
    with pytest.raises(TraceError, match=message):
        broken.check()


def test_fingerprint_is_equal_for_equal_graphs_only():
    assert graph() == graph()
    assert hash(graph()) == hash(graph())
    ones, twos = (trace(lambda x, c=c: x + c * np.ones(99, "f4"), [Spec((99,), F)]) for c in (1, 2))
    assert ones != twos  # constants that print alike
    assert graph() != trace(lambda x, y: o.tanh(x * y) + 2.0, [X, X])
    assert graph() != trace(lambda x, y: o.sin(x * y) + 1.0, [X, X])
    assert trace(lambda x: x.sum(axis=0), [X]) != trace(lambda x: x.sum(axis=0, keepdims=True), [X])
    loops = [
        trace(lambda x, k=k: o.scan(lambda c, v: (c * k + v, None), 0.0, x)[0], [X]) for k in (2, 3)
    ]
    assert loops[0] != loops[1]  # they differ in the body only


def test_dead_code_and_duplicates_are_left_out():
    def fn(x):
        o.exp(x)
        return o.tanh(x) * o.tanh(x), (x * 2.0 + 1.0) + (x * 2.0 + 1.0)

    names = [node.op.name for node in trace(fn, [X]).check().nodes]
    assert sorted(names) == ["add", "add", "mul", "mul", "tanh"]
    assert len(trace(lambda x: x + 1.0 + 1.0, [X]).constants) == 1


def test_outputs_keep_their_structure_and_types():
    g = trace(lambda x: {"a": (x, None), "b": [1.5, 2, True, np.float64(3)]}, [X])
    assert repr(g.structure) == "{'a': ('*', None), 'b': ['*', '*', '*', '*']}"
    assert [str(g.specs[v]) for v in g.outputs] == ["f32[2]", "f32[]", "i32[]", "bool[]", "f64[]"]


def test_values_cannot_be_asked_while_tracing():
    for ask in (
        lambda x: x.numpy(), lambda x: x.tolist(), lambda x: float(x.sum()), lambda x: x[0].item(),
        lambda x: 1.0 if x.sum() > 0 else 0.0, lambda x: np.asarray(x), lambda x: x.detach(),
        lambda x: [1, 2][o.argmax(x)], lambda x: x[x > 0],
    ):  # fmt: skip
        with pytest.raises(TraceError, match="a function is being traced"):
            trace(ask, [X])
        assert not tracing()


def test_leaked_tensors_are_refused():
    leaked = []
    trace(lambda x: leaked.append(o.exp(x)) or x, [X])
    with pytest.raises(TraceError, match="leaked out of a trace that has ended"):
        trace(lambda x: x + leaked[0], [X])
    with pytest.raises(TraceError, match="no values yet"):
        leaked[0].numpy()
    assert repr(leaked[0]) == "Tensor(f32[2], traced)"


def test_surrounding_tensors():
    w = nn.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TraceError, match=r"a Tensor of an outer trace|reads a Tensor"):
        trace(lambda x: x * w, [X])
    g, captured = trace_open(lambda x: x * w + w, [X])
    assert captured[0] is w
    assert len(g.inputs) == 2

    def outer(x):
        inner, captured = trace_open(lambda y: y * o.exp(x), [X])
        assert [str(c.spec) for c in captured] == ["f32[2]"]
        assert [node.op.name for node in inner.nodes] == ["mul"]  # exp is outside
        return x

    trace(outer, [X])


def test_unused_outputs_of_a_loop_are_left_out():
    def fn(x):
        (c, _), ys = o.scan(lambda c, v: ((c[0] * v, c[1] + 1), (o.exp(v), c[0])), (1.0, 0), x)
        return c, ys[1]

    g = trace(fn, [X]).check()
    (loop,) = [node for node in g.nodes if node.op.name == "loop"]
    body = loop.attributes["body"].check()
    assert loop.attributes["saved"] == 0
    assert len(loop.outputs) == len(body.outputs) == 3
    assert "exp" not in str(body)


def test_inline_is_the_graph_again():
    g = graph()
    again = trace(lambda x, y: g.inline([x, y])[0], [X, X])
    assert again == g
    assert OPS["tanh"] in [node.op for node in again.nodes]
    assert all(isinstance(node, Node) for node in g.restricted([2]).nodes)
    assert [node.op.name for node in g.restricted([2]).check().nodes] == ["mul"]


def test_cost_counts_multiplications():
    x, w = np.ones((5, 3), "f4"), np.ones((3, 4), "f4")
    assert compile(trace(lambda x, w: x @ w, [x, w])).cost()["products"] == 60
    image, kernel = np.ones((2, 6, 6, 4), "f4"), np.ones((3, 3, 2, 8), "f4")
    products = 2 * 4 * 4 * 8 * 3 * 3 * 2
    conv = trace(lambda x, w: o.conv2d(x, w, groups=2), [image, kernel])
    assert compile(conv).cost()["products"] == products
    both = trace(nn.grad(lambda x, w: o.conv2d(x, w, groups=2).sum(), (0, 1)), [image, kernel])
    assert compile(both).cost()["products"] == 2 * products
    loop = trace(
        lambda x, w: o.scan(lambda c, v: (v @ w, None), w[0], x)[0], [x, np.ones((3, 3), "f4")]
    )
    assert compile(loop).cost()["products"] == 5 * 9
    q, k, v = (np.ones(s, "f4") for s in ((2, 5, 4, 6), (2, 7, 4, 6), (2, 7, 4, 3)))
    plain = {"scale": 1.0, "is_causal": False, "masked": False, "dropout": 0.0, "draw": 0}
    attended = trace(lambda *a: attend(*a, **plain)[0], [q, k, v])
    assert compile(attended).cost()["products"] == 2 * 5 * 7 * 4 * (6 + 3)
    both = trace(nn.grad(lambda *a: attend(*a, **plain)[0].sum(), (0, 1, 2)), [q, k, v])
    assert compile(both).cost()["products"] == 2 * 5 * 7 * 4 * ((6 + 3) + (3 * 6 + 2 * 3))
    assert "products 60" in compile(trace(lambda x, w: x @ w, [x, w])).explain()
