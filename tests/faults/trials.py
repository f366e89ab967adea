"""One save after the other, each in a process of its own that dies or fails at a chosen call.

What is promised: the file is the old or the new one, whole; a save that raises has left the old
one, one that returns the new one; and what is left beside it goes with a later save.
"""

import errno
import io
import os
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

import neurona as nn
from neurona import files
from neurona.errors import NeuronaError
from neurona.train.callbacks import backup

CALLS = ("open", "write", "fsync", "replace", "close", "stat", "scandir", "unlink")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EINTR, errno.EDQUOT, errno.EACCES)
SAVED, REFUSED, BROKEN = 0, 3, 4  # how the process ends


class Plan:
    """At which call of the system something happens, and what.

    Args:
        number: of the call, from 1.
        what: "kill", or the errno of the error that is raised.
        after: whether the call is made before the kill; of a write the half is made otherwise.
            What fails is not made, as the system promises, but for writes (the half of it), unless
            they were interrupted, and for `close`.
    """

    def __init__(self, number: int, what: str | int, after: bool) -> None:
        self.number, self.what, self.count = number, what, 0
        self.after = after and what == "kill"

    def wrapped(self, function: Callable) -> Callable:
        def call(*args, **kwargs):
            self.count += 1
            due = self.count == self.number
            if due and not self.after:
                self.happen()
            result = function(*args, **kwargs)
            if due and self.after:
                self.happen()
            return result

        return call

    def happen(self) -> None:
        if self.what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(self.what, os.strerror(self.what))

    def install(self) -> None:
        """Wrap the calls that a save makes; for a process that ends soon."""
        plan = self

        class Raw(io.FileIO):
            def write(self, data):
                plan.count += 1
                if plan.count == plan.number:
                    if plan.what != errno.EINTR:
                        super().write(bytes(data) if plan.after else bytes(data)[: len(data) // 2])
                    plan.happen()
                return super().write(data)

            def close(self):
                if not self.closed:
                    plan.count += 1
                    super().close()
                    if plan.count == plan.number:
                        plan.happen()

        for name in CALLS:
            if hasattr(os, name) and name not in ("write", "close"):
                setattr(os, name, self.wrapped(getattr(os, name)))
        files._Target.__bases__ = (Raw,)


# --- what is saved -----------------------------------------------------------------------------


class Bytes:
    """A file of 300 kB."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "file"

    def save(self, value: int) -> None:
        files.write_bytes(self.path, bytes([value]) * 300_000)

    def found(self) -> int:
        content = self.path.read_bytes()
        assert content == content[:1] * 300_000
        return content[0]


class Model(Bytes):
    """A trained model."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.model = nn.Sequential([nn.Input((50,)), nn.layers.Dense(100)])
        self.model.compile("adam", "mse")

    def save(self, value: int) -> None:
        self.model.set_weights([w * 0 + value for w in self.model.get_weights()])
        self.model.save(self.path)

    def found(self) -> int:
        kernel, bias = nn.models.load_model(self.path).get_weights()
        assert (kernel == bias[0]).all()
        return int(bias[0])


class Backup(Bytes):
    """A backup, with the one before."""

    def save(self, value: int) -> None:
        saved = backup.Saved({"a": np.full(10_000, value)}, {"identity": 0, "value": value})
        backup.write(self.path, saved, self.path.with_name("previous"))

    def found(self) -> int:
        saved = backup.read_newest([self.path, self.path.with_name("previous")])
        assert (saved.arrays["a"] == saved.info["value"]).all()
        return saved.info["value"]


KINDS = (Bytes, Model, Backup)


def run(folder: Path, count: int, seed: int, kills: bool) -> Counter:
    """Carry out so many trials and count how they ended; "broken" is a promise that was broken."""
    r, results = Random(seed), Counter()
    savers = [kind(folder / kind.__name__) for kind in KINDS]
    for saver in savers:
        saver.path.parent.mkdir()
        saver.save(1)
        saver.save(1)
    for trial in range(count):
        saver = r.choice(savers)
        plan = Plan(r.randrange(1, 10), "kill" if kills else r.choice(ERRORS), r.random() < 0.5)
        status = _in_child(saver, plan)
        found = saver.found()
        died = os.WIFSIGNALED(status)
        code = -1 if died else os.WEXITSTATUS(status)
        right = {-1: (1, 2), SAVED: (2,), REFUSED: (1,)}.get(code, ())
        results["killed" if died else {SAVED: "saved", REFUSED: "refused"}.get(code, "raw")] += 1
        results["old" if found == 1 else "new"] += 1
        left = list(saver.path.parent.glob(".neurona-*"))
        results["leftovers"] += len(left)
        for path in left:
            os.utime(path, (time.time() - 3600,) * 2)
        saver.save(1)
        saver.save(1)
        others = {p.name for p in saver.path.parent.iterdir()} - {"file", "previous"}
        if found not in right or others:
            results["broken"] += 1
            print(f"trial {trial}: {type(saver).__name__} {vars(plan)} ended with {code}, found "
                  f"{found}, left {others}", flush=True)  # fmt: skip
    return results


def _in_child(saver, plan: Plan) -> int:
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            plan.install()
            saver.save(2)
            code = SAVED
        except NeuronaError:
            code = REFUSED
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


# --- several writers ---------------------------------------------------------------------------


def write_often(path: Path, values: list[int], times: int) -> None:
    """Save each of the values so often, in turn."""
    for _ in range(times):
        for value in values:
            files.write_bytes(path, bytes([value]) * (20_000 * value))


def together(folder: Path, threads: int, processes: int, times: int) -> Counter:
    """Let threads and processes save to one path while threads read it; count what was read."""
    import threading

    path, results, done = folder / "shared", Counter(), threading.Event()
    files.write_bytes(path, b"\1" * 20_000)

    def read() -> None:
        while not done.is_set():
            content = path.read_bytes()
            whole = content == content[:1] * (20_000 * content[0]) if content else False
            results["whole" if whole else "torn"] += 1

    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            code = BROKEN
            try:
                write_often(path, [number + 1], times)
                code = SAVED
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)

    def write(value: int) -> None:
        try:
            write_often(path, [value], times)
            results["saves"] += times
        except BaseException:
            traceback.print_exc()
            results["failed"] += 1

    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(9 - k,)) for k in range(threads)]
    for thread in (*readers, *writers):
        thread.start()
    for child in children:
        ended = os.waitpid(child, 0)[1]
        results["saves" if ended == SAVED else "failed"] += times
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    results["left"] = len(list(folder.iterdir())) - 1
    return results
