"""The pitfalls, by name."""

from __future__ import annotations

from neurona.recipes.pitfalls import data, models, training
from neurona.recipes.pitfalls.pitfall import Pitfall

PITFALLS: dict[str, Pitfall] = {p.name: p for p in (*models.ALL, *training.ALL, *data.ALL)}
