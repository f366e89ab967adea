"""Findings, their order, and how a diagnosis tells them."""

import gc
import json
import weakref

import numpy as np
import pytest

import neurona as nn
from neurona.doctor import Diagnosis, Doctor, Rule, stages
from neurona.doctor.live import watch
from neurona.errors import ArgumentError

SCALE = Rule("GD104", "unscaled input", "warning", "Weights expect values near 1.")
DEAD = Rule("GD503", "dead units", "warning", "They never learn again.", because=("GD104",))
SMALL = Rule("GD115", "few rows", "info", "Small differences mean nothing here.")
LABELS = Rule("GD102", "labels", "error", "There is no such output.", accepted=("units=11",))


def findings():
    return [
        SMALL.found("40 rows", evidence={"rows": np.int64(40)}),
        DEAD.found("90 % of 'hidden' is 0", where="hidden", evidence={"share": np.float32(0.9)}),
        SCALE.found("x runs to 255", evidence={"rms": np.inf}, fix="- x\n+ x / 255"),
        LABELS.found("labels run to 10", evidence={"range": (1, 10)}, threshold="0 to 9"),
    ]


def test_causes_come_first_and_consequences_name_them():
    found = Diagnosis(findings(), [DEAD, LABELS, SCALE, SMALL])
    assert [f.id for f in found] == ["GD102", "GD104", "GD503", "GD115"]
    assert [f.because for f in found] == ["", "", "GD104", ""]
    assert [f.id for f in found.causes] == ["GD102", "GD104"]
    assert "GD104" in found
    assert "GD105" not in found
    assert (len(found.errors), len(found.warnings), len(found.infos)) == (1, 2, 1)


def test_a_diagnosis_tells_all():
    text = str(Diagnosis(findings(), [DEAD, LABELS], {"GD301": "no loss"}))
    for words in [
        "1 error and 2 warnings:\n\nGD102 error: labels run to 10",
        "  try:   - x\n         + x / 255",
        "  or:    units=11",
        "GD503 warning: 90 % of 'hidden' is 0 (hidden) (explained by GD104)",
        "looked at 2 rules: GD102, GD503.\nnot looked at:\n  GD301: no loss",
    ]:
        assert words in text
    nothing = str(Diagnosis([], [SCALE]))
    assert nothing == "nothing wrong was found.\n\nlooked at 1 rules: GD104."
    html = Diagnosis(findings())._repr_html_()
    assert "<td" in html
    told = json.loads(Diagnosis(findings()).to_json())["findings"]
    assert told[0]["evidence"] == {"range": [1, 10]}
    assert told[1]["evidence"] == {"rms": "inf"}


def test_levels_and_repairs_are_known():
    model = nn.Sequential([nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    for wrong in [lambda: Doctor("ful"), lambda: model.fit(*data, doctor="ful", verbose=0)]:
        with pytest.raises(ArgumentError, match="did you mean 'full'"):
            wrong()
    with pytest.raises(ArgumentError, match="unknown repair"):
        Doctor(repair="always")
    assert isinstance(model.diagnose(*data), Diagnosis)
    for doctor in (True, "full", Doctor()):
        model.fit(*data, doctor=doctor, verbose=0)


def test_a_rule_that_fails_is_told_as_skipped_and_training_goes_on(monkeypatch):
    def fails(_):
        yield SCALE.found("x runs to 255", evidence={})
        raise TypeError("no such thing\nand more")

    def told(_):
        yield LABELS.found("labels run to 10", evidence={})

    checks = {fails: (SCALE, DEAD), told: (LABELS,)}
    monkeypatch.setattr(stages, "STAGES", (checks,))
    monkeypatch.setattr(watch, "CHECKS", checks)
    why = "TypeError: no such thing"
    model = nn.Sequential([nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    found = model.fit(*data, doctor="full", verbose=0)
    assert len(found.history["loss"]) == 1
    for diagnosis in (model.diagnose(*data), found.diagnosis):
        assert [f.id for f in diagnosis] == ["GD102"]
        assert diagnosis.skipped == {"GD104": why, "GD503": why}
        assert {"GD104", "GD503"}.isdisjoint(r.id for r in diagnosis.checked)


def test_a_look_that_fails_on_the_way_lets_training_go_on(monkeypatch):
    def fails(*_):
        raise TypeError("no such thing")

    model = nn.Sequential([nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    monkeypatch.setattr("neurona.doctor.live.watch.Watch._look", fails)
    diagnosis = model.fit(x, y, doctor="full", verbose=0).diagnosis
    assert diagnosis.skipped["GD501"] == "TypeError: no such thing"
    monkeypatch.setattr("neurona.doctor.guard.examine", fails)
    diagnosis = model.fit(1e30 * x, y, doctor=True, verbose=0).diagnosis
    assert "not be computed op by op: TypeError: no such thing" in diagnosis.errors[0].said


def test_nothing_is_kept_of_what_was_looked_at():
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(3, "relu"), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    found = model.diagnose(*data)
    model.fit(*data, doctor="full", verbose=0)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    assert found.checked
