"""What an explanation has to hold: each line, each gradient, and the weights after the step."""

import json

import numpy as np
import pytest

import neurona as nn
from neurona.core import random
from neurona.explanation.explain import paths_of
from neurona.nn.context import collect_losses, in_training
from neurona.nn.parameter import rehearsal
from tests.explanation.formulas import check


def loss_of(model, x, y):
    """The loss of the training step that comes next, computed without an explanation."""
    state = random.state_of(*random.get_position())
    with rehearsal(), random.use(state), in_training(True), collect_losses():
        y_pred = model(x, training=True)
        return model._total_loss(x, y, y_pred, None, training=True).item()


def holds(explanation):
    """Check all lines of an explanation; return them."""
    found = json.loads(json.dumps(explanation.to_dict()))
    lines = [line for section in found["sections"] for line in section["lines"]]
    for line in lines:
        check(line, 1e-9)
    return lines


def shown_paths(model):
    """What the weights are called in lines."""
    path = paths_of(model)
    return {id(p): path((p, 0)).replace("/", ".") for p in model.weights}


def proven(model, x, y=None, given=0, atol=1e-6):
    """Explain a training step as a whole; check all lines, gradients, and the weights after it.

    Args:
        given: so many lines may name an op only.
        atol: how far a gradient may be from finite differences.
    """
    explanation = nn.explain(model, x, y, training=True, limit=10**6, terms=8)
    lines = holds(explanation)
    opaque = [line["name"] for line in lines if line.get("given")]
    assert len(opaque) <= given, opaque
    values = {line["name"]: line["value"] for line in lines}
    assert len(values) == len(lines)  # names are unique
    assert values["L"] == pytest.approx(loss_of(model, x, y), rel=1e-9)
    paths = shown_paths(model)
    for p in model.trainable_weights:
        start = p.numpy()
        for index in np.ndindex(*p.shape):
            name = f"∂L/∂{paths[id(p)]}{list(index) if index else ''}"
            around = []
            for step in (1e-5, -1e-5):
                moved = start.copy()
                moved[index] += step
                p.assign(moved)
                around.append(loss_of(model, x, y))
            p.assign(start)
            slope = (around[0] - around[1]) / 2e-5
            found = values.get(name, 0.0)  # no line where nothing leads back to it
            assert found == pytest.approx(slope, abs=atol, rel=atol), name
    after = {name: v for name, v in values.items() if "′" in name}
    model.train_on_batch(x, y)
    for p in model.trainable_weights:
        for index in np.ndindex(*p.shape):
            name = f"{paths[id(p)]}′{list(index) if index else ''}"
            now = p.numpy()[index]
            assert after.get(name, now) == pytest.approx(now, rel=1e-12, abs=1e-12), name
    return explanation
