"""Large products, block by block: every layout, ragged blocks, and the same bits in any split."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.products import blocked
from neurona.engines.native.products.product import plan

from .test_product import F32, TARGETS, check, compile, matmul


def is_blocked(product, target="host"):
    (stage, *others), works = plan(product, Machine.named(target))
    return stage.final and not others and bool(works)


@pytest.fixture
def small(monkeypatch):
    """Blocks so small that a small product has many, with chunks of its sums."""
    sizes = {
        "NEAR": 0,
        "FAR": 0,
        "ROWS": 16,
        "COLUMNS": 64,
        "STEPS": 20,
        "FEW_ROWS": 8,
        "FEW_COLUMNS": 32,
    }
    for name, size in sizes.items():
        monkeypatch.setattr(blocked, name, size)


@pytest.mark.parametrize("a", ["mk", "km"])
@pytest.mark.parametrize("b", ["kn", "nk"])
def test_large_products(a, b):
    product = matmul(70, 777, 350, a=a, b=b)
    assert is_blocked(product)
    check(product)
    assert not is_blocked(matmul(4, 777, 350, a=a, b=b))
    assert not is_blocked(matmul(70, 77, 350, a=a, b=b))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("a", ["mk", "km"])
@pytest.mark.parametrize("b", ["kn", "nk"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_layouts_and_types(small, target, a, b, dtype):
    for shape in (33, 50, 131), (64, 32, 64):
        product = matmul(*shape, dtype, a, b)
        assert is_blocked(product, target)
        check(product, target)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.tuples(st.integers(4, 70), st.integers(32, 90), st.integers(32, 150)),
    st.sampled_from(["mk", "km"]),
    st.sampled_from(["kn", "nk"]),
    st.sampled_from([(), (2,), (2, 3)]),
    st.sampled_from(TARGETS),
    st.integers(1, 5),
)
def test_any_shape(small, shape, a, b, batch, target, parts):
    check(matmul(*shape, a=a, b=b, batch=batch), target, parts)


def test_a_finish_sees_each_result_once(small):
    m, k, n = 37, 45, 101
    product = matmul(m, k, n)

    def finish(pointers):
        def store(lanes, place, value):
            bias = lanes.load(pointers["bias"], F32, place.index([0, 1]))
            before = lanes.load(pointers["c"], F32, place.index([n, 1]))
            lanes.store(
                pointers["c"], lanes.add(before, lanes.add(value, bias)), place.index([n, 1])
            )

        return store

    random = np.random.default_rng(1)
    x, w, bias, c = (
        random.standard_normal(shape).astype("f4") for shape in ((m, k), (k, n), n, (m, n))
    )
    expected = c + (x @ w + bias)
    compile(product, finish=finish, extra=["bias"])(x, w, c, bias, parts=3)
    np.testing.assert_allclose(c, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("target", TARGETS)
def test_the_rows_of_a_product_do_not_depend_on_how_many_there_are(target):
    k, n = 1000, 300
    random = np.random.default_rng(2)
    x, w = (random.standard_normal(shape).astype("f4") for shape in ((600, k), (k, n)))
    found, blocks = set(), 0
    for rows in (2, 8, 64, 600):
        c = np.zeros((rows, n), "f4")
        product = matmul(rows, k, n)
        blocks += is_blocked(product, target)
        compile(product, target)(x[:rows].copy(), w, c)
        found.add(c[:2].tobytes())
    assert len(found) == 1
    assert 0 < blocks < 4
