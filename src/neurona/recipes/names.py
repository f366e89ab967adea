"""names: five networks learn how names are spelled, side by side, and the best one invents some.

From counting pairs of letters over a network that sees three of them to recurrent ones and a
Transformer: Bengio et al. 2003 to Vaswani et al. 2017, on 32,033 first names, as in Karpathy's
makemore. What counts is the mean of -ln p of each letter, and of the end, of names not trained on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import plots
from neurona.data import CharacterTokenizer, pad_sequences
from neurona.datasets import names
from neurona.losses import SparseCategoricalCrossentropy
from neurona.recipes.advice import Advice
from neurona.recipes.counting import counted_nats
from neurona.recipes.examine import show_training
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import GPT, CharRNN, NGramNetwork

if TYPE_CHECKING:
    from neurona.recipes.run import Run

PAD, END = 0, 1  # END also begins a name
SYLLABLES = ("an", "bel", "car", "do", "el", "fi", "ga", "ha", "li", "ma", "no", "ra", "so", "ta")
DRAWN = 60  # names that the best model invents, before those in the data are left out


def perform(run: Run) -> None:
    """Train five language models on names."""
    known = _made_up() if run.quick else names.load_data(run.data)
    tokens = CharacterTokenizer.train(known, ["<pad>", "<end>"], byte_fallback=False)
    order = np.random.default_rng(0).permutation(len(known))  # the split is the same for all seeds
    rows = [tokens.encode(known[i], start="<end>", end="<end>") for i in order]
    held = len(rows) // 10
    train, validation, test = rows[: -2 * held], rows[-2 * held : -held], rows[-held:]
    run.fact("names", f"{len(train):,} for training, {held:,} for validation, {held:,} for testing")
    run.fact("letters", f"{len(tokens) - 2}, and the end of a name")
    tokens.save(run.out / "tokens.json")  # neurona predict --prompt reads it
    run.fact("licence", names.CARD.licence)

    size, longest = len(tokens), max(map(len, rows)) - 1
    models = {
        "MLP of three letters": NGramNetwork(size),
        "RNN": CharRNN(size, 32, 128, cell="rnn"),
        "GRU": CharRNN(size, 32, 128, cell="gru", dropout=0.2),
        "LSTM": CharRNN(size, 32, 128, cell="lstm", dropout=0.2),
        "Transformer": GPT(size, longest, depth=3, heads=4, width=64, dropout=0.1),
    }
    (x, y), held_out, tested = (_pairs(part, longest) for part in (train, validation, test))
    steps = run.settings.steps(len(x))
    loss = SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
    nats, validated, histories, seconds = {}, {}, {}, {}
    for name, model in models.items():
        rate = run.warmed_up(steps, steps // 20)
        before = run.seconds
        model.compile(run.optimizer(rate, {"weight_decay": 0.01, "global_clipnorm": 1.0}), loss)
        run.fit(model, x, y, validation_data=held_out, stage=name.split()[0].lower())
        histories[name], seconds[name] = run.history, run.seconds - before
        validated[name], nats[name] = (nats_of(model, *pairs) for pairs in (held_out, tested))

    best = min(validated, key=lambda name: validated[name])  # chosen without the test names
    run.model, run.history = models[best], histories[best]
    show_training(run)
    counts = {n: _counted(train, test, size, n) for n in (1, 2, 3)}
    run.table(
        "Nats a character of names that were not trained on",
        ("model", "numbers", "nats", "seconds"),
        [
            ("how frequent letters are", size, f"{counts[1]:.3f}", ""),
            ("counts of pairs", size**2, f"{counts[2]:.3f}", ""),
            ("counts of triples", size**3, f"{counts[3]:.3f}", ""),
            *(
                (name, f"{model.count_params():,}", f"{nats[name]:.3f}", f"{seconds[name]:.0f}")
                for name, model in models.items()
            ),
        ],
    )
    run.picture(
        "nats",
        "How well each knows what comes next",
        plots.bars({"counts of pairs": counts[2], **nats}, "nats a character"),
        "; ".join(f"{name}: {value:.3f} nats" for name, value in nats.items()) + ".",
    )
    run.advise(
        [
            Advice(
                f"On names that were not trained on, the {best} is the surest of what comes next, "
                f"at {nats[best]:.3f} nats; the counts of triples need {counts[3]:.3f}.",
                "more epochs, as long as the validation loss falls; then wider networks, with more "
                "dropout",
            )
        ]
    )
    invented = invent(models[best], tokens, longest, set(known))
    run.text("names", f"Names that the {best} invents; none is in the data", "\n".join(invented))
    run.say(f"the {best} invents: {', '.join(invented[:20])}")
    run.score("nats of pairs", counts[2])
    run.score("test nats", nats[best])


def nats_of(model: Any, x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean of -ln p of the real letters."""
    logits = model.predict(x, batch_size=512, verbose=0).astype(np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    own = np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0]
    return float(-own[y != PAD].mean())


def invent(model: Any, tokens: CharacterTokenizer, longest: int, known: set[str]) -> list[str]:
    """Return names that the model draws and that nobody has."""
    rows = model.generate([[END]] * DRAWN, longest - 1, seed=0, end=END)
    found = dict.fromkeys(tokens.decode(row) for row in rows)  # each once, in their order
    return [name for name in found if name and name not in known]


def _pairs(rows: list[np.ndarray], longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return letters, and the letter behind each, padded."""
    x = pad_sequences([row[:-1] for row in rows], longest, padding="post")
    y = pad_sequences([row[1:] for row in rows], longest, padding="post")
    return x, y


def _counted(train: list[np.ndarray], test: list[np.ndarray], size: int, length: int) -> float:
    """Return nats of counted n-grams, over what the networks have to tell: letters and ends.

    Two tokens of padding stand in front of each name, so that its first letters have a past.
    """
    texts = [np.concatenate([[PAD, PAD, *row[1:]] for row in part]) for part in (train, test)]
    return counted_nats(texts[0], texts[1], size, length, pad=PAD)


def _made_up() -> list[str]:
    """Return names put together from syllables, for --quick."""
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(SYLLABLES, rng.integers(1, 4))) for _ in range(600)]


RECIPE = Recipe(
    name="names",
    description="Five kinds of networks learn how names are spelled; the best invents some",
    defaults=Settings(epochs=15, learning_rate=4e-3, batch_size=64, optimizer="adamw"),
    perform=perform,
    data="32,033 first names",
    model="MLP, RNN, GRU, LSTM and Transformer beside counts of pairs and triples",
    reaches="1.96 nats a letter on names not trained on, beside 2.23 of triples, in three minutes",
    quick=Settings(epochs=2, learning_rate=1e-2, batch_size=32, optimizer="adamw"),
)
