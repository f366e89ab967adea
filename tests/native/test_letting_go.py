"""Programs that are no more used give back their machine code and memory."""

import gc
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona.engines.native.llvm.assemble import Code
from neurona.nn import jit
from neurona.train import step

KEPT = 4


@pytest.fixture
def codes(monkeypatch):
    """References to all machine code that is made, which do not keep it."""
    made = []
    load = Code.__init__

    def note(self, *args):
        load(self, *args)
        made.append(weakref.ref(self))

    monkeypatch.setattr(Code, "__init__", note)
    monkeypatch.setattr(step, "KEPT", KEPT)
    monkeypatch.setattr(jit, "KEPT", KEPT)
    return made


def alive(codes):
    gc.collect()
    return sum(code() is not None for code in codes)


def mapped():
    """How many bytes of machine code without a file the process has."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    ranges = [line.split()[0].split("-") for line in lines if " r-xp " in line and "/" not in line]
    return sum(int(end, 16) - int(start, 16) for start, end in ranges)


def sequences():
    model = nn.Sequential(
        [nn.Input((None, 2)), nn.layers.GlobalAveragePooling1D(), nn.layers.Dense(1)]
    )
    model.compile("sgd", "mse", engine="native")
    return model


def training():
    model = sequences()
    return lambda x: model.train_on_batch(x, np.ones((len(x), 1), "float32"))


def evaluation():
    model = sequences()
    return lambda x: model.evaluate(x, np.ones((len(x), 1), "float32"), verbose=0)


def prediction():
    model = sequences()
    return lambda x: model.predict(x, verbose=0)


def function():
    return nn.jit(lambda x: nn.ops.tanh(x).sum(), engine="native")


def gradient():
    return nn.grad(nn.jit(lambda x: nn.ops.tanh(x).sum(), engine="native"))


@pytest.mark.parametrize(
    "make",
    [
        gradient,
        *(
            pytest.param(f, marks=pytest.mark.slow)
            for f in (training, evaluation, prediction, function)
        ),
    ],
)
def test_many_sequence_lengths_keep_the_programs_of_the_last(codes, make):
    run = make()
    counts, sizes = [], []
    for length in range(1, 6 * KEPT + 1):
        run(np.ones((2, length, 2), "float32"))
        if length % (2 * KEPT) == 0:
            counts.append(alive(codes))
            if sys.platform == "linux":
                sizes.append(mapped())
    assert len(codes) >= 6 * KEPT
    assert counts[0] == counts[1] == counts[2] <= 3 * KEPT
    assert not sizes or max(sizes[1:]) <= sizes[0] + (1 << 20)
    del run
    assert alive(codes) <= 3  # those that all programs share, and the last result's


def test_models_and_functions_that_are_gone_keep_nothing(codes):
    x = np.ones((2, 3, 2), "float32")
    for make in (training, function):
        make()(x)
        make()(x)
    first = alive(codes)
    for make in (training, evaluation, prediction, function, gradient):
        for _ in range(3):
            make()(x)
    assert alive(codes) <= first
