"""The addresses that a routine works with are its parameters; its callers look them up.

So kernels that do the same in other places, as the layers of a deep model do, are one function.
"""

from __future__ import annotations

from typing import Any

from neurona.engines.native.schedule import Argument, Routine


class Parameters(dict[Any, str]):
    """What a routine's parameters are called, in order.

    Keys are the root of a value, or an Argument that begins further on; "work0" and so on for
    workspaces; ("constant", key) for the constants of a loop; "status"; ("fault", value) for the
    number by which the node of a value says that an error is its own.
    """

    def __init__(self, routine: Routine) -> None:
        self.fusion = routine.fusion
        keys: list[Any] = [o if o.offset else o.root for o in routine.arguments]
        keys += [f"work{i}" for i in range(len(routine.works))]
        if routine.body is not None:
            keys += [("constant", key) for key in routine.body.constants]
        if routine.reports:
            keys += ["status", *(("fault", n.outputs[0]) for n in routine.reporting)]
        super().__init__((key, f"%p{i}") for i, key in enumerate(keys))

    @property
    def declared(self) -> list[str]:
        """The parameters as LLVM declares them."""
        return [f"ptr {name}" for name in self.values()]

    def view(self, v: int) -> str:
        """The address of the first element of a value."""
        layout = self.fusion.layouts[v]
        offset = layout.offset * self.fusion.specs[v].dtype.itemsize
        return self[Argument(layout.root, offset)] if offset else self[layout.root]
