"""Writing token by token: sampled, greedy, or the likeliest of several beams.

A model that writes has two methods, for a batch of texts:

    initial_state(batch) -> state                   before the first token
    next(token (B,), state) -> (scores (B, V), state)     after one more

and `context`, the number of tokens it can see, or None. Some tokens are written in one compiled
program, a loop over these methods, whatever the length of the text so far; the same program reads
the prompts, whose tokens are given instead of drawn.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from neurona import ops
from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, DataError, check_integer, check_number
from neurona.nn.jit import jit

_CHUNK = 32  # tokens that a program writes
_PROGRAMS: weakref.WeakKeyDictionary[Any, dict] = weakref.WeakKeyDictionary()


def generate(
    model: Any,
    prompt: Any,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    end: int | None = None,
    state: Any = None,
) -> Any:
    """Write on: draw each next token with probability softmax(scores / temperature).

    Args:
        model: with `initial_state`, `next` and `context`, as above.
        prompt: token numbers (T,) of a text, or a list of such, of any lengths from 1.
        length: how many tokens to add to each.
        temperature: below 1 keeps to what is likely, above 1 dares more; 0 takes the likeliest.
        top_k: draw among the k likeliest tokens only.
        top_p: draw among the likeliest tokens that together have probability p, in (0, 1].
        seed: of the draws; None takes the next of the global random stream.
        end: a token behind which a text ends: it is the last one returned.
        state: what to begin with instead of `initial_state(batch)`, such as what an encoder has
            read; then the text must not grow beyond the model's context.
    Returns:
        The prompt and what was added, int32 (T + length,); for several, a list of such.
    Raises:
        DataError: an empty prompt, or one with other than token numbers.
        ArgumentError: an argument out of range.

    Where the text grows beyond the model's context, the last half of it is read again and the
    earlier part is forgotten. Token t of text i draws the same number whatever the other texts are.
    """
    single, prompts = _prompts(prompt)
    length = check_integer("length", length, minimum=0)
    temperature = check_number("temperature", temperature, low=0)
    if top_k is not None:
        top_k = check_integer("top_k", top_k, minimum=1)
    if top_p is not None:
        top_p = check_number("top_p", top_p, low=0, high=1)
        if top_p == 0:
            raise ArgumentError("top_p is out of range.", got="0", expected="a number in (0, 1]")
    ends = [len(p) + length for p in prompts]
    tokens = np.zeros((max(ends), len(prompts)), np.int32)  # (time, text)
    given = np.zeros(tokens.shape, bool)
    for text, row in enumerate(prompts):
        tokens[: len(row), text], given[: len(row), text] = row, True
    entropy = random.take_state() if seed is None else (check_integer("seed", seed, minimum=0),)
    luck = _luck(entropy, *tokens.shape)
    temperature = 0.0 if temperature < 1.2e-38 else min(temperature, 3e38)  # in float32
    settings = (
        temperature or 1.0, min(top_k or 1, 2**31 - 1), 1.0 if top_p is None else top_p,
    )  # fmt: skip
    kind = "greedy" if temperature == 0 else "cut" if top_k or top_p else "free"
    program = _program(model, kind if top_k else f"{kind} without k")
    context = model.context or len(tokens)
    if state is not None:
        _check_length(model, len(tokens) - 1)
    state = model.initial_state(len(prompts)) if state is None else state
    begin, read, done = 0, 0, 1  # where the state begins, the next token to read, known tokens
    while done < len(tokens):
        if read - begin >= context:
            begin = read = done - max(context // 2, 1)
            state = model.initial_state(len(prompts))
        count = min(_CHUNK, len(tokens) - 1 - read, context - (read - begin))
        after = slice(read + 1, read + 1 + count)
        known = given[after] | (np.arange(read + 1, read + 1 + count) < done)[:, None]
        written, state = program(
            tokens[read], state, _filled(tokens[after]), _filled(known), _filled(luck[after]),
            *map(np.float32, settings[::2]), np.int32(settings[1]),
        )  # fmt: skip
        tokens[after] = written.numpy()[:count]
        read += count
        done = max(done, read + 1)
        if end is not None and (((tokens[:done] == end) & ~given[:done]).any(axis=0)).all():
            break
    found = [tokens[:stop, text].copy() for text, stop in enumerate(ends)]
    if end is not None:
        found = [_ended(row, len(p), end) for row, p in zip(found, prompts, strict=True)]
    return found[0] if single else found


def answer(
    model: Any, source: Any, start: int, end: int, length: int, beams: int = 1, **sampling: Any
) -> list[np.ndarray]:
    """Write what follows from each of several texts, such as its translation.

    Args:
        model: `initial_state(source)` reads the texts (B, S); `next` as above.
        source: token numbers (B, S), 0 behind the ends.
        start, end: the tokens before and behind what is written.
        length: how many tokens at most, the end included, up to the model's context.
        beams: how many beginnings are kept at each token; 1 takes the likeliest one.
        sampling: `temperature`, `top_k`, `top_p`, `seed` to draw tokens instead, with beams=1.
    Returns:
        Token numbers of each answer, without start and end.
    """
    source, beams = _source(source), check_integer("beams", beams, minimum=1)
    batch = len(source)
    if not batch:
        return []
    state = model.initial_state(source)
    if beams > 1:
        return beam_search(model, state, batch, start, end, length, beams)[0]
    sampling = {"temperature": 0.0, **sampling}
    rows = generate(model, [[start]] * batch, length, **sampling, end=end, state=state)
    return [row[1:-1] if row[-1] == end else row[1:] for row in rows]


def beam_search(
    model: Any,
    state: Any,
    batch: int,
    start: int,
    end: int,
    length: int,
    width: int = 4,
    alpha: float = 0.6,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return for each of a batch the likeliest text that is found by keeping `width` of them.

    A finished text is ranked by ln p / ((5 + n) / 6)^alpha, n its length: without that, short texts
    win, since each token costs.

    Args:
        model: with `next`, as above.
        state: before the first token, of `batch` texts: each tensor has an axis for them in front,
            or no axes.
        batch: how many texts.
        start, end: the tokens before a text and behind it.
        length: tokens at most, the end included; rounded up to a multiple of 16 or the model's
            context, so that there are few programs.
        width: how many beginnings are kept for each text.
        alpha: 0 takes the likeliest whatever its length.
    Returns:
        Texts without start and end, int32 (n,) each, and their ranks (batch,).
    Source: Wu et al. 2016, "Google's Neural Machine Translation System", eq. 14, without coverage.
    """
    length = check_integer("length", length, minimum=1)
    _check_length(model, length)
    length = min(-(-length // 16) * 16, model.context or length + 16)
    width = check_integer("width", width, minimum=1)
    check_number("alpha", alpha, low=0)
    kinds = _PROGRAMS.setdefault(model, {})
    key = "beams", start, end, length, width
    if key not in kinds:
        kinds[key] = jit(_search(weakref.ref(model), *key[1:]))
    texts, log_p = (x.numpy() for x in kinds[key](_repeated(state, width)))
    sizes = (np.cumsum(texts == end, axis=2) == 0).sum(axis=2)  # (B, K), without the end
    ranks = log_p / ((5 + np.minimum(sizes + 1, length)) / 6) ** alpha
    best = ranks.argmax(axis=1)
    rows = np.arange(batch)
    found = [texts[i, k, : sizes[i, k]] for i, k in zip(rows, best, strict=True)]
    return found, ranks[rows, best]


def _search(owner: Any, start: int, end: int, length: int, width: int) -> Any:
    def search(state: Any) -> tuple[Tensor, Tensor]:
        leaves, _ = flatten(state)
        rows = next(x.shape[0] for x in leaves if x.ndim) // width
        first = ops.where(ops.arange(width) == 0, 0.0, -1e30)  # one beam, before they part
        log_p = ops.broadcast_to(first, (rows, width))
        texts = ops.full((rows, width, length), end, "int32")
        token = ops.full((rows * width,), start, "int32")

        def body(carry: Any, t: Tensor) -> tuple:
            token, state, log_p, ended, texts = carry
            scores, state = owner().next(token, state)
            count = scores.shape[-1]
            more = ops.reshape(ops.log_softmax(scores), (rows, width, count))
            is_end = ops.arange(count) == end
            more = ops.where(ended[:, :, None], ops.where(is_end, 0.0, -1e30), more)
            total = ops.reshape(log_p[:, :, None] + more, (rows, width * count))
            log_p, chosen = _best(total, width)  # (B, K)
            parent, token = chosen // count, chosen % count
            place = ops.reshape(ops.arange(rows)[:, None] * width + parent, (-1,))
            texts = ops.take_along_axis(texts, ops.broadcast_to(parent[:, :, None], texts.shape), 1)
            texts = ops.where(ops.arange(length) == t, token[:, :, None].astype("int32"), texts)
            ended = ops.take_along_axis(ended, parent, axis=1) | (token == end)
            state = _each(lambda x: ops.take(x, place, axis=0), state)
            token = ops.reshape(token, (-1,)).astype("int32")
            return (token, state, log_p, ended, texts), None

        ended = ops.full((rows, width), False, "bool")
        (_, _, log_p, _, texts), _ = ops.scan(
            body, (token, state, log_p, ended, texts), ops.arange(length)
        )
        return texts, log_p

    return search


def _best(x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the largest numbers of each row and their places, without sorting all."""
    values, places = [], []
    for _ in range(count):
        place = ops.argmax(x, axis=1)[:, None]
        values.append(ops.take_along_axis(x, place, axis=1))
        places.append(place)
        x = ops.where(ops.arange(x.shape[1]) == place, -2e30, x)
    return ops.concatenate(values, axis=1), ops.concatenate(places, axis=1)


def _repeated(state: Any, width: int) -> Any:
    return _each(lambda x: ops.repeat(x, width, axis=0), state)


def _each(fn: Any, state: Any) -> Any:
    """Return a state with a function of each tensor that has an axis for the texts."""
    leaves, structure = flatten(state)
    return structure.unflatten([fn(x) if x.ndim else x for x in leaves])


def _ended(row: np.ndarray, begin: int, end: int) -> np.ndarray:
    ends = np.flatnonzero(row[begin:] == end)
    return row[: begin + ends[0] + 1] if ends.size else row


def _program(model: Any, kind: str) -> Any:
    """Return what writes a chunk of tokens with a model, compiled once."""
    kinds = _PROGRAMS.setdefault(model, {})
    if kind not in kinds:
        owner: Any = weakref.ref(model)  # a value that held its key would keep it for ever

        def write(
            token: Tensor, state: Any, tokens: Any, given: Any, luck: Any, temperature: Any,
            top_p: Any, top_k: Any,
        ) -> tuple:  # fmt: skip
            def body(carry: Any, at: Any) -> tuple:
                token, state = carry
                known, is_known, u = at
                scores, state = owner().next(token, state)
                drawn = choose(scores, u, kind, temperature, top_k, top_p)
                token = ops.where(is_known, known, drawn)
                return (token, state), token

            (_, state), written = ops.scan(body, (token, state), (tokens, given, luck))
            return written, state

        kinds[kind] = jit(write)
    return kinds[kind]


def choose(scores: Tensor, u: Tensor, kind: str, temperature: Any, top_k: Any, top_p: Any) -> Any:
    """Return a token for each row of scores (B, V), drawn by a number u (B,) in [0, 1)."""
    if kind.startswith("greedy"):
        return ops.argmax(scores, axis=-1).astype("int32")
    scores = scores - ops.max(scores, axis=-1, keepdims=True)  # whatever it is divided by
    p = ops.softmax(scores / temperature)  # (B, V)
    if kind.startswith("cut"):
        ranked = ops.flip(ops.sort(p, axis=-1), axis=-1)
        before = ops.cumsum(ranked, axis=-1) - ranked  # of the likelier tokens
        kept = before < top_p
        if not kind.endswith("without k"):
            kept = kept & (ops.arange(p.shape[-1]) < top_k)
        least = ops.min(ops.where(kept, ranked, 2.0), axis=-1, keepdims=True)
        p = ops.where(p >= least, p, 0.0)
    below = ops.cumsum(p, axis=-1)
    target = u[:, None] * below[:, -1:]
    return ops.minimum(
        ops.sum((below <= target).astype("int32"), axis=-1), p.shape[-1] - 1
    ).astype("int32")  # fmt: skip


def _luck(seed: tuple[int, ...], time: int, texts: int) -> np.ndarray:
    """Return numbers in [0, 1) (time, texts): those of a text are the same whatever the others."""
    rows = [np.random.default_rng([*seed, text]).random(time, np.float32) for text in range(texts)]
    return np.stack(rows, axis=1)


def _filled(rows: np.ndarray) -> np.ndarray:
    """Return rows up to a whole chunk: what the loop does beyond is not looked at."""
    return np.concatenate([rows, np.zeros((_CHUNK - len(rows), *rows.shape[1:]), rows.dtype)])


def _check_length(model: Any, length: int) -> None:
    """Raise an ArgumentError if a text with a state of its own could outgrow the model."""
    if model.context is not None and length > model.context:
        raise ArgumentError(
            "the text would grow beyond what the model sees, and its state could not be read anew.",
            got=f"{length} tokens to write",
            expected=f"at most {model.context}",
        )


def _source(source: Any) -> np.ndarray:
    found = np.asarray(source)
    if found.ndim != 2 or found.dtype.kind not in "iu":
        raise DataError(
            "what is answered are the token numbers of several texts.",
            got=f"{found.dtype} of shape {found.shape}",
            expected="integers (B, S), 0 behind the ends",
            hint="nn.data.pad_sequences(texts, padding='post'); [text] for a single one",
        )
    return found


def _prompts(prompt: Any) -> tuple[bool, list[np.ndarray]]:
    try:
        rows = [np.asarray(row) for row in prompt]
    except (TypeError, ValueError):
        rows = []
    single = bool(rows) and all(row.ndim == 0 for row in rows)
    if single:
        rows = [np.asarray(prompt)]
    for row in rows:
        if row.ndim != 1 or row.size == 0 or row.dtype.kind not in "iu":
            raise DataError(
                "a prompt is the token numbers of a text.",
                got=f"{row.dtype} of shape {row.shape}",
                expected="integers (T,), T from 1",
                hint="tokens.encode(text)",
            )
        if row.min() < 0 or row.max() >= 2**31:
            raise DataError(
                "a token number of the prompt is out of range.",
                got=str(row.min() if row.min() < 0 else row.max()),
                expected="0 to the size of the vocabulary - 1",
            )
    if not rows:
        raise DataError(
            "generate needs a prompt.", got=repr(prompt)[:60], hint="the number of a start token"
        )
    return single, rows
