"""Functions for teams, in LLVM IR: what the tests of teams let them run."""

from __future__ import annotations

import ctypes
import functools

from neurona.engines.native.llvm.assemble import Code, assemble
from neurona.engines.native.sharing import BARRIER

_IR = (
    BARRIER
    + """
; Table: number of phases; two rows of 16 numbers. In phase k, number j of one row becomes
; 3 * (number j + 1 of the other row) + k: what another thread wrote in the phase before.
define void @phases(ptr %table, i64 %thread, i64 %threads, ptr %team) nounwind {
entry:
  %count = load i64, ptr %table
  %rows = getelementptr i64, ptr %table, i64 1
  br label %phase
phase:
  %k = phi i64 [ 0, %entry ], [ %k1, %next ]
  %odd = and i64 %k, 1
  %even = xor i64 %odd, 1
  %from = mul i64 %odd, 16
  %to = mul i64 %even, 16
  br label %number
number:
  %j = phi i64 [ %thread, %phase ], [ %j1, %number ]
  %right = add i64 %j, 1
  %beside = and i64 %right, 15
  %source = add i64 %from, %beside
  %place = getelementptr i64, ptr %rows, i64 %source
  %old = load i64, ptr %place
  %three = mul i64 %old, 3
  %new = add i64 %three, %k
  %target = add i64 %to, %j
  %there = getelementptr i64, ptr %rows, i64 %target
  store i64 %new, ptr %there
  %j1 = add i64 %j, %threads
  %more = icmp ult i64 %j1, 16
  br i1 %more, label %number, label %next
next:
  call void @barrier(ptr %team, i64 %thread, i64 %threads)
  %k1 = add i64 %k, 1
  %again = icmp ult i64 %k1, %count
  br i1 %again, label %phase, label %done
done:
  ret void
}

; Table: what each thread found as the number of threads; every run adds it.
define void @count(ptr %table, i64 %thread, i64 %threads, ptr %team) nounwind {
  %place = getelementptr i64, ptr %table, i64 %thread
  %old = load i64, ptr %place
  %new = add i64 %old, %threads
  store i64 %new, ptr %place
  ret void
}

; Table: "is running", "may end". Says that it runs, then waits until it may end.
define void @hold(ptr %table, i64 %thread, i64 %threads, ptr %team) nounwind {
  store atomic i64 1, ptr %table seq_cst, align 8
  %end = getelementptr i64, ptr %table, i64 1
  br label %look
look:
  %value = load atomic i64, ptr %end seq_cst, align 8
  %free = icmp ne i64 %value, 0
  br i1 %free, label %done, label %look
done:
  ret void
}

; Table: three numbers for all, then one result a thread: first / second * third.
define void @arithmetic(ptr %table, i64 %thread, i64 %threads, ptr %team) nounwind {
  %p1 = getelementptr double, ptr %table, i64 1
  %p2 = getelementptr double, ptr %table, i64 2
  %p3 = getelementptr double, ptr %table, i64 3
  %a = load double, ptr %table
  %b = load double, ptr %p1
  %c = load double, ptr %p2
  %quotient = fdiv double %a, %b
  %product = fmul double %quotient, %c
  %place = getelementptr double, ptr %p3, i64 %thread
  store double %product, ptr %place
  ret void
}
"""
)


@functools.cache
def code() -> Code:
    return assemble(_IR)


class Table:
    """Numbers in memory that native code reads and writes."""

    def __init__(self, kind: type, *values: float) -> None:
        self.values = (kind * len(values))(*values)
        self.address = ctypes.addressof(self.values)


def phases(count: int) -> Table:
    return Table(ctypes.c_uint64, count, *range(32))


def expected_phases(count: int) -> list[int]:
    rows = [list(range(16)), list(range(16, 32))]
    for k in range(count):
        old, new = rows[k % 2], rows[1 - k % 2]
        new[:] = [(3 * old[(j + 1) % 16] + k) % 2**64 for j in range(16)]
    return [count, *rows[0], *rows[1]]
