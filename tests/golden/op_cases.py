"""Cases of functions of `ops`: what the make_ops*.py scripts list, one line each.

    case("add", floats(2, 3), floats(3))
    case("argsort", floats(2, 3), axis=0)
    case("sum", ints(2, 3), here="int64")   # Keras says int32; our type differs on purpose
    case("image.resize", floats(1, 4, 4, 1), (2, 2), tolerance="wide")
    case("unique", ints(6, high=3), grad=False, traced=False)

`write("ops", CASES)` calls `keras.ops.<name>` with them and keeps results, their types, and the
gradients of sum(y * weights) with respect to each array of floats. `test_ops.py` reads every
ops*.json. Arguments are arrays (made by `floats`, `ints`, `bools`, `array`), nests of them, plain
values, or `function("name")` for one of `op_functions.py`.
"""

import json
import os
import sys

import numpy as np
from op_reading import decoded, encoded, leaves, weights
from writing import FOLDER, finish, load_cases, numbers, plain

TOLERANCES = {
    "value": {
        "rtol": 1e-5,
        "atol": 1e-6,
        "why": "a few float32 operations, each within some units in the last place",
    },
    "wide": {
        "rtol": 2e-4,
        "atol": 2e-5,
        "why": "float32 on both sides, and differences of nearly equal numbers on the way",
    },
    "same": {"rtol": 0.0, "atol": 0.0, "why": "the same numbers, moved or chosen"},
}
CASES = []


def floats(*shape, seed=0, low=-2.0, high=2.0):
    """Distinct numbers of float32 between low and high."""
    return numbers(*shape, seed=seed, low=low, high=high)


def ints(*shape, seed=0, low=0, high=5, dtype="int32"):
    """Whole numbers from low up to high, without it."""
    n = int(np.prod(shape))
    return np.random.default_rng(seed + n).integers(low, high, shape).astype(dtype)


def bools(*shape, seed=0):
    """Truth values, about half of them true."""
    return ints(*shape, seed=seed, high=2).astype(bool)


def array(values, dtype="float32"):
    """An array of given values; a list as it stands is given as a list."""
    return np.asarray(values, dtype)


def function(name):
    """A function as an argument, by its name in `op_functions.py`."""
    return {"function": name}


def case(name, /, *args, tolerance="value", grad=True, traced=True, here=None, **kwargs):
    """List a case.

    Args:
        name: of the function, in keras.ops; dotted if it stands in a namespace of it.
        args, kwargs: what it is called with.
        tolerance: a name among TOLERANCES.
        grad: whether gradients with respect to arrays of floats are kept.
        traced: whether the function can be traced, for nn.jit.
        here: the type of our results where it is another one than Keras's, on purpose.
    """
    CASES.append(
        {"op": name, "args": encoded(list(args)), "kwargs": encoded(kwargs), "grad": grad,
         "traced": traced, "here": here, "tolerance": tolerance}
    )  # fmt: skip


def write(family):
    """Compute all cases with Keras on JAX and write ``<family>.json`` (or --check it)."""
    import keras

    assert os.environ["KERAS_BACKEND"] == "jax"
    path, known = FOLDER / f"{family}.json", {}
    if "--add" in sys.argv and path.exists():  # compute only what is new; about a second a case
        known = {asked(c): c for c in load_cases(path) if "op" in c}
    done, failed = [], []
    for c in CASES:
        try:
            old = known.get(asked(plain(c)), {})
            row = {**old, **c, "id": identity(c)} if old else computed(c)
            json.dumps(plain(row))
            done.append({k: v for k, v in row.items() if v is not None})
        except Exception as error:  # all that fail are told at once
            failed.append(f"{identity(c)}: {type(error).__name__}: {str(error)[:200]}")
    CASES.clear()
    finish(family, TOLERANCES, done)
    print("\n".join(["with keras", keras.__version__, *failed]))
    sys.exit(bool(failed))


def asked(c):
    """What a case asks Keras for."""
    return json.dumps([c["op"], c["args"], c["kwargs"], c["grad"]])


def computed(c):
    """A case with its id, its results and its gradients."""
    import jax
    import keras
    from keras import ops

    function = ops
    for part in c["op"].split("."):
        function = getattr(function, part)

    def result(arrays):
        given = iter(arrays)

        def make(values, dtype):
            return next(given)

        args = decoded(c["args"], make, ops)
        return function(*args, **decoded(c["kwargs"], make, ops))

    def scalar(inputs, arrays):
        given = iter(inputs)
        arrays = [next(given) if floating(a) else a for a in arrays]
        ys = [y for y in leaves(result(arrays)) if floating(y)]
        return sum((y * weights(y.shape)).sum() for y in ys)

    arrays = []
    decoded([c["args"], c["kwargs"]], lambda v, t: arrays.append(jax.numpy.asarray(v, t)), ops)
    found = encoded(plain_arrays(result(arrays), keras))
    c = {"id": identity(c), **c, "result": found}
    inputs = [a for a in arrays if floating(a)]
    if c["grad"] and inputs and any(floating(y) for y in leaves(result(arrays))):
        c["gradients"] = [np.asarray(g) for g in jax.grad(scalar)(inputs, arrays)]
    return c


def floating(x):
    return getattr(getattr(x, "dtype", None), "kind", "") == "f"


def plain_arrays(value, keras):
    """Results with NumPy's arrays instead of Keras's."""
    if isinstance(value, (list, tuple)):
        return [plain_arrays(v, keras) for v in value]
    return np.asarray(value) if keras.ops.is_tensor(value) else value


def identity(c):
    """A readable id: ``sum(2x3,axis=0)``."""
    given = [look(a) for a in c["args"]] + [f"{k}={look(v)}" for k, v in c["kwargs"].items()]
    return f"{c['op']}({','.join(given)})"


def look(value):
    if isinstance(value, dict) and "array" in value:
        shape = np.shape(plain(value["array"]))
        kind = value["dtype"][0] if value["dtype"] != "float32" else ""
        return kind + ("x".join(map(str, shape)) or "scalar")
    if isinstance(value, dict) and "function" in value:
        return value["function"]
    if isinstance(value, list):
        return f"[{','.join(map(look, value))}]"
    return str(value).replace(" ", "")
