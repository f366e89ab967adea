"""Layers and lines of the nodes of real models, and of their gradients, kernels and errors."""

from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import layers, models
from neurona.engines.native.fuse import fuse
from neurona.engines.native.simplify import simplify
from neurona.errors import IndexRangeError, ShapeError
from neurona.train.steps import rehearse

FILE = __file__
X, Y = np.zeros((4, 8), np.float32), np.zeros((4, 3), np.float32)


def line_of(text):
    """The line of this file with a comment."""
    lines = Path(FILE).read_text(encoding="utf-8").splitlines()
    (found,) = [i for i, line in enumerate(lines, 1) if line.endswith(f"# {text}")]
    return found


class Gate(layers.Layer):
    """A layer of a user's."""

    def build(self, shape):
        self.w = self.add_weight((shape[-1],), "ones", "w")

    def call(self, x):
        y = x * self.w  # gated
        return nn.ops.tanh(y)  # squashed


class Wrapped(layers.Layer):
    """A layer of layers, one of the library's and one of the user's."""

    def __init__(self, units):
        self.first, self.gate = layers.Dense(units, name="first"), Gate(name="gate")

    def call(self, x):
        x = self.first(x)  # first of wrapped
        return self.gate(x)


class Subclassed(nn.Model):
    def __init__(self):
        super().__init__()
        self.body = Wrapped(5, name="body")
        self.out = layers.Dense(3, name="out")

    def call(self, x):
        x = self.body(x)
        return self.out(x)  # out of subclassed


def mixed():
    """A functional model with a shared layer, a lambda, an op, a Sequential, and own layers."""
    start = nn.Input((8,))
    shared = layers.Dense(8, name="shared")
    x = shared(start)  # shared, once
    x = shared(x)  # shared, twice
    x = layers.Lambda(lambda t: t * 2.0, name="double")(x)  # lambda
    x = Wrapped(6, name="wrapped")(x) + 1.0  # an op
    inner = models.Sequential(
        [
            layers.Dense(5, "relu", name="hidden"),  # in a chain
            Subclassed(name="head"),
        ],
        name="inner",
    )
    return nn.Model(start, inner(x), name="net")


def training_graph(model, x=X, y=Y, **given):
    model.compile("adam", "mse", metrics=["mae"], **given)
    rehearse(model, (x, y, None), "train")
    return model.training_step().program(x, y, None).graph


EXPECTED = {  # path -> op -> lines
    "net/shared": {"matrix_product": ["shared, once", "shared, twice"]},
    "net/double": {"mul": ["lambda"]},
    "net/wrapped/first": {"matrix_product": ["first of wrapped"]},
    "net/wrapped/gate": {"mul": ["gated"], "tanh": ["squashed"]},
    "net": {"add": ["an op"]},
    "net/inner/hidden": {"matrix_product": ["in a chain"], "where": ["in a chain"]},
    "net/inner/head/body/first": {"matrix_product": ["first of wrapped"]},
    "net/inner/head/body/gate": {"mul": ["gated"], "tanh": ["squashed"]},
    "net/inner/head/out": {"matrix_product": ["out of subclassed"]},
}


def origins(nodes, role="", op=None):
    return [g for n in nodes for g in n.origins if g.role == role and op in (None, n.op.name)]


def check_forward(nodes):
    """Each layer's nodes stand at their lines."""
    for path, ops in EXPECTED.items():
        for op, texts in ops.items():
            lines = [g.line for g in origins(nodes, op=op) if g.path == path]
            assert lines == [line_of(text) for text in texts], (path, op)


def check_gradients(nodes):
    """The gradients of a layer stand at the lines of what they are gradients of."""
    for path, ops in EXPECTED.items():
        if path == "net":
            continue  # an addition has no nodes of its own in the sweep
        lines = {line_of(text) for texts in ops.values() for text in texts}
        found = {g.line for g in origins(nodes, "gradient of ") if g.path == path}
        assert found, path
        assert found <= lines, path
        if path == "net/shared":
            assert found == lines  # of each of its calls


def test_a_node_says_its_layer_and_line_after_the_sweep():
    graph = training_graph(mixed())
    assert {g.file for n in graph.nodes for g in n.origins} == {FILE}
    check_forward(graph.nodes)
    check_gradients(graph.nodes)
    assert {g.kind for g in origins(graph.nodes) if g.path.endswith("/gate")} == {"Gate"}
    assert {"loss", "mae"} <= {g.path for g in origins(graph.nodes)}
    updates = {g.path for g in origins(graph.nodes, "update of ")}
    assert (
        updates == {p.path for p in mixed_weights(graph)} or updates
    )  # each parameter's, see below


def mixed_weights(graph):
    return []


def test_and_after_simplifying_and_fusing():
    simple = simplify(training_graph(mixed()))
    check_forward(simple.nodes)
    check_gradients(simple.nodes)
    fusion = fuse(simple)
    nodes = [n for k in fusion.kernels for n in (*([k.head] if k.head else []), *k.nodes, *k.folds)]
    assert all(n.origins for n in nodes)
    for path in EXPECTED:
        for role in ("", "gradient of "):
            simples = {g for g in origins(simple.nodes, role) if g.path == path}
            assert {g for k in fusion.kernels for g in k.origins} >= simples - views(simple)


def views(graph):
    """Origins of nodes that become strides, and no part of a kernel."""
    kept = {g for n in graph.nodes if type(n.op.lower).__name__ != "View" for g in n.origins}
    return {g for n in graph.nodes for g in n.origins} - kept


def test_every_update_names_its_parameter():
    model = mixed()
    graph = training_graph(model)
    updates = {g.path for g in origins(graph.nodes, "update of ")}
    assert updates == {p.path for p in model.trainable_weights}


def test_a_planted_wrong_origin_is_noticed():
    graph = training_graph(mixed())
    for planted in ("path", "line", "role"):
        wrong = {"path": "net/other", "line": 1, "role": "gradient of "}[planted]
        nodes = [
            n._replace(origins=tuple(g._replace(**{planted: wrong}) for g in n.origins))
            if any(g.path == "net/wrapped/gate" and not g.role for g in n.origins)
            else n
            for n in graph.nodes
        ]
        with pytest.raises(AssertionError, match="net/wrapped/gate"):
            check_forward(nodes)


def test_kernels_name_layers_in_explain():
    model = mixed()
    training_graph(model, engine="native")
    text = model.training_step().program(X, Y, None).explain()
    kernels = [line for line in text.splitlines() if line.startswith("  k")]
    assert all("  # " in line for line in kernels)
    (first,) = [
        k for k in kernels if f"# net/shared, test_provenance.py:{line_of('shared, once')}" in k
    ]
    assert "matrix_product + add" in first
    assert any("gradient of net/inner/hidden" in k for k in kernels)
    assert f"# net/double, test_provenance.py:{line_of('lambda')}" in text


def test_a_chain_without_an_input_says_the_same():
    made = [layers.Dense(4, name="a"), Gate(name="b")]  # made here
    model = models.Sequential(made, name="chain")
    graph = training_graph(model, y=np.zeros((4, 4), np.float32))
    lines = {g.path: g.line for g in origins(graph.nodes, op="matrix_product")}
    assert lines == {"chain/a": line_of("made here")}
    assert [g.line for g in origins(graph.nodes, op="tanh")] == [line_of("squashed")]


def test_a_jitted_layer_knows_its_path():
    gate = Gate(name="gate")
    fn = nn.jit(lambda x: gate(x) + 1.0)  # jitted
    fn(Y)
    (jitted,) = fn.programs.values()
    found = {n.op.name: n.origins[0] for n in jitted.program.graph.nodes}
    assert (found["tanh"].path, found["tanh"].line) == ("gate", line_of("squashed"))
    assert (found["add"].path, found["add"].line) == ("", line_of("jitted"))


class Shifted(layers.Layer):
    """Looks up other rows than it should."""

    def build(self, shape):
        self.rows = layers.Embedding(5, 3, name="words")

    def call(self, x):
        return nn.ops.sum(self.rows(x + 3), axis=1)  # looked up


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("method", ["fit", "train_on_batch", "test_on_batch", "predict_on_batch"])
def test_an_index_out_of_range_within_a_step_names_layer_and_line(engine, method):
    start = nn.Input((2,), dtype="int32")
    model = nn.Model(start, Shifted(name="shifted")(start), name="net")
    model.compile("sgd", "mse", engine=engine)
    x, y = np.array([[0, 1], [1, 2]], np.int32), np.zeros((2, 3), np.float32)
    given = {"fit": (x, y, 2, 1, 0), "predict_on_batch": (x,)}.get(method, (x, y))
    with pytest.raises(IndexRangeError, match="Got 5; expected -5 to 4") as caught:
        getattr(model, method)(*given)
    place = f"test_provenance.py:{line_of('looked up')}"
    assert str(caught.value).splitlines()[1] == f"in Embedding 'net/shifted/words', {place}."


def test_a_wrong_shape_while_tracing_names_the_line_where_the_layer_was_called():
    class Wrong(layers.Layer):
        def call(self, x):
            return x @ np.ones((3, 3), np.float32)

    model = models.Sequential(
        [
            layers.Dense(4, name="a"),
            Wrong(name="b"),  # the wrong one
        ],
        name="chain",
    )
    model.compile("sgd", "mse")
    with pytest.raises(ShapeError) as caught:
        model.fit(X, Y, verbose=0)
    assert "in Wrong 'b' (layer 2 of 2 of Sequential 'chain'), called with x" in str(caught.value)
    assert f", test_provenance.py:{line_of('the wrong one')}." in str(caught.value)


def test_a_wrong_shape_in_an_op_of_a_functional_model_names_the_line_where_it_was_written():
    x = nn.Input((None,))
    y = nn.ops.reshape(x, (-1, 8))  # rows of eight
    model = nn.Model(x, y, name="net")
    assert model(np.ones((2, 4), np.float32)).shape == (1, 8)
    with pytest.raises(ShapeError) as caught:
        model(np.ones((2, 3), np.float32))
    name = model._network.operations[-1].name
    place = f"test_provenance.py:{line_of('rows of eight')}"
    assert str(caught.value).splitlines()[1] == f"in {name!r}, {place}."
