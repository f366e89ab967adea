"""An engine that keeps state, in the plainest way: the reference engine, and a dict of arrays."""

import contextlib
import sys
from types import SimpleNamespace

import numpy as np

from neurona import config
from neurona.engines import reference
from neurona.engines.program import Program
from neurona.engines.session import Epochs


class State:
    """Values by their numbers, and steps one after the other in Python."""

    def __init__(self):
        self.values, self.calls = {}, []

    def load(self, k, value):
        self.values[k] = value.copy()

    def read(self, k):
        return self.values[k].copy()

    def run(self, position, pieces, data, rows=None, epochs=None, outputs=()):
        self.calls.append("run")
        repeat, (seed, place), found = epochs or Epochs(), position, []
        for e in range(repeat.number):
            for k, value in repeat.resets.items():
                self.load(k, value)
            for session, first, steps in pieces:
                for step in range(steps):
                    start = first + e * repeat.stride + step * session.size
                    some = slice(start, start + session.size)
                    batch = [a[some if rows is None else rows[some]] for a in data]
                    results = session.after((seed, place), batch)
                    place += 1
                    for whole, part in zip(outputs, results, strict=bool(outputs)):
                        whole[some] = part
            place += repeat.skip
            found.append(results)
        return [np.stack(column) for column in zip(*found, strict=True)]


class Session:
    """A Program and the State that it works on."""

    def __init__(self, program, state, count, changed):
        self.program, self.state, self.count, self.changed = program, state, count, changed
        graph = program.graph
        self.results = [graph.specs[v] for v in graph.outputs[len(changed) :]]
        batch = [graph.specs[v].shape for v in graph.inputs[1 + count :]]
        self.size = batch[0][0] if batch and batch[0] else 1

    def step(self, position, batch):
        self.state.calls.append("step")
        return self.after(position, batch)

    def after(self, position, batch):
        values = [self.state.values[k] for k in range(self.count)]
        made = self.program(np.array(position, np.int64), *values, *batch)
        for k, value in zip(self.changed, made, strict=False):
            self.state.load(k, value)
        return [np.array(y) for y in made[len(self.changed) :]]


class KeepingProgram(Program):
    """A Program of the reference engine that keeps state."""

    def session(self, specs, changed, state=None):
        return Session(self, state or State(), len(specs), changed)


def compile(graph):
    return KeepingProgram(graph, reference.compile(graph).run, "keeping")


@contextlib.contextmanager
def engine(name, compile):
    """Let there be an engine of this name, the one that is used by default."""
    before, known, module = config.engine(), config.ENGINES, f"neurona.engines.{name}"
    sys.modules[module] = SimpleNamespace(compile=compile)  # type: ignore[assignment]
    config.ENGINES = (*known, name)
    config.set_engine(name)
    try:
        yield
    finally:
        config.set_engine(before)
        config.ENGINES = known
        del sys.modules[module]
