"""The Python of a run: what is left of a recipe without its Run."""

import dataclasses

import pytest

from neurona import config, recipes
from neurona.recipes import own
from neurona.recipes.code import code
from neurona.recipes.report import command


def script(name, tmp_path, quick=False, data=None, **settings):
    recipe = name if isinstance(name, recipes.Recipe) else recipes.get(name)
    run = recipes.Run(
        recipe, recipe.settings(settings, quick), tmp_path / "out", quick=quick, data=data
    )
    run.scores = {"test loss": 0.5691, "test accuracy": 0.98056}
    return code(run, command(run))


def test_a_recipe_reads_as_one_writes_it(tmp_path):
    found = script("moons", tmp_path, optimizer="sgd", units=5, layers=0, activation="tanh")
    assert (
        found
        == '''"""moons: two half moons in the plane, parted by two hidden layers.

In Python, what this did: neurona train moons --epochs 40 --batch-size 32 --lr 0.005
    --optimizer sgd --seed 0 --units 5 --layers 0 --activation tanh

It prints

    test loss: 0.5691
    test accuracy: 0.9806
"""

import numpy as np

from neurona.data import train_test_split
from neurona.datasets import make_moons
from neurona.layers import Dense
from neurona.models import Sequential
from neurona.optimizers import SGD
from neurona.utils import set_random_seed

EPOCHS = 40
BATCH_SIZE = 32
LEARNING_RATE = 0.005
UNITS = 5
LAYERS = 0
ACTIVATION = "tanh"
SEED = 0
SAMPLES, NOISE = 2000, 0.2

set_random_seed(SEED)
X, y = make_moons(SAMPLES, noise=NOISE, random_state=0)
rest, x_test, y_rest, y_test = train_test_split(X.astype(np.float32), y, seed=0, stratify=y)
x_train, x_held, y_train, y_held = train_test_split(
    rest, y_rest, test_size=0.2, seed=0, stratify=y_rest
)

model = Sequential(
    [
        *[
            Dense(UNITS, activation=ACTIVATION)
            for _ in range(LAYERS)
        ],
        Dense(1, activation="sigmoid"),
    ],
)
model.compile(SGD(learning_rate=LEARNING_RATE), "binary_crossentropy", metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
    validation_data=(x_held, y_held),
)

said = (model.predict(x_test, verbose=0).ravel() > 0.5).astype(int)
right = float((said == y_test).mean())
print(f"test accuracy: {right:.4f}")
'''
    )


def test_what_is_not_usual_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(config._settings, "engine", "reference")
    found = script("mnist-cnn", tmp_path, data=tmp_path)
    assert 'from neurona import config\n\nconfig.set_engine("reference")\n\n' in found
    assert f"mnist.load_data({str(tmp_path)!r})" in found
    assert "network(16)" in found
    assert "enlarged" not in found  # of --quick
    assert "for stage, model in models.items():\n    train = batches(" in found
    assert "warmup_target=LEARNING_RATE, warmup_steps=steps // 5" in found
    assert "run" not in found.partition("import numpy")[2].replace("runs", "")
    compile(found, "run.py", "exec")


def test_comments_stay_with_their_lines_and_callbacks_without_the_run(tmp_path):
    found = script("temperature", tmp_path)
    assert "SEEN, AHEAD = 28, 7  # days\n" in found
    assert "callbacks=[stop]" in found
    assert "fmt: skip" not in found
    assert "series.load_data()" in found
    named = script("temperature", tmp_path, data=tmp_path)
    assert f"series.load_data(folder={str(tmp_path)!r})" in named
    assert "math.ceil(len(x_train) / BATCH_SIZE) * EPOCHS" in found
    found = script("shakespeare", tmp_path)
    assert "Writes" not in found
    assert "tokens.save" not in found


@pytest.mark.parametrize("name", ["generate-gan", "transfer"])
def test_what_trains_many_models_is_called(tmp_path, name):
    found = script(name, tmp_path, quick=True, data=tmp_path)
    assert f'recipe = get("{name}")  # its source: neurona/recipes/{name.replace("-", "_")}.py' in (
        found
    )
    assert '    "epochs": ' in found
    assert found.endswith(
        f'carry_out(recipe, settings, folder, force=True, quick=True, data="{tmp_path}")\n'
    )


def test_somebodys_own_data_are_called_by_their_path(tmp_path):
    recipe = dataclasses.replace(
        recipes.get("moons"), name="houses", arguments=("a b.csv", "--target", "price")
    )
    found = script(recipe, tmp_path)
    assert "from neurona.recipes import carry_out, own\n" in found
    assert 'recipe = own.recipe("a b.csv", target="price")\n' in found
    assert callable(own.recipe)


def test_small_scores_keep_their_digits(tmp_path):
    xor = recipes.get("xor")
    run = recipes.Run(xor, xor.defaults, tmp_path)
    run.scores = {"mean squared error": 2.36e-6, "accuracy": 1.0}
    found = code(run, command(run))
    assert "    mean squared error: 2.36e-06\n    accuracy: 1.0000\n" in found
    assert 'print(f"mean squared error: {losses[-1]:.4g}")' in found
    assert 'print(f"accuracy: {right:.4f}")' in found
