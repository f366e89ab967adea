"""LLVM, through llvmlite: imported and set up when it is first needed."""

from __future__ import annotations

import importlib.util
from typing import Any

from neurona.engines.native.once import once
from neurona.errors import EngineError


@once
def llvm() -> Any:
    """Return llvmlite's binding of LLVM, ready for this machine.

    Raises:
        EngineError: if llvmlite is not installed, or its library does not load.
    """
    try:
        import llvmlite.binding as binding
    except (ImportError, OSError) as error:
        raise EngineError(
            "the native engine needs llvmlite.",
            got=str(error),
            hint='pip install llvmlite, or stay with engine="reference"',
        ) from error
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    binding.initialize_native_asmparser()
    return binding


@once
def every_target() -> None:
    """Make LLVM ready to write code for machines of other kinds, too."""
    llvm().initialize_all_targets()
    llvm().initialize_all_asmprinters()


def installed() -> bool:
    """Whether llvmlite is installed; it need not be imported for that."""
    return importlib.util.find_spec("llvmlite") is not None


def version() -> str:
    """Return the versions of LLVM and llvmlite, which decide what code comes out."""
    import llvmlite

    return f"LLVM {'.'.join(map(str, llvm().llvm_version_info))} llvmlite {llvmlite.__version__}"
