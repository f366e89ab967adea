"""Ctrl-C in the command `neurona`: one line and exit code 130, from the first moment on.

Importing takes a moment, in which Python would show a traceback of whatever it was importing, and a
module that is imported by half may fail in any other way. So this is the first that the package
imports, and Ctrl-C ends the process at once until a command asks for it, such as `train`, which has
something to save. A program that imports neurona is not the command, and keeps Ctrl-C as it has it.
"""

from __future__ import annotations

import os
import signal
import sys

STOPPED = 130  # exit code: 128 and the number of SIGINT


def _is_command() -> bool:
    """Whether the command `neurona`, or `python -m neurona`, is what Python was started for."""
    first = os.path.basename((getattr(sys, "argv", None) or [""])[0])
    if first != "-m":
        return first.removesuffix(".exe") in ("neurona", "neurona-script.py")
    after = sys.orig_argv[sys.orig_argv.index("-m") + 1 :]  # it is looked for just now
    return bool(after) and after[0] in ("neurona", "neurona.cli.main")


def _stop(number: int, frame: object) -> None:
    import contextlib  # not at the top: until here, Ctrl-C shows a traceback

    with contextlib.suppress(Exception):  # it may be writing just now
        sys.stdout.flush()
    os.write(2, b"stopped.\n")
    os._exit(STOPPED)


IS_COMMAND = _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
if IS_COMMAND:
    signal.signal(signal.SIGINT, _stop)


def _lacking() -> str:
    """Return the first library that the command needs and this Python does not have, or ""."""
    from importlib.util import find_spec

    needs = ("numpy", "typer", "rich", "safetensors")
    return next((name for name in needs if find_spec(name) is None), "")


if _is_command() and (_missing := _lacking()):
    sys.exit(
        f"neurona needs {_missing}, which this Python does not have: {sys.executable}\n"
        "try: the environment that neurona was installed into: source .venv/bin/activate (Windows: "
        ".venv\\Scripts\\activate); or install it here: python -m pip install ."
    )


def interruptible() -> None:
    """Let Ctrl-C be a KeyboardInterrupt from now on: for a command that can end in order."""
    if IS_COMMAND:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ending() -> None:
    """Let Ctrl-C not disturb the end of the command."""
    if IS_COMMAND:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
