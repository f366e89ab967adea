"""What people do wrong, through the public API, and what they are told.

A row: what was done, the class of the error, and what its message must contain. Errors are also
the built-in errors that a Python programmer would catch. Those of tensors and
files stand in test_errors_tensors.py, those of single ops in tests/ops.
"""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, losses, metrics, optimizers
from neurona.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    GradientError,
    IndexRangeError,
    NeuronaError,
    ShapeError,
    StateError,
    TraceError,
)
from tests.tracebacks import check_users_lines_only

X, Y = np.ones((8, 4), "float32"), np.arange(8) % 3
ONE_HOT, R = np.eye(3, dtype="float32")[Y], np.ones((8, 1), "float32")
SPARSE, BINARY = "sparse_categorical_crossentropy", "binary_crossentropy"
IMAGES = "(batch, height, width, channels)"


def model(units=3, activation="softmax", loss=SPARSE, inputs=True, optimizer="adam", **compiled):
    hidden = layers.Dense(5, "relu", name="hidden")
    out = layers.Dense(units, activation, name="out")
    start = [nn.Input((4,), name="features")] if inputs else []
    made = nn.Sequential([*start, hidden, out], name="mlp")
    if loss is not None:
        made.compile(optimizer, loss, **compiled)
    return made


def fit(x=X, y=Y, made=None, **given):
    return (made or model()).fit(x, y, verbose=0, **given)


def trained(**given):
    made = model(inputs=False, **given)
    made.fit(X, Y, verbose=0)
    return made


def of_images():
    made = nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(3)], name="images")
    made(np.zeros((2, 4, 4), np.float32))
    return made


def regression(loss="mse", **compiled):
    return model(1, None, loss, **compiled)


def twice(layer, first, second):
    layer(first)
    return layer(second)


def batches(*given):
    yield from given


class Bare(nn.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)


def optimizer_of_another_model():
    adam = optimizers.Adam()
    fit(made=model(optimizer=adam))
    fit(made=model(optimizer=adam))


def updated(metric, *given):
    metric.update_state(*given)
    return metric.result()


def disconnected():
    x = nn.Input((4,), name="other")
    return nn.Model(nn.Input((4,)), layers.Dense(3)(x))


def same_names():
    x = nn.Input((4,))
    return nn.Model(x, layers.Dense(3, name="a")(layers.Dense(3, name="a")(x)))


CALLS = [  # layers called on what they cannot take
    (lambda: layers.Conv2D(2, 3)(np.ones((2, 8, 8))), ShapeError,
     "Conv2D: the number of axes is wrong. Got x (2, 8, 8)", IMAGES, "try: x[..., None]"),
    (lambda: layers.Conv1D(2, 3)(X), ShapeError, "Conv1D: the number of axes", "time, channels"),
    (lambda: layers.DepthwiseConv2D(3)(X), ShapeError, "the number of axes is wrong", IMAGES),
    (lambda: layers.SeparableConv2D(2, 3)(X), ShapeError, "the number of axes is wrong", IMAGES),
    (lambda: layers.Conv2DTranspose(2, 3)(X), ShapeError, "the number of axes is wrong", IMAGES),
    (lambda: layers.MaxPooling2D()(X), ShapeError, "the number of axes is wrong", IMAGES),
    (lambda: layers.GlobalAveragePooling1D()(X), ShapeError, "the number of axes is wrong"),
    (lambda: layers.UpSampling2D()(X), ShapeError, "the number of axes is wrong", IMAGES),
    (lambda: layers.ZeroPadding2D()(X), ShapeError, "the number of axes is wrong", IMAGES),
    (lambda: layers.SpatialDropout2D(0.5)(X), ShapeError, "the number of axes is wrong", IMAGES),
    (lambda: layers.RepeatVector(2)(np.ones((2, 3, 4))), ShapeError, "x (batch, features)"),
    (lambda: layers.Dense(2)(np.ones(4)), ShapeError, "Dense: needs a batch axis. Got x (4,)",
     "in Dense 'dense", "try: x[None] is a batch of one sample"),
    (lambda: twice(layers.Dense(2), X, X[0]), ShapeError, "Dense: needs a batch axis. Got x (4,)"),
    (lambda: layers.BatchNormalization(axis=7)(X), ShapeError, "there is no axis 7. Got 2 axes"),
    (lambda: layers.Softmax(axis=3)(X), ShapeError, "softmax: there is no axis 3"),
    (lambda: twice(layers.BatchNormalization(), X, X[:, :3]), ShapeError,
     "BatchNormalization: the number of features differs. Got 3; expected 4", "was built for"),
    (lambda: twice(layers.LayerNormalization(), X, X[:, :3]), ShapeError,
     "LayerNormalization: the number of features differs. Got 3; expected 4"),
    (lambda: twice(layers.Dense(2, name="hidden"), X, X[:, :3]), ShapeError,
     "matmul: the inner sizes differ, 3 and 4. Got x (8, 3), w (4, 2)",
     "in Dense 'hidden', called with x (8, 3).",
     "try: 'hidden' was built for (batch, 4); feed that, or build a new model"),
    (lambda: twice(layers.Conv2D(2, 3), np.ones((1, 8, 8, 3)), np.ones((1, 8, 8, 1))), ShapeError,
     "conv: x has 1 channels, the kernel 3", "was built for (batch, 8, 8, 3)"),
    (lambda: layers.Conv2D(2, 9)(np.ones((2, 8, 8, 1))), ShapeError,
     "the window is larger than the input. Got window 9 on an axis of 8", 'try: padding="same"'),
    (lambda: layers.Conv2D(4, 3, groups=2)(np.ones((2, 8, 8, 3))), ShapeError, "groups"),
    (lambda: layers.Cropping2D(5)(np.ones((2, 8, 8, 1))), ShapeError, "nothing would be left"),
    (lambda: layers.GroupNormalization(3)(X), ShapeError, "do not divide into the groups",
     "try: groups=1, or another divisor of 4"),
    (lambda: layers.Reshape((3, 3))(X), ShapeError, "expected 9 elements a sample for (3, 3)"),
    (lambda: layers.Embedding(5, 2)(np.array([[7]])), IndexRangeError,
     "a number is outside of the vocabulary, or not whole. Got 7 at [0, 0]; expected 0 to 4",
     "in Embedding 'embedding"),
    (lambda: layers.Add()([X, X[:, :3]]), ShapeError, "(8, 4) and (8, 3)", "in Add 'add"),
    (lambda: layers.Add()(X), ShapeError, "takes a list of tensors", "try: Add()([a, b])"),
    (lambda: layers.Concatenate()([X, X[:5]]), ShapeError, "the batch sizes differ"),
    (lambda: layers.Concatenate(axis=0)([X, X[:, :3]]), ShapeError, "differ outside of axis 0"),
    (lambda: layers.Dot(1)([X, X[:, :3]]), ShapeError, "different sizes. Got (8, 4) and (8, 3)"),
    (lambda: layers.Dense(2)(None), DtypeError, "a layer is called on numbers. Got None"),
    (lambda: layers.Dense(2)("text"), DtypeError, "a layer is called on numbers. Got 'text'"),
    (lambda: layers.Dense(2)(np.array(["a"])), DtypeError, "holds numbers. Got <U1", "in Dense"),
    (lambda: layers.Dense(2)([[1, 2], [3]]), ArgumentError, "rows have different lengths", "in De"),
    (lambda: layers.Dense(10**12)(X), ShapeError, "too large. Got shape (4, 1000000000000)",
     "try: check the units"),
    (lambda: layers.Dense(3, bias_initializer=lambda shape, dtype: np.ones(5))(X), ShapeError,
     "the initializer of 'bias' gives another shape. Got (5,); expected (3,)"),
    (lambda: layers.Layer()(X), StateError, "Layer has no call", "try: write call(self, x)"),
    (lambda: Bare()(X), StateError, "Bare has no call", "try: write call(self, x)"),
    (lambda: model(loss=None).set_weights([X]), ShapeError, "Got 1 arrays; expected 4"),
    (lambda: model(loss=None).layers[0].set_weights([np.ones((3, 5)), np.ones(5)]), ShapeError,
     "hidden/kernel has another shape. Got (3, 5); expected (4, 5)"),
    (lambda: layers.Dense(2).set_weights([X]), ShapeError, "try: build the model first"),
    (lambda: model(loss=None).set_weights(None), ArgumentError, "takes a list of arrays. Got None"),
]  # fmt: skip

CONSTRUCTORS = [
    (lambda: layers.Dense(0), ArgumentError, "units is too small. Got 0; expected 1 or more",
     "in Dense(units=0)"),
    (lambda: layers.Dense(2.5), ArgumentError, "units must be an integer. Got 2.5"),
    (lambda: layers.Dense(), ArgumentError, "missing a required argument: 'units'"),
    (lambda: layers.Dense(3, "rellu"), ArgumentError, "unknown activation. Got 'rellu'",
     "in Dense(units=3, activation='rellu')", "try: did you mean 'relu'?"),
    (lambda: layers.Dense(3, activaton="relu"), ArgumentError, "unknown argument of Dense",
     "try: did you mean 'activation'?"),
    (lambda: layers.Dense(3, kernel_initializer="he_norml"), ArgumentError,
     "unknown initializer", "in Dense(units=3, kernel_init", "try: did you mean 'he_normal'?"),
    (lambda: layers.Dense(3, kernel_regularizer="l3"), ArgumentError, "unknown regularizer"),
    (lambda: layers.Conv2D(3, 3, kernel_constraint="maxnorm"), ArgumentError,
     "unknown constraint", "try: did you mean"),
    (lambda: layers.Dense(3, dtype="float46"), ArgumentError, "unknown dtype", "mean 'float64'?"),
    (lambda: layers.Dropout(1.5), ArgumentError, "rate is out of range. Got 1.5; expected a number "
     "in [0, 1)", "try: rate is the share that is dropped"),
    (lambda: layers.Conv2D(2, (3, 3, 3)), ArgumentError, "expected an integer or 2 integers"),
    (lambda: layers.Conv2D(3, 3, groups=2), ArgumentError, "do not divide into the groups"),
    (lambda: layers.Conv2D(3, 3, padding="sam"), ArgumentError, "did you mean 'same'?"),
    (lambda: layers.Conv2D(3, 3, data_format="channel_first"), ArgumentError, "channels_first"),
    (lambda: layers.Rescaling("a"), ArgumentError, "scale is a number or an array. Got 'a'"),
    (lambda: layers.BatchNormalization(momentum=2), ArgumentError, "momentum is out of range"),
    (lambda: nn.Input((-4,)), ArgumentError, "positive integers or None. Got (None, -4)"),
    (lambda: nn.Input(), ArgumentError, "an input needs a shape", "try: Input(shape=(28, 28))"),
    (lambda: nn.Sequential(["relu"]), ArgumentError, "Sequential takes layers. Got 'relu'"),
    (lambda: nn.Sequential([layers.Dense]), ArgumentError, "takes layers", "try: Dense(...)"),
    (lambda: nn.Sequential(layers.Dense(3)), ArgumentError, "takes a list of layers",
     "try: Sequential([layer])"),
    (lambda: nn.Sequential([layers.Dense(3, name="a"), layers.Dense(3, name="a")]), ArgumentError,
     "two layers have the same name. Got 'a'", "try: give each a name of its own"),
    (same_names, ArgumentError, "two layers of a model have the same name. Got 'a'"),
    (disconnected, StateError, "depend on an input that the model does not have", "'other'",
     "try: add it to Model(inputs=[...])"),
    (lambda: nn.Model(X, X), ArgumentError, "inputs are symbolic tensors", "try: x = nn.Input"),
    (lambda: nn.Input((4,)) + layers.Dense(3)(nn.Input((4,))), ShapeError, "do not broadcast"),
    (lambda: bool(nn.Input((4,)).sum() > 0), StateError, "symbolic input has a shape but no"),
    (lambda: len(nn.Input((4,))), StateError, "symbolic input has a shape but no values"),
    (lambda: model().get_layer("hiden"), ArgumentError, "unknown layer", "did you mean 'hidden'?"),
    (lambda: optimizers.Adam(learn_rate=0.1), ArgumentError,
     "unknown argument of Adam. Got 'learn_rate'", "try: did you mean 'learning_rate'?"),
    (lambda: optimizers.Adam(-1), ArgumentError, "learning_rate is out of range. Got -1"),
    (lambda: optimizers.Adam(beta_1=2), ArgumentError, "Got 2; expected a number in [0, 1)"),
    (lambda: optimizers.SGD(clipnorm=1, clipvalue=1), ArgumentError, "choose one way of clipping"),
    (lambda: optimizers.schedules.ExponentialDecay(0.1, 0, 0.9), ArgumentError,
     "decay_steps is out of range", "in ExponentialDecay(initial_learning_rate=0.1, decay_steps=0"),
    (lambda: optimizers.schedules.PiecewiseConstantDecay([5, 2], [1, 2, 3]), ArgumentError,
     "boundaries must increase"),
    (lambda: losses.MeanSquaredError(reduction="avg"), ArgumentError, "unknown reduction"),
    (lambda: metrics.AUC(num_thresholds=0), ArgumentError, "num_thresholds is too small"),
    (lambda: nn.callbacks.EarlyStopping(mode="maxx"), ArgumentError, "did you mean 'max'?"),
    (lambda: nn.callbacks.ReduceLROnPlateau(factor=2), ArgumentError, "factor is out of range"),
]  # fmt: skip

COMPILE = [
    (lambda: fit(made=model(loss=None)), StateError, "'mlp' is not compiled",
     'try: model.compile("adam", "mse") before fit'),
    (lambda: model(loss=None).evaluate(X, Y), StateError, "is not compiled", "before evaluate"),
    (lambda: model(loss="categorical_crosentropy"), ArgumentError, "unknown loss",
     "try: did you mean 'categorical_crossentropy'?"),
    (lambda: model(optimizer="adm"), ArgumentError, "unknown optimizer", "did you mean 'adam'?"),
    (lambda: model(metrics=["acuracy"]), ArgumentError, "unknown metric", "mean 'accuracy'?"),
    (lambda: model(metrics="accuracy"), ArgumentError, "metrics is a list", "metrics=['accuracy']"),
    (lambda: model(engine="cuda"), ArgumentError, "unknown engine. Got 'cuda'"),
    (lambda: model(loss=5), ArgumentError, "a loss is a name, a Loss or a function"),
    (lambda: fit(made=model(activation="softmax", loss=losses.SparseCategoricalCrossentropy(True))),
     ArgumentError, "takes scores, but the model ends in probabilities",
     "try: leave out from_logits=True"),
    (lambda: fit(made=model(1, "softmax", "mse")), ArgumentError, "one unit is always 1",
     "try: Dense(1, 'sigmoid') with 'binary_crossentropy'"),
    (lambda: fit(made=model(1, "sigmoid")), ArgumentError, "needs a score for each class",
     "loss='binary_crossentropy'"),
    (lambda: fit(made=model(metrics=[metrics.Accuracy()])), ShapeError,
     "accuracy: one label for each prediction", "try: metrics=['accuracy'] chooses"),
    (lambda: fit(X, R, regression(lambda y, p: None)), ArgumentError,
     "the function returned no numbers. Got None", "try: return ops.mean"),
    (lambda: fit(X, R, regression(lambda y, p: np.cov(y - p))), TraceError, "nn.ops"),
    (lambda: fit(X, R, regression(lambda y, p: p if p.mean() > 0 else y)), TraceError,
     "a function is being traced", "try: nn.ops.where(condition, a, b) instead of"),
    (lambda: fit(X, R, regression(lambda y, p: (p > y).astype("float32"))), GradientError,
     "the loss does not depend on any of the parameters", "try: comparisons, argmax"),
    (optimizer_of_another_model, StateError, "built for other parameters", "new optimizer"),
]  # fmt: skip

DATA = [
    (lambda: fit(X[:, :3]), DataError, "x does not fit the input 'features' of the model. "
     "Got x (8, 3); expected (batch, 4)", "try: give x as the model was built for"),
    (lambda: model().predict(X[0], verbose=0), DataError, "try: x[None] is one sample"),
    (lambda: trained().predict(X[:, :3], verbose=0), ShapeError, "matmul: the inner sizes differ",
     "in Dense 'hidden' (layer 1 of 2 of Sequential 'mlp'), called with x (8, 3), test_errors.py:",
     "try: 'hidden' was built for (batch, 4)"),
    (lambda: of_images().predict(X[:4], verbose=0), ShapeError, "matmul: the inner sizes differ",
     "try: x[None] is a batch of one sample; 'images' takes (batch, 4, 4)"),
    (lambda: fit(metrics=["accuracy"]), ArgumentError, "unknown argument of fit. Got 'metrics'",
     "try: it belongs to compile: model.compile(metrics=...)"),
    (lambda: nn.layers.Dense(3).kernel, nn.errors.AbsentError, "has no 'kernel'",
     "try: it is made when the layer first sees data, or by a model with an Input"),
    (lambda: trained().evaluate(X[:, :3], Y, verbose=0), ShapeError, "(layer 1 of 2 of Sequential"),
    (lambda: trained().predict(X[0], verbose=0), ShapeError, "Dense: needs a batch axis"),
    (lambda: fit(y=Y + 1), DataError, "a label is out of range. Got 3 at index 2",
     "expected 0 to 2", "try: the labels start at 1: train on y - 1"),
    (lambda: fit(y=Y - 1), DataError, "Got -1 at index 0", "number the classes from 0"),
    (lambda: fit(y=Y + 0.5), DataError, "whole class numbers. Got 0.5", 'loss="mse"'),
    (lambda: fit(y=ONE_HOT), DataError, "these look one-hot. Got y (8, 3)",
     'try: loss="categorical_crossentropy"'),
    (lambda: fit(y=Y, made=model(loss="categorical_crossentropy")), DataError,
     "these look like class numbers. Got y (8,)", 'try: loss="sparse_categorical_crossentropy"'),
    (lambda: fit(y=np.eye(4)[Y], made=model(loss="categorical_crossentropy")), DataError,
     "Got 4 classes in y (8, 4), 3 outputs", "try: Dense(4) as the last layer"),
    (lambda: fit(y=Y % 2, made=model(2, "softmax", BINARY)), DataError,
     "Got y (8,) for outputs (samples, 2)", "try: Dense(1) as the last layer"),
    (lambda: fit(y=Y, made=model(1, "sigmoid", BINARY)), DataError, "a target is out of range",
     "for several classes use softmax"),
    (lambda: fit(y=Y % 2 * 2 - 1, made=model(1, "sigmoid", BINARY)), DataError, "(y + 1) / 2"),
    (lambda: fit(y=R, made=model(3, None, "mse")), DataError, "one target for each output",
     "Got y (8, 1) for outputs (samples, 3)"),
    (lambda: fit(np.where(np.eye(8, 4) > 0, np.nan, X)), DataError, "x contains NaN or infinity. "
     "Got 4 of 32 values, the first at index (0, 0)", "try: drop or fill"),
    (lambda: fit(X, R * np.inf, regression()), DataError, "y contains NaN or infinity"),
    (lambda: fit(y=np.array(list("abcabcab"))), DataError, "y is not made of numbers",
     "try: encode text as integers first"),
    (lambda: fit(np.array([[1, None, 2, 3]] * 8)), DataError, "x has missing values"),
    (lambda: fit([[1, 2], [3]], [0, 1]), DataError, "the rows of x have different lengths",
     "try: nn.utils.pad_sequences"),
    (lambda: fit(X[:0], Y[:0]), DataError, "there are no samples"),
    (lambda: fit(X, Y[:5]), DataError, "different lengths. Got x 8, y 5"),
    (lambda: fit(3.0, 1), DataError, "x has no batch axis. Got a single number"),
    (lambda: fit(None), DataError, "there is no x to learn from"),
    (lambda: fit(X, None), DataError, "the loss needs targets. Got y=None", "try: fit(x, y)"),
    (lambda: fit(batch_size=0), ArgumentError, "batch_size is too small. Got 0; expected 1"),
    (lambda: fit(batch_size=-1), ArgumentError, "batch_size is too small. Got -1"),
    (lambda: fit(batch_size=1.5), ArgumentError, "batch_size must be an integer. Got 1.5"),
    (lambda: model().predict(X, batch_size=0), ArgumentError, "batch_size is too small. Got 0"),
    (lambda: fit(epochs=-1), ArgumentError, "epochs is too small. Got -1"),
    (lambda: fit(steps_per_epoch=0), ArgumentError, "steps_per_epoch is too small. Got 0"),
    (lambda: fit(validation_split=1.5), ArgumentError, "validation_split is out of range"),
    (lambda: fit(validation_split="a"), ArgumentError, "validation_split must be a number"),
    (lambda: fit(validation_split=0.999), DataError, "leaves nothing for one of the parts"),
    (lambda: fit(validation_data=X), DataError, "the loss needs targets", "in validation_data.",
     "try: validation_data=(x_val, y_val)"),
    (lambda: fit(validation_data=(X, Y + 5)), DataError, "out of range", "in validation_data."),
    (lambda: fit(class_weight={0: 1.0, 1: 2.0}), DataError, "a class has no weight. Got class 2"),
    (lambda: fit(class_weight="balanced"), ArgumentError, "class_weight is a dict of class"),
    (lambda: fit(sample_weight=np.ones(5)), DataError, "Got x 8, y 8, sample_weight 5"),
    (lambda: fit(sample_weight=np.ones((8, 2))), ShapeError, "one weight for each sample"),
    (lambda: fit(batches(), None), DataError, "the generator has no more batches",
     "try: give a list of batches or nn.data.batches"),
    (lambda: fit(batches((X, Y), (X, Y + 9)), None), DataError, "a label is out of range. Got 9",
     "in batch 2 of the generator."),
    (lambda: fit(batches((X, Y), (X[:, :3], Y)), None), DataError, "x does not fit", "in batch 2"),
    (lambda: fit(batches((X, Y, R, R)), None), DataError, "Got 4 parts", "in batch 1"),
    (lambda: fit(lambda: None, None), DataError, "no batches to go through. Got NoneType"),
    (lambda: fit(batches((X, Y)), Y), ArgumentError, "y comes with the batches"),
    (lambda: fit(made=nn.Sequential([layers.Embedding(3, 2), layers.Flatten()])), StateError,
     "not compiled"),
    (lambda: fit(Y[:, None] + 1, R, embedder()), DataError,
     "a number is outside of the vocabulary. Got numbers from 1 to 3; expected 0 to 2",
     "try: input_dim=4, the largest number plus 1"),
    (lambda: fit(Y[:, None] - 9, R, embedder()), DataError, "Got numbers from -9 to -7",
     "try: count from 0: negative numbers mean no word, not even the last"),
    (lambda: fit(callbacks=["early"]), ArgumentError, "callbacks are objects"),
    (lambda: fit(callbacks=[nn.callbacks.EarlyStopping]), ArgumentError, "try: EarlyStopping()"),
    (lambda: fit(made=bare()), StateError, "has nothing to compute", "try: write call(self, x)"),
    (lambda: nn.utils.to_categorical([0, 5], 3), DataError, "Got 0 to 5; expected 0 to 2"),
    (lambda: nn.utils.to_categorical(["a"]), DataError, "needs class numbers", "np.unique"),
    (lambda: nn.utils.pad_sequences(3), DataError, "takes a list of sequences. Got 3"),
    (lambda: updated(metrics.Accuracy(), [1, 2], [1, 2, 3]), ShapeError, "y_pred (3,)"),
    (lambda: updated(metrics.Mean(), [1.0, 2.0], [1.0, 2.0, 3.0]), ShapeError, "sample_weight"),
    (lambda: losses.MeanSquaredError()(R, X), ShapeError, "y_true (8, 1), y_pred (8, 4)"),
    (lambda: losses.SparseCategoricalCrossentropy()([0, 5], [[0.1, 0.9]] * 2), IndexRangeError,
     "an index is out of range. Got 5; expected -2 to 1"),
]  # fmt: skip


def embedder(length=None):
    start = [nn.Input((length,))] if length else []
    made = nn.Sequential([*start, layers.Embedding(3, 2), layers.Flatten(), layers.Dense(1)])
    made.compile("adam", "mse")
    return made


def bare():
    made = Bare()
    made.compile("adam", "mse")
    return made


ROWS = [*CALLS, *CONSTRUCTORS, *COMPILE, *DATA]


@pytest.mark.parametrize("row", ROWS, ids=[row[2][:60] for row in ROWS])
def test_message(row):
    run, error, *fragments = row
    with pytest.raises(NeuronaError) as caught:
        run()
    assert type(caught.value) is error, repr(caught.value)
    check_users_lines_only(caught.value)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_no_line_of_a_message_is_without_end():
    long = "a" * 10_000
    error = NeuronaError(f"{long}.", got=long, expected=long, hint=long).within(long)
    assert max(map(len, str(error).split("\n"))) <= 2100


def test_the_form():
    with pytest.raises(ShapeError) as caught:
        trained()(X[:, :3])
    assert str(caught.value).splitlines() == [
        "matmul: the inner sizes differ, 3 and 4. Got x (8, 3), w (4, 5); "
        "expected x (..., K) and w (K, N).",
        "in Dense 'hidden' (layer 1 of 2 of Sequential 'mlp'), called with x (8, 3).",
        "in Sequential 'mlp', called with x (8, 3).",
        "try: 'hidden' was built for (batch, 4); feed that, or build a new model",
    ]


def test_what_was_got_is_one_line_of_bounded_length():
    with pytest.raises(ArgumentError) as caught:
        nn.Model(np.ones((30, 30)), np.ones((300, 300)))
    assert len(str(caught.value).splitlines()) == 3
    error = ArgumentError("no.", got="a  b\n c", hint="1\n2")
    assert str(error) == "no. Got a b c.\ntry: 1\n2"
    assert len(ArgumentError("no.", got="x" * 10**6).got) < 600


IMAGES_FIRST = np.ones((8, 3, 32, 32), "float32")
LAST = "try: the channels come last: np.moveaxis(x, 1, -1)"


def images(*layers_of, **given):
    made = nn.Sequential([nn.Input((32, 32, 3)), *layers_of, layers.Dense(3)])
    made.compile("sgd", losses.SparseCategoricalCrossentropy(True))
    return made


@pytest.mark.parametrize(
    ("run", "hint"),
    [
        (lambda: images(layers.Conv2D(2, 3), layers.Flatten()).fit(IMAGES_FIRST, Y), LAST),
        (lambda: images(layers.Flatten()).fit(IMAGES_FIRST, Y), LAST),
        (lambda: images(layers.Flatten()).predict(IMAGES_FIRST), LAST),
        (lambda: images(layers.Flatten())(IMAGES_FIRST), LAST),
        (lambda: twice(layers.Conv2D(2, 3), np.ones((1, 32, 32, 3)), IMAGES_FIRST),
         "was built for (batch, 32, 32, 3); the channels come last"),
        (lambda: layers.Conv2D(2, 5)(IMAGES_FIRST), "; are the channels first? np.moveaxis(x, 1"),
        (lambda: layers.MaxPooling2D(4)(IMAGES_FIRST), "are the channels first?"),
    ],
)  # fmt: skip
def test_images_with_the_channels_first_are_recognised(run, hint):
    with pytest.raises((ShapeError, DataError)) as caught:
        run()
    assert hint in str(caught.value)


TOKENS = np.ones((300, 5), int)
TOKENS[217, 3] = 3


@pytest.mark.parametrize(
    ("run", "place"),
    [
        (lambda: embedder(5).fit(TOKENS, np.ones(300)), "in x[217, 3], which is 3."),
        (lambda: embedder(5).predict(TOKENS), "in x[217, 3], which is 3."),
        (lambda: embedder(5).predict(np.where(TOKENS == 3, 1.5, 1.0)), "in x[217, 3]."),
    ],
)
def test_a_token_that_is_wrong_is_found(run, place):
    with pytest.raises((DataError, IndexRangeError)) as caught:
        run()
    assert any(line.endswith(place) for line in str(caught.value).splitlines())


def test_a_cell_that_is_no_number_is_found():
    table = np.array([[1, 2], [3, "x"]], object)
    for run in (lambda: nn.tensor(table), lambda: layers.Dense(1)(table)):
        with pytest.raises(DtypeError, match=r"Got object data, 'x' at index \(1, 1\)"):
            run()
    with pytest.raises(DataError, match=r"Got <U2 data, 'no' at index \(1, 0\)"):
        fit(np.array([["1", "2"], ["no", "3"]]))
