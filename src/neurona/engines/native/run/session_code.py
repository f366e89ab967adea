"""Many steps in one call, as LLVM IR: a loop over batches that gathers rows and runs a program.

It knows nothing of a particular program: all that it does is told by structures of 64-bit words,
numbers and addresses (so both are i64 here), listed by their fields. It is compiled once for a
machine.
"""

from __future__ import annotations

from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function, Module
from neurona.engines.native.sharing import BARRIER, THREADS, barrier, share

# Epochs, each of the same jobs.
#   stride: how much further each epoch begins than the one before.
#   resets: moves that are done before each, for metrics that begin anew.
#   record: where the results of each epoch's last step are copied to, one behind the other, or 0.
#   order: functions, and their table, that write between two epochs which samples come next.
#   skip: how many steps of the random stream pass by after each.
PLAN = (
    *("jobs", "count", "epochs", "stride", "resets", "resets_count", "record"),
    *("order", "order_count", "order_table", "random", "skip"),
)
# Steps of one program in a row.
#   rows: which samples, one number each, or 0: those from `first` on, as they lie.
JOB = ("program", "steps", "rows", "first")
PROGRAM = (
    *("table", "random", "status", "batch", "results", "results_bytes"),
    *("functions", "functions_count", "leaves", "leaves_count", "moves", "moves_count"),
)
LEAF = ("source", "bytes", "buffer", "slot")  # an array with a row of so many bytes for each sample
MOVE = ("to", "from", "bytes")

# Small rows, such as a label, are moved word by word: a call would take longer.
_COPY = """
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
define internal void @copy(ptr %to, ptr %from, i64 %bytes) alwaysinline nounwind {
  %odd = and i64 %bytes, 3
  %even = icmp eq i64 %odd, 0
  %short = icmp ule i64 %bytes, 64
  %by_words = and i1 %even, %short
  br i1 %by_words, label %words, label %block
block:
  call void @llvm.memcpy.p0.p0.i64(ptr align 1 %to, ptr align 1 %from, i64 %bytes, i1 false)
  br label %done
words:
  %some = icmp ne i64 %bytes, 0
  br i1 %some, label %next, label %done
next:
  %i = phi i64 [ 0, %words ], [ %following, %next ]
  %here = getelementptr i8, ptr %from, i64 %i
  %there = getelementptr i8, ptr %to, i64 %i
  %word = load i32, ptr %here, align 1
  store i32 %word, ptr %there, align 1
  %following = add i64 %i, 4
  %more = icmp ult i64 %following, %bytes
  br i1 %more, label %next, label %done
done:
  ret void
}
"""
# Rows lie anywhere in memory: the processor is told early which ones come.
_AHEAD = 4
_PREFETCH = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

define internal void @prefetch(i64 %address) alwaysinline nounwind {
  %pointer = inttoptr i64 %address to ptr
  call void @llvm.prefetch.p0(ptr %pointer, i32 0, i32 2, i32 1)
  ret void
}
"""


def session_code(machine: Machine) -> str:
    """Return the IR of `many(plan, thread, threads, team)`, which each thread of a team runs."""
    module = Module()
    module.part("barrier", BARRIER)
    module.part("copy", _COPY)
    module.part("prefetch", _PREFETCH)
    _write_step(module, machine)
    f = module.function("many", ["i64 %plan", *THREADS], machine.attributes, "external")
    first_thread = f.let("icmp eq i64 %thread, 0")
    fields = _fields(f, "%plan", PLAN)
    jobs, count, epochs, stride, resets, resets_count, record, *rest = fields
    order, order_count, order_table, random, skip = rest
    with f.loop("0", epochs) as e:
        with f.when(first_thread):
            _move(f, resets, resets_count)
        shift = f.let(f"mul i64 {e}, {stride}")
        with f.loop("0", count) as j:
            program, steps, rows, first = _fields(f, _element(f, jobs, JOB, j), JOB)
            batch = _word(f, program, PROGRAM.index("batch"))
            begin = f.let(f"add i64 {first}, {shift}")
            with f.loop("0", steps) as s:
                start = f.let(f"add i64 {begin}, {f.let(f'mul i64 {s}, {batch}')}")
                f.do(
                    f"call void @step(i64 {program}, i64 {rows}, i64 {start}, "
                    "i64 %thread, i64 %threads, ptr %team)"
                )
        with f.when(first_thread), f.when(f.let(f"icmp ne i64 {record}, 0")):
            last = _word(f, _element(f, jobs, JOB, f.let(f"sub i64 {count}, 1")), 0)
            size = _word(f, last, PROGRAM.index("results_bytes"))
            to = f.let(f"add i64 {record}, {f.let(f'mul i64 {e}, {size}')}")
            _copy(f, to, _word(f, last, PROGRAM.index("results")), size)
        more = f.let(f"icmp ult i64 {f.let(f'add i64 {e}, 1')}, {epochs}")
        with f.when(f.let(f"icmp ne i64 {order_count}, 0")), f.when(more):
            barrier(f)
            _run(f, order, order_count, order_table)
        with f.when(first_thread), f.when(f.let(f"icmp ne i64 {skip}, 0")):
            _add(f, random, 1, skip)
    return str(module)


def _write_step(module: Module, machine: Machine) -> None:
    """Write a single step; nothing happens once a step has noted an error."""
    f = module.function("step", ["i64 %program", "i64 %rows", "i64 %first", *THREADS],
                        machine.attributes)  # fmt: skip
    fields = _fields(f, "%program", PROGRAM)
    table, random, status, batch, _, _, functions, functions_count, *rest = fields
    leaves, leaves_count, moves, moves_count = rest
    with f.when(f.let(f"icmp eq i64 {_word(f, status, 0)}, 0")):
        first_thread = f.let("icmp eq i64 %thread, 0")
        gathers = f.let("icmp ne i64 %rows, 0")
        with f.loop("0", leaves_count) as i:
            _take_leaf(f, _element(f, leaves, LEAF, i), table, batch, first_thread, gathers)
        barrier(f)
        _run(f, functions, functions_count, table)
        with f.when(first_thread):
            _move(f, moves, moves_count)
            _add(f, random, 1, "1")


def _run(f: Function, functions: str, count: str, table: str) -> None:
    """Call the functions of a program, each when all threads have ended the one before."""
    with f.loop("0", count) as i:
        function = _pointer(f, _word(f, functions, i))
        f.do(
            f"call void {function}(ptr {_pointer(f, table)}, i64 %thread, i64 %threads, ptr %team)"
        )
        barrier(f)


def _take_leaf(
    f: Function, leaf: str, table: str, batch: str, first_thread: str, gathers: str
) -> None:
    """Copy the rows of a batch to its buffer, or let the table point to where they lie in a row."""
    source, size, buffer, slot = _fields(f, leaf, LEAF)
    place = f.let(f"getelementptr i64, ptr {_pointer(f, table)}, i64 {slot}")
    start = f.let(f"mul i64 %first, {size}")
    there = f.let(f"add i64 {source}, {start}")
    chosen = f.let(f"select i1 {gathers}, i64 {buffer}, i64 {there}")
    with f.when(first_thread):
        f.do(f"store i64 {chosen}, ptr {place}")
    with f.when(gathers):
        units = share(f, batch, 0), share(f, batch, 1)
        four, eight = (f.let(f"icmp eq i64 {size}, {word}") for word in (4, 8))
        for word, fits in ((4, four), (8, eight)):
            with f.when(fits), f.loop(*units) as r:  # labels and small samples: one load each
                here = _pointer(f, _row(f, source, size, r))
                row = f.let(f"load i{8 * word}, ptr {here}, align 1")
                to = f.let(f"add i64 {buffer}, {f.let(f'mul i64 {r}, {word}')}")
                f.do(f"store i{8 * word} {row}, ptr {_pointer(f, to)}, align 1")
        with f.when(f.let(f"xor i1 {f.let(f'or i1 {four}, {eight}')}, true")):
            _gather(f, source, buffer, size, *units)


def _gather(f: Function, source: str, buffer: str, size: str, begin: str, end: str) -> None:
    """Copy rows from anywhere to a buffer."""
    last = f.let(f"sub i64 {end}, 1")
    with f.loop(begin, end) as r:
        soon = f.smaller(f.let(f"add i64 {r}, {_AHEAD}"), last)
        coming = _row(f, source, size, soon)
        with f.loop("0", size, 64) as byte:
            f.do(f"call void @prefetch(i64 {f.let(f'add i64 {coming}, {byte}')})")
        here = _row(f, source, size, r)
        to = f.let(f"add i64 {buffer}, {f.let(f'mul i64 {r}, {size}')}")
        _copy(f, to, here, size)


def _row(f: Function, source: str, size: str, number: str) -> str:
    """The address of a sample, by its number in the order of the batch."""
    row = _word(f, "%rows", f.let(f"add i64 %first, {number}"))
    return f.let(f"add i64 {source}, {f.let(f'mul i64 {row}, {size}')}")


def _move(f: Function, moves: str, count: str) -> None:
    with f.loop("0", count) as i:
        to, source, size = _fields(f, _element(f, moves, MOVE, i), MOVE)
        _copy(f, to, source, size)


def _copy(f: Function, to: str, source: str, size: str) -> None:
    f.do(f"call void @copy(ptr {_pointer(f, to)}, ptr {_pointer(f, source)}, i64 {size})")


def _add(f: Function, base: str, index: int, amount: str) -> None:
    place = f.let(f"getelementptr i64, ptr {_pointer(f, base)}, i64 {index}")
    total = f.let(f"add i64 {f.let(f'load i64, ptr {place}')}, {amount}")
    f.do(f"store i64 {total}, ptr {place}")


def _fields(f: Function, base: str, names: tuple[str, ...]) -> list[str]:
    return [_word(f, base, i) for i in range(len(names))]


def _word(f: Function, base: str, index: str | int) -> str:
    place = f.let(f"getelementptr i64, ptr {_pointer(f, base)}, i64 {index}")
    return f.let(f"load i64, ptr {place}")


def _element(f: Function, base: str, names: tuple[str, ...], index: str) -> str:
    return f.let(f"add i64 {base}, {f.let(f'mul i64 {index}, {8 * len(names)}')}")


def _pointer(f: Function, number: str) -> str:
    return f.let(f"inttoptr i64 {number} to ptr")
