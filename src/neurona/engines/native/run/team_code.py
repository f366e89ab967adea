"""The native half of a team of threads, as LLVM IR: wait, release, meet, dispatch, serve.

Everything rests on words of 32 bits that only grow, in steps of 2: the number of the last job
posted and the number of barriers passed. `await` spins until a word is no longer what it was; then
it sets the word's lowest bit, which says that someone sleeps, and sleeps. `release` exchanges
the word for the next one and learns from the same instruction whether anyone must be woken.

Threads note the core they are on. Who waits in vain for a microsecond or two and finds another of
the team on its own core (other programs have taken the rest) sleeps at once: spinning would keep
the core from the thread that is waited for.
"""

from __future__ import annotations

from neurona.engines.native.llvm.denormals import denormals_ir
from neurona.engines.native.llvm.machine import Machine

# Lines of 128 bytes (neighbouring cache lines are fetched in pairs): what never changes, what the
# caller posts, where threads meet. `TeamMemory` in threads.py is the same structure.
_LAYOUT = """
%Team = type {
  ptr, i64, i64, i64, ptr, ptr, ptr, [72 x i8],
  i32, i32, ptr, ptr, [104 x i8],
  i32, i32, [120 x i8],
  [32 x i32]
}
"""
_FIELDS = (
    *("meet", "threads", "spins", "idle_spins", "doze", "nap", "core", None),
    *("posted", "busy", "function", "table", None),
    *("phase", "arrived", None),
    *("cores",),
)

_CORES = """
define internal void @note_core(ptr %team, i64 %thread) alwaysinline nounwind {
  {core}
  {cores}
  %get_core = load ptr, ptr %core
  %unknown = icmp eq ptr %get_core, null
  %beyond = icmp uge i64 %thread, 32
  %skip = or i1 %unknown, %beyond
  br i1 %skip, label %done, label %ask
ask:
  %here = call i32 %get_core()
  %mine = getelementptr i32, ptr %cores, i64 %thread
  %before = load atomic i32, ptr %mine monotonic, align 4
  %same = icmp eq i32 %here, %before  ; no store: the line stays in everyone's cache
  br i1 %same, label %done, label %moved
moved:
  store atomic i32 %here, ptr %mine monotonic, align 4
  br label %done
done:
  ret void
}

define internal i1 @shares_core(ptr %team, i64 %thread) nounwind {
entry:
  {threads}
  {cores}
  %all = load i64, ptr %threads
  %count = call i64 @llvm.umin.i64(i64 %all, i64 32)
  %inside = icmp ult i64 %thread, %count
  br i1 %inside, label %begin, label %no
begin:
  %mine = getelementptr i32, ptr %cores, i64 %thread
  %here = load atomic i32, ptr %mine monotonic, align 4
  br label %look
look:
  %k = phi i64 [ 0, %begin ], [ %following, %next ]
  %place = getelementptr i32, ptr %cores, i64 %k
  %there = load atomic i32, ptr %place monotonic, align 4
  %equal = icmp eq i32 %there, %here
  %other = icmp ne i64 %k, %thread
  %found = and i1 %equal, %other
  br i1 %found, label %yes, label %next
next:
  %following = add i64 %k, 1
  %more = icmp ult i64 %following, %count
  br i1 %more, label %look, label %no
yes:
  ret i1 true
no:
  ret i1 false
}

declare i64 @llvm.umin.i64(i64, i64)
"""

_WAITING = """
define internal i32 @await(ptr %team, i64 %thread, ptr %word, i32 %old, i64 %spins) nounwind {
entry:
  br label %look
look:
  %turn = phi i64 [ 0, %entry ], [ %following, %spin ]
  %value = load atomic i32, ptr %word acquire, align 4
  %new = and i32 %value, -2
  %changed = icmp ne i32 %new, %old
  br i1 %changed, label %go_on, label %consider
consider:
  %first_doubt = icmp eq i64 %turn, 64
  br i1 %first_doubt, label %check, label %spin
check:
  %in_the_way = call i1 @shares_core(ptr %team, i64 %thread)
  br i1 %in_the_way, label %sleep, label %spin
spin:
  call void @pause()
  %following = add i64 %turn, 1
  %more = icmp ult i64 %following, %spins
  br i1 %more, label %look, label %sleep
sleep:
  %asleep = or i32 %old, 1
  %mark = cmpxchg ptr %word, i32 %old, i32 %asleep monotonic monotonic
  call void @doze(ptr %team, ptr %word, i32 %asleep)
  %late_value = load atomic i32, ptr %word acquire, align 4
  %late = and i32 %late_value, -2
  %woken = icmp ne i32 %late, %old
  br i1 %woken, label %go_on, label %sleep
go_on:
  %result = phi i32 [ %new, %look ], [ %late, %sleep ]
  ret i32 %result
}

define internal void @release(ptr %team, ptr %word) alwaysinline nounwind {
  %value = load atomic i32, ptr %word monotonic, align 4
  %old = and i32 %value, -2
  %new = add i32 %old, 2
  %was = atomicrmw xchg ptr %word, i32 %new acq_rel
  %someone_sleeps = trunc i32 %was to i1
  br i1 %someone_sleeps, label %wake, label %done
wake:
  call void @wake(ptr %team, ptr %word)
  br label %done
done:
  ret void
}

define void @relax(i64 %times) nounwind {
entry:
  br label %again
again:
  %turn = phi i64 [ 0, %entry ], [ %following, %again ]
  call void @pause()
  %following = add i64 %turn, 1
  %more = icmp ult i64 %following, %times
  br i1 %more, label %again, label %done
done:
  ret void
}
"""

# The phase cannot change before this thread has arrived, so it may be read first, and unordered.
_MEETING = """
define void @meet(ptr %team, i64 %thread) nounwind {
  call void @note_core(ptr %team, i64 %thread)
  {phase}
  {arrived}
  %value = load atomic i32, ptr %phase monotonic, align 4
  %old = and i32 %value, -2
  %before_me = atomicrmw add ptr %arrived, i32 1 acq_rel
  {threads}
  %all = load i64, ptr %threads
  %all32 = trunc i64 %all to i32
  %with_me = add i32 %before_me, 1
  %last = icmp eq i32 %with_me, %all32
  br i1 %last, label %open, label %wait
open:
  store atomic i32 0, ptr %arrived monotonic, align 4
  call void @release(ptr %team, ptr %phase)
  ret void
wait:
  {spins}
  %some = load i64, ptr %spins
  %next = call i32 @await(ptr %team, i64 %thread, ptr %phase, i32 %old, i64 %some)
  ret void
}
"""

# A team that is busy with another caller is not waited for: the caller works alone.
_WORKING = """
define internal i1 @claim(ptr %team) alwaysinline nounwind {
  {busy}
  %attempt = cmpxchg ptr %busy, i32 0, i32 1 acquire monotonic
  %mine = extractvalue { i32, i1 } %attempt, 1
  ret i1 %mine
}

define internal void @post(ptr %team, ptr %new_function, ptr %new_table) alwaysinline nounwind {
  {function}
  {table}
  {posted}
  store ptr %new_function, ptr %function
  store ptr %new_table, ptr %table
  call void @release(ptr %team, ptr %posted)
  ret void
}

define void @run(ptr %team, ptr %function, ptr %table) nounwind {
  %mode = call i64 @flush_denormals()
  {threads}
  %all = load i64, ptr %threads
  %several = icmp ugt i64 %all, 1
  br i1 %several, label %try, label %alone
try:
  %mine = call i1 @claim(ptr %team)
  br i1 %mine, label %together, label %alone
together:
  call void @post(ptr %team, ptr %function, ptr %table)
  call void %function(ptr %table, i64 0, i64 %all, ptr %team)
  call void @meet(ptr %team, i64 0)
  {busy}
  store atomic i32 0, ptr %busy release, align 4
  br label %done
alone:
  call void %function(ptr %table, i64 0, i64 1, ptr %team)
  br label %done
done:
  call void @restore_denormals(i64 %mode)
  ret void
}

define void @serve(ptr %team, i64 %thread) nounwind {
entry:
  %mode = call i64 @flush_denormals()
  {posted}
  {idle_spins}
  {threads}
  {function}
  {table}
  %some = load i64, ptr %idle_spins
  %all = load i64, ptr %threads
  br label %next
next:
  %seen = phi i32 [ 0, %entry ], [ %job, %work ]
  %job = call i32 @await(ptr %team, i64 %thread, ptr %posted, i32 %seen, i64 %some)
  %its_function = load ptr, ptr %function
  %its_table = load ptr, ptr %table
  %dismissed = icmp eq ptr %its_function, null
  br i1 %dismissed, label %done, label %work
work:
  call void %its_function(ptr %its_table, i64 %thread, i64 %all, ptr %team)
  call void @meet(ptr %team, i64 %thread)
  br label %next
done:
  call void @restore_denormals(i64 %mode)
  ret void
}

define i32 @dismiss(ptr %team) nounwind {
  %mine = call i1 @claim(ptr %team)
  br i1 %mine, label %send, label %done
send:
  call void @post(ptr %team, ptr null, ptr null)
  br label %done
done:
  %result = zext i1 %mine to i32
  ret i32 %result
}
"""

# What a waiting core is told between two looks; `yield` does nothing on most AArch64 cores.
_PAUSES = {
    "x86_64": ("declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"),
    "aarch64": ("declare void @llvm.aarch64.isb(i32)", "call void @llvm.aarch64.isb(i32 15)"),
}
_PAUSE = """
<declaration>
define internal void @pause() alwaysinline nounwind {
  <call>
  ret void
}
"""

# FUTEX_WAIT and FUTEX_WAKE, private to the process; a wait returns at once if the word has changed.
_FUTEX = """
define internal void @doze(ptr %team, ptr %word, i32 %asleep) nounwind {
  {doze}
  %syscall = load ptr, ptr %doze
  %value = zext i32 %asleep to i64
  %r = call i64 (i64, ...) %syscall(i64 <number>, ptr %word, i64 128, i64 %value, ptr null)
  ret void
}

define internal void @wake(ptr %team, ptr %word) nounwind {
  {doze}
  %syscall = load ptr, ptr %doze
  %r = call i64 (i64, ...) %syscall(i64 <number>, ptr %word, i64 129, i64 2147483647)
  ret void
}
"""

# Where there is no futex: give the core away some hundred times, then nap ever longer.
_NAPS = """
declare i32 @llvm.umin.i32(i32, i32)

define internal void @doze(ptr %team, ptr %word, i32 %asleep) nounwind {
entry:
  {doze}
  {nap}
  %yield_core = load ptr, ptr %doze
  %sleep_for = load ptr, ptr %nap
  br label %look
look:
  %turn = phi i32 [ 0, %entry ], [ %following, %again ]
  %value = load atomic i32, ptr %word monotonic, align 4
  %same = icmp eq i32 %value, %asleep
  br i1 %same, label %rest, label %done
rest:
  %following = add i32 %turn, 1
  %early = icmp ult i32 %turn, 500
  br i1 %early, label %yield, label %sleep
yield:
  %y = call i32 %yield_core()
  br label %again
sleep:
  %growing = sub i32 %turn, 499
  %time = call i32 @llvm.umin.i32(i32 %growing, i32 <longest>)
  %s = call i32 %sleep_for(i32 %time)
  br label %again
again:
  br label %look
done:
  ret void
}

define internal void @wake(ptr %team, ptr %word) nounwind {
  ret void
}
"""


_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98}


def has_futex(machine: Machine) -> bool:
    """Return whether threads can sleep on a futex there; else they nap."""
    return "linux" in machine.triple and machine.architecture in _FUTEX_NUMBERS


def team_code(machine: Machine, futex: bool) -> str:
    """Return the IR of `run`, `serve`, `dismiss`, `meet` and `relax`."""
    if futex:
        sleeping = _FUTEX.replace("<number>", str(_FUTEX_NUMBERS[machine.architecture]))
    else:  # `Sleep` counts milliseconds, `usleep` microseconds
        sleeping = _NAPS.replace("<longest>", "1" if "windows" in machine.triple else "2000")
    declaration, call = _PAUSES.get(machine.architecture, ("", ""))
    pause = _PAUSE.replace("<declaration>", declaration).replace("<call>", call)
    mode = denormals_ir(machine)
    text = "".join((_LAYOUT, mode, pause, sleeping, _CORES, _WAITING, _MEETING, _WORKING))
    for index, name in enumerate(_FIELDS):
        place = f"%{name} = getelementptr %Team, ptr %team, i32 0, i32 {index}"
        text = text.replace(f"{{{name}}}", place)
    return text
