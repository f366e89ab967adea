"""Write activations.json: values and derivatives of Keras 3 activations, in float64.

Run as writing.py says. Where the left and right derivatives differ (a kink), the derivative is
stored as NaN, which demands nothing: either one-sided derivative is right.
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
    "value": {
        "rtol": 1e-5,
        "atol": 2e-6,
        "why": "a few float32 operations, each within 6e-8, after an exp or tanh within a few ulp",
    },
    "growing": {
        "rtol": 3e-5,
        "atol": 1e-6,
        "why": "exp multiplies the relative error of its result by |x|, here up to 80",
    },
}
POSITIVE = [1e-3, 0.1, 0.5, 1.0, 1.5, 2.999, 3.001, 4.0, 5.999, 6.001, 10.0, 30.0, 80.0, 1e4]
POINTS = np.array([0.0, *(s * x for x in POSITIVE for s in (1, -1))], "float32")
CASES = []


def derivative(function, x, cotangent):
    """The output and the gradient of sum(output * cotangent)."""
    if JAX:
        y, pull = jax.vjp(function, x)
        return np.asarray(y), np.asarray(pull(np.asarray(cotangent, y.dtype))[0])
    t = torch.tensor(x, requires_grad=True)
    y = function(t)
    (y * torch.tensor(cotangent)).sum().backward()
    return y.detach().numpy(), t.grad.numpy()


def case(name, kwargs=None, x=POINTS, tolerance="value", optional=False):
    kwargs = kwargs or {}
    x64 = x.astype("float64")

    def function(t):
        return getattr(keras.activations, name)(t, **kwargs)

    flat = name not in ("softmax", "log_softmax")
    c = np.ones(x.shape) if flat else numbers(*x.shape, seed=5).astype("float64")
    y, g = derivative(function, x64, c)
    if flat:
        h = 1e-6
        ahead, behind = (derivative(function, x64 + d, c)[1] for d in (h, -h))
        g = np.where(np.abs(ahead - behind) > 1e-3 * np.maximum(1, np.abs(g)), np.nan, g)
        g = np.where(np.isfinite(g), g, np.nan)
    CASES.append(
        {"id": label(name, kwargs), "function": name, "kwargs": kwargs, "optional": optional,
         "tolerance": tolerance, "input": x, "output": y, "cotangent": c, "gradient": g}
    )  # fmt: skip


case("linear")
case("relu")
case("relu", {"negative_slope": 0.1})
case("relu", {"max_value": 2.0})
case("relu", {"threshold": 0.75})
case("relu", {"negative_slope": 0.2, "max_value": 4.5, "threshold": 0.25})
case("relu6")
case("leaky_relu")
case("leaky_relu", {"negative_slope": 0.01})
case("elu")
case("elu", {"alpha": 0.5})
case("selu")
case("celu")
case("celu", {"alpha": 2.0})
case("gelu")
case("gelu", {"approximate": True})
case("silu")
case("mish")
case("softplus")
case("softsign")
case("sigmoid")
case("hard_sigmoid")
case("hard_silu")
case("tanh")
case("exponential", x=POINTS[np.abs(POINTS) < 81], tolerance="growing")
case("log_sigmoid", optional=True)
case("hard_tanh", optional=True)
case("tanh_shrink", x=POINTS[np.abs(POINTS) >= 0.1], optional=True)
case("soft_shrink", optional=True)
case("hard_shrink", optional=True)
case("squareplus", x=POINTS[np.abs(POINTS) < 81], optional=True)
case("threshold", {"threshold": 0.75, "default_value": -1.0}, optional=True)
ROWS = np.array([[0, 0, 0], [1, 2, 3], [-1e4, 0, 1e4], [80, 79, -80], [1e-3, -1e-3, 0]], "float32")
for name in ("softmax", "log_softmax"):
    case(name, x=ROWS)
    case(name, {"axis": 0}, x=numbers(4, 3))
    case(name, {"axis": 1}, x=numbers(2, 3, 4))
finish("activations", TOLERANCES, CASES)
