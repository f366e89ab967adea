"""Fourier transforms. There are no complex numbers: a pair (real, imaginary) stands for one.

The discrete Fourier transform is linear, so its gradient is its adjoint, another such transform:
that with e^(+i...) instead of e^(-i...).
"""

from __future__ import annotations

import math

import numpy as np

from neurona.core.lowering import Opaque
from neurona.core.op import as_floats, as_tensor, op
from neurona.core.shapes import Spec, is_float
from neurona.errors import ArgumentError, DtypeError, ShapeError, check_integer
from neurona.ops.filled import zeros
from neurona.ops.functions import cos, sin
from neurona.ops.joining import stack
from neurona.ops.movement import pad

__all__ = [
    "dft", "fft", "fft2", "half_dft", "half_dft_adjoint", "ifft", "ifft2", "irfft", "polar", "rfft",
    "view_as_complex", "view_as_real",
]  # fmt: skip


def _complex(xp, real, imag):
    return real + 1j * imag.astype(real.dtype)


def _dft_shape(real, imag, *, axes, inverse):
    if real.shape != imag.shape or real.ndim < axes:
        raise ShapeError(
            "a Fourier transform takes real and imaginary parts of one shape.",
            got=f"{real.shape} and {imag.shape}",
            expected=f"{axes} axes or more" if real.ndim < axes else "",
        )
    return real, real


@op(shape=_dft_shape, lower=Opaque(), types="float")
def dft(xp, real, imag, *, axes=1, inverse=False):
    """Discrete Fourier transform over the last axes, y_f = sum over t of x_t e^(-2 pi i f t / n).

    Shapes: real and imag (..., n) -> the same, of the result.

    Args:
        axes: 1, or 2 for y_fg = sum over s, t of x_st e^(-2 pi i (f s / m + g t / n)).
        inverse: with e^(+...), and not divided by n: the adjoint.

    >>> [part.tolist() for part in dft([1.0, 0.0], [0.0, 0.0])]
    [[1.0, 1.0], [0.0, 0.0]]
    """
    last = tuple(range(-axes, 0))
    x = _complex(xp, real, imag)
    if inverse:
        y = xp.fft.ifftn(x, axes=last, norm="forward")
    else:
        y = xp.fft.fftn(x, axes=last)
    return y.real, y.imag


def _given(gs, ys):
    return [zeros(y.shape, y.dtype) if g is None else g for g, y in zip(gs, ys, strict=True)]


@dft.grad
def _(gs, ys, real, imag, *, axes, inverse):
    return dft(*_given(gs, ys), axes=axes, inverse=not inverse)


def _half_shape(x):
    if x.ndim < 1 or not x.shape[-1]:
        raise ShapeError("rfft: there is nothing to transform.", got=f"x {x.shape}")
    y = Spec((*x.shape[:-1], x.shape[-1] // 2 + 1), x.dtype)
    return y, y


@op(shape=_half_shape, lower=Opaque(), types="float")
def half_dft(xp, x):
    """The first n // 2 + 1 frequencies of the transform of real numbers, which say all others.

    Shapes: x (..., n) -> real and imaginary (..., n // 2 + 1).

    >>> [part.tolist() for part in half_dft([1.0, 0.0])]
    [[1.0, 1.0], [0.0, 0.0]]
    """
    y = xp.fft.rfft(x)
    return y.real, y.imag


@half_dft.grad
def _(gs, ys, x):
    return half_dft_adjoint(*_given(gs, ys), n=x.shape[-1])


def _half_adjoint_shape(real, imag, *, n):
    if real.shape != imag.shape or not real.ndim or real.shape[-1] != n // 2 + 1:
        raise ShapeError(
            "irfft: real and imaginary parts of n // 2 + 1 frequencies.",
            got=f"{real.shape} and {imag.shape}, n = {n}",
        )
    return Spec((*real.shape[:-1], n), real.dtype)


@op(shape=_half_adjoint_shape, lower=Opaque(), types="float")
def half_dft_adjoint(xp, real, imag, *, n):
    """The adjoint of `half_dft`, y_t = Re sum over f of x_f e^(+2 pi i f t / n).

    Shapes: real and imag (..., n // 2 + 1) -> y (..., n).

    >>> half_dft_adjoint([1.0, 0.0], [0.0, 0.0], n=2).tolist()
    [1.0, 1.0]
    """
    single = _single_frequencies(n)
    weights = np.where(single, 1.0, 0.5).astype(real.dtype)  # irfft counts the others twice
    return xp.fft.irfft(_complex(xp, real, imag) * weights, n=n, norm="forward")


@half_dft_adjoint.grad
def _(g, y, real, imag, *, n):
    return half_dft(g)


def _single_frequencies(n):
    """Whether a frequency has no mirror image: 0, and the highest of an even number."""
    f = np.arange(n // 2 + 1)
    return (f == 0) | (2 * f == n)


# --- compositions ----------------------------------------------------------------------------


def _pair(name, x):
    if not isinstance(x, tuple | list) or len(x) != 2:
        raise ArgumentError(
            f"{name} takes a pair, real and imaginary part.",
            got=type(x).__name__,
            hint=f"{name}((x, nn.ops.zeros_like(x))) for real numbers",
        )
    real, imag = as_tensor(x[0]), as_tensor(x[1])
    if not (is_float(real.dtype) and is_float(imag.dtype)):
        raise DtypeError(f"{name} takes floats.", got=f"{real.dtype.name} and {imag.dtype.name}")
    return real, imag


def fft(x):
    """Discrete Fourier transform along the last axis, y_f = sum over t of x_t e^(-2 pi i f t / n).

    Args:
        x: the pair (real, imaginary), each (..., n); so is the result.

    >>> [part.tolist() for part in fft(([0.0, 1.0], [0.0, 0.0]))]
    [[1.0, -1.0], [0.0, 0.0]]
    """
    return dft(*_pair("fft", x))


def fft2(x):
    """Discrete Fourier transform over the last two axes; see `fft`.

    >>> [part.tolist() for part in fft2(([[0.0, 1.0]], [[0.0, 0.0]]))]
    [[[1.0, -1.0]], [[0.0, 0.0]]]
    """
    return dft(*_pair("fft2", x), axes=2)


def ifft(x):
    """The way back from `fft`.

    >>> [part.tolist() for part in ifft(([1.0, -1.0], [0.0, 0.0]))]
    [[0.0, 1.0], [0.0, 0.0]]
    """
    real, imag = dft(*_pair("ifft", x), inverse=True)
    scale = 1.0 / max(real.shape[-1], 1)
    return real * scale, imag * scale


def ifft2(x):
    """The way back from `fft2`.

    >>> [part.tolist() for part in ifft2(([[1.0, -1.0]], [[0.0, 0.0]]))]
    [[[0.0, 1.0]], [[0.0, 0.0]]]
    """
    real, imag = dft(*_pair("ifft2", x), axes=2, inverse=True)
    scale = 1.0 / max(math.prod(real.shape[-2:]), 1)
    return real * scale, imag * scale


def rfft(x, fft_length=None):
    """The first n // 2 + 1 frequencies of real numbers, as a pair (real, imaginary).

    Shapes: x (..., T) -> each (..., n // 2 + 1).

    Args:
        fft_length: n; x is cut, or gets zeros behind it. T by default.

    >>> [part.tolist() for part in rfft([0.0, 1.0, 0.0, 0.0])]
    [[1.0, 0.0, -1.0], [0.0, -1.0, 0.0]]
    """
    x = as_floats(x)
    return half_dft(x if fft_length is None else _of_length(x, fft_length))


def _of_length(x, n):
    n, t = check_integer("fft_length", n, minimum=1), x.shape[-1]
    if t >= n:
        return x[..., :n]
    return pad(x, [(0, 0)] * (x.ndim - 1) + [(0, n - t)])


def irfft(x, fft_length=None):
    """The real numbers that have such frequencies: the way back from `rfft`.

    Shapes: each of the pair (..., F) -> y (..., n).

    Args:
        x: the pair (real, imaginary).
        fft_length: n, 2 (F - 1) by default; frequencies are cut, or are zeros.

    >>> irfft(([1.0, 0.0, -1.0], [0.0, -1.0, 0.0])).tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    real, imag = _pair("irfft", x)
    n = 2 * (real.shape[-1] - 1) if fft_length is None else fft_length
    n = check_integer("fft_length", n, minimum=1)
    real, imag = (_of_length(part, n // 2 + 1) for part in (real, imag))
    weights = np.where(_single_frequencies(n), 1.0, 2.0).astype(real.dtype) / n
    return half_dft_adjoint(real * weights, imag * weights, n=n)


# --- pairs -----------------------------------------------------------------------------------


def view_as_complex(x):
    """The pair (real, imaginary) that stands for complex numbers, of x (..., 2).

    >>> [part.tolist() for part in view_as_complex([[1.0, 2.0], [3.0, 4.0]])]
    [[1.0, 3.0], [2.0, 4.0]]
    """
    x = as_floats(x)
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ShapeError("view_as_complex: a last axis of 2.", got=f"x {x.shape}")
    return x[..., 0], x[..., 1]


def view_as_real(x):
    """The way back: (..., 2) of a pair (real, imaginary); of real numbers with zeros.

    >>> view_as_real(([1.0], [2.0])).tolist()
    [[1.0, 2.0]]
    """
    real, imag = x if isinstance(x, tuple) else (as_floats(x), as_floats(x) * 0.0)
    return stack([as_floats(real), as_floats(imag)], axis=-1)


def polar(abs_, angle):
    """The pair (real, imaginary) of a size and an angle, (r cos a, r sin a).

    >>> [part.tolist() for part in polar([2.0], [0.0])]
    [[2.0], [0.0]]
    """
    r, a = as_floats(abs_), as_floats(angle)
    return r * cos(a), r * sin(a)
