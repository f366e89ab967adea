"""What a callback is: which methods are called, with what, and what happens at the end."""

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError, StateError


def data(samples=12):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 3)).astype("float32")
    return x, (x[:, :1] * 2).astype("float32")


def network(**arguments):
    nn.random.set_seed(0)
    model = nn.Sequential([nn.layers.Dense(1)])
    model.compile(nn.optimizers.SGD(0.1), "mse", **arguments)
    return model


def fit(*callbacks, model=None, epochs=1, **arguments):
    x, y = data()
    model = model or network()
    return model.fit(x, y, 4, epochs, verbose=0, callbacks=list(callbacks), **arguments)


def test_on_batch_is_another_name_of_on_train_batch():
    seen = []

    class Old(nn.callbacks.Callback):
        def on_batch_begin(self, batch, logs=None):
            seen.append(("begin", batch, logs))

        def on_batch_end(self, batch, logs=None):
            seen.append(("end", batch, sorted(logs)))

    fit(Old())
    assert seen == [
        (when, b, value) for b in range(3) for when, value in (("begin", {}), ("end", ["loss"]))
    ]


def test_logs_of_batches_are_made_only_if_a_callback_wants_them(monkeypatch):
    from neurona.train import loop

    made, original = [], loop.as_logs

    def counting(*arguments):
        made.append(1)
        return original(*arguments)

    monkeypatch.setattr(loop, "as_logs", counting)
    fit(nn.callbacks.EarlyStopping("loss"))
    assert len(made) == 1  # those of the epoch
    fit(nn.callbacks.TerminateOnNaN())
    assert len(made) == 1 + 3


def test_what_is_set_on_callbacks():
    callback = nn.callbacks.Callback()
    model = network()
    history = fit(callback, model=model, epochs=2)
    assert callback.model is model
    assert callback.params == {"verbose": 0, "epochs": 2, "steps": 3} == history.params
    assert model.history is history
    assert history.model is model
    assert model._training.run is None


def test_one_callback_needs_no_list():
    seen = []
    x, y = data()
    callback = nn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    network().fit(x, y, verbose=0, callbacks=callback)
    assert seen == [0]


def test_a_given_history_is_used():
    mine = nn.callbacks.History()
    assert fit(mine, epochs=2) is mine
    assert mine.epoch == [0, 1]
    assert len(mine.history["loss"]) == 2
    assert repr(mine).startswith("<History of 2 epochs: loss ")


def test_lambda_callback_calls_each_function():
    seen = []

    def note(*arguments):
        seen.append(arguments[0])

    names = ("on_epoch_begin", "on_epoch_end", "on_train_begin", "on_train_end")
    names += ("on_train_batch_begin", "on_train_batch_end")
    fit(nn.callbacks.LambdaCallback(**dict.fromkeys(names, note)))
    assert seen == [{}, 0, 0, 0, 1, 1, 2, 2, 0, seen[-1]]
    assert list(seen[-1]) == ["loss"]


def test_on_exit_comes_however_the_run_ends():
    ends = []

    class Holder(nn.callbacks.Callback):
        def __init__(self, error=None):
            self.error = error

        def on_train_batch_end(self, batch, logs=None):
            if self.error is not None:
                raise self.error

        def on_exit(self):
            ends.append(self.error)

    fit(Holder())
    for error in (KeyboardInterrupt(), ValueError("no")):
        model = network()
        with pytest.raises(type(error)):
            fit(Holder(error), Holder(), model=model)
        assert model._training.run is None
    assert len(ends) == 5


def test_an_error_in_on_exit_comes_after_all_had_a_go():
    ends = []

    class Broken(nn.callbacks.Callback):
        def on_exit(self):
            ends.append(1)
            raise ValueError("cannot close")

    with pytest.raises(ValueError, match="cannot close"):
        fit(Broken(), Broken())
    assert len(ends) == 2


def test_stop_training_in_the_middle_of_an_epoch_ends_it():
    class Stop(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    history = fit(Stop(), epochs=5, validation_data=data(4))
    assert history.epoch == [0]
    assert sorted(history.history) == ["loss", "val_loss"]
    assert history.model.optimizer.iterations.item() == 2


def test_stop_training_is_looked_at_after_each_execution():
    class Stop(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    model = network(steps_per_execution=2)
    fit(Stop(), model=model)
    assert model.optimizer.iterations.item() == 2


def test_evaluate_and_predict_inside_fit_leave_the_training_as_it_was():
    x, y = data()

    class Look(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.evaluate(x[:2], y[:2], verbose=0)
            self.model.predict(x[:2], verbose=0)

    plain = network()
    expected = fit(model=plain, epochs=2)
    watched = network()
    found = fit(Look(), model=watched, epochs=2)
    assert found.history == expected.history
    assert np.array_equal(plain.get_weights()[0], watched.get_weights()[0])


def test_validation_does_not_move_the_random_numbers_of_training():
    plain = network()
    fit(model=plain, epochs=3)
    validated = network()
    fit(model=validated, epochs=3, validation_data=data(5))
    assert np.array_equal(plain.get_weights()[0], validated.get_weights()[0])


def test_logs_keep_the_order_of_the_metrics():
    model = network(metrics=["mse", "mae"]) if "mae" in nn.metrics.__all__ else network()
    history = fit(model=model, validation_data=data(4))
    names = [m.name for m in model.metrics]
    assert list(history.history) == [*names, *(f"val_{n}" for n in names)]


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        ([nn.callbacks.TerminateOnNaN], r"derived from Callback. Got the class TerminateOnNaN"),
        ([print], r"derived from Callback. Got <built-in function print>"),
    ],
)
def test_what_is_no_callback(callbacks, message):
    with pytest.raises(ArgumentError, match=message):
        fit(*callbacks)


def test_the_try_of_what_is_no_callback():
    with pytest.raises(ArgumentError, match=r"try: TerminateOnNaN\(\)"):
        fit(nn.callbacks.TerminateOnNaN)
    with pytest.raises(ArgumentError, match=r"try: callbacks\.LambdaCallback"):
        fit(print)
    with pytest.raises(ArgumentError, match=r"on_epoch_end must be a function\. Got 3"):
        nn.callbacks.LambdaCallback(on_epoch_end=3)


# --- LearningRateScheduler, TerminateOnNaN ----------------------------------------------------


def test_learning_rate_scheduler_with_one_and_two_arguments(capsys):
    by_epoch = nn.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1), verbose=1)
    history = fit(by_epoch, epochs=3)
    assert np.allclose(history.history["learning_rate"], [0.1, 0.05, 0.1 / 3])
    assert (
        "Epoch 2: LearningRateScheduler setting learning rate to 0.05." in capsys.readouterr().out
    )
    by_rate = nn.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    assert np.allclose(fit(by_rate, epochs=2).history["learning_rate"], [0.05, 0.025])


def test_the_rate_of_a_scheduler_is_the_rate_of_the_steps():
    model = network()
    before = None

    def zero(epoch):
        nonlocal before
        before = model.get_weights()
        return 0.0

    fit(nn.callbacks.LearningRateScheduler(zero), model=model)
    assert np.array_equal(before[0], model.get_weights()[0])


@pytest.mark.parametrize("rate", [None, "fast", float("nan"), -1.0, True])
def test_a_scheduler_must_return_a_rate(rate):
    with pytest.raises(ArgumentError, match="the schedule must return a rate") as error:
        fit(nn.callbacks.LearningRateScheduler(lambda epoch: rate))
    assert "for epoch 0; expected a number of 0 or more" in str(error.value)


def test_a_scheduler_and_a_schedule_do_not_go_together():
    model = network()
    schedule = nn.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model.compile(nn.optimizers.SGD(schedule), "mse")
    with pytest.raises(StateError, match="follows a schedule of its own") as error:
        fit(nn.callbacks.LearningRateScheduler(lambda epoch: 0.1), model=model)
    assert "try: give the optimizer a number" in str(error.value)
    with pytest.raises(ArgumentError, match="schedule must be a function"):
        nn.callbacks.LearningRateScheduler(0.1)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_terminate_on_nan(bad, capsys):
    model = network()
    fit(model=model)
    model.set_weights([np.full((3, 1), bad, "float32"), np.zeros(1, "float32")])
    with np.errstate(all="ignore"):
        history = fit(nn.callbacks.TerminateOnNaN(), model=model, epochs=3)
        assert history.epoch == [0]
        assert "Batch 0: Invalid loss, terminating training" in capsys.readouterr().out
        assert model.optimizer.iterations.item() == 4
        with pytest.raises(StateError, match=r"the loss became (nan|inf) in batch 0") as error:
            fit(nn.callbacks.TerminateOnNaN(raise_error=True), model=model)
    assert "try: a smaller learning_rate" in str(error.value)
