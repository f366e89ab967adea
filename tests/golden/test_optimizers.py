"""Every optimiser against Keras 3: the weights after each of ten steps on prescribed gradients."""

import numpy as np
import pytest

from .library import NAME, close, library, load, public, tensor

INPUTS, *CASES = load("optimizers")


def make(case):
    if case["optional"] and not hasattr(library.optimizers, case["optimizer"]):
        pytest.skip(f"{NAME} has no {case['optimizer']}")
    kwargs = dict(case["kwargs"])
    if isinstance(kwargs.get("learning_rate"), dict):
        schedule = dict(kwargs["learning_rate"])
        kwargs["learning_rate"] = public("optimizers.schedules", schedule.pop("schedule"))(
            **schedule
        )
    optimizer = public("optimizers", case["optimizer"])(**kwargs)
    if case["exclude_from_weight_decay"]:
        optimizer.exclude_from_weight_decay(var_names=case["exclude_from_weight_decay"])
    return optimizer


def step(optimizer, gradients, layer, scale):
    """One update of the layer's weights by prescribed gradients."""
    gradients = [tensor(np.multiply(g, scale)) for g in gradients]
    optimizer.apply_gradients(zip(gradients, layer.trainable_variables, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_optimizer_agrees_with_keras(case):
    layer = library.layers.Dense(3)
    layer.build((None, 2))
    layer.set_weights([np.asarray(w, "float32") for w in INPUTS["start"]])
    optimizer = make(case)

    for i, expected in enumerate(case["weights"]):
        step(optimizer, INPUTS["gradients"][i], layer, case["scale"])
        for name, actual, wanted in zip(
            ("kernel", "bias"), layer.get_weights(), expected, strict=True
        ):
            close(actual, wanted, case["tolerance"], f"{name} after step {i + 1}")

    if case["finalized"] is not None:
        optimizer.finalize_variable_values(layer.trainable_variables)
        for actual, wanted in zip(layer.get_weights(), case["finalized"], strict=True):
            close(actual, wanted, case["tolerance"], "the averaged weights")
