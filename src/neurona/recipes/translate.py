"""translate: a small Transformer learns to tell in German what an English caption says.

29,000 pairs of sentences about photos, cut into byte pairs that both languages share. What counts
is BLEU on test_2016_flickr, as sacrebleu computes it, for the likeliest word at each step and for
beams. The baseline translates word by word: each English word becomes the German one that stands in
the same pairs most often beyond chance.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import ops, plots
from neurona.callbacks import Callback
from neurona.data import Buckets, BytePairTokenizer, pad_sequences
from neurona.datasets import multi30k
from neurona.errors import MissingDataError
from neurona.ops.attention import attention_weights
from neurona.recipes.advice import Advice
from neurona.recipes.examine import show_rate, show_training
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import SmoothedCrossentropy, Transformer
from neurona.zoo.transformer import waves

if TYPE_CHECKING:
    from neurona.recipes.run import Run

PAD, START, END = "<pad>", "<start>", "<end>"
BEAMS, AT_ONCE = 4, 50  # beams of a sentence; sentences that are translated together


def perform(run: Run) -> None:
    """Train a Transformer on captions."""
    train, held, test = made_up() if run.quick else multi30k.load_data(run.data)
    run.fact("pairs", f"{len(train[0]):,} for training, {len(held[0]):,} for validation, "
                      f"{len(test[0]):,} for testing")  # fmt: skip
    run.fact("licence", multi30k.CARD.licence)
    tokens = BytePairTokenizer.train(
        train[0] + train[1], 400 if run.quick else 4000, [PAD, START, END]
    )
    run.fact("tokens", f"{len(tokens):,} byte pairs, shared by both languages")

    x, shifted, y = _encoded(tokens, train)
    longest = max(map(len, shifted)) + 8
    sizes = (1, 32, 64, 2) if run.quick else (3, 192, 768, 6)
    model = Transformer(
        len(tokens), *sizes, dropout=0.0 if run.quick else 0.15, context=longest, pre_norm=True
    )
    settings = run.settings
    batches = Buckets(
        (x, shifted), y, settings.batch_size or 64, lengths=6, shuffle=True, seed=settings.seed
    )
    steps = len(batches) * settings.epochs
    rate = run.warmed_up(steps, max(steps // 12, 1))
    model.compile(
        run.optimizer(rate, {"beta_2": 0.98, "global_clipnorm": 1.0}), SmoothedCrossentropy(0.1)
    )
    source, begun, target = (pad_sequences(c, padding="post") for c in _encoded(tokens, held))
    writer = Writer(model, tokens, longest)
    run.fit(
        model, batches, validation_data=((source, begun), target),
        callbacks=[Translates(run, writer, held)],
    )  # fmt: skip
    show_training(run)
    show_rate(run, rate, steps)

    dictionary = word_table(*train)
    texts = {
        "word by word": [word_by_word(dictionary, text) for text in test[0]],
        "the likeliest word": writer(test[0]),
        f"{BEAMS} beams": writer(test[0], BEAMS),
    }
    scores = {name: bleu(found, test[1]) for name, found in texts.items()}
    run.table("BLEU on sentences that were not trained on", ("how", "BLEU"),
              [(name, f"{score:.1f}") for name, score in scores.items()])  # fmt: skip
    lines = []
    for i in range(min(8, len(test[0]))):
        lines += [test[0][i], f"  {texts[f'{BEAMS} beams'][i]}", f"  ({test[1][i]})", ""]
    run.text("translations", "Captions, translations, and what people wrote", "\n".join(lines))
    run.say("\n".join(lines))
    _show_attention(run, model, tokens, test[0][0], writer(test[:1][0][:1])[0])
    run.advise([Advice(
        f"Beams add {scores[f'{BEAMS} beams'] - scores['the likeliest word']:+.1f} BLEU to the "
        "likeliest words.",
        "more epochs or a wider model while the validation loss falls; then more dropout",
    )])  # fmt: skip
    run.score("BLEU word by word", scores["word by word"])
    run.score("BLEU of likeliest words", scores["the likeliest word"])
    run.score("BLEU", scores[f"{BEAMS} beams"])


class Writer:
    """Translates sentences with a model, some at a time."""

    def __init__(self, model: Any, tokens: BytePairTokenizer, longest: int) -> None:
        self.model, self.tokens, self.longest = model, tokens, longest

    def __call__(self, sentences: list[str], beams: int = 1) -> list[str]:
        """Return a translation of each."""
        rows = [self.tokens.encode(text, end=END) for text in sentences]
        order = np.argsort([len(row) for row in rows], kind="stable")  # alike lengths together
        found: dict[int, str] = {}
        for first in range(0, len(rows), AT_ONCE):
            chosen = order[first : first + AT_ONCE]
            length = -(-max(len(rows[i]) for i in chosen) // 8) * 8  # few programs
            source = pad_sequences([rows[i] for i in chosen], length, padding="post")
            full = np.concatenate([source, source[-1:].repeat(AT_ONCE - len(source), axis=0)])
            written = self.model.translate(
                full, self.tokens.number(START), self.tokens.number(END), self.longest, beams
            )
            for i, row in zip(chosen.tolist(), written, strict=False):
                found[i] = self.tokens.decode(row)
        return [found[i] for i in range(len(rows))]


class Translates(Callback):
    """Shows how a few sentences are translated as the model learns."""

    def __init__(self, run: Run, writer: Writer, pairs: Any) -> None:
        self.run, self.writer, self.pairs = run, writer, pairs

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Translate two sentences of the validation."""
        for text, found in zip(self.pairs[0][:2], self.writer(self.pairs[0][:2]), strict=True):
            self.run.say(f"{text}\n  {found}")


def bleu(found: list[str], truth: list[str]) -> float:
    """Return BLEU of a corpus, 0 to 100, by sacrebleu with its defaults.

    Raises:
        MissingDataError: if sacrebleu is not installed.
    """
    try:
        import sacrebleu
    except ImportError:
        raise MissingDataError(
            "BLEU is computed by the library sacrebleu, which is not installed.",
            hint="pip install neurona[translation]",
        ) from None
    return float(sacrebleu.corpus_bleu(found, [truth]).score)


def word_table(english: list[str], german: list[str]) -> dict[str, str]:
    """Return for each English word the German one with the highest count^2 / (counts of both).

    >>> word_table(["a dog", "a man"], ["ein Hund", "ein Mann"])["dog"]
    'Hund'
    """
    sources, targets, both = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for one, other in zip(english, german, strict=True):
        words, others = set(_words(one.lower())), set(_words(other))
        sources.update(words)
        targets.update(others)
        both.update((w, o) for w in words for o in others)
    best: dict[str, tuple[float, str]] = {}
    for (word, other), count in both.items():
        score = count * count / (sources[word] * targets[other])
        if score > best.get(word, (0.0, ""))[0]:
            best[word] = score, other
    return {word: other for word, (_, other) in best.items()}


def word_by_word(table: dict[str, str], text: str) -> str:
    """Return a text with each word replaced; unknown ones stay."""
    found = " ".join(table.get(word.lower(), word) for word in _words(text))
    return re.sub(r" ([.,!?])", r"\1", found)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text)


def _encoded(tokens: BytePairTokenizer, pairs: Any) -> tuple[list, list, list]:
    """Return sources, and what is written: with the start in front, and one token on."""
    source = [tokens.encode(text, end=END) for text in pairs[0]]
    target = [tokens.encode(text, START, END) for text in pairs[1]]
    return source, [row[:-1] for row in target], [row[1:] for row in target]


def _show_attention(run: Run, model: Any, tokens: Any, text: str, written: str) -> None:
    """Draw which words of a sentence the decoder's last block looks at."""
    source = tokens.encode(text, end=END)
    target = tokens.encode(written, START)
    memory = model.encode(ops.cast(source[None], "int32"))
    x = model.embedded(ops.cast(target[None], "int32"), waves(len(target), model.width))
    for block in model.decoder[:-1]:
        x = block(x, memory)
    block = model.decoder[-1]
    x = block.added(x, 0, block.attention)
    keys, _ = block.reading.keys_and_values(memory)
    asked = ops.reshape(
        block.reading.ask(block.norms[1](x)), (1, len(target), block.reading.heads, -1)
    )
    weights = attention_weights(asked, keys, scale=asked.shape[-1] ** -0.5).numpy()[0]
    shown = [[tokens.vocabulary[i].replace(" ", "·") for i in row] for row in (source, target)]
    run.picture(
        "attention",
        "Where the last block of the decoder looks at each word",
        plots.attention(weights, [*shown[1][1:], "<end>"], shown[0]),
        f"Weights of {text!r} for each token of {written!r}, the mean of all heads.",
    )


def made_up() -> tuple:
    """Return sentences of a few words, for --quick."""
    rng = np.random.default_rng(0)
    who = {"A man": "Ein Mann", "A woman": "Eine Frau", "A dog": "Ein Hund", "A cat": "Eine Katze"}
    does = {"sits": "sitzt", "sleeps": "schläft", "runs": "rennt", "waits": "wartet"}
    where = {"in the park": "im Park", "on a beach": "am Strand", "at home": "zu Hause"}
    parts = []
    for count in (600, 40, 20):
        chosen = [[list(d)[rng.integers(len(d))] for d in (who, does, where)] for _ in range(count)]
        english = [f"{a} {b} {c}." for a, b, c in chosen]
        german = [f"{who[a]} {does[b]} {where[c]}." for a, b, c in chosen]
        parts.append((english, german))
    return tuple(parts)


RECIPE = Recipe(
    name="translate",
    description="A Transformer translates captions of photos from English to German",
    defaults=Settings(epochs=16, learning_rate=2e-3, batch_size=64, optimizer="adam"),
    perform=perform,
    data="Multi30k, 29,000 pairs of sentences",
    model="Transformer of 3 + 3 blocks, 192 wide, on 4,000 byte pairs",
    reaches="BLEU 37 on test_2016_flickr, beside 6 word by word, in half an hour",
    quick=Settings(epochs=6, learning_rate=5e-3, batch_size=32, optimizer="adam"),
)
