"""DTypePolicy: which element types layers compute in and keep their parameters in.

Keras's policies for graphics cards compute in 16 bits. Processors have no fast 16-bit arithmetic
for all operations, so such a policy is taken for float32, with one warning: a script that asks for
it runs, and its numbers are the more exact ones.
"""

from __future__ import annotations

import warnings
from typing import Any

from neurona.errors import ArgumentError

COMPUTED = {  # name of a policy -> what is computed in
    "float32": "float32",
    "float64": "float64",
    "mixed_float16": "float32",
    "mixed_bfloat16": "float32",
    "float16": "float32",
    "bfloat16": "float32",
}
_warned: set[str] = set()


class DTypePolicy:
    """The element types of a layer: of what it computes, and of its parameters.

    Args:
        name: "float32" or "float64". The 16-bit policies of Keras ("mixed_float16",
            "mixed_bfloat16", "float16", "bfloat16") are taken for float32, with one warning.

    Attributes:
        compute_dtype, variable_dtype: the same type here, always.

    Raises:
        ArgumentError: if there is no such policy; names of quantised ones say why.

    >>> DTypePolicy("float64").compute_dtype
    'float64'
    """

    def __init__(self, name: Any = "float32") -> None:
        if isinstance(name, DTypePolicy):
            name = name.name
        if name not in COMPUTED:
            quantised = str(name).startswith(("int", "float8", "gptq", "awq"))
            raise ArgumentError(
                "there is no quantised arithmetic here." if quantised else "unknown dtype policy.",
                got=repr(name),
                expected="one of " + ", ".join(COMPUTED),
                hint='"float32"',
            )
        if COMPUTED[name] != name and name not in _warned:
            _warned.add(name)
            warnings.warn(
                f"the dtype policy {name!r} is taken for float32: a processor has no fast 16-bit "
                "floats. The numbers are the more exact ones.",
                stacklevel=2,
            )
        self._name = name

    @property
    def name(self) -> str:
        """The name that it was made with."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The type that layers compute in."""
        return COMPUTED[self._name]

    variable_dtype = compute_dtype
    quantization_mode = None

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Make a policy from `get_config()`."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


def get(identifier: Any) -> DTypePolicy:
    """Return a policy by its name, its config, or the policy itself.

    >>> get("float32")
    <DTypePolicy "float32">
    """
    return deserialize(identifier) if isinstance(identifier, dict) else DTypePolicy(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return a policy as JSON values."""
    return {
        "module": "keras", "class_name": "DTypePolicy", "config": dtype_policy.get_config(),
        "registered_name": None,
    }  # fmt: skip


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> DTypePolicy:
    """Return the policy that `serialize` told.

    >>> deserialize(serialize(DTypePolicy("float64")))
    <DTypePolicy "float64">
    """
    name = config.get("config", {}).get("name") if isinstance(config, dict) else config
    return DTypePolicy(name)
