"""bert-mini: does reading 29,000 captions help to judge 2,000 of them?

A small BERT first learns English captions by guessing hidden words, without any labels. Then it is
taught to tell whether a caption is as a person wrote it, or whether one word was exchanged for a
word of another caption: with 2,000 labelled sentences only. The same network with new weights gets
the same sentences and as many steps. Five seeds each tell whether the difference is one of luck.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import plots
from neurona.data import Batches, WordTokenizer, pad_sequences
from neurona.datasets import multi30k
from neurona.losses import SparseCategoricalCrossentropy
from neurona.recipes.advice import Advice
from neurona.recipes.examine import show_training
from neurona.recipes.interval import interval
from neurona.recipes.recipe import Recipe, Settings
from neurona.recipes.translate import made_up
from neurona.zoo import BERT, MaskedLanguageModel, TextClassifier, hide_words

if TYPE_CHECKING:
    from neurona.recipes.run import Run

SPECIALS = ["<pad>", "<first>", "<mask>"]
PAD, FIRST, MASK = range(3)
LONGEST = 24  # tokens; 96 of 100 captions have no more


class Hidden(Batches):
    """Mini-batches of texts in which other words are hidden in each epoch."""

    words = range(0)  # the tokens that may be hidden

    def __iter__(self) -> Iterator[Any]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        order = self.order(epoch)
        for number in range(len(self)):
            rng = np.random.default_rng([self.seed, epoch, number])
            rows = self.x[order[number * self.batch_size : (number + 1) * self.batch_size]]
            yield hide_words(rows, rng, MASK, self.words)


def perform(run: Run) -> None:
    """Pre-train a small BERT, fine-tune it, and compare it with one that was not pre-trained."""
    train, held, test = made_up() if run.quick else multi30k.load_data(run.data)
    texts = [part[0] for part in (train, held, test)]
    tokens = WordTokenizer.train([t.lower() for t in texts[0]], 3000, SPECIALS, byte_fallback=False)
    unread, pretest, tested = (_encoded(tokens, part) for part in texts)
    words = range(len(SPECIALS) + 2, len(tokens))  # behind the tokeniser's own two marks
    labelled = unread[: 200 if run.quick else 2000]
    run.fact("captions", f"{len(unread):,} without labels, {len(labelled):,} with")
    run.fact("vocabulary", f"{len(tokens):,} words")
    run.fact("licence", multi30k.CARD.licence)

    sizes: dict[str, Any] = {"depth": 1, "width": 32, "hidden": 64, "heads": 2} if run.quick else {
        "depth": 3, "width": 128, "hidden": 512, "heads": 4,
    }  # fmt: skip

    def new() -> BERT:
        return BERT(len(tokens), context=LONGEST, segments=1, dropout=0.1, **sizes)

    # --- reading ---------------------------------------------------------------------------------
    settings = run.settings
    reader = MaskedLanguageModel(new())
    batches = Hidden(unread, batch_size=settings.batch_size or 64, shuffle=True, seed=settings.seed)
    batches.words = words
    steps = len(batches) * settings.epochs
    rate = run.warmed_up(steps, steps // 10)
    reader.compile(
        run.optimizer(rate, {"weight_decay": 0.01, "global_clipnorm": 1.0}),
        SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
    )
    held_out = hide_words(pretest, np.random.default_rng(0), MASK, words)
    run.fit(reader, batches, validation_data=held_out, stage="reading")
    history = run.history
    known = reader.bert.get_weights()

    # --- judging ---------------------------------------------------------------------------------
    x, y = _exchanged(labelled, words, 1)
    x_test, y_test = _exchanged(np.concatenate([pretest, tested]), words, 2)
    epochs = 4 if run.quick else 12
    scores: dict[str, list[float]] = {"read before": [], "from new weights": []}
    seeds = 2 if run.quick else 5
    for seed in range(seeds):
        for name, found in scores.items():
            judge = _judge(run, new(), known if name == "read before" else None, x, y, seed, epochs)
            found.append(judge.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"])
            if name == "read before" and seed == 0:
                run.model = judge
    run.history = history
    show_training(run)

    means = {name: float(np.mean(found)) for name, found in scores.items()}
    gains = np.subtract(scores["read before"], scores["from new weights"])
    gain, half = interval(gains)
    run.table(
        f"Accuracy on {len(y_test):,} captions that were not trained on, half of them changed",
        ("network", *(f"seed {s}" for s in range(seeds)), "mean"),
        [
            ("guessing", *["0.500"] * (seeds + 1)),
            *((n, *(f"{a:.3f}" for a in found), f"{means[n]:.3f}") for n, found in scores.items()),
        ],
    )
    run.say(f"reading first gains {gain:.3f}, 95 % interval {gain - half:.3f} to {gain + half:.3f}")
    run.picture(
        "gain",
        "Telling captions from changed ones",
        plots.bars({"guessing": 0.5, "from new weights": means["from new weights"],
                    "read before": means["read before"]}, "accuracy", baselines=2),
        f"Accuracy 0.5 by guessing, {means['from new weights']:.3f} from new weights, "
        f"{means['read before']:.3f} after reading.",
    )  # fmt: skip
    run.text("hidden", "Words it guesses", "\n".join(_guesses(reader, tokens, pretest[:12], words)))
    run.advise([Advice(
        f"Reading first gains {gain:.3f} in accuracy (95 % interval {gain - half:.3f} to "
        f"{gain + half:.3f}, {seeds} seeds).",
        "more labelled captions: the gain shrinks as labels teach what reading taught",
    )])  # fmt: skip
    run.score("accuracy from new weights", means["from new weights"])
    run.score("gain at least", gain - half)
    run.score("test accuracy", means["read before"])


def _judge(run: Run, bert: BERT, known: Any, x: Any, y: Any, seed: int, epochs: int) -> Any:
    """Return a classifier that was taught with labels, its BERT beginning with known weights."""
    judge = TextClassifier(bert, 2)
    judge(x[:1])
    if known is not None:
        bert.set_weights(known)
    judge.compile(
        run.optimizer(run.settings.learning_rate / 4, {"global_clipnorm": 1.0}),
        SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"],
    )  # fmt: skip
    batches = Batches(x, y, batch_size=32, shuffle=True, seed=seed)
    run.fit(judge, batches, stage=f"judging-{seed}-{known is not None}", epochs=epochs)
    return judge


def _encoded(tokens: WordTokenizer, texts: list[str]) -> np.ndarray:
    """Return token numbers, the first one for what the network makes of the whole text."""
    rows = [tokens.encode(text.lower(), start="<first>") for text in texts]
    return pad_sequences(rows, LONGEST, padding="post", truncating="post")


def _exchanged(rows: np.ndarray, words: range, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return texts, in half of which one word stands that another text has there, and which."""
    rng = np.random.default_rng(seed)
    rows, changed = rows.copy(), np.arange(len(rows)) % 2
    pool = rows[(rows >= words.start) & (rows < words.stop)]
    for i in np.flatnonzero(changed):
        places = np.flatnonzero((rows[i] >= words.start) & (rows[i] < words.stop))
        if places.size == 0:
            changed[i] = 0
            continue
        place = rng.choice(places)
        others = pool[rng.integers(0, len(pool), 20)]
        others = others[others != rows[i, place]]
        rows[i, place] = others[0] if others.size else rows[i, place]
    return rows, changed


def _guesses(reader: Any, tokens: Any, rows: np.ndarray, words: range) -> list[str]:
    """Return sentences with a hidden word, what is guessed, and what it was."""
    lines = []
    for row in rows:
        places = np.flatnonzero((row >= words.start) & (row < words.stop))
        place = places[len(places) // 2]
        hidden = row.copy()
        hidden[place] = MASK
        scores = reader.predict(hidden[None], verbose=0)[0, place]
        best = [tokens.vocabulary[i] for i in np.argsort(-scores)[:3]]
        shown = " ".join(
            "[...]" if t == MASK else tokens.vocabulary[t] for t in hidden if t > FIRST
        )
        lines.append(f"{shown}\n  {', '.join(best)}? It was: {tokens.vocabulary[row[place]]}")
    return lines


RECIPE = Recipe(
    name="bert-mini",
    description="A small BERT reads captions, guessing hidden words, then learns from few labels",
    defaults=Settings(epochs=10, learning_rate=2e-3, batch_size=64, optimizer="adamw"),
    perform=perform,
    data="Multi30k's English captions",
    model="BERT of 3 blocks, 128 wide",
    reaches="test accuracy 0.78, from new weights 0.68, in ten minutes",
    quick=Settings(epochs=8, learning_rate=4e-3, batch_size=32, optimizer="adamw"),
)
