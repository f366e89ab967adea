"""Every optimiser against Keras 3: the weights after each of ten steps on prescribed gradients."""

import numpy as np
import pytest

from .library import close, library, load, public, tensor

INPUTS, *CASES = load("optimizers")
HUNDRED = next(case["tolerance"] for case in CASES if case["optimizer"] == "Muon")


def made(value):
    """Make what a dict describes: a schedule, an optimiser, a map of optimisers; else the value."""
    if not isinstance(value, dict):
        return value
    given = {k: made(v) for k, v in value.items()}
    if "schedule" in given:
        return public("optimizers.schedules", given.pop("schedule"))(**given)
    if "optimizer" in given:
        return public("optimizers", given.pop("optimizer"))(**given)
    if "default_optimizer" in given:
        return public("optimizers", "OptimizerMap")(**given)
    return given


def make(case):
    optimizer = made({"optimizer": case["optimizer"], **case["kwargs"]})
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

    if case["hundredth"] is not None:
        for i in range(len(case["weights"]), 100):
            step(optimizer, INPUTS["gradients"][i % 10], layer, case["scale"])
        for actual, wanted in zip(layer.get_weights(), case["hundredth"], strict=True):
            close(actual, wanted, HUNDRED, "after step 100")
    if case["finalized"] is not None:
        optimizer.finalize_variable_values(layer.trainable_variables)
        for actual, wanted in zip(layer.get_weights(), case["finalized"], strict=True):
            close(actual, wanted, case["tolerance"], "the averaged weights")
