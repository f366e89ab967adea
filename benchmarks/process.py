"""A runner in a process of its own, that takes turns when it is told to."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS

ROOT = Path(__file__).parent.parent
PATIENCE = 240  # seconds for an answer; then the process is stopped


@dataclass(frozen=True)
class Interpreters:
    """Which Python runs whom: neurona and its peers may live in two environments."""

    ours: str
    peers: str
    engine: str | None = None

    def command(self, workload: str, peer: str, *options: str) -> list[str]:
        ours = PEERS[peer].kind == "ours"
        found = [self.ours if ours else self.peers, "-m", "benchmarks.runner", workload, peer]
        if ours and self.engine is not None:
            found += ["--engine", self.engine]
        return [*found, *options]


class Process:
    """A runner. `answer` is the next thing that it says; {"error": ...} if it cannot.

    Args:
        command: from `Interpreters.command`.
        cache: a folder for what libraries keep on disk; empty for a cold start.
    """

    def __init__(self, command: list[str], cache: Path) -> None:
        folders = ("XDG_CACHE_HOME", "NEURONA_CACHE", "TORCHINDUCTOR_CACHE_DIR")
        environment = {
            **{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
            **{name: str(cache) for name in folders},
        }
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        alarm = threading.Timer(PATIENCE, self._process.kill)
        alarm.start()
        line = self._process.stdout.readline()
        alarm.cancel()
        return json.loads(line) if line else {"error": "it ended without an answer"}

    def turn(self) -> dict[str, Any]:
        """Let it time its cases once more."""
        return self.ask("turn")

    def ask(self, line: str) -> dict[str, Any]:
        """Tell it something, and return its answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return {"error": "it ended"}
        return self.answer()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
