"""What threads share work with, as code: which of them they are, waiting for each other, shares."""

from __future__ import annotations

from neurona.engines.native.llvm.text import Function

THREADS = ["i64 %thread", "i64 %threads", "ptr %team"]  # the parameters of what each thread runs

# In every program's module: the address of `meet` is the first thing in a team's memory, so that
# programs contain no address and need no symbol from outside.
BARRIER = """
define internal void @barrier(ptr %team, i64 %thread, i64 %threads) nounwind {
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %done, label %with_others
with_others:
  %meet = load ptr, ptr %team
  call void %meet(ptr %team, i64 %thread)
  br label %done
done:
  ret void
}
"""


def barrier(f: Function) -> None:
    """Write that the threads of a team wait for each other."""
    f.do("call void @barrier(ptr %team, i64 %thread, i64 %threads)")


def share(f: Function, units: int | str, ahead: int) -> str:
    """Write where the units of this thread begin, or of the one that is so many ahead."""
    return f.let(f"udiv i64 {f.mul(f.add('%thread', ahead), units)}, %threads")
