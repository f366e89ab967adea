"""Masks through models of every kind, their losses and metrics; Keras's numbers: tests/golden."""

import copy
import warnings

import numpy as np
import pytest

import neurona as nn
from neurona import layers, losses, metrics, ops
from neurona.errors import ShapeError
from neurona.nn.masking import mask_of, with_mask

RNG = np.random.default_rng(0)
IDS = np.int32([[3, 1, 0, 0], [2, 0, 4, 0], [1, 2, 3, 4], [4, 0, 0, 0]])
REAL = IDS != 0
TAGS = RNG.integers(0, 3, IDS.shape)
WEIGHTS = RNG.uniform(0.5, 2.0, IDS.shape).astype("float32")


def chain():
    """Layers from words to classes of each of them, the same at each call."""
    nn.utils.set_random_seed(1)
    return [
        layers.Embedding(5, 4, mask_zero=True),
        layers.LSTM(3, return_sequences=True),
        layers.Dense(3, activation="softmax"),
    ]


def functional():
    x = nn.Input((4,), dtype="int32")
    y = x
    for layer in chain():
        y = layer(y)
    return nn.Model(x, y)


def nested():
    embed, *rest = chain()
    x, z = nn.Input((4,), dtype="int32"), nn.Input((4, 4))
    y = z
    for layer in rest:
        y = layer(y)
    return nn.Model(x, nn.Model(z, y)(nn.Sequential([embed])(x)))


class Subclassed(nn.Model):
    def __init__(self):
        super().__init__()
        self.embed, self.read, self.say = chain()

    def call(self, x):
        return self.say(self.read(self.embed(x)))


MODELS = {
    "functional": functional,
    "sequential": lambda: nn.Sequential([nn.Input((4,), dtype="int32"), *chain()]),
    "unbuilt": lambda: nn.Sequential(chain()),
    "nested": nested,
    "subclassed": Subclassed,
}


def trained(make, **how):
    model = make()
    model(IDS)
    model.set_weights(functional().get_weights())  # however the layers were built
    model.compile(
        nn.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"], **how
    )
    fitted = model.fit(IDS, TAGS, batch_size=2, epochs=2, shuffle=False, verbose=0)
    return model, fitted.history["loss"] + fitted.history["accuracy"]


@pytest.fixture(scope="module")
def expected():
    """What the functional model learns on the reference engine."""
    model, history = trained(functional, engine="reference")
    return history, model.evaluate(IDS, TAGS, verbose=0), model.predict(IDS, verbose=0)


@pytest.mark.parametrize("how", [{"run_eagerly": True}, {"engine": "native"}])
@pytest.mark.parametrize("name", MODELS)
def test_models_of_every_kind_learn_the_same(name, how, expected):
    if name != "functional" and how != {"engine": "native"}:
        how = {"engine": "reference"}
    model, history = trained(MODELS[name], **how)
    np.testing.assert_allclose(history, expected[0], rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(IDS, TAGS, verbose=0), expected[1], rtol=1e-5)
    np.testing.assert_allclose(model.predict(IDS, verbose=0), expected[2], rtol=1e-4, atol=1e-6)


def test_padding_does_not_matter():
    """Longer padding changes neither the loss nor what is learned."""
    longer = np.pad(IDS, ((0, 0), (0, 3)))
    tags = np.pad(TAGS, ((0, 0), (0, 3)), constant_values=2)
    model, other = functional(), nn.Sequential(chain())
    other(longer)
    results = []
    for m, x, y in ((model, IDS, TAGS), (other, longer, tags)):
        m.compile(nn.optimizers.SGD(0.5), "sparse_categorical_crossentropy", engine="reference")
        results.append([m.train_on_batch(x, y) for _ in range(3)])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_the_loss_is_the_mean_over_real_steps():
    model = functional()
    p = model(IDS)
    values = -np.log(np.take_along_axis(p.numpy(), TAGS[..., None], axis=-1))[..., 0]
    loss = losses.SparseCategoricalCrossentropy()
    assert loss(TAGS, p).item() == pytest.approx(values[REAL].mean(), rel=1e-5)
    weighted = (values * WEIGHTS)[REAL]
    assert loss(TAGS, p, WEIGHTS).item() == pytest.approx(weighted.mean(), rel=1e-5)
    samples = np.float32([1.0, 2.0, 0.5, 3.0])
    expected = (values * samples[:, None])[REAL].mean()
    assert loss(TAGS, p, samples).item() == pytest.approx(expected, rel=1e-5)
    by_weight = losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight")
    expected = weighted.sum() / WEIGHTS[REAL].sum()
    assert by_weight(TAGS, p, WEIGHTS).item() == pytest.approx(expected, rel=1e-5)
    total = losses.SparseCategoricalCrossentropy(reduction="sum")
    assert total(TAGS, p).item() == pytest.approx(values[REAL].sum(), rel=1e-5)
    each = losses.SparseCategoricalCrossentropy(reduction="none")(TAGS, p)
    np.testing.assert_allclose(each.numpy(), np.where(REAL, values, 0.0), rtol=1e-5)


def test_a_batch_of_padding_alone_counts_as_nothing():
    model = functional()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = model.get_weights()
    logs = model.train_on_batch(np.zeros_like(IDS), TAGS, return_dict=True)
    assert logs == {"loss": 0.0, "accuracy": 0.0}
    assert all(map(np.array_equal, model.get_weights(), before))


def scores(*shape):
    return with_mask(nn.tensor(RNG.uniform(size=shape).astype("float32")), nn.tensor(REAL))


@pytest.mark.parametrize("name", ["mse", "mae", "binary_crossentropy", "huber"])
def test_targets_of_steps_may_lack_the_last_axis(name):
    p = scores(4, 4, 1)
    y = RNG.integers(0, 2, (4, 4)).astype("float32")
    loss, bare = losses.get(name), p.numpy()[..., 0]
    values = losses.get(name)(y[REAL][:, None], bare[REAL][:, None]).item()
    assert loss(y, p).item() == pytest.approx(values, rel=1e-5)
    assert loss(y[..., None], p).item() == pytest.approx(values, rel=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        metrics.BinaryAccuracy, metrics.MeanSquaredError, metrics.Precision, metrics.Recall,
        metrics.AUC, metrics.BinaryCrossentropy, lambda: metrics.BinaryIoU([0, 1]),
        lambda: metrics.ConfusionMatrix(2),
    ],
)  # fmt: skip
@pytest.mark.parametrize("weight", [None, WEIGHTS])
def test_metrics_leave_padding_out(make, weight):
    p = scores(4, 4, 1)
    y = RNG.integers(0, 2, (4, 4, 1)).astype("float32")
    masked, alone = make(), make()
    masked.update_state(y, p, weight)
    given = None if weight is None else weight[REAL]
    alone.update_state(y[REAL], p.numpy()[REAL], given)
    np.testing.assert_allclose(masked.result().numpy(), alone.result().numpy(), rtol=1e-5)


def test_classes_left_out_and_padding_are_both_left_out():
    p = scores(4, 4, 3)
    for make in (losses.SparseCategoricalCrossentropy, metrics.SparseCategoricalCrossentropy):
        loss = make(ignore_class=1)
        kept = REAL & (TAGS != 1)
        expected = make()(TAGS[kept], p.numpy()[kept]).item()
        assert loss(TAGS, p).item() == pytest.approx(expected, rel=1e-5)


def test_labels_without_steps_pass_padding_over():
    bare = RNG.normal(size=(4, 6, 4)).astype("float32")
    real = np.ones((4, 6), bool)
    real[0, 4:], real[1, :2], real[2, [1, 4]] = False, False, False
    labels = np.int32([[1, 2], [3, 0], [2, 1], [1, 1]])
    found = losses.CTC(reduction="none")(labels, with_mask(nn.tensor(bare), nn.tensor(real)))
    for i in range(4):
        alone = losses.CTC()(labels[i : i + 1], bare[i : i + 1, real[i]])
        assert found.numpy()[i] == pytest.approx(alone.item(), rel=1e-5)


def test_a_value_for_each_sequence_has_no_steps():
    p = scores(4, 4, 3)
    with pytest.raises(ShapeError, match=r"no value for each of its steps. Got mask \(4, 4\)"):
        losses.get(lambda y, p: ops.mean(p, axis=(1, 2)))(TAGS, p)
    own = losses.get(lambda y, p: ops.mean(p))  # has averaged by itself
    assert own(TAGS, p).item() == pytest.approx(p.numpy().mean())


def test_a_model_takes_a_mask():
    x, z = RNG.normal(size=(4, 4, 2)).astype("float32"), nn.Input((4, 2))
    steps = RNG.random((4, 4)) < 0.5
    pool = layers.GlobalAveragePooling1D()
    unbuilt = nn.Sequential([pool])
    for model in (nn.Model(z, pool(z)), nn.Sequential([nn.Input((4, 2)), pool]), unbuilt):
        np.testing.assert_allclose(model(x, mask=steps).numpy(), pool(x, mask=steps).numpy())
        with pytest.raises(ShapeError, match="the mask does not fit"):
            model(x, mask=steps[:, :3])


def test_symbolic_masks():
    ids = nn.Input((4,), dtype="int32")
    embed = layers.Embedding(5, 2, mask_zero=True)
    y = embed(ids)
    assert ids._keras_mask is None
    assert y._keras_mask.shape == (None, 4)
    pool = layers.GlobalAveragePooling1D()
    words = layers.Embedding(5, 2)(ids)
    model = nn.Model(ids, [y._keras_mask, pool(words, mask=embed.compute_mask(ids)), words])
    steps, average, all_words = model(IDS)
    assert steps.tolist() == REAL.tolist()
    np.testing.assert_allclose(average.numpy(), pool(all_words, mask=REAL).numpy())
    assert copy.deepcopy(model)(IDS)[0].tolist() == REAL.tolist()


def test_a_call_that_needs_its_mask_has_it_when_the_model_is_made():
    class Softmaxed(layers.Layer):
        def call(self, x, mask=None):
            assert mask is not None
            return x * mask.astype("float32")[..., None]

    ids = nn.Input((None,), dtype="int32")
    y = Softmaxed()(layers.Embedding(5, 2, mask_zero=True)(ids))
    assert not nn.Model(ids, y)(IDS).numpy()[~REAL].any()


def test_masks_pass_the_door_of_jit():
    model = functional()
    assert mask_of(nn.jit(model)(IDS)).tolist() == REAL.tolist()
    embed, pool = layers.Embedding(5, 2, mask_zero=True), layers.GlobalAveragePooling1D()
    y, jitted = embed(IDS), nn.jit(lambda a, b: (pool(a) + pool(b), [a]))
    z, (same,) = jitted(y, y.numpy())
    np.testing.assert_allclose(z.numpy(), pool(y).numpy() + y.numpy().mean(axis=1), rtol=1e-5)
    assert mask_of(same).tolist() == REAL.tolist()
    z, (same,) = jitted(y.numpy(), y)
    assert mask_of(same) is None
    np.testing.assert_allclose(z.numpy(), pool(y).numpy() + y.numpy().mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("name", ["functional", "sequential", "nested"])
def test_saved_models_know_their_masks(name, tmp_path):
    model = MODELS[name]()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors")
    assert mask_of(again(IDS)).tolist() == REAL.tolist()
    assert again.evaluate(IDS, TAGS, verbose=0) == model.evaluate(IDS, TAGS, verbose=0)


def test_models_say_which_layer_loses_a_mask():
    x = nn.Input((4,), dtype="int32")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        y = layers.Embedding(5, 2, mask_zero=True)(x)
        model = nn.Model(x, layers.Dense(1)(layers.Conv1D(2, 2, name="narrow")(y)))
        model.compile("sgd", "mse")
        model.fit(IDS, np.zeros((4, 3, 1)), epochs=2, verbose=0)
    assert [str(w.message).split(" gets")[0] for w in found] == ["Conv1D 'narrow'"]
    assert found[0].filename == __file__
