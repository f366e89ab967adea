"""Rule sets of other tools read a record that changes nothing, and say what they publish."""

import re
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from benchmarks.doctor import dense, opened, tables
from benchmarks.doctor.__main__ import FAULTS
from benchmarks.doctor.page import page
from benchmarks.doctor.record import recorded
from benchmarks.doctor.rivals import RIVALS


def moons(**changes):
    return lambda: tables.moons().but(epochs=3, **changes)


@pytest.fixture(scope="module")
def ill():
    low = nn.initializers.Constant(-9.0)
    dead = tables.dense(2, (16, 16), 1, end="sigmoid", bias_initializer=low)
    return {
        "dead": recorded(moons(model=dead), 0),
        "wild": recorded(moons(optimizer=dense.sgd(1e30)), 0),
    }


def test_recording_changes_nothing_of_the_training():
    make = moons(model=dense.dropped(0.5), x=np.ones((96, 64), "float32"), validation=None,
                 y=np.arange(96) % 10, loss="sparse_categorical_crossentropy")  # fmt: skip
    nn.utils.set_random_seed(0)
    t = make()
    model = t.model()
    model.compile(t.optimizer(), t.loss)
    model.fit(t.x, t.y, batch_size=t.batch_size, epochs=t.epochs, verbose=0)
    record = recorded(make, 0)
    assert not record.error
    assert len(record.epochs) == 3
    for mine, plain in zip(record.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, plain)
    last, layer = record.epochs[-1], record.epochs[-1].outputs[0]
    np.testing.assert_allclose(last.weights[f"{layer.layer}/kernel"], model.get_weights()[0])
    np.testing.assert_array_equal(layer.values, np.maximum(layer.before, 0))
    assert last.gradients.keys() == last.weights.keys()
    frozen = recorded(moons(model=lambda: nn.Sequential([
        nn.Input((2,)), nn.layers.Dense(4, "relu", trainable=False), nn.layers.Dense(1, "sigmoid")
    ])), 0).epochs[-1]  # fmt: skip
    assert len(frozen.weights) == 4
    assert list(frozen.gradients) == list(frozen.weights)[2:]


TOLD = {
    "UMLAUT": {"dead": [], "wild": ["NaN in loss", "Learning Rate is high"]},
    "AutoTrainer": {"dead": ["dying ReLU"], "wild": ["gradient explode"]},
    "DeepDiagnosis": {"dead": [], "wild": ["fix: normalize the data"]},
    "SageMaker Debugger": {
        "dead": ["DeadRelu", "VanishingGradient"],
        "wild": ["ExplodingTensor"],
    },
}


@pytest.mark.parametrize("rival", RIVALS)
def test_a_rival_tells_what_it_is_known_for(rival, ill):
    for name, symptoms in TOLD[rival].items():
        with np.errstate(all="ignore"):
            assert set(symptoms) <= set(RIVALS[rival].symptoms(ill[name]))


def test_symptoms_fit_causes_that_there_are():
    causes = {cause for fault in FAULTS for cause in fault.causes}
    assert all(re.fullmatch(r"GD\d{3}", c) for c in causes)
    for rules in RIVALS.values():
        assert all(fits and all(re.fullmatch(r"GD\d{3}", c) for c in fits)
                   for fits in rules.FITS.values())  # fmt: skip
        written = Path(rules.__file__).read_text()
        assert all(written.count(f'"{s.removeprefix("fix: ")}"') for s in rules.FITS)


def test_the_page_is_made_of_the_results(monkeypatch):
    told = {
        "before": ["GD104"],
        "during": ["GD510"],
        "causes": ["GD104"],
        "errors": [],
        "error": "",
    }
    quiet = {**told, "before": [], "during": [], "causes": []}
    fault, well = "cnn: bytes times 16 for SGD", "plain digits"
    late, held = "concrete: kilograms as they are", "plain board"
    said = {rival: [] for rival in RIVALS}
    results = {
        "frozen": {"cases": {fault: [told, quiet], well: [quiet, quiet]}},
        "rivals-frozen": {
            "cases": {fault: [{**said, "UMLAUT": ["Input data exceeds typical limits"]}],
                      well: [{**said, "SageMaker Debugger": ["Overfit"]}]}
        },
        "second": {"cases": {late: [told, told], held: [quiet, quiet]}},
        "rivals-second": {"cases": {late: [{**said, "UMLAUT": None}], held: [said]}},
        "repairs-second": {"figures": {"repaired": 0.9, "made worse": 0.0}},
        "origins": {"figures": {"exact": 38}},
    }  # fmt: skip
    proven = {fault: {"score": 0.5, "twin": 0.85, "hurts": True}, "left out": {"hurts": False}}
    monkeypatch.setattr("benchmarks.doctor.page.PROVEN", proven)
    monkeypatch.setattr(opened, "FIGURES", {"frozen": opened.FIGURES["frozen"]})
    monkeypatch.setattr(opened, "DATES", {"second": "today", "frozen": "2026-11-29"})
    lines = list(page(results))
    for line in (
        "|  | aim | second round, today | first round, 2026-11-29 |",
        "| faulty runs: the right cause first | at least 85 % | 100 % | **80.7 %** |",
        "| healthy runs with an error | none | 0 % | 0 % |",
        "| origins of a NaN that are exact, of 40 planted | at least 39 | **38** | 40 |",
        "| repairs: make it worse | at most 1 % | 0 % | **3.3 %** |",
        "| faulty and healthy runs |  | 2 + 2 | 88 + 34 |",
        "| faulty runs: the right cause first | at least 85 % | **50 %** |",
        "Runs that could not be read, which count as nothing said: UMLAUT 1.",
        f"| {late} | GD104 | **GD104** |  | 2/2 |  |",
        "## Programs kept in the first round, tuned on since",
        "| neurona's doctor, all findings | 50 % | 50 % | 1 | 0 % | 50 % |",
        "| neurona's doctor, causes | 50 % | 50 % | 0.5 | 0 % | 50 % |",
        "| UMLAUT | 100 % | 100 % | 1 | 0 % | – |",
        "| SageMaker Debugger | 0 % | 0 % | 0 | 100 % | – |",
        f"| {fault} | GD104 | **GD104** |  | 1/2 | U | 0.500 | 0.850 |",
        "| plain digits |  |  | S |",
        "| GD104 | unscaled input |",
    ):
        assert line in lines, line
