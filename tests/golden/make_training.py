"""Write training.json: the loss of 100 training steps of four tiny models, under Keras 3.

Run as writing.py says. Stored in float64; float32 runs of the same script (``--single``, on
PyTorch and on JAX) print how far rounding alone carries the losses, which is what the tolerance
has to allow.
"""

import sys

import keras
import numpy as np
from training_problem import PROBLEMS, data, losses, model
from writing import FOLDER, double_precision, finish, load_cases

if "--single" not in sys.argv:
    double_precision()
TOLERANCES = {
    "curve": {
        "rtol": 1e-5,
        "atol": 1e-5,
        "why": "float32 Keras, on PyTorch and JAX, stays within 6e-6 (Adam), 4e-7 (SGD) of float64",
    },
}
CASES = []
for problem in PROBLEMS:
    x, y = data(problem)
    made = model(keras, problem)
    curve = losses(made, x, y)
    output = np.asarray(made.predict(x[:5], verbose=0))
    CASES.append(
        {"id": problem, "tolerance": "curve", "losses": np.array(curve), "predictions": output,
         "weight_sums": np.array([np.abs(w).sum() for w in made.get_weights()])}
    )  # fmt: skip
    print(f"{problem}: loss {curve[0]:.4f} to {curve[-1]:.4f}")
if "--single" in sys.argv:
    for old, new in zip(load_cases(FOLDER / "training.json"), CASES, strict=True):
        for key in ("losses", "predictions", "weight_sums"):
            gap = np.abs(np.array(old[key]) - new[key]).max()
            print(f"{old['id']}: {key} in float32 differ by at most {gap:.2g}")
else:
    finish("training", TOLERANCES, CASES)
