"""One contract over the layers that run before the step; a class without a row here fails."""

import functools
import inspect
import json

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import NeuronaError, StateError
from neurona.nn.description import describe, rebuild
from neurona.nn.encoding.before import BeforeStep

TEXT = np.array([["a b"], ["b"], ["c a"], ["b"]], object)
NUMBERS = np.array([[3], [7], [3], [1]])
ROWS = {  # how to make it, what it takes, what it refuses and says then
    "HashedCrossing": ({"num_bins": 5}, [TEXT, NUMBERS], [TEXT, NUMBERS[:2]], "not columns of one"),
    "Hashing": ({"num_bins": 5}, TEXT, NUMBERS * 1j, "takes text and whole numbers"),
    "IntegerLookup": ({"vocabulary": [7, 3]}, NUMBERS, TEXT, "takes whole numbers"),
    "StringLookup": ({"vocabulary": ["b", "a b"]}, TEXT, NUMBERS, "takes text"),
    "TextVectorization": ({"vocabulary": ["b", "a"]}, TEXT, NUMBERS, "takes text"),
}
CLASSES = {
    name: cls
    for name in layers.__all__
    if inspect.isclass(cls := getattr(layers, name)) and issubclass(cls, BeforeStep)
}
every_layer = pytest.mark.parametrize("name", sorted(CLASSES))


def made(name):
    return CLASSES[name](**ROWS[name][0])


def few(x, rows):
    return [a[rows] for a in x] if isinstance(x, list) else x[rows]


def network(name):
    """A model whose first layer it is, with numbers behind."""
    given = ROWS[name][1]
    given = given if isinstance(given, list) else [given]
    inputs = [nn.Input((1,), dtype="string" if a.dtype == object else "int64") for a in given]
    ids = made(name)(inputs if len(inputs) > 1 else inputs[0])
    rows = layers.Embedding(8, 3)(ids)
    return nn.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(rows)))


def test_every_class_has_a_row():
    assert set(ROWS) == set(CLASSES)


@every_layer
def test_shapes_agree_eager_and_symbolic(name):
    x = ROWS[name][1]
    y = made(name)(x)
    assert y.dtype.name == "int64"
    symbols = [
        nn.Input((1,), dtype="string" if a.dtype == object else "int64")
        for a in (x if isinstance(x, list) else [x])
    ]
    symbolic = made(name)(symbols if len(symbols) > 1 else symbols[0])
    assert symbolic.dtype == y.dtype
    assert all(s in (None, n) for s, n in zip(symbolic.shape, y.shape, strict=True))


@every_layer
def test_samples_do_not_see_each_other(name):
    layer, x = made(name), ROWS[name][1]
    together = layer(x).numpy()
    for k in range(4):
        alone = layer(few(x, slice(k, k + 1))).numpy()[0]
        assert alone.tolist() == together[k][: len(alone)].tolist()


@every_layer
def test_it_is_made_again_from_its_description(name):
    layer, x = made(name), ROWS[name][1]
    description = json.loads(json.dumps(describe(layer)))
    again = rebuild(description)
    assert again(x).tolist() == layer(x).tolist()
    assert json.loads(json.dumps(describe(again))) == description
    config = json.loads(json.dumps(layer.get_config()))
    assert CLASSES[name].from_config(config)(x).tolist() == layer(x).tolist()


@every_layer
@pytest.mark.parametrize("engine", ["reference", "native"])
def test_a_model_learns_behind_it_is_saved_and_goes_on(name, engine, tmp_path):
    nn.utils.set_random_seed(0)
    model, x, y = network(name), ROWS[name][1], np.arange(4.0)
    close = functools.partial(np.testing.assert_allclose, rtol=1e-5)  # a file tells no engine
    model.compile("sgd", "mse", engine=engine)
    model.fit(x, y, epochs=2, batch_size=2, verbose=0)
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors")
    close(again.predict(x, verbose=0), model.predict(x, verbose=0))
    close(model(x).numpy(), model.predict(x, verbose=0))
    for m in (model, again):
        nn.utils.set_random_seed(1)
        m.fit(x, y, epochs=1, batch_size=2, verbose=0)
    close(again.predict(x, verbose=0), model.predict(x, verbose=0))


@every_layer
def test_what_it_cannot_take_is_explained(name):
    layer = CLASSES[name](**ROWS[name][0], name="mine")
    with pytest.raises(NeuronaError) as caught:
        layer(ROWS[name][2])
    assert ROWS[name][3] in str(caught.value)
    assert f"in {name} 'mine'" in str(caught.value)


@every_layer
def test_a_compiled_function_cannot_call_it(name):
    with pytest.raises(StateError, match="before the step") as caught:
        nn.jit(lambda x: made(name)([x, x] if name == "HashedCrossing" else x))(NUMBERS)
    assert "first layer of a Sequential or functional model" in caught.value.hint
