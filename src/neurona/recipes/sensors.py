"""A pump with four sensors, and faults that are planted in what they say.

Nobody wrote these numbers down at a machine: they are made, so that it is known what is wrong when.
A pump runs at changing speeds; the flow follows the speed, the pressure is as the square of the
flow, and the motor warms with the square of the speed, slowly.
"""

from __future__ import annotations

import numpy as np

CHANNELS = ("speed", "flow", "pressure", "temperature")
KINDS = ("stuck", "leak", "drift", "shaking")
LASTS = 60  # steps of a fault


def pump(steps: int, rng: np.random.Generator) -> np.ndarray:
    """Return what the four sensors say, (steps, 4).

    >>> pump(100, np.random.default_rng(0)).shape
    (100, 4)
    """
    speed, heat = np.empty(steps), np.empty(steps)
    now, goal, warm, left = 0.6, 0.6, 0.36, 0
    for t in range(steps):
        if left == 0:
            goal, left = rng.uniform(0.2, 1.0), int(rng.integers(20, 80))
        left -= 1
        now += 0.15 * (goal - now)  # a motor does not jump
        warm += 0.03 * (now**2 - warm)
        speed[t], heat[t] = now, warm
    flow = 0.9 * speed
    clean = np.stack([speed, flow, flow**2, heat], axis=1)
    return clean + 0.015 * rng.standard_normal(clean.shape)


def with_faults(
    clean: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[tuple[int, int, str]]]:
    """Return the series with so many faults of each kind, and (first, behind the last, kind) each.

    "stuck": the flow meter says what it said last. "leak": a fifth of the pressure is missing.
    "drift": the thermometer says a little more each step. "shaking": all say it with three times
    the noise.

    >>> _, faults = with_faults(pump(2000, np.random.default_rng(0)), 2, np.random.default_rng(1))
    >>> len(faults), faults[0][2]
    (8, 'stuck')
    """
    x, faults = clean.copy(), []
    part = len(x) // (count * len(KINDS))
    for number in range(count * len(KINDS)):
        kind = KINDS[number % len(KINDS)]
        first = number * part + int(rng.integers(part // 4, part - LASTS))
        own = slice(first, first + LASTS)
        if kind == "stuck":
            x[own, 1] = x[first, 1]
        elif kind == "leak":
            x[own, 2] *= 0.8
        elif kind == "drift":
            x[own, 3] += np.linspace(0, 0.2, LASTS)
        else:
            x[own] += 0.045 * rng.standard_normal((LASTS, x.shape[1]))
        faults.append((first, first + LASTS, kind))
    return x, faults


def step_scores(errors: np.ndarray) -> np.ndarray:
    """Return the mean error of each step, over all windows that it is in.

    Shapes: errors (N, T) of windows, one step on each -> (N + T - 1,).

    >>> step_scores(np.array([[1.0, 2.0], [4.0, 6.0]])).tolist()
    [1.0, 3.0, 6.0]
    """
    count, length = errors.shape
    total, seen = np.zeros(count + length - 1), np.zeros(count + length - 1)
    for place in range(length):
        total[place : place + count] += errors[:, place]
        seen[place : place + count] += 1
    return total / seen
