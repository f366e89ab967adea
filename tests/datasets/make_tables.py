"""Write the small tables that ship with the package, from scikit-learn's copies of them.

    python tests/datasets/make_tables.py src/neurona/datasets/embedded

Decimal numbers become integers and a power of ten for each column, so that they come back to the
last bit. Also writes `tables.json` beside this file: sums by which a test knows them.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn import datasets

known = {}
for name in ("iris", "wine", "breast_cancer"):
    found = getattr(datasets, f"load_{name}")()
    decimals = []
    for column in found.data.T:
        fitting = (k for k in range(9) if (np.rint(column * 10.0**k) / 10.0**k == column).all())
        decimals.append(next(fitting))
    scaled = np.rint(found.data * 10.0 ** np.array(decimals)).T
    kind = np.min_scalar_type(int(scaled.max()))
    np.savez_compressed(
        Path(sys.argv[1], f"{name}.npz"),
        x=scaled.astype(kind), decimals=np.array(decimals, np.uint8),
        y=found.target.astype(np.uint8),
    )  # fmt: skip
    known[name] = {
        "sums": found.data.sum(axis=0).tolist(), "rows": found.data[::25].tolist(),
        "y": np.bincount(found.target).tolist(), "features": list(found.feature_names),
        "classes": found.target_names.tolist(),
    }  # fmt: skip
Path(__file__).with_suffix(".json").with_stem("tables").write_text(json.dumps(known) + "\n")
