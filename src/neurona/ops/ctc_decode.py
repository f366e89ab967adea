"""Decoding the outputs of a CTC model: the likeliest alignment, or the likeliest sequence."""

from __future__ import annotations

import numpy as np

from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer

__all__ = ["ctc_decode"]


def ctc_decode(
    inputs,
    sequence_lengths,
    strategy="greedy",
    beam_width=100,
    top_paths=1,
    merge_repeated=True,
    mask_index=0,
):
    """Sequences of labels from scores of each step, as Keras's function of the same name.

    "greedy" reads the likeliest label of each step. "beam_search" sums up the alignments of each
    sequence and keeps the `beam_width` likeliest ones after each step: it finds sequences that
    have many fair alignments rather than one good one.

    Shapes: inputs (B, T, C), lengths (B,) -> labels (paths, B, T), -1 behind the end, and scores:
        (B, 1), minus the sum of the greedy scores; or (B, top_paths), ln of the probabilities.
    Args:
        inputs: scores before a softmax, of each class and the blank.
        sequence_lengths: steps of each sample.
        strategy: "greedy" or "beam_search".
        beam_width: how many sequences are kept.
        top_paths: how many are returned, the likeliest first; missing ones are empty, with -inf.
        merge_repeated: for "greedy": equal neighbours are one label, as in training.
        mask_index: the class number of the blank.
    Raises:
        ShapeError, ArgumentError: for arguments that do not fit.
        TraceError: in a compiled function, since the search is no computation of fixed shape.
    Source: Graves et al. 2006, section 3.2; Hannun et al. 2014, "First-Pass Large Vocabulary
        Continuous Speech Recognition using Bi-Directional Recurrent DNNs", algorithm 1.

    >>> scores = [[[0.0, 3.0, 0.0], [0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 3.0]]]
    >>> ctc_decode(scores, [4])[0].tolist()
    [[[1, 2, -1, -1]]]
    """
    check_choice("strategy", strategy, ("greedy", "beam_search"))
    beam_width = check_integer("beam_width", beam_width, minimum=1)
    top_paths = check_integer("top_paths", top_paths, minimum=1)
    scores, lengths = as_tensor(inputs).numpy(), as_tensor(sequence_lengths).numpy()
    if scores.ndim != 3 or lengths.shape != scores.shape[:1]:
        raise ShapeError(
            "ctc_decode: scores of each step, and how many steps each sample has.",
            got=f"inputs {scores.shape}, sequence_lengths {lengths.shape}",
            expected="inputs (B, steps, classes), sequence_lengths (B,)",
        )
    classes = scores.shape[2]
    mask_index = check_integer("mask_index", mask_index, minimum=0)
    if mask_index >= classes or top_paths > beam_width:
        raise ArgumentError(
            "ctc_decode: the blank is a class, and no more paths are returned than kept.",
            got=f"mask_index={mask_index}, top_paths={top_paths}, beam_width={beam_width}",
            expected=f"mask_index up to {classes - 1}, top_paths up to beam_width",
        )
    if not np.array_equal(lengths, lengths.clip(0, scores.shape[1])):
        raise ArgumentError(
            "ctc_decode: a length is out of range.",
            got=str(lengths.tolist())[:60],
            expected=f"0 to {scores.shape[1]}",
        )
    samples = [row[:length] for row, length in zip(scores, lengths.astype(int), strict=True)]
    if strategy == "greedy":
        found = [_greedy(row, merge_repeated, mask_index) for row in samples]
    else:
        found = [_beam_search(row, beam_width, top_paths, mask_index) for row in samples]
    labels = np.full((len(found[0]), len(found), scores.shape[1]), -1, np.int32)
    for sample, paths in enumerate(found):
        for rank, (path, _) in enumerate(paths):
            labels[rank, sample, : len(path)] = path
    return Tensor(labels), Tensor(
        np.array([[score for _, score in paths] for paths in found], scores.dtype)
    )


def _greedy(scores, merge, blank):
    best = scores.argmax(axis=1)
    kept = best != blank
    if merge:
        kept[1:] &= best[1:] != best[:-1]
    return [(best[kept], -scores.max(axis=1).sum() if len(scores) else 0.0)]


def _beam_search(scores, width, top, blank):
    """Return the likeliest sequences and ln of their probabilities.

    A beam is a sequence with two numbers, ln p of the alignments that end in its last label and of
    those that end in a blank: only the latter may be followed by the same label once more.
    """
    log_p = scores - scores.max(axis=1, keepdims=True, initial=0)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    classes = scores.shape[1]
    beams = [()]
    in_label, in_blank = np.array([-np.inf]), np.array([0.0])
    for p in log_p.astype(np.float64):
        count, place = len(beams), {beam: i for i, beam in enumerate(beams)}
        last = np.array([beam[-1] if beam else blank for beam in beams])
        total = np.logaddexp(in_label, in_blank)
        longer = total[:, None] + p  # (beams, classes), by one label
        longer[np.arange(count), last] = in_blank + p[last]
        longer[:, blank] = -np.inf
        stays = np.where(last == blank, -np.inf, in_label + p[last])
        for i, beam in enumerate(beams):  # one that is longer may be a beam already
            parent = place.get(beam[:-1]) if beam else None
            if parent is not None:
                stays[i] = np.logaddexp(stays[i], longer[parent, beam[-1]])
                longer[parent, beam[-1]] = -np.inf
        blanks = total + p[blank]
        ranked = np.concatenate([np.logaddexp(stays, blanks), longer.ravel()])
        chosen = np.argsort(-ranked, kind="stable")[:width]
        chosen = chosen[ranked[chosen] > -np.inf]
        old = chosen[chosen < count]
        parents, labels = np.divmod(chosen[chosen >= count] - count, classes)
        beams = [beams[i] for i in old.tolist()] + [
            (*beams[i], label) for i, label in zip(parents.tolist(), labels.tolist(), strict=True)
        ]
        in_label = np.concatenate([stays[old], longer[parents, labels]])
        in_blank = np.concatenate([blanks[old], np.full(len(parents), -np.inf)])
    total = np.logaddexp(in_label, in_blank)
    order = np.argsort(-total, kind="stable")[:top]
    found = [(beams[i], total[i]) for i in order]
    return found + [((), -np.inf)] * (top - len(found))
