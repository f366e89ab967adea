"""What `fit`, `evaluate` and `predict` show: the layout, plain lines, and a bar in a terminal."""

import io
import os
import pty
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError
from neurona.train import bar


def text(rows):
    return [" ".join(piece for piece, _ in row) for row in rows]


NUMBERS = [("loss", "0.5000"), ("accuracy", "0.9000"), ("val_loss", "0.6000")]


def test_layout_on_one_row():
    assert text(bar.layout(100, "Epoch 1/5", 5, 20, "9 steps/s", NUMBERS)) == [
        "Epoch 1/5 ━━━━━─────────────── 5/20 9 steps/s loss 0.5000 accuracy 0.9000 val_loss 0.6000"
    ]


def test_layout_gives_up_what_says_least_to_stay_on_one_row():
    words = "0:07 · 120 steps/s"
    shown = [*NUMBERS, ("val_accuracy", "0.9000")]
    ends = " loss 0.5000 accuracy 0.9000 val_loss 0.6000 val_accuracy 0.9000"
    rounded = " loss 0.500 accuracy 0.900 val_loss 0.600 val_accuracy 0.900"
    for width, wanted in {
        130: "Epoch 9/10 ━━━━━━━━━━━━━━━━━━━━ 20/20 0:07 · 120 steps/s" + ends,
        110: "Epoch 9/10 ━━━━━━━━━━ 20/20 0:07 · 120 steps/s" + ends,
        99: "Epoch 9/10 ━━━━━━━━━━━━━ 20/20 0:07" + ends,
        88: "Epoch 9/10 20/20 0:07" + ends,
        79: "Epoch 9/10 0:07" + ends,
        77: "Epoch 9/10 0:07" + rounded,
    }.items():
        assert text(bar.layout(width, "Epoch 9/10", 20, 20, words, shown)) == [wanted]


def test_layout_in_several_rows():
    assert text(bar.layout(45, "Epoch 1/5", 20, 20, "9 steps/s", NUMBERS)) == [
        "Epoch 1/5 ━━━━━━━━━━━━━━━━━━━ 20/20 9 steps/s",
        "  loss 0.5000 accuracy 0.9000 val_loss 0.6000",
    ]


@pytest.mark.parametrize("width", range(20, 120, 7))
def test_layout_keeps_to_the_width(width):
    rows = text(bar.layout(width, "Epoch 1/5", 5, 20, "9 steps/s · 0:10 left", NUMBERS))
    assert all(len(row) <= width for row in rows)
    shown = re.sub(r"\s+", " ", " ".join(rows))
    assert re.search(r"loss 0.5000? accuracy 0.9000? val_loss 0.6000?$", shown)


def test_layout_without_a_known_length():
    assert text(bar.layout(80, "Epoch 1/5", 7, None, "", [])) == ["Epoch 1/5 7 steps"]
    assert text(bar.layout(80, "", 0, 0, "", [])) == ["─" * 20 + " 0/0"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, "0.5000"), (0.001, "1.0000e-03"), (-2, "-2.0000"), (0, "0.0000"), (1e-9, "1.0000e-09"),
     (float("nan"), "nan"), (float("inf"), "inf")],
)  # fmt: skip
def test_numbers(value, expected):
    assert bar.number(value) == expected


def network():
    nn.random.set_seed(0)
    model = nn.Sequential([nn.layers.Dense(1)])
    model.compile(nn.optimizers.SGD(0.1), "mse")
    return model


def data():
    x = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
    return x, x[:, :1]


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_plain_lines_where_there_is_no_terminal(verbose, capsys):
    x, y = data()
    model = network()
    model.fit(x, y, 4, 2, verbose, validation_data=(x, y))
    model.evaluate(x, y, 4, verbose)
    model.predict(x, 4, verbose)
    lines = capsys.readouterr().out.splitlines()
    number = r"\d\.\d{4}(e-\d\d)?"
    for epoch in (1, 2):
        line = lines.pop(0)
        assert re.fullmatch(rf"Epoch {epoch}/2 - \d+s - loss: {number} - val_loss: {number}", line)
    assert re.fullmatch(rf"3/3 - \d+s - loss: {number}", lines.pop(0))
    assert len(lines) == 1
    assert re.fullmatch(r"3/3 - \d+s", lines[0])


def test_verbose_0_is_silent(capsys):
    x, y = data()
    model = network()
    model.fit(x, y, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    assert capsys.readouterr() == ("", "")


def test_a_given_progbar_is_the_only_one(capsys):
    x, y = data()
    network().fit(x, y, verbose=2, callbacks=[nn.callbacks.ProgbarLogger()])
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("verbose", ["loud", 3, -1, None])
def test_verbose_must_be_one_of_its_values(verbose):
    x, y = data()
    with pytest.raises(ArgumentError, match="verbose says how to report") as error:
        network().fit(x, y, verbose=verbose)
    assert 'expected "auto" or 1 for a bar, 2 for a line each epoch, 0 for nothing' in str(
        error.value
    )


# --- in a terminal ----------------------------------------------------------------------------

START = """
import sys, time
import numpy as np
import neurona as nn
x = np.random.default_rng(0).normal(size=(400, 3)).astype("float32")
y = x[:, :1]
nn.random.set_seed(0)
model = nn.Sequential([nn.layers.Dense(1)])
model.compile(nn.optimizers.SGD(0.1), "mse")
class Slow(nn.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.001)
"""


def in_terminal(code, columns=100, **environment):
    """Run code in a pseudo-terminal and return what it wrote, with its exit status."""
    main, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", START + code],
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(nn.__file__).parents[1]),
            "COLUMNS": str(columns),
            "TERM": "xterm",
            "PYTHONIOENCODING": "utf-8",
            **environment,
        },
    )
    os.close(child)
    written = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not part:
            break
        written += part
    os.close(main)
    return written.decode(), process.wait()


def screen(written):
    """Return the rows that stand on the screen in the end; enough of a terminal for our bar."""
    rows, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|[^\x1b]", written):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif token.startswith("\x1b["):
            if token.endswith("A"):
                row -= int(token[2:-1] or 1)
            elif token == "\x1b[2K":
                rows[row] = ""
            else:
                assert token[-1] in "mhl", f"unknown sequence {token!r}"
        else:
            rows[row] = rows[row][:column].ljust(column) + token + rows[row][column + 1 :]
            column += 1
    return [r.rstrip() for r in rows if r.strip()]


def test_a_bar_in_a_terminal():
    code = """
model.fit(x, y, 2, 2, validation_data=(x, y), callbacks=[Slow()])
model.evaluate(x, y)
model.predict(x)
"""
    written, status = in_terminal(code)
    assert status == 0, written
    rows = screen(written)
    assert len(rows) == 4, rows
    number = r"\d\.\d{4}(e-\d\d)?"
    for epoch in (1, 2):
        assert re.fullmatch(
            rf"Epoch {epoch}/2 ━{{20}} 200/200 0:0\d · \d+ steps/s "
            rf"loss {number} val_loss {number}",
            rows[epoch - 1],
        )
    assert re.fullmatch(rf"━{{20}} 13/13 0:\d\d · \d+ steps/s loss {number}", rows[2])
    assert re.fullmatch(r"━{20} 2/2 0:\d\d · \d+ steps/s", rows[3])
    assert "left" in written  # while it ran
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # the cursor is back
    # 200 batches of a millisecond, and the bar is drawn 10 times a second at most
    assert written.count("\x1b[2K") < 60


def test_prints_stand_above_the_bar():
    code = """
class Say(nn.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 100:
            print("hello")
            model.evaluate(x, y)
model.fit(x, y, 2, callbacks=[Slow(), Say()])
"""
    rows = screen(in_terminal(code)[0])
    assert rows[0] == "hello"
    assert re.match(r"13/13 - \d+s - loss: ", rows[1])
    assert rows[2].startswith("Epoch 1/1 ━━━━━━━━━━━━━━━━━━━━ 200/200")
    assert len(rows) == 3


def test_a_narrow_terminal_gets_several_rows():
    code = "model.fit(x, y, 2, validation_data=(x, y), callbacks=[Slow()])"
    rows = screen(in_terminal(code, columns=40)[0])
    assert len(rows) == 2
    assert all(len(row) < 40 for row in rows)
    assert re.fullmatch(r"  loss \S+ val_loss \S+", rows[1])


def test_a_terminal_without_unicode_gets_ascii():
    written, status = in_terminal("model.fit(x, y)", PYTHONIOENCODING="ascii")
    assert status == 0, written
    assert re.match(r"Epoch 1/1 ={20} 13/13 0:\d\d \| ", screen(written)[0])


def test_a_terminal_without_unicode_gets_escapes_of_names():
    code = """
model.compile("sgd", "mse", metrics=[nn.metrics.MeanSquaredError(name="m\\xe4\\xdfig")])
model.fit(x, y)
"""
    written, status = in_terminal(code, PYTHONIOENCODING="ascii")
    assert status == 0, written
    assert "m\\xe4\\xdfig" in screen(written)[0]


def test_the_terminal_is_given_back_after_an_error():
    code = """
class Fail(nn.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise KeyboardInterrupt
try:
    model.fit(x, y, callbacks=[Fail()])
except KeyboardInterrupt:
    print("interrupted")
model.fit(x, y)
"""
    written, status = in_terminal(code)
    assert status == 0, written
    rows = screen(written)
    assert "interrupted" in rows
    assert rows[-1].startswith("Epoch 1/1 ━━━━━━━━━━━━━━━━━━━━ 13/13")
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


def test_a_generator_of_unknown_length_has_no_bar():
    code = """
batches = lambda: ((x[i : i + 4], y[i : i + 4]) for i in range(0, 400, 4))
model.fit(batches, epochs=2, callbacks=[Slow()])
"""
    written, status = in_terminal(code)
    assert status == 0, written
    assert re.fullmatch(r"Epoch 1/2 ━{20} 100/100 0:0\d · \d+ steps/s loss \S+", screen(written)[0])
    first, second = written.split("Epoch 2/2", 1)
    assert " steps " in first
    assert "0/100" in second


def test_rich_is_imported_only_for_a_bar():
    code = """
model.fit(x, y, verbose=0)
model.fit(x, y, verbose=2)
print("rich" in sys.modules)
model.fit(x, y, verbose=1)
print("rich" in sys.modules)
"""
    rows = screen(in_terminal(code)[0])
    assert (rows[1], rows[3]) == ("False", "True")


def test_a_notebook_gets_one_bar_for_all_epochs(monkeypatch, capsys):
    shown = []

    class Handle:
        def update(self, data, raw):
            assert raw
            shown[-1].append(data)

    def display(data, raw, display_id):
        assert (raw, display_id) == (True, True)
        shown.append([data])
        return Handle()

    shell = types.SimpleNamespace(kernel=object())
    page = types.SimpleNamespace(display=display)
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", page)
    x, y = data()
    model = network()
    model.fit(x, y, epochs=3, validation_data=(x, y))
    model.evaluate(x, y)
    progress_of_ones_own = nn.utils.Progbar(2)
    progress_of_ones_own.update(2, [("cost", 1.0)])
    assert capsys.readouterr().out == ""
    assert len(shown) == 3  # one a call
    fit, evaluate, own = (pictures[-1] for pictures in shown)
    assert re.fullmatch(r"Epoch 3/3 1/1 0:00.* loss \S+ val_loss \S+", fit["text/plain"])
    assert "width:100.0%" in fit["text/html"]
    assert re.search(r"val_loss <b>\d", fit["text/html"])
    assert re.fullmatch(r"1/1 0:00.* loss \S+", evaluate["text/plain"].strip())
    assert own["text/plain"].strip().endswith("cost 1.0000")
    shell.kernel = None
    del shell.kernel  # IPython in a terminal
    model.fit(x, y)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_resumed_epoch_goes_on_in_the_bar(tmp_path):
    code = f"""
class Stop(nn.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 149:
            raise KeyboardInterrupt
saver = nn.callbacks.BackupAndRestore({str(tmp_path)!r}, 50)
try:
    model.fit(x, y, 2, verbose=0, callbacks=[saver, Stop()])
except KeyboardInterrupt:
    pass
model.fit(x, y, 2, callbacks=[saver, Slow()])
"""
    written, status = in_terminal(code)
    assert status == 0, written
    assert "100/200" in written
    assert " 0/200" not in written


def test_names_that_the_terminal_cannot_show_are_escaped(monkeypatch, tmp_path):
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, "ascii"))
    model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(1, name="größe")], name="日本")
    error = nn.metrics.MeanSquaredError(name="mäßig")
    model.compile("sgd", "mse", metrics=[error])
    keep = nn.callbacks.ModelCheckpoint(tmp_path / "ü.safetensors", verbose=1)
    model.fit([[1.0]], [[1.0]], verbose=2, callbacks=[keep])
    model.summary()
    sys.stdout.flush()
    for name in ("gr\\xf6\\xdfe", "\\u65e5\\u672c", "m\\xe4\\xdfig: ", "\\xfc.safetensors"):
        assert name in shown.getvalue().decode()
    assert (tmp_path / "ü.safetensors").exists()
