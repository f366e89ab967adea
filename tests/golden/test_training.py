"""A hundred steps of an MLP, of two CNNs and of attention must follow Keras 3's losses to 1e-5."""

import numpy as np
import pytest

from .library import close, each, library
from .training_problem import BATCH, BATCHES, STEPS, data, losses, model

FIRST_LABELS = [0, 2, 2, 1, 1, 3, 3, 2, 2, 2, 0, 2]
FIRST_PIXELS = {
    "mlp": [0.6271048, 0.6739041, 0.36423227],
    "cnn": [0.6271048, 0.6739041, 0.96423227],
}


@each("training")
def test_train_on_batch_follows_keras(case):
    x, y = data(case["id"])
    made = model(library, case["id"])

    close(losses(made, x, y), case["losses"], case["tolerance"], "loss by step")

    predictions = made.predict(x[:5], verbose=0)
    close(predictions, case["predictions"], case["tolerance"], "predictions after training")
    sums = [np.abs(np.asarray(w, np.float64)).sum() for w in made.get_weights()]
    close(sums, case["weight_sums"], {**case["tolerance"], "rtol": 5e-5}, "sum of each |weight|")


@each("training")
def test_fit_follows_keras(case):
    x, y = data(case["id"])
    made = model(library, case["id"])

    epochs = STEPS // BATCHES
    history = made.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0)

    by_epoch = np.reshape(case["losses"], (epochs, BATCHES)).mean(axis=1)
    close(history.history["loss"], by_epoch, case["tolerance"], "loss by epoch")


@pytest.mark.parametrize("problem", ["mlp", "cnn"])
def test_the_data_are_what_they_were(problem):
    """A guard: were the formula to drift, every curve above would be judged on other data."""
    x, y = data(problem)
    assert y[:12].tolist() == FIRST_LABELS
    assert x[0].ravel()[:3].tolist() == pytest.approx(FIRST_PIXELS[problem], abs=1e-6)
