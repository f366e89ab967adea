"""From IR to functions that run: each target, several modules, errors, denormals."""

import ctypes
import gc
import threading

import numpy as np
import pytest

from neurona import config
from neurona.engines.native.llvm.assemble import assemble, assembly, check_ir
from neurona.engines.native.llvm.denormals import denormals_ir
from neurona.engines.native.llvm.machine import Machine
from neurona.errors import ArgumentError, EngineError

RUNNABLE = [n for n in ("host", "avx512", "avx2", "baseline") if Machine.named(n).runs_here]
KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path))


def axpy(machine: Machine, name: str = "k0", linkage: str = "") -> str:
    """y = 3 * x + y over vectors, with accumulators and counters in stack slots."""
    width = machine.lanes(4)
    vector = f"<{width} x float>"
    return f"""
define {linkage} void @{name}(ptr %table, i64 %begin, i64 %end) {machine.attributes} {{
  %counter = alloca i64
  %x = load ptr, ptr %table
  %second = getelementptr ptr, ptr %table, i64 1
  %y = load ptr, ptr %second
  store i64 %begin, ptr %counter
  br label %body
body:
  %i = load i64, ptr %counter
  %at = call i64 @element(i64 %i)
  %px = getelementptr float, ptr %x, i64 %at
  %py = getelementptr float, ptr %y, i64 %at
  %vx = load {vector}, ptr %px, align 4
  %vy = load {vector}, ptr %py, align 4
  %product = fmul {vector} %vx, splat (float 3.0)
  %sum = fadd {vector} %product, %vy
  store {vector} %sum, ptr %py, align 4
  %next = add i64 %i, 1
  store i64 %next, ptr %counter
  %again = icmp ult i64 %next, %end
  br i1 %again, label %body, label %done
done:
  ret void
}}
define internal i64 @element(i64 %i) alwaysinline {{
  %at = mul i64 %i, {width}
  ret i64 %at
}}
"""


def call(code, name, arrays, begin, end):
    table = (ctypes.c_void_p * len(arrays))(*[a.ctypes.data for a in arrays])
    KERNEL(code.address(name))(table, begin, end)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("name", RUNNABLE)
def test_code_for_each_target_computes_its_range_and_no_more(name, level):
    machine = Machine.named(name)
    code = assemble(axpy(machine), machine, level=level)
    x = np.arange(8 * machine.lanes(4), dtype="float32")
    y = np.ones_like(x)
    call(code, "k0", [x, y], 2, 5)
    inside = slice(2 * machine.lanes(4), 5 * machine.lanes(4))
    assert (y[inside] == 3 * x[inside] + 1).all()
    assert y.sum() == (3 * x[inside]).sum() + y.size
    assert code.compiled == 1


def test_full_vectors_slots_in_registers_and_inlined_calls():
    machine = Machine.named("avx512")
    text = assembly(axpy(machine), machine)
    assert "zmm" in text
    assert "rsp" not in text
    assert "element" not in text
    assert "ymm" in assembly(axpy(Machine.named("avx2")), Machine.named("avx2"))


@pytest.mark.parametrize("name", ["neon", "apple", "avx512", "avx2", "baseline"])
def test_code_is_written_for_machines_of_every_kind(name):
    machine = Machine.named(name)
    image = check_ir(axpy(machine) + denormals_ir(machine), machine)
    magic = {"apple": b"\xcf\xfa\xed\xfe"}.get(name, b"\x7fELF")
    assert image.startswith(magic)
    mode = "fpcr" if machine.architecture == "aarch64" else "ldmxcsr"
    assert mode in assembly(use_denormals(machine), machine).lower()


def test_code_of_another_machine_is_not_run():
    other = Machine.named("neon" if Machine.host().architecture == "x86_64" else "avx2")
    with pytest.raises(EngineError, match="cannot run") as error:
        assemble(axpy(other), other)
    assert "NEURONA_TARGET" in str(error.value)


def test_modules_call_each_other_and_the_c_library():
    texts = [
        f"""
declare double @twice{i + 1}(double)
define double @twice{i}(double %x) {{
  %y = fadd double %x, %x
  %z = call double @twice{i + 1}(double %y)
  ret double %z
}}"""
        for i in range(5)
    ]
    texts.append("""
declare double @cbrt(double)
declare ptr @memcpy(ptr, ptr, i64)
declare i64 @syscall(i64, ...)
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
@places = constant [4 x ptr] [ptr @cbrt, ptr @memcpy, ptr @syscall, ptr @pthread_create]
define double @twice5(double %x) {
  %y = call double @cbrt(double %x)
  ret double %y
}""")
    code = assemble(texts)
    assert code.compiled == 6
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(code.address("twice0"))
    assert function(2.0) == pytest.approx(4.0)
    assert assemble(texts).compiled == 0


def test_many_threads_compile_the_same_code_as_one(monkeypatch):
    machine = Machine.host()
    texts = [axpy(machine, f"k{i}") for i in range(24)]
    monkeypatch.setattr(config, "code_cache", lambda: False)
    images = {}
    for threads in (1, 4):
        monkeypatch.setattr(config, "threads", lambda n=threads: n)
        code = assemble(texts)
        assert code.compiled == 24
        images[threads] = [ctypes.string_at(code.address(f"k{i}"), 64) for i in range(24)]
    assert images[1] == images[4]


def test_only_what_is_not_internal_has_an_address():
    machine = Machine.host()
    code = assemble([axpy(machine, "shown"), axpy(machine, "hidden", "internal")])
    assert code.names == ("shown",)
    with pytest.raises(ArgumentError, match="unknown function"):
        code.address("hidden")


def test_code_lives_as_long_as_its_object_and_names_may_repeat():
    machine = Machine.host()
    x = np.ones(machine.lanes(4), "float32")
    kept = assemble(axpy(machine))
    for _ in range(3):
        assert assemble(axpy(machine)).address("k0") != kept.address("k0")
        gc.collect()
    call(kept, "k0", [x, x], 0, 1)
    assert (x == 4).all()


@pytest.mark.parametrize(
    ("ir", "message"),
    [
        ("define void @f() { ret i32 0 }", "rejects"),
        ("define void @f() { %x = }", "rejects"),
        ("declare void @nowhere_to_be_found()\n"
         "define void @f() {\n call void @nowhere_to_be_found()\n ret void\n}",
         "materialize"),  # LLVM itself says on stderr which symbol there is not
    ],
)  # fmt: skip
def test_what_llvm_rejects_is_an_engine_error(ir, message):
    with pytest.raises(EngineError, match=message) as error:
        assemble(ir)
    assert "report it" in str(error.value)


def test_the_ir_is_verified_in_debug_mode(monkeypatch):
    wrong = "define i32 @f(i1 %c) {\n br i1 %c, label %a, label %b\na:\n %x = add i32 1, 1\n"
    wrong += " br label %b\nb:\n ret i32 %x\n}"
    with pytest.raises(EngineError, match="dominate"):
        check_ir(wrong, Machine.host())
    monkeypatch.setattr(config, "debug", lambda: 1)
    with pytest.raises(EngineError, match="dominate"):
        assemble(wrong)


# --- denormals ---------------------------------------------------------------------------------


def use_denormals(machine: Machine) -> str:
    """`mode`, the thread's mode; `enter`, which sets it and stays; `product` of two numbers."""
    return (
        denormals_ir(machine)
        + """
define i64 @mode() {
  %m = call i64 @flush_denormals()
  call void @restore_denormals(i64 %m)
  ret i64 %m
}
define void @enter() {
  %m = call i64 @flush_denormals()
  ret void
}
define void @product(ptr %x) {
  %m = call i64 @flush_denormals()
  %a = load float, ptr %x
  %p = getelementptr float, ptr %x, i64 1
  %b = load float, ptr %p
  %c = fmul float %a, %b
  %q = getelementptr float, ptr %x, i64 2
  store float %c, ptr %q
  call void @restore_denormals(i64 %m)
  ret void
}
"""
    )


@pytest.mark.parametrize("name", RUNNABLE)
@pytest.mark.parametrize(("a", "b"), [(1e-30, 1e-12), (1e-42, 1e30)], ids=["result", "argument"])
def test_denormals_are_zero_inside_and_the_mode_is_restored(name, a, b):
    code = assemble(use_denormals(Machine.named(name)), Machine.named(name))
    mode = ctypes.CFUNCTYPE(ctypes.c_int64)(code.address("mode"))
    product = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address("product"))
    x = np.float32([a, b, 7])
    assert x[0] * x[1] != 0
    before = mode()
    product(x.ctypes.data)
    assert x[2] == 0
    assert mode() == before
    assert x[0] * x[1] != 0


def test_a_caller_that_flushes_denormals_still_does_afterwards():
    code = assemble(use_denormals(Machine.host()))
    mode = ctypes.CFUNCTYPE(ctypes.c_int64)(code.address("mode"))
    enter = ctypes.CFUNCTYPE(None)(code.address("enter"))
    product = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address("product"))
    x = np.float32([1e-30, 1e-12, 7])
    modes = []

    def work():
        modes.append(mode())
        enter()
        modes.append(mode())
        product(x.ctypes.data)
        modes.append(mode())

    thread = threading.Thread(target=work)  # the mode is the thread's own
    thread.start()
    thread.join()
    assert modes[0] != modes[1] == modes[2]
    assert mode() == modes[0]
