"""How closely two engines agree: what is promised of one step of the same graph.

Where both sides run on the same engine, nothing but equal bits will do.
"""

import numpy as np

LOSS = {"float32": 1e-6, "float64": 1e-12}
GRADIENT = {"float32": 1e-5, "float64": 1e-12}


def assert_engines_agree(got, want, tolerances=GRADIENT):
    """Hold arrays of one engine against those of another.

    Differences count against the element or, where terms cancelled out in it, against the root
    mean square of the array: sums of n terms are off by what their terms are off, and those are as
    large as in the other elements.
    """
    got, want = np.asarray(got), np.asarray(want)
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    if want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want)
        return
    tolerance = tolerances[want.dtype.name]
    finite = want[np.isfinite(want)].astype("float64")
    size = np.sqrt(np.mean(np.square(finite))) if finite.size else 0.0
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * size)


# How far a sum may be from the exact one, of the sum of its terms' magnitudes: with any number of
# terms, along any axes, on every engine. One after the other ten million float32 are off by 1e-2.
SUM = {"float32": 1e-6, "float64": 4e-15}  # sum, mean, and what is made of them
RUNNING = {"float32": 1e-7, "float64": 4e-15}  # cumsum, of the largest result
PRODUCT = {"float32": 2e-5, "float64": 4e-14}  # sums of products: matrices, convolutions
