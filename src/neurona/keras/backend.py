"""Keras's backend: `import neurona.keras.backend as K`, as courses still write it.

Most functions are those of `neurona.ops` under their names in Keras 1 and 2. Values are there at
once (there are no sessions), and gradients are taken of functions: `gradients` of symbolic tensors
works for what a Model records.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from neurona import ops, random
from neurona.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.keras.conditions import (
    ctc_batch_cost,
    ctc_decode,
    foldl,
    foldr,
    in_test_phase,
    in_train_phase,
    map_fn,
    print_tensor,
    switch,
)
from neurona.keras.session import (
    clear_session,
    get_uid,
    is_float_dtype,
    is_int_dtype,
    is_keras_tensor,
    result_type,
    standardize_dtype,
)
from neurona.keras.spatial import (
    FIRST,
    channels,
    conv1d,
    conv2d,
    conv2d_transpose,
    conv3d,
    depthwise_conv2d,
    pool2d,
    pool3d,
    resize_images,
    resize_volumes,
    separable_conv2d,
    spatial_2d_padding,
    spatial_3d_padding,
    temporal_padding,
)
from neurona.keras.symbolic_gradients import function, gradients
from neurona.keras.values import (
    arange,
    batch_get_value,
    batch_set_value,
    constant,
    count_params,
    dtype,
    eval,
    get_value,
    int_shape,
    is_sparse,
    is_tensor,
    moving_average_update,
    ndim,
    ones,
    ones_like,
    placeholder,
    set_value,
    shape,
    to_dense,
    update,
    update_add,
    update_sub,
    variable,
    zeros,
    zeros_like,
)
from neurona.nn.merge import Dot
from neurona.nn.scopes import device, name_scope
from neurona.ops import (
    abs,
    all,
    any,
    categorical_crossentropy,
    cos,
    dot,
    equal,
    exp,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    max,
    maximum,
    mean,
    min,
    minimum,
    not_equal,
    one_hot,
    prod,
    reshape,
    round,
    sigmoid,
    sign,
    sin,
    softmax,
    softplus,
    softsign,
    sparse_categorical_crossentropy,
    sqrt,
    square,
    squeeze,
    stack,
    std,
    stop_gradient,
    sum,
    tanh,
    var,
)
from neurona.refusals import (
    ctc_label_dense_to_sparse,
    get_session,
    learning_phase,
    learning_phase_scope,
    local_conv1d,
    local_conv2d,
    manual_variable_initialization,
    rnn,
    set_learning_phase,
    set_session,
)

__all__ = [
    "abs", "all", "any", "arange", "argmax", "argmin", "backend", "batch_dot", "batch_flatten",
    "batch_get_value", "batch_normalization", "batch_set_value", "bias_add",
    "binary_crossentropy", "cast", "cast_to_floatx", "categorical_crossentropy", "clear_session",
    "clip", "concatenate", "constant", "conv1d", "conv2d", "conv2d_transpose", "conv3d", "cos",
    "count_params", "ctc_batch_cost", "ctc_decode", "ctc_label_dense_to_sparse", "cumprod",
    "cumsum", "depthwise_conv2d", "device", "dot", "dropout", "dtype", "elu", "epsilon", "equal",
    "eval", "exp", "expand_dims", "eye", "flatten", "floatx", "foldl", "foldr", "function",
    "gather", "get_session", "get_uid", "get_value", "gradients", "greater", "greater_equal",
    "hard_sigmoid", "image_data_format", "in_test_phase", "in_top_k", "in_train_phase",
    "int_shape", "is_float_dtype", "is_int_dtype", "is_keras_tensor", "is_sparse", "is_tensor",
    "l2_normalize", "learning_phase", "learning_phase_scope", "less", "less_equal",
    "local_conv1d", "local_conv2d", "log", "logsumexp", "manual_variable_initialization",
    "map_fn", "max", "maximum", "mean", "min", "minimum", "moving_average_update", "name_scope",
    "ndim", "not_equal", "one_hot", "ones", "ones_like", "permute_dimensions", "placeholder",
    "pool2d", "pool3d", "pow", "print_tensor", "prod", "random_bernoulli", "random_binomial",
    "random_normal", "random_uniform", "relu", "repeat", "repeat_elements", "reshape",
    "resize_images", "resize_volumes", "result_type", "reverse", "rnn", "round",
    "separable_conv2d", "set_epsilon", "set_floatx", "set_image_data_format",
    "set_learning_phase", "set_session", "set_value", "shape", "sigmoid", "sign", "sin",
    "softmax", "softplus", "softsign", "sparse_categorical_crossentropy", "spatial_2d_padding",
    "spatial_3d_padding", "sqrt", "square", "squeeze", "stack", "standardize_dtype", "std",
    "stop_gradient", "sum", "switch", "tanh", "temporal_padding", "tile", "to_dense", "transpose",
    "truncated_normal", "update", "update_add", "update_sub", "var", "variable", "zeros",
    "zeros_like",
]  # fmt: skip
__path__: list[str] = []  # it has modules inside, as it had: see places.py

# --- other names and arguments of ops ----------------------------------------------------------


def cast(x: Any, dtype: Any) -> Tensor:
    """Return x in another element type."""
    return as_tensor(x).astype(dtype)


def cast_to_floatx(x: Any) -> Any:
    """Return x in the type of `floatx`: an array of NumPy as such."""
    return cast(x, floatx()) if isinstance(x, Tensor) else np.asarray(x, floatx())


def clip(x: Any, min_value: Any, max_value: Any) -> Tensor:
    """min(max(x, min_value), max_value); None is no limit."""
    low = -np.inf if min_value is None else min_value
    return ops.minimum(ops.maximum(x, low), np.inf if max_value is None else max_value)


def argmax(x: Any, axis: int = -1) -> Tensor:
    """Return where the largest value is."""
    return ops.argmax(x, axis=axis)


def argmin(x: Any, axis: int = -1) -> Tensor:
    """Return where the smallest value is."""
    return ops.argmin(x, axis=axis)


def cumsum(x: Any, axis: int = 0) -> Tensor:
    """Return running sums."""
    return ops.cumsum(x, axis=axis)


def cumprod(x: Any, axis: int = 0) -> Tensor:
    """Return running products."""
    return ops.cumprod(x, axis=axis)


def concatenate(tensors: Any, axis: int = -1) -> Tensor:
    """Return tensors behind each other."""
    return ops.concatenate(tensors, axis=axis)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x where x > threshold, else alpha (x - threshold); at most max_value."""
    return ops.relu(x, alpha, max_value, threshold)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else alpha (e^x - 1)."""
    return ops.elu(x, alpha)


def eye(size: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return a Parameter: the identity matrix."""
    rows, columns = size if isinstance(size, list | tuple) else (size, size)
    return variable(np.eye(rows, columns), dtype or floatx(), name)


def pow(x: Any, a: Any) -> Tensor:
    """x^a."""
    return ops.power(x, a)


def flatten(x: Any) -> Tensor:
    """Return all elements along one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Tensor:
    """Return the elements of each sample along one axis."""
    return ops.reshape(x, (as_tensor(x).shape[0], -1))


def expand_dims(x: Any, axis: int = -1) -> Tensor:
    """Return x with an axis of 1."""
    return ops.expand_dims(x, axis)


def transpose(x: Any) -> Tensor:
    """Return x with its axes in reverse."""
    return ops.transpose(x)


def permute_dimensions(x: Any, pattern: Any) -> Tensor:
    """Return x with its axes in another order."""
    return ops.transpose(x, axes=tuple(pattern))


def reverse(x: Any, axes: Any) -> Tensor:
    """Return x backwards along axes."""
    return ops.flip(x, axis=axes if isinstance(axes, int) else tuple(axes))


def repeat(x: Any, n: int) -> Tensor:
    """Return each row of x (B, D) n times: (B, n, D)."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x: Any, rep: int, axis: int) -> Tensor:
    """Return each slice along an axis `rep` times."""
    return ops.repeat(x, rep, axis=axis)


def tile(x: Any, n: Any) -> Tensor:
    """Return x n times along each axis."""
    return ops.tile(x, (n,) if isinstance(n, int) else tuple(n))


def gather(reference: Any, indices: Any) -> Tensor:
    """Return rows by their numbers."""
    return ops.take(reference, indices, axis=0)


def in_top_k(predictions: Any, targets: Any, k: int) -> Tensor:
    """Say whether the target is among the k largest predictions."""
    return ops.in_top_k(targets, predictions, k)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """ln sum e^x."""
    return ops.logsumexp(x, axis=axis, keepdims=keepdims)


def l2_normalize(x: Any, axis: Any = None) -> Tensor:
    """x / |x| along an axis."""
    x = as_tensor(x)
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))


def hard_sigmoid(x: Any) -> Tensor:
    """min(max(0.2 x + 0.5, 0), 1), as in Keras 2; `ops.hard_sigmoid` is Keras 3's."""
    return clip(0.2 * as_tensor(x) + 0.5, 0.0, 1.0)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """-y ln p - (1 - y) ln(1 - p)."""
    return ops.binary_crossentropy(target, output, from_logits)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Tensor:
    """Products of two tensors summed over an axis of each, sample by sample."""
    x, y = as_tensor(x), as_tensor(y)
    if axes is None:
        axes = (x.ndim - 1, y.ndim - 1 if y.ndim == 2 else y.ndim - 2)
    return Dot(axes if isinstance(axes, int) else tuple(axes))([x, y])


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Tensor:
    """Add a bias for each channel, or one of the shape of a sample."""
    bias, x = as_tensor(bias), as_tensor(x)
    if bias.ndim not in (1, x.ndim - 1):
        raise ArgumentError(
            "bias_add: the bias has other axes.", got=str(bias.ndim), expected=f"1 or {x.ndim - 1}"
        )
    if channels(data_format) == FIRST and bias.ndim == 1:
        return x + ops.reshape(bias, (1, -1, *[1] * (x.ndim - 2)))
    if channels(data_format) == FIRST:
        bias = ops.moveaxis(bias, -1, 0)
    return x + bias


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Tensor:
    """gamma (x - mean) / sqrt(var + epsilon) + beta."""
    return ops.batch_normalization(x, mean, var, axis, beta, gamma, epsilon)


# --- random numbers ----------------------------------------------------------------------------


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Return normal numbers."""
    return random.normal(_known(shape), mean, stddev, dtype, seed)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Return uniform numbers in [minval, maxval)."""
    return random.uniform(_known(shape), minval, maxval, dtype, seed)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Return normal numbers within two standard deviations."""
    return random.truncated_normal(_known(shape), mean, stddev, dtype, seed)


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return 1 with probability p, else 0."""
    return random.bernoulli(_known(shape), p, dtype, seed)


random_binomial = random_bernoulli


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """Return x with a share of its values dropped."""
    return random.dropout(x, level, noise_shape, seed)


def _known(shape: Any) -> tuple[int, ...]:
    sizes = tuple(shape) if isinstance(shape, list | tuple) else tuple(np.asarray(shape).tolist())
    if builtins.any(size is None for size in sizes):
        raise ArgumentError(
            "random numbers need a known shape.",
            got=str(sizes),
            hint="draw them in the call of a Layer, or in a Lambda: there the batch has a size",
        )
    return tuple(int(size) for size in sizes)
