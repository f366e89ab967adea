"""Write optimizers.json: steps of every Keras 3 optimiser on a matrix and a bias, in float64.

Ten of each, and the hundredth of those that came last.

Run as writing.py says. The gradients are prescribed, so one wrong step shows in that step; two
entries have a zero gradient throughout and one step's gradient is all zero. PyTorch's optimisers
are a second witness where the formulas agree (``cross_check``).
"""

import keras
import numpy as np
import torch
from writing import double_precision, finish, label, numbers

double_precision()
TOLERANCES = {
    "step": {
        "rtol": 1e-5,
        "atol": 2e-6,
        "why": "ten float32 updates, each with a square root and a division, of weights near 1",
    },
    "corrected": {
        "rtol": 2e-5,
        "atol": 1e-5,
        "why": "1 - beta_2**t in float32 is off by up to 6e-5 of itself in the first steps, so a "
        "step of 0.1 is off by 3e-6",
    },
    "hundred": {
        "rtol": 1e-4,
        "atol": 1e-4,
        "why": "a hundred float32 updates, or ten of Muon's, whose iteration makes small singular "
        "values, and their errors, a few hundred times larger",
    },
}
CASES = []
STEPS = 10
TOLERANCE_OF = {
    **dict.fromkeys(
        ("Adam", "AdamW", "Nadam", "Lamb", "MultiOptimizer", "ScheduleFreeAdamW"), "corrected"
    ),
    "Muon": "hundred",
}
KERNEL, BIAS = numbers(2, 3, seed=1), numbers(3, seed=2)
GRADIENTS = [[numbers(2, 3, seed=10 + i), numbers(3, seed=40 + i)] for i in range(STEPS)]
for kernel, bias in GRADIENTS:
    kernel[1, 2] = bias[0] = 0.0
GRADIENTS[6] = [np.zeros_like(KERNEL), np.zeros_like(BIAS)]


def made(value):
    """Make what a dict describes: a schedule, an optimiser, a map of optimisers; else the value."""
    if not isinstance(value, dict):
        return value
    given = {k: made(v) for k, v in value.items()}
    if "schedule" in given:
        return getattr(keras.optimizers.schedules, given.pop("schedule"))(**given)
    if "optimizer" in given:
        return getattr(keras.optimizers, given.pop("optimizer"))(**given)
    if "default_optimizer" in given:
        return keras.optimizers.OptimizerMap(**given)
    return given


def make(name, kwargs):
    return made({"optimizer": name, **kwargs})


def run(name, kwargs, exclude=(), scale=1.0, steps=STEPS):
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    layer.set_weights([KERNEL, BIAS])
    optimizer = make(name, kwargs)
    if exclude:
        optimizer.exclude_from_weight_decay(var_names=list(exclude))
    weights = []
    for gradients in (GRADIENTS * 10)[:steps]:
        grads = [keras.ops.convert_to_tensor(g.astype("float64") * scale) for g in gradients]
        optimizer.apply_gradients(zip(grads, layer.trainable_variables, strict=True))
        weights.append([w.copy() for w in layer.get_weights()])
    final = None
    if kwargs.get("use_ema"):
        optimizer.finalize_variable_values(layer.trainable_variables)
        final = layer.get_weights()
    return weights, final


def case(name, kwargs, exclude=(), scale=1.0, hundred=False):
    weights, final = run(name, kwargs, exclude, scale, 100 if hundred else STEPS)
    note = [f"exclude {','.join(exclude)}"] if exclude else []
    note += [f"gradients times {scale}"] if scale != 1 else []
    CASES.append(
        {"id": label(name, kwargs, *note), "optimizer": name, "kwargs": kwargs,
         "exclude_from_weight_decay": list(exclude), "scale": scale,
         "tolerance": TOLERANCE_OF.get(name, "step"), "weights": weights[:STEPS],
         "hundredth": weights[-1] if hundred else None, "finalized": final}
    )  # fmt: skip


case("SGD", {})
case("SGD", {"learning_rate": 0.1, "momentum": 0.9})
case("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True})
case("SGD", {"learning_rate": 0.1, "weight_decay": 0.05})
case("SGD", {"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.05})
case("SGD", {"learning_rate": 0.1, "nesterov": True})
case("Adagrad", {})
case("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.0})
case("Adagrad", {"learning_rate": 0.1, "epsilon": 0.01})
case("Adadelta", {})
case("Adadelta", {"learning_rate": 1.0, "rho": 0.8, "epsilon": 1e-4})
case("RMSprop", {})
case("RMSprop", {"learning_rate": 0.01, "momentum": 0.9})
case("RMSprop", {"learning_rate": 0.01, "centered": True})
case("RMSprop", {"learning_rate": 0.01, "momentum": 0.5, "centered": True, "rho": 0.8})
case("Adam", {})
case("Adam", {"learning_rate": 0.05, "amsgrad": True})
case("Adam", {"learning_rate": 0.05, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01})
case("Adam", {"learning_rate": 0.05, "amsgrad": True, "beta_2": 0.5})
case("Adam", {"learning_rate": 0.05, "weight_decay": 0.1})
case("AdamW", {})
case("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1})
case("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1}, exclude=("bias",))
case("AdamW", {"learning_rate": 0.05, "amsgrad": True, "beta_2": 0.9})
case("Adamax", {})
case("Adamax", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9})
case("Nadam", {})
case("Nadam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9})
case("Lion", {})
case("Lion", {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1})
SGD = {"optimizer": "SGD", "learning_rate": 0.1, "momentum": 0.5}
ADAM = {"optimizer": "Adam", "learning_rate": 0.05}
for name, kwargs in [
    ("Adafactor", {}),
    ("Adafactor", {"learning_rate": 0.5, "relative_step": False, "clip_threshold": 0.5}),
    ("Adafactor", {"learning_rate": 0.3, "beta_2_decay": -0.5, "epsilon_2": 0.1}),
    ("Ftrl", {"learning_rate": 0.1}),
    ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.3, "beta": 0.2,
              "l2_regularization_strength": 0.1, "learning_rate_power": -0.4}),
    ("Ftrl", {"learning_rate": 0.1, "l2_shrinkage_regularization_strength": 0.1,
              "initial_accumulator_value": 0.5}),
    ("Lamb", {}),
    ("Lamb", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1}),
    ("Muon", {}),
    ("Muon", {"learning_rate": 0.02, "exclude_layers": ["kernel"], "adam_lr_ratio": 0.5}),
    ("Muon", {"learning_rate": 0.02, "nesterov": False, "rms_rate": None, "momentum": 0.8,
              "weight_decay": 0.1, "adam_weight_decay": None}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.01}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.05, "warmup_steps": 5, "beta_1": 0.8,
                           "weight_decay": 0.1}),
    ("MultiOptimizer", {"optimizer_map": {"default_optimizer": SGD,
                                          "optimizer_map": {".*bias": ADAM}}}),
]:  # fmt: skip
    case(name, kwargs, hundred=True)
# tiny gradients: epsilon, its default and its place (inside or outside the root) decide the step
for name in ("Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Adamax", "Nadam"):
    case(name, {"learning_rate": 0.1}, scale=1e-6)

# what acts around the rule
for name in ("SGD", "Adam"):
    rate = {"learning_rate": 0.1}
    case(name, {**rate, "clipnorm": 1.5})
    case(name, {**rate, "clipvalue": 0.5})
    case(name, {**rate, "global_clipnorm": 1.5})
    case(name, {**rate, "global_clipnorm": 100.0})
    case(name, {**rate, "use_ema": True, "ema_momentum": 0.9})
    case(name, {**rate, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3})
    case(name, {**rate, "gradient_accumulation_steps": 3})
    case(name, {**rate, "gradient_accumulation_steps": 2, "global_clipnorm": 1.0})
    schedule = {"schedule": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_steps": 3,
                "decay_rate": 0.5}  # fmt: skip
    case(name, {"learning_rate": schedule})
    case(name, {"learning_rate": schedule, "gradient_accumulation_steps": 2})
case("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1, "gradient_accumulation_steps": 2})
case("SGD", {"learning_rate": 0.1, "weight_decay": 0.1, "clipnorm": 0.5, "momentum": 0.9})
everything = {"use_ema": True, "ema_momentum": 0.9, "gradient_accumulation_steps": 2}
case("Adam", {"learning_rate": 0.1, **everything, "ema_overwrite_frequency": 4})


def cross_check():
    """With a negligible epsilon (the packages put it in different places) the formulas agree."""
    tiny = {"epsilon": 1e-30}
    pairs = [
        ("SGD", {}, torch.optim.SGD, {}),
        ("SGD", {"momentum": 0.9}, torch.optim.SGD, {"momentum": 0.9}),
        ("SGD", {"momentum": 0.9, "nesterov": True}, torch.optim.SGD,
         {"momentum": 0.9, "nesterov": True}),
        ("Adagrad", {**tiny, "initial_accumulator_value": 0.1}, torch.optim.Adagrad,
         {"initial_accumulator_value": 0.1}),
        ("RMSprop", {**tiny, "rho": 0.9}, torch.optim.RMSprop, {"alpha": 0.9}),
        ("RMSprop", {**tiny, "rho": 0.9, "momentum": 0.9}, torch.optim.RMSprop,
         {"alpha": 0.9, "momentum": 0.9}),
        ("Adam", tiny, torch.optim.Adam, {}),
        ("AdamW", {**tiny, "weight_decay": 0.1}, torch.optim.AdamW, {"weight_decay": 0.1}),
        ("Adamax", tiny, torch.optim.Adamax, {}),
        ("Nadam", tiny, torch.optim.NAdam, {"momentum_decay": 1.0}),
    ]  # fmt: skip
    for name, kwargs, theirs, their_kwargs in pairs:
        ours, _ = run(name, {**kwargs, "learning_rate": 0.1})
        weights = [torch.nn.Parameter(torch.tensor(w.astype("float64"))) for w in (KERNEL, BIAS)]
        eps = {} if name == "SGD" else {"eps": 1e-30}
        optimizer = theirs(weights, lr=0.1, **eps, **their_kwargs)
        for i, gradients in enumerate(GRADIENTS):
            for w, g in zip(weights, gradients, strict=True):
                w.grad = torch.tensor(g.astype("float64"))
            optimizer.step()
            for mine, w in zip(ours[i], weights, strict=True):
                gap = abs(mine - w.detach().numpy()).max()
                if not gap < 1e-8:  # Keras keeps the product of Nadam's momenta in float32
                    print(f"PyTorch differs: {name} {kwargs} step {i + 1}: {gap:.2g}")
                    break


cross_check()
CASES.insert(
    0, {"id": "inputs", "tolerance": "step", "start": [KERNEL, BIAS], "gradients": GRADIENTS}
)
finish("optimizers", TOLERANCES, CASES)
