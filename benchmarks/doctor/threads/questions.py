"""What people ask about tables once more: losses, steps, rates and columns; addresses beside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import dense, digits, numbers, rare
from benchmarks.doctor.threads import courses, feeds, forms, tables, ways
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.training import Training

L, ops = nn.layers, nn.ops


# --- losses and steps of one's own ----------------------------------------------------------------


def of_rows(y: Any, p: Any) -> Any:
    """Two losses, of column 0 and of column 1; but what is taken are rows 0 and 1."""
    return ops.mean(ops.square(y[0] - p[0])) + ops.mean(ops.abs(y[1] - p[1]))


def of_columns(y: Any, p: Any) -> Any:
    """Two losses, of column 0 and of column 1."""
    return ops.mean(ops.square(y[:, 0] - p[:, 0])) + ops.mean(ops.abs(y[:, 1] - p[:, 1]))


def two_losses() -> Training:
    """Two loads, each by a loss of its own."""
    return courses.loads().but(loss=of_columns, batch_size=128, epochs=60)


def difference(y: Any, p: Any) -> Any:
    """The difference itself, neither squared nor without its sign."""
    return ops.mean(y - p)


def detached(t: Training) -> Training:
    """The error is a plain number to the gradient, and only what weights cost is left."""

    def loss(y: Any, p: Any) -> Any:
        return ops.mean(ops.square(y - ops.stop_gradient(p))) + 0.001 * ops.mean(ops.square(p))

    return t.but(loss=loss)


def scores_for_logs(t: Training) -> Training:
    """Minus the score of the right class, which is no logarithm of a share."""

    def loss(y: Any, p: Any) -> Any:
        return -ops.mean(ops.sum(ops.one_hot(ops.reshape(y, (-1,)), 10) * p, axis=-1))

    return t.but(model=dense(64, (64, 64), 10, end=None), loss=loss)


class OnlyLast(nn.Model):
    """A model of which the optimizer was given the last layer."""

    def __init__(self, only_last: bool = True) -> None:
        super().__init__()
        self.body = nn.Sequential([nn.Input((64,)), L.Dense(8, "tanh"), L.Dense(8, "tanh")])
        self.head = L.Dense(10, "softmax")
        self.only_last = only_last

    def call(self, x: Any) -> Any:
        return self.head(self.body(x))

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[:2]

        def loss() -> Any:
            return ops.mean(nn.losses.sparse_categorical_crossentropy(y, self(x)))

        weights = self.head if self.only_last else self
        value, grads = nn.value_and_grad(loss, parameters=weights)()
        self.optimizer.apply(grads, weights)
        return {"loss": value}


def all_given() -> Training:
    """Digits by a step of one's own; all layers move."""
    return digits().but(model=lambda: OnlyLast(False), optimizer=adam(5e-3), epochs=20)


# --- rates ----------------------------------------------------------------------------------------


def called(t: Training, *given: Any) -> Training:
    """Return the same with other callbacks."""
    return t.but(fit={"callbacks": list(given)})


def compounded(epoch: int, rate: float) -> float:
    """A rate that was to fall by a tenth each epoch, and falls by a power of it."""
    return float(rate * 0.9**epoch)


def product(epoch: int, rate: float) -> float:
    """A rate where a factor was asked for: it is multiplied by the rate once more."""
    return 1e-3 * 1e-3


def by_schedule(make: Any) -> Any:
    """Return what makes Adam with a schedule of `make`."""
    return lambda: nn.optimizers.Adam(make())


Stairs = nn.optimizers.schedules.PiecewiseConstantDecay
Inverse = nn.optimizers.schedules.InverseTimeDecay


# --- rows and columns -----------------------------------------------------------------------------


def rows_drawn_once(t: Training) -> Training:
    """A generator whose rows are drawn ahead of its loop."""
    t = digits()

    def made() -> Iterator[Any]:
        rows = np.random.default_rng(0).integers(0, len(t.x), 32)
        while True:
            yield t.x[rows], t.y[rows]

    return t.but(x=made(), y=None, fit={"steps_per_epoch": 36}, batch_size=None)


def lengths_one(t: Training) -> Training:
    """Each row is divided by its length, where columns were to be scaled."""
    x, _ = tables.prices()
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    return t.but(x=x[:480], validation=(x[480:600], t.validation[1]), test=(x[600:], t.test[1]))


def reshaped(t: Training) -> Training:
    """A table that stood on its side is reshaped, where it was to be transposed."""

    def change(x: Any) -> Any:
        return np.ascontiguousarray(x.T).reshape(x.shape)

    return t.on(change)


def one_giant(t: Training) -> Training:
    """Columns are brought to 0 to 1 by their largest number, of which one is a mistake."""
    return t.on(lambda x: (x / 5000).astype("float32"))


def counted_anew(t: Training) -> Training:
    """Training rows have no 3, and their labels are counted without it."""
    kept = t.y != 3
    y = t.y[kept]
    return t.but(x=t.x[kept], y=y - (y > 3))


def turned_over(t: Training) -> Training:
    """One over the target, which is 0 in some rows."""

    def change(y: Any) -> Any:
        with np.errstate(divide="ignore"):
            return (1 / np.maximum(np.rint(2 * y) + 2, 0)).astype("float32")

    return t.to(change)


def rows_apart(t: Training) -> Training:
    """Each row is brought to 0 to 1 by its own extremes, which are the same in empty rows."""

    def change(x: Any) -> Any:
        x = np.where((np.arange(len(x)) % 97 == 5)[:, None], 0.0, x)
        low, high = x.min(1, keepdims=True), x.max(1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return ((x - low) / (high - low)).astype("float32")

    return t.but(x=change(t.x))


def of_codes(t: Training) -> Training:
    """Flags are told by the code of a category, 0 to 11, which a category has instead."""
    return t.to(lambda y: y * np.arange(12, dtype="float32"))


def in_order(t: Training) -> Training:
    """Rows in the order of the target, and nothing is shuffled."""
    order = np.argsort(t.y[:, 0])
    return t.but(x=t.x[order], y=t.y[order], fit={"shuffle": False}, optimizer=sgd(0.1))


def as_they_stand(t: Training) -> Training:
    """Balances and salaries as they are, into units of tanh."""
    x, _ = forms.raw_customers()
    a, b = len(t.x), len(t.x) + len(t.validation[0])
    return t.but(
        x=x[:a].astype("float32"), validation=(x[a:b].astype("float32"), t.validation[1]),
        test=(x[b:].astype("float32"), t.test[1]),
        model=dense(9, (12, 12), 1, "tanh", "sigmoid"),
    )  # fmt: skip


def tiny_weights(t: Training) -> Training:
    """Weights of rows that add up to one, and SGD."""
    n = len(t.x)
    return t.but(
        fit={"sample_weight": np.full(n, 1 / n, "float32")}, optimizer=sgd(0.05, momentum=0.9)
    )


def with_sgd() -> Training:
    """Numbers by SGD with momentum."""
    return numbers().but(optimizer=sgd(0.05, momentum=0.9))


def heavy() -> Any:
    """Return an L2 of a half."""
    return nn.regularizers.L2(0.5)


def nielsen(act: str = "sigmoid") -> Training:
    """The network of an online book: thirty units, normal weights, a squared error, SGD of 3."""
    normal = nn.initializers.RandomNormal(stddev=1.0)
    return digits().to(lambda y: np.eye(10, dtype="float32")[y]).but(
        model=dense(64, (30,), 10, act, act, kernel_initializer=normal), loss="mse",
        optimizer=sgd(3.0), batch_size=10, epochs=20,
    )  # fmt: skip


def uniform(t: Training) -> Training:
    """Weights between 0 and 1, where they were to be on both sides of 0."""
    drawn = nn.initializers.RandomUniform(0.0, 1.0)
    return t.but(model=dense(64, (64, 64), 10, "tanh", kernel_initializer=drawn))


FAULTS = [
    # https://github.com/keras-team/keras/issues/6476: y_true[0] is a row, not a column
    Fault("loads: rows for columns in a loss", "dense", two_losses,
          lambda t: t.but(loss=of_rows),
          ("GD203", "GD103", "GD212", "GD308", "GD510", "GD602", "GD516", "GD112")),
    # https://github.com/xiph/rnnoise/issues/117, https://github.com/keras-team/keras/issues/8993
    Fault("gains: a weighted cross-entropy, turned round", "dense", courses.gains,
          lambda t: t.but(loss=lambda y, p: courses.by_extremes(y, p, y)),
          ("GD203", "GD302", "GD401", "GD506")),
    # https://discuss.pytorch.org: the loss goes to minus infinity
    Fault("numbers: the difference itself as a loss", "dense", numbers,
          lambda t: t.but(loss=difference), ("GD203", "GD502", "GD506", "GD401", "GD510")),
    # https://github.com/isayev/ReLeaSE/issues/39: .item() and .detach() in a loss
    Fault("numbers: an error that is detached", "dense", numbers, detached,
          ("GD212", "GD516", "GD512", "GD510", "GD203")),
    # https://discuss.pytorch.org: NLLLoss without log_softmax
    Fault("digits: minus the score for its logarithm", "dense", digits, scores_for_logs,
          ("GD203", "GD202", "GD502", "GD506", "GD302", "GD401")),
    # https://github.com/keras-team/keras/issues/1917: a divergence of numbers that are no shares
    Fault("gains: a divergence of Kullback and Leibler of single shares", "dense", courses.gains,
          lambda t: t.but(loss="kl_divergence"), ("GD203", "GD102", "GD204", "GD302")),
    # https://stackoverflow.com/questions/48001598: why zero_grad() is called
    Fault("gathered: sums of gradients are never cleared", "dense", courses.gathered,
          lambda t: t.but(model=lambda: courses.Gathering(clears=False)),
          ("GD502", "GD506", "GD505", "GD509", "GD401", "GD602")),
    # out (n, 1) and y (n,) in a loop of one's own
    Fault("own step: (n,) against (n, 1)", "dense", ways.stepping, lambda t: t.to(np.ravel),
          ("GD103", "GD308", "GD510", "GD203")),
    # https://stackoverflow.com/questions/42704283: optim.SGD(model.fc.parameters())
    Fault("own step: only the last layer is given", "dense", all_given,
          lambda t: t.but(model=OnlyLast), ("GD512", "GD212")),
    # https://github.com/keras-team/keras/issues/10924: less than min_delta in eight epochs
    Fault("strength: stops unless the loss falls by 40", "dense", courses.strength,
          lambda t: called(t, nn.callbacks.EarlyStopping("loss", min_delta=40.0, patience=3)),
          ("GD216",)),
    # https://github.com/keras-team/keras/issues/11964
    Fault("letters: a rate cut as the accuracy rises", "dense", forms.letters,
          lambda t: called(t, nn.callbacks.ReduceLROnPlateau("val_accuracy", mode="min",
                                                             patience=1)),
          ("GD216", "GD507", "GD505")),
    # https://github.com/FunctionLab/selene/issues/115
    Fault("numbers: a rate cut unless the loss rises", "dense", numbers,
          lambda t: called(t, nn.callbacks.ReduceLROnPlateau("val_loss", mode="max", patience=1)),
          ("GD216", "GD507", "GD505")),
    # boundaries in epochs, where steps are counted
    Fault("letters: stairs at epochs, counted in steps", "dense", forms.letters,
          lambda t: t.but(optimizer=by_schedule(lambda: Stairs([5, 10], [5e-3, 5e-4, 5e-5]))),
          ("GD216", "GD507", "GD505")),
    Fault("strength: a rate over the number of the step", "dense", courses.strength,
          lambda t: t.but(optimizer=by_schedule(lambda: Inverse(1e-3, 1, 1.0))),
          ("GD216", "GD507", "GD505")),
    # schedule(epoch, lr): return lr * decay ** epoch
    Fault("strength: a decay that compounds", "dense", courses.strength,
          lambda t: called(t, nn.callbacks.LearningRateScheduler(compounded)),
          ("GD216", "GD507", "GD505")),
    # https://discuss.pytorch.org: LambdaLR multiplies the rate
    Fault("numbers: a rate for a factor", "dense", numbers,
          lambda t: called(t, nn.callbacks.LearningRateScheduler(product)),
          ("GD507", "GD505", "GD216", "GD210")),
    # https://github.com/keras-team/keras/issues/6341
    Fault("digits: rows drawn once, ahead of the loop", "dense", feeds.generated,
          rows_drawn_once, ("GD601",)),
    # sklearn.preprocessing.normalize works on rows
    Fault("houses: rows of length one", "dense", tables.houses, lengths_one,
          ("GD104", "GD602", "GD510", "GD307", "GD106")),
    # stackoverflow.com: reshape is no transpose
    Fault("cancer: reshaped for transposed", "dense", tables.cancer, reshaped,
          ("GD510", "GD602", "GD605", "GD601")),
    Fault("strength: to 0 to 1 by one giant", "dense", courses.strength, one_giant,
          ("GD104", "GD507", "GD510", "GD602")),
    # divided by 255 twice
    Fault("digits: scaled twice, SGD", "dense", courses.softmax_regression,
          lambda t: t.on(lambda x: x / 255), ("GD104", "GD507", "GD505", "GD510")),
    # a LabelEncoder for each part of the data
    Fault("digits: labels counted without a 3", "dense", digits, counted_anew,
          ("GD111", "GD107", "GD601", "GD102")),
    # https://github.com/ialhashim/DenseDepth/issues/65
    Fault("numbers: one over targets of 0", "dense", numbers, turned_over, ("GD101",)),
    # https://github.com/avalonstrel/GatedConvolution_pytorch/issues/27
    Fault("digits: rows by their own extremes, some empty", "dense", digits, rows_apart,
          ("GD101",)),
    # https://github.com/keras-team/keras/issues/13926
    Fault("tags: codes of categories for a binary loss", "dense", courses.tags, of_codes,
          ("GD102", "GD203", "GD204")),
    # https://stackoverflow.com/questions/44164749: softmax for several labels
    Fault("tags: a softmax for several at once", "dense", courses.tags,
          lambda t: t.but(model=dense(60, (48,), 12), loss="categorical_crossentropy"),
          ("GD203", "GD102", "GD204")),
    Fault("numbers: in the order of the target", "dense", numbers, in_order, ("GD110",)),
    # https://github.com/keras-team/keras/issues/4784: a loss of 4.438 in all epochs
    Fault("customers: as they stand, into tanh", "dense", forms.customers, as_they_stand,
          ("GD104",)),
    Fault("numbers: weights of rows that add up to one", "dense", with_sgd, tiny_weights,
          ("GD507", "GD505", "GD516")),
    # https://github.com/keras-team/keras/issues/2071
    Fault("three kinds: seldom ones weigh a thousand", "dense", courses.uneven,
          lambda t: t.but(fit={"class_weight": {0: 1000.0, 1: 1000.0, 2: 1.0}}),
          ("GD107", "GD511", "GD516", "GD506")),
    # https://github.com/keras-team/keras/issues/1875: {0: 34, 1: 34}
    Fault("seldom: both classes weigh 34", "dense", rare,
          lambda t: t.but(fit={"class_weight": {0: 34.0, 1: 34.0}}), ("GD107",)),
    # https://github.com/keras-team/keras/issues/2134
    Fault("loads: L2 of a half, seven of ten dropped, SGD of 1e-5", "dense", courses.loads,
          lambda t: t.but(
              model=net(8, unit(48, "relu", kernel_regularizer=heavy()), lambda: L.Dropout(0.7),
                        unit(48, "relu", kernel_regularizer=heavy()), lambda: L.Dropout(0.7),
                        unit(2)),
              optimizer=sgd(1e-5, momentum=0.9)),
          ("GD211", "GD507", "GD505")),
    # https://github.com/tinghuiz/SfMLearner/issues/34: a decay under which networks go to zero
    Fault("sales: a decay under which all goes to zero", "dense", courses.sales_by_logs,
          lambda t: t.but(model=dense(20, (64, 64), 1, end=None,
                                      kernel_regularizer=nn.regularizers.L2(3.0))),
          ("GD211",)),
    # https://github.com/MichalDanielDobrzanski/DeepLearningPython/issues/13
    Fault("nielsen: ReLU for sigmoids", "dense", nielsen, lambda t: nielsen("relu"),
          ("GD209", "GD303", "GD301", "GD306", "GD502", "GD506", "GD503", "GD505", "GD401",
           "GD204", "GD302", "GD205")),
    # https://discuss.pytorch.org: torch.rand for torch.randn
    Fault("digits: weights between 0 and 1", "dense", digits, uniform,
          ("GD209", "GD303", "GD304", "GD301", "GD504", "GD306", "GD302")),
]  # fmt: skip
