"""Every metric against its definition: whole, weighted, in batches, traced, saved, reset."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.nn.description import describe, rebuild
from neurona.train.step import Step

from .metric_cases import CASES, CLASSES, IDS, ROWS, WEIGHT, N

NOT_FOR_PAIRS = {"Mean", "Sum", "MeanMetricWrapper"}  # tested by hand
COUNTS = {"TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives", "ConfusionMatrix"}
CUTS = st.lists(st.integers(1, N - 1), max_size=4, unique=True).map(sorted)


def make(name, case, dtype="float64"):
    return CLASSES[name](**case.arguments, dtype=dtype)


def close(result, expected, rtol=2e-6):
    result = result.numpy()
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected, rtol=rtol, atol=rtol)


def test_every_metric_has_a_case():
    assert set(CASES) | NOT_FOR_PAIRS == set(CLASSES)


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_value_is_the_definition(name, case):
    close(make(name, case)(case.y, case.p), case.definition(case.y, case.p, np.ones(N)))
    single = make(name, case, None)
    assert single.dtype == "float32"
    p = case.p.astype("float32") if case.p.dtype.kind == "f" else case.p
    close(single(case.y, p), case.definition(case.y, case.p, np.ones(N)), 2e-4)
    assert single.result().dtype == ("float64" if name in COUNTS else "float32")


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_weighted(name, case):
    expected = case.definition(case.y, case.p, WEIGHT)
    for weight in (WEIGHT, WEIGHT[:, None]):
        close(make(name, case)(case.y, case.p, sample_weight=weight), expected)


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_reset_forgets(name, case):
    metric = make(name, case)
    metric.update_state(case.y[:5], case.p[:5])
    metric.reset_state()
    metric.update_state(case.y, case.p)
    close(metric.result(), case.definition(case.y, case.p, np.ones(N)))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(ROWS), CUTS, st.permutations(range(N)), st.booleans())
def test_batches_in_any_cut_and_order_are_the_whole(row, cuts, order, weighted):
    name, case = row
    weight = WEIGHT if weighted else np.ones(N)
    metric = make(name, case)
    for part in np.split(np.array(order), cuts):
        given = {"sample_weight": weight[part]} if weighted else {}
        metric.update_state(case.y[part], case.p[part], **given)
    expected = case.definition(case.y, case.p, weight)
    if name in ("Hinge", "SquaredHinge"):  # labels -1 and 1 stay what they are in each batch
        assert set(np.unique(case.y)) == {-1.0, 1.0}
    close(metric.result(), expected)


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_traced_is_eager(name, case):
    eager, traced = make(name, case), make(name, case)
    traced.prepare(case.y.shape, case.p.shape)

    def update(y, p, w):
        traced.update_state(y, p, w)
        return traced.result()

    step = Step(update, traced.variables)
    for part in (slice(0, 5), slice(5, N), slice(0, 5)):
        eager.update_state(case.y[part], case.p[part], WEIGHT[part])
        found = step(case.y[part], case.p[part], WEIGHT[part])
        np.testing.assert_allclose(found, eager.result().numpy(), rtol=1e-12, atol=1e-12)
    for a, b in zip(eager.variables, traced.variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, atol=1e-12)
    assert len(step.programs) == 2


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_describe_and_rebuild(name, case):
    metric = make(name, case)
    again = rebuild(json.loads(json.dumps(describe(metric))))
    assert type(again) is type(metric)
    assert again.name == metric.name
    np.testing.assert_array_equal(again(case.y, case.p), metric(case.y, case.p))


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_before_any_data(name, case):
    metric = make(name, case)
    result = metric.result().numpy()
    np.testing.assert_array_equal(result, np.full_like(result, 1.0 if name == "Perplexity" else 0))
