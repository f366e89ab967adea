"""The native engine: a Graph becomes machine code, through LLVM."""

from __future__ import annotations

import sys

from neurona import config
from neurona.core.graph import Graph
from neurona.engines.native.emit import Emission
from neurona.engines.native.explain import shown
from neurona.engines.native.fuse import fuse
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.program import NativeProgram
from neurona.engines.native.run.executable import Executable
from neurona.engines.native.simplify import simplify
from neurona.engines.program import Program


def compile(graph: Graph) -> Program:
    """Return a Program of machine code.

    simplify: no identities, nothing computed twice, constants computed now.
    fuse: nodes to kernels, views to strides.
    emit: kernels that go through rows together, places in memory, and LLVM IR of all kernels.
    assemble: machine code, from the cache where it was made before.

    `config.debug()` says what is checked and shown on the way.
    """
    simple = simplify(graph)
    if config.debug():
        simple.check()
    fusion = fuse(simple)
    emission = Emission(fusion, Machine.chosen())
    text = str(emission.module)
    if lines := shown(emission, text, config.debug()):
        print(*lines, sep="\n", file=sys.stderr)  # before LLVM has its say
    return NativeProgram(graph, Executable(emission, text), "native")
