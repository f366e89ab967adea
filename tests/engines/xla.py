"""A throw-away engine on XLA: the ops' own forward rules with `xp = jax.numpy`, and a State."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from neurona.engines.program import Program
from neurona.engines.session import Epochs

jax.config.update("jax_enable_x64", True)  # seeds and indices are int64


def compile(graph):
    """Compile for one call after the other: `compile` of an engine."""
    return Program(graph, _on_numpy(graph), "xla")


def compile_with_sessions(graph):
    """Compile, and let the state stay on the device."""
    return XlaProgram(graph, _on_numpy(graph), "xla")


def evaluated(graph, arrays):
    results = graph.evaluate(jnp, arrays)
    specs = [graph.specs[v] for v in graph.outputs]
    return [jnp.asarray(y, s.dtype) for y, s in zip(results, specs, strict=True)]


def _on_numpy(graph):
    fast = jax.jit(functools.partial(evaluated, graph))
    return lambda arrays: [np.asarray(y) for y in fast(arrays)]


class XlaProgram(Program):
    """A Program that keeps state."""

    def session(self, specs, changed, state=None):
        return Session(self.graph, state or State(len(specs)), changed)


class State:
    """Arrays on the device."""

    def __init__(self, count):
        self.values = [None] * count

    def load(self, k, value):
        self.values[k] = jnp.array(value)

    def read(self, k):
        return np.array(self.values[k])

    def run(self, position, pieces, data, rows=None, epochs=None, outputs=()):
        repeat, (seed, place), found = epochs or Epochs(), position, []
        data = [jnp.asarray(a) for a in data]
        order = jnp.arange(len(data[0])) if rows is None else jnp.asarray(rows)
        for e in range(repeat.number):
            for k, value in repeat.resets.items():
                self.load(k, value)
            for session, first, steps in pieces:
                calls = range(steps) if outputs else [0]
                for i in calls:
                    start = first + e * repeat.stride + i * session.size
                    self.values, results = session.many(
                        self.values, (seed, place), start, 1 if outputs else steps, order, data
                    )
                    place += 1 if outputs else steps
                    for whole, part in zip(outputs, results, strict=bool(outputs)):
                        whole[start : start + session.size] = part
            place += repeat.skip
            found.append([np.asarray(y) for y in results])
        return [np.stack(column) for column in zip(*found, strict=True)]


class Session:
    """A Program that works on a State: many steps are one loop on the device."""

    def __init__(self, graph, state, changed):
        self.graph, self.state, self.changed = graph, state, changed
        self.results = [graph.specs[v] for v in graph.outputs[len(changed) :]]
        batch = [graph.specs[v].shape for v in graph.inputs[1 + len(state.values) :]]
        self.size = batch[0][0] if batch and batch[0] else 1
        self.many, self.once = jax.jit(self._many), jax.jit(self._after)

    def step(self, position, batch):
        self.state.values, results = self.once(self.state.values, position, batch)
        return [np.asarray(y) for y in results]

    def _after(self, values, position, batch):
        made = evaluated(self.graph, [jnp.stack(position).astype("int64"), *values, *batch])
        after = dict(enumerate(values)) | dict(zip(self.changed, made, strict=False))
        return list(after.values()), made[len(self.changed) :]

    def _many(self, values, position, first, steps, order, data):
        seed, place = position

        def step(i, carry):
            some = jax.lax.dynamic_slice_in_dim(order, first + i * self.size, self.size)
            return self._after(carry[0], (seed, place + i), [a[some] for a in data])

        nothing = [jnp.zeros(s.shape, s.dtype) for s in self.results]
        return jax.lax.fori_loop(0, steps, step, (values, nothing))
