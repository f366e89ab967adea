"""Keras's top level, its old module paths, and its scopes, as files write them."""

import importlib
import sys

import numpy as np
import pytest

import neurona as nn
import neurona.keras as keras
from neurona.errors import ArgumentError, DtypeError, ShapeError
from neurona.places import HOMES


def test_the_top_level_is_keras_own():
    assert keras.layers.Dense is nn.layers.Dense
    assert keras.Model is nn.Model
    assert isinstance(keras.version(), str)
    assert issubclass(keras.layers.Dense, keras.Layer)
    assert isinstance(keras.losses.Huber(), keras.Loss)
    assert isinstance(keras.metrics.Mean(), keras.Metric)
    assert isinstance(keras.optimizers.Adam(), keras.Optimizer)
    assert isinstance(keras.initializers.Zeros(), keras.Initializer)
    assert isinstance(keras.regularizers.L2(), keras.Regularizer)
    assert isinstance(keras.layers.Dense(1), keras.Operation)
    with pytest.raises(AttributeError, match="Sequentail"):
        _ = keras.Sequentail
    assert "Sequential" in dir(keras)


def test_import_lines_of_all_times():
    from neurona.keras.layers import Dense
    from neurona.keras.layers.advanced_activations import LeakyReLU
    from neurona.keras.layers.convolutional import Conv2D
    from neurona.keras.layers.core import Dense as OldDense
    from neurona.keras.layers.experimental.preprocessing import Rescaling
    from neurona.keras.models import Sequential
    from neurona.keras.optimizers.schedules import ExponentialDecay
    from neurona.keras.utils.np_utils import to_categorical
    from neurona.layers.core import Dense as NewDense

    from neurona.utils import np_utils

    assert np_utils.to_categorical is keras.utils.np_utils.to_categorical
    assert keras.layers.experimental.preprocessing.Rescaling is Rescaling
    assert keras.optimizers.experimental.Adam is nn.optimizers.Adam
    assert keras.mixed_precision.experimental.Policy is keras.DTypePolicy
    assert keras.legacy.saving.serialize_keras_object is keras.saving.serialize_keras_object
    assert Dense is OldDense is NewDense is nn.layers.Dense
    assert (LeakyReLU, Conv2D) == (nn.layers.LeakyReLU, nn.layers.Conv2D)
    assert (Rescaling, Sequential) == (nn.layers.Rescaling, nn.Sequential)
    assert ExponentialDecay is nn.optimizers.schedules.ExponentialDecay
    assert to_categorical is nn.utils.to_categorical
    names = {}
    exec("from neurona.keras.layers import *", names)
    assert names["Dense"] is Dense


@pytest.mark.parametrize("place", sorted(HOMES))
def test_an_old_place_has_the_names_of_its_home(place):
    module = importlib.import_module(f"neurona.keras.{place}")
    for home in HOMES[place].split(" "):
        real = importlib.import_module(f"neurona.{home}".strip("."))
        names = [n for n in getattr(real, "__all__", dir(real)) if not n.startswith("_")]
        assert names
        assert getattr(module, names[0]) is not None
        assert set(names) <= set(dir(module))


def test_what_is_nowhere_is_an_import_error():
    with pytest.raises(ImportError, match="NoSuchLayer"):
        from neurona.keras.layers.core import NoSuchLayer  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        importlib.import_module("neurona.keras.no_such_module")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("neurona.keras.config.nothing")


def test_tools_that_look_through_all_modules_load_nothing():
    place = importlib.import_module("neurona.keras.layers.wrappers")
    assert not hasattr(place, "__warningregistry__")
    assert not hasattr(sys.modules["neurona.keras.layers"], "__wrapped__")


def test_symbolic_tensors_are_keras_tensors():
    x = keras.Input((3,))
    assert isinstance(x, keras.KerasTensor)
    assert not isinstance(keras.ops.ones((2,)), keras.KerasTensor)
    place = keras.KerasTensor((None, 3), "int32", name="ids")
    assert (place.shape, place.dtype.name, place.name) == ((None, 3), "int32", "ids")
    model = keras.Model(place, keras.ops.sum(place, axis=1))
    assert model(np.int32([[1, 2, 3]])).tolist() == [6]


def test_variables_are_parameters():
    v = keras.Variable(np.ones(3), name="v")
    assert isinstance(v, nn.Parameter)
    assert (v.name, v.trainable) == ("v", True)
    v.assign_add([1.0, 1.0, 1.0])
    assert v.numpy().tolist() == [2.0, 2.0, 2.0]
    zeros = keras.Variable(keras.initializers.Zeros(), (2, 2), dtype="float64", trainable=False)
    assert (zeros.shape, zeros.dtype.name, zeros.trainable) == ((2, 2), "float64", False)
    assert keras.Variable(initializer=keras.initializers.Ones(), shape=(2,)).tolist() == [1.0, 1.0]
    assert keras.Variable(3, dtype="int32").dtype.name == "int32"
    with pytest.raises(ArgumentError, match=r"needs its shape"):
        keras.Variable(keras.initializers.Zeros())
    with pytest.raises(ArgumentError, match=r"needs a value, or an initializer and a shape"):
        keras.Variable()
    with pytest.raises(ShapeError, match=r"another shape. Got \(2,\); expected \(3,\)"):
        keras.Variable([1.0, 2.0], shape=(3,))


def test_a_layer_finds_its_variables():
    class Scale(keras.Layer):
        def __init__(self):
            super().__init__()
            self.factor = keras.Variable(2.0, name="factor")

        def call(self, x):
            return x * self.factor

    layer = Scale()
    assert layer([1.0, 2.0]).tolist() == [2.0, 4.0]
    assert [w.name for w in layer.trainable_weights] == ["factor"]


def test_a_function_is_a_recorded_network():
    a, b = keras.Input((2,)), keras.Input((2,))
    dense = keras.layers.Dense(3)
    f = keras.Function(inputs=[a, b], outputs={"y": dense(a + b), "d": a - b})
    found = f([np.ones((4, 2)), np.zeros((4, 2))])
    assert found["y"].shape == (4, 3)
    assert found["d"].numpy().tolist() == np.ones((4, 2)).tolist()
    assert len(f.weights) == 2
    twice = keras.Function(a, f([a, a])["y"])
    assert twice(np.zeros((1, 2))).shape == (1, 3)
    with pytest.raises(ArgumentError, match=r"a Function cannot be saved(.|\n)*nn.Model"):
        f.get_config()


def test_scopes_of_names():
    with keras.name_scope("encoder"):
        layer = keras.layers.Dense(2, name="dense")
        layer(np.ones((1, 3)))
        with keras.name_scope("deep"):
            v = keras.Variable([1.0], name="v")
    assert [w.path for w in layer.weights] == ["encoder/dense/kernel", "encoder/dense/bias"]
    assert v.path == "encoder/deep/v"
    assert keras.Variable([1.0], name="v").path == "v"
    with pytest.raises(ArgumentError, match="a scope's name"), keras.name_scope("a/b"):
        pass


def test_devices():
    for name in ("cpu", "cpu:0", "CPU:0", "/CPU:0", "/device:CPU:0"):
        with keras.device(name):
            assert keras.ops.add(1.0, 2.0).item() == 3.0
    with pytest.warns(UserWarning, match="there is no GPU:0: the processor"), keras.device("GPU:0"):
        pass
    with pytest.raises(ArgumentError, match="no such device"), keras.device("abacus"):
        pass


def test_values_within_a_stateless_scope_are_its_own():
    a, b = keras.Variable([1.0]), keras.Variable([2.0])
    with keras.StatelessScope(state_mapping=[(a, np.float32([5.0]))]) as scope:
        a.assign_add([1.0])
        scope.add_update((b, [7.0]))
        assert (a.tolist(), b.tolist()) == ([6.0], [7.0])
    assert scope.get_current_value(a).tolist() == [6.0]
    assert (a.tolist(), b.tolist()) == ([1.0], [2.0])
    assert scope.get_current_value(keras.Variable([1.0])) is None
    with pytest.raises(ArgumentError, match="a state is of variables"):
        keras.StatelessScope([([1.0], 2.0)])
    with pytest.raises(ShapeError):
        keras.StatelessScope([(a, [1.0, 2.0])])


def test_remat_changes_no_numbers():
    def square(x):
        return x * x

    assert keras.remat(square)(3.0) == 9.0
    with keras.RematScope("full"), keras.SymbolicScope():
        assert keras.layers.Dense(2)(np.ones((1, 2))).shape == (1, 2)
    with pytest.raises(ArgumentError, match="unknown mode"):
        keras.RematScope("some")


def test_a_layer_says_what_inputs_it_takes():
    class Picky(keras.Layer):
        def __init__(self, spec):
            super().__init__()
            self.input_spec = spec

        def call(self, x):
            return x

    x = np.zeros((2, 4), "float32")
    spec = keras.InputSpec
    for good in (
        spec(ndim=2), spec(shape=(None, 4)), spec(min_ndim=1, max_ndim=3), spec(axes={-1: 4}),
        spec(dtype="float32"), spec(shape=(2, 4, 1), allow_last_axis_squeeze=True),
    ):  # fmt: skip
        assert Picky(good)(x).shape == (2, 4)
    for bad, message in (
        (spec(ndim=3), "expected 3 axes"),
        (spec(shape=(None, 5)), r"expected \(None, 5\)"),
        (spec(min_ndim=3), "expected 3 axes or more"),
        (spec(max_ndim=1), "expected 1 axes at most"),
        (spec(axes={1: 5}), "expected 5 along axis 1"),
    ):
        with pytest.raises(ShapeError, match=rf"input_spec says. Got x \(2, 4\).*{message}"):
            Picky(bad)(x)
    with pytest.raises(DtypeError, match="expected int32"):
        Picky(spec(dtype="int32"))(x)
    with pytest.raises(ArgumentError, match=r"another number of inputs. Got 1; expected 2"):
        Picky([spec(ndim=2), spec(ndim=2)])(x)
    with pytest.raises(ArgumentError, match="beyond the number of axes"):
        spec(ndim=2, axes={2: 1})
    assert repr(spec.from_config(spec(ndim=2).get_config())) == "InputSpec(ndim=2)"


def test_policies_of_element_types():
    from neurona import dtype_policies, mixed_precision

    try:
        with pytest.warns(UserWarning, match="'mixed_bfloat16' is taken for float32"):
            mixed_precision.set_global_policy("mixed_bfloat16")
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert keras.config.dtype_policy().compute_dtype == "float32"
        mixed_precision.set_global_policy("mixed_bfloat16")  # without another warning
        keras.config.set_dtype_policy("float64")
        assert keras.layers.Dense(1).dtype.name == "float64"
        assert keras.config.dtype_policy() == keras.DTypePolicy("float64")
        keras.config.set_floatx("float32")
        assert keras.config.dtype_policy().name == "float32"
    finally:
        keras.config.set_floatx("float32")
    for dtype in (keras.DTypePolicy("float64"), "float64", np.float64):
        layer = keras.layers.Dense(1, dtype=dtype)
        assert layer.dtype_policy == keras.DTypePolicy("float64")
        assert layer.compute_dtype == layer.variable_dtype == "float64"
        assert keras.layers.Dense.from_config(layer.get_config()).dtype.name == "float64"
    assert keras.layers.Dense(1, dtype="mixed_bfloat16").dtype.name == "float32"
    with pytest.raises(ArgumentError, match="a layer computes with floats"):
        keras.layers.Dense(1, dtype="int32")
    policy = keras.DTypePolicy("float64")
    assert dtype_policies.deserialize(dtype_policies.serialize(policy)) == policy
    assert dtype_policies.get(policy) == policy
    assert keras.DTypePolicy.from_config(policy.get_config()) == policy
    with pytest.raises(ArgumentError, match="no quantised arithmetic"):
        keras.DTypePolicy("int8_from_float32")
    with pytest.raises(ArgumentError, match="unknown dtype policy"):
        keras.DTypePolicy("float31")
