"""The child of a fork: what it must make anew, it has anew."""

import gc
import os
import threading
import weakref

import pytest

from neurona.core.fork import Lock, Renewed

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


class Counted(Renewed):
    renewed = -1

    def begin_anew(self):
        self.renewed += 1


def in_child(check):
    """Return what a check says in the child of a fork."""
    child = os.fork()
    if child == 0:
        os._exit(0 if check() else 1)
    return os.waitpid(child, 0)[1] == 0


def test_a_lock_that_another_thread_holds_is_free():
    lock, held, go_on = Lock(), threading.Event(), threading.Event()

    def hold():
        with lock.now:
            held.set()
            assert go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    try:
        assert not lock.now.acquire(blocking=False)
        assert in_child(lambda: lock.now.acquire(blocking=False))
    finally:
        go_on.set()
        thread.join()


def test_a_block_that_forks_ends_in_the_child_too():
    lock = Lock()
    with lock.now:
        child = os.fork()
    if child == 0:
        os._exit(0 if lock.now.acquire(blocking=False) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_each_thing_is_renewed_once_in_the_child_alone():
    thing = Counted()
    assert in_child(lambda: thing.renewed == 1)
    assert thing.renewed == 0


def test_what_is_renewed_is_not_kept():
    thing = Counted()
    kept = weakref.ref(thing)
    del thing
    gc.collect()
    assert kept() is None
