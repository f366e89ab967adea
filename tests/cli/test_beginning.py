"""Ctrl-C while the command starts, and terminals that cannot show a name."""

import signal
import subprocess
import sys

import pytest

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

# Python imports this by itself when it starts. Ctrl-C is pressed when a module is looked for.
PRESS = """
import os, signal, sys
class Pressing:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["PRESS_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Pressing())
"""


def run(environment, folder, *arguments, **settings):
    path = f"{folder}:{environment['PYTHONPATH']}"
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=100, cwd=folder,
        env={**environment, "PYTHONPATH": path, "NEURONA_CACHE": str(folder / "cache"), **settings},
    )  # fmt: skip


@pytest.fixture
def pressing(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(PRESS)
    return tmp_path


@posix
@pytest.mark.parametrize(
    "module",
    [
        "numpy",
        "neurona.autodiff",
        "llvmlite",
        *(
            pytest.param(m, marks=pytest.mark.slow)
            for m in ("neurona.config", "typer", "neurona.cli.listings")
        ),
    ],
)
def test_ctrl_c_while_the_command_starts_is_one_line(environment, pressing, module):
    done = run(environment, pressing, "-m", "neurona", "info", PRESS_AT=module)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped.\n")


@posix
@pytest.mark.parametrize(
    "module", ["neurona.cli.train", "neurona.recipes.run", "matplotlib.figure"]
)
def test_ctrl_c_before_and_after_training_is_one_line(environment, pressing, module):
    done = run(environment, pressing, "-m", "neurona", "train", "and", PRESS_AT=module)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("stopped")


@posix
def test_programs_that_import_the_library_keep_ctrl_c(environment, pressing):
    code = "import signal, neurona; print(signal.getsignal(signal.SIGINT).__name__)"
    done = run(environment, pressing, "-c", code, PRESS_AT="")
    assert done.stdout == "default_int_handler\n"
    done = run(environment, pressing, "-c", "import neurona", PRESS_AT="neurona.ops")
    assert done.returncode == -signal.SIGINT
    assert done.stderr.splitlines()[-1] == "KeyboardInterrupt"


def test_names_that_a_terminal_cannot_show_are_escaped(environment, tmp_path):
    arguments = "-m", "neurona", "train", "and", "--out", "käse-日本"
    done = run(environment, tmp_path, *arguments, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "report: k\\xe4se-\\u65e5\\u672c" in done.stdout
    assert (tmp_path / "käse-日本" / "report.html").exists()
    done = run(
        environment, tmp_path, "-m", "neurona", "summary", "ö.safetensors", PYTHONIOENCODING="ascii"
    )
    assert done.returncode == 2
    assert "there is no model file \\xf6.safetensors" in done.stderr


def test_a_python_without_the_libraries_says_which_it_needs(environment, tmp_path):
    done = run(environment, tmp_path, "-S", "-m", "neurona", "info")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("neurona needs numpy, which this Python does not have: ")
    assert "source .venv/bin/activate (Windows: .venv\\Scripts\\activate)" in done.stderr
    assert len(done.stderr.splitlines()) == 2
