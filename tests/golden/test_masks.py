"""A hundred steps of models of padded sequences must follow Keras 3, and what they evaluate to."""

import numpy as np
import pytest

from .library import close, each, library
from .mask_problem import data, evaluation, losses, model, tokens

TOKENS = [[2, 0, 0, 0, 0, 0], [7, 0, 0, 0, 0, 0], [5, 4, 7, 0, 0, 0], [0, 0, 4, 2, 5, 1]]


@pytest.mark.sampled(3)
@each("masks")
def test_training_follows_keras(case):
    x, y, weight = data(case["id"])
    made = model(library, case["id"])
    tolerance = case["tolerance"]

    before = evaluation(made, x, y, weight)
    assert before == pytest.approx(case["untrained"], rel=1e-5)

    close(losses(made, x, y, weight), case["losses"], tolerance, "loss by step")

    assert evaluation(made, x, y, weight) == pytest.approx(case["evaluation"], rel=5e-5)
    sums = [np.abs(np.asarray(w, np.float64)).sum() for w in made.get_weights()]
    close(sums, case["weight_sums"], {**tolerance, "rtol": 5e-5}, "sum of each |weight|")


def test_the_data_are_what_they_were():
    assert tokens()[:4].tolist() == TOKENS
