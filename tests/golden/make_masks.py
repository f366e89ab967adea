"""Write masks.json: 100 training steps of models of padded sequences, under Keras 3.

Run as writing.py says. As in make_training.py, ``--single`` prints how far float32 alone carries
the numbers.
"""

import sys

import keras
import numpy as np
from mask_problem import PROBLEMS, data, evaluation, losses, model
from writing import FOLDER, double_precision, finish, load_cases

if "--single" not in sys.argv:
    double_precision()
TOLERANCES = {
    "curve": {
        "rtol": 2e-5,
        "atol": 1e-5,
        "why": "float32 Keras on JAX stays within 3e-6 of float64 over the 100 steps",
    },
}
CASES = []
for problem in PROBLEMS:
    x, y, weight = data(problem)
    made = model(keras, problem)
    untrained = evaluation(made, x, y, weight)
    curve = losses(made, x, y, weight)
    CASES.append(
        {"id": problem, "tolerance": "curve", "losses": np.array(curve), "untrained": untrained,
         "evaluation": evaluation(made, x, y, weight),
         "weight_sums": np.array([np.abs(w).sum() for w in made.get_weights()])}
    )  # fmt: skip
    print(f"{problem}: loss {curve[0]:.4f} to {curve[-1]:.4f}, {CASES[-1]['evaluation']}")
if "--single" in sys.argv:
    for old, new in zip(load_cases(FOLDER / "masks.json"), CASES, strict=True):
        for key in ("losses", "weight_sums"):
            gap = np.abs(np.array(old[key]) - new[key]).max()
            print(f"{old['id']}: {key} in float32 differ by at most {gap:.2g}")
else:
    finish("masks", TOLERANCES, CASES)
