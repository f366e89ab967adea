"""Writing token by token: against the whole forward pass, and by hand."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops, zoo
from neurona.errors import ArgumentError, DataError, IndexRangeError
from tests.first import first
from tests.settings import engine_set_to


def models():
    nn.random.set_seed(0)
    return {
        "GPT": zoo.GPT(12, 16, 2, 2, 16, dropout=0.0),
        "CharRNN": zoo.CharRNN(12, 8, 16, 2, cell="gru"),
        "NGramNetwork": zoo.NGramNetwork(12, 3, 8, 16),
    }


MODELS = models()
each = pytest.mark.parametrize("name", MODELS)
PROMPTS = [[3, 1, 4], [2], [7, 7, 5, 5, 1, 0]]


@each
def test_greedy_is_what_the_whole_forward_pass_says(name):
    model = MODELS[name]
    written = model.generate(PROMPTS[0], 12, temperature=0)
    scores = model(written[None, :-1]).numpy()[0]
    assert written[:3].tolist() == PROMPTS[0]
    assert written[3:].tolist() == scores[2:].argmax(axis=-1).tolist()


@each
def test_one_text_does_not_change_another(name):
    model = MODELS[name]
    together = model.generate(PROMPTS, 9, seed=4)
    assert [len(row) for row in together] == [12, 10, 15]
    for row, prompt in zip(together, PROMPTS, strict=True):
        assert row[: len(prompt)].tolist() == prompt
    alone = model.generate(PROMPTS[:1], 9, seed=4)
    assert alone[0].tolist() == together[0].tolist()


@each
def test_engines_and_seeds(name):
    model = MODELS[name]
    texts = {}
    for engine in ("native", "reference"):
        with engine_set_to(engine):
            nn.random.set_seed(0)
            fresh = models()[name]
            texts[engine] = fresh.generate([1], 20, seed=3).tolist()
    assert texts["native"] == texts["reference"]
    assert model.generate([1], 20, seed=3).tolist() == model.generate([1], 20, seed=3).tolist()
    assert model.generate([1], 20, seed=3).tolist() != model.generate([1], 20, seed=4).tolist()
    nn.random.set_seed(5)
    first = [model.generate([1], 20).tolist() for _ in range(2)]
    nn.random.set_seed(5)
    assert [model.generate([1], 20).tolist() for _ in range(2)] == first
    assert first[0] != first[1]


def test_no_program_is_made_anew_as_the_text_grows():
    model = MODELS["CharRNN"]
    model.generate([1], 10, seed=0)
    from neurona.zoo import decoding

    (program,) = [p for k, p in decoding._PROGRAMS[model].items() if k == "free without k"]
    before = len(program.programs)
    model.generate([1, 2, 3], 200, seed=0, temperature=0.7)
    assert len(program.programs) == before


@pytest.mark.parametrize("context", [16, 81])  # half of it is less, and more, than a program reads
def test_a_text_longer_than_the_context_goes_on_from_its_last_half(context):
    nn.random.set_seed(1)
    model = zoo.GPT(12, context, 1, 2, 16, dropout=0.0)
    known = np.random.default_rng(0).integers(0, 12, context).tolist()
    written = model.generate(known, 12, temperature=0)
    assert written[context] == model(written[None, :context]).numpy()[0, -1].argmax()
    begin = context + 1 - context // 2  # of the last half of what is known then, read again
    for end in range(context + 1, context + 6):
        window = written[None, begin:end]
        assert written[end] == model(window).numpy()[0, -1].argmax()


@each
def test_draws_follow_the_probabilities(name):
    model = MODELS[name]
    p = ops.softmax(model([[3]])[0, 0] / 0.7).numpy()
    drawn = [row[1] for row in model.generate([[3]] * 4000, 1, temperature=0.7, seed=0)]
    shares = np.bincount(drawn, minlength=12) / 4000
    assert np.abs(shares - p).max() < 0.03


def test_only_likely_tokens_are_drawn():
    model = MODELS["NGramNetwork"]
    p = ops.softmax(model([[3]])[0, 0]).numpy()
    ranked = np.argsort(-p)
    drawn = {int(row[1]) for row in model.generate([[3]] * 500, 1, top_k=3, seed=0)}
    assert drawn == set(ranked[:3].tolist())
    count = int((np.cumsum(p[ranked]) < 0.5).sum()) + 1
    drawn = {int(row[1]) for row in model.generate([[3]] * 500, 1, top_p=0.5, seed=0)}
    assert drawn == set(ranked[:count].tolist())
    drawn = {int(row[1]) for row in model.generate([[3]] * 500, 1, top_p=0.5, top_k=2, seed=0)}
    assert drawn == set(ranked[:2].tolist())
    assert model.generate([3], 1, top_k=1, seed=0)[1] == ranked[0]
    assert model.generate([3], 1, top_k=99, seed=0)[1] in range(12)


def test_a_text_ends_behind_its_end():
    model = MODELS["CharRNN"]
    rows = model.generate([[1]] * 30, 40, seed=0, end=2)
    for row in rows:
        inside = row[1:]
        assert (inside[:-1] != 2).all()
        assert inside[-1] == 2 or len(inside) == 40


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"prompt": []}, DataError, "generate needs a prompt"),
        ({"prompt": [[]]}, DataError, r"token numbers of a text. Got float64 of shape \(0,\)"),
        ({"prompt": [1.5]}, DataError, "token numbers of a text"),
        ({"prompt": "text"}, DataError, "token numbers of a text"),
        ({"prompt": [3, -1]}, DataError, "of the prompt is out of range. Got -1; expected 0 to"),
        ({"prompt": [2**40]}, DataError, "of the prompt is out of range. Got 1099511627776"),
        ({"prompt": [12]}, IndexRangeError, "an index is out of range. Got 12"),
        ({"length": -1}, ArgumentError, "length"),
        ({"length": 2.5}, ArgumentError, "length must be an integer"),
        ({"temperature": -1}, ArgumentError, "temperature"),
        ({"temperature": float("nan")}, ArgumentError, "temperature"),
        ({"top_k": 0}, ArgumentError, "top_k"),
        ({"top_p": 0}, ArgumentError, "top_p"),
        ({"top_p": 1.5}, ArgumentError, "top_p"),
    ],
)
def test_errors(arguments, error, message):
    with pytest.raises(error, match=message):
        MODELS["CharRNN"].generate(**{"prompt": [1], "length": 3, **arguments})


@each
@pytest.mark.parametrize("engine", ["native", "reference"])
def test_temperatures_of_any_size(name, engine):
    model = MODELS[name]
    with engine_set_to(engine):
        best = model.generate(PROMPTS, 6, temperature=0)
        for cold in (1e-50, 1e-38, 1e-30):  # no NaN, no warning: it is the likeliest token
            for row, found in zip(best, model.generate(PROMPTS, 6, cold, seed=0), strict=True):
                np.testing.assert_array_equal(row, found)
        hot = model.generate([[1]] * 200, 1, 1e50, seed=0)
    assert len({int(row[1]) for row in hot}) == 12  # any token


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_texts_without_tokens_and_no_texts(engine):
    nn.random.set_seed(0)
    gpt = zoo.GPT(12, 16, 2, 2, 16)
    translators = {
        "Transformer": zoo.Transformer(12, 1, 16, 32, 2, context=8),
        "Seq2Seq": zoo.Seq2Seq(12, 12, 8, 8),
        "T5": zoo.T5(12, 1, 16, 32, 2, 8, context=8),
    }
    with engine_set_to(engine):
        assert gpt.predict(np.zeros((3, 0), int), verbose=0).shape == (3, 0, 12)
        for name, model in translators.items():
            write = (lambda x, m=model: m.answer(x, 2, 4)) if name == "T5" else (
                lambda x, m=model: m.translate(x, 1, 2, 4)
            )  # fmt: skip
            assert write(np.zeros((0, 5), int)) == []
            if name != "Seq2Seq":  # whose decoder begins with the state of the first word
                assert len(write(np.zeros((2, 0), int))) == 2


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"source": [3, 4]}, DataError, r"of several texts. Got int64 of shape \(2,\)"),
        ({"source": [[3.5, 4]]}, DataError, r"of several texts. Got float64 of shape \(1, 2\)"),
        ({"beams": 0}, ArgumentError, "beams is too small"),
        ({"length": 9}, ArgumentError, "grow beyond what the model sees.* Got 9 tokens to write; "),
        ({"length": 9, "beams": 2}, ArgumentError, "expected at most 8"),
        ({"start": 12}, IndexRangeError, "Got 12"),
    ],
)
def test_errors_of_translators(more, error, message):
    model = zoo.Transformer(12, 1, 16, 32, 2, context=8)
    with pytest.raises(error, match=message):
        model.translate(**{"source": [[3, 4]], "start": 1, "end": 2, "length": 8, **more})
    assert len(model.translate([[3, 4]], 1, 2, 8, beams=2)[0]) <= 8


class Fixed:
    """A writer whose scores depend on the last token alone: a Markov chain."""

    context = None

    def __init__(self, p):
        self.log_p = np.log(np.asarray(p, "float32"))

    def initial_state(self, batch):
        return ops.zeros((batch, 1))

    def next(self, token, state):
        return ops.take(self.log_p, token, axis=0), state + 1.0


def test_beams_find_what_greedy_passes_over():
    # 0 ends; from 1 the likeliest token is 2, but the likeliest text goes by 3
    model = Fixed([
        [0.97, 0.01, 0.01, 0.01], [0.01, 0.01, 0.55, 0.43],
        [0.4, 0.3, 0.2, 0.1], [0.97, 0.01, 0.01, 0.01],
    ])  # fmt: skip
    assert zoo.generate(model, [1], 2, temperature=0).tolist()[1] == 2
    texts, ranks = zoo.beam_search(
        model, ops.zeros((2, 1)), 2, start=1, end=0, length=8, width=3, alpha=0
    )
    assert [t.tolist() for t in texts] == [[3], [3]]
    assert ranks == pytest.approx(np.log(0.43 * 0.97), abs=1e-5)
    longer, _ = zoo.beam_search(
        model, ops.zeros((2, 1)), 2, start=1, end=0, length=8, width=3, alpha=9
    )
    assert len(longer[0]) > 1


def all_texts(log_p, start, end, most):
    """Every text up to a length, with ln of its probability."""
    found, open_ = {}, {(): 0.0}
    for _ in range(most):
        longer = {}
        for text, value in open_.items():
            for token, more in enumerate(log_p[text[-1] if text else start]):
                if token == end:
                    found[text] = value + more
                else:
                    longer[(*text, token)] = value + more
        open_ = longer
    return found


def test_wide_beams_find_the_likeliest_of_all_texts():
    rng = np.random.default_rng(3)
    p = rng.dirichlet([0.5] * 4, size=4)
    model = Fixed(p)
    known = all_texts(np.log(p), 1, 0, 7)
    texts, ranks = zoo.beam_search(
        model, ops.zeros((1, 1)), 1, start=1, end=0, length=16, width=40, alpha=0
    )
    best = max(known, key=known.get)
    assert tuple(texts[0].tolist()) == best
    assert ranks[0] == pytest.approx(known[best], abs=1e-4)


@pytest.mark.parametrize("model", first(["Transformer", "T5", "Seq2Seq"], "Transformer"))
def test_translators_write_what_they_learned(model):
    rng = np.random.default_rng(0)
    source = rng.integers(3, 12, (64, 5))
    source[::2, 3:] = 0
    start = 0 if model == "T5" else 1
    target = np.zeros((64, 7), int)
    target[:, 0] = start
    for row, text in zip(target, source, strict=True):  # backwards
        words = text[text > 0][::-1]
        row[1 : len(words) + 1], row[len(words) + 1] = words, 2
    nn.random.set_seed(0)
    made = {
        "Transformer": lambda: zoo.Transformer(12, 1, 32, 64, 2, 0.0, context=8, pre_norm=True),
        "T5": lambda: zoo.T5(12, 2, 32, 64, 4, 8, 0.0, context=8),
        "Seq2Seq": lambda: zoo.Seq2Seq(12, 12, 32, 32, 0.0),
    }[model]()
    made.compile(
        nn.optimizers.Adam(0.005 if model == "T5" else 0.01), zoo.SmoothedCrossentropy(0.0)
    )
    epochs = 150 if model == "T5" else 80
    made.fit((source, target[:, :-1]), target[:, 1:], epochs=epochs, verbose=0)
    write = made.answer if model == "T5" else made.translate
    ends = (2,) if model == "T5" else (1, 2)
    for beams in (1, 3):
        texts = write(source, *ends, 8, beams=beams)
        right = [t.tolist() == s[s > 0][::-1].tolist() for t, s in zip(texts, source, strict=True)]
        assert np.mean(right) > 0.9
    drawn = write(source, *ends, 8, temperature=0.3, seed=0)
    assert len(drawn) == 64
