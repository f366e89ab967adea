"""What can be given to fit, evaluate and predict, and what is refused at the door."""

import warnings

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, DataError, NeuronaError, StateError
from neurona.train.arrays import finite
from neurona.train.data import ArraySource, IterableSource, pack, source_of, unpack

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


class Seen(nn.Model):
    """Reports which samples each epoch saw: the sum of the first feature times its square."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(0.0, "w")
        self.count = nn.metrics.Mean(name="seen")

    def call(self, x):
        self.count.update_state(x[:, 0])
        return x[:, :1] * self.w


def seen(**kwargs):
    """The mean of the first feature over all samples of each epoch."""
    x, y = kwargs.pop("x"), kwargs.pop("y", None)
    model = Seen()
    model.compile(nn.optimizers.SGD(0.0), "mse")
    return model.fit(x, y, verbose=0, **kwargs).history["seen"]


def linear():
    model = nn.Sequential([nn.Input((3,)), layers.Dense(1)])
    model.compile(nn.optimizers.SGD(0.01), "mse")
    return model


MEAN = pytest.approx(X[:, 0].mean(), abs=1e-6)


# --- what is taken ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        lambda: (X, Y),
        lambda: (X.astype("float64"), Y.astype("float64")),
        lambda: (X.tolist(), Y.tolist()),
        lambda: (nn.tensor(X), nn.tensor(Y)),
        lambda: ([(X, Y)], None),
        lambda: ([(X[:6], Y[:6]), (X[6:], Y[6:])], None),
        lambda: ([(X, Y, np.ones(12))], None),
        lambda: (nn.data.batches(X, Y, 4), None),
        lambda: (((X[i : i + 4], Y[i : i + 4]) for i in (0, 4, 8)), None),
        lambda: (lambda: iter([(X, Y)]), None),
    ],
)
def test_all_forms_train_on_all_samples(data):
    x, y = data()
    assert seen(x=x, y=y) == [MEAN]


class NAType:
    """Stands for what pandas has for a missing number."""

    def __repr__(self):
        return "<NA>"


class Frame:
    """Stands for a table whose columns have several types: NumPy sees objects."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.rows, dtype or object)


@pytest.mark.parametrize(
    ("rows", "dtype"),
    [
        ([[True, 1.5], [False, 2.0]], "float32"),  # as pd.get_dummies beside a column of floats
        ([[True, False], [False, np.True_]], "bool"),
        ([[1, True], [np.int64(2), False]], "int64"),  # as Int64 and boolean
        ([[1, np.float32(0.5)], [2, 3]], "float32"),
    ],
)
def test_tables_of_several_types_of_numbers_are_numbers(rows, dtype):
    x, _, _ = source_of(Frame(rows)).peek()
    assert x.dtype == dtype
    np.testing.assert_array_equal(x, np.array(rows, "float32"))
    model = nn.Sequential([nn.Input((2,)), layers.Dense(1)])
    assert model.predict(Frame(rows), verbose=0).shape == (2, 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 2], [3, NAType()]], r"x has missing values. Got <NA> at index \(1, 1\)"),
        ([[1, None]], r"x has missing values. Got None at index \(0, 1\)"),
        ([[1.0, "red"]], r"x is not made of numbers. Got object data, 'red' at index \(0, 1\)"),
        ([[1.0, float("nan")]], r"x contains NaN or infinity"),
    ],
)
def test_cells_that_are_no_numbers_are_named(rows, message):
    with pytest.raises(DataError, match=message):
        source_of(Frame(rows))


def test_pandas_like_objects_are_arrays():
    class Frame:
        def __init__(self, values):
            self.values = values

        def __array__(self, dtype=None, copy=None):
            return np.array(self.values, dtype)

    assert seen(x=Frame(X), y=Frame(Y)) == [MEAN]


def test_a_sequence_of_keras_is_gone_through_and_told_when_an_epoch_ends():
    class Batches:
        ended = 0

        def __len__(self):
            return 3

        def __getitem__(self, i):
            return X[4 * i : 4 * i + 4], Y[4 * i : 4 * i + 4]

        def on_epoch_end(self):
            self.ended += 1

    given = Batches()
    assert seen(x=given, epochs=3) == [MEAN] * 3


def test_tuples_of_numbers_are_samples():
    xor = [(0, 0), (0, 1), (1, 0), (1, 1)]
    model = nn.Sequential([nn.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(xor, [0, 1, 1, 0], verbose=0)
    assert model.predict(xor, verbose=0).shape == (4, 1)


def test_one_dimensional_data_feed_an_input_of_one_feature():
    x = np.array([-1.0, 0.0, 1.0, 2.0])
    model = nn.Sequential([layers.Dense(units=1, input_shape=[1])])
    model.compile(optimizer=nn.optimizers.SGD(0.1), loss="mean_squared_error")
    model.fit(x, 2 * x - 1, epochs=100, verbose=0)
    assert model.predict(np.array([10.0]), verbose=0)[0, 0] == pytest.approx(19, abs=0.2)


def test_shuffling_is_new_each_epoch_and_repeatable():
    class First(Seen):
        def train_step(self, data):
            x, _ = data
            return {"first": x[0, 0], **super().train_step(data)}

    def run():
        nn.utils.set_random_seed(5)
        model = First()
        model.compile("sgd", "mse")
        return model.fit(X, Y, batch_size=12, epochs=4, verbose=0).history["first"]

    first = run()
    assert len(set(first)) > 1
    assert first == run()


def test_a_run_ends_with_the_last_smaller_batch():
    model = linear()
    sizes = []

    class Sizes(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            sizes.append(batch)

    model.fit(X, Y, batch_size=5, callbacks=[Sizes()], verbose=0)
    assert sizes == [0, 1, 2]


def test_predict_takes_everything_at_once_and_in_batches():
    model = linear()
    expected = model(X).numpy()
    for given in (X, X.tolist(), [(X[:5],), (X[5:],)], nn.data.batches(X, batch_size=5)):
        np.testing.assert_allclose(model.predict(given, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict(X, batch_size=5, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(X), expected, rtol=1e-6)
    assert model.predict(X, batch_size=2, steps=2, verbose=0).shape == (4, 1)


def test_predictions_of_several_outputs():
    x = nn.Input((3,))
    model = nn.Model(x, {"a": x * 2, "b": (x + 1, x - 1)})
    y = model.predict(X, batch_size=5, verbose=0)
    np.testing.assert_allclose(y["a"], X * 2)
    np.testing.assert_allclose(y["b"][1], X - 1)
    assert isinstance(y["b"], tuple)
    assert isinstance(y["a"], np.ndarray)


def test_single_batches():
    model = linear()
    loss = model.train_on_batch(X, Y)
    assert isinstance(loss, float)
    again = model.train_on_batch(X, Y, return_dict=True)
    assert set(again) == {"loss"}
    alone = model.test_on_batch(X, Y)
    assert alone < again["loss"] < loss
    assert model.test_on_batch(X, Y, sample_weight=2 * np.ones(12), return_dict=True) == {
        "loss": pytest.approx(2 * alone, rel=1e-5)
    }
    model.compile("sgd", "mse", metrics=["mae"])
    assert len(model.train_on_batch(X, Y, class_weight=None)) == 2


@pytest.mark.parametrize("engine", ["native", "reference", "eager"])
def test_single_batches_report_their_own_loss(engine):
    model = nn.Sequential([nn.Input((4,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(nn.optimizers.SGD(0.0), "mse", metrics=["mae"], run_eagerly=engine == "eager")
    if engine != "eager":
        model._training.engine = engine
    x, losses = np.ones((4, 4), "float32"), []
    for value in (1.0, 3.0, 2.0):
        y = np.full((4, 1), value, "float32")
        losses.append(model.train_on_batch(x, y))
        assert model.test_on_batch(x, y) == losses[-1]
    assert losses == [[1.0, 1.0], [9.0, 3.0], [4.0, 2.0]]
    fit = model.fit(x, y, batch_size=2, verbose=0).history
    fit["loss"], fit["mae"] = fit["loss"][0], fit["mae"][0]
    assert list(fit.values()) == losses[-1]


def test_a_batch_that_a_callback_looks_at_leaves_the_running_means_alone():
    x, y = np.ones((4, 4), "float32"), np.float32([[1.0], [1.0], [3.0], [3.0]])
    seen = []

    class Look(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(self.model.test_on_batch(x, 0 * y + 5.0))

    model = nn.Sequential([nn.Input((4,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(nn.optimizers.SGD(0.0), "mse")
    history = model.fit(x, y, batch_size=2, shuffle=False, callbacks=[Look()], verbose=0).history
    assert history["loss"] == [5.0]
    assert seen == [25.0, 25.0]


def test_integers_and_booleans_stay_what_they_are():
    source = source_of(np.arange(4, dtype="int64"), np.array([True, False, True, False]))
    x, y, _ = source.peek()
    assert x.dtype == np.int64
    assert y.dtype == bool
    assert source_of(np.zeros((2, 1), "float64")).peek()[0].dtype == np.float32


# --- validation ---------------------------------------------------------------------------------


def test_validation_split_holds_out_the_last_samples():
    x = np.arange(10.0).reshape(10, 1)
    model = Seen()
    model.compile(nn.optimizers.SGD(0.0), "mse")
    history = model.fit(x, x, validation_split=0.2, epochs=2, verbose=0).history
    assert history["seen"] == [3.5, 3.5]
    assert history["val_seen"] == [8.5, 8.5]


@pytest.mark.parametrize(
    "held",
    [
        (X[:4], Y[:4]),
        [X[:4], Y[:4]],
        (X[:4], Y[:4], np.ones(4)),
        [(X[:2], Y[:2]), (X[2:4], Y[2:4])],
        nn.data.batches(X[:4], Y[:4], 2),
    ],
)
def test_validation_data(held):
    model = Seen()
    model.compile("sgd", "mse")
    history = model.fit(X, Y, validation_data=held, epochs=2, verbose=0).history
    assert history["val_seen"] == [pytest.approx(X[:4, 0].mean(), abs=1e-6)] * 2


def test_validation_steps_look_at_the_same_batches_each_time():
    for held in (nn.data.batches(X, Y, 2), (X, Y)):
        model = Seen()
        model.compile("sgd", "mse")
        history = model.fit(
            X, Y, validation_data=held, epochs=2, validation_steps=2, validation_batch_size=2,
            verbose=0,
        ).history  # fmt: skip
        assert history["val_seen"] == [pytest.approx(X[:4, 0].mean(), abs=1e-6)] * 2


@pytest.mark.parametrize(("frequency", "count"), [(1, 6), (2, 3), (4, 1), ([1, 5], 2)])
def test_validation_freq(frequency, count):
    model = linear()
    history = model.fit(
        X, Y, validation_data=(X, Y), epochs=6, validation_freq=frequency, verbose=0
    ).history
    assert len(history["val_loss"]) == count


def test_initial_epoch():
    history = linear().fit(X, Y, initial_epoch=3, epochs=5, verbose=0)
    assert history.epoch == [3, 4]
    assert linear().fit(X, Y, epochs=0, verbose=0).history == {}


# --- weights ------------------------------------------------------------------------------------


def test_class_weights_weight_samples():
    y = np.arange(12) % 2
    model = nn.Sequential([nn.Input((3,)), layers.Dense(2, "softmax")])
    model.compile(nn.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    given = {"verbose": 0, "shuffle": False}
    weighted = model.fit(X, y, class_weight={0: 1.0, 1: 3.0}, **given).history["loss"][0]
    w = np.where(y == 1, 3.0, 1.0)
    assert weighted == model.fit(X, y, sample_weight=w, **given).history["loss"][0]
    both = model.fit(X, y, class_weight={0: 1.0, 1: 3.0}, sample_weight=w, **given)
    assert both.history["loss"] == model.fit(X, y, sample_weight=w * w, **given).history["loss"]
    batches = model.fit([(X, y)], class_weight={0: 1.0, 1: 3.0}, verbose=0).history["loss"][0]
    assert batches == weighted
    onehot = nn.utils.to_categorical(y)
    model.compile(nn.optimizers.SGD(0.0), "categorical_crossentropy")
    found = model.fit(X, onehot, class_weight={0: 1.0, 1: 3.0}, **given).history["loss"][0]
    assert found == pytest.approx(weighted, rel=1e-6)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({0: 1.0}, DataError, "class_weight: a class has no weight. Got class 1"),
        ([1.0, 2.0], ArgumentError, r"class_weight is a dict of class -> weight"),
        ({"a": 1.0, 0: 1.0}, ArgumentError, "classes are integers, weights finite numbers"),
        ({0: 1.0, 1: -1.0}, ArgumentError, "weights finite numbers of 0 or more. Got 1: -1.0"),
        ({0: 1.0, 1: float("nan")}, ArgumentError, "weights finite numbers of 0 or more"),
    ],
)
def test_wrong_class_weights(weights, error, message):
    with pytest.raises(error, match=message):
        source_of(X, np.arange(12) % 2, class_weight=weights)


@pytest.mark.parametrize(
    ("y", "row"),
    [
        (np.eye(3)[np.arange(12) % 3] + np.eye(3)[1] * (np.arange(12) == 2)[:, None], r"2\] = \[0"),
        (np.zeros((12, 3), "int32"), r"0\] = \[0, 0, 0\]"),
        (np.arange(12) / 2, r"1\] = 0.5"),
    ],
)
def test_class_weights_of_several_labels_or_numbers_are_refused(y, row):
    with pytest.raises(DataError, match=rf"one class for each sample.*y\[{row}") as found:
        source_of(X, y, class_weight=dict.fromkeys(range(12), 1.0))
    assert "sample_weight" in found.value.hint


def test_class_weight_needs_one_class_for_each_sample():
    with pytest.raises(DataError, match="needs a single y"):
        source_of(X, [np.zeros(12), np.zeros(12)], class_weight={0: 1.0})
    with pytest.raises(DataError, match=r"one class for each sample. Got y \(12, 4, 1\)"):
        source_of(X, np.zeros((12, 4, 1)), class_weight={0: 1.0})


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (None, Y, "there is no x to learn from"),
        (X, Y[:5], "the data have different lengths. Got x 12, y 5"),
        (X[:0], Y[:0], "there are no samples"),
        ([], [], "there are no samples"),
        (np.array(["a", "b"]), [0, 1], "x is not made of numbers. Got <U1 data"),
        (X, np.array([object()] * 12), "y is not made of numbers. Got object data"),
        (
            np.where(X > 1, np.nan, X),
            Y,
            r"x contains NaN or infinity. Got \d+ of 36 values, the fi",
        ),
        (X, np.full((12, 1), np.inf), r"y contains NaN or infinity. Got 12 of 12"),
        (X.astype("float64") * 1e300, Y, "x contains NaN or infinity"),
        (3.0, 1.0, "x has no batch axis. Got a single number"),
        ([[1, 2], [3]], [0, 1], r"the rows of x have different lengths[\s\S]*pad_sequences"),
        ({}, Y, "there are no samples"),
    ],
)
def test_data_that_cannot_be_trained_on(x, y, message):
    model = nn.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(DataError, match=message):
        model.fit(x, y, verbose=0)


def test_sample_weights_of_another_length():
    with pytest.raises(DataError, match=r"have different lengths. Got x 12, y 12, sample_weight 3"):
        linear().fit(X, Y, sample_weight=np.ones(3))


def test_targets_are_checked_against_the_loss():
    model = nn.Sequential([nn.Input((3,)), layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    y = np.arange(12) % 2
    y[10] = 2
    with pytest.raises(DataError):
        model.fit(X, y, batch_size=4)  # all labels are looked at, not only the first batch
    with pytest.raises(DataError):
        model.evaluate(X, y)
    with pytest.raises(DataError):
        model.train_on_batch(X, y)
    with pytest.raises(DataError):
        model.fit(X, y % 2, validation_data=(X, y))


@pytest.mark.parametrize("share", [1.0, -0.1, 1.5, float("nan")])
def test_validation_split_lies_between_0_and_1(share):
    with pytest.raises(ArgumentError, match=r"validation_split is (between 0 and 1|out of range)"):
        linear().fit(X, Y, validation_split=share)


def test_validation_split_needs_arrays_and_samples():
    with pytest.raises(ArgumentError, match=r"validation_split needs arrays. Got x=list"):
        linear().fit([(X, Y)], validation_split=0.5)
    with pytest.raises(DataError, match=r"leaves nothing for one of the parts. Got 2 samples"):
        linear().fit(X[:2], Y[:2], validation_split=0.6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": -1}, "epochs is too small"),
        ({"epochs": 1.5}, "epochs must be an integer"),
        ({"batch_size": 0}, "batch_size is too small"),
        ({"steps_per_epoch": 0}, "steps_per_epoch is too small"),
        ({"initial_epoch": -1}, "initial_epoch is too small"),
        ({"validation_data": (X, Y), "validation_freq": 0}, "validation_freq is too small"),
        ({"callbacks": ["x"]}, "callbacks are objects of classes derived from Callback"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ArgumentError, match=message):
        linear().fit(X, Y, verbose=0, **settings)


def test_y_comes_with_the_batches():
    with pytest.raises(ArgumentError, match="y comes with the batches when x is an iterable"):
        linear().fit([(X, Y)], Y)
    with pytest.raises(ArgumentError, match="sample_weight comes with the batches"):
        linear().fit([(X, Y)], sample_weight=np.ones(12))
    with pytest.raises(DataError, match=r"a batch is x, \(x, y\) or .*Got 4 parts"):
        linear().fit([(X, Y, Y, Y)])
    with pytest.raises(DataError, match=r"there are no batches. Got list of length 0"):
        IterableSource([], None)
    with pytest.raises(DataError, match="have different lengths"):
        linear().fit([(X, Y), (X, Y[:3])], verbose=0)


def test_unbuilt_models_and_unfit_data():
    class Net(nn.Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(1)

        def call(self, x):
            return self.d(x)

    model = Net()
    model.compile("sgd", "mse")
    with pytest.raises(NeuronaError, match="Dense"):
        model.fit(X[:, 0], Y, verbose=0)
    model = Net()
    with pytest.raises(StateError, match="not compiled"):
        model.fit(X, Y)


# --- generators and epochs ----------------------------------------------------------------------


def numbers():
    """An endless generator of batches (i, i)."""
    i = 0
    while True:
        yield np.full((2, 1), float(i)), np.zeros((2, 1))
        i += 1


def test_an_endless_generator_goes_on_where_it_was():
    assert seen(x=numbers(), steps_per_epoch=3, epochs=3) == [1.0, 4.0, 7.0]


def test_a_list_with_steps_goes_on_and_begins_anew_at_its_end():
    batches = [(np.full((1, 1), float(i)), np.zeros((1, 1))) for i in range(4)]
    assert seen(x=batches, steps_per_epoch=3, epochs=4) == pytest.approx(
        [1.0, (3 + 0 + 1) / 3, (2 + 3 + 0) / 3, 2.0]
    )
    assert seen(x=batches, epochs=2) == [1.5, 1.5]


def test_arrays_with_steps_go_on_too():
    x = np.arange(8.0).reshape(8, 1)
    settings = {"batch_size": 2, "steps_per_epoch": 3, "shuffle": False, "epochs": 4}
    assert seen(x=x, y=x, **settings) == [2.5, pytest.approx(19 / 6), pytest.approx(23 / 6), 4.5]
    shuffled = seen(x=x, y=x, batch_size=2, steps_per_epoch=2, epochs=4)
    assert shuffled[0] + shuffled[1] == 7.0  # two halves of one pass
    assert shuffled[2] + shuffled[3] == 7.0


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize("batch_size", [5, 12])
def test_steps_of_an_epoch_may_go_through_the_data_many_times(engine, batch_size):
    def fitted(**settings):
        nn.utils.set_random_seed(0)
        model = linear()
        model.compile("sgd", "mse", engine=engine)
        model.fit(X, Y, batch_size=batch_size, shuffle=False, verbose=0, **settings)
        return model.get_weights()

    passes = -(-len(X) // batch_size)
    for one, many in zip(fitted(epochs=7), fitted(steps_per_epoch=7 * passes), strict=True):
        np.testing.assert_array_equal(one, many)


def times(count):
    return ((X, Y) for _ in range(count))


MORE = "no more batches: "
ENDS = [  # batches, arguments, epochs that are made, warnings
    (1, {"epochs": 3}, 1, ["the training ends after 1 of 3"]),
    (1, {"epochs": 3, "steps_per_epoch": 1}, 1, ["the training ends after 1 of 3"]),
    (1, {"epochs": 3, "steps_per_epoch": 2}, 1, ["1 of 2 steps", "the training ends after 1 of 3"]),
    (5, {"epochs": 9, "steps_per_epoch": 3}, 2, ["2 of 3 steps", "the training ends after 2 of 9"]),
    (5, {"epochs": 2, "steps_per_epoch": 3}, 2, ["2 of 3 steps"]),
    (6, {"epochs": 2, "steps_per_epoch": 3}, 2, []),
    (3, {"epochs": 1}, 1, []),
]


@pytest.mark.parametrize(("batches", "given", "epochs", "messages"), ENDS)
def test_a_generator_that_is_used_up(batches, given, epochs, messages):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        found = linear().fit(times(batches), verbose=0, **given)
    assert len(found.history["loss"]) == epochs
    for warning, message in zip(w, messages, strict=True):
        assert MORE + message in str(warning.message)
        assert warning.filename == __file__


VALIDATIONS = [  # batches, steps, validations that are made, warnings
    (4, 2, 2, ["there are no more validations"]),
    (3, 2, 2, ["1 of 2 steps were made", "there are no more validations"]),
    (3, None, 1, ["there are no more validations"]),
    (8, 2, 4, []),
]


@pytest.mark.parametrize(("batches", "steps", "made", "messages"), VALIDATIONS)
def test_a_generator_of_validation_data_that_is_used_up(batches, steps, made, messages):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        found = linear().fit(
            X, Y, epochs=4, verbose=0, validation_data=times(batches), validation_steps=steps
        )
    assert len(found.history["loss"]) == 4
    assert len(found.history["val_loss"]) == made
    for warning, message in zip(w, messages, strict=True):
        assert message in str(warning.message)
        assert warning.filename == __file__


@pytest.mark.parametrize("method", ["evaluate", "predict"])
def test_evaluation_and_prediction_take_what_a_generator_has(method):
    with pytest.warns(UserWarning, match=r"no more batches: 2 of 3 steps were made") as w:
        found = getattr(linear(), method)(times(2), steps=3, verbose=0)
    assert w[0].filename == __file__
    assert np.ndim(found) == 0 or len(found) == 2 * len(X)


def test_a_generator_without_batches_is_an_error():
    with pytest.raises(DataError, match="the generator has no more batches"):
        linear().fit(iter([]), verbose=0)


def test_batches_are_told_which_epoch_it_is():
    batches = nn.data.batches(X, Y, 4, shuffle=True, seed=0)
    expected = [batches.order(e).tolist() for e in range(3)]
    assert expected[0] != expected[1]
    source = source_of(batches)
    source.peek()
    for epoch in range(3):
        order = source.order()
        assert order == (epoch, 0)
        found = np.concatenate([x for x, _, _ in source.batches(order)])
        np.testing.assert_array_equal(found, X[expected[epoch]])


@pytest.mark.parametrize("steps", [None, 2])
@pytest.mark.parametrize(
    "make",
    [
        lambda steps: source_of(X, Y, batch_size=4, shuffle=True, steps=steps),
        lambda steps: source_of(nn.data.batches(X, Y, 4, shuffle=True, seed=1), steps=steps),
        lambda steps: source_of([(X[i : i + 4], Y[i : i + 4]) for i in (0, 4, 8)], steps=steps),
    ],
)
def test_an_epoch_is_repeated_exactly_by_its_order(make, steps):
    nn.utils.set_random_seed(0)
    source = make(steps)
    epochs, orders = [], []
    for _ in range(4):
        orders.append(source.order())
        epochs.append([x for x, _, _ in source.batches(orders[-1])][: source.steps])
    for number, order in enumerate(orders):
        again = make(steps)
        again.peek()
        rest = [x for x, _, _ in again.batches(order, start=1)][: source.steps - 1]
        assert len(rest) == source.steps - 1
        for a, b in zip(rest, epochs[number][1:], strict=True):
            np.testing.assert_array_equal(a, b)
        if number + 1 < len(orders) and make(None).shuffle is False:
            assert again.order() == orders[number + 1]


def test_pack_and_unpack():
    assert unpack(pack(1)) == (1, None, None)
    assert unpack(pack(1, 2)) == (1, 2, None)
    assert unpack(pack(1, 2, 3)) == (1, 2, 3)
    assert unpack(pack([1, 2])) == ([1, 2], None, None)
    assert unpack([X, Y])[1] is Y


def test_batches_of_a_source_are_views_where_nothing_is_shuffled():
    source = ArraySource(X, Y, None, 4)
    assert all(np.shares_memory(x, X) for x, _, _ in source.batches())


def test_predicting_needs_no_compile():
    x = nn.Input((3,))
    assert nn.Model(x, ops.mean(x, axis=-1)).predict(X, verbose=0).shape == (12,)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_that_are_not_finite_are_found_anywhere(dtype):
    large = np.full((70000, 3), 1e30 if dtype == "float32" else 1e200, dtype)  # squares overflow
    assert finite(large)
    assert finite(large[::2, 1:])
    assert finite(large[:0])
    for bad in (np.nan, np.inf, -np.inf):
        for place in ((0, 0), (69999, 2)):
            wrong = np.zeros_like(large)
            wrong[place] = bad
            assert not finite(wrong)
            large[place], kept = bad, large[place]
            assert not finite(large)
            large[place] = kept
