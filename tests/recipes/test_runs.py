"""Folders of runs: what they say, that no finished run is lost, and runs side by side."""

import dataclasses
import json
import os
import re
from pathlib import Path

import pytest

from neurona import recipes
from neurona.datasets import make_moons
from neurona.errors import ArgumentError, FormatError, StateError
from neurona.layers import Dense
from neurona.models import Sequential
from neurona.recipes import comparison, findings, record
from neurona.recipes.files import read_history, write_history
from tests.cli.command import run
from tests.recipes.stopping import stopped_at


def perform(run):
    """A recipe in short: moons without a picture."""
    x, y = make_moons(200, noise=0.2, random_state=0)
    model = Sequential([Dense(4, activation="relu"), Dense(1, activation="sigmoid")])
    model.compile(run.optimizer(), "binary_crossentropy", metrics=["accuracy"])
    run.fit(model, x.astype("float32"), y, validation_data=(x[:40], y[:40]))
    run.score("test accuracy", 0.5)


MOONS = dataclasses.replace(recipes.get("moons"), perform=perform)


def go(out, recipe=MOONS, **changes):
    given = {"epochs": 2, **changes.pop("settings", {})}
    settings = recipe.settings(given, quick=True)
    return recipes.carry_out(recipe, settings, out, quick=True, verbose=0, say=[].append, **changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three runs of moons, the last one stopped, and a folder that is none."""
    folder = tmp_path_factory.mktemp("runs")
    go(folder / "moons")
    go(folder / "slow", settings={"epochs": 3, "learning_rate": 0.001, "optimizer": "sgd"})
    with stopped_at(5):
        go(folder / "stopped")
    (folder / "notes").mkdir()
    return folder


def test_a_folder_says_what_run_is_in_it(made):
    found = record.runs(made)
    assert [place.name for place in found] == ["moons", "slow", "stopped"]
    moons, slow, stopped = found.values()
    assert moons.recipe == "moons"
    assert moons.quick
    assert moons.score[0] == "test accuracy"
    assert moons.changed == {"epochs": 2}
    assert slow.changed == {"epochs": 3, "learning_rate": 0.001, "optimizer": "sgd"}
    assert moons.started <= moons.finished
    assert (stopped.finished, stopped.score) == ("", None)
    for broken in ("[", "{}", json.dumps({**vars(moons), "quick": 1})):
        (made / "notes" / "run.json").write_text(broken)
        assert record.read(made / "notes") is None


def test_a_finished_run_is_kept_unless_it_is_to_be_replaced(made, tmp_path):
    folder = tmp_path / "moons"
    go(folder)
    before = (folder / "history.csv").read_bytes()
    (folder / "plots" / "old.png").write_bytes(b"")
    with pytest.raises(StateError) as caught:
        go(folder, settings={"epochs": 1})
    assert str(caught.value).startswith(f"{folder} holds a finished run. Got moons, finished on 20")
    assert "try: --force to replace it, or another --out" in str(caught.value)
    assert (folder / "history.csv").read_bytes() == before
    go(folder, force=True)
    assert (folder / "history.csv").read_bytes() == before
    assert not (folder / "plots" / "old.png").exists()
    (folder / "run.json").unlink()  # as earlier versions left it
    with pytest.raises(StateError, match="holds a finished run"):
        go(folder)


def test_the_next_run_goes_where_no_other_one_is(made):
    settings = {k: record.read(made / k).settings for k in ("moons", "slow", "stopped")}
    place = record.place(made / "moons", "moons", settings["moons"], quick=True)
    assert place == made / "moons-2"
    assert record.place(made / "new", "moons", settings["moons"], quick=True) == made / "new"
    stopped = made / "stopped"
    assert record.place(stopped, "moons", settings["stopped"], quick=True) == stopped  # goes on
    assert record.place(stopped, "moons", settings["slow"], quick=True) == made / "stopped-2"
    assert record.place(stopped, "moons", settings["stopped"], quick=False) == made / "stopped-2"


def test_data_that_a_recipe_does_not_read_are_no_secret(tmp_path):
    with pytest.raises(ArgumentError, match=r"there is no folder .*nowhere\. Expected the folder"):
        go(tmp_path / "out", data=tmp_path / "nowhere")
    with pytest.raises(
        ArgumentError, match=r"the recipe 'moons' reads no data from a folder with --quick\. Got"
    ):
        go(tmp_path / "out", data=tmp_path)
    with pytest.raises(ArgumentError, match="'and' reads no data"):
        go(tmp_path / "out", recipes.get("and"), data=tmp_path)
    assert record.runs(tmp_path) == {}


def test_histories_are_read_as_they_were_written(tmp_path):
    logs = {"loss": [0.1, 1 / 3, float("inf")], "val_loss": [0.5]}
    write_history(tmp_path / "h.csv", logs)
    assert read_history(tmp_path / "h.csv") == logs
    write_history(tmp_path / "h.csv", {})
    assert read_history(tmp_path / "h.csv") == {}
    (tmp_path / "h.csv").write_text("epoch,loss\n1,two\n")
    with pytest.raises(FormatError, match=r"h\.csv holds no history"):
        read_history(tmp_path / "h.csv")


def test_runs_are_compared(made, tmp_path):
    chosen = comparison.load([str(made / name) for name in ("moons", "slow", "stopped")])
    table = {row[0]: row[1:] for row in comparison.columns(chosen)}
    assert table[""] == ("moons", "slow", "stopped")
    assert table["recipe"] == ("moons --quick",) * 3
    assert table["finished"][2] == "no"
    assert table["epochs"] == ("2", "3", "2")
    assert table["optimizer"] == ("adam", "sgd", "adam")
    assert "batch size" not in table  # the same in all of them
    assert table["test accuracy"][0].endswith(" %")
    assert table["test accuracy"][2] == ""
    loss = read_history(made / "slow" / "history.csv")["loss"][-1]
    assert table["training loss at the end"][1] == f"{loss:.4g}"
    assert set(comparison.curves(chosen)["val_loss"]) == {"moons", "slow"}
    page = comparison.write(chosen, tmp_path / "page.html").read_text()
    assert page.count("<img alt=") == 4
    assert "moons, slow and stopped" in page
    here = Path(os.path.relpath(made, tmp_path)).as_posix()
    assert f'<li><a href="{here}/slow/report.html">slow</a></li>' in page
    assert "stopped/report.html" not in page  # there is none
    assert page.count("\u00a0%</td>") == 2
    for width, least in re.findall(r'<img alt="[^"]*" width="(\d+)"[^>]*--least: (\d+)px', page):
        assert int(least) == round(0.6 * int(width))  # letters can be read on a phone
    assert page.count("--least: ") == 4
    picture = comparison.write(chosen, tmp_path / "page.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ArgumentError, match=r"is a page or a picture. Got 'x.jpg'|Got x.jpg"):
        comparison.write(chosen, tmp_path.relative_to(tmp_path) / "x.jpg")
    with pytest.raises(ArgumentError, match="it takes two different runs to compare"):
        comparison.load([str(made / "moons")])


def test_the_commands_list_compare_and_number(made, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "there is no folder runs" in run(capsys, "runs")[2]
    code, out, _ = run(capsys, "train", "and")
    assert code == 0
    code, out, _ = run(capsys, "train", "and", "--lr", "0.2")
    assert out.startswith("runs/and holds another run, so this one goes to runs/and-2 (--force re")
    assert run(capsys, "train", "and", "--force")[0] == 0
    code, _, err = run(capsys, "train", "and", "--out", "runs/and-2")
    assert (code, "runs/and-2 holds a finished run" in err) == (1, True)
    (tmp_path / "runs" / "empty").mkdir()
    assert "no runs in runs/empty" in run(capsys, "runs", "runs/empty")[1]
    lines = run(capsys, "runs")[1].splitlines()
    assert lines[0].split() == ["run", "recipe", "begun", "score", "settings"]
    assert lines[1].startswith("and-2  and     20")
    assert lines[1].endswith("accuracy 100.00 %  learning rate 0.2")
    assert lines[2].endswith("accuracy 100.00 %  the recipe's own")
    assert "unfinished" in run(capsys, "runs", made)[1]
    code, out, _ = run(capsys, "compare", "and", "and-2")
    assert (code, out.splitlines()[-1]) == (0, "curves: runs/compare.html")
    assert "learning rate" in out
    code, _, err = run(capsys, "compare", "and", "nd-2")
    assert (code, "unknown run. Got 'nd-2'" in err) == (2, True)
    assert "did you mean 'and-2'?" in err


def test_the_doctor_s_findings_are_kept_told_and_shown(made, tmp_path, capsys):
    told = []
    settings = MOONS.settings({"epochs": 12, "learning_rate": 1e4, "optimizer": "sgd"}, quick=True)
    recipes.carry_out(
        MOONS, settings, tmp_path, quick=True, verbose=0, say=told.append, doctor="guard"
    )
    kept = findings.read(tmp_path)
    looked = {rule.id for rule in kept[0].diagnosis.checked}
    assert looked > {"GD104", "GD301", "GD506", "GD601"}  # before the training, and in it
    first = kept[0].diagnosis.causes[0]  # which one, is for the doctor's own tests
    assert kept[0].as_dict() == json.loads((tmp_path / "doctor.json").read_text())[0]
    others = sum(f.alarm for f in kept[0].diagnosis) - 1
    more = f", and {others} more" if others else ""
    line = f"doctor: {first.id}, {first.rule.title}{more}: neurona doctor {tmp_path}"
    assert line in told
    page = (tmp_path / "report.html").read_text()
    assert '<section id="what-the-doctor-says">' in page
    assert f"<b>{first.id}</b> {first.severity}" in page
    assert "What the doctor says" not in (made / "moons/report.html").read_text()

    capsys.readouterr()
    code, out, _ = run(capsys, "doctor", str(tmp_path))
    assert code == 0
    assert f"{first.id} {first.severity}: {first.said}" in out
    assert json.loads(run(capsys, "doctor", str(tmp_path), "--json")[1])[0]["repairs"] == []
    out = run(capsys, "doctor", str(made / "moons"))[1]
    assert "looked at 3 rules: GD401, GD601, GD604." in out
    assert "by its curves and weights alone; --doctor watches data and training." in out
    write_history(tmp_path / "history.csv", {"loss": [0.5, float("nan")]})
    (tmp_path / "doctor.json").unlink()
    assert "the loss is nan in epoch 2" in run(capsys, "doctor", str(tmp_path))[1]
    model = Sequential([Dense(1)])
    model.build((None, 2))
    model.layers[0].kernel.assign([[float("nan")], [1.0]])
    assert findings.afterwards(made / "moons", model).diagnosis[0].evidence == {"bad": 1, "of": 2}

    repair = {"rule": "GD202", "when": "before training", "what": "the loss takes scores.",
              "diff": "- a\n+ b", "kept": True, "steps": 0}  # fmt: skip
    mended = findings.Examined("", kept[0].diagnosis, [repair])
    findings.write(tmp_path, [mended])
    assert findings.read(tmp_path)[0].repairs == [{**repair, "steps": 0}]
    assert "GD202 repaired before training: the loss takes scores.\n  - a" in str(mended)
    assert "<p>GD202 repaired before training: the loss takes" in findings.section([mended])
    stored = {"findings": [], "checked": [], "skipped": {}, "repairs": [{"rule": 1}]}
    (tmp_path / "doctor.json").write_text(json.dumps([stored]))
    with pytest.raises(FormatError, match="a repair is malformed"):
        findings.read(tmp_path)
    malformed = '[{"findings": [{}], "checked": [], "skipped": {}}]'
    wrong = {"{}": "no list of diagnoses", "[{}]": "no diagnosis", malformed: "malformed"}
    for text, rule in wrong.items():
        (tmp_path / "doctor.json").write_text(text)
        with pytest.raises(FormatError, match=rule):
            findings.read(tmp_path)
    code, _, error = run(capsys, "doctor", "nothing")
    assert code == 2
    assert "unknown run. Got 'nothing'" in error
    well = [findings.Examined(f"fold {k}", findings.Diagnosis([])) for k in (1, 2)]
    assert [e.stage for e in findings.grouped([*well, mended])] == ["fold 1, fold 2", ""]
    assert "no recipe 'mons'" in run(capsys, "train", "mons", "--doctor")[2]  # it may stand bare
    code, _, error = run(capsys, "train", "moons", "--doctor", "fll")
    assert code == 2
    assert "did you mean 'full'?" in error
    code, _, error = run(capsys, "train", "moons", "--repair", "rase")
    assert code == 2
    assert "did you mean 'race'?" in error


def test_repairs_are_asked_for_on_the_command_line_told_and_shown(tmp_path, monkeypatch, capsys):
    told = []
    settings = MOONS.settings({"epochs": 6, "learning_rate": 1e4, "optimizer": "sgd"}, quick=True)
    out, given = tmp_path / "moons", {}
    made = recipes.carry_out(
        MOONS, settings, out, quick=True, verbose=0, say=told.append, doctor="guard", repair="safe"
    )
    assert not made.resume
    (kept,) = findings.read(out)
    first = next(r for r in kept.repairs if "- learning_rate=1e+04" in r["diff"])
    assert any(re.match(r"doctor: .*\d repairs?", line) for line in told)
    said = f"{first['rule']} repaired in {first['when']}"
    assert f"<p>{said}" in (out / "report.html").read_text()
    capsys.readouterr()
    assert said in run(capsys, "doctor", str(out))[1]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recipes, "carry_out", lambda *args, **kwargs: given.update(kwargs))
    assert run(capsys, "train", "moons", "--repair", "race")[0] == 0
    assert (given["doctor"], given["repair"]) == ("guard", "race")
    assert run(capsys, "train", "moons")[0] == 0
    assert (given["doctor"], given["repair"]) == (None, "off")
