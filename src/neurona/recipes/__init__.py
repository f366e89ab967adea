"""Recipes: one task a file, from the data to a report; `neurona train NAME` carries one out."""

from neurona.errors import unknown
from neurona.recipes import (
    and_gate,
    anomaly,
    bert_mini,
    capacity,
    denoise,
    digits,
    embedding,
    evolution,
    generate_diffusion,
    generate_gan,
    generate_vae,
    hybrid,
    mnist,
    mnist_cnn,
    moons,
    names,
    shakespeare,
    speech,
    temperature,
    transfer,
    translate,
    vision_transformer,
    xor_gate,
)
from neurona.recipes.recipe import Recipe, Settings
from neurona.recipes.run import Run, carry_out

__all__ = ["RECIPES", "Recipe", "Run", "Settings", "carry_out", "get"]

_MODULES = (
    and_gate, xor_gate, moons, digits, mnist,
    mnist_cnn, transfer, capacity, evolution,
    vision_transformer, names, shakespeare, temperature, translate, bert_mini, hybrid, speech,
    generate_vae,
    denoise,
    anomaly,
    embedding,
    generate_gan,
    generate_diffusion,
)  # fmt: skip
RECIPES: dict[str, Recipe] = {module.RECIPE.name: module.RECIPE for module in _MODULES}


def get(name: str) -> Recipe:
    """Return the recipe of this name.

    Raises:
        ArgumentError: there is none; names the nearest.

    >>> get("digits").defaults.optimizer
    'adam'
    """
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]
