"""CSVLogger and TensorBoard: what stands in their files, to the byte."""

import csv
import struct

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError
from neurona.train import events

# --- CSVLogger --------------------------------------------------------------------------------


def log_rows(logger, rows, start=0):
    logger.on_train_begin()
    for epoch, logs in enumerate(rows, start):
        logger.on_epoch_end(epoch, logs)
    logger.on_exit()


def test_csv_is_written_as_keras_does(tmp_path):
    path = tmp_path / "runs" / "log.csv"
    log_rows(nn.callbacks.CSVLogger(path), [{"loss": 0.5, "val_loss": 1.5}, {"loss": 0.25}])
    assert path.read_bytes() == b"epoch,loss,val_loss\r\n0,0.5,1.5\r\n1,0.25,NA\r\n"


def test_csv_has_columns_for_a_validation_that_comes_later(tmp_path):
    path = tmp_path / "log.csv"
    log_rows(nn.callbacks.CSVLogger(path, ";"), [{"b": 1, "a": 2}, {"a": 3, "b": 4, "val_a": 5}])
    assert path.read_text().splitlines() == [
        "epoch;a;b;val_a;val_b", "0;2;1;NA;NA", "1;3;4;5;NA",
    ]  # fmt: skip


def test_csv_writes_arrays_in_one_cell(tmp_path):
    path = tmp_path / "log.csv"
    log_rows(nn.callbacks.CSVLogger(path), [{"f1": [0.5, 1.0], "val_f1": [1, 2]}])
    with open(path, newline="") as file:
        assert list(csv.reader(file))[1] == ["0", '"[0.5, 1.0]"', '"[1, 2]"']


def test_csv_starts_anew_or_appends(tmp_path):
    path = tmp_path / "log.csv"
    log_rows(nn.callbacks.CSVLogger(path), [{"loss": 1, "val_loss": 1}] * 3)
    log_rows(nn.callbacks.CSVLogger(path), [{"loss": 2, "val_loss": 2}])
    assert path.read_text().splitlines() == ["epoch,loss,val_loss", "0,2,2"]
    log_rows(nn.callbacks.CSVLogger(path, append=True), [{"loss": 3, "val_loss": 3}], start=1)
    assert path.read_text().splitlines() == ["epoch,loss,val_loss", "0,2,2", "1,3,3"]
    fresh = tmp_path / "fresh.csv"
    log_rows(nn.callbacks.CSVLogger(fresh, append=True), [{"loss": 3, "val_loss": 3}])
    assert fresh.read_text().splitlines() == ["epoch,loss,val_loss", "0,3,3"]


def test_csv_rows_are_there_at_once(tmp_path):
    logger = nn.callbacks.CSVLogger(tmp_path / "log.csv")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1, "val_loss": 1})
    assert logger.path.read_text().splitlines()[-1] == "0,1,1"
    logger.on_exit()


@pytest.mark.parametrize("append", [True, False])
def test_csv_goes_on_from_its_state_without_double_rows(tmp_path, append):
    path = tmp_path / "log.csv"
    path.write_text("kept\n" if append else "")
    first = nn.callbacks.CSVLogger(path, append=append)
    first.on_train_begin()
    first.on_epoch_end(0, {"loss": 1, "val_loss": 1})
    state = first.get_state()
    first.on_epoch_end(1, {"loss": 2, "val_loss": 2})  # and then it was killed
    before = path.read_text().splitlines()
    second = nn.callbacks.CSVLogger(path, append=append)
    second.on_train_begin()
    second.set_state(state)
    second.on_epoch_end(1, {"loss": 2, "val_loss": 2})
    second.on_exit()
    first.on_exit()
    assert path.read_text().splitlines() == before


def test_csv_says_when_its_file_has_lost_rows(tmp_path):
    path = tmp_path / "log.csv"
    logger = nn.callbacks.CSVLogger(path)
    log_rows(logger, [{"loss": 1, "val_loss": 1}])
    state = {"columns": logger.columns, "end": path.stat().st_size}
    path.unlink()
    logger.on_train_begin()
    with pytest.warns(UserWarning, match=r"has lost rows since the backup was made: it has 0"):
        logger.set_state(state)
    logger.on_epoch_end(1, {"loss": 2, "val_loss": 2})
    logger.on_exit()
    assert path.read_text().splitlines() == ["epoch,loss,val_loss", "1,2,2"]


def test_csv_arguments():
    with pytest.raises(ArgumentError, match=r"separator must be a single character\. Got '--'"):
        nn.callbacks.CSVLogger("x", "--")


# --- event files ------------------------------------------------------------------------------


def test_crc32c_of_the_standard():
    assert events.crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    assert events.crc32c(b"\xff" * 32) == 0x62A8AB43
    assert events.crc32c(bytes(range(32))) == 0x46DD794E


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "00"), (127, "7f"), (128, "8001"), (2**64 - 1, "ff" * 9 + "01")]
)
def test_varint(number, expected):
    assert events.varint(number).hex() == expected


def test_negative_integers_have_64_bits():
    assert events.integer(2, -1).hex() == "10" + "ff" * 9 + "01"


# Written by TensorBoard 2.21's RecordWriter from its own protocol buffers at time 0.5: loss 0.5
# at step 3, a histogram of [0, 1, 1, 2] at step 4, and a graph of y = tanh(x).
GOLDEN = (
    "1800000000000000a37f4b2209000000000000e03f1a0d627261696e2e4576656e743a3266f7e1a81a000000"
    "00000000129bd82d09000000000000e03f10032a0d0a0b0a046c6f7373150000003f38939ab36c0000000000"
    "0000f5dab0d709000000000000e03f10042a5f0a5d0a01772a58110000000000000040190000000000001040"
    "21000000000000104029000000000000184032180000000000000000000000000000f03f0000000000000040"
    "3a180000000000000000000000000000f03f00000000000008402b17e04c2b00000000000000861bc34b0900"
    "0000000000e03f22200a100a0178120b506c616365686f6c6465720a0c0a0179120474616e681a017882b05e"
    "8e"
)


def write_sample(path):
    writer = events.EventWriter(path, clock=lambda: 0.5)
    writer.add(3, [events.scalar("loss", 0.5)])
    writer.add(4, [events.histogram("w", [0.0, 1.0, 1.0, 2.0], bins=2)])
    writer.add_graph(events.graph([("x", "Placeholder", []), ("y", "tanh", ["x"])]))
    size = writer.flush(sync=True)
    writer.close()
    assert path.stat().st_size == size
    return path.read_bytes()


def test_an_event_file_to_the_byte(tmp_path):
    assert write_sample(tmp_path / "runs" / "events.out.tfevents.1").hex() == GOLDEN


def records(data):
    """Take TFRecords apart, checking both checksums."""
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert data[8:12] == events._masked(data[:8])
        body, data = data[12 : 12 + length], data[12 + length :]
        assert data[:4] == events._masked(body)
        data = data[4:]
        yield body


def fields(message):
    """Take a protocol buffer apart: field number -> list of raw values."""
    found, place = {}, 0

    def varint():
        nonlocal place
        number = shift = 0
        while True:
            byte = message[place]
            place += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 128:
                return number

    while place < len(message):
        key = varint()
        if key & 7 == 0:
            value = varint()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or varint()
            value, place = message[place : place + size], place + size
        found.setdefault(key >> 3, []).append(value)
    return found


def scalars(folder):
    """Return (tag, step) -> number for the event files of a folder."""
    found = {}
    for path in sorted(folder.iterdir()):
        for body in records(path.read_bytes()):
            event = fields(body)
            for summary in event.get(5, []):
                for value in fields(summary).get(1, []):
                    parts = fields(value)
                    tag, step = parts[1][0].decode(), event.get(2, [0])[0]
                    assert (tag, step) not in found, "written twice"
                    found[tag, step] = struct.unpack("<f", parts[2][0])[0] if 2 in parts else None
    return found


def test_an_event_file_goes_on_where_it_was_cut(tmp_path):
    path = tmp_path / "tfevents"
    writer = events.EventWriter(path)
    writer.add(0, [events.scalar("a", 1)])
    size = writer.flush()
    writer.add(1, [events.scalar("a", 2)])
    writer.close()
    writer = events.EventWriter(path, size)
    writer.add(1, [events.scalar("a", 3)])
    writer.close()
    assert scalars(tmp_path) == {("a", 0): 1.0, ("a", 1): 3.0}


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0], [np.nan, np.inf, 1.0, -3.0]])
def test_histograms_of_odd_values(values):
    histogram = fields(fields(events.histogram("w", values))[5][0])
    finite = [v for v in values if np.isfinite(v)]

    def number(message, field):
        return struct.unpack("<d", message[field][0])[0] if field in message else 0.0

    limits, counts = (np.frombuffer(histogram[n][0], "<f8") for n in (6, 7))
    assert len(limits) == len(counts)
    assert counts.sum() == len(finite) == number(histogram, 3)
    assert number(histogram, 4) == sum(finite)


def test_numbers_too_large_for_a_float32():
    assert fields(events.scalar("a", 1e300))[2][0] == struct.pack("<f", np.inf)


# --- TensorBoard ------------------------------------------------------------------------------


def train(folder, extra=(), epochs=2, **arguments):
    nn.random.set_seed(0)
    x = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
    model = nn.Sequential([nn.layers.Dense(1, name="only")])
    model.compile(nn.optimizers.SGD(0.125), "mse")
    board = nn.callbacks.TensorBoard(folder, **arguments)
    model.fit(
        x, x[:, :1], 4, epochs, validation_data=(x, x[:, :1]), verbose=0,
        callbacks=[board, *extra],
    )  # fmt: skip
    return model


def test_tensorboard_writes_keras_tags(tmp_path):
    model = train(tmp_path, histogram_freq=1)
    found = scalars(tmp_path / "train")
    assert {tag for tag, _ in found} == {
        "epoch_loss", "epoch_learning_rate", "only/kernel/histogram", "only/bias/histogram",
    }  # fmt: skip
    history = model.history.history
    assert found["epoch_loss", 1] == np.float32(history["loss"][1])
    assert found["epoch_learning_rate", 0] == 0.125
    held = scalars(tmp_path / "validation")
    assert held["epoch_loss", 1] == np.float32(history["val_loss"][1])
    assert held["evaluation_loss_vs_iterations", 6] == np.float32(history["val_loss"][1])


def test_tensorboard_writes_every_so_many_batches(tmp_path):
    train(tmp_path / "b", update_freq="batch", write_graph=False, write_steps_per_second=True)
    found = scalars(tmp_path / "b" / "train")
    assert [step for tag, step in found if tag == "batch_loss"] == [1, 2, 3, 4, 5, 6]
    assert found["batch_steps_per_second", 2] > 0
    assert found["epoch_steps_per_second", 1] > 0
    train(tmp_path / "c", update_freq=4)
    assert [s for tag, s in scalars(tmp_path / "c" / "train") if tag == "batch_loss"] == [4]


def test_tensorboard_writes_the_graph_of_the_step(tmp_path):
    train(tmp_path)
    (path,) = (tmp_path / "train").iterdir()
    (graph,) = [fields(b)[4][0] for b in records(path.read_bytes()) if 4 in fields(b)]
    nodes = {
        fields(n)[1][0].decode(): [i.decode() for i in fields(n).get(3, [])]
        for n in fields(graph)[1]
    }
    assert {"inputs/only/kernel", "inputs/random_state", "inputs/batch/0"} <= set(nodes)
    assert all(name in nodes for inputs in nodes.values() for name in inputs)
    assert any("inputs/only/kernel" in inputs for inputs in nodes.values())


def test_tensorboard_goes_on_after_a_crash_without_double_steps(tmp_path):
    class Crash(BaseException):
        pass

    class CrashAt(nn.callbacks.Callback):
        order = 9

        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations.item() == 5:
                raise Crash

    def run(folder, *extra):
        saver = nn.callbacks.BackupAndRestore(tmp_path / f"backup {folder}", save_freq=2)
        train(tmp_path / folder, [saver, *extra], epochs=3, update_freq=1, histogram_freq=1)
        return [scalars(tmp_path / folder / part) for part in ("train", "validation")]

    expected = run("whole")
    with pytest.raises(Crash):
        run("cut", CrashAt())
    assert run("cut") == expected
    assert [len(list((tmp_path / "cut" / p).iterdir())) for p in ("train", "validation")] == [1, 1]


def test_tensorboard_in_evaluate(tmp_path):
    model = train(tmp_path / "fit")
    board = nn.callbacks.TensorBoard(tmp_path / "evaluate")
    model.evaluate(np.ones((4, 3)), np.ones((4, 1)), verbose=0, callbacks=[board])
    assert set(scalars(tmp_path / "evaluate" / "validation")) == {
        ("evaluation_loss_vs_iterations", 6)
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"write_images": True}, "TensorBoard: write_images is not available. Got True"),
        ({"profile_batch": 2}, "TensorBoard: profile_batch is not available. Got 2"),
        ({"update_freq": "step"}, 'update_freq must be "epoch", "batch" or a number'),
        ({"update_freq": 0}, "update_freq is too small"),
        ({"histogram_freq": -1}, "histogram_freq is too small"),
    ],
)
def test_tensorboard_arguments(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        nn.callbacks.TensorBoard(**arguments)


@pytest.mark.parametrize("name", ["", "."])
def test_a_log_has_a_name(name):
    with pytest.raises(ArgumentError, match="a file has a name"):
        nn.callbacks.CSVLogger(name)
