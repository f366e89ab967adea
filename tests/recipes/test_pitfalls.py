"""Pitfalls: each program falls in, the doctor names it, and its cure is one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurona.cli.main import app
from neurona.recipes.pitfalls import PITFALLS, show

PAGE = (Path(__file__).parents[2] / "docs" / "pitfalls.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", PITFALLS)
def test_each_is_found_and_mended(name):
    found = show(PITFALLS[name])
    assert found.words.startswith(PITFALLS[name].finding)
    assert not [f for f in found.after.diagnosis if f.alarm]
    assert found.after.accuracy > (found.before.accuracy or 0) + 0.02
    if name in ("vanishing", "dying-relu", "bad-initialisation"):
        assert found.before.accuracy < 0.3
    assert [ax.get_ylabel() for ax in found.plot().axes] == ["loss", "accuracy"]
    assert "the cure: " in str(found)


def test_programs_are_short_and_the_page_shows_them():
    for name, pitfall in PITFALLS.items():
        assert len(pitfall.code.splitlines()) <= 12
        assert pitfall.code.splitlines()[-1].startswith("model.fit(")
        assert 1 <= len(pitfall.difference.splitlines()) <= 12
        shown = [pitfall.code, pitfall.difference, pitfall.seen, f"pitfall-{name}.png"]
        assert [part for part in shown if part not in PAGE] == []


def test_the_command():
    listed = CliRunner().invoke(app, ["pitfalls"])
    assert [name for name in PITFALLS if name not in listed.output] == []
    wrong = CliRunner().invoke(app, ["pitfalls", "leek"])
    assert "did you mean 'leak'?" in str(wrong.exception)


@pytest.mark.slow
def test_the_command_tries_one(tmp_path):
    tried = CliRunner().invoke(app, ["pitfalls", "label-off-by-one", "--out", str(tmp_path)])
    assert "before: no training; after: 9" in tried.output
    assert (tmp_path / "label-off-by-one.png").stat().st_size > 5000
