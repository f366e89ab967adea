"""The code that measures the machine computes what it is said to."""

import pytest

from neurona import config
from neurona.engines.native.llvm.assemble import check_ir
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.run.limits import limits_code


@pytest.mark.parametrize("name", config.TARGETS)
def test_code_is_right_for_every_target(name):
    assert check_ir(limits_code(Machine.named(name)), Machine.named(name))
