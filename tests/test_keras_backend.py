"""Keras's backend functions, as courses write them: `K.mean`, `K.function`, `K.gradients`."""

import numpy as np
import pytest

import neurona as nn
import neurona.keras.backend as K
from neurona.errors import ArgumentError, RefusedError, ShapeError, StateError

X = np.float32([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])


def close(found, expected):
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)


def test_the_module_is_found_under_all_its_names():
    import neurona.keras.backend.tensorflow_backend as old

    import neurona.backend as one

    assert one.mean is K.mean is nn.backend.mean is nn.keras.backend.mean is old.mean
    assert one.backend() == "neurona"
    assert K.floatx() == "float32"
    assert K.image_data_format() == "channels_last"
    for name in K.__all__:
        assert getattr(K, name).__doc__, name


def test_values():
    v = K.variable(X, name="v")
    assert isinstance(v, nn.Parameter)
    K.set_value(v, X * 2.0)
    close(K.get_value(v), X * 2.0)
    close(K.update(v, X), X)
    close(K.update_add(v, X), X * 2.0)
    close(K.update_sub(v, X), X)
    close(K.moving_average_update(v, X * 3.0, 0.5), X * 2.0)
    K.batch_set_value([(v, X)])
    close(K.batch_get_value([v, v])[1], X)
    assert K.get_value(K.constant(3.0)) == 3.0
    assert isinstance(K.get_value(K.constant(3.0)), np.float32)
    close(K.constant(2.0, shape=(2, 2)), np.full((2, 2), 2.0))
    assert K.dtype(K.constant(2, dtype="int32")) == "int32"
    close(K.zeros((2,)), [0.0, 0.0])
    close(K.ones((2,), "float64"), [1.0, 1.0])
    close(K.zeros_like(X), X * 0)
    assert K.dtype(K.ones_like(X, "float64")) == "float64"
    close(K.eye(2), np.eye(2))
    assert K.arange(3).tolist() == [0, 1, 2]
    assert K.arange(1, 6, 2, "float32").tolist() == [1.0, 3.0, 5.0]
    optimizer = nn.optimizers.Adam(0.1)
    K.set_value(optimizer.learning_rate, 0.01)
    assert np.isclose(K.get_value(optimizer.learning_rate), 0.01)


def test_what_a_tensor_looks_like():
    assert K.shape(X) == K.int_shape(X) == (2, 3)
    assert K.int_shape(nn.Input((3,))) == (None, 3)
    assert (K.ndim(X), K.dtype(X), K.count_params(X)) == (2, "float32", 6)
    assert K.is_tensor(K.constant(1.0))
    assert not K.is_tensor(X)
    assert not K.is_sparse(K.to_dense(X))
    assert K.is_keras_tensor(K.placeholder((None, 3)))
    assert K.int_shape(K.placeholder(ndim=2)) == (None, None)
    assert K.is_float_dtype("float64")
    assert K.is_int_dtype("uint8")
    assert K.result_type("int32", "float32") == "float32"
    K.clear_session()
    assert (K.get_uid("a"), K.get_uid("a"), K.get_uid("b")) == (1, 2, 1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: K.mean(X, axis=-1), X.mean(-1)),
        (lambda: K.sum(K.square(X), axis=0, keepdims=True), (X**2).sum(0, keepdims=True)),
        (lambda: K.exp(X / 3), np.exp(X / 3)),
        (lambda: K.clip(X, -1.0, None), np.maximum(X, -1.0)),
        (lambda: K.clip(X, None, 2), np.minimum(X, 2.0)),
        (lambda: K.pow(X, 2), X**2),
        (lambda: K.dot(X, X.T), X @ X.T),
        (lambda: K.flatten(X), X.ravel()),
        (lambda: K.batch_flatten(X[:, :, None]), X),
        (lambda: K.expand_dims(X), X[..., None]),
        (lambda: K.transpose(X), X.T),
        (lambda: K.permute_dimensions(X, (1, 0)), X.T),
        (lambda: K.reverse(X, 1), X[:, ::-1]),
        (lambda: K.reverse(X, [0, 1]), X[::-1, ::-1]),
        (lambda: K.repeat(X, 2), np.stack([X, X], 1)),
        (lambda: K.repeat_elements(X, 2, 1), np.repeat(X, 2, 1)),
        (lambda: K.tile(X, [2, 1]), np.tile(X, (2, 1))),
        (lambda: K.tile(X[0], 2), np.tile(X[0], 2)),
        (lambda: K.gather(X, [1, 0, 1]), X[[1, 0, 1]]),
        (lambda: K.argmax(X), [2, 1]),
        (lambda: K.argmin(X), [1, 2]),
        (lambda: K.cumsum(X), X.cumsum(0)),
        (lambda: K.concatenate([X, X]), np.concatenate([X, X], -1)),
        (lambda: K.relu(X, alpha=0.5), np.where(X > 0, X, 0.5 * X)),
        (lambda: K.elu(X, 2.0), np.where(X > 0, X, 2 * (np.exp(X) - 1))),
        (lambda: K.hard_sigmoid(X), np.clip(0.2 * X + 0.5, 0, 1)),
        (lambda: K.l2_normalize(X, axis=1), X / np.linalg.norm(X, axis=1, keepdims=True)),
        (lambda: K.logsumexp(X, axis=1), np.log(np.exp(X).sum(1))),
        (lambda: K.batch_dot(X, X, axes=1), (X * X).sum(1, keepdims=True)),
        (lambda: K.batch_dot(X[:, None], X[:, :, None]), (X * X).sum(1).reshape(2, 1, 1)),
        (lambda: K.bias_add(X, X[0]), X + X[0]),
        (lambda: K.bias_add(X[:, :, None], [1.0, 2, 3], "channels_first")[..., 0], X + [1, 2, 3]),
        (lambda: K.cast(X, "int32"), X.astype(int)),
        (lambda: K.in_top_k(X, [2, 0], 1), [True, False]),
        (lambda: K.one_hot([0, 2], 3), np.eye(3)[[0, 2]]),
        (lambda: K.binary_crossentropy(np.float32([1.0]), np.float32([0.5])), [np.log(2)]),
        (lambda: K.switch(X > 0, X, 0 * X), np.maximum(X, 0)),
        (lambda: K.switch(np.array([True, False]), X, lambda: -X), [X[0], -X[1]]),
        (lambda: K.switch(True, lambda: K.constant(1.0), 2.0), 1.0),
        (lambda: K.map_fn(lambda row: K.sum(row), X), X.sum(1)),
        (lambda: K.foldl(lambda a, x: a + x, X), X.sum(0)),
        (lambda: K.foldr(lambda a, x: a - x, X), X[1] - X[0]),
        (lambda: K.foldl(lambda a, x: a + x, X, X[0] * 0), X.sum(0)),
        (lambda: K.temporal_padding(X[:, :, None], (1, 2)).shape, (2, 6, 1)),
        (lambda: K.spatial_2d_padding(X[None, :, :, None]).shape, (1, 4, 5, 1)),
        (lambda: K.spatial_3d_padding(X[None, None, :, :, None]).shape, (1, 3, 4, 5, 1)),
        (lambda: K.resize_images(X[None, :, :, None], 2, 3)[0, :, :, 0],
         np.repeat(np.repeat(X, 2, 0), 3, 1)),
        (lambda: K.resize_volumes(X[None, None, :, :, None], 2, 1, 2).shape, (1, 2, 2, 6, 1)),
        (lambda: K.pool2d(X[None, :, :, None], (2, 3), pool_mode="avg")[0, 0, 0], [X.mean()]),
        (lambda: K.pool3d(X[None, None, :, :, None], (1, 2, 3), (1, 1, 1)), np.full((1,) * 5, 5.0)),
        (lambda: K.conv1d(X[:, :, None], np.ones((2, 1, 1), "f4"), padding="causal")[..., 0],
         X + np.pad(X, ((0, 0), (1, 0)))[:, :-1]),
        (lambda: K.conv2d(X[None, :, :, None], np.ones((2, 3, 1, 1), "f4"))[0, 0, 0], [X.sum()]),
        (lambda: K.conv3d(X[None, None, :, :, None], np.ones((1, 2, 3, 1, 1), "f4")),
         np.full((1,) * 5, X.sum())),
        (lambda: K.conv2d_transpose(X[None, :, :, None], np.ones((1, 1, 1, 1), "f4"), (1, 2, 3, 1))
         [0, :, :, 0], X),
        (lambda: K.depthwise_conv2d(X[None, :, :, None], np.ones((1,) * 4, "f4"))[0, :, :, 0], X),
        (lambda: K.separable_conv2d(X[None, :, :, None], np.ones((1, 1, 1, 1), "f4"),
                                    2 * np.ones((1, 1, 1, 1), "f4"))[0, :, :, 0], 2 * X),
        (lambda: K.batch_normalization(X, *np.float32([[1.0] * 3, [4.0] * 3, [0.5] * 3, [2.0] * 3]),
                                       epsilon=0.0), (X - 1.0) + 0.5),
    ],
)  # fmt: skip
def test_old_names_of_operations(found, expected):
    close(found(), expected)


def test_casts_to_the_float_type():
    assert K.cast_to_floatx(np.float64([1.5])).dtype == np.float32
    assert K.dtype(K.cast_to_floatx(K.constant([1, 2], "int32"))) == "float32"


def test_random_numbers():
    assert K.random_normal((2, 3), seed=1).shape == (2, 3)
    assert K.random_uniform(shape=K.shape(X)).shape == (2, 3)
    assert K.truncated_normal((2,), 5.0, 0.1).numpy().min() > 4.0
    assert set(K.random_bernoulli((50,), 0.5).tolist()) == {0.0, 1.0}
    assert K.random_binomial((2,), 1.0).tolist() == [1.0, 1.0]
    assert set(K.dropout(np.ones(50, "f4"), 0.5).tolist()) == {0.0, 2.0}
    with pytest.raises(ArgumentError, match=r"need a known shape(.|\n)*Lambda"):
        K.random_normal(K.shape(nn.Input((2,))))


def test_sampling_in_a_variational_autoencoder():
    inputs = nn.Input((3,))
    mean, log_var = nn.layers.Dense(2)(inputs), nn.layers.Dense(2)(inputs)

    def sampling(args):
        z_mean, z_log_var = args
        batch, dim = K.shape(z_mean)[0], K.int_shape(z_mean)[1]
        return z_mean + K.exp(0.5 * z_log_var) * K.random_normal(shape=(batch, dim))

    z = nn.layers.Lambda(sampling, output_shape=(2,))([mean, log_var])
    kl = -0.5 * K.sum(1 + log_var - K.square(mean) - K.exp(log_var), axis=-1)
    model = nn.Model(inputs, [z, kl])
    found, penalty = model(np.zeros((4, 3)))
    assert (found.shape, penalty.shape) == ((4, 2), (4,))


def test_a_function_of_inner_layers():
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(4, "tanh"), nn.layers.Dense(2)])
    f = K.function([model.input], [model.layers[0].output, model.output])
    hidden, y = f([X])
    close(y, model(X))
    close(hidden, model.layers[0](X))
    alone = K.function(model.input, model.output)
    close(alone(X), y)
    with pytest.raises(ArgumentError, match=r"another number of arrays. Got 2; expected 1"):
        f([X, 0])
    with pytest.raises(RefusedError, match="makes no updates"):
        K.function([model.input], [model.output], updates=[1])


def test_gradients_of_a_loss_of_an_inner_layer():
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(4, "tanh"), nn.layers.Dense(1)])
    loss = K.mean(K.square(model.output))
    grads = K.gradients(loss, [model.input, model.layers[0].output])
    f = K.function([model.input], [*grads, loss])
    to_x, to_hidden, value = f([X])
    assert (to_x.shape, to_hidden.shape) == ((2, 3), (2, 4))
    close(to_x, nn.grad(lambda x: nn.ops.mean(model(x) ** 2))(nn.tensor(X)))
    close(value, np.mean(np.asarray(model(X)) ** 2))
    other = nn.Input((3,))
    both = K.sum(model.output) * K.sum(other)
    to_first = K.function([model.input, other], K.gradients(both, model.input))
    assert to_first([X, X])[0].shape == (2, 3)
    with pytest.raises(StateError, match="not made from what its gradient is of"):
        K.gradients(loss, other)
    with pytest.raises(RefusedError, match=r"takes symbolic tensors(.|\n)*nn.grad"):
        K.gradients(K.constant(1.0), K.variable(1.0))


def test_phases():
    class Twice(nn.layers.Layer):
        def call(self, x):
            return K.in_train_phase(lambda: 2.0 * x, x)

    layer = Twice()
    close(layer(X, training=True), 2 * X)
    close(layer(X), X)
    close(K.in_test_phase(X, 0 * X, training=0), X)
    close(K.in_train_phase(X, 0 * X, training=K.constant(True, "bool")), X)


def test_printing(capsys):
    close(K.print_tensor(K.constant([1.0]), "x is"), [1.0])
    assert capsys.readouterr().out == "x is [1.]\n"


def test_ctc():
    p = np.full((1, 4, 3), 0.1, "float32")
    p[0, [0, 1, 2, 3], [0, 2, 1, 2]] = 0.8
    cost = K.ctc_batch_cost(np.array([[0, 1]]), p, np.array([[4]]), np.array([[2]]))
    assert cost.shape == (1, 1)
    assert 0.0 < cost.item() < 1.0
    (labels,), scores = K.ctc_decode(p, np.array([4]))
    assert labels.numpy()[0][:2].tolist() == [0, 1]
    assert scores.shape == (1, 1)


@pytest.mark.parametrize(
    "name", ["learning_phase", "set_learning_phase", "rnn", "get_session", "local_conv1d"]
)
def test_what_is_refused_says_what_to_do(name):
    with pytest.raises(RefusedError, match=rf"neurona has no {name}(.|\n)*try: "):
        getattr(K, name)()


def test_errors():
    with pytest.raises(ArgumentError, match="the bias has other axes"):
        K.bias_add(X, X[None])
    with pytest.raises(ShapeError, match="more axes than what it chooses from"):
        K.switch(X > 0, X[0], X[0])
    with pytest.raises(ArgumentError, match="unknown pool_mode"):
        K.pool2d(X[None, :, :, None], 2, pool_mode="sum")
    with pytest.raises(ArgumentError, match="unknown data_format"):
        K.pool2d(X[None, :, :, None], 2, data_format="channels_middle")
