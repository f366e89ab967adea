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
