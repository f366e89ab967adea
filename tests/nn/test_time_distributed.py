"""TimeDistributed against the layer called on each step; Keras's numbers are in tests/golden."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, ShapeError
from neurona.nn.context import collect_losses
from neurona.nn.masking import mask_of, with_mask

RNG = np.random.default_rng(0)


def numbers(*shape):
    return RNG.normal(size=shape).astype("float32")


def inner_model():
    x = nn.Input((5, 2))
    return nn.Model(x, layers.Flatten()(layers.Conv1D(2, 3)(x)))


class Centred(layers.Layer):
    """A layer of one's own, whose samples see each other."""

    def call(self, x):
        return x - ops.mean(x, axis=0)


# what -> (layer, shape of x)
CASES = {
    "dense": (lambda: layers.Dense(3), (4, 3, 2)),
    "dense of images": (lambda: layers.Dense(3), (4, 3, 2, 2, 5)),
    "convolution": (lambda: layers.Conv2D(2, 2), (2, 3, 4, 4, 1)),
    "flatten": (layers.Flatten, (4, 3, 2, 2)),
    "recurrent": (lambda: layers.LSTM(3), (4, 3, 5, 2)),
    "all of recurrent": (lambda: layers.GRU(3, return_sequences=True), (4, 3, 5, 2)),
    "a step for each number": (lambda: layers.RepeatVector(2), (4, 3, 2)),
    "model": (inner_model, (4, 3, 5, 2)),
    "chain": (lambda: nn.Sequential([layers.Flatten(), layers.Dense(2)]), (4, 3, 5, 2)),
    "twice": (lambda: layers.TimeDistributed(layers.Dense(2)), (4, 3, 5, 2)),
    "function": (lambda: layers.Lambda(lambda x: x - ops.mean(x, axis=0)), (4, 3, 2)),
    "own": (Centred, (4, 3, 2)),
    "own within": (lambda: nn.Sequential([Centred(), layers.Dense(2)]), (4, 3, 2)),
    "normalization": (lambda: layers.BatchNormalization(momentum=0.5), (4, 3, 2)),
    "no samples": (lambda: layers.Dense(3), (0, 3, 2)),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_each_step_is_the_layer_by_itself(name, training):
    make, shape = CASES[name]
    x, layer = numbers(*shape), make()
    y = layers.TimeDistributed(layer)(x, training=training)
    after = layer.get_weights()
    if name == "normalization":
        layer.set_weights([np.ones(2), np.zeros(2), np.zeros(2), np.ones(2)])
    steps = [layer(x[:, t], training=training).numpy() for t in range(shape[1])]
    np.testing.assert_allclose(y.numpy(), np.stack(steps, axis=1), rtol=1e-5, atol=1e-6)
    for w, expected in zip(after, layer.get_weights(), strict=True):
        np.testing.assert_allclose(w, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("how", ["eager", "reference", "native"])
@pytest.mark.parametrize("name", ["normalization", "dense", "own within"])
def test_it_trains_as_each_layer_in_turn(how, name):
    make, shape = CASES[name]
    x, y = numbers(*shape), numbers(*shape[:2], 1)
    settings = {"run_eagerly": True} if how == "eager" else {"engine": how}

    class Unrolled(layers.Layer):
        def __init__(self, layer):
            self.layer = layer

        def call(self, x):
            return ops.stack([self.layer(x[:, t]) for t in range(x.shape[1])], axis=1)

    def trained(wrapper):
        nn.utils.set_random_seed(0)
        layer = make()
        model = nn.Sequential([nn.Input(shape[1:]), wrapper(layer), layers.Dense(1)])
        model.compile(nn.optimizers.SGD(0.1), "mse", **settings)
        losses = [model.train_on_batch(x, y) for _ in range(3)]
        return [np.array(losses), *model.get_weights(), model.predict(x, verbose=0)]

    for a, b in zip(trained(layers.TimeDistributed), trained(Unrolled), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_penalties_count_for_each_step():
    x = numbers(4, 3, 2)
    dense = layers.Dense(2, activity_regularizer="l2")
    for layer, factor in ((layers.ActivityRegularization(l2=0.5), 0.5), (dense, 0.01)):
        td = layers.TimeDistributed(layer)
        with collect_losses() as found:
            y = td(x)
        penalty = factor * np.square(y.numpy()).sum() / 4  # of a sample, in the mean
        assert sum(f.item() for f in found) == pytest.approx(penalty, rel=1e-5)


def test_one_call_where_that_is_the_same():
    def nodes(layer, **kwargs):
        td = layers.TimeDistributed(layer)
        td(numbers(4, 3, 2))
        run = nn.jit(lambda x: td(x, **kwargs))
        run(numbers(4, 3, 2))
        (found,) = run.programs.values()
        return [n.op.name for n in found.function.graph.nodes]

    assert "loop" not in nodes(layers.Dense(2))
    assert "loop" not in nodes(layers.BatchNormalization())
    assert "loop" in nodes(layers.BatchNormalization(), training=True)
    assert "loop" in nodes(Centred())


def test_several_inputs_and_outputs():
    x, y = numbers(4, 3, 2), numbers(4, 3, 2)
    z = layers.TimeDistributed(layers.Add())([x, y])
    np.testing.assert_allclose(z.numpy(), x + y)
    a, b = nn.Input((2,)), nn.Input((2,))
    model = nn.Model([a, b], [layers.Concatenate()([a, b]), layers.Dense(1)(a)])
    both, one = layers.TimeDistributed(model)([x, y])
    np.testing.assert_allclose(both.numpy(), np.concatenate([x, y], axis=-1))
    assert one.shape == (4, 3, 1)
    state = layers.TimeDistributed(layers.LSTM(3, return_state=True))(numbers(2, 3, 5, 2))
    assert [s.shape for s in state] == [(2, 3, 3)] * 3


REAL = np.array([[True, True, False], [True, False, False], [False] * 3, [True] * 3])


def test_masks_of_steps_travel_on():
    x = with_mask(nn.tensor(numbers(4, 3, 2)), nn.tensor(REAL))
    for layer in (layers.Dense(2), Centred(), layers.Conv1D(2, 1)):
        given = (
            x
            if not isinstance(layer, layers.Conv1D)
            else with_mask(nn.tensor(numbers(4, 3, 5, 2)), nn.tensor(REAL))
        )
        assert mask_of(layers.TimeDistributed(layer)(given)).tolist() == REAL.tolist()


def test_a_step_s_mask_is_its_samples():
    x = numbers(4, 3, 2)
    layer = layers.BatchNormalization(momentum=0.0)
    layers.TimeDistributed(layer)(with_mask(nn.tensor(x), nn.tensor(REAL)), training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), x[3, 2], rtol=1e-5)  # of the last step


@pytest.mark.parametrize("own", [False, True])
def test_masks_within_steps(own):
    inside = RNG.random((4, 3, 5)) < 0.6
    x = numbers(4, 3, 5, 2)
    layer = layers.LSTM(3, return_sequences=True, stateful=False)
    td = layers.TimeDistributed(nn.Sequential([Centred(), layer]) if own else layer)
    if own:
        td.layer.layers[0].supports_masking = True
    y = td(with_mask(nn.tensor(x), nn.tensor(inside)))
    assert mask_of(y).tolist() == inside.tolist()
    for t in range(3):
        alone = td.layer(with_mask(nn.tensor(x[:, t]), nn.tensor(inside[:, t])))
        np.testing.assert_allclose(y.numpy()[:, t], alone.numpy(), rtol=1e-5, atol=1e-6)
    last = layers.TimeDistributed(layers.LSTM(3))(with_mask(nn.tensor(x), nn.tensor(inside)))
    assert mask_of(last).tolist() == inside.any(axis=2).tolist()
    whole = layers.TimeDistributed(layer)(nn.tensor(x), mask=REAL[:4])
    assert mask_of(whole).tolist() == np.repeat(REAL[..., None], 5, axis=2).tolist()


def test_masks_made_within_steps():
    ids = RNG.integers(0, 4, (4, 3, 5)).astype("int32")
    y = layers.TimeDistributed(layers.Embedding(4, 2, mask_zero=True))(ids)
    assert mask_of(y).tolist() == (ids != 0).tolist()


def test_what_does_not_fit_is_explained():
    with pytest.raises(ArgumentError, match=r"takes a layer. Got 3"):
        layers.TimeDistributed(3)
    td = layers.TimeDistributed(layers.Dense(2))
    with pytest.raises(ShapeError, match=r"needs an axis of time.* Got x \(4,\)"):
        td(numbers(4))
    with pytest.raises(ShapeError, match=r"does not fit. Got mask \(4, 2\), x \(4, 3, 2\)"):
        td(numbers(4, 3, 2), mask=REAL[:, :2])
    with pytest.raises(ShapeError, match=r"no axis of time. Got mask \(4,\)"):
        td(numbers(4, 3, 2), mask=REAL[:, 0])


def test_it_is_saved_with_its_layer(tmp_path):
    model = nn.Sequential(
        [nn.Input((3, 5, 2)), layers.TimeDistributed(layers.LSTM(3)), layers.Dense(1)]
    )
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors")
    x = numbers(2, 3, 5, 2)
    assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
