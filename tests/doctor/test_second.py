"""The programs of the second part are what they say, without the doctor: they run, or are refused.

An epoch of each, op by op; that healthy ones learn and faulty ones do not, `--harm` shows.
"""

import numpy as np
import pytest

import neurona as nn
from benchmarks.doctor import second
from benchmarks.doctor.__main__ import FAULTS, HEALTHY, WHOLE
from benchmarks.doctor.record import first, moment, recorded
from benchmarks.doctor.rivals import RIVALS
from benchmarks.doctor.second import series

CASES = [(f.name, f.faulty, True) for f in second.FAULTS]
CASES += [(h.name, h.make, False) for h in second.HEALTHY]


@pytest.fixture
def uncompiled():
    before = nn.config.engine()
    nn.config.set_engine("reference")
    yield
    nn.config.set_engine(before)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_each_program_trains_an_epoch_and_is_read_by_all_rule_sets(part, uncompiled):
    for name, make, faulty in CASES[part::4]:
        record = recorded(lambda make=make: make().but(epochs=1), 0)
        assert faulty or not record.error, name
        assert record.error or len(record.epochs) == 1, name
        with np.errstate(all="ignore"):
            for rules in RIVALS.values():
                assert isinstance(rules.symptoms(record), list), name


def test_names_are_of_one_program_each():
    whole = [c for part in WHOLE.values() for c in (*part.FAULTS, *part.HEALTHY)]
    names = [c.name for c in (*FAULTS, *HEALTHY, *whole)]
    assert len(set(names)) == len(names)


def test_a_record_leaves_the_state_of_a_layer_alone(uncompiled):
    t = series.lit()
    model = t.model()
    model.compile(t.optimizer(), t.loss)
    model.layers[1].states[0].assign(np.full((series.STREAMS, 12), 0.5))
    seen = moment(model, first(t, t.x, t.y, series.STREAMS))
    assert len(seen.gradients) == 5
    np.testing.assert_array_equal(model.layers[1].states[0].numpy(), np.float32(0.5))
