"""Every recipe with few epochs: files, report, scores; settings; what a backup is good for."""

import csv
import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import neurona as nn
from neurona import config, datasets, recipes
from neurona.data.preparation import Images
from neurona.errors import ArgumentError, StateError
from neurona.recipes import files, page
from tests.recipes.stopping import stopped_at

PREPARED = (
    "digits", "mnist", "mnist-cnn", "vision-transformer", "transfer", "hybrid", "denoise", "speech",
    "moons", "and", "xor", "capacity", "embedding",
)  # fmt: skip
READERS = {"names", "shakespeare", "translate", "bert-mini"}  # their models take token numbers


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """MNIST in small: 28 x 28 pictures made of the embedded digits."""
    folder = tmp_path_factory.mktemp("data") / "mnist"
    folder.mkdir()
    (x, y), _ = datasets.digits.load_data(0)
    big = np.zeros((600, 28, 28), np.uint8)
    big[:, 2:26, 2:26] = np.kron(x[:600] * 15, np.ones((1, 3, 3), np.uint8))
    for name, rows in {"train": slice(0, 500), "t10k": slice(500, 600)}.items():
        datasets.write_idx(folder / f"{name}-images-idx3-ubyte", big[rows])
        datasets.write_idx(folder / f"{name}-labels-idx1-ubyte", y[:600][rows].astype(np.uint8))
    return folder.parent


LONG = {
    "anomaly", "bert-mini", "capacity", "denoise", "embedding", "evolution", "generate-diffusion",
    "generate-gan", "generate-vae", "hybrid", "mnist", "mnist-cnn", "names", "shakespeare",
    "speech", "temperature", "transfer", "translate", "vision-transformer",
}  # fmt: skip
NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in LONG else name
    for name in sorted(recipes.RECIPES)
]


@pytest.fixture(scope="module", params=NAMES)
def done(request, tmp_path_factory):
    """A recipe, carried out with --quick: the Run, its folder, and what it said."""
    recipe = recipes.get(request.param)
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEURONA_DATA", str(tmp_path_factory.mktemp("no data")))
        run = recipes.carry_out(
            recipe,
            recipe.settings({}, quick=True),
            tmp_path_factory.mktemp(recipe.name),
            quick=True,
            verbose=0,
            say=said.append,
        )
    return run, run.out, said


class Reader(HTMLParser):
    """Collects what a page asks for, and what its pictures say."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.alts, self.open = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.addresses += [given[k] for k in ("src", "href", "action", "srcset") if k in given]
        if tag == "img":
            self.alts.append(given["alt"])
        if tag not in ("img", "meta", "br", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_stands_alone(done):
    run, out, _ = done
    text = (out / "report.html").read_text(encoding="utf-8")
    found = Reader(text)
    assert all(a.startswith(("data:image/png;base64,", "#")) for a in found.addresses)
    assert not re.search(r"https?:|url\(|@import|<link", text)
    assert text.count("<script") == 1  # which copies the code; the policy knows its digest
    assert page.SCRIPT in text
    assert len(found.alts) == len(run.pictures)
    assert all(len(alt) > 20 for alt in found.alts)
    for heading in ("Setup", "Data", "Model", "Training", "Results", "What to try next"):
        assert f"<h2>{heading}</h2>" in text
    command = f"neurona train {run.recipe.name} --quick --epochs {run.settings.epochs}"
    assert command in re.sub(r"<[^>]+>", "", text)
    assert "prefers-color-scheme: dark" in text
    assert "width=device-width" in text
    for advice in run.advice:
        assert page.escape(advice.seen) in text


def test_the_files_are_all_there(done):
    run, out, _ = done
    assert {p.name for p in out.iterdir()} <= {
        "model.safetensors", "history.csv", "report.html", "plots", "settings.json", "texts",
        "tokens.json", "run.json", "run.py",
    }  # fmt: skip
    for words in run.texts:
        assert (out / "texts" / f"{words.name}.txt").read_text() == words.text + "\n"
    plots = {p.stem for p in (out / "plots").iterdir()}
    assert plots == {p.name for p in run.pictures}
    with (out / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(len(rows)))
    for name, values in run.history.items():
        assert [float(row[name]) for row in rows] == values


def test_the_model_can_be_used(done):
    run, out, _ = done
    model = nn.models.load_model(out / "model.safetensors")
    kind = np.int32 if run.recipe.name in READERS else np.float32
    shapes = model.input_shape
    several = isinstance(shapes[0], tuple)
    samples = [np.zeros((1, *s[1:]), kind) for s in (shapes if several else [shapes])]
    sample = tuple(samples) if several else samples[0]
    np.testing.assert_array_equal(
        model.predict(sample, verbose=0), run.model.predict(sample, verbose=0)
    )
    if run.recipe.name in PREPARED:
        assert (model.preparation, model.class_names) != (None, None)
        raw = np.zeros((40, 30)) if isinstance(model.preparation, Images) else sample[0]
        assert model.preparation.apply(raw).shape == shapes[1:] or None in shapes[1:]


def check_code(run, capsys):
    """The code of a run prints its scores, to the digits shown."""
    capsys.readouterr()
    exec(compile(run.code, "run.py", "exec"), {"__name__": "__main__"})
    printed = dict(re.findall(r"^([A-Za-z ]+): (-?\d\S*)$", capsys.readouterr().out, re.MULTILINE))
    assert {n: float(printed[n]) for n in run.scores} == {
        name: pytest.approx(value, abs=5.1e-5) for name, value in run.scores.items()
    }


def test_the_code_prints_the_same_scores(done, tmp_path, monkeypatch, capsys):
    run, out, _ = done
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    code = (out / "run.py").read_text(encoding="utf-8")
    assert page.escape(code) in (out / "report.html").read_text(encoding="utf-8")
    check_code(run, capsys)
    for place in re.findall(r"^from neurona\.?([\w.]*) import", code, re.MULTILINE):
        namespace = place.partition(".")[0]
        assert namespace in ("", "recipes", *nn.__all__), f"neurona.{place} is not public"


def test_the_last_line_is_the_score(done):
    run, _, said = done
    assert re.fullmatch(r"[A-Za-z ]+: \d+\.\d{4}", said[-1])
    assert said[-1].endswith(f"{list(run.scores.values())[-1]:.4f}")


def test_the_first_recipes_reach_their_goal(done):
    run, _, _ = done
    if run.recipe.name == "and":
        assert run.scores["accuracy"] == 1


def test_the_network_of_mnist_is_the_tutorials(done):
    run, _, _ = done
    if run.recipe.name != "mnist":
        pytest.skip("of mnist only")
    kinds = [type(layer).__name__ for layer in run.model.layers]
    assert kinds == ["Flatten", "Dense", "Dropout", "Dense"]
    assert run.model.count_params() == 101_770
    assert run.model.layers[2].rate == 0.2


# --- settings -----------------------------------------------------------------------------------


def test_unknown_recipes_get_a_suggestion():
    with pytest.raises(ArgumentError, match="did you mean 'moons'"):
        recipes.get("mons")


def test_settings_that_a_recipe_has_not():
    with pytest.raises(ArgumentError, match="the recipe 'xor' has no optimizer"):
        recipes.get("xor").settings({"optimizer": "adam"})
    found = recipes.get("moons").settings({"optimizer": "sgd", "seed": None})
    assert (found.optimizer, found.seed, found.epochs) == ("sgd", 0, 40)


def test_the_hidden_layers_are_settings(tmp_path):
    moons = recipes.get("moons")
    settings = moons.settings({"units": 5, "layers": 3, "activation": "tanh", "epochs": 1}, True)
    run = recipes.carry_out(moons, settings, tmp_path, quick=True, verbose=0, say=[].append)
    assert [layer.units for layer in run.model.layers] == [5, 5, 5, 1]
    assert run.model.layers[0].activation.__name__ == "tanh"
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "--units 5 --layers 3 --activation tanh" in text
    for row in (("units", 5), ("layers", 3), ("activation", "tanh")):
        assert '<th scope="row">{}</th><td>{}</td>'.format(*row) in text
    for name, given, message in (
        ("mnist-cnn", {"units": 64}, "the recipe 'mnist-cnn' has no units. Got 64; expected sett"),
        ("xor", {"layers": 2}, "the recipe 'xor' has no layers"),
        ("temperature", {"activation": "relu"}, "the recipe 'temperature' has no activation"),
        ("xor", {"units": 0}, "units is too small. Got 0; expected 1 or more"),
        ("moons", {"layers": -1}, "layers is too small. Got -1; expected 0 or more"),
        ("digits", {"activation": "rleu"}, "did you mean 'relu'"),
    ):
        with pytest.raises(ArgumentError, match=re.escape(message)):
            recipes.get(name).settings(given)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("xor", {"units": 3, "activation": "tanh"}),
        ("digits", {"layers": 0, "activation": "elu"}),
        ("mnist", {"layers": 0}),
        ("capacity", {"units": 6, "layers": 2, "activation": "relu", "epochs": 2}),
        ("temperature", {"units": 8}),
    ],
)
def test_other_hidden_layers_end_in_a_report(tmp_path, name, given):
    recipe = recipes.get(name)
    settings = recipe.settings({"epochs": 2, **given}, quick=True)
    recipes.carry_out(recipe, settings, tmp_path, quick=True, verbose=0, say=[].append)
    assert (tmp_path / "report.html").exists()


# --- resuming -----------------------------------------------------------------------------------


def go(out, said=None, **changes):
    recipe = recipes.get("moons")
    given = {"epochs": 2, **changes.pop("settings", {})}
    say = [].append if said is None else said.append
    return recipes.carry_out(recipe, recipe.settings(given), out, verbose=0, say=say, **changes)


def test_a_stopped_run_goes_on_to_the_same_bytes(tmp_path):
    go(tmp_path / "whole")
    with stopped_at(7):
        go(tmp_path / "parts")
    said = []
    run = go(tmp_path / "parts", said)
    assert said[0] == "going on with epoch 1 after batch 8"
    assert run.resumed == 0
    assert "in epoch 1; the time above is that since then" in (
        (tmp_path / "parts" / "report.html").read_text()
    )
    assert (tmp_path / "parts" / "history.csv").read_bytes() == (
        (tmp_path / "whole" / "history.csv").read_bytes()
    )
    assert not (tmp_path / "parts" / "backup").exists()


@pytest.mark.slow
def test_shifted_images_are_shifted_alike_after_a_stop(tmp_path, data):
    recipe = recipes.get("mnist")
    settings = recipe.settings({"epochs": 2, "batch_size": 64})

    def train(out):
        recipes.carry_out(recipe, settings, out, data=data, verbose=0, say=[].append)
        return (out / "history.csv").read_bytes()

    whole = train(tmp_path / "whole")
    with stopped_at(4):
        train(tmp_path / "parts")
    assert train(tmp_path / "parts") == whole


@pytest.mark.slow
def test_drawn_pixels_and_codes_are_drawn_alike_after_a_stop(tmp_path):
    recipe = recipes.get("generate-vae")
    settings = recipe.settings({"epochs": 2}, quick=True)

    def train(out):
        run = recipes.carry_out(recipe, settings, out, quick=True, verbose=0, say=[].append)
        return (out / "history.csv").read_bytes(), (out / "model.safetensors").read_bytes(), run

    *whole, first = train(tmp_path / "whole")
    with stopped_at(9):
        train(tmp_path / "parts")
    *parts, second = train(tmp_path / "parts")
    assert parts[0] == whole[0]
    assert second.scores == first.scores


def test_other_settings_do_not_go_on(tmp_path):
    with stopped_at(3):
        go(tmp_path)
    with pytest.raises(StateError) as error:
        go(tmp_path, settings={"epochs": 3, "seed": 5})
    assert "holds an unfinished run with other settings" in str(error.value)
    assert "Got epochs 2, now 3, seed 0, now 5" in str(error.value)
    assert "--no-resume to start afresh" in str(error.value)
    (tmp_path / "settings.json").write_text("[")
    with pytest.raises(StateError, match="settings that cannot be read"):
        go(tmp_path)
    said = []
    go(tmp_path, said, resume=False, settings={"epochs": 1})
    assert not any("going on" in line for line in said)


def test_texts_and_tables_are_said_written_and_reported(tmp_path):
    def perform(run):
        run.text("lines", "What it wrote", "first <line>\nsecond")
        run.table("Losses", ("model", "nats"), [("RNN", 2.1), ("counts of pairs", 2.45)])
        moons = recipes.get("moons")
        moons.perform(run)

    recipe = dataclasses.replace(recipes.get("moons"), perform=perform)
    said = []
    settings = recipe.settings({"epochs": 1}, quick=True)
    recipes.carry_out(recipe, settings, tmp_path, quick=True, verbose=0, say=said.append)
    assert said[:3] == ["model            nats", "RNN              2.1", "counts of pairs  2.45"]
    assert (tmp_path / "texts" / "lines.txt").read_text() == "first <line>\nsecond\n"
    page = (tmp_path / "report.html").read_text()
    assert "first &lt;line&gt;\nsecond" in page
    assert "<td>counts of pairs</td><td>2.45</td>" in page


def test_sequences_are_batched_and_resumed_by_what_they_hold(tmp_path):
    rows = [[1, 2], [3], [4, 5, 6]]
    run = recipes.Run(recipes.get("moons"), recipes.get("moons").quick, tmp_path)
    plans = [
        run.plan(nn.data.Buckets(x, [0, 1, 2], lengths=[3]).contents)
        for x in (rows, rows, [[1, 2, 3], [4], [5, 6]], [[1, 2], [3], [4, 5, 7]])
    ]
    assert plans[0] == plans[1]
    assert len({plan["data"] for plan in plans}) == 3


# --- files and pages ----------------------------------------------------------------------------


def test_histories_read_back_to_the_same_bits(tmp_path):
    values = [0.1, 1 / 3, 1e-300, float(np.float32(0.1))]
    files.write_history(tmp_path / "h.csv", {"loss": values, "val_loss": values[:2]})
    lines = (tmp_path / "h.csv").read_text().splitlines()
    assert lines[0] == "epoch,loss,val_loss"
    assert [float(line.split(",")[1]) for line in lines[1:]] == values
    assert lines[3].endswith(",")


def test_pages_escape_what_they_are_given():
    assert "<b>" not in page.rows({"<b>": "<b>"})
    assert "&lt;b&gt;" in page.preformatted("<b>")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_digits_reach_97_percent(tmp_path, seed, capsys):
    recipe = recipes.get("digits")
    run = recipes.carry_out(recipe, recipe.settings({"seed": seed}), tmp_path, verbose=0)
    assert run.scores["test accuracy"] >= 0.97
    if not seed:
        check_code(run, capsys)


@pytest.mark.slow
def test_xor_and_moons_reach_their_goal(tmp_path, capsys):
    for name, least in {"xor": 1.0, "moons": 0.95}.items():
        recipe = recipes.get(name)
        run = recipes.carry_out(recipe, recipe.defaults, tmp_path / name, verbose=0)
        assert list(run.scores.values())[-1] >= least
        check_code(run, capsys)


@pytest.mark.slow
@pytest.mark.skipif(config.data_folder() is None, reason="needs the series in NEURONA_DATA")
def test_temperature_beats_what_needs_no_learning(tmp_path):
    recipe = recipes.get("temperature")
    run = recipes.carry_out(recipe, recipe.defaults, tmp_path, verbose=0)
    error = run.scores["error in degrees"]
    assert error < 0.9 * run.scores["best naive"]
    assert error < run.scores["mean of that day"]
    assert 0.85 < run.scores["interval coverage"] < 0.95


@pytest.mark.slow
@pytest.mark.skipif(config.data_folder() is None, reason="needs the real MNIST in NEURONA_DATA")
def test_mnist_reaches_98_2_percent(tmp_path):
    recipe = recipes.get("mnist")
    run = recipes.carry_out(recipe, recipe.defaults, tmp_path, verbose=0)
    assert run.scores["test accuracy"] >= 0.982
    model = nn.models.load_model(run.out / "model.safetensors")
    assert [type(layer).__name__ for layer in model.layers] == [
        "Flatten", "Dense", "Dropout", "Dense",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(config.data_folder() is None, reason="needs the real data in NEURONA_DATA")
@pytest.mark.parametrize(
    ("name", "least"),
    [
        pytest.param("vision-transformer", 0.985, marks=pytest.mark.long),
        ("hybrid", 0.92),
        ("speech", 0.975),
    ],
)
def test_images_lines_and_sounds_are_recognised(tmp_path, name, least):
    recipe = recipes.get(name)
    run = recipes.carry_out(recipe, recipe.defaults, tmp_path, verbose=0)
    (baseline,) = (value for name, value in run.scores.items() if "accuracy of" in name)
    assert list(run.scores.values())[-1] >= least > baseline


@pytest.mark.slow
@pytest.mark.skipif(config.data_folder() is None, reason="needs the real MNIST in NEURONA_DATA")
def test_convolutions_reach_99_3_percent_in_a_quarter_of_their_epochs(tmp_path):
    recipe = recipes.get("mnist-cnn")
    run = recipes.carry_out(recipe, recipe.settings({"epochs": 5}), tmp_path, verbose=0)
    assert run.model.count_params() < 500_000
    assert run.scores["test accuracy"] >= 0.993 > run.scores["test accuracy of the dense network"]
