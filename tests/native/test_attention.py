"""Attention in tiles: numbers, bits, memory, length of code; against all scores at once."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.core.graph import trace
from neurona.engines.native import schedule
from neurona.engines.native.llvm.assemble import check_ir
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.write import write
from neurona.engines.program import compile
from neurona.ops import attention as module
from neurona.ops.attend import attend, attend_gradient
from neurona.ops.attention import attention
from tests.settings import threads_set_to
from tests.tolerances import assert_engines_agree

# a scale near that of attention over 130 numbers: of scores in the tens both engines lose digits
PLAIN = {"scale": 0.1, "is_causal": False, "masked": False, "dropout": 0.0, "draw": 0}


def drawn(*shapes, dtype="float32"):
    rng = np.random.default_rng(sum(map(sum, shapes)))
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def operands(batch, t, s, heads, size, values, mask=None, dtype="float32"):
    """Those of `attend`, and of its gradient."""
    q, k, v = drawn(
        (batch, t, heads, size), (batch, s, heads, size), (batch, s, heads, values), dtype=dtype
    )
    more = [] if mask is None else [np.random.default_rng(1).random(mask) < 0.5]
    given = {**PLAIN, "masked": mask is not None}
    _, c = attend.forward(np, q, k, v, *more, **given)
    g, d = drawn((batch, t, heads, values), (batch, heads, t), dtype=dtype)
    return [q, k, v, *more], [q, k, v, c.astype(dtype), g, d, *more]


def on(engine, op, arrays, **given):
    graph = trace(lambda *xs: op(*xs, **{**PLAIN, **given}), arrays)
    return compile(graph, engine)(*arrays)


SIZES = [  # samples, queries, keys, heads, sizes of keys and values: around the sizes of tiles
    (1, 1, 1, 1, 1, 1),
    (2, 5, 7, 3, 3, 5),
    (1, 96, 64, 1, 16, 16),
    (1, 97, 65, 2, 17, 33),
    (2, 65, 300, 1, 20, 72),
    (1, 200, 130, 2, 130, 8),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_it_agrees_with_the_reference(sizes, causal, dtype):
    forward, backward = operands(*sizes, dtype=dtype)
    for op, arrays in ((attend, forward), (attend_gradient, backward)):
        found = (on(e, op, arrays, is_causal=causal) for e in ("native", "reference"))
        for got, want in zip(*found, strict=True):
            assert_engines_agree(got, want)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", [(2, 2, 70, 75), (1, 1, 70, 75), (2, 1, 1, 75), (1, 2, 70, 1)])
def test_masks_are_read_where_they_are(mask, causal):
    forward, backward = operands(2, 70, 75, 2, 8, 8, mask)
    for op, arrays in ((attend, forward), (attend_gradient, backward)):
        found = (on(e, op, arrays, is_causal=causal, masked=True) for e in ("native", "reference"))
        for got, want in zip(*found, strict=True):
            assert_engines_agree(got, want)


def both(run, monkeypatch):
    """What a function gives in tiles, and by all scores at once."""
    found = []
    for limit in (1, 1 << 60):
        monkeypatch.setattr(module, "TILED", limit)
        found.append([x.numpy() for x in run()])
    return found


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("masked", [False, True])
def test_dropout_drops_the_same_weights_in_tiles(masked, dtype, monkeypatch):
    q, k, v, w = drawn((2, 70, 2, 8), (2, 72, 2, 8), (2, 72, 2, 5), (2, 70, 2, 5), dtype=dtype)
    mask = np.random.default_rng(0).random((2, 1, 1, 72)) < 0.5 if masked else None

    def loss(q, k, v):
        y, _ = attention(q, k, v, mask=mask, is_causal=True, dropout=0.3)
        return (y * w).sum()

    def run(engine="native"):
        nn.utils.set_random_seed(5)
        return nn.jit(nn.grad(loss, argnums=(0, 1, 2)), engine=engine)(q, k, v)

    tiles, whole = both(run, monkeypatch)
    for got, want in zip(tiles, whole, strict=True):
        assert_engines_agree(got, want)
    monkeypatch.setattr(module, "TILED", 1)
    for got, want in zip(tiles, run("reference"), strict=True):
        assert_engines_agree(got, want.numpy())
    nn.utils.set_random_seed(6)
    assert not np.allclose(nn.jit(nn.grad(loss))(q, k, v).numpy(), tiles[0])


def test_heads_that_share_keys_and_own_seeds(monkeypatch):
    q, k, v = drawn((2, 9, 6, 8), (2, 8, 2, 8), (2, 8, 2, 5))

    def loss(q, k, v):
        with nn.core.random.seeded(3):
            y, _ = attention(q, k, v, dropout=0.2)
        return (y**2).sum()

    def run():
        nn.utils.set_random_seed(5)
        return nn.jit(nn.grad(loss, argnums=(0, 1, 2)))(q, k, v)

    for got, want in zip(*both(run, monkeypatch), strict=True):
        assert_engines_agree(got, want)


def test_second_gradients_are_those_of_the_formula(monkeypatch):
    monkeypatch.setattr(module, "TILED", 1)
    q, k, v = drawn((1, 3, 2, 2), (1, 4, 2, 2), (1, 4, 2, 2), dtype="float64")
    for more in ({"is_causal": True}, {"mask": np.tri(3, 4, 1, dtype=bool)}):
        nn.gradcheck(
            lambda *xs, more=more: ops.dot_product_attention(*xs, **more), q, k, v, order=2,
            rtol=1e-6, atol=1e-6,
        )  # fmt: skip

    def dropped(*xs):
        with nn.core.random.use(nn.core.random.state_of(3, 0)):
            return attention(*xs, dropout=0.4)[0]

    nn.gradcheck(dropped, q, k, v, order=2, rtol=1e-6, atol=1e-6)


def test_all_numbers_of_threads_give_the_same_bits():
    forward, backward = operands(2, 150, 200, 3, 16, 16, (2, 1, 150, 200))
    for op, arrays in ((attend, forward), (attend_gradient, backward)):
        found = []
        for threads in (1, 2, 3, 4):
            with threads_set_to(threads):
                found.append([x.tobytes() for x in on("native", op, arrays, masked=True)])
        assert found.count(found[0]) == 4


def planned(length, op, machine=None):
    """The schedule for one sample of four heads of size 64."""
    like = np.broadcast_to(np.float32(0), (1, length, 4, 64))
    arrays = [like, like, like]
    if op is attend_gradient:
        numbers = np.broadcast_to(np.float32(0), (1, 4, length))
        arrays = [*arrays, numbers, like, numbers]
    graph = trace(lambda *xs: op(*xs, **{**PLAIN, "is_causal": True}), arrays)
    return schedule(graph, machine or Machine.chosen())


@pytest.mark.parametrize("op", [attend, attend_gradient], ids=lambda op: op.name)
def test_memory_grows_with_the_length_and_code_does_not_grow(op):
    short, long, longer = (planned(n, op) for n in (1024, 4096, 8192))
    assert long.native
    assert long.memory.size < 4 * 4096 * 4096 * 4 / 10, "a tenth of the scores"
    assert longer.memory.size < 2.1 * long.memory.size
    lengths = [str(write(s)).count("\n") for s in (short, long, longer)]
    assert max(lengths) <= 1.01 * min(lengths)
    assert max(lengths) < 3000


@pytest.mark.parametrize("name", ["neon", "apple", "avx512", "avx2", "baseline"])
@pytest.mark.parametrize("op", [attend, attend_gradient], ids=lambda op: op.name)
def test_code_is_generated_and_verified(op, name):
    machine = Machine.named(name)
    assert len(check_ir(str(write(planned(300, op, machine))), machine)) > 1000


@pytest.mark.parametrize("name", ["avx2", "baseline"])
def test_what_runs_here_gives_the_same_numbers(name, monkeypatch):
    if not Machine.named(name).runs_here:
        pytest.skip("another kind of processor")
    monkeypatch.setattr(Machine, "chosen", staticmethod(lambda: Machine.named(name)))
    forward, backward = operands(2, 70, 75, 2, 9, 13, (2, 1, 70, 75))
    for op, arrays in ((attend, forward), (attend_gradient, backward)):
        found = (on(e, op, arrays, is_causal=True, masked=True) for e in ("native", "reference"))
        for got, want in zip(*found, strict=True):
            assert_engines_agree(got, want)


def test_long_sequences_go_in_tiles_and_short_ones_do_not():
    def names(length, **more):
        x = np.zeros((1, length, 2, 8), "float32")
        graph = trace(lambda x: ops.dot_product_attention(x, x, x, **more), [x])
        return [node.op.name for node in graph.nodes]

    assert "attend" in names(256)
    assert "attend" not in names(64)
    assert "attend" not in names(256, bias=np.zeros((1, 2, 256, 256), "float32"))
    assert "attend" not in names(256, mask=True)
    _, weights = attention(*[np.zeros((1, 256, 1, 2), "float32")] * 3, weights=True)
    assert weights.shape == (1, 1, 256, 256)


def test_explain_shows_the_kernel():
    x = np.zeros((1, 300, 2, 8), "float32")
    step = nn.grad(lambda x: (ops.dot_product_attention(x, x, x, is_causal=True) ** 2).sum())
    text = compile(trace(step, [x]), "native").explain()
    assert "attend  [" in text
    assert "attend_gradient  [" in text
