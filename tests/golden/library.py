"""The library under test, the golden cases, and the few calls that are not Keras's.

The tests speak the Keras-shaped public API only. ``GOLDEN_LIBRARY=keras`` (with
``KERAS_BACKEND=torch``) points them at the oracle itself, which shows that they pass for the right
numbers before they are used to judge neurona. Four layer cases fail there, where Keras 3.15 on
PyTorch differs from Keras on JAX, which made the file: ``LayerNormalization(axis=1)`` raises an
error, and three "same" average poolings pad on the wrong side.
"""

import importlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

NAME = os.environ.get("GOLDEN_LIBRARY", "neurona")
library = importlib.import_module(NAME)


def load(family):
    """The golden file of a family of classes: its cases, each with its tolerance resolved."""
    content = json.loads((Path(__file__).parent / f"{family}.json").read_text())
    for case in content["cases"]:
        case["tolerance"] = content["tolerances"][case["tolerance"]]
    return content["cases"]


def each(families):
    """``@each("layers")`` runs a test once for every case of the families, under the case's id."""
    cases = [case for family in families.split() for case in load(family)]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["id"])


def public(*path):
    """``library.<module>.<name>``, where the module may be dotted; or the module alone."""
    home = library
    for part in ".".join(path).split("."):
        home = getattr(home, part)
    return home


def arguments(kwargs):
    """Keyword arguments as a user writes them: JSON's lists become tuples."""
    return {
        k: tuple(arguments({0: x})[0] for x in v) if isinstance(v, list) else v
        for k, v in kwargs.items()
    }


def close(actual, expected, tolerance, what):
    """Same shape, and equal within the case's tolerance; a NaN expectation demands nothing."""
    actual, expected = array(actual), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, not {expected.shape}"
    if tolerance["rtol"] == tolerance["atol"] == 0.0:  # nine digits name one float32
        expected = expected.astype(np.float32)
    free = np.isnan(expected)
    np.testing.assert_allclose(
        np.where(free, 0.0, actual),
        np.where(free, 0.0, expected),
        rtol=tolerance["rtol"],
        atol=tolerance["atol"],
        err_msg=f"{what} (tolerance: {tolerance['why']})",
    )


# --- where neurona and Keras are spelled differently -------------------------------------------

if NAME == "keras":
    import torch

    def tensor(values, dtype="float32", requires_grad=False):
        made = torch.tensor(np.asarray(values, dtype))
        return made.requires_grad_() if requires_grad else made

    def array(value):
        value = getattr(value, "value", value)
        return np.asarray(value.detach().numpy() if hasattr(value, "detach") else value, np.float64)

    def backward(scalar):
        scalar.backward()

    def gradient(source):
        source = getattr(source, "value", source)
        return np.zeros(source.shape) if source.grad is None else array(source.grad)

else:

    def tensor(values, dtype="float32", requires_grad=False):
        return library.tensor(np.asarray(values, dtype), requires_grad=requires_grad)

    def array(value):
        return np.asarray(value.numpy() if hasattr(value, "numpy") else value, np.float64)

    def backward(scalar):
        scalar.backward()

    def gradient(source):
        return np.zeros(source.shape) if source.grad is None else array(source.grad)


def weighted_sum(output, cotangent):
    """sum(output * cotangent): the scalar whose gradient a golden case stores."""
    return library.ops.sum(output * tensor(cotangent))
