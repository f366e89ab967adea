"""Custom objects, and objects as JSON values that are Keras's own form."""

import inspect
import json

import numpy as np
import pytest

import neurona as nn
from neurona import (
    activations,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    saving,
    utils,
)
from neurona.errors import ArgumentError, FormatError
from neurona.nn.configurable import Configurable

FAMILIES = {
    "activations": activations, "constraints": constraints, "initializers": initializers,
    "layers": layers, "losses": losses, "metrics": metrics, "optimizers": optimizers,
    "optimizers.schedules": optimizers.schedules, "regularizers": regularizers,
}  # fmt: skip
# what a constructor must be given, where neither 2 nor 0.5 will do
NEEDED = {
    "Activation": ("relu",), "CategoryEncoding": (3,),
    "CenterCrop": (4, 4), "Discretization": ([0.0, 1.0],), "Dot": (1,),
    "RandomAffine": ([layers.RandomZoom(0.5)],),
    "EinsumDense": ("ab,bc->ac", 3), "Embedding": (5, 2), "GroupQueryAttention": (2, 4, 2),
    "HashedCrossing": (5,), "InputLayer": ((3,),), "Lambda": (activations.relu,),
    "MultiHeadAttention": (2, 2), "Permute": ((2, 1),), "PositionEmbedding": (5,),
    "RandomCrop": (4, 4), "Rescaling": (0.5,), "Reshape": ((2, 3),), "Resizing": (4, 4),
    "ReversibleEmbedding": (5, 2), "TransformerDecoderBlock": (4, 2),
    "TransformerEncoderBlock": (4, 2), "RNN": (layers.LSTMCell(2),),
    "StackedRNNCells": ([layers.LSTMCell(2)],), "Bidirectional": (layers.LSTM(2),),
    "TimeDistributed": (layers.Dense(2),), "SpectralNormalization": (layers.Dense(2),),
    "Wrapper": (layers.Dense(2),), "MeanMetricWrapper": (losses.mean_squared_error,),
    "FunctionLoss": (losses.mean_squared_error,), "BinaryIoU": (), "IoU": (2, [0]),
    "OneHotIoU": (2, [0]), "PrecisionAtRecall": (0.5,), "RecallAtPrecision": (0.5,),
    "SensitivityAtSpecificity": (0.5,), "SpecificityAtSensitivity": (0.5,),
    "CosineDecay": (0.1, 10), "CosineDecayRestarts": (0.1, 10), "ExponentialDecay": (0.1, 10, 0.9),
    "InverseTimeDecay": (0.1, 10, 0.9), "OneCycle": (0.1, 10), "PolynomialDecay": (0.1, 10),
    "PiecewiseConstantDecay": ([1], [0.1, 0.2]), "WarmUp": (0.1, 10),
    "MultiOptimizer": (optimizers.OptimizerMap(optimizers.Adam()),),
    "LossScaleOptimizer": (optimizers.Adam(),), "OptimizerMap": (optimizers.Adam(),),
    "Pipeline": ([layers.Rescaling(0.5)],),
}  # fmt: skip
ABSTRACT = {"Layer", "Loss", "Metric", "Optimizer", "LearningRateSchedule", "Initializer",
            "Regularizer", "Constraint", "Crossentropy"}  # fmt: skip


def classes():
    """Every public class of every family, once."""
    for family, module in FAMILIES.items():
        named = {
            cls.__name__: cls
            for name in module.__all__
            if isinstance(cls := getattr(module, name), type) and issubclass(cls, Configurable)
        }
        for name, cls in sorted(named.items()):
            if name not in ABSTRACT:
                yield pytest.param(family, cls, id=f"{family}.{name}")


def example(cls):
    """An object of the class; its needed arguments are those above, or 2 each."""
    if cls.__name__ in NEEDED:
        given = NEEDED[cls.__name__]
        return None if given is None else cls(*given)
    empty = inspect.Parameter.empty
    parameters = inspect.signature(cls).parameters.values()
    needed = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is empty]
    for value in (2, 0.5):
        try:
            return cls(*[value] * len(needed))
        except ArgumentError as error:
            last = error
    raise last


@pytest.mark.parametrize(("family", "cls"), [*classes()])
def test_every_class_is_made_again(family, cls):
    made = example(cls)
    if made is None:
        return
    config = json.loads(json.dumps(made.get_config()))
    again = cls.from_config(config)
    assert type(again) is cls
    assert json.loads(json.dumps(again.get_config())) == config
    module = FAMILIES[family]
    told = json.loads(json.dumps(module.serialize(made)))
    assert told["class_name"] == cls.__name__
    assert told["module"] == f"neurona.{family}"
    found = module.deserialize(told)
    assert type(found) is cls
    assert json.loads(json.dumps(found.get_config())) == config


@pytest.mark.parametrize("family", ["activations", "losses", "metrics"])
def test_functions_are_told_by_their_names(family):
    module = FAMILIES[family]
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isfunction(thing) and name not in ("get", "serialize", "deserialize"):
            told = module.serialize(thing)
            if told in module.__all__ and family == "activations":
                assert module.deserialize(told) is thing
            assert isinstance(told, str)
    told = saving.serialize_keras_object(activations.relu)
    assert (told["class_name"], told["config"]) == ("function", "relu")
    assert saving.deserialize_keras_object(told) is activations.relu


def test_what_keras_wrote_is_read():
    config = {
        "module": "keras.layers", "class_name": "Dense", "registered_name": None,
        "config": {
            "name": "d", "trainable": True, "units": 3, "activation": "relu", "use_bias": True,
            "dtype": {"module": "keras", "class_name": "DTypePolicy", "registered_name": None,
                      "config": {"name": "float32"}},
            "kernel_initializer": {"module": "keras.initializers", "class_name": "HeNormal",
                                   "config": {"seed": 3}, "registered_name": None},
            "bias_constraint": None, "quantization_config": None,
        },
    }  # fmt: skip
    layer = layers.deserialize(config)
    assert (layer.name, layer.units) == ("d", 3)
    assert layer.activation is activations.relu
    assert layer.kernel_initializer.seed == 3
    adam = optimizers.get({"class_name": "adam", "config": {"learning_rate": 0.5}})
    assert adam.learning_rate.item() == 0.5
    assert regularizers.get({"class_name": "L2", "config": {"l2": 0.5}}).l2 == 0.5
    with pytest.raises(FormatError, match="needs 'Dence'"):
        layers.deserialize({"class_name": "Dence", "config": {}})
    with pytest.raises(FormatError, match="the description of Dense is malformed"):
        layers.deserialize({"class_name": "Dense", "config": 3})
    with pytest.raises(FormatError, match=r"no description of an object. Got 'Dense'"):
        layers.deserialize("Dense")


@pytest.fixture
def _registry():
    before = dict(saving.get_custom_objects())
    yield
    saving.get_custom_objects().clear()
    saving.get_custom_objects().update(before)


@pytest.mark.usefixtures("_registry")
def test_a_registered_class_is_loaded_without_being_named(tmp_path):
    @saving.register_keras_serializable("mine", name="Times")
    class Factor(layers.Layer):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, x):
            return x * self.factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    @saving.register_keras_serializable()
    def tenfold(x):
        return 10.0 * x

    assert saving.get_registered_name(Factor) == "mine>Times"
    assert saving.get_registered_object("mine>Times") is Factor
    assert saving.get_registered_object("Custom>tenfold") is tenfold
    assert saving.get_registered_name(len) == "len"
    assert saving.get_registered_object("nothing") is None
    assert saving.get_registered_object("nothing", {}, {"nothing": 3}) == 3
    model = nn.Sequential([nn.Input((2,)), Factor(3.0), layers.Activation(tenfold)])
    path = tmp_path / "model.safetensors"
    saving.save_model(model, path)
    for again in (saving.load_model(path), nn.models.model_from_json(model.to_json())):
        assert again(np.ones((1, 2))).tolist() == [[30.0, 30.0]]
    told = layers.serialize(Factor(2.0, name="f"))
    assert told["registered_name"] == "mine>Times"
    assert layers.deserialize(told).factor == 2.0
    assert activations.get("tenfold") is tenfold
    saving.get_custom_objects().clear()
    with pytest.raises(FormatError, match="needs 'Times'"):
        saving.load_model(path)
    assert saving.load_model(path, custom_objects={"Times": Factor, "tenfold": tenfold}).built


@pytest.mark.usefixtures("_registry")
def test_names_of_ones_own_in_every_family():
    utils.get_custom_objects().update(
        {
            "double": lambda x: 2.0 * x,
            "fives": lambda shape, dtype=None: nn.ops.full(shape, 5.0),
            "cubes": lambda w: nn.ops.sum(w**3),
            "halve": lambda w: w / 2.0,
            "gap": lambda y, p: nn.ops.mean(nn.ops.abs(y - p), axis=-1),
            "slow": optimizers.SGD(0.5),
        }
    )
    layer = layers.Dense(2, "double", kernel_initializer="fives", kernel_regularizer="cubes")
    assert layer(np.ones((1, 1))).tolist() == [[10.0, 10.0]]
    assert constraints.get("halve")(4.0) == 2.0
    assert losses.get("gap")([[1.0]], [[3.0]]).item() == 2.0
    assert metrics.get("gap")([[1.0]], [[3.0]]).item() == 2.0
    assert optimizers.get("slow").learning_rate.item() == 0.5
    with saving.custom_object_scope({"double": lambda x: x + 1.0}):
        assert activations.get("double")(3.0) == 4.0
        with saving.CustomObjectScope({"triple": lambda x: 3.0 * x}):
            assert activations.get("triple")(3.0) == 9.0
            assert activations.get("double")(3.0) == 4.0
    assert activations.get("double")(3.0) == 6.0
    with pytest.raises(ArgumentError, match=r"unknown activation. Got 'triple'"):
        activations.get("triple")
    assert activations.deserialize("triple", {"triple": abs}) is abs


@pytest.mark.usefixtures("_registry")
def test_a_name_of_the_library_stays_the_librarys():
    @saving.register_keras_serializable()
    class Dense(layers.Layer):
        def call(self, x):
            return x

    model = nn.Sequential([nn.Input((2,)), layers.Dense(3), Dense()])
    again = nn.models.model_from_json(model.to_json())
    assert [type(layer) for layer in again.layers] == [layers.Dense, Dense]


def test_a_get_config_of_ones_own_may_hold_dicts():
    class Options(layers.Layer):
        def __init__(self, options, **kwargs):
            super().__init__(**kwargs)
            self.options = options

        def get_config(self):
            return {"name": self.name, "options": self.options}

    config = Options({"a": 1}).get_config()
    assert Options.from_config(config).options == {"a": 1}
    own = saving.deserialize_keras_object(saving.serialize_keras_object([1, {"b": (2, None)}]))
    assert own == [1, {"b": (2, None)}]


def test_errors():
    with pytest.raises(ArgumentError, match="a class that is registered has a get_config"):
        saving.register_keras_serializable()(object)
    with pytest.raises(ArgumentError, match="save_model takes a model"):
        saving.save_model(3, "x")
    with pytest.raises(ArgumentError, match="a lambda cannot be saved"):
        saving.serialize_keras_object(lambda x: x)


def test_weights_as_functions(tmp_path):
    model = nn.Sequential([nn.Input((2,)), layers.Dense(3)])
    saving.save_weights(model, tmp_path / "w.weights.safetensors")
    other = nn.models.clone_model(model)
    saving.load_weights(other, tmp_path / "w.weights.safetensors")
    assert np.array_equal(other.get_weights()[0], model.get_weights()[0])
