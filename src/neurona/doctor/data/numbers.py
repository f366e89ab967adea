"""Numbers in x: those that are none, those that are too large, and those that never change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.core.graph import Node
from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.data.inputs import ids_of
from neurona.doctor.finding import ERROR, INFO, Finding, Rule
from neurona.doctor.parts import Part
from neurona.doctor.scan import Scan, sample
from neurona.train.arrays import finite

MANY = 500  # features: more are pixels or words, not columns of a table that one looks at

NOT_FINITE = Rule(
    "GD101",
    "numbers that are none",
    "error",
    "A sum with one NaN or infinity in it is one too: after the first such batch all weights are.",
    accepted=("fill them with the column's mean or median", "leave out the column"),
    source="UMLAUT, CHI 2021",
)


def not_finite(case: Case) -> Iterator[Finding]:
    """Look for NaN and infinity in all that training reads."""
    for part in (*case.x_parts, *case.y_parts, *case.held):
        if not part.numeric or part.values.dtype.kind != "f" or finite(part.values):
            continue
        wrong = ~np.isfinite(part.values)
        first = np.argwhere(wrong)[0].tolist()
        value = part.values[tuple(first)]
        rows = wrong.reshape(len(wrong), -1).any(axis=1)
        table = part.values.ndim == 2
        place = f", {part.column(first[1])}," if table else f" at {first[1:]}" if first[1:] else ""
        columns = [part.column(int(j)) for j in np.flatnonzero(wrong.any(axis=0))] if table else []
        others = int(wrong.sum()) - 1
        more = f"; {others:,} more such values in {int(rows.sum()):,} rows" if others else ""
        yield NOT_FINITE.found(
            f"row {first[0]} of {part.name}{place} is {value}{more}",
            where=part.name,
            evidence={
                "values": int(wrong.sum()), "rows": int(rows.sum()), "of rows": len(rows),
                "first": first, "columns": columns[:10],
            },
            threshold="no NaN, no infinity",
            fix=_without(part, "x" in part.name),
        )  # fmt: skip


def _without(part: Part, of_x: bool) -> str:
    name = "x" if of_x else "y"
    axes = "" if part.values.ndim == 1 else f".all(axis={tuple(range(1, part.values.ndim))})"
    if part.columns and part.values.ndim == 2:
        return "+ frame = frame.dropna()  # or frame.fillna(frame.median())"
    return f"+ whole = np.isfinite({name}){axes}\n+ x, y = x[whole], y[whole]"


UNSCALED = Rule(
    "GD104",
    "unscaled input",
    "warning",
    "Initial weights are made for inputs near 1. Larger ones give huge sums and steps, and columns "
    "of much larger numbers drown the others.",
    auto="race",
    because=("GD101",),
    accepted=("BatchNormalization() as the first layer", "StandardScaler of scikit-learn"),
    source="AutoTrainer, ICSE 2021; UMLAUT, CHI 2021",
)
LARGE, SMALL = 10.0, 0.005  # the root mean square of what meets the first weights
BATCHES, FAR = ("BatchNormalization",), 5.0  # take offsets away; what is none, in spreads
HARDLY = 0.02  # spread, as a share of the size
APART = 100.0  # times the spread of the middle column


def unscaled(case: Case) -> Iterator[Finding]:
    """Look at what meets the first weights, behind all scaling that the model does itself."""
    forward = case.forward
    if case.trained:  # its weights know the scale
        return
    told: set[int] = set()
    for node, data, weights in (*forward.first_products, *forward.joined_products):
        learnt = [p for p in forward.weights(weights) if p.trainable]
        if data in told or not learnt or forward.scaled_behind(node, BATCHES):
            continue
        met = forward.evaluate([forward.undropped(data)])[0].astype(np.float64)
        rms = float(np.sqrt(np.mean(np.square(met)))) if met.size else 0.0
        known = forward.scaled_behind(node) and not _far_from_zero(met)
        if known and not (rms > LARGE and forward.drowns(node)):
            continue
        told.add(data)
        part = _read_by(case, data)
        if rms > LARGE * _answers(case):
            yield _too_large(case, node, met, rms, part)
        elif 0 < rms < SMALL and np.abs(met).max() < 4 * SMALL:
            yield _too_small(case, node, met, rms, part)
        elif _hardly_varies(met):
            yield _same_for_all(case, node, met, rms)
        elif part is not None and part.values.ndim == 2 and part.values.shape[1] <= MANY:
            yield from list(_by_rows(case, node, part)) or _far_apart(case, node, part)


FEW, ROUND, UNLIKE = 20, 1e-3, 10.0  # columns; of a length; times the size of another column


def _by_rows(case: Case, node: Node, part: Part) -> Iterator[Finding]:
    """Look for rows of length 1, of columns unlike one another: rows were scaled for columns."""
    x = sample(part.values).astype(np.float64)
    length, size = np.sqrt(np.square(x).sum(axis=1)), np.sqrt(np.square(x).mean(axis=0))
    if not 1 < x.shape[1] <= FEW or not size.all() or size.max() < UNLIKE * size.min():
        return
    if (np.abs(length - 1) < ROUND).mean() > 0.99 and (x != np.rint(x)).any():
        yield UNSCALED.found(
            f"each row of {part.name} has the length 1, while columns are of {size.min():.2g} to "
            f"{size.max():.2g}: rows were scaled, and how large a row was is lost",
            where=case.forward.place(node),
            evidence={"length": float(np.median(length)), "sizes": size},
            threshold="columns of one size, rows of any length",
            fix="- x / np.linalg.norm(x, axis=1, keepdims=True)\n"
            "+ (x - x.mean(axis=0)) / x.std(axis=0)",
        )


def _hardly_varies(met: np.ndarray) -> bool:
    """Say whether all samples are nearly the same number: what tells them apart is lost in it."""
    columns = met.reshape(-1, met.shape[-1])
    columns = columns[:, np.ptp(columns, axis=0) > 0]
    size = float(np.sqrt(np.square(columns).mean())) if columns.size else 0.0
    return float(np.sqrt(columns.var(axis=0).mean())) < HARDLY * size if size else False


def _same_for_all(case: Case, node: Node, met: np.ndarray, rms: float) -> Finding:
    low, high = float(met.min()), float(met.max())
    return UNSCALED.found(
        f"what meets the first weights runs from {low:.4g} to {high:.4g}: samples differ by next "
        "to nothing. Is an offset taken away twice?",
        where=case.forward.place(node),
        evidence={"rms": rms, "lowest": low, "highest": high},
        threshold=f"a spread of at least {HARDLY:.0%} of the size",
        fix=fixes.Standardise(),
    )


def _answers(case: Case) -> float:
    """Return the spread of the numbers that a single linear layer is to give; 1 of all else.

    Its weights are near 1 where inputs and answers are of one size, whatever that is.
    """
    end = case.ends[0] if len(case.ends) == 1 else None
    if end is None or len(case.forward.products) > 1 or end.activation != "linear":
        return 1.0
    if end.kind != "squared" or end.task.name != "numbers":
        return 1.0
    return max(1.0, float(end.values.std()))


def _far_from_zero(met: np.ndarray) -> bool:
    """Say whether columns lie far from 0: a norm of each sample by itself leaves the offset in."""
    columns = met.reshape(-1, met.shape[-1])
    far = np.abs(columns.mean(axis=0)) > FAR * columns.std(axis=0)
    return bool(far.mean() > 0.5) and float(np.abs(columns).max()) > LARGE


def _too_large(case: Case, node: Node, met: np.ndarray, rms: float, part: Part | None) -> Finding:
    low, high = float(met.min()), float(met.max())
    name = part.name if part is not None else "what meets the first weights"
    whole = part is not None and part.values.dtype.kind in "iu"
    pixels = met.ndim > 2 or met.shape[-1] >= 64
    fix: fixes.Fix
    bytes_ = pixels and low >= 0 and 128 < high <= 255 and (whole or _whole(met))
    if bytes_:
        fix = fixes.Divide()
    elif pixels and low >= 0 and met.ndim != 3:  # of one unit; some hardly vary by themselves
        fix = fixes.Standardise(whole=True)
    else:
        fix = fixes.Standardise()
        if met.ndim == 3 and met.shape[-1] == 1 and low >= 0 and _whole(met):
            size = int(high) + 1
            fix = fixes.Standardise(
                more="\n# or, if these number words: x of (n, steps), and "
                f"Embedding({size}, 16) first"
            )
    what = "pixels run" if bytes_ else f"the numbers of {name} run"
    return UNSCALED.found(
        f"{what} from {low:.4g} to {high:.4g}, and the first weights expect values near 1",
        where=case.forward.place(node),
        evidence={"rms": rms, "lowest": low, "highest": high},
        threshold=f"root mean square at most {LARGE:g}",
        fix=fix,
    )


def _too_small(case: Case, node: Node, met: np.ndarray, rms: float, part: Part | None) -> Finding:
    low, high = float(met.min()), float(met.max())
    inside = part is None or abs(float(np.max(part.values))) > 2 * abs(high)
    return UNSCALED.found(
        f"what meets the first weights runs from {low:.2g} to {high:.2g}, and they expect values "
        "near 1" + (": is it scaled twice?" if inside or low >= 0 else ""),
        where=case.forward.place(node),
        evidence={"rms": rms, "lowest": low, "highest": high},
        threshold=f"root mean square at least {SMALL:g}",
        fix="- Rescaling(1 / 255)  # x is scaled already" if inside else fixes.Standardise(),
    )


def _far_apart(case: Case, node: Node, part: Part) -> Iterator[Finding]:
    seen = case.scan(part)
    columns = np.flatnonzero(~(seen.constant | _mostly_one(seen)))
    if len(columns) < 2:
        return
    spread = seen.std[columns]
    middle = float(np.median(spread))
    far = int(np.abs(np.log(spread / middle)).argmax())
    ratio = float(spread.max() / spread.min())
    if ratio <= APART:
        return
    least, most = int(columns[spread.argmin()]), int(columns[spread.argmax()])
    yield UNSCALED.found(
        f"{part.column(most)} of {part.name} varies by {spread.max():.3g}, "
        f"{part.column(least)} by {spread.min():.3g}: {ratio:,.0f} times less",
        where=case.forward.place(node),
        evidence={"largest spread": spread.max(), "smallest spread": spread.min(), "ratio": ratio,
                  "farthest": part.column(int(columns[far]))},
        threshold=f"spreads of columns within a factor of {APART:g}",
        fix=fixes.Standardise(),
    )  # fmt: skip


ROW = 100.0  # times the size of the middle row
FEW_ROWS, WIDTH = 0.01, 8  # share of such rows; features, of fewer one large number says nothing


def outlying(case: Case) -> Iterator[Finding]:
    """Look for a few rows that nobody scaled when all others were."""
    for part in case.x_parts:
        if not part.numeric or part.values.dtype.kind != "f" or part.values.ndim < 2:
            continue
        if part.values[:1].size < WIDTH:
            continue
        flat = part.values.reshape(len(part.values), -1)
        with np.errstate(all="ignore"):
            size = np.sqrt(np.einsum("nd,nd->n", flat, flat, dtype=np.float64) / flat.shape[1])
        middle = float(np.median(size))
        far = np.flatnonzero(size > ROW * middle) if 0 < middle < np.inf else np.zeros(0, int)
        if not far.size or far.size > FEW_ROWS * len(size) or not size[far].max() > LARGE:
            continue
        row, rows = int(size.argmax()), far[:10].tolist()
        yield UNSCALED.found(
            f"row {row} of {part.name} runs to {np.abs(flat[row]).max():.4g}, "
            f"{size[row] / middle:,.0f} times as far as the middle row; "
            f"{far.size:,} of {len(size):,} rows are such",
            where=part.name,
            evidence={"rows": rows, "size": size[row], "middle": middle},
            threshold=f"rows up to {ROW:g} times as large as the middle one",
            fix=f"print({part.name}[{row}])  # scaled as the others are? or leave it out:\n"
            f"+ x, y = np.delete(x, {rows}, axis=0), np.delete(y, {rows}, axis=0)",
        )


def _read_by(case: Case, value: int) -> Part | None:
    """Return the part of x that a value is, changes of type and shape aside."""
    forward = case.forward
    while value in forward.maker and forward.maker[value].op.name in ("cast", "reshape", "alias"):
        value = forward.maker[value].inputs[0]
    if value in forward.inputs and len(case.x_parts) == len(forward.inputs):
        return case.x_parts[forward.inputs.index(value)]
    return None


def _mostly_one(seen: Scan) -> np.ndarray:
    """Say which columns are binary, or have one value nearly always: their spread means little."""
    edge = (seen.rows == seen.rows.min(axis=0)) | (seen.rows == seen.rows.max(axis=0))
    lowest = (seen.rows == seen.rows.min(axis=0)).mean(axis=0)
    return edge.all(axis=0) | (lowest > 0.9)


def _whole(values: np.ndarray) -> bool:
    return bool((values == np.floor(values)).all())


CONSTANT = Rule(
    "GD106",
    "features that never change",
    "warning",
    "A column with one value tells nothing about the target; often a join or a parser failed.",
    accepted=("keep it, if it changes in data to come",),
    source="TheDeepChecker, 2023",
)
FEW = 8  # samples: fewer say nothing about what changes


def constant(case: Case) -> Iterator[Finding]:
    """Look for features of x that have one value in all samples."""
    ids = ids_of(case)
    for part in case.x_parts:
        if not part.numeric or part.values.ndim < 2 or len(part.values) < FEW or part.name in ids:
            continue
        seen = case.scan(part)
        still = np.flatnonzero(seen.constant)
        if not still.size or not (seen.exact and case.whole) or _is_mask(seen.rows):
            continue
        features = len(seen.constant)
        table = part.values.ndim == 2 and features <= MANY
        if still.size == features:
            values = [float(v) for v in seen.low[:3]]
            yield CONSTANT.found(
                f"all {features} features of {part.name} have the same value in every sample",
                where=part.name,
                evidence={"constant": features, "of": features, "values": values},
                threshold="some feature changes",
                fix="print(x[:3])  # look at where x is made",
                severity=ERROR,
            )
        elif (channels := _still_channels(part, seen)).size:
            yield CONSTANT.found(
                f"{channels.size} of the {part.values.shape[-1]} columns of {part.name} never "
                f"change, at no step of any sequence: {', '.join(map(str, channels[:3]))}",
                where=part.name,
                evidence={"constant": int(channels.size), "columns": channels[:20]},
                threshold="every column changes",
                fix=f"+ x = np.delete(x, {channels.tolist()}, axis=-1)  # before the model is made",
            )
        elif table and features < 64 and not _rare(seen, still):
            names = ", ".join(part.column(int(j)) for j in still[:3])
            yield CONSTANT.found(
                f"{still.size} of {features} columns of {part.name} never change: {names}",
                where=part.name,
                evidence={"constant": int(still.size), "of": features, "columns": still[:20]},
                threshold="every column changes",
                fix="+ x = x[:, x.std(axis=0) > 0]  # before the model is made",
            )
        else:
            yield CONSTANT.found(
                f"{still.size} of {features} features of {part.name} never change",
                where=part.name,
                evidence={"constant": int(still.size), "of": features},
                severity=INFO,
            )


def _still_channels(part: Part, seen: Scan) -> np.ndarray:
    """Return the columns of sequences that have one value at all steps, of those that vary.

    What is as wide as long may be an image; of mostly zeros, one-hot words that don't occur.
    """
    if part.values.ndim != 3 or not part.values.shape[2] < part.values.shape[1]:
        return np.zeros(0, int)
    steps = part.values.shape[1:]
    low, still = seen.low.reshape(steps), seen.constant.reshape(steps)
    one = still.all(axis=0) & (low == low[0]).all(axis=0)
    others = seen.rows.reshape(-1, *steps)[..., ~one]
    rare = not low[:, one].any() and float(np.mean(others == 0)) > 0.5
    return np.zeros(0, int) if rare else np.flatnonzero(one)


def _is_mask(rows: np.ndarray) -> bool:
    """Say whether rows (N, T) tell which steps there are: each has its ones all at one end."""
    if rows.ndim != 2 or not np.isin(rows, (0, 1)).all():
        return False
    rise = np.diff(rows.astype(np.int8), axis=1)
    return bool(rise.any() and ((rise <= 0).all() or (rise >= 0).all()))


def _rare(seen: Scan, still: np.ndarray) -> bool:
    """Say whether columns are words or categories that do not occur, in a table of mostly zeros."""
    return not seen.low[still].any() and float(np.mean(seen.rows == 0)) > 0.5


CHECKS = {
    not_finite: (NOT_FINITE,), unscaled: (UNSCALED,), outlying: (UNSCALED,), constant: (CONSTANT,),
}  # fmt: skip
