"""Definitions of metrics (y, p, w) -> number, in plain NumPy and loops, from the books."""

import numpy as np


def mean(values):
    """A definition that averages a value for each sample."""
    return lambda y, p, w: np.average(values(y, p), weights=w)


def picked(y, p):
    return p[np.arange(len(p)), y if y.ndim == 1 else y.argmax(-1)]


def rank_of_truth(y, p):
    labels = y if y.ndim == 1 else y.argmax(-1)
    return np.array([(row > row[k]).sum() for row, k in zip(p, labels, strict=True)])


def counts(y, p, w, threshold=0.5):
    """tp, fp, tn, fn by looking at each prediction."""
    found = {"tp": 0.0, "fp": 0.0, "tn": 0.0, "fn": 0.0}
    weights = np.broadcast_to(w.reshape(-1, *[1] * (y.ndim - 1)), y.shape)
    for a, b, c in zip(y.ravel(), p.ravel(), weights.ravel(), strict=True):
        said = b > threshold
        found[("t" if said == bool(a) else "f") + ("p" if said else "n")] += c
    return found


def share(a, b):
    return a / (a + b) if a + b else 0.0


def precision(y, p, w, t=0.5):
    c = counts(y, p, w, t)
    return share(c["tp"], c["fp"])


def recall(y, p, w, t=0.5):
    c = counts(y, p, w, t)
    return share(c["tp"], c["fn"])


def specificity(y, p, w, t=0.5):
    c = counts(y, p, w, t)
    return share(c["tn"], c["fp"])


def best(wanted, kept, limit):
    """The largest of one rate at any threshold where the other is kept."""

    def definition(y, p, w):
        places = [0.0, *(np.sort(p)[1:] - 0.005), 1.0]
        return max([wanted(y, p, w, t) for t in places if kept(y, p, w, t) >= limit] or [0.0])

    return definition


def top(p, k):
    """Scores of which only the k largest of each row are left."""
    limit = np.sort(p, axis=-1)[:, -k][:, None]
    return np.where(p >= limit, p, -1.0)


def f_score(y, chosen, w, beta=1.0):
    c = counts(y, chosen, w)
    b = beta * beta
    above = (1 + b) * c["tp"]
    return above / (above + b * c["fn"] + c["fp"]) if above else 0.0


def f_scores(average, beta=1.0, threshold=None):
    def definition(y, p, w):
        if threshold is None:
            chosen = np.eye(p.shape[1])[p.argmax(-1)]
        else:
            chosen = (p > threshold).astype(float)
        each = [f_score(y[:, k], chosen[:, k], w, beta) for k in range(p.shape[1])]
        support = (y * w[:, None]).sum(0)
        return {
            None: each,
            "micro": f_score(y, chosen, w, beta),
            "macro": np.mean(each),
            "weighted": np.dot(each, support) / support.sum(),
        }[average]

    return definition


def curve_points(y, p, w):
    """tp and fp when the scores are accepted one by one, from the highest."""
    order = np.argsort(-p)
    tp = np.concatenate([[0], np.cumsum((y * w)[order])])
    fp = np.concatenate([[0], np.cumsum(((1 - y) * w)[order])])
    return tp, fp


def chance_of_order(y, p, w):
    """The chance that a random yes scores higher than a random no: the area under ROC."""
    won = total = 0.0
    for i in np.flatnonzero(y):
        for j in np.flatnonzero(y == 0):
            total += w[i] * w[j]
            won += w[i] * w[j] * (p[i] > p[j])
    return won / total


def interpolated_pr(y, p, w):
    """Integral of tp / (tp + fp) over recall, both growing linearly between the points."""
    tp, fp = curve_points(y, p, w)
    area = 0.0
    for i in range(len(tp) - 1):
        if tp[i + 1] > tp[i]:
            t = np.linspace(tp[i], tp[i + 1], 2001)[1:] if tp[i] == 0 else np.linspace(
                tp[i], tp[i + 1], 2001)  # fmt: skip
            f = np.interp(t, tp[i : i + 2], fp[i : i + 2])
            area += np.mean(t / (t + f)) * (tp[i + 1] - tp[i])
    return area / tp[-1]


def riemann(curve, height):
    def definition(y, p, w):
        tp, fp = curve_points(y, p, w)
        if curve == "ROC":
            x, v = fp / fp[-1], tp / tp[-1]
        else:
            x = tp / tp[-1]
            v = np.array([share(a, b) for a, b in zip(tp, fp, strict=True)])
        return sum((x[i + 1] - x[i]) * height(v[i], v[i + 1]) for i in range(len(x) - 1))

    return definition


def precision_recall_gain(y, p, w):
    tp, fp = curve_points(y, p, w)
    scale, x, v = tp[-1] / fp[-1], [], []
    for a, b in zip(tp, fp, strict=True):
        x.append(max(0.0, 1 - scale * (tp[-1] - a) / a) if a else 0.0)
        v.append(1 - scale * b / a if a else 1.0)
    return sum((x[i + 1] - x[i]) * (v[i] + v[i + 1]) / 2 for i in range(len(x) - 1))


def each_label(definition):
    return lambda y, p, w: np.mean([definition(y[:, k], p[:, k], w) for k in range(y.shape[1])])


def confusion(classes):
    def definition(y, p, w):
        matrix = np.zeros((classes, classes))
        for a, b, c in zip(y, p, w, strict=True):
            matrix[int(a), int(b)] += c
        return matrix

    return definition


def iou(classes, ids, ignored=None):
    def definition(y, p, w):
        found = []
        for k in ids:
            keep = y != ignored if ignored is not None else np.ones(len(y), bool)
            both = (w * keep * ((y == k) & (p == k))).sum()
            one = (w * keep * ((y == k) | (p == k))).sum()
            if one:
                found.append(both / one)
        return np.mean(found)

    return definition


def r2(aggregate):
    def definition(y, p, w):
        scores, variances = [], []
        for a, b in zip(y.T, p.T, strict=True):
            centre = np.average(a, weights=w)
            variances.append((w * (a - centre) ** 2).sum())
            scores.append(1 - (w * (a - b) ** 2).sum() / variances[-1])
        return aggregate(np.array(scores), np.array(variances))

    return definition


def adjusted(score, variance):
    """Of 12 samples and 2 regressors."""
    return 1 - (1 - score.mean()) * (12 - 1) / (12 - 2 - 1)


def concordance(y, p):
    out = []
    for a, b in zip(y, p, strict=True):
        gap = (a.mean() - b.mean()) ** 2
        out.append(2 * np.cov(a, b, bias=True)[0, 1] / (a.var() + b.var() + gap))
    return np.array(out)


def cosine(y, p):
    return np.array([a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in zip(y, p, strict=True)])


def multiclass_hinge(y, p):
    return np.array(
        [max(0, 1 + max(0, *np.delete(r, k)) - r[k]) for r, k in zip(p, y.argmax(-1), strict=True)]
    )


def bce(y, p):
    return -np.where(y == 1, np.log(p), np.log(1 - p)).mean(-1)


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)
