"""Objects remember their arguments, whatever way their constructors are written in."""

import copy
import dataclasses
import inspect
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import constraints, initializers, layers, losses, metrics, optimizers, regularizers
from neurona.errors import ArgumentError
from neurona.nn.configurable import Configurable
from neurona.nn.description import public_name, published_classes
from neurona.nn.options import LayerOptions, OlderLayerOptions
from neurona.optim.optimizer import OptimizerOptions


class HandsOn(layers.Layer):
    """As Keras's users write it."""

    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units, self.activation = units, activation
        self.seen = (self.name, self.dtype.name)


class Plain(layers.Layer):
    """Takes its own arguments only, and calls nothing."""

    def __init__(self, units):
        self.units = units
        self.seen = (self.name, self.dtype.name)


class CallsTheBase(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units


class KeepsThem(layers.Layer):
    """Forgets to hand on."""

    def __init__(self, units, **kwargs):
        self.units = units


class NamesItself(layers.Layer):
    def __init__(self, units, name="fixed"):
        super().__init__(name=name)
        self.units = units


class Deeper(HandsOn):
    def __init__(self, factor=2, **kwargs):
        super().__init__(units=factor * 10, **kwargs)
        self.factor = factor


class OverPlain(Plain):
    def __init__(self, **kwargs):
        super().__init__(7, **kwargs)


for _cls in (HandsOn, Plain, CallsTheBase, KeepsThem, NamesItself):
    _cls.call = lambda self, x: x

OWN = (HandsOn, Plain, CallsTheBase, KeepsThem, NamesItself)


@pytest.mark.parametrize("cls", OWN)
def test_a_layer_of_ones_own_takes_what_all_layers_take(cls):
    layer = cls(3, name="mine")
    assert (layer.units, layer.name) == (3, "mine")
    assert layer.arguments == {"units": 3, "name": "mine"}
    if cls is not NamesItself:
        layer = cls(3, name="mine", dtype="float64", trainable=False, input_shape=(2,))
        assert (layer.name, layer.dtype, layer.trainable) == ("mine", np.dtype("float64"), False)
        assert layer.arguments["input_shape"] == (2,)


@pytest.mark.parametrize("cls", [HandsOn, Plain])
def test_a_constructor_sees_its_name_and_dtype(cls):
    assert cls(3, name="mine", dtype="float64").seen == ("mine", "float64")


@pytest.mark.parametrize("cls", OWN)
def test_a_layer_of_ones_own_is_made_again_from_its_config(cls):
    config = json.loads(json.dumps(cls(3, name="mine").get_config()))
    assert config == {"units": 3, "name": "mine"}
    again = cls.from_config(config)
    assert (again.units, again.name) == (3, "mine")


@pytest.mark.parametrize("cls", OWN)
def test_a_model_with_a_layer_of_ones_own_is_saved(cls, tmp_path):
    model = nn.Sequential([nn.Input((4,)), layers.Dense(2), cls(3, name="mine")])
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors", {cls.__name__: cls})
    assert (again.layers[1].name, again.layers[1].units) == ("mine", 3)


class Stack(layers.Layer):
    def __init__(self, size, *parts, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.size, self.parts, self.scale = size, parts, scale

    def call(self, x):
        for part in self.parts:
            x = part(x) * self.scale
        return x


@pytest.mark.parametrize("count", [0, 2])
def test_a_layer_of_several_is_made_again(count, tmp_path):
    parts = [layers.Dense(2) for _ in range(count)]
    stack = Stack(5, *parts, scale=2.0, name="stack")
    assert stack.arguments.get("parts", ()) == tuple(parts)
    model = nn.Sequential([nn.Input((2,)), stack])
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors", {"Stack": Stack})
    x = np.float32([[1.0, 2.0]])
    assert again.layers[0].size == 5
    np.testing.assert_array_equal(again(x).numpy(), model(x).numpy())


def test_the_outermost_constructor_is_remembered():
    layer = Deeper(factor=3, name="deep", activation="relu")
    assert layer.arguments == {"factor": 3, "name": "deep", "activation": "relu"}
    assert (layer.units, layer.name) == (30, "deep")
    assert OverPlain(name="over").arguments == {"name": "over"}
    assert (OverPlain(name="over").name, OverPlain(name="over").units) == ("over", 7)


@pytest.mark.parametrize("cls", [*OWN, Deeper, OverPlain, layers.Dense])
def test_an_unknown_argument_names_the_class_and_the_nearest(cls):
    given = {} if cls in (Deeper, OverPlain) else {"units": 3}
    if cls is KeepsThem:
        assert cls(3, trainabel=True).arguments == {"units": 3, "trainabel": True}
        return
    with pytest.raises(ArgumentError) as caught:
        cls(**given, nmae="x")
    assert f"unknown argument of {cls.__name__}. Got 'nmae'" in str(caught.value)
    assert "did you mean 'name'?" in str(caught.value)


def test_missing_and_surplus_arguments():
    with pytest.raises(ArgumentError, match=r"Dense: missing a required argument: 'units'"):
        layers.Dense()
    with pytest.raises(ArgumentError, match="Plain: too many positional arguments"):
        Plain(1, 2)
    for cls in (constraints.NonNeg, initializers.Zeros):
        with pytest.raises(ArgumentError, match=f"{cls.__name__}: too many positional arguments"):
            cls(5)
        with pytest.raises(ArgumentError, match=f"unknown argument of {cls.__name__}"):
            cls(axis=1)


def test_an_error_in_a_constructor_shows_what_was_given():
    with pytest.raises(ArgumentError) as caught:
        layers.Dense(0, name="hidden")
    assert caught.value.places == ["Dense(units=0, name='hidden')."]
    with pytest.raises(ArgumentError) as caught:
        HandsOn(2, dtype="int32")
    assert caught.value.places == ["HandsOn(units=2, dtype='int32')."]


@pytest.mark.parametrize("cls", [layers.Dense, layers.Conv2D, HandsOn, Plain, nn.Sequential])
def test_a_signature_shows_what_all_layers_take(cls):
    parameters = inspect.signature(cls).parameters
    assert set(LayerOptions.__annotations__) <= set(parameters)
    assert parameters["name"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["name"].annotation == "str | None"
    assert [p.kind is p.VAR_KEYWORD for p in parameters.values()][-1] is (cls is HandsOn)


def test_options_are_what_the_roots_take():
    taken = list(inspect.signature(layers.Layer).parameters)
    assert taken == list(OlderLayerOptions.__annotations__)
    assert {*inspect.signature(optimizers.Adam).parameters} > {*OptimizerOptions.__annotations__}


def library_classes():
    found = [Configurable]
    for cls in found:
        found += [c for c in cls.__subclasses__() if c not in found]
    return [c for c in found if c.__module__.startswith("neurona.")]


def test_every_constructor_hands_on_what_its_family_takes():
    taking = [c for c in library_classes() if c._common and "__init__" in vars(c)]
    assert len(taking) > 50
    for cls in taking:
        source = inspect.getsource(cls.__init__)
        if cls not in (layers.Layer, layers.InputLayer, optimizers.Optimizer):
            assert "**common: Unpack[" in source, cls
            assert source.count("**common") == 2, cls


@pytest.mark.parametrize(
    "made",
    [
        layers.Dense(3, kernel_regularizer=regularizers.L2(0.1)),
        losses.Huber(delta=2.0),
        metrics.Precision(thresholds=[0.2, 0.8], name="p"),
        optimizers.SGD(optimizers.schedules.CosineDecay(0.1, 10), clipnorm=1.0),
        optimizers.schedules.PiecewiseConstantDecay([1], [0.1, 0.2]),
        initializers.HeNormal(seed=3),
        regularizers.L1(0.2),
        constraints.MaxNorm(3.0, axis=1),
    ],
    ids=lambda made: type(made).__name__,
)
def test_all_families_have_a_config(made):
    config = json.loads(json.dumps(made.get_config()))
    again = type(made).from_config(config)
    assert again.get_config() == config
    assert (
        repr(again.arguments).split(" at 0x")[0]
        == repr({**made.arguments, **({"name": made.name} if "name" in config else {})}).split(
            " at 0x"
        )[0]
    )


class Doubled:
    """A mix-in with a constructor."""

    def __init__(self, factor):
        self.factor = factor


class Mixed(Doubled, layers.Layer):
    def call(self, x):
        return x * self.factor


@dataclasses.dataclass(eq=False, repr=False)
class Data(layers.Layer):
    factor: float = 1.0

    def call(self, x):
        return x * self.factor


@pytest.mark.parametrize("cls", [Mixed, Data])
def test_constructors_that_come_from_elsewhere_remember(cls, tmp_path):
    layer = cls(3.0, name="mine")
    assert layer.arguments == {"factor": 3.0, "name": "mine"}
    assert (layer.factor, layer.name) == (3.0, "mine")
    model = nn.Sequential([nn.Input((2,)), layer])
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors", {cls.__name__: cls})
    assert again(np.ones((1, 2))).tolist() == [[3.0, 3.0]]


def test_what_is_no_layer_shows_its_arguments():
    made = optimizers.schedules.WarmUp(optimizers.schedules.CosineDecay(0.1, 10), 5)
    expected = "CosineDecay(initial_learning_rate=0.1, decay_steps=10)"
    assert repr(made).startswith(f"WarmUp({next(iter(made.arguments))}={expected}")
    assert repr(regularizers.L2(0.1)) == "L2(l2=0.1)"
    assert repr(layers.Dense(3, name="hidden")) == "Dense(units=3, name='hidden')"


def test_copies_remember():
    for layer in (layers.Dense(3, name="a"), HandsOn(4, name="b"), Plain(5, name="c")):
        for again in (copy.copy(layer), copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            assert again.arguments == layer.arguments
            assert (again.units, again.name) == (layer.units, layer.name)


def test_an_optimizer_of_ones_own_takes_what_all_take():
    class Plainly(optimizers.Optimizer):
        def __init__(self, rate=0.5):
            super().__init__(rate)

        def update(self, w, g, lr, t):
            return w - lr * g

    optimizer = Plainly(clipvalue=1.0, name="mine")
    assert (optimizer.clipvalue, optimizer.name) == (1.0, "mine")
    assert optimizer.arguments == {"clipvalue": 1.0, "name": "mine"}
    w = nn.Parameter([1.0])
    optimizer.apply([[4.0]], [w])
    assert w.tolist() == [0.5]


NAMESPACES = {
    "layers": layers, "initializers": initializers, "regularizers": regularizers,
    "constraints": constraints, "losses": losses, "metrics": metrics, "optimizers": optimizers,
    "optimizers.schedules": optimizers.schedules, "models": nn.models,
}  # fmt: skip


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_description_may_name_the_public_classes(namespace):
    module = NAMESPACES[namespace]
    public = {getattr(module, name) for name in module.__all__}
    public = {x for x in public if isinstance(x, type) and issubclass(x, Configurable)}
    assert public <= set(published_classes(namespace).values())
    between = {cls.__name__ for cls in set(published_classes(namespace).values()) - public}
    assert between <= {
        "Augmentation", "BeforeStep", "Cell", "Function", "Heads", "Lookup", "Mixing", "Operation",
        "PairedLoss", "StepMask", "ThresholdCounts", "Spreading", "Toning", "FeatureSpace",
    }  # fmt: skip
    for cls in public:
        assert public_name(cls) == f"{namespace}.{cls.__name__}"


def test_functions_have_public_names():
    assert public_name(nn.activations.swish) == "activations.silu"
    assert public_name(losses.mean_squared_error) == "losses.mean_squared_error"
    assert public_name(metrics.mean_squared_error) == "losses.mean_squared_error"
    assert public_name(metrics.cosine_similarity) == "metrics.cosine_similarity"
    assert public_name(layers.add) == "layers.add"
    assert public_name(OWN[0]) is public_name(len) is None


def run(code):
    source = Path(nn.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(source)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_what_is_needed_to_load_a_model_is_loaded_with_it():
    names = [
        f"{space}.{cls.__name__}"
        for space in NAMESPACES
        for cls in published_classes(space).values()
        if cls.__name__ != "FeatureSpace"  # which is loaded when a file names it
    ]
    run(
        "from neurona.models import load_model\n"
        f"from neurona.nn.description import LIBRARY\nmissing = set({names}) - set(LIBRARY)\n"
        "assert not missing, missing"
    )


def test_layers_know_no_floor_above_them():
    run(
        "import sys\nfrom neurona.nn.layers import Dense\n"
        "Dense.from_config(Dense(3, 'relu').get_config())\n"
        "above = [m for m in sys.modules if m.startswith(('neurona.train', 'neurona.optim'))]\n"
        "assert not above, above"
    )
