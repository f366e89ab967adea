"""Fourier transforms and frames: NumPy's, round trips, gradients, errors."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, DtypeError, ShapeError

rng = np.random.default_rng(5)
X = rng.uniform(-1, 1, (2, 6)), rng.uniform(-1, 1, (2, 6))


def complex_of(pair):
    return np.asarray(pair[0]) + 1j * np.asarray(pair[1])


def test_transforms_are_those_of_numpy():
    x = complex_of(X)
    np.testing.assert_allclose(complex_of(ops.fft(X)), np.fft.fft(x), atol=1e-12)
    np.testing.assert_allclose(complex_of(ops.fft2(X)), np.fft.fft2(x), atol=1e-12)
    np.testing.assert_allclose(complex_of(ops.ifft(X)), np.fft.ifft(x), atol=1e-12)
    np.testing.assert_allclose(complex_of(ops.ifft2(X)), np.fft.ifft2(x), atol=1e-12)
    for n in (None, 1, 5, 6, 9):
        np.testing.assert_allclose(complex_of(ops.rfft(X[0], n)), np.fft.rfft(X[0], n), atol=1e-12)
        np.testing.assert_allclose(ops.irfft(X, n), np.fft.irfft(x, n), atol=1e-12)


def test_float32_stays_float32():
    real, imag = ops.rfft(np.float32(X[0]))
    assert real.dtype == imag.dtype == ops.irfft((real, imag)).dtype == np.float32


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_compiled(engine):
    def f(x):
        return ops.irfft(ops.rfft(x, 8), 8)[..., :6]

    x = np.float32(X[0])
    np.testing.assert_allclose(nn.jit(f, engine=engine)(x), x, atol=1e-6)


@pytest.mark.parametrize(
    ("length", "stride", "n", "window"),
    [(4, 2, 4, "hann"), (4, 1, 4, "hamming"), (3, 1, 5, "hann"), (4, 1, 6, np.hanning(6)[1:5])],
)
def test_frames_and_back(length, stride, n, window):
    x = rng.uniform(-1, 1, (2, 12))
    options = {"sequence_length": length, "sequence_stride": stride, "fft_length": n}
    y = ops.stft(x, **options, window=window)
    assert y[0].shape == (2, 1 + (12 + n // 2 * 2 - n) // stride, n // 2 + 1)
    back = ops.istft(y, **options, window=window, length=12)
    np.testing.assert_allclose(back, x, atol=1e-10)


def test_gradients():
    x = rng.uniform(-1, 1, (9,))
    nn.gradcheck(lambda x: ops.stft(x, 4, 2, 5), x)
    nn.gradcheck(lambda a, b: ops.istft((a, b), 4, 2, 4), *rng.uniform(-1, 1, (2, 3, 3)))
    nn.gradcheck(lambda x: ops.rfft(x, 12), x)
    nn.gradcheck(lambda a, b: ops.irfft((a, b), 7), *rng.uniform(-1, 1, (2, 5)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.fft(np.ones(3)), ArgumentError, r"fft takes a pair(.|\n)*try: fft\(\(x"),
        (lambda: ops.fft((np.arange(3), np.arange(3))), DtypeError, "fft takes floats. Got int64"),
        (lambda: ops.fft((np.ones(3), np.ones(2))), ShapeError, "parts of one shape"),
        (lambda: ops.fft2((np.ones(3), np.ones(3))), ShapeError, "2 axes or more"),
        (lambda: ops.rfft(np.ones((2, 0))), ShapeError, "rfft: there is nothing to transform"),
        (lambda: ops.rfft(np.ones(3), 0), ArgumentError, "fft_length is too small"),
        (lambda: ops.extract_sequences(np.ones(3), 4, 1), ShapeError, "shorter than its pieces"),
        (lambda: ops.stft(np.ones(9), 4, 2, 3), ArgumentError, "at least sequence_length"),
        (lambda: ops.stft(np.ones(9), 4, 2, 4, "blackman"), ArgumentError, "unknown window"),
        (lambda: ops.stft(np.ones(9), 4, 2, 4, np.ones(3)), ShapeError, "one weight for each step"),
        (lambda: ops.stft(np.ones(2), 4, 2, 4), ShapeError, r"half a frame(.|\n)*center=False"),
        (lambda: ops.istft((np.ones(3), np.ones(3)), 4, 2, 4), ShapeError, "frames and freq"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
