"""Cases of Keras layers: what make_layers.py and make_spatial.py share.

A case is a layer, its inputs and weights, and what Keras makes of them: the output, gradients and
updated state, in float64.
"""

import os

import numpy as np
from writing import double_precision, label, numbers

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import torch

double_precision()
JAX = keras.backend.backend() == "jax"
if JAX:
    import jax

TOLERANCES = {
    "exact": {
        "rtol": 0.0,
        "atol": 0.0,
        "why": "moves numbers without arithmetic, so float32 must return them unchanged",
    },
    "one": {
        "rtol": 2e-6,
        "atol": 1e-6,
        "why": "one or two float32 roundings (6e-8 each) per number, and libm within a few ulp",
    },
    "sum": {
        "rtol": 2e-5,
        "atol": 5e-6,
        "why": "float32 sums of at most 200 terms of size up to 4, in any order",
    },
    "normal": {
        "rtol": 1e-4,
        "atol": 3e-5,
        "why": "a mean, a variance and a division: cancellation costs about two digits of float32",
    },
}
CASES = []


def case(name, kwargs, *shapes, tolerance="sum", **more):
    """Compute one case: ``more`` may hold training, adapt, integers (the id range), low, high."""
    seed = len(CASES)
    if more.get("integers"):
        generator = np.random.default_rng(seed)
        inputs = [generator.integers(0, more["integers"], s).astype("int32") for s in shapes]
    else:
        span = {k: more[k] for k in ("low", "high") if k in more}
        # shifted against each other, so that Maximum and Minimum never meet a tie
        inputs = [
            numbers(*s, seed=seed + i, **span) + np.float32(0.0171 * i)
            for i, s in enumerate(shapes)
        ]
    layer = getattr(keras.layers, name)(**tuples(kwargs))
    record = {
        "id": label(name, kwargs, *(["training"] if more.get("training") else [])),
        "class": name,
        "kwargs": kwargs,
        "tolerance": tolerance,
        "inputs": inputs,
        "integers": bool(more.get("integers")),
        "spread": name == "MultiHeadAttention",
        "optional": bool(more.get("optional")),
        "training": more.get("training"),
        "adapt": None,
        "weights": None,
    }
    if "adapt" in more:
        record["adapt"] = numbers(*more["adapt"], seed=seed + 7)
        layer.adapt(record["adapt"].astype("float64"))
    build = {} if more.get("training") is None else {"training": False}
    if not JAX and name == "LayerNormalization" and kwargs.get("axis") == 1:
        # Keras 3.15 on PyTorch raises an error for an axis that is not among the last
        CASES.append({"id": record["id"], "tolerance": tolerance})
        return
    float_given = [x if record["integers"] else x.astype("float64") for x in inputs]
    call(layer, float_given, build, record["spread"])
    if name != "Normalization":
        record["weights"] = [start(w, seed + 50 + i) for i, w in enumerate(layer.weights)]
        layer.set_weights(record["weights"])
    run_kwargs = {} if more.get("training") is None else {"training": more["training"]}
    results = (jax_results if JAX else torch_results)(layer, float_given, record, run_kwargs)
    record.update(results)
    CASES.append(record)


def tuples(kwargs):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in kwargs.items()}


def call(layer, inputs, kwargs, spread=False):
    """Most layers take one tensor or a list of them; attention takes them one by one."""
    if spread:
        return layer(*inputs, **kwargs)
    return layer(inputs if len(inputs) > 1 else inputs[0], **kwargs)


def start(weight, seed):
    """Starting values: positive for a variance, near one for a scale, otherwise anything."""
    if "variance" in weight.path:
        return numbers(*weight.shape, seed=seed, low=0.5, high=2.5)
    if "gamma" in weight.path or "scale" in weight.path:
        return numbers(*weight.shape, seed=seed, low=0.4, high=1.9)
    return numbers(*weight.shape, seed=seed, low=-1.0, high=1.0)


def cotangent_for(shape, record):
    return numbers(*shape, seed=1000 + len(CASES), low=-1.0, high=1.0)


def torch_results(layer, inputs, record, kwargs):
    xs = [torch.tensor(x, requires_grad=not record["integers"]) for x in inputs]
    out = call(layer, xs, kwargs, record["spread"])
    c = cotangent_for(out.shape, record)
    if out.requires_grad:
        (out * torch.tensor(c.astype("float64"))).sum().backward()

    def got(t):
        return np.zeros(t.shape) if t.grad is None else t.grad.numpy()

    return {
        "output": out.detach().numpy(),
        "cotangent": c,
        "input_gradients": [] if record["integers"] else [got(x) for x in xs],
        "weight_gradients": [got(w.value) for w in layer.trainable_weights],
        "weights_after": layer.get_weights() if record["weights"] is not None else None,
    }


def jax_results(layer, inputs, record, kwargs):
    fixed = [w.value for w in layer.non_trainable_variables]
    start_weights = [w.value for w in layer.trainable_variables]

    def forward(xs, ws):
        args = xs if record["spread"] else [xs if len(xs) > 1 else xs[0]]
        return layer.stateless_call(ws, fixed, *args, **kwargs)

    out, state = forward(inputs, start_weights)
    c = cotangent_for(out.shape, record)

    def scalar(xs, ws):
        return (forward(xs, ws)[0] * c.astype("float64")).sum()

    which = (1,) if record["integers"] else (0, 1)
    grads = jax.grad(scalar, which)(inputs, start_weights)
    for weight, value in zip(layer.non_trainable_variables, state, strict=True):
        weight.assign(value)
    return {
        "output": np.asarray(out),
        "cotangent": c,
        "input_gradients": [] if record["integers"] else [np.asarray(g) for g in grads[0]],
        "weight_gradients": [np.asarray(g) for g in grads[-1]],
        "weights_after": layer.get_weights() if record["weights"] is not None else None,
    }
