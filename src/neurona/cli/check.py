"""`neurona check`: grades the exercises of the learner's path."""

from __future__ import annotations

from pathlib import Path

from neurona.errors import ArgumentError
from neurona.files import write_text
from neurona.learn import PAGES
from neurona.learn.grade import Grade, grades
from neurona.learn.notebooks import number_of, sources

MARKS = {"right": "+", "open": "-", "wrong": "x"}


def check(page: str | None, file: Path | None) -> bool:
    """Grade a page's exercises, or list all pages; return whether all is right.

    Raises:
        ArgumentError: there is no such page, or no such file.
    """
    if page is None:
        return _overview()
    number = number_of(sources(), page)
    if number not in PAGES:
        raise ArgumentError(
            f"page {number:02} has no exercises that are checked.",
            expected=", ".join(f"{n:02}" for n in PAGES),
        )
    answers = file or _default(number)
    if not answers.is_file():
        if file is not None:
            raise ArgumentError(f"there is no file {file}.")
        write_text(answers, PAGES[number].skeleton(number))
        print(f"wrote {answers}: fill it in, then give the same command again.")
        return False
    found = grades(number, answers.resolve())
    for grade in found:
        _show(grade)
    right = sum(g.state == "right" for g in found)
    total = len(PAGES[number].exercises)
    print(f"{right} of {total} right" + (": done!" if right == total else ""))
    return right == total


def _default(number: int) -> Path:
    return Path(f"exercise_{number:02}.py")


def _show(grade: Grade) -> None:
    state = "not written yet" if grade.state == "open" else grade.state
    first, *rest = grade.words.splitlines() or [""]
    print(f"{MARKS[grade.state]} {grade.name}: {first or state}")
    for line in rest:
        print(f"    {line}")


def _overview() -> bool:
    """List the pages, each with what is right in this folder."""
    done = True
    for number, page in PAGES.items():
        file = _default(number)
        found = grades(number, file.resolve()) if file.is_file() else []
        right = sum(g.state == "right" for g in found)
        told = f"{right} of {len(page.exercises)}" if found else "-"
        done &= right == len(page.exercises)
        print(f"{number:02}  {told:<7} {page.title}")
    print("neurona check 01 begins with the first page; neurona learn has the pages.")
    return done
