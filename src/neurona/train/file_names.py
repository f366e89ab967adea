"""What the name of a file promises: safetensors, or a file of Keras's if its name says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurona.core import origin
from neurona.errors import ArgumentError
from neurona.files import write_bytes
from neurona.train.keras_files import hdf5
from neurona.train.keras_files.writing import Unwritable

# Endings that scripts for Keras give; what the files are if they are what their names say
_KERAS = {".keras": "archive of Keras's", ".h5": "HDF5 file", ".hdf5": "HDF5 file"}
_OTHERS = {
    ".pt": "PyTorch", ".pth": "PyTorch", ".bin": "PyTorch", ".ckpt": "PyTorch and TensorFlow",
    ".pkl": "pickle, which can run any code", ".pickle": "pickle, which can run any code",
    ".joblib": "joblib, which can run any code", ".npz": "NumPy", ".npy": "NumPy",
    ".json": "text", ".yaml": "text", ".txt": "text", ".csv": "tables", ".onnx": "ONNX",
    ".tflite": "TensorFlow Lite", ".pb": "TensorFlow", ".zip": "archives", ".mat": "MATLAB",
    ".gguf": "llama.cpp", ".png": "images", ".html": "pages",
}  # fmt: skip
_INSTEAD = {
    ".npz": "; np.savez(path, *model.get_weights()) writes arrays for NumPy",
    ".npy": "; np.savez(path, *model.get_weights()) writes arrays for NumPy",
    ".json": "; open(path, 'w').write(model.to_json()) writes the architecture as text",
}


def check_ending(path: Path) -> None:
    """Refuse a name that says that the file is something else.

    Raises:
        ArgumentError: for an ending of another format.
    """
    ending, ours = path.suffix.lower(), path.with_suffix(".safetensors").name
    if ending in _OTHERS:
        raise ArgumentError(
            f"files that end with {ending} are of another format: {_OTHERS[ending]}.",
            got=path.name,
            expected="a name such as model.safetensors",
            hint=f"{ours}{_INSTEAD.get(ending, '')}",
        )


def write_as_named(path: Path, of_keras: Callable[[], bytes], ours: Callable[[], None]) -> None:
    """Write what the name says: a file of Keras's, or one in neurona's format.

    Where h5py is not installed, or Keras could not read the file, it is written in neurona's format
    with a warning: most scripts only want the model back.

    Args:
        path: the file.
        of_keras: returns the content of a file of Keras's.
        ours: writes the file in neurona's format.
    """
    ending, other = path.suffix.lower(), path.with_suffix(".safetensors").name
    if ending not in _KERAS:
        ours()
        return
    reason = f"h5py is not installed ({hdf5.INSTALL})"
    if hdf5.installed():
        try:
            write_bytes(path, of_keras())
            return
        except Unwritable as cause:
            reason = str(cause)
    ours()
    origin.warn(
        f"{path.name} is written in neurona's format, safetensors: it is no {_KERAS[ending]}, "
        f"and Keras cannot read it, since {reason}. Call it {other}."
    )
