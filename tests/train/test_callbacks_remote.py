"""Callbacks that show averages, and that send the logs to a server."""

import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

import neurona as nn
from neurona.callbacks import LambdaCallback, ModelCheckpoint, RemoteMonitor, SwapEMAWeights
from neurona.errors import ArgumentError, StateError
from neurona.optimizers import SGD

# Scripts for Keras name their files so; they are told what the files are
pytestmark = pytest.mark.filterwarnings("ignore:Keras cannot make the model in")

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")


def network(**around):
    nn.utils.set_random_seed(0)
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1)])
    model.compile(SGD(0.2, **around), "mse")
    return model


@pytest.fixture
def server():
    """A server that keeps what it is sent: its address, and the requests."""
    requests = []

    class Keeping(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            requests.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    listening = HTTPServer(("127.0.0.1", 0), Keeping)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}", requests
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_the_logs_of_each_epoch_are_sent(server):
    address, requests = server
    monitor = RemoteMonitor(address, send_as_json=True, headers={"X-Run": "7"})
    history = network().fit(X, X[:, :1], epochs=2, verbose=0, callbacks=[monitor])
    assert [path for path, _, _ in requests] == ["/publish/epoch/end/"] * 2
    _, headers, body = requests[1]
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Run"] == "7"
    assert json.loads(body) == {"epoch": 1, "loss": history.history["loss"][1]}


def test_they_may_be_a_field_of_a_form(server):
    address, requests = server
    monitor = RemoteMonitor(address, path="/here", field="numbers")
    network().fit(X, X[:, :1], epochs=1, verbose=0, callbacks=[monitor])
    path, headers, body = requests[0]
    assert path == "/here"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert json.loads(urllib.parse.parse_qs(body)["numbers"][0])["epoch"] == 0


def test_a_server_that_is_not_there_is_a_warning():
    monitor = RemoteMonitor("http://127.0.0.1:9", send_as_json=True)
    with pytest.warns(UserWarning, match=r"RemoteMonitor: http://127.0.0.1:9 cannot be reached"):
        network().fit(X, X[:, :1], epochs=1, verbose=0, callbacks=[monitor])
    with pytest.raises(ArgumentError, match=r"sends to a server on the web. Got 'file:///etc"):
        RemoteMonitor("file:///etc/passwd")


def test_validation_sees_the_averages_and_training_does_not():
    average = {"use_ema": True, "ema_momentum": 0.5}
    plain, swapped = network(**average), network(**average)
    seen = []
    look = LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(swapped.get_weights()[0]))
    given = {"validation_data": (X, X[:, :1]), "epochs": 3, "shuffle": False, "verbose": 0}
    first = plain.fit(X, X[:, :1], **given).history
    second = swapped.fit(X, X[:, :1], **given, callbacks=[SwapEMAWeights(), look]).history
    assert first["loss"] == second["loss"]  # the training is the same
    assert first["val_loss"][1:] != second["val_loss"][1:]
    np.testing.assert_allclose(  # what fit ends with is what the last validation saw
        swapped.evaluate(X, X[:, :1], verbose=0), second["val_loss"][-1], rtol=1e-6
    )
    for a, b in zip(plain.get_weights(), swapped.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_callbacks_behind_it_may_keep_the_averages(tmp_path):
    average = {"use_ema": True, "ema_momentum": 0.5}
    model, plain = network(**average), network(**average)
    keep = ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True)
    given = {"epochs": 3, "shuffle": False, "verbose": 0}
    first = model.fit(X, X[:, :1], **given, callbacks=[SwapEMAWeights(swap_on_epoch=True), keep])
    assert first.history == plain.fit(X, X[:, :1], **given).history
    last = network()
    last.load_weights(tmp_path / "3.weights.h5")
    for a, b in zip(last.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    before = model.get_weights()
    model.predict(X, verbose=0, callbacks=[SwapEMAWeights()])
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_a_resumed_run_takes_the_averages_out_again(tmp_path):
    def run(epochs, folder, stop=None):
        model = network(use_ema=True, ema_momentum=0.5)
        callbacks = [SwapEMAWeights(swap_on_epoch=True), nn.callbacks.BackupAndRestore(folder)]
        if stop is not None:
            callbacks.append(LambdaCallback(on_epoch_begin=stop))
        model.fit(X, X[:, :1], epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks)
        return model

    def fail(epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt

    whole = run(4, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(4, tmp_path / "cut", fail)
    again = run(4, tmp_path / "cut")
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_there_must_be_averages():
    with pytest.raises(StateError, match=r"SGD keeps no averages\."):
        network().evaluate(X, X[:, :1], verbose=0, callbacks=[SwapEMAWeights()])
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1)])
    with pytest.raises(StateError, match=r"SwapEMAWeights: the model is not compiled"):
        model.predict(X, verbose=0, callbacks=[SwapEMAWeights()])
