"""Weights that anybody can make again from their names and shapes: as good as random ones."""

import numpy as np


def weights(named):
    """Return an array for each (name, shape), such that signals keep their size."""
    return [weight(number, name, shape) for number, (name, shape) in enumerate(named)]


def weight(number, name, shape):
    u = np.random.default_rng(number).random(shape, np.float32)
    if name.endswith(("gamma", "variance")):
        return u + np.float32(0.5)
    if len(shape) < 2:
        return np.float32(0.2) * (u - np.float32(0.5))
    fan_in = np.prod(shape[:2] if shape[-1] == 1 else shape[:-1])  # 1: each channel by itself
    return np.float32(np.sqrt(24 / fan_in)) * (u - np.float32(0.5))


def images(*shape):
    return np.random.default_rng(0).random(shape, np.float32)
