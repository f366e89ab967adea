"""Every activation against Keras 3, at special points: value and derivative."""

import pytest

from .library import (
    NAME,
    backward,
    close,
    each,
    gradient,
    library,
    load,
    public,
    tensor,
    weighted_sum,
)


@each("activations")
def test_activation_agrees_with_keras(case):
    if case["optional"] and not hasattr(library.activations, case["function"]):
        pytest.skip(f"{NAME} has no {case['function']}")
    x = tensor(case["input"], requires_grad=True)

    y = public("activations", case["function"])(x, **case["kwargs"])

    close(y, case["output"], case["tolerance"], "value")
    backward(weighted_sum(y, case["cotangent"]))
    close(gradient(x), case["gradient"], case["tolerance"], "derivative")


@pytest.mark.parametrize(
    "case", [c for c in load("activations") if not c["kwargs"]], ids=lambda case: case["id"]
)
def test_activation_is_found_by_its_name(case):
    if case["optional"] and not hasattr(library.activations, case["function"]):
        pytest.skip(f"{NAME} has no {case['function']}")
    y = public("activations", "get")(case["function"])(tensor(case["input"]))
    close(y, case["output"], case["tolerance"], "value")
