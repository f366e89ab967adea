"""What scripts for Keras expect of models and layers, beside the names."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, StateError

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
Y = np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]]


class Adding(layers.Layer):
    """Adds half of the mean of what goes through to the loss."""

    def call(self, x):
        self.add_loss(0.5 * ops.mean(x))
        return x


class Outer(layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = Adding()
        self.dense = layers.Dense(2, kernel_regularizer="l2")

    def call(self, x):
        return self.dense(self.inner(x))


# --- losses and metrics of layers ----------------------------------------------------------------


def test_a_layer_knows_the_losses_of_its_last_call():
    layer = Outer()
    assert layer.losses == []
    for factor in (1.0, 2.0):
        layer(np.full((2, 3), factor))
        added, penalty = layer.losses
        assert added.item() == pytest.approx(0.5 * factor)
        assert penalty.item() > 0
        assert [x.item() for x in layer.inner.losses] == [added.item()]
    layer.inner(np.full((2, 3), 8.0))  # a call of its own
    assert [x.item() for x in layer.inner.losses] == [4.0]
    assert len(layer.losses) == 1  # its last call is not the one that added last


def test_activities_are_among_them():
    layer = layers.Dense(2, activity_regularizer="l2")
    layer(X)
    assert len(layer.losses) == 1
    model = nn.Sequential([layers.Dense(2, activity_regularizer="l2"), layers.Dense(1)])
    model(X)
    assert len(model.losses) == 1


def test_a_training_step_counts_what_was_added_once():
    nn.utils.set_random_seed(0)
    model = nn.Sequential([nn.Input((4,)), Adding(), layers.Dense(1, "linear")])
    model.compile(nn.optimizers.SGD(0.0), "mse", run_eagerly=True)
    model(X)  # its losses are those of this call, not of the step
    y = model(X).numpy()
    assert model.train_on_batch(X, 0 * y) == pytest.approx((y**2).mean() + 0.5 * X.mean(), rel=1e-4)
    for m in (model, nn.models.clone_model(model)):
        assert len(m.layers[0].losses) in (0, 1)


def test_losses_are_there_in_a_loop_of_ones_own():
    model = nn.Sequential([nn.Input((4,)), Adding(), layers.Dense(1)])

    def loss_of():
        y = model(X, training=True)
        return ops.mean(y**2) + sum(model.losses)

    loss, _ = nn.value_and_grad(loss_of, parameters=model)()
    assert loss.item() == pytest.approx((model(X).numpy() ** 2).mean() + 0.5 * X.mean(), rel=1e-5)


def test_a_layer_has_the_metrics_below_it():
    class Measuring(layers.Layer):
        def __init__(self):
            super().__init__()
            self.mean = nn.metrics.Mean(name="mean")

        def call(self, x):
            self.mean.update_state(x)
            return x

    layer = Measuring()
    layer(np.full(3, 2.0))
    assert [(m.name, float(m.result())) for m in layer.metrics] == [("mean", 2.0)]
    assert Outer().metrics == []


# --- training ------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["mse", None])
def test_a_model_without_parameters_computes_its_loss(loss):
    x = nn.Input((4,))
    model = nn.Model(x, Adding()(x))
    model.compile("sgd", loss)
    with pytest.warns(UserWarning, match="has nothing to train: the loss is only computed"):
        history = model.fit(X, X + 1 if loss else None, batch_size=6, verbose=0).history
    expected = 0.5 * X.mean() + (1.0 if loss else 0.0)
    assert history["loss"] == [pytest.approx(expected, rel=1e-5)]


class Own(nn.Model):
    """A model whose steps need no compile."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)
        self.rule = nn.optimizers.SGD(0.1)
        self.error = nn.metrics.Mean(name="error")

    def call(self, x):
        return self.dense(x)

    def loss_of(self, data):
        return ops.mean((self(data[0]) - data[1]) ** 2)

    def train_step(self, data):
        self.error.update_state(self.rule.minimize(lambda: self.loss_of(data), self))
        return {"error": self.error.result()}

    def test_step(self, data):
        self.error.update_state(self.loss_of(data))
        return {"error": self.error.result()}


def test_steps_of_ones_own_need_no_compile():
    model = Own()
    history = model.fit(X, Y, epochs=3, validation_data=(X, Y), verbose=0).history
    assert history["error"][2] < history["error"][0]
    assert history["val_error"][2] < history["val_error"][0]
    assert model.train_on_batch(X, Y) < history["error"][0]
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(model.test_on_batch(X, Y), rel=1e-5)
    with pytest.raises(StateError, match="is not compiled"):
        nn.Sequential([layers.Dense(1)]).fit(X, Y)


def test_targets_a_hair_outside_of_the_range_are_taken():
    nn.utils.set_random_seed(0)
    model = nn.Sequential([nn.Input((4,)), layers.Dense(3, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    exact = model.test_on_batch(X, Y)
    with pytest.warns(UserWarning, match=r"targets are up to 1.2e-07 outside of \[0, 1\]"):
        assert model.test_on_batch(X, Y * np.float32(1 + 1.2e-7)) == pytest.approx(exact, rel=1e-5)
    with pytest.raises(nn.errors.DataError, match="a target is out of range"):
        model.test_on_batch(X, Y * 1.01)


def test_accuracy_keeps_the_name_it_was_asked_by():
    model = nn.Sequential([nn.Input((4,)), layers.Dense(3, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["acc"])
    history = model.fit(X, Y, validation_split=0.5, verbose=0).history
    assert set(history) == {"acc", "loss", "val_acc", "val_loss"}  # as Keras 3


# --- inputs, outputs, sub-models -----------------------------------------------------------------


def test_images_of_any_size():
    x = nn.Input((None, None, 3))
    y = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    z = layers.UpSampling2D()(layers.Conv2D(4, 3, strides=2, padding="same")(y))
    z = layers.Conv2DTranspose(3, 3, strides=2, padding="same")(layers.Concatenate()([y, z]))
    model = nn.Model(x, z)
    for size in (8, 16):
        assert model.predict(np.ones((1, size, size, 3)), verbose=0).shape == (1, size, size, 3)
    assert model.output_shape == (None, None, None, 3)
    with pytest.raises(ArgumentError, match=r"an input needs a shape[\s\S]*shape=\(None,\)"):
        nn.Input(shape=None)
    assert nn.Input(shape=()).shape == (None,)


@pytest.mark.parametrize("given", [{"input_shape": [None, 3]}, {"batch_input_shape": (2, None, 3)}])
def test_an_input_takes_the_older_names_of_its_shape(given):
    model = nn.Sequential([layers.InputLayer(**given), layers.Dense(4)])
    assert model.input_shape == ((2, None, 3) if "batch_input_shape" in given else (None, None, 3))


def test_a_first_layer_tells_the_size_of_its_batches():
    gru = layers.GRU(2, stateful=True, batch_input_shape=[2, None, 3])
    model = nn.Sequential([gru, layers.Dense(1)])
    assert model.input_shape == (2, None, 3)
    assert model.predict(np.ones((2, 4, 3)), batch_size=2, verbose=0).shape == (2, 1)


def test_input_and_output_are_those_of_the_first_call():
    dense, a, b = layers.Dense(3), nn.Input((2,)), nn.Input((2,))
    first, _ = dense(a), dense(b)
    assert dense.input is a
    assert dense.output is first


def test_a_model_in_a_model_keeps_its_own_input():
    z = nn.Input((8, 8, 3))
    base = nn.Model(z, layers.Conv2D(2, 3)(layers.Conv2D(2, 3, name="one")(z)))
    x = nn.Input((8, 8, 3))
    nn.Model(x, layers.Flatten()(base(layers.Rescaling(0.5)(x))))
    assert base.input is z
    features = nn.Model(base.input, [layer.output for layer in base.layers[1:]])
    image = np.ones((1, 8, 8, 3))
    assert [y.shape for y in features.predict(image, verbose=0)] == [(1, 6, 6, 2), (1, 4, 4, 2)]
    np.testing.assert_allclose(features(image)[1].numpy(), base(image).numpy(), rtol=1e-6)
    assert nn.Model(base.inputs, base.get_layer("one").output)(image).shape == (1, 6, 6, 2)
    chain = nn.Sequential(
        [z, layers.Flatten()]
    )  # this one has those of its first call, as in Keras
    outer = nn.Model(x, layers.Dense(1)(chain(x)))
    assert nn.Model(outer.input, chain.output)(image).shape == (1, 192)
    upper = nn.Model(base.get_layer("one").output, base.output)
    np.testing.assert_allclose(
        upper(base.get_layer("one")(image)).numpy(), base(image).numpy(), rtol=1e-6
    )


def test_layers_are_shared_between_models():
    model = nn.Sequential(
        [nn.Input((4,)), layers.Dense(3, "relu"), layers.Dense(2), layers.Dense(1)]
    )
    other = nn.Sequential(model.layers[:-1])
    other.add(layers.Dense(5))
    other.build((None, 4))
    assert other.layers[0] is model.layers[0]
    assert nn.Model(model.inputs, model.layers[-2].output)(X).shape == (6, 2)
    model.layers[0].trainable = False
    assert [len(m.trainable_weights) for m in (model, other)] == [4, 4]
    model.pop()
    assert model.output_shape == (None, 2)
    for again in (nn.models.clone_model(model), nn.models.model_from_json(model.to_json())):
        again.set_weights(model.get_weights())
        np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())


class Block(nn.Model):
    def __init__(self, name="block"):
        super().__init__(name=name)
        self.dense = layers.Dense(4, name="dense")

    def call(self, x):
        return self.dense(x)


class Blocks(nn.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(), Block()]

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def test_layers_within_blocks_of_one_class_may_have_the_same_name(tmp_path):
    x = nn.Input((4,))
    functional = nn.Model(x, Block("b")(Block("a")(x)))
    for model in (functional, Blocks()):
        model.compile("sgd", "mse")
        model.fit(X, X, verbose=0)
        model.save(tmp_path / "model.safetensors")
        again = nn.models.load_model(
            tmp_path / "model.safetensors", {"Block": Block, "Blocks": Blocks}
        )
        np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())
        assert len({id(p) for p in model.weights}) == 4


# --- older spellings -----------------------------------------------------------------------------


def classifier(units=3):
    nn.utils.set_random_seed(0)
    model = nn.Sequential(
        [nn.Input((4,)), layers.Dense(units, "softmax" if units > 1 else "sigmoid")]
    )
    model.compile("sgd", "categorical_crossentropy" if units > 1 else "binary_crossentropy")
    return model


OLDER = [
    (lambda m: m.fit(X, Y, nb_epoch=2, verbose=0), "`nb_epoch` is .* of fit: write epochs"),
    (lambda m: m.fit(X, Y, workers=2, verbose=0), "`workers` is .* of fit: it has no effect here"),
    (lambda m: m.fit(X, Y, show_accuracy=True, verbose=0), r'write compile\(..., metrics=\["accur'),
    (lambda m: m.evaluate(X, Y, max_queue_size=3, verbose=0), "`max_queue_size` is an older argum"),
    (lambda m: m.compile("sgd", "mse", class_mode="c"), "`class_mode` is an older argument of com"),
    (lambda m: m.fit_generator([(X, Y)], 1, 2, verbose=0), r"`fit_generator\(generator\)` is an o"),
    (lambda m: m.evaluate_generator([(X, Y)], verbose=0), r"write evaluate\(generator\)"),
    (lambda m: m.predict_generator(iter([X]), verbose=0), r"write predict\(generator\)"),
    (lambda m: m.predict_proba(X), r"`predict_proba\(x\)` is an older spelling: write predict"),
    (lambda m: m.predict_classes(X), r"write predict\(x\).argmax\(axis=-1\), or predict\(x\) >"),
]  # fmt: skip


@pytest.mark.parametrize(("run", "message"), OLDER, ids=range(len(OLDER)))
def test_older_spellings_work_with_one_warning(run, message):
    model = classifier()
    with pytest.warns(UserWarning, match=message) as told:
        run(model)
    assert len(told) == 1


@pytest.mark.filterwarnings("ignore:.*is an older")
def test_they_do_what_they_did():
    assert len(classifier().fit(X, Y, nb_epoch=3, verbose=0).history["loss"]) == 3
    assert len(classifier().fit_generator([(X, Y)], 1, 3, verbose=0).history["loss"]) == 3
    several, one = classifier(), classifier(1)
    scores = several.predict(X, verbose=0)
    np.testing.assert_array_equal(several.predict_classes(X), scores.argmax(-1))
    np.testing.assert_array_equal(several.predict_proba(X), scores)
    np.testing.assert_array_equal(
        several.predict_generator(iter([X, X]), steps=2, verbose=0)[6:], scores
    )
    np.testing.assert_array_equal(one.predict_classes(X), one.predict(X, verbose=0) > 0.5)
    assert one.predict_classes(X).shape == (6, 1)
    assert several.fit(X, Y, workers=None, use_multiprocessing=False, verbose=0)  # silently


def test_other_arguments_are_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"unknown argument of fit. Got 'epoch'[\s\S]*'epochs'"):
        classifier().fit(X, Y, epoch=3)
