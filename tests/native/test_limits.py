"""The code that measures the machine computes what it is said to."""

import pytest

from neurona import config
from neurona.engines.native.assemble import check_ir
from neurona.engines.native.limits import limits_code
from neurona.engines.native.machine import Machine


@pytest.mark.parametrize("name", config.TARGETS)
def test_code_is_right_for_every_target(name):
    assert check_ir(limits_code(Machine.named(name)), Machine.named(name))
