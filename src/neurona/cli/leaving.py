"""How the command ends: errors and warnings are lines on stderr, and the exit code says which.

Exit codes: 0 all went well; 1 it failed; 2 the arguments are wrong; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from neurona import beginning, config
from neurona.errors import ArgumentError, NeuronaError


def leave_after(command: Callable[[], Any]) -> NoReturn:
    """Run a command and leave with its exit code; an error is one paragraph on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what a terminal cannot show is shown as an escape
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn  # type: ignore[assignment]
            command()
    except KeyboardInterrupt:
        _leave("stopped.", beginning.STOPPED)
    except ArgumentError as error:
        _leave(f"error: {error}", 2, error)
    except NeuronaError as error:
        _leave(f"error: {error}", 1, error)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has seen enough
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _leave(f"error: {error.strerror or error}{where}.", 1, error)
    except MemoryError as error:
        _leave("error: there is not enough memory. try: a smaller --batch-size", 1, error)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Python wraps it while it makes classes
            _leave("stopped.", beginning.STOPPED)
        hint = "" if config.debug() else "\ntry: the same command with --debug, to see where"
        _leave(f"error: unexpected {type(error).__name__}: {error}{hint}", 1, error)
    finally:
        beginning.ending()
    sys.exit(0)


def _warn(message: Warning | str, *place: Any) -> None:
    """Show a warning as a line: whoever gave a command wrote no code that it could be about."""
    print(f"warning: {message}", file=sys.stderr)


def _leave(message: str, code: int, error: BaseException | None = None) -> NoReturn:
    if error is not None and config.debug():
        import traceback

        traceback.print_exception(error)
    print(message, file=sys.stderr)
    sys.exit(code)
