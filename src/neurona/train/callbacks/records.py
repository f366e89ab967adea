"""Callbacks that write the logs to files: CSVLogger, TensorBoard."""

from __future__ import annotations

import csv
import io
import os
import socket
import time
from pathlib import Path
from typing import Any, ClassVar

from neurona.core import origin
from neurona.errors import ArgumentError, FormatError, check_integer
from neurona.train import events
from neurona.train.callbacks.callback import Callback, Logs
from neurona.train.callbacks.monitor import current_rate
from neurona.train.tensor_file import as_path


class CSVLogger(Callback):
    """Write the logs of each epoch as a row of a CSV file.

    The columns are `epoch`, then the keys of the first epoch's logs in alphabetic order; "NA" is
    where an epoch has no such number. Rows are there as soon as the epoch is over.

    Args:
        filename: the file; folders are made.
        separator: between the columns.
        append: go on at the end of an existing file, rather than start it anew.
    """

    of_the_run: ClassVar = {"_file": type(None)}

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self.path = as_path(filename)
        if not isinstance(separator, str) or len(separator) != 1:
            raise ArgumentError("separator must be a single character.", got=repr(separator))
        self.separator, self.append = separator, bool(append)
        self.columns: list[str] | None = None
        self._file: Any = None
        self._end = 0  # where the next row goes; what stands behind is of a run that was killed

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.on_exit()
        self.columns = None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        self._file = open(self.path, "r+b")  # noqa: SIM115 - closed in on_exit
        self._end = self.path.stat().st_size if self.append else 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        text = io.StringIO()
        rows = csv.writer(text, delimiter=self.separator)
        if self.columns is None:
            self.columns = sorted(logs)
            if not any(name.startswith("val_") for name in self.columns):
                # A validation may come in a later epoch: as in Keras, it has its columns anyway.
                self.columns += [f"val_{name}" for name in self.columns]
            if self._end == 0:
                rows.writerow(["epoch", *self.columns])
        rows.writerow([epoch, *(_cell(logs.get(name, "NA")) for name in self.columns)])
        data = text.getvalue().encode()
        self._file.seek(self._end)
        self._file.truncate()
        self._file.write(data)
        self._file.flush()
        self._end += len(data)

    def on_exit(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def get_state(self) -> dict[str, Any]:
        if self._file is not None:
            os.fsync(self._file.fileno())
        return {"columns": self.columns, "end": self._end}

    def set_state(self, state: dict[str, Any]) -> None:
        size = self.path.stat().st_size
        if size < state["end"]:
            origin.warn(
                f"CSVLogger: {self.path} has lost rows since the backup was made: it has {size} "
                f"bytes, not {state['end']}.",
            )
        self.columns = state["columns"] if size else None
        self._end = min(size, state["end"])


def _cell(value: Any) -> Any:
    return f'"[{", ".join(map(str, value))}]"' if isinstance(value, list) else value


class TensorBoard(Callback):
    """Write event files that TensorBoard shows: `tensorboard --logdir logs`.

    There are `train` and `validation` in the folder, with the tags that Keras gives: `epoch_loss`,
    `batch_loss`, `evaluation_loss_vs_iterations`, `dense/kernel/histogram`. TensorFlow is not
    needed.

    Args:
        log_dir: the folder.
        histogram_freq: every how many epochs to write histograms of the weights; 0 for never.
        write_graph: write the graph of the training step.
        write_images: not available.
        write_steps_per_second: write how fast the training is.
        update_freq: "epoch", or every how many batches to write the logs too ("batch" for 1).
        profile_batch, embeddings_freq, embeddings_metadata: not available.
    """

    of_the_run: ClassVar = {"_writers": dict}

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        absent = {
            "write_images": write_images,
            "profile_batch": profile_batch,
            "embeddings_freq": embeddings_freq,
            "embeddings_metadata": embeddings_metadata,
        }
        for name, value in absent.items():
            if value:
                raise ArgumentError(f"TensorBoard: {name} is not available.", got=repr(value))
        self.log_dir = Path(log_dir)
        self.histogram_freq = check_integer("histogram_freq", histogram_freq, minimum=0)
        self.write_graph, self.write_steps_per_second = write_graph, write_steps_per_second
        update_freq = 1 if update_freq == "batch" else update_freq
        if update_freq != "epoch":
            if isinstance(update_freq, str):
                raise ArgumentError(
                    'update_freq must be "epoch", "batch" or a number of batches.',
                    got=repr(update_freq),
                )
            update_freq = check_integer("update_freq", update_freq, minimum=1)
        self.update_freq = update_freq
        self._writers: dict[str, events.EventWriter] = {}
        self._batches = 0
        self._graph_due = False
        self._started = (0.0, 0)

    def _writer(self, part: str) -> events.EventWriter:
        if part not in self._writers:
            name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}.{os.getpid()}.v2"
            self._writers[part] = events.EventWriter(self.log_dir / part / name)
        return self._writers[part]

    def _scalars(self, part: str, step: int, numbers: Logs) -> None:
        values = [events.scalar(tag, v) for tag, v in numbers.items() if isinstance(v, float | int)]
        if values:
            self._writer(part).add(step, values)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.on_exit()
        self._batches = 0
        self._graph_due = self.write_graph

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._started = (time.perf_counter(), self._iterations())

    @property
    def each_batch(self) -> bool:
        """Whether it writes between epochs."""
        return self.update_freq != "epoch"

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self._graph_due:
            self._writer("train").add_graph(events.graph(graph_nodes(self.model)))
            self._graph_due = False
        if self.update_freq != "epoch" and self._batches % self.update_freq == 0:
            numbers = {f"batch_{k}": v for k, v in (logs or {}).items()}
            if self.write_steps_per_second:
                numbers["batch_steps_per_second"] = self._speed()
            self._scalars("train", self._batches, numbers)

    def on_test_end(self, logs: Logs | None = None) -> None:
        numbers = {f"evaluation_{k}_vs_iterations": v for k, v in (logs or {}).items()}
        self._scalars("validation", self._iterations(), numbers)
        self._writer("validation").flush()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        train = {f"epoch_{k}": v for k, v in logs.items() if not k.startswith("val_")}
        train["epoch_learning_rate"] = current_rate(self.model)
        if self.write_steps_per_second:
            train["epoch_steps_per_second"] = self._speed()
        self._scalars("train", epoch, train)
        held = {f"epoch_{k[4:]}": v for k, v in logs.items() if k.startswith("val_")}
        self._scalars("validation", epoch, held)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            weights = self.model.weights
            values = [events.histogram(f"{p.path}/histogram", p.numpy()) for p in weights]
            self._writer("train").add(epoch, values)
        for writer in self._writers.values():
            writer.flush()

    def _iterations(self) -> int:
        optimizer = self.model.optimizer
        return 0 if optimizer is None else int(optimizer.iterations.numpy())

    def _speed(self) -> float:
        since, iterations = self._started
        return (self._iterations() - iterations) / max(time.perf_counter() - since, 1e-9)

    def on_exit(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def get_state(self) -> dict[str, Any]:
        sizes = {part: [w.path.name, w.flush(sync=True)] for part, w in self._writers.items()}
        return {"batches": self._batches, "files": sizes, "graph_due": self._graph_due}

    def set_state(self, state: dict[str, Any]) -> None:
        for part, (name, size) in state["files"].items():
            if not (_is_name(part) and _is_name(name) and "tfevents" in name and size >= 0):
                raise FormatError(
                    "TensorBoard: the backup names a file that is not one of events.",
                    got=f"{part}/{name}"[:80],
                )
        self._batches, self._graph_due = state["batches"], state["graph_due"]
        for writer in self._writers.values():  # begun by this process, not needed after all
            writer.close()
            if writer.path.name not in [name for name, _ in state["files"].values()]:
                writer.path.unlink()
        self._writers = {}
        for part, (name, size) in state["files"].items():
            path = self.log_dir / part / name
            if path.exists():
                self._writers[part] = events.EventWriter(path, size)


def _is_name(text: Any) -> bool:
    """Say whether a text is the name of a file, and no way into other folders."""
    return isinstance(text, str) and text not in ("", ".", "..") and not set(text) & set("/\\:\0")


def graph_nodes(model: Any) -> list[tuple[str, str, list[str]]]:
    """Return (name, op, names of inputs) of all operations of the compiled training step."""
    step = model.training_step()
    graph = list(step.programs.values())[-1].program.graph
    names: dict[int, str] = {}
    nodes: list[tuple[str, str, list[str]]] = []

    def add(value: int, name: str, op: str, inputs: list[str]) -> None:
        names[value] = name
        nodes.append((name, op, inputs))

    given = ["random_state", *(p.path for p in step.parameters)]
    for number, value in enumerate(graph.inputs):
        name = given[number] if number < len(given) else f"batch/{number - len(given)}"
        add(value, f"inputs/{name}", "Placeholder", [])
    for value in graph.constants:
        add(value, f"constants/{value}", "Const", [])
    for node in graph.nodes:
        inputs = [names[v] for v in node.inputs]
        add(node.outputs[0], f"{node.op.name}_{node.outputs[0]}", node.op.name, inputs)
        names.update(dict.fromkeys(node.outputs, names[node.outputs[0]]))
    return nodes
