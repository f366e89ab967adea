"""nn.jit: one Program for each look of the arguments, and when there is none."""

import numpy as np
import pytest

import neurona as nn
from neurona import config
from neurona.errors import ArgumentError, TraceError

X = np.float32([1, 2])


def test_one_program_for_each_look_of_the_arguments():
    calls = []

    @nn.jit
    def fn(x, scale=1):
        calls.append(x)
        return {"y": x * scale}

    assert fn(X)["y"].tolist() == fn(X + 0)["y"].tolist() == [1, 2]
    assert len(calls) == len(fn.programs) == 1
    fn(np.float32([1, 2, 3]))
    fn(X, scale=2)
    assert len(fn.programs) == 3
    assert fn.__name__ == "fn"


def test_equal_numbers_of_other_types_are_other_programs():
    @nn.jit
    def fn(x, k):
        return x * k

    whole = np.int32([1, 2])
    assert [fn(whole, k).dtype.name for k in (1, 1.0, 1)] == ["int32", "float32", "int32"]


def test_the_float_type_is_part_of_the_look():
    fn = nn.jit(lambda n: nn.ops.ones(n))
    try:
        assert fn(2).dtype == "float32"
        config.set_floatx("float64")
        assert fn(2).dtype == "float64"
    finally:
        config.set_floatx("float32")


def test_gradients_flow_through_the_program():
    calls = []

    @nn.jit
    def fn(x):
        calls.append(x)
        return (x * x).sum()

    assert nn.grad(fn)(X).tolist() == nn.grad(fn)(X).tolist() == [2, 4]
    w = nn.tensor(X, requires_grad=True)
    fn(w).backward()
    assert w.grad.tolist() == [2, 4]
    assert len(fn.programs) == len(calls) == 1
    assert nn.jit(lambda x: fn(x) + 1)(X).item() == 6


def test_errors():
    with pytest.raises(ArgumentError, match="jit takes a function"):
        nn.jit(3)
    with pytest.raises(TraceError, match="a function is being traced"):
        nn.jit(lambda x: float(x.sum()))(X)
    with pytest.raises(ArgumentError) as error:
        nn.jit(lambda x, s: x)(X, {1, 2})
    assert str(error.value) == (
        "a static argument of a jitted function is one that can be a key of a dict. Got {1, 2}.\n"
        "try: pass arrays, or strings, numbers and objects that are compared by identity"
    )


def test_debug_checks_graphs():
    try:
        config.set_debug(1)
        assert nn.jit(lambda x: x + 1, engine="reference")(X).tolist() == [2, 3]
    finally:
        config.set_debug(0)
