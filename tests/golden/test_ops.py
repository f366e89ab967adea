"""Functions of `ops` against Keras: values and types, on both engines, and gradients."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from .library import NAME, library, load
from .op_reading import decoded, leaves, weights

FILES = sorted(p.stem for p in Path(__file__).parent.glob("ops*.json"))
ROWS = [row for family in FILES for row in load(family)]
CASES = [row for row in ROWS if "op" in row]
NAMES = json.loads((Path(__file__).parent / "op_signatures.json").read_text())
TRACED = [c for c in CASES if c["traced"]]
SOME = 6  # one case of so many is compiled in each run, the others in slow ones
pytestmark = pytest.mark.skipif(NAME != "neurona", reason="Keras on JAX made these numbers")


def found(name):
    """The function `ops.<name>`."""
    home = library.ops
    for part in name.split("."):
        home = getattr(home, part)
    return home


def called(case, arrays):
    """Call the function of a case on its arrays."""
    given = iter(arrays)

    def make(values, dtype):
        return next(given)

    args = decoded(case["args"], make, library.ops)
    return found(case["op"])(*args, **decoded(case["kwargs"], make, library.ops))


def arrays_of(case):
    """The arrays among the arguments of a case."""
    arrays = []
    decoded(
        [case["args"], case["kwargs"]],
        lambda values, dtype: arrays.append(np.asarray(values, dtype)),
        library.ops,
    )
    return arrays


def agree(actual, expected, case, here=None):
    """Hold results, nested as they are, against those of Keras."""
    if isinstance(expected, dict):
        actual = np.asarray(actual)
        dtype = here or expected["dtype"]
        assert actual.dtype.name == dtype, f"{actual.dtype}, expected {dtype}"
        near(actual, np.asarray(expected["array"], expected["dtype"]), case)
    elif isinstance(expected, list):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            agree(a, e, case, here)
    else:
        assert actual == expected


def near(actual, expected, case):
    assert actual.shape == expected.shape
    t = case["tolerance"]
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(actual, expected)
    else:
        np.testing.assert_allclose(actual, expected, rtol=t["rtol"], atol=t["atol"])


def by_id(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda c: c["id"])


@by_id(CASES)
def test_values_and_types_are_those_of_keras(case):
    result = called(case, [library.tensor(a) for a in arrays_of(case)])
    agree(result, case["result"], case, case.get("here"))


@by_id([c for c in CASES if "gradients" in c])
def test_gradients_are_those_of_keras(case):
    inputs = [library.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays_of(case)]
    ys = [y for y in leaves(called(case, inputs)) if y.dtype.kind == "f"]
    total = sum((y * weights(y.shape)).sum() for y in ys)
    if total.tracked:
        total.backward()
    floats = [x for x in inputs if x.requires_grad]
    for x, expected in zip(floats, case["gradients"], strict=True):
        expected = np.asarray(expected, "float32").reshape(x.shape)
        actual = np.zeros(x.shape, "float32") if x.grad is None else x.grad.numpy()
        free = np.isnan(expected)  # Keras has no number there
        near(np.where(free, 0, actual), np.where(free, 0, expected), case)


def sampled(case):
    mine = zlib.crc32(case["id"].encode()) % SOME == 0
    return pytest.param(case, marks=[] if mine else pytest.mark.slow, id=case["id"])


@pytest.mark.parametrize("case", [sampled(c) for c in TRACED])
def test_compiled_values_are_those_of_keras(case):
    program = library.jit(lambda *arrays: called(case, arrays), engine="native")
    agree(program(*arrays_of(case)), case["result"], case, case.get("here"))


EXCEPTIONS = {  # name: why it has no case; one that gains a case must leave this list
    "argpartition": "any of several orders fits: judged in tests/ops/test_numpy.py",
    "convert_to_numpy": "gives what it is given",
    "custom_gradient": "takes a function: judged in tests/ops/test_custom_gradient.py",
    "dtype": "a name, not of Keras's types on JAX",
    "eig": "gives complex numbers: judged in tests/ops/test_linalg.py",
    "elastic_transform": "draws other random numbers: judged in tests/ops/test_nn.py",
    "polar": "gives complex numbers: judged in tests/ops/test_linalg.py",
    "sparsemax": "Keras 3.15 adds up all running sums for its threshold, so that rows of two or "
    "more have another sum than 1: judged in tests/nn/test_activations.py",
    "view_as_complex": "gives complex numbers: judged in tests/ops/test_linalg.py",
    "view_as_real": "takes complex numbers: judged in tests/ops/test_linalg.py",
    "vectorize": "takes a function: judged in tests/ops/test_numpy.py",
}


def test_every_op_of_keras_that_is_here_has_a_case():
    judged = {c["op"] for c in CASES} | {c["op"].split(".")[-1] for c in CASES} | set(EXCEPTIONS)
    missing = [n for n in NAMES if hasattr(library.ops, n) and n not in judged]
    assert not missing, f"no golden case for {missing}; add one to a make_ops script"


def test_no_exception_has_a_case():
    assert not {c["op"] for c in CASES} & set(EXCEPTIONS)


def test_cases_are_small():
    assert all(len(json.dumps(c, default=str)) < 20_000 for c in CASES)
