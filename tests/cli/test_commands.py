"""What the command says, and the code it leaves with."""

import functools
import subprocess
import sys
import warnings

import numpy as np
import pytest

import neurona as nn
from neurona import config, recipes
from neurona.data.preparation.table import Category, Number, Table
from neurona.engines.native.llvm import binding as llvm
from neurona.engines.native.llvm.cache import ObjectCache
from neurona.engines.native.llvm.machine import Machine
from tests.cli.command import run


@pytest.fixture(autouse=True)
def settings():
    """Options such as --debug set the library's settings: put them back."""
    before = dict(config._settings)
    yield
    config._settings.update(before)


@pytest.fixture
def command(capsys):
    """Run the command here: (exit code, stdout, stderr)."""

    return functools.partial(run, capsys)


def test_help_names_every_command(command):
    code, out, _ = command("--help")
    assert code == 0
    for name in ("train", "predict", "summary", "recipes", "datasets", "zoo", "info"):
        assert name in out


def test_version(command):
    assert command("--version")[:2] == (0, f"neurona {nn.__version__}\n")


def test_recipes_are_listed_with_their_defaults(command):
    code, out, _ = command("recipes")
    assert code == 0
    for name, recipe in recipes.RECIPES.items():
        assert name in out
        assert recipe.description in out
    assert "batch size 32, optimizer adam" in out


def test_architectures_are_listed_and_told_of(command):
    code, out, _ = command("zoo")
    assert code == 0
    assert "ResNet50                  2015      25.6 M         3.86 G  Deep Residual" in out
    code, out, _ = command("zoo", "resnet50")
    assert code == 0
    assert "He, Zhang, Ren and Sun 2015" in out
    assert "made by        zoo.ResNet50()" in out
    assert "parameters     25,636,712 (103 MB in float32)" in out
    assert "multiply-adds  3,857,973,248 (3.86 G), for one sample" in out
    code, _, err = command("zoo", "resnet51")
    assert code == 2
    assert "did you mean 'ResNet5" in err


def test_summary_takes_names_of_the_zoo(command):
    code, out, _ = command("summary", "lenet5")
    assert code == 0
    assert "Total params: 61,706" in out
    code, _, err = command("summary", "lenet6")
    assert code == 2
    assert "unknown architecture. Got 'lenet6'" in err


def test_datasets_say_where_they_are(command, tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path))
    monkeypatch.delenv("NEURONA_DATA", raising=False)
    code, out, _ = command("datasets")
    assert code == 0
    assert "1,797 of 8 x 8, licence CC BY 4.0" in out
    assert f"a download of 12 MB, to {tmp_path / 'mnist'}" in out
    assert "a download of 0 MB" not in out


def test_info_tells_versions_engine_and_folders(command, tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    code, out, _ = command("info")
    assert code == 0
    for text in (nn.__version__, np.__version__, config.engine(), str(tmp_path), "cores"):
        assert text in out


def test_info_tells_what_native_code_is_made_for_and_where_it_is_kept(
    command, tmp_path, monkeypatch
):
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path))
    config.set_code_cache(True)
    config.set_threads(3)
    ObjectCache.chosen().put("1" * 64, bytes(2_000_000))
    _, out, _ = command("info")
    assert f"{tmp_path / 'native'}: 1 objects, 2.0 of at most 537 MB" in out
    assert Machine.host().cpu in out
    assert "3 (as set)" in out
    config.set_code_cache(False)
    assert "none (NEURONA_CODE_CACHE)" in command("info")[1]


def test_info_without_llvmlite(command, monkeypatch):
    monkeypatch.setattr(llvm, "installed", lambda: False)
    code, out, _ = command("info")
    assert code == 0
    assert "llvmlite is not installed" in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("train", "dgits"), "try: did you mean 'digits'?"),
        (("train", "digits", "--optimizer", "adm"), "did you mean 'adam'?"),
        (("train", "digits", "--engine", "refrence"), "did you mean 'reference'?"),
        (("train", "digits", "--epochs", "0"), "epochs is too small. Got 0; expected 1 or more."),
        (("train", "digits", "--lr", "0"), "learning rate is out of range. Got 0.0"),
        (("train", "digits", "--batch-size", "0"), "batch size is too small."),
        (("train", "digits", "--seed", "-1"), "seed is too small."),
        (("train", "digits", "--threads", "-1"), "threads is too small."),
        (
            ("train", "and", "--batch-size", "3"),
            "the recipe 'and' has no batch size. Got 3; expected settings among epochs, "
            "learning rate, seed.",
        ),
        (("predict", "none.safetensors", "x.csv"), "there is no model file none.safetensors."),
        (("summary", "none.safetensors"), "try: neurona train digits makes one"),
        (("train", "digits", "--epochs", "many"), "--epochs"),
        (("train",), "recipe"),
        (("dance",), "dance"),
    ],
)  # fmt: skip
def test_wrong_arguments_leave_with_2(command, arguments, text):
    code, out, err = command(*arguments)
    assert code == 2
    assert out == ""
    assert text.lower() in " ".join(err.lower().split())
    assert "Traceback" not in err


def test_missing_data_leave_with_1(command, tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path))
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    monkeypatch.setattr(
        "neurona.datasets.locate.fetch", lambda *_: (_ for _ in ()).throw(OSError("no network"))
    )
    code, _, err = command("train", "mnist", "--out", tmp_path / "out")
    assert code == 1
    assert "the data set mnist is neither here nor reachable." in err
    assert "no network" in err


def test_a_folder_that_cannot_be_written_leaves_with_1(command, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = command("train", "and", "--out", tmp_path / "file" / "out")
    assert code == 1
    assert err.startswith("error: ")
    assert str(tmp_path / "file") in err


def test_what_nobody_foresaw_is_one_paragraph_without_debug(command, monkeypatch, tmp_path):
    def broken(*_, **__):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("neurona.recipes.carry_out", broken)
    code, _, err = command("train", "and", "--out", tmp_path)
    assert code == 1
    assert err == (
        "error: unexpected ZeroDivisionError: division by zero\n"
        "try: the same command with --debug, to see where\n"
    )
    code, _, err = command("train", "and", "--out", tmp_path, "--debug")
    assert code == 1
    assert "Traceback" in err


def test_ctrl_c_leaves_with_130(command, monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurona.recipes.carry_out", stopped)
    code, _, err = command("train", "and", "--out", tmp_path)
    assert code == 130
    assert "stopped." in err


def test_help_is_light(environment):
    code = (
        "import sys\nfrom neurona.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}), *sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout.split()
    for heavy in ("matplotlib", "PIL", "llvmlite", "neurona.recipes", "neurona.datasets"):
        assert heavy not in loaded


def test_the_module_is_the_command(environment):
    out = subprocess.run(
        [sys.executable, "-m", "neurona", "--version"],
        capture_output=True, text=True, check=True, env=environment,
    ).stdout  # fmt: skip
    assert out == f"neurona {nn.__version__}\n"


def test_a_warning_is_a_line(capsys, monkeypatch):
    def warns(*given, **named):
        warnings.warn("the loss explodes.", stacklevel=2)

    monkeypatch.setattr("neurona.cli.listings.summary", warns)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        code, out, err = run(capsys, "summary", "resnet18")
    assert (code, out, err) == (0, "", "warning: the loss explodes.\n")


def test_explain_takes_the_rows_of_a_table_as_predict_does(capsys, tmp_path):
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1, name="out")])
    model.set_weights([np.array([[1.0], [2.0], [4.0]]), np.array([0.5])])
    model.preparation = Table((Number("size", 50.0, 60.0, 20.0), Category("city", ("A", "B"))), "y")
    model.save(tmp_path / "m.safetensors")
    (tmp_path / "new.csv").write_text("city;size\nB;80.5\nA;60\n")
    asked = [tmp_path / "m.safetensors", tmp_path / "new.csv"]
    code, out, err = run(capsys, "explain", *asked)
    assert (code, err) == (0, "")
    assert out.startswith("The row, as the network takes it:\n  x[0] = 1.025  size\n  x[1] = 0  ")
    assert "\n  x[2] = 1  city = B\n\nThe model says: output 5.525.\n\nPrediction of" in out
    assert "1.025·1 + 0·2 + 1·4 + 0.5" in out
    assert "row 1  y 5.525" in run(capsys, "predict", *asked)[1]
    assert run(capsys, "explain", asked[0], tmp_path / "none.csv")[0] == 2


def test_explain(capsys, tmp_path):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1, "sigmoid", name="out")])
    model.compile("sgd", "binary_crossentropy")
    model.set_weights([np.array([[1.0], [-2.0]]), np.array([0.5])])
    model.save(tmp_path / "m.safetensors")
    (tmp_path / "rows.csv").write_text("1,2\n3,1\n")
    asked = ["explain", tmp_path / "m.safetensors", tmp_path / "rows.csv"]
    code, out, _ = run(capsys, *asked, "--row", 1)
    assert code == 0
    assert "3·1 + 1·(-2) + 0.5" in out
    code, out, _ = run(capsys, *asked, "--target", 1, "--of", "out/kernel[1, 0]")
    assert "∂L/∂z = out - y" in out or "∂L/∂out.z = out - y" in out
    assert out.startswith("The model says: class 0 ")
    code, out, _ = run(capsys, *asked, "--target", 1, "--limit", 1)
    assert " more numbers were used that have no line here; limit=8." in out
    code, out, _ = run(capsys, *asked, "--html", tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    for wrong, says in [
        (["--row", 2], "no such row"),
        (["--target", "one"], "a target is a number"),
        (["--prompt", "one"], "takes a file and no prompt"),
    ]:
        code, _, err = run(capsys, *asked, *wrong)
        assert code == 2 or code == 1
        assert says in err


def test_explain_knows_classes_and_says_what_it_cannot(capsys, tmp_path):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(3, "softmax", name="out")])
    model.compile("sgd", "categorical_crossentropy")
    model.class_names = ["cat", "dog", "fox"]
    model.save(tmp_path / "m.safetensors")
    (tmp_path / "row.csv").write_text("1,2\n")
    asked = ["explain", tmp_path / "m.safetensors", tmp_path / "row.csv"]
    code, out, _ = run(capsys, *asked, "--target", "fox")
    assert code == 0
    assert "L = -y[2]·ln(out[2]) = -1·ln(" in out
    assert out.startswith("The model says: class ")
    assert "fox 0." in out.splitlines()[0]
    assert "cat, dog, fox" in run(capsys, *asked, "--target", "cow")[2]
    x = [nn.Input((2,)), nn.Input((2,))]
    nn.Model(x, nn.layers.Add()(x)).save(tmp_path / "two.safetensors")
    _, _, err = run(capsys, "explain", tmp_path / "two.safetensors", tmp_path / "row.csv")
    assert "takes several inputs" in err
    assert "nn.explain(" in err
