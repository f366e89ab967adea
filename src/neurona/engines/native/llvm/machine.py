"""Machine: what code is made for, and what its vector unit can do."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

from neurona import config
from neurona.engines.native.llvm.binding import llvm
from neurona.errors import check_choice


@dataclass(frozen=True)
class Machine:
    """A kind of processor.

    Attributes:
        name: "host", or one of `config.TARGETS`.
        triple: architecture, vendor and system, as LLVM names them.
        cpu: the processor, as LLVM names it.
        features: what it has beside or lacks, as LLVM lists it: "+fma,-avx512f".
        vector_bytes: size of a vector register: 64, 32 or 16.
        registers: number of vector registers.
        fma: whether a * b + c is one instruction; without it, LLVM calls a slow function for
            `llvm.fma`, so write a product and a sum.
        masks: whether a load or store of some lanes is one instruction; without it, LLVM writes
            a branch for each lane.
    """

    name: str
    triple: str
    cpu: str
    features: str
    vector_bytes: int
    registers: int
    fma: bool
    masks: bool

    @staticmethod
    @functools.cache
    def host() -> Machine:
        """Return the machine that this process runs on."""
        binding = llvm()
        triple = binding.get_process_triple()
        has = binding.get_host_cpu_features()
        wide = {"avx512f", "avx512vl", "avx512bw", "avx512dq"}
        if not _x86(triple):  # AArch64 has fused products, others may not
            kind = (16, 32, _architecture(triple) == "aarch64", False)
        elif all(has.get(feature) for feature in wide):
            kind = (64, 32, True, True)
        elif has.get("avx2") and has.get("fma"):
            kind = (32, 16, True, True)
        else:
            kind = (16, 16, bool(has.get("fma")), False)
        if os.name == "nt":
            triple += "-elf"  # LLVM's loader takes no COFF objects
        return Machine("host", triple, binding.get_host_cpu_name(), has.flatten(), *kind)

    @staticmethod
    @functools.cache
    def named(name: str) -> Machine:
        """Return a machine by its name, one of `config.TARGETS`.

        Args:
            name: "host"; "avx512" (x86-64-v4), "avx2" (x86-64-v3), "baseline" (x86-64, SSE2);
                "neon" (AArch64, Linux), "apple" (M1, macOS).
        """
        here = Machine.host()
        if check_choice("target", name, config.TARGETS) == "host":
            return here
        x86 = here.triple if _x86(here.triple) else "x86_64-unknown-linux-gnu"
        arm = here.triple if _architecture(here.triple) == "aarch64" else "aarch64-linux-gnu"
        return {
            "avx512": Machine(name, x86, "x86-64-v4", "", 64, 32, True, True),
            "avx2": Machine(name, x86, "x86-64-v3", "", 32, 16, True, True),
            "baseline": Machine(name, x86, "x86-64", "", 16, 16, False, False),
            "neon": Machine(name, arm, "generic", "", 16, 32, True, False),
            "apple": Machine(name, "arm64-apple-macosx", "apple-m1", "", 16, 32, True, False),
        }[name]

    @staticmethod
    def chosen() -> Machine:
        """Return the machine of the setting: `config.target()`."""
        return Machine.named(config.target())

    @property
    def runs_here(self) -> bool:
        """Whether this process can run code made for it."""
        here = Machine.host()
        return (
            self.triple == here.triple
            and self.vector_bytes <= here.vector_bytes
            and self.fma <= here.fma
        )

    @property
    def architecture(self) -> str:
        """The family of instructions: "x86_64", "aarch64" or another that LLVM knows."""
        return _architecture(self.triple)

    @property
    def attributes(self) -> str:
        """The attributes of every function: LLVM uses vectors of 64 bytes only if it is told."""
        if self.vector_bytes < 64:
            return "nounwind"
        return 'nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512"'

    def lanes(self, itemsize: int) -> int:
        """Return how many elements of `itemsize` bytes a vector register holds."""
        return self.vector_bytes // itemsize


def _architecture(triple: str) -> str:
    name = triple.partition("-")[0]
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(name, name)


def _x86(triple: str) -> bool:
    return _architecture(triple) == "x86_64"
