"""Settings of the library: the default float type, engine, threads and debug level.

Each is a function pair, and each can be given by an environment variable before the import:
`NEURONA_FLOATX`, `NEURONA_IMAGE_DATA_FORMAT`, `NEURONA_ENGINE`, `NEURONA_THREADS`, `NEURONA_DEBUG`,
`NEURONA_TARGET`, `NEURONA_CODE_CACHE`, `NEURONA_DATA`, `NEURONA_CACHE`. Those that only Keras has
stand below; what has no meaning here says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from neurona import frames
from neurona.errors import (
    ArgumentError,
    NeuronaError,
    StateError,
    check_choice,
    check_integer,
    check_number,
)
from neurona.precision import DTypePolicy
from neurona.refusals import enable_unsafe_deserialization  # noqa: F401

FLOATS = ("float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")
ENGINES = ("native", "reference")
UNCOMPILED = "reference"  # the engine that interprets, for `jit_compile=False`
MAX_THREADS = 1024  # their start alone takes a third of a second; 100,000 would seem to hang
TARGETS = ("host", "avx512", "avx2", "baseline", "neon", "apple")

_settings: dict[str, Any] = {
    "epsilon": 1e-7, "interactive": True, "filtering": True, "max_epochs": None, "max_steps": None,
    "flash_attention": True, "policy": None,
}  # fmt: skip


def floatx() -> str:
    """Return the float type of new tensors and parameters, "float32" unless set.

    >>> floatx()
    'float32'
    """
    return str(_settings["floatx"])


def set_floatx(dtype: str) -> None:
    """Set the float type of new tensors and parameters: "float32", or "float64" for checks."""
    _settings["floatx"] = check_choice("float type", dtype, FLOATS)
    _settings["policy"] = None


def image_data_format() -> str:
    """Return where layers have the channels that are not told, "channels_last" unless set.

    >>> image_data_format()
    'channels_last'
    """
    return str(_settings["image_data_format"])


def set_image_data_format(data_format: str) -> None:
    """Set where new layers have the channels: "channels_last" (B, H, W, C), or "channels_first"."""
    name = data_format.lower() if isinstance(data_format, str) else data_format
    _settings["image_data_format"] = check_choice("data_format", name, DATA_FORMATS)


def engine() -> str:
    """Return the name of the engine that `fit`, `predict` and `jit` compile for.

    It is "native" where llvmlite is installed, else "reference".
    """
    return str(_settings["engine"])


def set_engine(name: str) -> None:
    """Choose the engine by its name."""
    _settings["engine"] = check_choice("engine", name, ENGINES)


def threads() -> int:
    """Return how many threads an engine may use; 0 leaves the choice to it."""
    return int(_settings["threads"])


def set_threads(count: int) -> None:
    """Set how many threads an engine may use, 1024 at most; 0 leaves the choice to it."""
    _settings["threads"] = check_integer("threads", count, minimum=0, maximum=MAX_THREADS)


def debug() -> int:
    """Return the debug level; see `set_debug`."""
    return int(_settings["debug"])


def set_debug(level: int) -> None:
    """Set what is checked, and shown on standard error, when a program is compiled.

    Args:
        level: 0 nothing; 1 leaves the library's lines in tracebacks, checks every Graph, as traced
            and as simplified, and lets LLVM verify the code that it compiles. The native engine
            also shows: 2 the kernels of each program, 3 their LLVM IR too, 4 the machine's assembly
            too.
    """
    _settings["debug"] = check_integer("debug level", level, minimum=0)


def target() -> str:
    """Return what the native engine compiles for: "host", unless a test wants other code."""
    return str(_settings["target"])


def set_target(name: str) -> None:
    """Choose what the native engine compiles for, one of `TARGETS`; "" is "host"."""
    _settings["target"] = check_choice("target", name or "host", TARGETS)


def code_cache() -> bool:
    """Return whether compiled code is kept in `cache_folder()` for the next process."""
    return bool(_settings["code_cache"])


def set_code_cache(keep: bool) -> None:
    """Set whether compiled code is kept in `cache_folder()` for the next process."""
    _settings["code_cache"] = check_integer(
        "code cache", int(keep) if isinstance(keep, bool) else keep, minimum=0
    )


def cache_folder() -> Path:
    """Return the folder for data and compiled code: `NEURONA_CACHE`, or the user's cache folder.

    Raises:
        StateError: if the user has no home folder.
    """
    if folder := os.environ.get("NEURONA_CACHE"):
        return Path(folder)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    try:
        if base.startswith("~") and os.environ.get("HOME") == "":
            raise RuntimeError  # Python would take the root of the disk
        return Path(base).expanduser() / "neurona"
    except RuntimeError:
        raise StateError(
            "there is no home folder for data and compiled code.",
            hint="set NEURONA_CACHE to a folder",
        ) from None


def data_folder() -> Path | None:
    """Return the folder with the user's own copies of data sets: `NEURONA_DATA`, or None."""
    folder = os.environ.get("NEURONA_DATA")
    return Path(folder).expanduser() if folder else None


# --- as in Keras -------------------------------------------------------------------------------


def backend() -> str:
    """Return what computes: always "neurona"; see `engine` for how.

    >>> backend()
    'neurona'
    """
    return "neurona"


def set_backend(backend: str) -> None:
    """Accept "neurona"; there is no other.

    Raises:
        ArgumentError: for the name of another library.
    """
    if backend != "neurona":
        raise ArgumentError(
            "neurona computes by itself: it has no backends.",
            got=repr(backend),
            hint=f"set_engine with one of {', '.join(ENGINES)} chooses how",
        )


def epsilon() -> float:
    """Return the small number of `set_epsilon`, for formulas of one's own.

    >>> epsilon()
    1e-07
    """
    return float(_settings["epsilon"])


def set_epsilon(value: float) -> None:
    """Set what `epsilon()` returns. Losses and layers of the library keep their own 1e-7."""
    _settings["epsilon"] = check_number("epsilon", value, low=0, open=True)


def dtype_policy() -> DTypePolicy:
    """Return the policy of new layers; see `neurona/precision.py`.

    >>> dtype_policy()
    <DTypePolicy "float32">
    """
    return _settings["policy"] or DTypePolicy(floatx())


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Let new layers compute in the float type of a policy, or of its name; it is `floatx` too."""
    chosen = policy if isinstance(policy, DTypePolicy) else DTypePolicy(policy)
    set_floatx(chosen.compute_dtype)
    _settings["policy"] = chosen


def enable_interactive_logging() -> None:
    """Report to the terminal, as at first."""
    _settings["interactive"] = True


def disable_interactive_logging() -> None:
    """Report to Python's `logging`, as the logger "neurona", instead of the terminal."""
    _settings["interactive"] = False


def is_interactive_logging_enabled() -> bool:
    """Say whether reports go to the terminal."""
    return bool(_settings["interactive"])


def enable_traceback_filtering() -> None:
    """Show the user's lines only in tracebacks of the library's errors, as at first."""
    _settings["filtering"] = True


def disable_traceback_filtering() -> None:
    """Show the library's own lines in tracebacks, too; `set_debug(1)` does that and more."""
    _settings["filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """Say whether tracebacks show the user's lines only."""
    return bool(_settings["filtering"]) and not debug()


def enable_flash_attention() -> None:
    """Accept what is so in any case: attention over long sequences goes through tiles."""


def disable_flash_attention() -> None:
    """Refuse: tiles are how attention is computed, with the same numbers.

    Raises:
        ArgumentError: always.
    """
    raise ArgumentError(
        "attention over long sequences always goes through tiles, which changes no numbers.",
        hint="leave the line out",
    )


def is_flash_attention_enabled() -> bool:
    """Say whether attention goes through tiles: always, where sequences are long."""
    return True


def is_nnx_enabled() -> bool:
    """Say whether Flax's NNX is in use: never."""
    return False


def max_epochs() -> int | None:
    """Return how many epochs `fit` makes at most; None sets no limit."""
    return _settings["max_epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of each `fit`, such as to try a long script out; None sets no limit."""
    _settings["max_epochs"] = _limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """Return how many steps `fit`, `evaluate` and `predict` make at most; None sets no limit."""
    return _settings["max_steps"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the steps of an epoch, and of `evaluate` and `predict`; None sets no limit."""
    _settings["max_steps"] = _limit("max_steps_per_epoch", max_steps_per_epoch)


def _limit(name: str, value: int | None) -> int | None:
    return None if value is None else check_integer(name, value, minimum=1)


def _whole_tracebacks() -> int:
    return debug() or int(not _settings["filtering"])


def _read(variable: str, default: str, set_value: Callable) -> None:
    """Set what an environment variable says; empty is as good as not set."""
    text = os.environ.get(variable, "").strip() or default
    try:
        set_value(int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else text[:80])
    except NeuronaError as error:
        raise error.within(f"the environment variable {variable}.") from None


_read("NEURONA_FLOATX", "float32", set_floatx)
_read("NEURONA_IMAGE_DATA_FORMAT", "channels_last", set_image_data_format)
_read("NEURONA_ENGINE", "native" if find_spec("llvmlite") else UNCOMPILED, set_engine)
_read("NEURONA_THREADS", "0", set_threads)
_read("NEURONA_DEBUG", "0", set_debug)
frames.debug_level = _whole_tracebacks
_read("NEURONA_TARGET", "host", set_target)
_read("NEURONA_CODE_CACHE", "1", set_code_cache)
