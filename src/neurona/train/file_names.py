"""What the name of a file promises: safetensors, or a file of Keras's if its name says so."""

from __future__ import annotations

from pathlib import Path

from neurona.errors import ArgumentError

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


def is_archive(path: Path) -> bool:
    """Say whether a name promises an archive of Keras's."""
    return path.suffix.lower() == ".keras"


def is_of_keras(path: Path) -> bool:
    """Say whether a name promises a file of Keras's: its archive, or HDF5."""
    return is_archive(path) or path.suffix.lower() in (".h5", ".hdf5")
