"""Where nodes come from: the line of the user's, through the sweep, merging, loops and errors."""

import concurrent.futures
import functools
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import ops as o
from neurona.core import origin
from neurona.core.graph import trace, trace_open
from neurona.core.origin import MOST, Origin, joined, shown
from neurona.engines import program
from neurona.engines.native.key import key_of
from neurona.engines.native.simplify import simplify
from neurona.engines.native.write import write
from neurona.errors import IndexRangeError, TraceError

X = np.ones((2, 3), np.float32)
FILE = __file__


def line_of(text):
    """The line of this file with a comment."""
    lines = Path(FILE).read_text(encoding="utf-8").splitlines()
    (found,) = [i for i, line in enumerate(lines, 1) if line.endswith(f"# {text}")]
    return found


def lines_of(graph, name):
    """The lines of all nodes of an op, which are all in this file."""
    found = [origin for n in graph.nodes if n.op.name == name for origin in n.origins]
    assert all(origin.file == FILE for origin in found)
    return [origin.line for origin in found]


def activated(x):
    y = o.tanh(x)  # tanh
    return o.softmax(y)  # softmax


def test_a_node_knows_the_line_of_the_user():
    graph = trace(activated, [X])
    assert lines_of(graph, "tanh") == [line_of("tanh")]
    assert {*lines_of(graph, "exp"), *lines_of(graph, "div")} == {line_of("softmax")}
    assert all(n.origins[0].path == n.origins[0].role == "" for n in graph.nodes)


def test_operators_and_methods_are_the_users_too():
    graph = trace(lambda x: (x * x).sum(), [X])
    here = sys._getframe().f_lineno - 1
    assert lines_of(graph, "mul") == lines_of(graph, "sum") == [here]


def test_gradients_belong_to_the_line_of_what_they_are_gradients_of():
    graph = trace(nn.grad(lambda x: activated(x)[0].sum()), [X])
    tanh = [n.origins for n in graph.nodes if any(g.line == line_of("tanh") for g in n.origins)]
    assert [g.role for origins in tanh for g in origins] == ["", *["gradient of "] * 3]
    roles = {g.role for n in graph.nodes for g in n.origins if g.line == line_of("softmax")}
    assert roles == {"", "gradient of "}


def test_second_gradients_say_so():
    graph = trace(nn.grad(nn.grad(lambda x: o.tanh(x).sum())), [np.float32(1)])
    roles = {g.role for n in graph.nodes for g in n.origins}
    assert roles >= {"", "gradient of ", "gradient of gradient of "}


def test_equal_nodes_are_one_that_knows_both_lines():
    def twice(x):
        a = o.tanh(x)  # first
        b = o.tanh(x)  # second
        return a + b

    graph = trace(twice, [X])
    assert lines_of(graph, "tanh") == [line_of("first"), line_of("second")]


def test_simplifying_joins_what_becomes_equal():
    def twice(x):
        a = o.tanh(x)  # as it is
        b = o.tanh(o.alias(x))  # behind an identity
        return a * b + np.float32(1) * o.ones(()) * 2.0

    graph = simplify(trace(twice, [X]))
    assert [n.op.name for n in graph.nodes] == ["tanh", "mul", "add"]
    assert lines_of(graph, "tanh") == [line_of("as it is"), line_of("behind an identity")]


def test_a_hundred_equal_nodes_keep_a_few_origins():
    some = tuple(Origin("", "", "a.py", line) for line in range(MOST - 1))
    more = tuple(Origin("", "", "b.py", line) for line in range(3))
    assert joined(some, more) == (*some, more[0])
    assert joined(joined(some, more), more) == (*some, more[0])
    assert joined(some, some[:2]) == some


def body(carry, x):
    carry = o.tanh(carry + x)  # body
    return carry, carry * 2.0


def test_the_body_of_a_loop_knows_its_lines_and_so_does_its_gradient():
    graph = trace(lambda x: o.scan(body, x[0], x)[1], [X])
    (loop,) = [n for n in graph.nodes if n.op.name == "loop"]
    assert lines_of(loop.attributes["body"], "tanh") == [line_of("body")]
    graph = trace(nn.grad(lambda x: o.scan(body, x[0], x)[1].sum()), [X])
    bodies = [n.attributes["body"] for n in graph.nodes if n.op.name == "loop"]
    roles = [
        {g.role for n in b.nodes for g in n.origins if g.line == line_of("body")} for b in bodies
    ]
    assert roles == [{""}, {"gradient of "}]
    assert all(g.file == FILE for b in bodies for n in b.nodes for g in n.origins)


def test_inlined_nodes_stay_what_they_were():
    graph = trace(activated, [X])
    again = trace(lambda x: graph.inline([x]), [X])
    assert [n.origins for n in again.nodes] == [n.origins for n in graph.nodes]


def test_restricted_graphs_keep_origins():
    graph = trace(activated, [X])
    (tanh,) = [n for n in graph.nodes if n.op.name == "tanh"]
    assert graph.restricted(tanh.outputs).nodes == [tanh]


def test_the_fingerprint_does_not_depend_on_origins():
    graphs = [trace(lambda x: o.tanh(x), [X]), trace(lambda x: o.tanh(x), [X])]
    renamed = trace(lambda x: origin.inside(origin.part("a", "A"), o.tanh, x), [X])
    assert len({g.fingerprint() for g in (*graphs, renamed)}) == 1
    assert len({str(g) for g in (*graphs, renamed)}) == 1
    assert renamed.nodes[0].origins[0].path == "a"


def test_native_code_does_not_depend_on_origins():
    def code(name):
        scope = origin.part(name)
        graph = trace(lambda x, i: origin.inside(scope, o.take, x, i), [X[0], np.zeros(2, int)])
        schedule = program.compile(graph, "native").run.schedule
        return str(write(schedule)), key_of(schedule)

    assert code("a") == code("a_longer_name")


def test_explain_shows_origins_and_bodies():
    text = trace(lambda x: o.scan(body, x[0], x)[1], [X]).explain()
    assert f"tanh(%3)  # test_origin.py:{line_of('body')}" in text
    assert "\n    graph(" in text
    assert "#" not in str(trace(activated, [X]))


def test_eager_mode_notes_nothing():
    x = nn.tensor(X, requires_grad=True)
    assert not hasattr(o.tanh(x).source, "origins")


def test_what_is_outside_of_the_trace_has_no_origin_to_pass_on():
    x = nn.tensor(X, requires_grad=True)
    y = o.tanh(x).sum()
    graph, _ = trace_open(
        lambda a: nn.autodiff.sweep([y], [o.ones(())], [x])[0] * a, [np.float32(1)]
    )
    assert graph.nodes[-1].origins[0].file == FILE


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_an_error_at_run_time_names_the_line(engine):
    def look(x, i):
        x = o.tanh(x)
        y = o.take(x, i)  # right
        z = o.take(x, i + 3)  # wrong
        return y + z

    fn = nn.jit(look, engine=engine)
    with pytest.raises(IndexRangeError, match="Got 4") as caught:
        fn(np.zeros(4, "f4"), np.array([0, 1]))
    assert str(caught.value).splitlines()[1] == f"in test_origin.py:{line_of('wrong')}."


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_an_error_in_a_loop_names_the_line(engine):
    def turn(carry, i):
        return carry + o.take(carry, i), None  # in the loop

    fn = nn.jit(lambda x, i: o.scan(turn, x, i)[0], engine=engine)
    with pytest.raises(IndexRangeError) as caught:
        fn(np.zeros(4, "f4"), np.array([0, 9]))
    assert str(caught.value).splitlines()[1] == f"in test_origin.py:{line_of('in the loop')}."


def test_frames_of_pythons_library_are_no_users():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        graph = trace(lambda x: functools.cache(o.tanh)(x), [X])
        alone = pool.submit(trace, o.tanh, [X]).result()  # no line of the user's is there
    assert {g.file for n in graph.nodes for g in n.origins} == {FILE}
    assert [g.line for n in alone.nodes for g in n.origins] == [0]


def test_code_without_a_file_is_the_users():
    space = {"o": o}
    exec(compile("def f(x):\n    return o.tanh(x)\n", "<cell 3>", "exec"), space)
    (node,) = trace(space["f"], [X]).nodes
    assert node.origins[0][2:4] == ("<cell 3>", 2)


def test_a_tensor_that_leaked_is_still_refused_where_it_was():
    leaked = []
    trace(lambda x: leaked.append(x) or o.tanh(x), [X])
    y = o.tanh(leaked[0])
    with pytest.raises(TraceError, match="has leaked out of a trace"):
        trace(lambda x: x + y, [X])


def test_how_origins_are_shown():
    a = Origin("mlp/hidden", "Dense", "/home/me/train.py", 12)
    assert str(a) == "mlp/hidden, train.py:12"
    assert a.described == "Dense 'mlp/hidden', train.py:12"
    assert a.gradient().described == "gradient of Dense 'mlp/hidden', train.py:12"
    assert a._replace(kind="").described == "'mlp/hidden', train.py:12"
    nowhere = Origin("", "", "", 0)
    assert (nowhere.described, nowhere.gradient().described) == ("", "gradient")
    assert (str(nowhere), str(nowhere.gradient())) == ("", "gradient")
    assert shown([nowhere]) == ""
    many = [a._replace(path=f"d{i}") for i in range(6)]
    assert shown(many) == "d0, d1, d2, d3, train.py:12; 2 more"


def test_a_warning_points_at_the_users_line_however_deep_it_arises(tmp_path):
    model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    watch = nn.callbacks.EarlyStopping("los")
    with pytest.warns(UserWarning, match="'los', which is not available") as told:
        model.fit([[1.0]], [[1.0]], verbose=0, callbacks=[watch])
    assert {warning.filename for warning in told} == {__file__}


def test_a_warning_is_shown_once_for_a_line():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            origin.warn("it rains.")
        origin.warn("it rains.")
    assert [(w.filename, str(w.message)) for w in told] == [(__file__, "it rains.")] * 2
