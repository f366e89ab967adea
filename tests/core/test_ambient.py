"""What is ambient belongs to a thread: another thread sees nothing of it."""

import gc
import threading
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import neurona as nn
from neurona.core import random
from neurona.core.ambient import ambient, within
from neurona.core.budget import Budget, limited
from neurona.core.graph import trace, tracing
from neurona.core.shapes import Spec
from neurona.nn.context import (
    added_losses,
    automatic_name,
    collect_losses,
    in_training,
    is_training,
)
from neurona.nn.description import sharing
from neurona.nn.parameter import Parameter, rehearsal


def in_thread(fn):
    """What a function returns in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(fn).result()


def test_a_scope_is_put_back_also_after_an_error():
    def fail():
        assert (is_training(), tracing()) == (True, 3)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), within(training=True, traces=([], [], [])):
        fail()
    assert (is_training(), tracing()) == (False, 0)


def test_every_thread_begins_with_nothing_open():
    fresh = in_thread(lambda: dict(vars(ambient)))
    assert fresh == {"names": {}}
    with in_training(True), collect_losses(), limited(Budget(3, 0, 0)), rehearsal(), sharing():
        assert in_thread(lambda: dict(vars(ambient))) == fresh
        assert in_thread(lambda: (is_training(), added_losses())) == (False, [])


def test_what_a_thread_does_while_another_traces():
    """Assign, differentiate, draw, build, call, trace: as if the other were not there."""
    inside, done = threading.Event(), threading.Event()

    def traced(x):
        inside.set()
        assert done.wait(30)
        return x * 2

    tracer = threading.Thread(target=lambda: trace(traced, [Spec((2,), np.dtype("float32"))]))
    tracer.start()
    assert inside.wait(30)
    try:
        p = Parameter([1.0])
        p.assign([2.0])
        assert p.numpy() == [2.0]
        assert nn.grad(lambda x: (x * x).sum())([3.0]).tolist() == [6.0]
        assert nn.random.uniform((2,), seed=1).numpy().shape == (2,)
        assert nn.layers.Dense(2)(np.ones((1, 3))).numpy().shape == (1, 2)
        assert nn.jit(lambda x: x + 1, engine="reference")(np.float32([1])).tolist() == [2.0]
        accuracy = nn.metrics.Accuracy()
        assert accuracy([1, 0], [1, 1]).item() == 0.5
    finally:
        done.set()
        tracer.join()


def test_automatic_names_count_by_thread():
    with within(names=Counter()):  # whatever other tests have named
        automatic_name("Odd")
        assert automatic_name("Odd") == "odd_1"
        assert in_thread(lambda: automatic_name("Odd")) == "odd"


def test_a_seed_that_a_thread_sets_is_its_own():
    nn.random.set_seed(5)
    alone = [nn.random.uniform((3,)).tolist() for _ in range(4)]
    nn.random.set_seed(1)
    both = threading.Barrier(2)

    def draw():
        nn.random.set_seed(5)
        found = []
        for _ in range(4):
            both.wait(30)
            found.append(nn.random.uniform((3,)).tolist())
        return found

    with ThreadPoolExecutor(2) as pool:
        assert [f.result() for f in [pool.submit(draw), pool.submit(draw)]] == [alone, alone]
    assert random.get_position() == (1, 0)


def test_threads_without_a_seed_draw_from_the_process_seed_at_places_of_their_own():
    nn.random.set_seed(8)
    here = nn.random.uniform((3,)).tolist()
    with ThreadPoolExecutor(1) as pool:
        place = pool.submit(random.get_position)
        assert place.result() == (8, random.APART)
        first = pool.submit(lambda: nn.random.uniform((3,)).tolist()).result()
        other = in_thread(lambda: nn.random.uniform((3,)).tolist())
        assert here != first != other != here
        nn.random.set_seed(8)  # from which all threads without a seed begin anew
        assert pool.submit(lambda: nn.random.uniform((3,)).tolist()).result() == first
        assert nn.random.uniform((3,)).tolist() == here


def test_a_thread_that_ends_leaves_nothing():
    stream = in_thread(lambda: (nn.random.uniform((1,)), weakref.ref(ambient.stream))[1])
    gc.collect()
    assert stream() is None
