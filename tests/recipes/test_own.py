"""Somebody's own tables and folders: learned, judged honestly, resumed, predicted, or refused."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona.classic.baselines import linear, logistic, neighbours
from neurona.errors import ArgumentError, DataError, MissingDataError, NeuronaError
from neurona.recipes import carry_out, own
from neurona.recipes.own import table
from neurona.recipes.own.images import read_folder
from neurona.recipes.own.network import network
from neurona.recipes.own.rows import read_rows
from neurona.recipes.own.verdict import NOT_WORTH, Measure, judged, measure
from tests.first import first

rng = np.random.default_rng(0)


def write(path, head, rows):
    path.write_text("\n".join(",".join(map(str, row)) for row in [head, *rows]) + "\n")
    return path


def houses(path, count=40):
    """Sizes with gaps, a city, a date, an id, and a price that follows from them."""
    rows = []
    for i in range(count):
        size, city = rng.uniform(20, 90), rng.choice(["Bonn", "Ulm"])
        price = 1000 * size * (2 if city == "Bonn" else 1)
        gap = "" if i % 9 == 0 else f"{size:.1f}"
        rows.append((f"H{i}", gap, city, f"2021-0{1 + i % 9}-11", f"{price:.0f}"))
    return write(path, ("id", "size", "city", "sold", "price"), rows)


def learn(path, out, epochs=3, **options):
    lines = []
    recipe = own.recipe(path, **options)
    settings = dataclasses.replace(recipe.defaults, epochs=epochs)
    run = carry_out(recipe, settings, out, say=lines.append)
    return run, lines


def test_a_table_of_numbers_is_learned_told_and_predicted(tmp_path, capsys):
    path = houses(tmp_path / "houses.csv")
    run, lines = learn(path, tmp_path / "run")
    text = "\n".join(lines)
    for told in (
        "price, a number from", "left out, a text of its own", "missing", "category, 2 texts",
        "date, 2021-01-11 to 2021-09-11", "linear regression", "nearest neighbours",
    ):  # fmt: skip
        assert told in text, told
    assert NOT_WORTH in text or "is worth it" in text
    assert {p.name for p in run.pictures} >= {"history", "predictions", "columns"}
    assert list(run.scores)[-1] == "test R2"
    report = (tmp_path / "run/report.html").read_text()
    assert f"neurona train {path}" in report
    assert "column size" in report

    from neurona.cli.predict import predict

    new = write(
        tmp_path / "new.csv", ("city", "more", "size", "sold"), [("Ulm", 1, 50, "2021-03-01")]
    )
    predict(tmp_path / "run", [new], invert=None, divide_by=1, out=tmp_path / "out.csv")
    shown = capsys.readouterr()
    assert "note: ignored columns: more" in shown.err
    said = float(re.search(r"row 1  price (\S+)", shown.out)[1])
    model = nn.models.load_model(tmp_path / "run/model.safetensors")
    x = model.preparation.apply({"city": "Ulm", "size": 50, "sold": "2021-03-01"})
    assert said == pytest.approx(model.predict(x[None], verbose=0).item(), rel=1e-4)
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == (
        "city,more,size,sold,predicted price"
    )
    with pytest.raises(DataError, match="a column is missing: size"):
        predict(
            tmp_path / "run",
            [write(tmp_path / "b.csv", ("city", "sold"), [("Ulm", "2021-03-01")])],
            invert=None, divide_by=1,
        )  # fmt: skip


@pytest.mark.parametrize("stop", first(["fold 2: 5 epochs", "epoch 3 of 5"], "epoch 3 of 5"))
def test_a_run_that_was_stopped_ends_with_the_same_bits(tmp_path, monkeypatch, stop):
    monkeypatch.setattr("neurona.recipes.interrupt.PAUSE", 0.0)
    monkeypatch.setattr("neurona.recipes.interrupt.SAVE_EVERY", 1)
    if stop.startswith("epoch"):
        monkeypatch.setattr(table, "ENOUGH", 20)  # one part, and early stopping in it
    rows = [(f"{a:.3f}", f"{b:.3f}", "xy"[int(a * b > 0)]) for a, b in rng.normal(size=(30, 2))]
    path = write(tmp_path / "t.csv", ("a", "b", "kind"), rows)
    learn(path, tmp_path / "whole", 5)

    def say(line):
        if stop in line:
            raise KeyboardInterrupt

    recipe = own.recipe(path)
    settings = dataclasses.replace(recipe.defaults, epochs=5)
    with pytest.raises(KeyboardInterrupt):
        carry_out(recipe, settings, tmp_path / "again", say=say)
    run, _ = learn(path, tmp_path / "again", 5)
    assert run.resumed is not None
    assert run.model.class_names == ("x", "y")
    whole, again = (
        nn.models.load_model(tmp_path / name / "model.safetensors") for name in ("whole", "again")
    )
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert whole.preparation == again.preparation
    logs = [(tmp_path / name / "history.csv").read_bytes() for name in ("whole", "again")]
    assert logs[0] == logs[1]


def shapes(folder, count, size=20):
    """Light squares or dark ones on a ground between."""
    folder.mkdir(parents=True)
    for i in range(count):
        pixels = np.full((size + i, size), 128, np.uint8)
        pixels[5:12, 5:12] = 250 if "light" in folder.name else 5
        mode = ("L", "RGB", "P", "RGBA")[i % 4]
        Image.fromarray(pixels).convert(mode).save(folder / f"{i}.PNG")


def test_a_folder_of_images_is_learned(tmp_path):
    for name in ("light", "dark"):
        shapes(tmp_path / "in" / name, 6)
    (tmp_path / "in/light/broken.png").write_bytes(b"no image")
    (tmp_path / "in/light/.DS_Store").write_bytes(b"x")
    (tmp_path / "in/dark/notes.txt").write_text("x")
    run, lines = learn(tmp_path / "in", tmp_path / "run", 2)
    text = "\n".join(lines)
    assert "12, 20 to 25 x 20 pixels, grey" in text
    assert "broken.png: left out" in text
    assert "1 files without the ending of an image" in text
    assert "nearest neighbour" in text
    assert "12 images" in run.notes["units"]  # which are dead, of the network of all samples
    assert run.notes["units"] in (tmp_path / "run/report.html").read_text()
    model = nn.models.load_model(tmp_path / "run/model.safetensors")
    assert model.class_names == ("dark", "light")
    x = model.preparation.apply(tmp_path / "in/dark/3.PNG")
    np.testing.assert_array_equal(x, read_folder(tmp_path / "in").x[3])
    assert x.shape == model.input_shape[1:]


@pytest.mark.slow
def test_parts_that_folders_tell_are_kept(tmp_path):
    for part, count in (("train", 12), ("Test", 3)):
        for name in ("light", "dark"):
            shapes(tmp_path / "up/in" / part / name, count)
    run, lines = learn(tmp_path / "up", tmp_path / "run", 1)
    assert "24 for training, 6 for testing, as the folders say" in "\n".join(lines)
    assert run.facts["samples"].endswith("6 for testing")


REFUSED = [
    ("a,y\n1,x\n2,y\n3,x\n", {}, "too few rows to learn from"),
    ("a\n" + "1\n2\n" * 9, {}, "there is one column"),
    ("a,y\n" + "".join(f"{i}.5,x\n" for i in range(12)), {}, "has one class"),
    ("a,y\n" + "".join(f"{i}.5,n{i}\n" for i in range(12)), {}, "a text of its own in most rows"),
    ("a,y\n" + "".join(f"{i}.5,\n" for i in range(12)), {}, "is missing in each row"),
    ("a,y\n" + "".join(f"7,{'xy'[i % 2]}\n" for i in range(12)), {}, "no column tells anything"),
    ("a,y\n" + "".join(f"{i}.5,2021-01-{i + 1:02}\n" for i in range(12)), {}, "is a date"),
    ("a,y\n1,2\n", {"target": "z"}, "unknown target"),
    ("a,y\n1,2\n", {"task": "guess"}, "unknown task"),
    ("a,y\n" + "".join(f"{i}.5,{'xy'[i % 2]}\n" for i in range(12)), {"task": "regression"},
     "is no number"),
]  # fmt: skip


def test_what_cannot_be_learned_is_refused_with_its_reason(tmp_path):
    for number, (text, options, message) in enumerate(REFUSED):
        path = tmp_path / f"{number}.csv"
        path.write_text(text)
        with pytest.raises(NeuronaError, match=message):
            own.recipe(path, **options)
    shapes(tmp_path / "one/light", 3)
    for folder, message in (
        ("one", "there is one class"),
        ("one/light", "no images in folders(?s:.*)try: the folder above"),
    ):
        with pytest.raises(DataError, match=message):
            own.recipe(tmp_path / folder)
    shapes(tmp_path / "one/dark", 1)
    with pytest.raises(DataError, match="needs two images or more"):
        own.recipe(tmp_path / "one")
    with pytest.raises(ArgumentError, match="a folder of images has no columns"):
        own.recipe(tmp_path / "one", target="x")
    with pytest.raises(MissingDataError, match="no file or folder"):
        own.recipe(tmp_path / "nothing.csv")

    from neurona.cli.train import find

    with pytest.raises(ArgumentError, match="no recipe 'digts', and no file or folder") as caught:
        find("digts", None, None)
    assert "digits" in caught.value.hint
    with pytest.raises(ArgumentError, match="has no target to choose"):
        find("digits", "x", None)
    with pytest.raises(ArgumentError, match="need no --data"):
        find(str(tmp_path / "0.csv"), None, None, Path("."))


def test_rows_are_cleaned_by_rule(tmp_path):
    values = rng.normal(size=40)
    rows = [(f"{v:.4f}", "ab"[i % 2], "uv"[i % 2], 1 + i % 3) for i, v in enumerate(values)]
    rows += [rows[0], (1.25, "a", "u", ""), (1.5, "b", "v", "oops")]
    found = read_rows(write(tmp_path / "t.csv", ("x", "twin", "y", "n"), rows), "twin")
    told = "\n".join(found.notes)
    assert "1 rows are copies of others" in told
    assert "'y' says the target in other words" in told
    found = read_rows(tmp_path / "t.csv", "n")
    assert found.task == "classification"
    assert found.class_names == ("1", "2", "3")
    assert "1 rows without a target" in found.notes[0]
    assert "1 rows whose target is no number" in "\n".join(found.notes)
    assert read_rows(tmp_path / "t.csv", "n", "regression").y.dtype == np.float64
    few = [("ab"[i % 2], "uv"[i % 3 % 2]) for i in range(40)]
    kept = read_rows(write(tmp_path / "few.csv", ("x", "y"), few))
    assert "as is likely with so few values: kept" in kept.notes[0]
    assert kept.sheet.rows == 40


def test_a_new_network_guesses_however_far_a_row_lies():
    far = np.float32([[50, -50, 50]])
    assert network(3, 4, 50).predict(far, verbose=0).tolist() == [[0.25] * 4]
    assert network(3, 0, 50).predict(far, verbose=0).tolist() == [[0.0]]


def test_baselines_and_verdict():
    x = rng.normal(size=(200, 3))
    w = np.array([2.0, -1.0, 0.5])
    np.testing.assert_allclose(linear(x, x @ w + 3, x, 1e-9), x @ w + 3, atol=1e-6)
    y = x @ w + 3
    y[:5] = 1e5
    assert np.abs(linear(x, y, x, 1e-9, robust=True) - (x @ w + 3)).max() < 1e-2
    classes = (x @ np.array([[3.0, 0, -3], [0, 3, -3], [1, 0, -1]])).argmax(1)
    p = logistic(x, classes, x, 3)
    assert (p.argmax(1) == classes).mean() > 0.97
    a = np.hstack([x, np.ones((200, 1))])
    slope = a.T @ (p - np.eye(3)[classes])  # at the least, the penalty's slope takes it up
    assert np.abs(slope[-1]).max() < 1e-3
    assert (neighbours(x, classes.astype(float), x, 1) == classes).all()

    even = measure(np.array([0] * 99 + [1]), 2)
    truth = np.array([0] * 99 + [1])
    said = {"the commonest class": 0 * truth, "network": 0 * truth}
    verdict = judged(truth, said, even)
    assert verdict.scores["network"][0] == 0.5
    assert not verdict.worth
    assert verdict.told().startswith(NOT_WORTH)
    assert measure(np.array([0.0, 1, 2, 3, 1e6]), 0).robust
    assert Measure(0).name == "test R2"
    better = judged(truth, {"the commonest class": 0 * truth, "network": truth}, Measure(2, True))
    assert better.worth is False or better.gain == 0.5
