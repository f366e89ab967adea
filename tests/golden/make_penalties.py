"""Write penalties.json: Keras 3 regularisers (value, gradient) and constraints, in float64.

Run as writing.py says.
"""

import keras
import numpy as np
from writing import double_precision, finish, label, numbers

double_precision()
JAX = keras.backend.backend() == "jax"
if JAX:
    import jax
else:
    import torch

TOLERANCES = {
    "sum": {"rtol": 1e-5, "atol": 1e-6, "why": "float32 sums of at most 40 terms, in any order"},
}
CASES = []


def regularizer(name, kwargs, *shape, **span):
    function, w = getattr(keras.regularizers, name)(**kwargs), numbers(*shape, seed=3, **span)
    if JAX:
        value, gradient = jax.value_and_grad(function)(w.astype("float64"))
    else:
        t = torch.tensor(w.astype("float64"), requires_grad=True)
        value = function(t)
        value.backward()
        value, gradient = value.detach().numpy(), t.grad.numpy()
    add("regularizers", name, kwargs, w, np.asarray(value), np.asarray(gradient))


def constraint(name, kwargs, *shape, weight=None):
    w = numbers(*shape, seed=4) if weight is None else weight
    function = getattr(keras.constraints, name)(**kwargs)
    value = function(keras.ops.convert_to_tensor(w.astype("float64")))
    add("constraints", name, kwargs, w, keras.ops.convert_to_numpy(value), None)


def add(module, name, kwargs, w, value, gradient):
    CASES.append(
        {"id": label(name, kwargs, *w.shape), "module": module, "class": name, "kwargs": kwargs,
         "tolerance": "sum", "weight": w, "value": value, "gradient": gradient}
    )  # fmt: skip


for shape in ((3, 4), (2, 3, 2)):
    regularizer("L1", {}, *shape)
    regularizer("L2", {}, *shape)
    regularizer("L1L2", {"l1": 0.02, "l2": 0.3}, *shape)
regularizer("L1", {"l1": 0.5}, 4)
regularizer("L2", {"l2": 0.5}, 4)
regularizer("L1L2", {"l2": 0.2}, 3)
for mode in ("rows", "columns"):
    regularizer("OrthogonalRegularizer", {"factor": 0.1, "mode": mode}, 3, 4)
    regularizer("OrthogonalRegularizer", {"mode": mode}, 4, 2)

SMALL = numbers(3, 4, seed=5) * np.float32(0.1)
ZERO_COLUMN = numbers(3, 4, seed=6)
ZERO_COLUMN[:, 1] = 0.0
for axis in (0, 1, [0, 1]):
    constraint("MaxNorm", {"max_value": 1.5, "axis": axis}, 3, 4)
    constraint("UnitNorm", {"axis": axis}, 3, 4)
    constraint("MinMaxNorm", {"min_value": 1.0, "max_value": 2.0, "axis": axis}, 3, 4)
constraint("MaxNorm", {}, 5, 3)
constraint("MaxNorm", {"axis": [0, 1, 2]}, 2, 2, 3, 2)
constraint("MaxNorm", {}, weight=SMALL)
constraint("MaxNorm", {}, weight=ZERO_COLUMN)
constraint("UnitNorm", {}, 3, 4)
constraint("UnitNorm", {}, weight=ZERO_COLUMN)
constraint("MinMaxNorm", {}, 3, 4)
constraint("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.3}, 3, 4)
constraint("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.3}, weight=SMALL)
constraint("NonNeg", {}, 3, 4)
finish("penalties", TOLERANCES, CASES)
