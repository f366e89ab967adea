"""Tracebacks show the user's lines, the library's only to who asks for them.

All errors of test_errors.py and test_errors_tensors.py are checked there for it.
"""

import logging
import os
import subprocess
import sys
import traceback

import pytest

import neurona as nn
from neurona import config, layers
from neurona.errors import ArgumentError, NeuronaError, ShapeError
from neurona.frames import door
from tests.tracebacks import PACKAGE, check_users_lines_only, lines


@pytest.fixture
def debug():
    before = config.debug()
    config.set_debug(1)
    yield
    config.set_debug(before)


WRONG = {
    "an op": lambda: nn.ops.matmul([[1.0]], [[1.0], [2.0]]),
    "an operator": lambda: nn.tensor([1.0, 2.0]) + [1.0, 2.0, 3.0],
    "a method": lambda: nn.tensor([1.0]).sum(axis=3),
    "a constructor": lambda: layers.Dense(0),
    "a layer in a layer": lambda: nn.Sequential([layers.Dense(2), layers.Conv2D(1, 3)])([[1.0]]),
    "fit": lambda: compiled().fit([[1.0]], [[1.0], [2.0]], verbose=0),
    "evaluate": lambda: compiled().evaluate([[1.0]], [[1.0], [2.0]], verbose=0),
    "predict": lambda: compiled().predict(None, verbose=0),
    "compile": lambda: compiled("adm"),
    "a loss": lambda: nn.losses.MeanSquaredError()([[1.0]], [[1.0, 2.0], [2.0, 3.0], [1.0, 1.0]]),
    "a jitted function": lambda: nn.jit(lambda x: nn.ops.reshape(x, 7))([1.0]),
    "a gradient": lambda: nn.grad(lambda x: x)([1.0, 2.0]),
}


def compiled(optimizer="sgd"):
    model = nn.Sequential([nn.Input((1,)), layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


def files_of_the_traceback():
    """As Python itself sees it, in a handler of its own."""
    return [entry.filename for entry in traceback.extract_tb(sys.exc_info()[2])]


@pytest.mark.parametrize("run", WRONG.values(), ids=WRONG)
def test_busy_doors_leave_none_to_python_itself(run):
    try:
        run()
    except NeuronaError:
        files = files_of_the_traceback()
    assert {os.path.basename(file) for file in files} == {"test_frames.py"}


@pytest.mark.parametrize("run", WRONG.values(), ids=WRONG)
def test_an_error_shows_the_users_lines_only(run):
    with pytest.raises(NeuronaError) as caught:
        run()
    check_users_lines_only(caught.value)


@pytest.mark.parametrize("run", WRONG.values(), ids=WRONG)
def test_debug_gives_all_of_them_back(run, debug):
    with pytest.raises(NeuronaError) as caught:
        run()
    assert any(PACKAGE in e.filename for e in traceback.extract_tb(caught.value.__traceback__))
    assert caught.tb is caught.value.__traceback__


def test_the_users_lines_between_the_librarys_stay():
    class Own(layers.Layer):
        def call(self, x):
            return x.reshape(7)

    with pytest.raises(ShapeError) as caught:
        nn.Sequential([Own()])([[1.0]])
    text = "".join(traceback.format_exception(caught.value))
    assert "return x.reshape(7)" in text
    assert "nn.Sequential([Own()])" in text
    assert PACKAGE not in text


def test_what_led_to_an_error_is_shortened_too():
    @door
    def fails():
        try:
            layers.Dense(0)
        except NeuronaError as error:
            raise ArgumentError("no.") from error

    with pytest.raises(ArgumentError) as caught:
        fails()
    text = "".join(traceback.format_exception(caught.value))
    assert "direct cause" in text
    assert PACKAGE not in text


def test_errors_in_a_circle_end():
    first, second = ArgumentError("1"), ArgumentError("2")
    first.__cause__, second.__cause__ = second, first

    @door
    def fails():
        raise first

    with pytest.raises(ArgumentError, match="1"):
        fails()


def test_a_traceback_can_be_set_and_taken_away():
    with pytest.raises(ShapeError) as caught:
        nn.ops.matmul([[1.0]], [[1.0], [2.0]])
    error, seen = caught.value, caught.value.__traceback__
    assert seen.tb_frame.f_code.co_filename == __file__
    error.__traceback__ = None
    assert error.__traceback__ is None
    assert error.with_traceback(seen).__traceback__.tb_frame is seen.tb_frame


def test_an_error_without_a_line_of_the_users_stays_whole():
    with pytest.raises(ArgumentError) as caught:
        config.set_engine("cuda")
    inner = caught.tb.tb_next
    assert PACKAGE in inner.tb_frame.f_code.co_filename
    assert caught.value.with_traceback(inner).__traceback__ is inner


def test_logs_and_notebooks_show_them_so(caplog):
    try:
        layers.Dense(0)
    except NeuronaError as error:
        logging.getLogger("test").exception("it failed")
        shown = error._render_traceback_()
    assert PACKAGE not in caplog.text
    assert "units is too small" in caplog.text
    assert shown[0].startswith("Traceback")
    assert len(lines("\n".join(shown))) == 5


def script(tmp_path, text, *options, **environment):
    path = tmp_path / "script.py"
    path.write_text(text)
    source = os.path.dirname(PACKAGE)
    done = subprocess.run(
        [sys.executable, *options, path], capture_output=True, text=True, timeout=100,
        env={**os.environ, "PYTHONPATH": source, **environment}, input="where\nquit\n",
    )  # fmt: skip
    return done.stdout, done.stderr


ENDS = "import neurona as nn\nnn.layers.Dense(3)([1.0])\n"
IN_USERS = """import neurona as nn
class Own(nn.layers.Layer):
    def call(self, x):
        return 1 / 0
Own()([[1.0]])
"""
IN_LIBRARY = "from neurona.core.shapes import product\nproduct(7)\n"
IN_THREAD = """import threading
import neurona as nn
def work():
    nn.config.set_engine("cuda")
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
HOOKED = """import sys
sys.excepthook = lambda kind, error, tb: print("mine", kind.__name__, tb.tb_next)
import neurona as nn
nn.config.set_engine("cuda")
"""


@pytest.mark.parametrize(
    ("text", "last"),
    [(ENDS, "[None] is a batch"), (IN_USERS, "ZeroDivisionError"), (IN_THREAD, "one of")],
    ids=["a program", "an error of another class", "a thread"],
)  # fmt: skip
def test_what_ends_a_program_or_a_thread(tmp_path, text, last):
    _, err = script(tmp_path, text)
    assert PACKAGE not in err
    assert "(neurona's own lines are hidden: NEURONA_DEBUG=1 shows them)" in err
    assert last in err
    assert len(lines(err)) <= 12
    _, err = script(tmp_path, text, NEURONA_DEBUG="1")
    assert PACKAGE in err
    assert "hidden" not in err


def test_a_fault_of_the_library_is_seen_whole(tmp_path):
    _, err = script(tmp_path, IN_LIBRARY)
    assert "shapes.py" in err
    assert "hidden" not in err


def test_a_hook_that_was_there_is_called_with_the_users_lines(tmp_path):
    out, _ = script(tmp_path, HOOKED)
    assert out == "mine ArgumentError None\n"


def test_debuggers_stand_at_the_users_line(tmp_path):
    out, _ = script(tmp_path, ENDS, "-m", "pdb", "-c", "continue")
    assert "script.py(2)<module>()" in out
    assert "Post mortem debugger" in out


def test_pytest_shows_the_users_lines(tmp_path):
    out, _ = script(
        tmp_path, f"def test_it():\n    {ENDS.splitlines()[0]}\n    {ENDS.splitlines()[1]}\n",
        "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path),
    )  # fmt: skip
    assert "1 failed" in out
    assert "needs a batch axis" in out
    assert "layer.py" not in out
