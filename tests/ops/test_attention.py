"""dot_product_attention: against sums written out, what is hidden, empty sequences, messages."""

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ShapeError
from neurona.gradcheck import gradcheck
from neurona.ops import dot_product_attention


def heads(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


Q, K, V = heads(2, 3, 4, 5), heads(2, 6, 2, 5, seed=1), heads(2, 6, 2, 3, seed=2)
MASK = np.random.default_rng(3).random((2, 4, 3, 6)) < 0.6
BIAS = heads(1, 4, 3, 6, seed=4)


def by_hand(q, k, v, bias=None, mask=None, scale=None, is_causal=False):
    """The same, one query of one head of one sample after the other."""
    (batch, t, n, size), s = q.shape, k.shape[1]
    mask = np.broadcast_to(True if mask is None else mask, (batch, n, t, s))
    bias = np.broadcast_to(0.0 if bias is None else bias, (batch, n, t, s))
    y = np.zeros((batch, t, n, v.shape[-1]))
    for b, i, h in np.ndindex(batch, t, n):
        g = h // (n // k.shape[2])
        seen = [j for j in range(s) if mask[b, h, i, j] and not (is_causal and j > i)]
        if not seen:
            continue
        scores = [
            q[b, i, h] @ k[b, j, g] * (size**-0.5 if scale is None else scale) + bias[b, h, i, j]
            for j in seen
        ]
        weights = np.exp(np.array(scores) - max(scores))
        y[b, i, h] = weights @ v[b, seen, g] / weights.sum()
    return y


ARGUMENTS = [
    {},
    {"scale": 0.3},
    {"bias": BIAS},
    {"mask": MASK},
    {"is_causal": True},
    {"mask": MASK, "is_causal": True, "bias": BIAS},
    {"mask": MASK[:, :1]},
    {"mask": MASK[0, 0]},
    {"mask": MASK[:, :1, :1]},
    {"mask": MASK.astype("int32")},
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=lambda a: "-".join(a) or "plain")
def test_it_is_the_sum_written_out(arguments):
    y = dot_product_attention(Q, K, V, **arguments)
    np.testing.assert_allclose(y.numpy(), by_hand(Q, K, V, **arguments), rtol=1e-12, atol=1e-14)
    single = [x.astype("float32") for x in (Q, K, V)]
    given = {k: a.astype("float32") if k == "bias" else a for k, a in arguments.items()}
    compiled = nn.jit(lambda q, k, v: dot_product_attention(q, k, v, **given))(*single)
    np.testing.assert_allclose(compiled.numpy(), y.numpy(), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=lambda a: "-".join(a) or "plain")
def test_gradients_agree_with_finite_differences(arguments):
    def fn(q, k, v):
        return dot_product_attention(q, k, v, **arguments)

    gradcheck(fn, Q, K, V, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("more", [{}, {"is_causal": True}, {"mask": MASK[:1, :2, :2, :3]}])
def test_second_gradients_agree_with_finite_differences(more):
    def fn(q, k, v):
        return dot_product_attention(q, k, v, **more)

    small = Q[:1, :2, :2], K[:1, :3, :1], V[:1, :3, :1]
    gradcheck(fn, *small, order=2, rtol=1e-6, atol=1e-6)


def test_the_bias_has_a_gradient():
    gradcheck(lambda b: dot_product_attention(Q, K, V, bias=b), BIAS, rtol=1e-7, atol=1e-7)


def test_a_query_that_sees_nothing_gets_zeros_and_gives_no_gradient():
    mask = MASK.copy()
    mask[0, 1, 2] = False
    bias = np.where(mask, 0.0, -np.inf)
    for hidden in ({"mask": mask}, {"bias": bias}):
        for engine in ("reference", "native"):

            def loss(q, k, v, hidden=hidden):
                return (dot_product_attention(q, k, v, **hidden) ** 2).sum()

            y = dot_product_attention(Q, K, V, **hidden).numpy()
            grads = nn.jit(nn.grad(loss, argnums=(0, 1, 2)), engine=engine)(Q, K, V)
            assert not y[0, 2, 1].any()
            assert not grads[0].numpy()[0, 2, 1].any()
            assert all(np.isfinite(g.numpy()).all() for g in grads)


def test_sequences_may_be_empty():
    assert dot_product_attention(Q[:, :0], K, V).shape == (2, 0, 4, 3)
    assert dot_product_attention(Q, K[:, :0], V[:, :0]).tolist() == np.zeros((2, 3, 4, 3)).tolist()
    assert dot_product_attention(Q[:0], K[:0], V[:0]).shape == (0, 3, 4, 3)
    grads = nn.grad(lambda q, k, v: dot_product_attention(q, k, v).sum(), argnums=(0, 1, 2))(
        Q, K[:, :0], V[:, :0]
    )
    assert not grads[0].numpy().any()
    assert grads[1].shape == (2, 0, 2, 5)


def test_large_scores_do_not_overflow():
    y = dot_product_attention(Q * 1e4, K, V).numpy()
    assert np.isfinite(y).all()


@pytest.mark.parametrize(
    ("q", "k", "v", "more", "message"),
    [
        (Q[0], K, V, {}, "needs four axes"),
        (Q[..., :4], K, V, {}, "queries and keys differ in size"),
        (Q, K[:, :5], V, {}, "one value for each key"),
        (Q[:1], K, V, {}, "the batches differ"),
        (Q[:, :, :3], K, V, {}, "the heads of the keys do not divide those of the queries"),
        (Q, K, V, {"mask": MASK[:, :3]}, "the mask does not broadcast to the scores"),
        (Q, K, V, {"mask": MASK[:, 0]}, "gives .* an axis for the heads"),
        (Q, K, V, {"bias": BIAS[..., :5]}, "the bias does not broadcast to the scores"),
    ],
)
def test_shapes_that_do_not_fit_are_explained(q, k, v, more, message):
    with pytest.raises(ShapeError, match=message):
        dot_product_attention(q, k, v, **more)
