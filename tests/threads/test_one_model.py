"""Threads that use one model take turns: each sees it between two steps."""

import multiprocessing
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import neurona as nn
from neurona.engines.native.once import once
from neurona.train.turns import Turns


def twins(engine):
    """A model of two weights that every step changes alike."""
    x = nn.Input((1,))
    parts = [nn.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(x) for _ in "ab"]
    model = nn.Model(x, parts[0] + parts[1])
    model.compile(nn.optimizers.SGD(1e-3), "mse", engine=engine)
    return model


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_whole_steps_are_seen_beside_fit(engine, tmp_path):
    if engine == "native":
        pytest.importorskip("llvmlite")
    model, x = twins(engine), np.ones((64, 1), "float32")
    seen, ended = [], threading.Event()

    def look():
        while not ended.is_set():
            a, b = model.get_weights()
            seen.append((a.item(), b.item()))
            model.save_weights(tmp_path / "w.safetensors")
            assert len(set(model.predict(x[:3], verbose=0).ravel().tolist())) == 1

    with ThreadPoolExecutor(2) as pool:
        looking = [pool.submit(look)]
        model.fit(x, 5 * x, batch_size=4, epochs=20, verbose=0)
        ended.set()
        looking[0].result()
    assert seen
    assert all(a == b for a, b in seen)


def test_only_one_fit_at_a_time():
    model, x = twins("reference"), np.ones((4, 1), "float32")
    running, go_on = threading.Event(), threading.Event()

    def wait(batch, logs):
        running.set()
        assert go_on.wait(60)

    callback = nn.callbacks.LambdaCallback(on_train_batch_end=wait)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(model.fit, x, x, epochs=1, verbose=0, callbacks=[callback])
        assert running.wait(60)
        try:
            with pytest.raises(nn.errors.StateError, match="is being trained by another thread"):
                model.fit(x, x, verbose=0)
        finally:
            go_on.set()
        first.result()
    model.fit(x, x, verbose=0)  # now it may


def test_who_waits_for_a_turn_comes_before_who_just_had_one():
    turns, order, waiting = Turns(), [], threading.Event()

    def other():
        waiting.set()
        with turns:
            order.append("other")

    thread = threading.Thread(target=other)
    with turns, turns:  # a thread may take it again
        thread.start()
        assert waiting.wait(60)
        while not turns._door.locked():
            pass
        with turns.last():  # also while another waits
            order.append("mine")
    with turns.last():
        order.append("mine again")
    thread.join()
    assert order == ["mine", "other", "mine again"]


def test_a_value_assigned_while_a_step_runs_is_kept():
    pytest.importorskip("llvmlite")
    model, x = twins("native"), np.ones((4, 1), "float32")
    model.fit(x, x, verbose=0)
    weight = model.weights[0]
    kept = model.training_step()._kept
    session = next(iter(model.training_step().programs.values())).session
    with kept.lent([session], 1):
        weight.assign([[7.0]])  # what a thread may do that does not take turns
    assert weight.numpy() == 7.0
    model.fit(x, 14 * x, verbose=0)
    assert abs(weight.item() - 7) < 0.1


def test_two_threads_build_a_layer_once():
    started, built = threading.Barrier(8), []

    class Slow(nn.layers.Layer):
        def build(self, shape):
            built.append(threading.get_ident())
            self.w = self.add_weight((2,), name="w")

        def call(self, x):
            return x * self.w

    layer = Slow()

    def call(_):
        started.wait(60)
        return layer(np.ones((1, 2), "float32")).shape

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(call, range(8))) == {(1, 2)}
    assert len(built) == len(layer.weights) == 1


def test_what_is_made_once_is_the_same_for_all_threads():
    started, made = threading.Barrier(8), []

    @once
    def make(name):
        made.append(name)
        threading.Event().wait(0.01)
        return object()

    def get(_):
        started.wait(60)
        return make("code")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(get, range(8)))) == 1
    assert made == ["code"]


class Building(nn.layers.Layer):
    """A layer whose parameters take as long to make as somebody wants."""

    def build(self, shape):
        self.begun.set()
        self.ended.wait()

    def call(self, x):
        return x


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("at_work", ["step", "build"])
def test_the_child_of_a_fork_waits_for_no_thread_of_its_parent(at_work):
    pytest.importorskip("llvmlite")
    model, x = twins("native"), np.ones((64, 1), "float32")
    model.fit(x, x, verbose=0)  # from now on the step has the weights
    begun, ended = threading.Event(), threading.Event()

    def step():
        with model.training_step()._kept.lent([], 1):
            begun.set()
            ended.wait()

    def build():
        layer = Building()
        layer.begun, layer.ended = begun, ended
        layer(x)

    def child():
        model.predict(x, verbose=0)
        twins("native").fit(x, x, verbose=0)

    worker = threading.Thread(target={"step": step, "build": build}[at_work])
    worker.start()
    begun.wait()
    process = multiprocessing.get_context("fork").Process(target=child)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks with threads
        process.start()
    process.join(20)
    process.kill()
    ended.set()
    worker.join()
    assert process.exitcode == 0
