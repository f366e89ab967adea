"""Numbers too small for a full mantissa count as zero inside of the engine's own calls.

Arithmetic on denormals is up to a hundred times slower, and moments of weights that never get
a gradient decay into them. The mode belongs to a thread: what sets it restores it on return, and
each thread of a team sets its own. The rest of the mode is the usual one, rounding to nearest:
results do not depend on what the caller has set, nor on who works for it.
"""

from __future__ import annotations

from neurona.engines.native.llvm.machine import Machine

_X86 = """
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
define internal i64 @flush_denormals() noinline nounwind {
  %place = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %place)
  %old = load i32, ptr %place
  store i32 40896, ptr %place ; 0x9FC0: no traps, flush results, take arguments as zero
  call void @llvm.x86.sse.ldmxcsr(ptr %place)
  %mode = zext i32 %old to i64
  ret i64 %mode
}
define internal void @restore_denormals(i64 %mode) noinline nounwind {
  %place = alloca i32
  %old = trunc i64 %mode to i32
  store i32 %old, ptr %place
  call void @llvm.x86.sse.ldmxcsr(ptr %place)
  ret void
}
"""

_ARM = """
declare i64 @llvm.aarch64.get.fpcr()
declare void @llvm.aarch64.set.fpcr(i64)
define internal i64 @flush_denormals() noinline nounwind {
  %mode = call i64 @llvm.aarch64.get.fpcr()
  call void @llvm.aarch64.set.fpcr(i64 16777216) ; bit 24, FZ
  ret i64 %mode
}
define internal void @restore_denormals(i64 %mode) noinline nounwind {
  call void @llvm.aarch64.set.fpcr(i64 %mode)
  ret void
}
"""

_NONE = """
define internal i64 @flush_denormals() nounwind { ret i64 0 }
define internal void @restore_denormals(i64 %mode) nounwind { ret void }
"""


def denormals_ir(machine: Machine) -> str:
    """Return the IR of two functions, for a module's text.

    `i64 @flush_denormals()` sets the mode of its thread and returns the one before;
    `void @restore_denormals(i64)` sets that again.
    """
    return {"x86_64": _X86, "aarch64": _ARM}.get(machine.architecture, _NONE).lstrip()
