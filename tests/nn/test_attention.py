"""Attention layers: numbers by hand, masks, dropout, what is equal to what, messages."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, IndexRangeError, ShapeError, StateError
from neurona.nn.masking import mask_of


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


X, Z = numbers(2, 3, 4), numbers(2, 5, 6, seed=1)
REAL = np.array([[True, True, False, True, False], [True, False, True, True, True]])
PAIRS = np.random.default_rng(2).random((2, 3, 5)) < 0.7


def close(a, b):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=2e-5, atol=2e-6)


def test_multi_head_attention_by_hand():
    layer = layers.MultiHeadAttention(1, 2)
    layer(np.float32([[[1, 0]]]), np.float32([[[1, 0]]]))
    identity, none = np.eye(2, dtype="float32"), np.zeros((1, 2), "float32")
    layer.set_weights(
        [identity.reshape(2, 1, 2), none] * 3 + [identity.reshape(1, 2, 2), np.float32([10, 20])]
    )
    query, value = np.float32([[[np.sqrt(2) * np.log(3), 0]]]), np.float32([[[1, 4], [0, 8]]])
    y, weights = layer(query, value, return_attention_scores=True)
    close(weights, [[[[0.75, 0.25]]]])  # e^(ln 3) : e^0
    close(y, [[[10 + 0.75, 20 + 0.75 * 4 + 0.25 * 8]]])


def test_weights_have_the_order_and_names_of_keras():
    layer = layers.MultiHeadAttention(2, 3, value_dim=5, use_gate=True)
    layer(X, Z)
    names = ["query", "key", "gate", "value", "attention_output"]
    shapes = [(4, 2, 3), (2, 3), (6, 2, 3), (2, 3), (4, 2, 5), (2, 5), (6, 2, 5), (2, 5)]
    assert [p.shape for p in layer.weights] == [*shapes, (2, 5, 4), (4,)]
    made = [f"{layer.name}_{name}/{part}" for name in names for part in ("kernel", "bias")]
    assert [p.path for p in layer.weights] == made
    assert layer.count_params() == sum(int(np.prod(p.shape)) for p in layer.weights)


def test_kernels_of_heads_begin_as_those_of_one_product():
    nn.utils.set_random_seed(1)
    layer = layers.MultiHeadAttention(8, 16)
    layer(numbers(1, 2, 128), numbers(1, 2, 128))
    for p in (layer.query_dense.kernel, layer.output_dense.kernel):
        limit = np.sqrt(6 / (128 + 128))
        assert 0.95 * limit < np.abs(p.numpy()).max() <= limit
    normal = layers.EinsumDense("ab,bcd->acd", (4, 5), kernel_initializer=nn.initializers.Ones())
    assert (normal(numbers(2, 3)).shape, normal.kernel.numpy().min()) == ((2, 4, 5), 1.0)


def test_masks_are_and_ed():
    layer = layers.MultiHeadAttention(2, 3)
    both = PAIRS & REAL[:, None]
    y = layer(X, Z, value_mask=REAL, attention_mask=PAIRS)
    close(y, layer(X, Z, attention_mask=both))
    close(y, layer(X, Z, key_mask=REAL, attention_mask=PAIRS))
    close(y, layer(query=X, value=Z, attention_mask=both.astype("int32")))
    close(y, layer(X, Z, attention_mask=np.stack([both] * 2, axis=1)))
    causal = layer(X, Z, attention_mask=both, use_causal_mask=True)
    close(causal, layer(X, Z, attention_mask=both & np.tri(3, 5, dtype=bool)))
    near = layers.MultiHeadAttention(2, 3, sliding_window=2)
    near(X, Z)
    near.set_weights(layer.get_weights())
    band = np.abs(np.arange(3)[:, None] - np.arange(5)) < 2
    close(near(X, Z), layer(X, Z, attention_mask=band))


def test_a_masked_step_has_no_influence():
    layer = layers.MultiHeadAttention(2, 3)
    other = np.where(REAL[..., None], Z, 100.0).astype("float32")
    close(layer(X, other, value_mask=REAL), layer(X, Z, value_mask=REAL))


def test_a_query_that_sees_nothing_gets_the_bias_alone():
    layer = layers.MultiHeadAttention(2, 3, bias_initializer="ones")
    query_mask = np.array([[True, False, True], [True] * 3])
    y, weights = layer(X, Z, query_mask=query_mask, return_attention_scores=True)
    assert not weights.numpy()[0, :, 1].any()
    close(y[0, 1], np.ones(4))
    hidden = layer(X, Z, value_mask=np.zeros((2, 5), bool))
    close(hidden, np.ones((2, 3, 4)))


def test_gradients_of_hidden_steps_are_zero_on_both_engines():
    layer = layers.MultiHeadAttention(2, 3)
    layer(X, Z)
    mask = REAL & np.array([[False], [True]])

    def loss(z):
        return (layer(X, z, value_mask=mask) ** 2).sum()

    for engine in ("reference", "native"):
        g = nn.jit(nn.grad(loss), engine=engine)(Z).numpy()
        assert np.isfinite(g).all()
        assert not g[~mask].any()
        assert g[1, 0].any()


@pytest.mark.parametrize("make", [
    lambda p: layers.MultiHeadAttention(2, 3, dropout=p, seed=7),
    lambda p: layers.GroupQueryAttention(3, 4, 2, dropout=p, seed=7),
])  # fmt: skip
def test_dropout_acts_in_training_on_the_weights(make):
    layer = make(0.5)
    layer(X, Z)
    inference = layer(X, Z)
    plain = make(0.0)
    plain(X, Z)
    plain.set_weights(layer.get_weights())
    close(inference, plain(X, Z, training=True))
    nn.utils.set_random_seed(1)
    y, weights = layer(X, Z, training=True, return_attention_scores=True)
    assert not np.allclose(y, inference)
    close(weights.numpy().sum(axis=-1), np.ones(weights.shape[:-1]))
    nn.utils.set_random_seed(1)
    again = nn.jit(lambda x, z: layer(x, z, training=True))(X, Z)
    assert again.shape == y.shape


def test_dropout_keeps_the_mean():
    layer = layers.MultiHeadAttention(4, 8, dropout=0.3)
    x = np.broadcast_to(numbers(1, 1, 8), (64, 32, 8))
    layer(x, x)
    many = layer(x, x, training=True).numpy().mean(axis=(0, 1))
    np.testing.assert_allclose(many, layer(x, x).numpy()[0, 0], atol=0.05)


def test_one_group_for_each_head_is_multi_head_attention():
    grouped, single = layers.GroupQueryAttention(3, 2, 2), layers.MultiHeadAttention(2, 3)
    close(grouped(X, Z).shape, single(X, Z).shape)
    grouped.set_weights(single.get_weights())
    close(grouped(X, Z), single(X, Z))
    shared = layers.GroupQueryAttention(3, 4, 2)
    shared(X, Z)
    kernels = shared.get_weights()
    whole = layers.MultiHeadAttention(4, 3)
    whole(X, Z)
    repeated = [np.repeat(w, 2, axis=-2) if i in (2, 3, 4, 5) else w for i, w in enumerate(kernels)]
    whole.set_weights(repeated)
    close(shared(X, Z), whole(X, Z))


def test_axes_that_are_not_attended_along_are_as_samples():
    images = numbers(2, 3, 5, 4)
    rows = layers.MultiHeadAttention(2, 3, attention_axes=(2,))
    y, weights = rows(images, images, return_attention_scores=True)
    assert weights.shape == (2, 3, 2, 5, 5)
    flat = layers.MultiHeadAttention(2, 3)
    flat(X, X)
    flat.set_weights(rows.get_weights())
    close(y, flat(images.reshape(6, 5, 4), images.reshape(6, 5, 4)).numpy().reshape(y.shape))
    close(
        rows(images, images, use_causal_mask=True),
        rows(images, images, attention_mask=np.tri(5, dtype=bool)),
    )
    everywhere = layers.MultiHeadAttention(2, 3)
    everywhere(images, images)
    everywhere.set_weights(rows.get_weights())
    y, weights = everywhere(images, images, return_attention_scores=True)
    assert weights.shape == (2, 2, 3, 5, 3, 5)
    close(y, flat(images.reshape(2, 15, 4), images.reshape(2, 15, 4)).numpy().reshape(y.shape))
    steps = np.random.default_rng(0).random((2, 3, 5)) < 0.6
    close(
        everywhere(images, images, value_mask=steps),
        flat(*[images.reshape(2, 15, 4)] * 2, value_mask=steps.reshape(2, 15))
        .numpy()
        .reshape(y.shape),
    )


def test_attention_by_hand():
    query, key = np.float32([[[1, 2]]]), np.float32([[[0, 0], [np.log(3), 0]]])
    value = np.float32([[[4], [8]]])
    y, weights = layers.Attention()([query, value, key], return_attention_scores=True)
    close(weights, [[[0.25, 0.75]]])
    close(y, [[[7.0]]])
    hidden = layers.Attention()([query, value, key], mask=[None, [[True, False]]])
    close(hidden, [[[4.0]]])
    close(layers.Attention()([query, value, key], mask=[[[False]], None]), [[[0.0]]])
    close(layers.Attention()([query, value, key], mask=[None, [[False, False]]]), [[[0.0]]])
    additive = layers.AdditiveAttention(use_scale=False)
    tanh = np.tanh(query + key).sum(axis=-1)[0]
    e = np.exp(tanh)
    close(additive([query, value, key]), [[[e @ [4, 8] / e.sum()]]])
    empty = layers.Attention()([query, value[:, :0], key[:, :0]])
    close(empty, [[[0.0]]])


def test_masks_come_with_the_sequences():
    words = layers.Embedding(7, 4, mask_zero=True)
    x, z = words(np.int32([[1, 2, 0], [3, 0, 0]])), words(np.int32([[5, 0, 0, 1], [1, 1, 1, 0]]))
    rows, columns = np.int32([[1, 1, 0], [1, 0, 0]]) > 0, np.int32([[1, 0, 0, 1], [1, 1, 1, 0]]) > 0
    bare = x.numpy(), z.numpy()
    for layer in (layers.MultiHeadAttention(2, 3), layers.GroupQueryAttention(3, 2, 1)):
        y = layer(x, z)
        close(y, layer(*bare, query_mask=rows, value_mask=columns))
        assert mask_of(y).tolist() == rows.tolist()
        assert mask_of(layer(x, z, return_attention_scores=True)[0]) is not None
        assert mask_of(layer(bare[0], z)) is None
    plain = layers.Attention()
    y = plain([x, z])
    close(y, plain(list(bare), mask=[rows, columns]))
    assert mask_of(y).tolist() == rows.tolist()
    block = layers.TransformerDecoderBlock(8, 2)
    y = block(x, z)
    padding = {"decoder_padding_mask": rows, "encoder_padding_mask": columns}
    close(y.numpy()[rows], block(*bare, **padding).numpy()[rows])
    assert mask_of(y).tolist() == rows.tolist()
    encoder = layers.TransformerEncoderBlock(8, 2, normalize_first=True)
    close(encoder(x).numpy()[rows], encoder(bare[0], padding_mask=rows).numpy()[rows])
    for layer in (
        layers.SinePositionEncoding(), layers.PositionEmbedding(9), layers.RotaryEmbedding(),
        layers.EinsumDense("abc,cde->abde", (None, 2, 3)), layers.EinsumDense("...c,cd->...d", 2),
    ):  # fmt: skip
        assert mask_of(layer(x)).tolist() == rows.tolist()
    assert mask_of(layers.EinsumDense("abc,bd->acd", (4, 2))(x)) is None
    tied = layers.ReversibleEmbedding(7, 4, mask_zero=True)
    h = tied(np.int32([[1, 2, 0]]))
    assert mask_of(h).tolist() == mask_of(tied(h, reverse=True)).tolist() == [[True, True, False]]
    assert mask_of(tied(h.numpy(), reverse=True)) is None


def test_dropout_of_a_plain_attention():
    layer = layers.Attention(dropout=0.5, seed=3)
    x = numbers(2, 8, 4)
    assert not np.allclose(layer([x, x], training=True), layer([x, x]))
    close(layer([x, x]), layers.Attention()([x, x]))


def test_positions_by_hand():
    x = np.zeros((1, 3, 4), "float32")
    w = np.array([1.0, 0.01])
    t = np.arange(3)[:, None]
    expected = np.stack([np.sin(t * w), np.cos(t * w)], axis=-1).reshape(3, 4)
    close(layers.SinePositionEncoding()(x)[0], expected)
    close(layers.SinePositionEncoding()(x, start_index=1)[0, :2], expected[1:])
    close(layers.SinePositionEncoding()(x, positions=[2, 1, 0])[0], expected[::-1])
    learned = layers.PositionEmbedding(5)
    learned(x)
    rows = learned.position_embeddings.numpy()
    close(learned(x, start_index=2)[0], rows[2:])
    close(learned(x, start_index=nn.tensor(2))[0], rows[2:])
    close(learned(x, positions=[[4, 0, 4]])[0], rows[[4, 0, 4]])
    close(learned(np.zeros((2, 3, 2, 4), "float32"))[1, 2], rows[:2])


def test_rotated_products_depend_on_distances_alone():
    rotary = layers.RotaryEmbedding()
    q, k = numbers(1, 1, 2, 6), numbers(1, 1, 2, 6, seed=1)

    def product(i, j):
        return (rotary(q, start_index=i) * rotary(k, positions=[[j]])).numpy().sum()

    close(product(5, 3), product(9, 7))
    assert abs(product(5, 3) - product(5, 4)) > 1e-3
    close(rotary(q), q)
    many = numbers(2, 5, 3, 6)
    close(rotary(np.swapaxes(many, 1, 2)), np.swapaxes(
        layers.RotaryEmbedding(sequence_axis=2)(many).numpy(), 1, 2))  # fmt: skip


def test_an_embedding_that_is_tied_learns_both_ways():
    words = layers.ReversibleEmbedding(5, 3)
    ids = np.int32([[1, 2]])
    close(words(words(ids), reverse=True), words(ids).numpy() @ words.embeddings.numpy().T)
    assert len(words.weights) == 1
    untied = layers.ReversibleEmbedding(5, 3, tie_weights=False, logit_soft_cap=2.0)
    untied(ids)
    assert [p.shape for p in untied.weights] == [(5, 3), (3, 5)]
    assert np.abs(untied(np.full((1, 3), 1e3), reverse=True).numpy()).max() <= 2.0
    precise = layers.ReversibleEmbedding(5, 3, reverse_dtype="float64")
    assert precise(numbers(1, 2, 3), reverse=True).dtype == np.float64
    inputs = nn.Input((2,), dtype="int32")
    model = nn.models.Model(inputs, words(words(inputs), reverse=True))
    assert model(ids).shape == (1, 2, 5)
    model.compile("sgd", "mse")
    before = words.embeddings.numpy()
    model.fit(ids, np.ones((1, 2, 5)), verbose=0)
    assert (words.embeddings.numpy() != before).any(axis=1).all(), "the way back reaches all words"


@pytest.mark.parametrize("first", [False, True])
def test_blocks_are_their_formulas(first):
    block = layers.TransformerEncoderBlock(8, 2, activation="gelu", normalize_first=first)
    y = block(X)

    def part(x, norm, f):
        return x + f(norm(x)) if first else norm(x + f(x))

    def network(h):
        h = nn.activations.gelu(h @ block.feedforward_intermediate_dense.kernel)
        return block.feedforward_output_dense(h)

    x = part(X, block.self_attention_norm, lambda h: block.self_attention(h, h))
    expected = part(x, block.feedforward_norm, network)
    close(y, expected)


def test_a_decoder_looks_back_only():
    block = layers.TransformerDecoderBlock(8, 2)
    changed = X.copy()
    changed[:, 2] += 1.0
    assert np.array_equal(block(X)[:, :2], block(changed)[:, :2])
    assert not np.allclose(
        block(X, use_causal_mask=False)[:, :2], block(changed, use_causal_mask=False)[:, :2]
    )
    crossed = layers.TransformerDecoderBlock(8, 2)
    y = crossed(X, Z, encoder_padding_mask=REAL)
    close(y, crossed(X, np.where(REAL[..., None], Z, 9.0), encoder_padding_mask=REAL))
    assert len(crossed.weights) == len(block.weights) + 10


def test_a_block_in_training_drops():
    block = layers.TransformerEncoderBlock(8, 2, dropout=0.5)
    assert not np.allclose(block(X, training=True), block(X))


def test_a_model_with_attention_is_saved_and_goes_on(tmp_path):
    def made():
        x = nn.Input((3, 4))
        memory = nn.Input((5, 4))
        h = layers.MultiHeadAttention(2, 2, dropout=0.1)(x, memory, use_causal_mask=True)
        h = layers.TransformerEncoderBlock(8, 2, dropout=0.1)(h)
        h = layers.TransformerDecoderBlock(8, 2)(h, memory)
        return nn.models.Model([x, memory], layers.Dense(1)(h))

    nn.utils.set_random_seed(3)
    model = made()
    model.compile("adam", "mse")
    data = [numbers(8, 3, 4), numbers(8, 5, 4, seed=1)], numbers(8, 3, 1, seed=2)
    model.fit(*data, epochs=2, batch_size=4, verbose=0)
    model.save(tmp_path / "m.neurona")
    again = nn.models.load_model(tmp_path / "m.neurona")
    close(again.predict(data[0], verbose=0), model.predict(data[0], verbose=0))
    losses = []
    for one in (model, again):
        nn.utils.set_random_seed(4)
        losses.append(one.fit(*data, epochs=1, batch_size=4, verbose=0).history["loss"])
    assert losses[0] == losses[1]


MESSAGES = [
    (lambda: layers.MultiHeadAttention(0, 2), ArgumentError, "num_heads"),
    (lambda: layers.MultiHeadAttention(2, 2, sliding_window=0), ArgumentError, "sliding_window"),
    (lambda: layers.MultiHeadAttention(2, 2, dropout=1.0), ArgumentError, "dropout is out of"),
    (lambda: layers.GroupQueryAttention(2, 3, 2), ArgumentError,
     "the heads of the keys do not divide those of the queries"),
    (lambda: layers.MultiHeadAttention(2, 2)(X[0], Z[0]), ShapeError,
     "the number of axes is wrong"),
    (lambda: layers.MultiHeadAttention(2, 2)(X, Z, Z[:, :4]), ShapeError, "one value for each key"),
    (lambda: layers.MultiHeadAttention(2, 2)(X, Z[:1]), ShapeError,
     "query and value differ outside of the axes"),
    (lambda: layers.MultiHeadAttention(2, 2)(X, Z, value_mask=REAL[:, :3]), ShapeError,
     "the value_mask has another shape"),
    (lambda: layers.MultiHeadAttention(2, 2)(X, Z, query_mask=REAL), ShapeError,
     "the query_mask has another shape"),
    (lambda: layers.MultiHeadAttention(2, 2)(X, Z, attention_mask=REAL), ShapeError,
     "the attention_mask has another shape"),
    (lambda: layers.MultiHeadAttention(2, 2, attention_axes=(3,))(X, Z), ShapeError,
     "no such axes to attend along"),
    (lambda: layers.MultiHeadAttention(2, 2)(*[numbers(1, 2, 2, 3)] * 2, use_causal_mask=True),
     ArgumentError, "only along one axis are some steps before others"),
    (lambda: layers.Attention(score_mode="cosine"), ArgumentError, "score_mode"),
    (lambda: layers.Attention()(X), ShapeError, "takes a list of two or three tensors"),
    (lambda: layers.Attention()([X, Z]), ShapeError, "queries and keys differ in size"),
    (lambda: layers.Attention()([X, X, Z[..., :4]]), ShapeError, "one value for each key"),
    (lambda: layers.Attention()([X, X[:1]]), ShapeError, "the batch sizes differ"),
    (lambda: layers.Attention()([X, X], mask=REAL), ArgumentError, "the mask is a list of two"),
    (lambda: layers.AdditiveAttention()([X, X], mask=[None, REAL]), ShapeError,
     "the value's mask has another shape"),
    (lambda: layers.EinsumDense("ab->a", 3), ArgumentError, "an equation has x, a kernel and y"),
    (lambda: layers.EinsumDense("ab...,bc->...ac", 3), ArgumentError, "an equation has"),
    (lambda: layers.EinsumDense("ab,bcd->ac", 3), ArgumentError, "'d' stands in one place only"),
    (lambda: layers.EinsumDense("ab,bc->acd", (3, 4)), ArgumentError, "'d' stands in one place"),
    (lambda: layers.EinsumDense("ab,bc->ac", 3, bias_axes="b"), ArgumentError, "axes of y"),
    (lambda: layers.EinsumDense("ab,bc->ac", 3)(X), ShapeError, "x does not fit the equation"),
    (lambda: layers.EinsumDense("abc,cd->abd", 3)(X), ShapeError, "output_shape does not fit"),
    (lambda: layers.EinsumDense("abc,cd->abd", (None, None))(X), ShapeError, "'d' is unknown"),
    (lambda: layers.EinsumDense("abc,cd->abd", (4, 5))(X), ShapeError, "differ in the size of 'b'"),
    (lambda: layers.PositionEmbedding(2)(X), ShapeError, "longer than there are positions"),
    (lambda: layers.PositionEmbedding(5)(X, start_index=-1), ShapeError, "positions from 0 to 4"),
    (lambda: layers.PositionEmbedding(2)(X, positions=[0, 1, 2]), IndexRangeError, "out of range"),
    (lambda: layers.SinePositionEncoding()(X, positions=[1, 2]), ShapeError, "another shape"),
    (lambda: layers.RotaryEmbedding()(X[..., :3]), ShapeError, "pairs of features are turned"),
    (lambda: layers.RotaryEmbedding(sequence_axis=2)(X), ShapeError, "are two axes of x"),
    (lambda: layers.RotaryEmbedding(scaling_factor=0.0), ArgumentError, "scaling_factor"),
    (lambda: layers.ReversibleEmbedding(5, 3)(X, reverse=True), ShapeError,
     "the number of features differs"),
    (lambda: layers.ReversibleEmbedding(5, 3, reverse_dtype="int32"), ArgumentError, "float type"),
    (lambda: layers.ReversibleEmbedding(5, 3, logit_soft_cap=-1.0), ArgumentError,
     "logit_soft_cap"),
    (lambda: layers.TransformerEncoderBlock(8, 3)(X), ShapeError,
     "the features do not divide among the heads"),
    (lambda: layers.TransformerEncoderBlock(8, 2)(X, attention_mask=PAIRS), ShapeError,
     "the attention_mask has another shape"),
]  # fmt: skip


@pytest.mark.parametrize(("run", "error", "message"), MESSAGES)
def test_mistakes_are_explained(run, error, message):
    with pytest.raises(error, match=message):
        run()


def test_a_decoder_is_called_as_it_was_built():
    block = layers.TransformerDecoderBlock(8, 2)
    block(X)
    with pytest.raises(StateError, match="built without an encoder's sequence"):
        block(X, Z)
    block = layers.TransformerDecoderBlock(8, 2)
    block(X, encoder_sequence=Z)
    with pytest.raises(StateError, match="built with an encoder's sequence"):
        block(X)


def test_sequences_of_length_0():
    layer = layers.MultiHeadAttention(2, 3)
    assert layer(X[:, :0], Z).shape == (2, 0, 4)
    close(layer(X, Z[:, :0]), np.zeros((2, 3, 4)))
    assert ops.zeros((0,)).shape == (0,)


def test_arguments_of_a_call_stand_in_the_order_of_keras():
    x = layers.Dropout(0.0)(X)
    layer = layers.Attention()
    close(layer([x, x], None, False), layer([x, x]))
    y, weights = layer([x, x], None, False, True, True)
    close(y, layer([x, x], use_causal_mask=True))
    assert weights.numpy()[0, 0, 1:].tolist() == [0.0] * (x.shape[1] - 1)
    heads = layers.MultiHeadAttention(2, 3, dropout=0.9)
    one = heads(X, X, X, None, None, None, None, False, True)  # in training
    assert np.abs(one.numpy() - heads(X, X).numpy()).max() > 1e-3
    assert (layers.Dropout(0.9)(X, True).numpy() == 0).mean() > 0.5
    assert layers.LSTM(2, dropout=0.9)(X, None, None, True).shape == (len(X), 2)
    mask = np.arange(x.shape[1]) < 2 * np.ones((len(X), 1))
    each = layers.TimeDistributed(layers.Dropout(0.9))
    close(each(X, False, mask), X)
