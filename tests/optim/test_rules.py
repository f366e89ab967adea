"""Every rule: its first step by hand, ten steps against plain NumPy, traced, reloaded, downhill."""

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError
from neurona.optimizers import SGD, Adam, RMSprop, get
from neurona.train.step import Step

from .problems import (
    CLASSES,
    RATE,
    RULES,
    SETTINGS,
    label,
    numbers,
    parameters,
    prescribed_gradients,
    starting_weights,
)

settings = pytest.mark.parametrize(("name", "arguments"), SETTINGS, ids=label)


def test_the_settings_leave_no_rule_out():
    assert {name for name, _ in SETTINGS} == set(RULES)
    assert len(RULES) == 14


# --- by hand -----------------------------------------------------------------------------------

# w = 1, g = 2, lr = 0.1: the weight after the first step
FIRST_STEP = [
    ("SGD", {}, 1 - 0.1 * 2),
    ("SGD", {"momentum": 0.9}, 1 - 0.1 * 2),
    ("SGD", {"momentum": 0.9, "nesterov": True}, 1 - 0.9 * 0.2 - 0.2),
    ("Adagrad", {}, 1 - 0.1 * 2 / (0.1 + 4) ** 0.5),
    ("Adagrad", {"epsilon": 0.9}, 1 - 0.1 * 2 / 5**0.5),
    ("Adadelta", {"epsilon": 0.01}, 1 - 0.1 * 2 * 0.01**0.5 / (0.05 * 4 + 0.01) ** 0.5),
    ("RMSprop", {"epsilon": 0.0}, 1 - 0.1 * 2 / 0.4**0.5),
    ("RMSprop", {"epsilon": 0.0, "centered": True}, 1 - 0.1 * 2 / (0.4 - 0.2**2) ** 0.5),
    ("RMSprop", {"epsilon": 0.5, "rho": 0.5}, 1 - 0.1 * 2 / 2.5**0.5),
    ("Adam", {}, 1 - 0.1),
    # eps is added to sqrt(v) = sqrt(0.001 * 4); lr_t = 0.1 * sqrt(0.001) / 0.1; m = 0.1 * 2
    ("Adam", {"epsilon": 0.1}, 1 - 0.001**0.5 * 0.2 / (0.004**0.5 + 0.1)),
    ("AdamW", {"weight_decay": 0.5}, 1 - 0.1 * 0.5 - 0.1),
    ("Adamax", {}, 1 - 0.1),
    ("Adamax", {"epsilon": 2.0}, 1 - 0.1 * 0.2 / (0.1 * 4)),
    ("Lion", {}, 1 - 0.1),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), FIRST_STEP, ids=label)
def test_first_step_by_hand(name, arguments, expected):
    w = nn.Parameter([1.0])
    CLASSES[name](0.1, **arguments).apply([[2.0]], [w])
    assert w.numpy()[0] == pytest.approx(expected, rel=2e-6)


def test_first_step_of_nadam_by_hand():
    w = nn.Parameter([1.0])
    CLASSES["Nadam"](0.1).apply([[2.0]], [w])
    u1, u2 = 0.9 * (1 - 0.5 * 0.96), 0.9 * (1 - 0.5 * 0.96**2)  # 0.468 and 0.48528
    m_hat = u2 * 0.2 / (1 - u1 * u2) + (1 - u1) * 2 / (1 - u1)
    assert w.numpy()[0] == pytest.approx(1 - 0.1 * m_hat / 2, rel=1e-6)


def test_second_step_of_momentum_by_hand():
    w, optimizer = nn.Parameter([1.0]), SGD(0.1, momentum=0.5)
    optimizer.apply([[2.0]], [w])  # v = -0.2, w = 0.8
    optimizer.apply([[1.0]], [w])  # v = -0.1 - 0.1, w = 0.6
    assert w.numpy()[0] == pytest.approx(0.6)


# --- ten steps against plain NumPy, written from the papers in another style ---------------------


def sgd(w, g, s, t, momentum=0.0, nesterov=False):
    previous = s.get("v", 0)
    s["v"] = momentum * previous - RATE * g
    if not nesterov:
        return w + s["v"]
    return w + momentum**2 * previous - (1 + momentum) * RATE * g


def adagrad(w, g, s, t):
    s.setdefault("squares", []).append(g**2)
    return w - RATE * g / np.sqrt(0.1 + sum(s["squares"]) + 1e-7)


def adadelta(w, g, s, t):
    s["a"] = 0.95 * s.get("a", 0) + 0.05 * g**2
    step = np.sqrt((s.get("u", 0) + 1e-7) / (s["a"] + 1e-7)) * g
    s["u"] = 0.95 * s.get("u", 0) + 0.05 * step**2
    return w - RATE * step


def rmsprop(w, g, s, t, momentum=0.0, centered=False):
    history = s.setdefault("g", [])
    history.append(g)
    shares = [0.1 * 0.9 ** (t - 1 - i) for i in range(t)]
    size = sum(c * h**2 for c, h in zip(shares, history, strict=True))
    if centered:
        size = size - sum(c * h for c, h in zip(shares, history, strict=True)) ** 2
    s["m"] = momentum * s.get("m", 0) + RATE * g / np.sqrt(size + 1e-7)
    return w - s["m"]


def _moments(g, s, b1, b2):
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g**2
    return s["m"], s["v"]


def adam(w, g, s, t, beta_2=0.999, amsgrad=False):
    m, v = _moments(g, s, 0.9, beta_2)
    if amsgrad:
        v = s["top"] = np.maximum(v, s.get("top", 0))
    corrected = np.sqrt(v / (1 - beta_2**t)) + 1e-7 / np.sqrt(1 - beta_2**t)
    return w - RATE * m / (1 - 0.9**t) / corrected


def adamw(w, g, s, t, weight_decay):
    return adam(w * (1 - RATE * weight_decay), g, s, t)


def adamax(w, g, s, t):
    m, _ = _moments(g, s, 0.9, 0.0)
    decayed = [0.999 ** (t - 1 - i) * np.abs(h) for i, h in enumerate(s.setdefault("g", []))]
    s["g"].append(g)
    return w - RATE / (1 - 0.9**t) * m / (np.max([np.abs(g), *decayed], axis=0) + 1e-7)


def nadam(w, g, s, t):
    m, v = _moments(g, s, 0.9, 0.999)
    u = [0.9 * (1 - 0.5 * 0.96**k) for k in range(1, t + 2)]
    m_hat = u[-1] * m / (1 - np.prod(u)) + (1 - u[-2]) * g / (1 - np.prod(u[:-1]))
    return w - RATE * m_hat / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)


def lion(w, g, s, t):
    m = s.get("m", np.zeros_like(g))
    s["m"] = 0.99 * m + 0.01 * g
    return w - RATE * np.where(0.9 * m + 0.1 * g > 0, 1.0, -1.0)


def rms(x):
    return np.linalg.norm(x) / np.sqrt(x.size)


def adafactor(w, g, s, t, clip_threshold):
    history = s.setdefault("v", [])
    history.append(g**2 + 1e-30)
    b = [1 - k**-0.8 for k in range(1, t + 1)]
    v = sum(h * (1 - b[i]) * np.prod(b[i + 1 :]) for i, h in enumerate(history))
    if w.ndim == 2:  # the best product of a column and a row
        v = np.outer(v.mean(1), v.mean(0)) / v.mean()
    u = g / np.sqrt(v)
    return w - max(rms(w), 1e-3) * min(RATE, t**-0.5) * u / max(1, rms(u) / clip_threshold)


def ftrl(w, g, s, t, l1_regularization_strength=0.0, beta=0.0):
    n = s.get("n", 0.1 * np.ones_like(g))
    s["n"] = n + g**2
    s["z"] = s.get("z", 0) + g - (np.sqrt(s["n"]) - np.sqrt(n)) / RATE * w
    l1, z = l1_regularization_strength, s["z"]
    return np.where(abs(z) > l1, (np.sign(z) * l1 - z) / ((beta + np.sqrt(s["n"])) / RATE), 0.0)


def lamb(w, g, s, t):
    m, v = _moments(g, s, 0.9, 0.999)
    u = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
    return w - RATE * np.linalg.norm(w) / np.linalg.norm(u) * u


def muon(w, g, s, t):
    w = w * (1 - RATE * 0.004)
    if w.ndim != 2:
        return adam(w, g, s, t)
    s["m"] = 0.95 * s.get("m", 0) + g
    u, values, v = np.linalg.svd(g + 0.95 * s["m"], full_matrices=False)
    values = values / (np.linalg.norm(values) + 1e-7)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return w - RATE * 0.2 * np.sqrt(max(w.shape)) * (u * values) @ v


def schedule_free(w, g, s, t, warmup_steps):
    z = s.setdefault("z", [w.copy()])
    _, v = _moments(g, s, 0.9, 0.999)
    rate = RATE * min(1, t / warmup_steps)
    z.append(z[-1] - rate * g / (np.sqrt(v / (1 - 0.999**t)) + 1e-8))
    return 0.1 * z[-1] + 0.9 * np.mean(z[1:], axis=0)


PLAIN = {
    "SGD": sgd, "Adagrad": adagrad, "Adadelta": adadelta, "RMSprop": rmsprop, "Adam": adam,
    "AdamW": adamw, "Adamax": adamax, "Nadam": nadam, "Lion": lion,
    "Adafactor": adafactor, "Ftrl": ftrl, "Lamb": lamb, "Muon": muon,
    "ScheduleFreeAdamW": schedule_free,
}  # fmt: skip


@settings
def test_ten_steps_agree_with_plain_numpy(name, arguments):
    ours, optimizer = parameters(), CLASSES[name](RATE, **arguments)
    plain, memories = starting_weights(), [{}, {}]
    for t, gs in enumerate(prescribed_gradients(10), start=1):
        optimizer.apply(gs, ours)
        plain = [
            PLAIN[name](w, g, s, t, **arguments)
            for w, g, s in zip(plain, gs, memories, strict=True)
        ]
        for w, expected in zip(ours, plain, strict=True):
            np.testing.assert_allclose(w.numpy(), expected, rtol=1e-10, atol=1e-12)


# --- traced, reloaded ----------------------------------------------------------------------------


def training_step(optimizer, weights):
    """A Step whose gradients depend on the weights and on a batch."""
    optimizer.build(weights)

    def step(x):
        return optimizer.minimize(
            lambda: ((x @ weights[0] + weights[1]) ** 2).mean() + (weights[1] ** 2).sum(), weights
        )

    return Step(step, [*weights, *optimizer.variables])


def batches(count):
    rng = np.random.default_rng(2)
    return [rng.normal(size=(5, 3)) for _ in range(count)]


@pytest.mark.parametrize(("name", "arguments"), [*SETTINGS, ("LBFGS", {})], ids=label)
def test_a_traced_step_does_what_an_eager_one_does(name, arguments):
    eager, traced = parameters(), parameters()
    one, two = CLASSES[name](RATE, **arguments), CLASSES[name](RATE, **arguments)
    first, second = training_step(one, eager), training_step(two, traced)
    for x in batches(5):
        expected, loss = first.fn(nn.tensor(x)), second(x)
        assert float(loss) == pytest.approx(expected.item(), rel=1e-10)
    for a, b in zip([*eager, *one.variables], [*traced, *two.variables], strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-12)
    assert len(second.programs) == 1
    assert int(two.iterations) == 5


@pytest.mark.parametrize(("name", "arguments"), [*SETTINGS, ("LBFGS", {})], ids=label)
def test_reloading_in_the_middle_changes_no_bit(name, arguments):
    common = {} if name == "LBFGS" else {"use_ema": True, "gradient_accumulation_steps": 2}

    def made():
        weights, optimizer = parameters("float32"), CLASSES[name](RATE, **arguments, **common)
        return weights, optimizer, training_step(optimizer, weights)

    data = [x.astype("float32") for x in batches(9)]
    weights, optimizer, step = made()
    for x in data[:5]:
        step(x)
    others, reloaded, again = made()
    for old, new in zip(
        [*weights, *optimizer.variables], [*others, *reloaded.variables], strict=True
    ):
        new.assign(old.numpy())
    for x in data[5:]:
        step(x), again(x)
    for a, b in zip([*weights, *optimizer.variables], [*others, *reloaded.variables], strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


# --- downhill ------------------------------------------------------------------------------------

# rates at which the rule gets to the bottom of both valleys in the given number of steps
RATES = {
    "SGD": 0.1, "Adagrad": 0.5, "Adadelta": 5.0, "RMSprop": 0.01, "Adam": 0.05, "AdamW": 0.05,
    "Adamax": 0.05, "Nadam": 0.05, "Lion": 0.005, "LBFGS": 1.0,
    "Adafactor": 0.3, "Ftrl": 0.5, "Lamb": 0.02, "Muon": 0.05, "ScheduleFreeAdamW": 0.1,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_goes_to_the_bottom_of_a_quadratic(name):
    w, bottom = nn.Parameter(np.array([2.0, -1.0])), np.array([0.5, 0.25])
    optimizer = CLASSES[name](RATES[name], **({"weight_decay": 0.0} if name == "AdamW" else {}))
    step = Step(
        lambda: optimizer.minimize(lambda: ((w - bottom) ** 2 * np.array([1.0, 4.0])).sum(), [w]),
        [w, *(optimizer.build([w]) or optimizer.variables)],
    )
    losses = [float(step()) for _ in range(1000)]
    assert losses[-1] < 1e-3 < losses[0]
    assert np.abs(w.numpy() - bottom).max() < 0.03


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_goes_down_the_valley_of_rosenbrock(name):
    w = nn.Parameter(np.array([-0.5, 1.0]))
    rate = {"SGD": 0.002, "Lion": 0.005, "Adamax": 0.2, "Adadelta": 2.0, "Lamb": 0.03}.get(
        name, RATES[name]
    )
    optimizer = CLASSES[name](rate)
    step = Step(
        lambda: optimizer.minimize(lambda: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2, [w]),
        [w, *(optimizer.build([w]) or optimizer.variables)],
    )
    losses = [float(step()) for _ in range(1000)]
    assert min(losses[-10:]) < 0.25  # from 58.5


# --- arguments -----------------------------------------------------------------------------------

BAD = [
    ("SGD", {"momentum": 1.5}, "momentum is out of range"),
    ("SGD", {"learning_rate": -1.0}, "learning_rate is out of range"),
    ("SGD", {"learning_rate": "fast"}, "learning_rate must be a number"),
    ("Adagrad", {"initial_accumulator_value": -0.1}, "initial_accumulator_value is out of range"),
    ("Adadelta", {"rho": 1.0}, r"rho is out of range. Got 1.0; expected a number in \[0, 1\)"),
    ("RMSprop", {"rho": -0.1}, "rho is out of range"),
    ("RMSprop", {"epsilon": -1e-7}, "epsilon is out of range"),
    ("Adam", {"beta_1": 1.0}, "beta_1 is out of range"),
    ("Adam", {"beta_2": 2.0}, "beta_2 is out of range"),
    ("AdamW", {"weight_decay": None}, "weight_decay must be a number"),
    ("Adamax", {"beta_2": 1.0}, "beta_2 is out of range"),
    ("Nadam", {"epsilon": "small"}, "epsilon must be a number"),
    ("Adafactor", {"beta_2_decay": 0.1}, "beta_2_decay is out of range. Got 0.1; expected below 0"),
    ("Ftrl", {"learning_rate_power": 0.5}, "learning_rate_power is out of range. Got 0.5; expec"),
    ("Ftrl", {"l1_regularization_strength": -1.0}, "l1_regularization_strength is out of range"),
    ("Lamb", {"beta_2": 1.0}, "beta_2 is out of range"),
    ("Muon", {"ns_steps": 0}, "ns_steps"),
    ("ScheduleFreeAdamW", {"beta_1": 0.0}, r"beta_1 is out of range. Got 0; expected a number in"),
    ("SGD", {"learning_rate": abs}, r"a number or a schedule. Got <built-in function abs>"),
    ("Lion", {"beta_1": 0.0}, r"beta_1 is out of range. Got 0; expected a number in \(0, 1\)"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), BAD, ids=label)
def test_bad_arguments_are_explained(name, arguments, message):
    with pytest.raises(ArgumentError, match=message):
        CLASSES[name](**arguments)


def test_a_misspelt_argument_is_explained():
    with pytest.raises(ArgumentError, match="did you mean 'momentum'"):
        SGD(momentun=0.9)


def test_constant_gradients_do_not_break_centered_rmsprop():
    """The variance v - a^2 of equal gradients rounds to something below zero now and then."""
    w, optimizer = nn.Parameter(np.full(50, 1.0, "float32")), RMSprop(0.01, centered=True)
    g = np.linspace(50, 100, 50).astype("float32")
    for _ in range(300):
        optimizer.apply([g], [w])
    assert np.isfinite(w.numpy()).all()


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_get_by_name_class_and_object(name):
    assert type(get(name)) is type(get(name.lower())) is CLASSES[name]
    assert type(get(CLASSES[name])) is CLASSES[name]
    made = CLASSES[name]()
    assert get(made) is made


def test_get_explains_what_it_does_not_know():
    with pytest.raises(ArgumentError, match=r"unknown optimizer\. Got 'adm'.*\ntry: did you mean"):
        get("adm")
    with pytest.raises(ArgumentError, match=r"an optimizer is a name or an Optimizer\. Got 3"):
        get(3)


def test_a_rule_of_ones_own_is_five_lines():
    class Signs(nn.optimizers.Optimizer):
        def update(self, w, g, lr, t):
            return w - lr * nn.ops.sign(g)

    w = nn.Parameter([1.0, 1.0])
    optimizer = Signs(0.1, clipvalue=1.0)
    optimizer.apply([[3.0, -0.1]], [w])
    np.testing.assert_allclose(w.numpy(), [0.9, 1.1], rtol=1e-6)
    with pytest.raises(NotImplementedError, match="Optimizer has no update"):
        nn.optimizers.Optimizer().apply([[1.0, 1.0]], [w])


def test_integer_and_mixed_types_keep_their_parameters_type():
    weights = [nn.Parameter(np.ones(2, "float32")), nn.Parameter(np.ones(2, "float64"))]
    Adam(0.1).apply([np.ones(2, "float64"), np.ones(2, "float32")], weights)
    assert [w.dtype.name for w in weights] == ["float32", "float64"]
    assert numbers(weights)[1] == pytest.approx(0.9)


def test_adafactor_leaves_rows_and_columns_without_a_gradient_as_they_are():
    w = nn.Parameter(np.ones((3, 2), "float32"))
    nn.optimizers.Adafactor(0.1).apply([np.array([[1, 0], [0, 0], [1, 0]], "float32")], [w])
    np.testing.assert_allclose(w.numpy(), [[0.9, 1], [1, 1], [0.9, 1]], atol=0.05)
    np.testing.assert_array_equal(w.numpy()[1], [1, 1])
