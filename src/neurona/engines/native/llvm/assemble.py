"""From LLVM IR to addresses of native functions.

    IR text --parse--> module --passes--> module --code generation--> object --link--> addresses

An object is the same whether it was just made or comes from the cache of earlier runs; only linking
knows addresses. The IR holds explicit vector code, so few passes do what LLVM's own pipeline does
on it, in a tenth of the time: calls of `alwaysinline` functions are replaced by their bodies, and
stack slots become registers.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from neurona import config
from neurona.engines.native.cores import thread_count
from neurona.engines.native.llvm.binding import every_target, llvm
from neurona.engines.native.llvm.cache import ObjectCache
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.pieces import only_calls, split
from neurona.engines.native.once import once
from neurona.errors import EngineError, unknown

PASSES = (
    "always_inliner",
    "sroa",
    "simplify_cfg",
    "dead_code_elimination",
    "global_dead_code_eliminate",
)
_EXPORTED = re.compile(r"^define(?! +(?:internal|private)\b)[^@\n]*@([\w.$]+)\(", re.MULTILINE)
_ELF_MACHINES = {"x86_64": 62, "aarch64": 183}
_numbers = itertools.count()


class Code:
    """Machine code in memory, there as long as this object.

    Attributes:
        compiled: how many of its modules had to be compiled; the others came from the cache.
    """

    def __init__(self, objects: Sequence[bytes], names: Sequence[str], compiled: int) -> None:
        self.compiled = compiled
        self.names = tuple(names)
        library = llvm().JITLibraryBuilder().add_current_process()
        for name in names:
            library.export_symbol(name)
        try:
            for image in objects:
                if _is_foreign(image):
                    raise RuntimeError("it is for another kind of processor")
                library.add_object_img(image)
            self._library = library.link(_linker(), f"code{next(_numbers)}")
        except RuntimeError as error:
            raise _rejected(error) from error

    def address(self, name: str) -> int:
        """Return where a function starts; valid as long as this object."""
        if name not in self.names:
            raise unknown("function", name, self.names)
        return self._library[name]


def _is_foreign(image: bytes) -> bool:
    """Whether an object is for another kind of processor; LLVM would load and call it."""
    kind = _ELF_MACHINES.get(Machine.host().architecture)
    return image.startswith(b"\x7fELF") and kind not in (
        None,
        int.from_bytes(image[18:20], "little"),
    )


def assemble(ir: str | Sequence[str], machine: Machine | None = None, *, level: int = 2) -> Code:
    """Compile and load LLVM IR.

    Args:
        ir: text of one module, or of several that may call each other. They are cached one by
            one, and compiled by several threads; so are the pieces of a long module. No `target`
            lines. Functions that are not `internal` get an address.
        machine: what to compile for, the one of `config.target()` by default.
        level: 0 compiles fastest, for code that runs once; 2 is right for kernels; 3 runs the whole
            pipeline of LLVM, which takes twice as long and gains where IR was written carelessly.

    Raises:
        EngineError: if LLVM rejects it, or this machine cannot run it.
    """
    machine = _checked(machine)
    texts = [ir] if isinstance(ir, str) else list(ir)
    names = [name for text in texts for name in _EXPORTED.findall(text)]
    texts = [piece for text in texts for piece in split(text)]
    cache = ObjectCache.chosen()
    if cache is None:
        return Code(_compile_all(texts, machine, level), names, len(texts))
    parts = {cache.key(text, machine, level): text for text in texts}
    kept = {key: image for key in parts if (image := cache.get(key)) is not None}

    def compiled(parts: dict[str, str]) -> list[bytes]:
        made = _compile_all(list(parts.values()), machine, level)
        for key, image in zip(parts, made, strict=True):
            cache.put(key, image)
        return made

    made = compiled({key: text for key, text in parts.items() if key not in kept})
    code = _linked([*kept.values(), *made], names, len(made), cache, bool(kept))
    if code is None:
        made += compiled({key: parts[key] for key in kept})
        code = Code(made, names, len(made))
    cache.tell()
    return code


def recall(
    key: Callable[[], str | None], names: Sequence[str], write: Callable[[], str],
    machine: Machine | None = None,
) -> Code:  # fmt: skip
    """Load what was kept under a key; if nothing was, assemble what is written now, and keep it.

    Args:
        key: returns what decides what is written, machine and LLVM aside; None if nothing does.
        names: of the functions that get an address.
        write: returns the text of a module.
        machine: as in `assemble`.
    """
    machine = _checked(machine)
    cache = ObjectCache.chosen()
    found = key() if cache else None
    if cache is None or found is None:
        return assemble(write(), machine)
    entry = cache.key(f"written by key {found}", machine, 2)
    kept = cache.get(entry)
    code = _linked(_unpacked(kept), names, 0, cache, True) if kept is not None else None
    if code is None:
        made = _compile_all(split(write()), machine, 2)
        cache.put(entry, _packed(made))
        code = Code(made, names, len(made))
    cache.tell()
    return code


def _linked(
    objects: Sequence[bytes], names: Sequence[str], compiled: int, cache: ObjectCache,
    any_kept: bool,
) -> Code | None:  # fmt: skip
    """Load objects; None if LLVM refuses them, and some were kept in the cache."""
    try:
        return Code(objects, names, compiled)
    except EngineError as error:
        if not any_kept:
            raise
        cache.refused(error.got.rstrip("."))
        return None


def _packed(objects: Sequence[bytes]) -> bytes:
    """Several objects as one entry of the cache: each behind its length."""
    return b"".join(len(image).to_bytes(8, "little") + image for image in objects)


def _unpacked(entry: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(entry):
        start = at + 8
        at = start + int.from_bytes(entry[at:start], "little")
        found.append(entry[start:at])
    return found


def _checked(machine: Machine | None) -> Machine:
    machine = machine or Machine.chosen()
    if not machine.runs_here:
        raise EngineError(
            "this machine cannot run the target's code.",
            got=f"target {machine.name!r} ({machine.cpu})",
            hint="leave NEURONA_TARGET unset",
        )
    return machine


def check_ir(ir: str, machine: Machine, *, level: int = 2) -> bytes:
    """Verify IR and return its object for any machine, also of another kind than this one."""
    every_target()
    return _compile(ir, machine, level, verify=True)


def assembly(ir: str, machine: Machine | None = None, *, level: int = 2) -> str:
    """Return what LLVM makes of IR, as text of the machine's assembly language."""
    every_target()
    with _optimised(ir, machine or Machine.chosen(), level, verify=True) as (target, module):
        return target.emit_assembly(module)


def _compile_all(texts: Sequence[str], machine: Machine, level: int) -> list[bytes]:
    """Compile each module, the longest first, by as many threads as may be used."""
    objects = [b""] * len(texts)
    todo = iter(sorted(range(len(texts)), key=lambda i: -len(texts[i])))
    failures: list[BaseException] = []

    def work() -> None:
        for i in todo:
            try:
                reached = 0 if only_calls(texts[i]) else level
                objects[i] = _compile(texts[i], machine, reached, verify=config.debug() > 0)
            except BaseException as error:  # raised below, by the caller's thread
                failures.append(error)

    count = min(len(texts), thread_count())
    team = [threading.Thread(target=work) for _ in range(count - 1)]
    for thread in team:
        thread.start()
    work()
    for thread in team:
        thread.join()
    if failures:
        raise failures[0]
    return objects


def _compile(text: str, machine: Machine, level: int, *, verify: bool) -> bytes:
    with _optimised(text, machine, level, verify) as (target, module):
        return _emit(target, module)


@contextlib.contextmanager
def _optimised(text: str, machine: Machine, level: int, verify: bool) -> Iterator[tuple[Any, Any]]:
    """Give LLVM's machine, and the module that its passes have improved.

    They are closed in order: the collector of cycles, which would see to it after an error, may
    free a context before its modules.
    """
    binding = llvm()
    target = binding.Target.from_triple(machine.triple).create_target_machine(
        cpu=machine.cpu,
        features=machine.features,
        opt=level,
        reloc="pic",
        codemodel="large" if os.name == "nt" else "small",
        jit=True,
    )
    head = f'target datalayout = "{target.target_data}"\ntarget triple = "{machine.triple}"\n'
    with contextlib.ExitStack() as stack:

        def owned(resource: Any) -> Any:
            stack.callback(resource.close)
            return resource

        owned(target)
        context = owned(binding.create_context())
        try:
            module = owned(binding.parse_assembly(head + text, context))
            if verify:
                module.verify()
        except RuntimeError as error:
            raise _rejected(error) from error
        options = owned(binding.create_pipeline_tuning_options(level))
        options.loop_vectorization = options.slp_vectorization = options.loop_interleaving = False
        builder = owned(binding.create_pass_builder(target, options))
        if level == 3:
            owned(builder.getModulePassManager()).run(module, builder)
        elif level:
            passes = owned(binding.create_new_module_pass_manager())
            for name in PASSES:
                getattr(passes, f"add_{name}_pass")()
            passes.run(module, builder)
        yield target, module


def _emit(target: Any, module: Any) -> bytes:
    """Return the object of a module.

    llvmlite lets one thread at a time into LLVM. Modules have their own contexts here, which is all
    that LLVM asks for, so code generation, by far the longest part, goes past that lock.
    """
    ffi = llvm().ffi
    emit = getattr(ffi.lib.LLVMPY_TargetMachineEmitToMemory, "_cfn", None)
    if emit is None:  # another version of llvmlite, with another lock
        return target.emit_object(module)
    with ffi.OutputString() as error:
        buffer = emit(target, module, 1, error)
        if not buffer:
            raise _rejected(RuntimeError(str(error)))
    try:
        return ctypes.string_at(
            ffi.lib.LLVMPY_GetBufferStart(buffer), ffi.lib.LLVMPY_GetBufferSize(buffer)
        )
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


@once
def _linker() -> Any:
    """One linker for the process; it lays each object into memory of its own."""
    return llvm().create_lljit_compiler(use_jit_link=os.name != "nt")


def _rejected(error: Exception) -> EngineError:
    return EngineError(
        "LLVM rejects the code of the native engine.",
        got=str(error).strip(),
        hint='this is a fault of the engine: report it, and use engine="reference" meanwhile',
    )
