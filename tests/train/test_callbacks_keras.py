"""The callbacks decide as Keras's do; keras_callbacks.json is made by make_keras_callbacks.py."""

import itertools
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

import neurona as nn

HERE = Path(__file__).parent
drive = SimpleNamespace(**runpy.run_path(str(HERE / "make_keras_callbacks.py")))
GOLDEN = json.loads((HERE / "keras_callbacks.json").read_text())


def network(steps_per_execution=1):
    model = nn.Sequential([nn.layers.Dense(2)])
    model(nn.ops.zeros((1, 3)))
    model.compile(
        nn.optimizers.SGD(0.1),
        nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    return model


# Where Keras lets a NaN be the best for ever, or better numbers below the baseline renew patience,
# we do not; docs/decisions/012.
SEQUENCES = [n for n, values in enumerate(drive.sequences()) if values[0] == values[0]]


@pytest.mark.parametrize("number", SEQUENCES)
def test_early_stopping_stops_when_keras_does(number):
    values = drive.sequences()[number]
    for arguments, expected in zip(drive.stopping_cases(), GOLDEN["stopping"][number], strict=True):
        first = values[arguments.get("start_from_epoch", 0)]
        if arguments.get("baseline") is None and first == first:
            assert drive.drive_stopping(nn, network(), arguments, values) == expected, arguments


@pytest.mark.parametrize("number", SEQUENCES)
def test_reduce_lr_on_plateau_sets_the_rates_that_keras_sets(number):
    values = drive.sequences()[number]
    for arguments, expected in zip(drive.plateau_cases(), GOLDEN["plateau"][number], strict=True):
        # equal to the last bit: the rate is a float32 in both
        assert drive.drive_plateau(nn, network(), arguments, values) == expected, arguments


@pytest.mark.parametrize("number", SEQUENCES)
def test_model_checkpoint_saves_when_keras_does(number, tmp_path, monkeypatch):
    monkeypatch.setattr(
        nn.Model, "save", lambda self, path, overwrite=True: Path(path).touch(), raising=False
    )
    values = drive.sequences()[number]
    cases = itertools.product(("min", "max"), (None, 0.6))
    for (mode, threshold), expected in zip(cases, GOLDEN["checkpoint"][number], strict=True):
        folder = tmp_path / f"{mode}{threshold}"
        folder.mkdir()
        found = drive.drive_checkpoint(nn, network(), mode, threshold, values, folder, ".neurona")
        assert found == expected


def test_calls_come_in_keras_order_with_its_logs(tmp_path):
    assert drive.drive_order(nn, network(), tmp_path / "log.csv") == GOLDEN["order"]


def test_calls_with_several_steps_per_execution(tmp_path):
    found = drive.drive_order(nn, network(2), tmp_path / "log.csv")["calls"]
    expected = GOLDEN["order_2"]["calls"]
    # Keras numbers the last batch of an incomplete execution as if it were complete.
    batches = {"train": 3, "test": 3, "predict": 3}
    for call in expected:
        kind = call[0].split("_")[1]
        if call[0].endswith("batch_end"):
            call[1] = min(call[1], batches[kind] - 1)
    assert found == expected


def test_the_golden_file_has_the_cases_of_the_script():
    assert len(GOLDEN["stopping"][0]) == len(list(drive.stopping_cases()))
    assert len(GOLDEN["plateau"][0]) == len(list(drive.plateau_cases()))
