"""The addresses that a kernel works with are its parameters; its callers look them up.

So kernels that do the same in other places, as the layers of a deep model do, are one function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurona.engines.native.fusion import Fusion
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.memory import Memory

if TYPE_CHECKING:
    from neurona.engines.native.emit import Emission


class Parameters(dict):
    """Names of addresses, in the order in which they are first asked for.

    Keys are the root of a value, "work0" and so on for workspaces, "status", (kernel, constant)
    for the constants of a loop, ("fault", value) for the number by which the node of a value says
    that an error is its own, and what `view` makes.
    """

    def __init__(self, fusion: Fusion) -> None:
        super().__init__()
        self.fusion = fusion

    def __missing__(self, key: Any) -> str:
        self[key] = f"%p{len(self)}"
        return self[key]

    @property
    def keys_in_order(self) -> list[Any]:
        """What the parameters are."""
        return list(self)

    def declared(self) -> list[str]:
        """The parameters as LLVM declares them."""
        return [f"ptr {name}" for name in self.values()]

    def view(self, v: int) -> str:
        """The address of the first element of a value."""
        layout = self.fusion.layouts[v]
        offset = layout.offset * self.fusion.specs[v].dtype.itemsize
        return self["view", layout.root, offset] if offset else self[layout.root]


def address(f: Function, emission: Emission, time: int, key: Any) -> str:
    """Write the address that a parameter of a kernel, the one at place `time`, stands for."""
    memory = emission.memory
    if isinstance(key, tuple) and key[0] == "view":
        return f.let(f"getelementptr i8, ptr {address(f, emission, time, key[1])}, i64 {key[2]}")
    if isinstance(key, tuple) and key[0] == "fault":
        number = f.module.fault((emission.prefix, key[1]), emission.fusion.makers[key[1]])
        return f"inttoptr (i64 {number} to ptr)"
    if isinstance(key, str) and key != "status":
        key = (time, int(key.removeprefix("work")))
    slot = Memory.STATUS if key == "status" else memory.slots.get(key)
    if slot is not None:
        return _load(f, slot)
    return f.let(f"getelementptr i8, ptr {_load(f, Memory.ARENA)}, i64 {memory.offsets[key]}")


def _load(f: Function, slot: int) -> str:
    return f.let(f"load ptr, ptr {f.address('%table', 'ptr', slot)}")
