"""Compile and call kernels on their own, without the engine around them."""

import ctypes
from dataclasses import dataclass

import llvmlite.binding as llvm
import numpy as np

from neurona.engines.native.text import Module


@dataclass(frozen=True)
class Target:
    """A processor to write kernels for: LLVM's names, and what `plan` asks about it."""

    name: str
    features: str
    vector_bytes: int
    registers: int


HOST = "host"
AVX2 = Target("haswell", "", 32, 16)
BASELINE = Target("x86-64", "", 16, 16)


def host() -> Target:
    """The processor that runs this."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    wide = features.get("avx512f", False)
    size = 64 if wide else 32 if features.get("avx2", False) else 16
    return Target(llvm.get_host_cpu_name(), features.flatten(), size, 32 if wide else 16)


class Kernels:
    """Machine code of a module's kernels, called by name."""

    def __init__(self, module: Module, target: Target, level: int = 3) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        parsed = llvm.parse_assembly(str(module))
        parsed.verify()
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=target.name, features=target.features, opt=level
        )
        options = llvm.create_pipeline_tuning_options(level)
        passes = llvm.create_pass_builder(machine, options)
        passes.getModulePassManager().run(parsed, passes)
        self.engine = llvm.create_mcjit_compiler(parsed, machine)
        self.engine.finalize_object()
        self.machine, self.parsed = machine, parsed

    def assembly(self) -> str:
        return self.machine.emit_assembly(self.parsed)

    def __getitem__(self, name: str):
        address = self.engine.get_function_address(name)
        return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(address)


def table(*arrays: np.ndarray):
    """An array of the arrays' addresses."""
    return (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])
