"""Recipes of images that train several networks: stopped in any of them, they go on exactly."""

import pytest

from neurona import recipes
from neurona.models import load_model
from neurona.recipes import evolution, interrupt
from neurona.recipes.interrupt import Stopped


def results(name, out, **settings):
    """Carry a recipe out with --quick, and return the bytes of its history and of its weights."""
    recipe = recipes.get(name)
    settings = recipe.settings(settings, quick=True)
    recipes.carry_out(recipe, settings, out, quick=True, verbose=0, say=[].append)
    weights = load_model(out / "model.safetensors").get_weights()
    return [(out / "history.csv").read_bytes(), *(w.tobytes() for w in weights)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "steps"), [("mnist-cnn", 60), ("transfer", 100)])
def test_a_run_goes_on_to_the_same_bytes(name, steps, tmp_path, monkeypatch):
    whole = results(name, tmp_path / "whole", epochs=1)
    original = interrupt.Saver.on_train_batch_end
    left = iter(range(steps, -1, -1))

    def asked(self, batch, logs=None):
        self.asked = next(left, 1) == 0
        original(self, batch, logs)

    monkeypatch.setattr(interrupt.Saver, "on_train_batch_end", asked)
    with pytest.raises(Stopped):
        results(name, tmp_path / "parts", epochs=1)
    assert results(name, tmp_path / "parts", epochs=1) == whole


def test_the_networks_side_by_side_are_counted():
    assert evolution.multiply_adds(evolution.dense_network()) == 32 * 32 * 128 + 128 * 10
    models = {name: make() for name, (_, make) in evolution.NETWORKS.items()}
    assert models["LeNet-5"].count_params() == 61_706
    assert all(model.output_shape == (None, 10) for model in models.values())
    products = [evolution.multiply_adds(model) for model in list(models.values())[2:]]
    assert max(products) < 2 * min(products)  # none has far more to compute with
