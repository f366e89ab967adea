"""What test_together.py runs in a process of its own: many threads at once, compared with one.

python together.py fit ROUNDS | predict CALLS | beside EPOCHS | pools | fork | daemon
"""

import asyncio
import multiprocessing
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np

import neurona as nn

THREADS = 4


def data(seed, rows=64):
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 6)).astype("float32")
    return x, random.integers(0, 3, rows).astype("int32")


def model(units=8):
    layers = nn.layers
    made = nn.Sequential(
        [
            nn.Input((6,)),
            layers.Dense(units, "relu"),
            layers.Dropout(0.3),
            layers.Dense(3, "softmax"),
        ]
    )
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def trained(seed, epochs=2, started=None):
    """All bytes that a fit leaves, with its own seed, dropout and shuffling."""
    nn.utils.set_random_seed(seed)
    x, y = data(seed)
    made = model(8 + seed)
    if started is not None:
        started.wait(60)
    history = made.fit(x, y, batch_size=16, epochs=epochs, verbose=0).history
    arrays = [*made.get_weights(), made.predict(x[:7], verbose=0)]
    return b"".join(a.tobytes() for a in arrays), history


def together(fn, count=THREADS):
    """Call fn(number, barrier) in so many threads at the same time; return the results."""
    started = threading.Barrier(count)
    with ThreadPoolExecutor(count) as pool:
        return [f.result() for f in [pool.submit(fn, k, started) for k in range(count)]]


def fit(rounds):
    """Threads train models of their own; the first time nothing is compiled, or in the cache."""
    found = [together(lambda k, b: trained(k, started=b)) for _ in range(rounds)]
    alone = [trained(k) for k in range(THREADS)]
    assert all(row == alone for row in found)


def predict(calls):
    """Threads predict with one model, numbers of rows that nobody asked for before."""
    x, _ = data(0, 300)
    one = model()

    def run(k, started):
        random = np.random.default_rng(k)
        started.wait(60)
        sizes = random.integers(1, 6 if calls < 100 else 120, calls)
        return [(n, one.predict(x[:n], verbose=0)) for n in sizes]

    found = together(run, 16)
    alone = {n: one.predict(x[:n], verbose=0) for row in found for n, _ in row}
    wrong = [n for row in found for n, y in row if y.tobytes() != alone[n].tobytes()]
    assert not wrong, f"{len(wrong)} predictions differ"


def beside(epochs):
    """A fit goes its way while others trace, differentiate, predict, save and look at it."""
    x, y = data(1, 256)

    def run(others):
        nn.utils.set_random_seed(3)
        one = model(16)
        threads = others(one)
        for thread in threads:
            thread.start()
        history = one.fit(x, y, epochs=epochs, verbose=0).history
        ended.set()
        for thread in threads:
            thread.join()
        return [w.tobytes() for w in one.get_weights()], history

    ended, failures, folder = threading.Event(), [], Path(tempfile.mkdtemp())

    def others(one):
        accuracy, w = nn.metrics.Accuracy(), nn.Parameter([1.0])

        def load():
            file = folder / "one.safetensors"
            one.save(file)
            again = nn.models.load_model(file)
            assert again.predict(x[:3], verbose=0).shape == (3, 3)

        def assign():
            w.assign(w + 1.0)
            w.assign_sub([1.0])

        tasks = [
            lambda: one.predict(x[: np.random.default_rng().integers(1, 200)], verbose=0),
            lambda: one.evaluate(x, y, verbose=0),
            one.get_weights,
            load,
            lambda: nn.jit(lambda a: (a * 2).sum())(np.ones(3, "float32")),
            lambda: nn.grad(lambda a: (one(a) ** 2).sum())(x[:4]),
            lambda: model(5).predict(x[:3], verbose=0),
            lambda: accuracy([1, 0], [1, 1]),
            assign,
        ]

        def repeat(task):
            try:
                while not ended.is_set():
                    task()
            except BaseException as error:
                failures.append(error)
                raise

        return [threading.Thread(target=repeat, args=(task,)) for task in tasks]

    found = run(others)
    assert not failures, failures
    assert found == run(lambda one: [])


def slope(k):
    """A gradient, eager and jitted."""
    square = nn.value_and_grad(lambda x: (x * x * k).sum())
    x = np.arange(5, dtype="float32")
    both = square(x)[1], nn.jit(square)(x)[1]
    return [g.tolist() for g in both] == [(2 * k * x).tolist()] * 2


def pools():
    """Pools of threads, asyncio's threads and new processes give what one thread does."""
    alone = [trained(k) for k in range(3)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(trained, range(3))) == alone
        assert all(pool.map(slope, range(40)))

    async def tasks():
        return await asyncio.gather(*[asyncio.to_thread(trained, k) for k in range(3)])

    assert asyncio.run(tasks()) == alone
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as processes:
        assert list(processes.map(trained, range(3))) == alone


def fork():
    """The children of a process that has trained, with threads, train and predict as it does."""
    nn.config.set_threads(2)
    alone = together(lambda k, b: trained(k, started=b))
    one, (x, _) = model(), data(0)
    expected = one.predict(x, verbose=0)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as processes:
        assert list(processes.map(trained, range(THREADS))) == alone

    def child():
        assert (one.predict(x, verbose=0) == expected).all()

    process = context.Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode == 0


def daemon():
    """The interpreter ends while daemon threads train."""
    for k in range(2):
        threading.Thread(target=trained, args=(k, 10**6), daemon=True).start()
    time.sleep(1.5)


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    globals()[what](*map(int, numbers))
