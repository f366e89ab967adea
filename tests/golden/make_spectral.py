"""Write spectral.json: Keras 3's SpectralNormalization in training, in float64.

Run as writing.py says, with JAX: there the step is a pure function, and gradients pass through the
division by the singular value, as in the paper. (With TensorFlow and PyTorch it overwrites the
kernel that the optimiser is about to change.)
"""

import jax
import keras
import numpy as np
from writing import double_precision, finish, label, numbers

double_precision()
TOLERANCES = {
    "sum": {
        "rtol": 5e-5,
        "atol": 1e-5,
        "why": "float32 sums of at most 30 terms, divided by norms of such sums",
    }
}
CASES = []


def case(name, kwargs, shape, power_iterations):
    """One call in training: the output, u after it, the gradients of x, of the kernel and bias."""
    seed = len(CASES)
    x = numbers(*shape, seed=seed)
    inner = getattr(keras.layers, name)(**kwargs)
    layer = keras.layers.SpectralNormalization(inner, power_iterations)
    layer(x.astype("float64"))
    weights = [numbers(*w.shape, seed=seed + i) for i, w in enumerate(inner.weights)]
    u = numbers(*layer.vector_u.shape, seed=seed + 9)
    inner.set_weights(weights)
    layer.vector_u.assign(u)
    trained = [w.value for w in layer.trainable_variables]

    def forward(x, values):
        y, (u_after,) = layer.stateless_call(values, [layer.vector_u.value], x, training=True)
        return y, u_after

    start = x.astype("float64")
    y, u_after = forward(start, trained)
    c = numbers(*y.shape, seed=seed + 20)
    dx, dw = jax.grad(lambda x, v: (forward(x, v)[0] * c).sum(), (0, 1))(start, trained)
    CASES.append(
        {"id": label(name, kwargs, power_iterations), "tolerance": "sum", "layer": name,
         "kwargs": kwargs, "power_iterations": power_iterations, "x": x, "weights": weights,
         "u": u, "output": np.asarray(y), "u_after": np.asarray(u_after), "cotangent": c,
         "x_gradient": np.asarray(dx), "weight_gradients": [np.asarray(g) for g in dw]}
    )  # fmt: skip


case("Dense", {"units": 3}, (4, 5), 1)
case("Dense", {"units": 2, "use_bias": False}, (3, 4), 3)
case("Conv2D", {"filters": 3, "kernel_size": 2}, (2, 3, 3, 2), 1)
case("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2}, (1, 3, 2), 2)
finish("spectral", TOLERANCES, CASES)
