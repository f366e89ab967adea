"""NativeProgram: machine code that computes, keeps state, and can be explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurona.core.shapes import Spec
from neurona.engines import session
from neurona.engines.native.explain import explain
from neurona.engines.native.run.executable import Executable
from neurona.engines.native.run.session import Session, State
from neurona.engines.program import Program


@dataclass
class NativeProgram(Program):
    """A Program of machine code; see `Program`."""

    run: Executable

    def session(
        self, specs: Sequence[Spec], changed: Sequence[int], state: session.State | None = None
    ) -> Session | None:
        """Keep the state in arrays of our own; not if a node has no native code."""
        if not self.run.native:
            return None
        shared = State(len(specs)) if state is None else state
        assert isinstance(shared, State)
        return Session(self.run, shared, changed)

    def detail(self, timed: bool) -> list[str]:
        """Describe the kernels."""
        return explain(self.run.schedule, timed)
