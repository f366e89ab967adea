"""Every metric against Keras 3, over a stream of batches, then once more after reset_state."""

import numpy as np
import pytest

from .library import NAME, arguments, close, each, library, public, tensor


def update(metric, case, i):
    batch = [tensor(a, d) for a, d in zip(case["batches"][i], case["dtypes"], strict=True)]
    if case["weights"] is None:
        metric.update_state(*batch)
    else:
        weight = np.asarray(case["weights"][i], case["weight_dtype"])
        metric.update_state(*batch, sample_weight=weight)


@each("metrics")
def test_metric_agrees_with_keras(case):
    if case["optional"] and not hasattr(library.metrics, case["metric"]):
        pytest.skip(f"{NAME} has no {case['metric']}")
    kwargs = arguments(case["kwargs"])
    if "thresholds" in kwargs and isinstance(kwargs["thresholds"], tuple):
        kwargs["thresholds"] = list(kwargs["thresholds"])
    metric = public("metrics", case["metric"])(**kwargs)

    for i, expected in enumerate(case["results"]):
        update(metric, case, i)
        close(metric.result(), expected, case["tolerance"], f"after batch {i + 1}")

    metric.reset_state()
    update(metric, case, 0)
    close(metric.result(), case["results"][0], case["tolerance"], "after reset_state and batch 1")
