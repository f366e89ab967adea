"""Every learning-rate schedule against Keras 3 (OneCycle against PyTorch), step by step."""

import pytest

from .library import NAME, close, each, library, public


@each("schedules")
def test_schedule_agrees_with_its_oracle(case):
    if case["optional"] and not hasattr(library.optimizers.schedules, case["schedule"]):
        pytest.skip(f"{NAME} has no {case['schedule']}")
    schedule = public("optimizers.schedules", case["schedule"])(**case["kwargs"])
    for step, expected in zip(case["steps"], case["rates"], strict=True):
        close(schedule(step), expected, case["tolerance"], f"rate at step {step}")
