"""The modern recipe: what it chooses for which model and data, what it says, and what it does."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.callbacks import EarlyStopping, ReduceLROnPlateau
from neurona.errors import ArgumentError, StateError


@pytest.fixture(autouse=True)
def _same_numbers():
    nn.utils.set_random_seed(0)


def data(n=96, classes=3):
    rng = np.random.default_rng(0)
    y = np.arange(n) % classes
    x = rng.normal(size=(n, 2)) + 3 * np.eye(classes, 2)[y]
    return x.astype("float32"), y


def classifier(**hidden):
    return nn.Sequential(
        [
            layers.Dense(16, "relu", name="hidden", **hidden),
            layers.Dense(3, "softmax", name="out"),
        ]
    )


def planned(model, y=None, x=None, **options):
    given = data()
    x, y = given[0] if x is None else x, given[1] if y is None else y
    return nn.recipe("modern", model, x, y, epochs=options.pop("epochs", 10), **options)


def test_it_trains_and_says_what_it_does(capsys):
    x, y = data()
    plan = planned(classifier(), validation_data=(x, y))
    history = plan.fit(verbose=2)
    said = capsys.readouterr().out
    for words in (
        "The modern recipe for 'sequential",
        "sparse_categorical_crossentropy: the outputs are probabilities of classes",
        "He normal for hidden: ReLU and its kin",
        "0 to 0.001 in the first 2 of 30 steps",
        "AdamW, decay 0.01 on 2 matrices; not on 2 biases and scales",
        "the weights of the epoch with the lowest val_loss",
        "99 parameters can learn 96 samples by heart",
    ):
        assert words in said
    assert history.history["loss"][-1] < history.history["loss"][0]
    best = min(history.history["val_loss"])
    assert plan.model.evaluate(x, y, verbose=0)[0] == pytest.approx(best, rel=1e-5)


def test_it_is_quiet_when_asked(capsys):
    planned(classifier()).fit(verbose=0)
    assert capsys.readouterr().out == ""


def test_the_rate_climbs_and_falls():
    plan = planned(classifier(), epochs=20, batch_size=12)  # 160 steps, 8 of warm-up
    rates = plan.schedule(np.arange(161)).numpy()
    np.testing.assert_allclose(rates[[0, 4, 8, 84, 160]], [0, 5e-4, 1e-3, 5e-4, 0], atol=1e-9)


def test_decay_spares_vectors():
    model = nn.Sequential(
        [
            layers.Dense(4, "relu"),
            layers.LayerNormalization(),
            layers.Dense(3, "softmax"),
        ]
    )
    plan = planned(model, weight_decay=0.5)
    assert "decay 0.5 on 2 matrices; not on 4 biases and scales" in plan.explain()
    optimizer, weights = plan.optimizer, model.trainable_weights
    for p in weights:
        p.assign(np.ones(p.shape))
    for _ in range(2):  # the first step has rate 0
        optimizer.apply([np.zeros(p.shape) for p in weights], weights)
    for p in weights:
        assert (p.numpy() == 1).all() == (p.ndim < 2), p.path


STARTS = [
    ([layers.Dense(4, "relu", name="a")], {"a": "he_normal"}),
    ([layers.Dense(4, "gelu", name="a")], {"a": "he_normal"}),
    ([layers.Dense(4, "selu", name="a")], {"a": "lecun_normal"}),
    ([layers.Dense(4, "tanh", name="a")], {}),
    ([layers.Dense(4, "relu", kernel_initializer="ones", name="a")], {}),
    ([layers.Dense(4, name="a"), layers.ReLU()], {"a": "he_normal"}),
    ([layers.Dense(4, name="a"), layers.LeakyReLU()], {"a": "he_normal"}),
    ([layers.Dense(4, name="a"), layers.Activation("selu")], {"a": "lecun_normal"}),
    (
        [layers.Dense(4, name="a"), layers.BatchNormalization(), layers.Activation("relu")],
        {"a": "he_normal"},
    ),
    ([layers.Dense(4, name="a"), layers.Dense(4, "relu", name="b")], {"b": "he_normal"}),
]


@pytest.mark.parametrize(("stack", "starts"), STARTS, ids=range(len(STARTS)))
def test_kernels_start_as_their_activation_wants(stack, starts):
    model = nn.Sequential([*stack, layers.Dense(3, "softmax")])
    assert planned(model).starts == starts


def test_kernels_are_drawn_in_that_size():
    model = nn.Sequential([layers.Dense(400, "relu", name="a"), layers.Dense(3, "softmax")])
    x = np.zeros((8, 300), "float32")
    plan = planned(model, x=x, y=np.zeros(8, "int32"), epochs=1, learning_rate=0.0)
    plan.fit(verbose=0)
    kernel = model.layers[0].kernel.numpy()
    assert kernel.std() == pytest.approx((2 / 300) ** 0.5, rel=0.02)
    assert model.layers[0].arguments["kernel_initializer"] == "he_normal"


def test_a_convolution_starts_with_he_too():
    model = nn.Sequential(
        [layers.Conv2D(4, 3, activation="relu", name="conv"), layers.Flatten(), layers.Dense(1)]
    )
    x = np.full((6, 5, 5, 1), 200.0, "float32")
    plan = planned(model, x=x, y=np.zeros((6, 1), "float32"))
    assert plan.starts == {"conv": "he_normal"}
    assert "the inputs reach 200; scale them to about 1" in plan.explain()


def test_a_trained_model_keeps_its_weights():
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(*data(), verbose=0)
    before = model.get_weights()
    plan = planned(model, learning_rate=0.0)
    assert plan.starts == {}
    assert "the weights as they are: the model was trained before" in plan.explain()
    plan.fit(verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


LOSSES = [
    ("softmax", 3, np.arange(96) % 3, "sparse_categorical_crossentropy", ["accuracy"]),
    ("softmax", 3, np.eye(3)[np.arange(96) % 3], "categorical_crossentropy", ["accuracy"]),
    ("sigmoid", 1, np.arange(96)[:, None] % 2, "binary_crossentropy", ["accuracy"]),
    ("sigmoid", 3, np.eye(3)[np.arange(96) % 3], "binary_crossentropy", ["accuracy"]),
    ("linear", 1, np.ones((96, 1)), "mse", ["mae"]),
    ("linear", 1, np.arange(96)[:, None], "mse", ["mae"]),
]


@pytest.mark.parametrize(("activation", "units", "y", "loss", "metrics"), LOSSES)
def test_the_loss_fits_outputs_and_labels(activation, units, y, loss, metrics):
    plan = planned(nn.Sequential([layers.Dense(units, activation)]), y=y, epochs=1)
    assert (plan.loss, plan.metrics) == (loss, metrics)
    plan.fit(verbose=0)


def test_the_loss_may_be_given():
    plan = planned(classifier(), loss="mae", metrics=["mse"])
    assert (plan.loss, plan.metrics) == ("mae", ["mse"])
    assert "mae, as given" in plan.explain()


def test_plateau_in_place_of_cosine():
    x, y = data()
    plan = planned(classifier(), schedule="plateau", validation_data=(x, y), epochs=40)
    reduce, stop = plan.callbacks
    assert isinstance(reduce, ReduceLROnPlateau)
    assert isinstance(stop, EarlyStopping)
    assert (reduce.monitor, reduce.factor, reduce.patience, stop.patience) == (
        "val_loss",
        0.5,
        4,
        12,
    )
    assert plan.schedule([0, 999]).tolist() == pytest.approx([0.0, 0.001])
    assert "half the rate when val_loss has not improved for 4 epochs" in plan.explain()
    plan.epochs = 2
    plan.fit(verbose=0)


def test_without_validation_data_the_last_weights_stay():
    plan = planned(classifier())
    assert plan.callbacks == []
    assert "the last weights: there is no validation data" in plan.explain()
    assert "give validation_data" in str(plan)


def test_a_plan_is_carried_out_once():
    plan = planned(classifier(), epochs=1)
    plan.fit(verbose=0)
    with pytest.raises(StateError, match=r"carried out already\.\ntry: nn\.recipe"):
        plan.fit(verbose=0)


def test_what_cannot_be_planned():
    with pytest.raises(ArgumentError, match=r"unknown recipe\. Got 'old'.*one of modern"):
        nn.recipe("old", classifier(), *data())
    with pytest.raises(ArgumentError, match="unknown schedule"):
        planned(classifier(), schedule="steps")
    with pytest.raises(ArgumentError, match="epochs is too small"):
        planned(classifier(), epochs=0)
    with pytest.raises(ArgumentError, match=r"y has class numbers, but the outputs are no prob"):
        planned(nn.Sequential([layers.Dense(3)]))
