"""`neurona check`: right answers pass, each typical mistake gets its own hint."""

from pathlib import Path

import numpy as np
import pytest

import neurona
from neurona.cli.check import check
from neurona.errors import ArgumentError
from neurona.learn import PAGES
from neurona.learn.answers import note
from neurona.learn.grade import graded, grades


@pytest.fixture(autouse=True)
def _of_this_source(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(neurona.__file__).parent.parent))


LEARN = Path(__file__).parents[2] / "docs" / "learn"
EXERCISES = [e for page in PAGES.values() for e in page.exercises]


def given(exercise, function):
    """The notes of a reader who wrote that function."""
    return [note(function(*case)) for case in exercise.cases]


def test_the_answers_are_right_and_each_mistake_has_its_hint():
    for exercise in EXERCISES:
        assert graded(exercise, given(exercise, exercise.answer)).state == "right", exercise.name
        assert exercise.hint
        assert exercise.task
        for mistake, words in exercise.mistakes:
            grade = graded(exercise, given(exercise, mistake))
            assert (grade.state, grade.words.splitlines()[-1]) == ("wrong", f"hint: {words}")
            assert max(map(len, grade.words.splitlines())) < 300  # large arrays by their corners


def test_every_page_has_three_exercises_with_names_of_their_own():
    files = {int(file.name[:2]): file for file in LEARN.glob("[0-9][0-9]-*.md")}
    assert set(PAGES) == set(files)
    for number, page in PAGES.items():
        names = [e.name for e in page.exercises]
        assert len(set(names)) == len(names) == 3
        text = files[number].read_text(encoding="utf-8")
        assert page.title in text.splitlines()[0]
        for words in [f"`neurona check {number:02}`", *names]:
            assert words in text, (number, words)
        compile(page.skeleton(number), "skeleton", "exec")


ANSWERS = """
import numpy as np
def weighted_sum(x, w, b):
    return np.dot(w, x)
def neuron(x, w, b):
    return 1 / (1 + np.exp(-missing))
bias = -5
print("said")
"""


def test_a_readers_file(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert not check("01", None)  # writes what is to be filled in
    assert not check("1", None)
    told = capfd.readouterr().out
    assert "wrote exercise_01.py" in told
    assert "- bias: not written yet" in told
    assert "0 of 3 right" in told
    (tmp_path / "exercise_01.py").write_text(ANSWERS)
    assert not check("01", None)
    told = capfd.readouterr().out
    assert (
        "x weighted_sum: weighted_sum([1., 2.], [ 0.5 , -0.25], 0.75) is 0.; expected 0.75." in told
    )
    assert "hint: the bias b is not added." in told
    assert "line 6: return 1 / (1 + np.exp(-missing))\n    NameError: name 'missing'" in told
    assert "+ bias: right\n1 of 3 right" in told
    assert not check(None, None)
    assert "01  1 of 3" in capfd.readouterr().out


def test_files_that_do_not_run(tmp_path):
    file = tmp_path / "answers.py"
    for text, words in [
        (
            "x = 1\nwhile True:\n    x += 1",
            "the file did not end within 1 s; it was here:\nline ",
        ),
        ("def f(:", "line 1: def f(:\nSyntaxError"),
        ("import os; os._exit(3)", "exit code 3"),
        ("raise SystemExit(2)", "SystemExit: 2"),
        ("input()", "EOFError"),
        ("1 / 0", "line 1: 1 / 0\nZeroDivisionError: division by zero"),
    ]:
        file.write_text(text)
        (grade,) = grades(1, file, seconds=1 if "while" in text else 60)
        assert grade.state == "wrong"
        assert words in grade.words


def test_what_is_given_is_named():
    exercise = next(e for e in EXERCISES if e.name == "output_gradient")
    for value, words in [
        ("text", "is a str, and numbers are expected"),
        (None, "gives nothing: is a `return` missing?"),
        (..., None),
        (np.zeros((2, 2)), "has the shape (2, 2); expected (3, 1)"),
    ]:
        grade = graded(exercise, [note(value)] * len(exercise.cases))
        assert grade.state == "open" if words is None else words in grade.words
    value = next(e for e in EXERCISES if e.name == "bias")
    grade = graded(value, [note(value.answer)])
    assert grade.words == "bias is a function, and a value is expected: bias = ..." + "."


STUCK = """
import os
def forever(n):
    while n:
        pass
def weighted_sum(x, w, b):
    return forever(len(x))
def neuron(x, w, b):
    os._exit(7)
bias = -5
"""


def test_functions_that_do_not_end_keep_no_other_from_being_graded(tmp_path):
    file = tmp_path / "bücher.py"
    file.write_text(STUCK, "utf-8")
    stuck, gone, right = grades(1, file, seconds=1)
    assert (stuck.state, gone.state, right.state) == ("wrong", "wrong", "right")
    first, *lines, hint = stuck.words.splitlines()
    assert first == "weighted_sum did not end within 1 s; it was here:"
    assert lines[0] == "line 7: return forever(len(x))"
    assert lines[1] in ("line 4: while n:", "line 5: pass")
    assert hint == "hint: is there a loop without an end?"
    assert gone.words == "neuron ends Python, with exit code 7."


def test_answers_that_are_no_number_are_told_how_that_comes():
    for name, bad, words in [
        ("weighted_sum", np.nan, "is nan; nan is no number: it is what 0 / 0, inf - inf and the "),
        ("weighted_sum", np.inf, "is inf; inf is what a division by 0 gives, or a number beyond"),
    ]:
        exercise = next(e for e in EXERCISES if e.name == name)
        grade = graded(exercise, [note(bad)] * len(exercise.cases))
        assert words in grade.words
    value = next(e for e in EXERCISES if e.name == "bias")
    grade = graded(value, [note(3)])
    assert grade.words.startswith(
        "bias is 3., and that is not right.\nhint: "
    )  # without the answer
    exercise = next(e for e in EXERCISES if e.name == "nand")
    grade = graded(exercise, [note([np.nan, 1, 1])])
    assert "is [nan, 1., 1.]; nan is no number" in grade.words


def test_pages_that_are_not_there_or_have_nothing_to_check(monkeypatch):
    monkeypatch.delitem(PAGES, 3)
    for page, words in [
        ("3", "page 03 has no exercises that are checked. Expected 01, 02"),
        ("99", "there is no such page. Got 99; expected 01, 02, 03"),
        ("first", "there is no such page. Got first; expected 01"),
    ]:
        with pytest.raises(ArgumentError, match=words):
            check(page, None)
