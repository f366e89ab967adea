"""What a Nest means, one product at a time."""

import numpy as np


def interpreted(nest, x, w, y_shape):
    """Run the loops of a nest in NumPy, slowly."""

    def place(places, loops):
        return tuple(p.offset + sum(map(int.__mul__, p.steps, loops)) for p in places)

    def inside(index, shape):
        return all(0 <= i < n for i, n in zip(index, shape, strict=True))

    y = np.zeros(y_shape, x.dtype)
    for loops in np.ndindex(*nest.sizes):
        i, j, k = (place(p, loops) for p in (nest.x, nest.w, nest.y))
        if inside(i, x.shape) and inside(j, w.shape) and inside(k, y_shape):
            y[k] += x[i] * w[j]
    return y
