"""What the name of a file promises: models and weights are written as safetensors only."""

from __future__ import annotations

from pathlib import Path

from neurona.core import origin
from neurona.errors import ArgumentError

# Endings that scripts for Keras give: they go on running, and are told what the file is
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


def check_written(path: Path) -> None:
    """Refuse a name of another format, and warn of the endings of Keras's files."""
    check_ending(path)
    ending, ours = path.suffix.lower(), path.with_suffix(".safetensors").name
    if ending in _KERAS:
        origin.warn(
            f"{path.name} is written in neurona's format, safetensors: it is no {_KERAS[ending]}, "
            f"and Keras cannot read it. Call it {ours}."
        )
