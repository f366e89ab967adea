"""How the make_*.py scripts draw inputs and write golden files.

A golden file is JSON, one case a line, so that a changed number shows up as one changed line:
``{"made_with": {...}, "tolerances": {name: {"rtol", "atol", "why"}}, "cases": [...]}``.
Every case names its tolerance, and every tolerance says why it is what it is.

All scripts are run the same way, in an environment with keras 3.15.1, torch 2.13.0, jax 0.10.2,
numpy 2.4.6 and scikit-learn 1.9.1 (neurona itself is not needed)::

    KERAS_BACKEND=jax python tests/golden/make_layers.py              # write layers.json
    KERAS_BACKEND=torch python tests/golden/make_layers.py --check    # recompute, compare
"""

import importlib.metadata
import json
import os
import sys
from pathlib import Path

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "jax")
FOLDER = Path(__file__).parent


def double_precision():
    """Make Keras compute in float64: floatx alone leaves matmul, tanh and others in float32."""
    import keras
    from keras.src.backend.common import dtypes

    keras.config.set_floatx("float64")
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)


def numbers(*shape, seed=0, low=-2.0, high=2.0):
    """Distinct three-decimal numbers, none of them zero: no ties for max, no kinks for ReLU."""
    n = int(np.prod(shape))
    grid = np.round(low + (high - low) * (np.arange(n) + 0.37) / n, 3)
    grid[grid == 0.0] = 0.001
    # float32 first: the library under test is fed exactly the numbers that the oracle saw
    return np.random.default_rng(seed + n).permutation(grid).reshape(shape).astype(np.float32)


def plain(value, digits=9):
    """Any nest of arrays and numbers as JSON data; array elements get nine significant digits."""
    if isinstance(value, dict):
        return {k: plain(v, digits) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, digits) for v in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return shortened(value.tolist(), digits)
    return value


def shortened(value, digits):
    """Nested lists of numbers with so many significant digits, and 2 rather than 2.0."""
    if isinstance(value, list):
        return [shortened(v, digits) for v in value]
    if isinstance(value, float) and np.isfinite(value):
        short = float(f"{value:.{digits}g}")
        small = short.is_integer() and abs(short) < 1e6 and str(short) != "-0.0"
        return int(short) if small else short
    return value


def label(name, kwargs, *more):
    """A readable test id: ``Dense(units=3)``."""
    inside = ",".join(f"{k}={v}" for k, v in kwargs.items())
    return "-".join([f"{name}({inside})".replace(" ", "").replace("'", ""), *map(str, more)])


def finish(family, tolerances, cases):
    """Number repeated ids, then write the file, or with --check compare with it."""
    seen = {}
    for case in cases:
        seen[case["id"]] = seen.get(case["id"], 0) + 1
        if seen[case["id"]] > 1:
            case["id"] += f"-{seen[case['id']]}"
        assert case["tolerance"] in tolerances, case["id"]
    cases = plain(cases)
    path = FOLDER / f"{family}.json"
    if "--check" in sys.argv:
        return check(path, cases)
    packages = ("keras", "torch", "jax", "numpy", "scikit-learn", "tensorflow-cpu")
    there = {d.name for d in importlib.metadata.distributions()}
    made_with = {p: importlib.metadata.version(p) for p in packages if p in there}
    made_with["backend"] = os.environ["KERAS_BACKEND"]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(
        '{"made_with":' + json.dumps(made_with) + ',\n"tolerances":'
        f"{json.dumps(tolerances, indent=1)},\n" + '"cases":[\n' + lines + "\n]}\n"
    )
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size / 1024:.0f} kB")


def load_cases(path):
    return json.loads(path.read_text())["cases"]


def check(path, cases):
    """Compare a fresh computation with the stored file; every difference is printed."""
    stored = load_cases(path)
    assert [c["id"] for c in stored] == [c["id"] for c in cases], "the cases differ"
    bad = 0
    for old, new in zip(stored, cases, strict=True):
        for key in new:
            gap = distance(old[key], new[key])
            if gap > 1e-6:
                bad += 1
                print(f"{old['id']}: {key} differs by {gap:.3g}")
    print(f"{path.name}: {len(cases)} cases checked, {bad} differences")


def distance(a, b):
    """The largest difference of two pieces of JSON data, relative above 1."""
    if isinstance(a, dict):
        return max((distance(a[k], b[k]) for k in a), default=0.0)
    if isinstance(a, list):
        if len(a) != len(b):
            return np.inf
        return max((distance(x, y) for x, y in zip(a, b, strict=True)), default=0.0)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        if a == b or (a != a and b != b):
            return 0.0
        return abs(a - b) / max(1.0, abs(a))
    return 0.0 if a == b else np.inf
