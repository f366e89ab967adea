"""How parameters begin; each initialiser is called with (shape, dtype) and returns a Tensor.

The fans of a kernel: `fan_in` inputs reach each output, `fan_out` outputs see each input. For a
Dense kernel (D_in, D_out) these are its sizes; for a convolution (*K, C_in, C_out) both are
multiplied by the number of kernel positions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.shapes import Shape, product
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_number
from neurona.nn.configurable import Configurable
from neurona.nn.context import snake_case
from neurona.nn.custom import CustomObjectScope
from neurona.nn.description import looked_up, published_classes
from neurona.nn.parameter import by_name
from neurona.nn.serialization import serialize
from neurona.ops import draw, full

__all__ = [
    "STFT", "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity",
    "IdentityInitializer", "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal",
    "OrthogonalInitializer", "RandomNormal", "RandomUniform", "STFTInitializer",
    "TruncatedNormal", "VarianceScaling", "Zeros", "constant", "deserialize", "get",
    "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal",
    "lecun_uniform", "ones", "orthogonal", "random_normal", "random_uniform", "serialize", "stft",
    "truncated_normal", "variance_scaling", "zeros",
]  # fmt: skip


class Initializer(Configurable, namespace="initializers"):
    """Base of the initialisers: an object that makes a Tensor of a shape."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        """Return a new Tensor of the shape."""
        raise NotImplementedError


class Zeros(Initializer):
    """All 0.

    >>> Zeros()((2,)).tolist()
    [0.0, 0.0]
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return full(shape, 0.0, dtype)


class Ones(Initializer):
    """All 1.

    >>> Ones()((2,)).tolist()
    [1.0, 1.0]
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return full(shape, 1.0, dtype)


class Constant(Initializer):
    """All of one value.

    >>> Constant(3.0)((2,)).tolist()
    [3.0, 3.0]
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return full(shape, self.value, dtype)


class RandomNormal(Initializer):
    """Normal numbers.

    Args:
        mean, stddev: of the distribution.
        seed: for the same numbers at every call; by default the stream's next ones.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.seed = mean, seed
        self.stddev = check_number("stddev", stddev, low=0)

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return draw.normal(shape, self.mean, self.stddev, dtype, self.seed)


class RandomUniform(Initializer):
    """Uniform numbers in [minval, maxval).

    Args: see RandomNormal.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return draw.uniform(shape, self.minval, self.maxval, dtype, self.seed)


class TruncatedNormal(Initializer):
    """Normal numbers no further than two standard deviations from the mean.

    Args: see RandomNormal.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.seed = mean, seed
        self.stddev = check_number("stddev", stddev, low=0)

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return draw.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


def fans(shape: Shape) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a kernel.

    >>> fans((3, 3, 16, 32))
    (144, 288)
    """
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = product(shape[:-2])
    return field * shape[-2], field * shape[-1]


# Standard deviation of a unit normal cut at two deviations; dividing by it restores the variance.
_TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(Initializer):
    """Random numbers of variance scale / n, so that signals keep their size through layers.

    Args:
        scale: 1 for symmetric activations, 2 for ReLU, which lets half through.
        mode: what n is: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: see RandomNormal.

    Source: Glorot and Bengio 2010; He et al. 2015.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        self.scale = check_number("scale", scale, low=0)
        self.mode = check_choice("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        kinds = ("truncated_normal", "untruncated_normal", "uniform", "normal")
        self.distribution = check_choice("distribution", distribution, kinds)
        self.seed = seed

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        fan_in, fan_out = fans(tuple(shape))
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return draw.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return draw.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        stddev = math.sqrt(variance) / _TRUNCATED_STDDEV
        return draw.truncated_normal(shape, 0.0, stddev, dtype, self.seed)


class GlorotNormal(VarianceScaling):
    """Variance 2 / (fan_in + fan_out), for sigmoid, tanh and softmax.

    Source: Glorot and Bengio 2010.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class GlorotUniform(VarianceScaling):
    """Uniform with variance 2 / (fan_in + fan_out): limit sqrt(6 / (fan_in + fan_out)).

    Source: Glorot and Bengio 2010.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


class HeNormal(VarianceScaling):
    """Variance 2 / fan_in, for ReLU and its kin.

    Source: He et al. 2015.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Uniform with variance 2 / fan_in: limit sqrt(6 / fan_in).

    Source: He et al. 2015.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Variance 1 / fan_in, for SELU.

    Source: LeCun et al. 1998; Klambauer et al. 2017.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Uniform with variance 1 / fan_in: limit sqrt(3 / fan_in).

    Source: LeCun et al. 1998.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


class Orthogonal(Initializer):
    """Rows or columns that are orthonormal, times a gain: the Q of a random matrix's QR.

    Args:
        gain: factor.
        seed: see RandomNormal.

    Source: Saxe et al. 2013.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        if len(shape) < 2:
            raise ShapeError("an orthogonal kernel has two axes or more.", got=str(shape))
        rows, columns = product(shape[:-1]), shape[-1]
        a = draw.normal((max(rows, columns), min(rows, columns)), dtype="float64", seed=self.seed)
        q, r = np.linalg.qr(a.numpy())
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # makes the choice of Q unique
        q = q if rows >= columns else q.T
        return Tensor((self.gain * q).reshape(shape)).astype(dtype or float)  #


class Identity(Initializer):
    """The identity matrix, times a gain.

    >>> Identity()((2, 2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise ShapeError("the identity has two axes.", got=str(shape))
        return Tensor(self.gain * np.eye(*shape)).astype(dtype or float)  #


_WINDOWS: dict[str, Callable[[int], np.ndarray]] = {
    "hann": np.hanning, "hanning": np.hanning, "hamming": np.hamming, "blackman": np.blackman,
    "bartlett": np.bartlett, "boxcar": np.ones, "ones": np.ones, "rectangular": np.ones,
}  # fmt: skip


class STFT(Initializer):
    """The waves of a short-time Fourier transform, as a kernel (T, 1, F / 2 + 1) of Conv1D.

    w_t cos(2 pi t f / F) / s for the real side, -w_t sin(2 pi t f / F) / s for the imaginary one.

    Args:
        side: "real" or "imag".
        window: the name of a window of T values w, an array of them, or None.
        scaling: s is sqrt(sum w^2) for "density", sum |w| for "spectrum", 1 for None.
        periodic: whether the window is one of T + 1 values without the last.

    Raises:
        ShapeError: if an array is not one value for each time.

    >>> STFT(window=None)((4, 1, 3)).numpy()[:, 0, 1].round(4).tolist()
    [1.0, 0.0, -1.0, 0.0]
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        self.side = check_choice("side", side, ("real", "imag"))
        named = isinstance(window, str)
        self.window = check_choice("window", window, _WINDOWS) if named else window
        known = ("density", "spectrum")
        self.scaling = check_choice("scaling", scaling, known) if scaling else None
        self.periodic = bool(periodic)

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        count, _, frequencies = shape
        times = np.arange(count)[:, None, None] * np.arange(frequencies) / (2 * (frequencies - 1))
        kernel = np.cos(2 * np.pi * times) if self.side == "real" else -np.sin(2 * np.pi * times)
        if self.window is not None:
            w = np.asarray(self.window)
            if isinstance(self.window, str):
                w = _WINDOWS[self.window](count + self.periodic)[:count]
            if w.shape != (count,):
                raise ShapeError("STFT: the window has another length.", got=str(w.shape))
            scale = {None: 1.0, "density": np.sqrt(np.sum(w * w)), "spectrum": np.sum(np.abs(w))}
            kernel = kernel * w[:, None, None] / (scale[self.scaling] or 1.0)  # all 0 stays 0
        return Tensor(kernel).astype(dtype or float)


NAMES: dict[str, type[Initializer]] = {
    **{
        snake_case(name): cls
        for name, cls in published_classes("initializers").items()
        if cls is not Initializer
    },
    "uniform": RandomUniform,
    "normal": RandomNormal,
    "zero": Zeros,
    "one": Ones,
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "STFTInitializer": STFT,
}
NAMES |= {cls.__name__: cls for cls in NAMES.values()}

# Keras's other names
constant, zeros, ones, identity, orthogonal = Constant, Zeros, Ones, Identity, Orthogonal
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
glorot_normal, glorot_uniform, variance_scaling = GlorotNormal, GlorotUniform, VarianceScaling
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal
STFTInitializer = stft = STFT


def get(identifier: Any) -> Callable[..., Tensor]:
    """Return an initialiser by name or class, or the callable itself.

    >>> get("he_normal").__class__.__name__
    'HeNormal'
    """
    found = looked_up("initializer", identifier, NAMES)
    if isinstance(found, type) and issubclass(found, Initializer):
        return found()
    if callable(found):
        return found
    raise ArgumentError(
        "an initializer is a name or a function of (shape, dtype).", got=repr(identifier)
    )


def deserialize(config: Any, custom_objects: Any = None) -> Callable[..., Tensor]:
    """Return the initialiser that `serialize` told: a name, or class and arguments.

    Args:
        config: what `serialize` gave.
        custom_objects: name -> class or function, for what is not part of neurona.
    """
    with CustomObjectScope(custom_objects):
        return get(config)


by_name["initializer"] = get  # for Variable(shape=..., initializer="uniform")
