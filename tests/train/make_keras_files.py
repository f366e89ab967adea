"""Write keras_files/: small models as Keras 3 saves them, and what they predict.

    KERAS_BACKEND=jax python tests/train/make_keras_files.py

The archives are packed again, and the HDF5 files with gzip: as Keras writes them most is zeros.
"""

import gzip
import json
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras_file_models import MODELS

FOLDER = Path(__file__).parent / "keras_files"
ADAPTED = {"mean", "variance", "count"}  # of Normalization


def packed(path):
    """The same archive, with its parts deflated."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)


def main():
    FOLDER.mkdir(exist_ok=True)
    expected = {"made_with": {"keras": keras.__version__}}
    for name, make in MODELS.items():
        keras.utils.clear_session()
        keras.utils.set_random_seed(7)
        model, x, y = make(keras)
        rng = np.random.default_rng(7)
        for w in model.weights:
            if w.name not in ADAPTED:
                w.assign(rng.uniform(0.1, 0.9, w.shape))
        model.fit(x, y, epochs=3, batch_size=2, shuffle=False, verbose=0)
        model.save(FOLDER / f"{name}.keras")
        packed(FOLDER / f"{name}.keras")
        for ending, write in ((".h5", model.save), (".weights.h5", model.save_weights)):
            path = FOLDER / f"{name}{ending}"
            write(path)
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            path.unlink()
        outputs = model.predict(x, verbose=0)
        expected[name] = {
            "outputs": [o.tolist() for o in (outputs if isinstance(outputs, list) else [outputs])],
            "weights": [w.numpy().tolist() for w in model.weights if w.name != "count"],
            "iterations": int(model.optimizer.iterations),
        }
    (FOLDER / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
