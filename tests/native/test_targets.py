"""Training steps for other processors: run where this one can, else generated and verified."""

import numpy as np
import pytest

from neurona import config, layers, models
from neurona.engines.native import schedule
from neurona.engines.native.llvm.assemble import check_ir
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.write import write
from neurona.engines.program import compile

rng = np.random.default_rng(0)


def graph_of(network, x, classes):
    """The Graph of a training step."""
    model = models.Sequential([layers.Input(x.shape[1:]), *network, layers.Dense(classes)])
    loss = "sparse_categorical_crossentropy"
    model.add(layers.Softmax())
    model.compile("adam", loss, metrics=["accuracy"], engine="reference")
    model.fit(x, rng.integers(0, classes, len(x)), epochs=1, batch_size=len(x), verbose=0)
    return next(iter(model.training_step().programs.values())).program.graph


@pytest.fixture(
    scope="module", params=["dense", "convolutions", "embedding"], ids=lambda name: name
)
def graph(request):
    networks = {
        "dense": (
            [layers.Dense(20, "gelu"), layers.BatchNormalization(), layers.Dropout(0.3)],
            (11,),
        ),
        "convolutions": (
            [
                layers.Conv2D(8, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(),
                layers.DepthwiseConv2D(3, strides=2),
                layers.Flatten(),
            ],
            (12, 12, 3),
        ),
        "embedding": ([layers.Embedding(9, 6), layers.GlobalMaxPooling1D()], (7,)),
    }
    network, shape = networks[request.param]
    x = rng.integers(0, 9, (4, *shape)) if request.param == "embedding" else rng.random((4, *shape))
    return graph_of(network, x if x.dtype.kind == "i" else x.astype("float32"), 3)


@pytest.mark.parametrize("name", ["neon", "apple", "avx512", "avx2", "baseline"])
def test_code_is_generated_and_verified(graph, name):
    machine = Machine.named(name)
    found = schedule(graph, machine)
    assert found.native
    assert len(check_ir(str(write(found)), machine)) > 1000


@pytest.mark.parametrize("name", ["host", "avx2", "baseline"])
def test_what_runs_here_gives_the_same_numbers(graph, name):
    if not Machine.named(name).runs_here:
        pytest.skip("another kind of processor")
    arrays = []
    for spec in (graph.specs[v] for v in graph.inputs):
        if spec.dtype.kind == "f":
            arrays.append((0.1 + 0.1 * rng.random(spec.shape)).astype(spec.dtype))
        else:
            arrays.append(np.ones(spec.shape, spec.dtype))
    before = config.target()
    try:
        config.set_target(name)
        got = compile(graph, "native")(*arrays)
    finally:
        config.set_target(before)
    for x, y in zip(compile(graph, "reference")(*arrays), got, strict=True):
        np.testing.assert_allclose(y, x, rtol=2e-4, atol=2e-6)
