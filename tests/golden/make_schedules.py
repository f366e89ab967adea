"""Write schedules.json: learning rates of Keras 3 schedules, and PyTorch's OneCycleLR, by step.

Run as writing.py says.
"""

import keras
import numpy as np
import torch
from writing import double_precision, finish, label

double_precision()
TOLERANCES = {
    "rate": {
        "rtol": 1e-5,
        "atol": 1e-8,
        "why": "a float32 power, exponential or cosine of step / steps, some ulp of the rate",
    },
}
CASES = []
STEPS = [
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    9,
    10,
    11,
    12,
    15,
    17,
    19,
    20,
    21,
    25,
    30,
    31,
    37,
    40,
    45,
    60,
    69,
    70,
    71,
    100,
    150,
    1000,
]


def case(name, kwargs):
    schedule = getattr(keras.optimizers.schedules, name)(**kwargs)
    rates = [
        float(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(schedule(s)))) for s in STEPS
    ]
    add(name, kwargs, STEPS, rates)


def add(name, kwargs, steps, rates, optional=False):
    CASES.append(
        {"id": label(name, kwargs), "schedule": name, "kwargs": kwargs, "tolerance": "rate",
         "optional": optional, "steps": steps, "rates": np.array(rates)}
    )  # fmt: skip


start = {"initial_learning_rate": 0.1}
for staircase in (False, True):
    for name in ("ExponentialDecay", "InverseTimeDecay"):
        case(name, {**start, "decay_steps": 10, "decay_rate": 0.6, "staircase": staircase})
case("ExponentialDecay", {**start, "decay_steps": 4, "decay_rate": 0.9})
case("PiecewiseConstantDecay", {"boundaries": [10, 20], "values": [1.0, 0.5, 0.1]})
case("PiecewiseConstantDecay", {"boundaries": [5], "values": [0.01, 0.001]})
for power in (1.0, 0.5, 2.0):
    for cycle in (False, True):
        polynomial = {"end_learning_rate": 0.01, "power": power, "cycle": cycle}
        case("PolynomialDecay", {**start, "decay_steps": 20, **polynomial})
case("PolynomialDecay", {**start, "decay_steps": 20})
case("CosineDecay", {**start, "decay_steps": 30})
case("CosineDecay", {**start, "decay_steps": 30, "alpha": 0.1})
case(
    "CosineDecay",
    {"initial_learning_rate": 0.0, "decay_steps": 30, "warmup_target": 0.1, "warmup_steps": 10},
)
case(
    "CosineDecay",
    {**start, "decay_steps": 30, "alpha": 0.2, "warmup_target": 0.5, "warmup_steps": 5},
)
case("CosineDecay", {**start, "decay_steps": 30, "warmup_steps": 5})
restarts = {**start, "first_decay_steps": 10}
case("CosineDecayRestarts", restarts)
case("CosineDecayRestarts", {**restarts, "t_mul": 1.0})
case("CosineDecayRestarts", {**restarts, "t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1})
case("CosineDecayRestarts", {**restarts, "t_mul": 3.0, "m_mul": 0.8})

# OneCycle: PyTorch is the oracle; our argument names, PyTorch's numbers
for anneal in ("cos", "linear"):
    for fraction, start_factor, end_factor in ((0.3, 25.0, 1e4), (0.5, 10.0, 100.0)):
        weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        theirs = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 0.5, total_steps=50, pct_start=fraction, anneal_strategy=anneal,
            cycle_momentum=False, div_factor=start_factor, final_div_factor=end_factor,
        )  # fmt: skip
        rates = []
        for _ in range(50):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if len(rates) < 50:
                theirs.step()
        kwargs = {"max_learning_rate": 0.5, "total_steps": 50, "pct_start": fraction,
                  "div_factor": start_factor, "final_div_factor": end_factor,
                  "anneal_strategy": anneal}  # fmt: skip
        add("OneCycle", kwargs, list(range(50)), rates, optional=True)
finish("schedules", TOLERANCES, CASES)
