"""Keras's utils, as scripts use them."""

import logging

import numpy as np
import pytest

import neurona as nn
from neurona import config, utils
from neurona.errors import ArgumentError, DataError, RefusedError, StateError


def test_progbar_averages_and_says_where_it_is(capsys):
    bar = utils.Progbar(4, stateful_metrics=["rate"])
    bar.update(1, values=[("loss", 4.0), ("rate", 0.5)])
    bar.add(1, values=[("loss", nn.tensor(2.0)), ("rate", 0.25)])
    assert bar.values == {"loss": 3.0, "rate": 0.25}
    assert capsys.readouterr().out == ""
    bar.add(2, values=[("loss", 0.0)])
    line = capsys.readouterr().out
    assert line.startswith("4/4 - 0:0")
    assert "loss: 1.5000 - rate: 0.2500" in line
    unknown = utils.Progbar(None, verbose=2, stateless_metrics=["loss"])
    unknown.update(3, [("loss", 1.0), ("n", 3)])
    unknown.update(6, [("loss", 3.0), ("n", 5)], finalize=True)
    assert "6/6" in capsys.readouterr().out
    silent = utils.Progbar(1, verbose=0)
    silent.update(1)
    assert capsys.readouterr().out == ""
    with pytest.raises(ArgumentError, match="stateful_metrics or stateless_metrics"):
        utils.Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])
    with pytest.raises(ArgumentError, match="unknown verbose"):
        utils.Progbar(1, verbose=3)


def test_a_progbar_draws_in_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("neurona.train.progbar.can_draw", lambda: True)
    bar = utils.Progbar(3, interval=0.0)
    for _ in range(3):
        bar.add(1, [("loss", 0.5)])
    out = capsys.readouterr().out
    assert "3/3" in out
    assert "0.5000" in out


def test_normalize():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert utils.normalize(x).tolist() == [[0.6, 0.8], [0.0, 0.0]]
    assert utils.normalize([[1, 3]], order=1).tolist() == [[0.25, 0.75]]
    assert utils.normalize(x, axis=0).tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert utils.normalize(np.float32([3.0, 4.0])).dtype == np.float32


def test_split_dataset():
    x, y = np.arange(10), np.arange(10) * 2
    left, right = utils.split_dataset((x, y), left_size=0.7)
    assert (left[0].tolist(), right[1].tolist()) == (list(range(7)), [14, 16, 18])
    left, right = utils.split_dataset({"x": x}, left_size=2, right_size=3, shuffle=True, seed=1)
    assert (len(left["x"]), len(right["x"])) == (2, 3)
    assert not set(left["x"]) & set(right["x"])
    again = utils.split_dataset({"x": x}, left_size=2, right_size=3, shuffle=True, seed=1)
    assert again[0]["x"].tolist() == left["x"].tolist()
    left, right = utils.split_dataset(x, right_size=4)
    assert (len(left), len(right)) == (6, 4)
    left, right = utils.split_dataset([x, y], left_size=5)
    assert isinstance(left, list)
    pairs = list(zip(x, y, strict=True))
    assert utils.split_dataset(pairs, left_size=0.5)[1][1].tolist() == [10, 12, 14, 16, 18]
    assert utils.split_dataset(iter(range(4)), left_size=3)[0].tolist() == [0, 1, 2]
    named = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert utils.split_dataset(named, left_size=1)[1]["a"].tolist() == [3]
    with pytest.raises(ArgumentError, match="needs left_size, right_size"):
        utils.split_dataset(x)
    with pytest.raises(ArgumentError, match="more than there is"):
        utils.split_dataset(x, left_size=8, right_size=8)
    with pytest.raises(DataError, match="one row a sample"):
        utils.split_dataset((x, y[:3]), left_size=1)


def test_batches_are_packed_and_unpacked():
    x, y, w = np.ones(2), np.zeros(2), np.ones(2)
    assert utils.pack_x_y_sample_weight(x) is x
    assert utils.pack_x_y_sample_weight([x, x]) == ([x, x],)
    assert utils.pack_x_y_sample_weight(x, y) == (x, y)
    assert utils.unpack_x_y_sample_weight(utils.pack_x_y_sample_weight(x, y, w)) == (x, y, w)
    assert utils.unpack_x_y_sample_weight([x, y]) == (x, y, None)
    assert utils.unpack_x_y_sample_weight(x)[1:] == (None, None)


def test_symbolic_tensors_and_where_they_come_from():
    a, b, c = nn.Input((2,), name="a"), nn.Input((2,)), nn.Input((2,))
    y = nn.layers.Add()([nn.layers.Dense(2)(a), b]) + 1.0
    assert utils.is_keras_tensor(y)
    assert not utils.is_keras_tensor(np.ones(2))
    assert {id(x) for x in utils.get_source_inputs(y)} == {id(a), id(b)}
    assert utils.get_source_inputs(c) == [c]
    with pytest.raises(ArgumentError, match="takes a symbolic tensor"):
        utils.get_source_inputs(3)


def test_names_begin_anew():
    utils.clear_session()
    assert nn.layers.Dense(1).name == "dense"
    assert nn.layers.Dense(1).name == "dense_1"
    utils.clear_session()
    assert nn.layers.Dense(1).name == "dense"


def test_types_have_names():
    assert utils.standardize_dtype("float32") == "float32"
    assert utils.standardize_dtype(np.int64) == "int64"
    assert utils.standardize_dtype(nn.tensor([1.0]).dtype) == "float32"
    assert utils.standardize_dtype(float) == "float32"
    with pytest.raises(ArgumentError, match="unknown dtype"):
        utils.standardize_dtype("float31")


def test_reports_go_to_logging(caplog, capsys):
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    utils.disable_interactive_logging()
    try:
        assert not utils.is_interactive_logging_enabled()
        with caplog.at_level(logging.INFO, "neurona"):
            model.fit(x, y, epochs=1)
        assert "Epoch 1/1" in caplog.text
        assert capsys.readouterr().out == ""
    finally:
        utils.enable_interactive_logging()
    model.fit(x, y, epochs=1)
    assert "Epoch 1/1" in capsys.readouterr().out


def test_a_config_is_values_by_name():
    settings = utils.Config(units=3, rate=0.1)
    settings.depth = 2
    settings["width"] = 4
    settings.update({"units": 5})
    del settings.rate
    assert (settings.units, settings["depth"], "rate" in settings, len(settings)) == (
        5,
        2,
        False,
        3,
    )
    assert list(settings) == list(settings.keys()) == ["units", "depth", "width"]
    assert settings.as_dict() == dict(settings.items())
    assert settings.get("nothing", 7) == 7
    assert "depth" in settings.to_json()
    assert "units" in repr(settings)
    settings.freeze()
    for change in (
        lambda: setattr(settings, "units", 1), lambda: settings.update({"a": 1}),
        lambda: settings.__delitem__("units"),
    ):  # fmt: skip
        with pytest.raises(StateError, match="frozen cannot be changed"):
            change()
    settings.unfreeze()
    settings.units = 1
    with pytest.raises(AttributeError, match="no 'unit'"):
        _ = settings.unit
    with pytest.raises(ArgumentError, match="did you mean 'units'"):
        _ = settings["unit"]


def test_settings_that_only_keras_has():
    assert config.backend() == "neurona"
    config.set_backend("neurona")
    with pytest.raises(ArgumentError, match="it has no backends"):
        config.set_backend("jax")
    try:
        config.set_epsilon(1e-5)
        assert config.epsilon() == 1e-5
    finally:
        config.set_epsilon(1e-7)
    with pytest.raises(ArgumentError, match="epsilon is out of range"):
        config.set_epsilon(0)
    try:
        config.disable_traceback_filtering()
        assert not config.is_traceback_filtering_enabled()
    finally:
        config.enable_traceback_filtering()
    assert config.is_traceback_filtering_enabled()
    config.enable_flash_attention()
    assert config.is_flash_attention_enabled()
    assert not config.is_nnx_enabled()
    with pytest.raises(ArgumentError, match="always goes through tiles"):
        config.disable_flash_attention()
    with pytest.raises(RefusedError, match=r"no file makes code run here(.|\n)*custom_objects"):
        config.enable_unsafe_deserialization()


def test_fit_makes_no_more_epochs_and_steps_than_the_limits_say():
    x, y = np.ones((32, 2), "float32"), np.ones((32, 1), "float32")
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    try:
        config.set_max_epochs(2)
        config.set_max_steps_per_epoch(3)
        assert (config.max_epochs(), config.max_steps_per_epoch()) == (2, 3)
        history = model.fit(x, y, epochs=5, batch_size=4, verbose=0)
        assert len(history.epoch) == 2
        assert int(model.optimizer.iterations) == 6
        assert model.predict(x, batch_size=4, verbose=0).shape == (12, 1)
        model.fit(x, y, batch_size=16, verbose=0)  # fewer than the limit
        assert int(model.optimizer.iterations) == 8
    finally:
        config.set_max_epochs(None)
        config.set_max_steps_per_epoch(None)
    with pytest.raises(ArgumentError, match="max_epochs is too small"):
        config.set_max_epochs(0)
