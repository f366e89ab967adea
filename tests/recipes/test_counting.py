import numpy as np
import pytest

from neurona.recipes.counting import counted_nats


def by_hand(train, test, size, length, s=0.1):
    """The same, token by token."""

    def p(context, token):
        if not context and length == 0:
            return 1 / size
        lower = p(context[1:], token) if context else 1 / size
        n = len(context)
        spots = [i for i in range(n, len(train)) if tuple(train[i - n : i]) == context]
        hits = sum(train[i] == token for i in spots)
        return (hits + s * size * lower) / (len(spots) + s * size)

    scores = [
        -np.log(p(tuple(test[i - length + 1 : i]), test[i])) for i in range(length - 1, len(test))
    ]
    return np.mean(scores)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_counted_as_by_hand(length):
    rng = np.random.default_rng(0)
    train, test = rng.integers(0, 4, 200), rng.integers(0, 4, 30)
    found = counted_nats(train, test, 4, length)
    assert found == pytest.approx(by_hand(train.tolist(), test.tolist(), 4, length), rel=1e-3)


def test_padding_is_never_to_be_told():
    names = np.array([[0, 0, 1, 2], [0, 0, 2, 1]])
    train, test = np.tile(names, (50, 1)).ravel(), names.ravel()
    # 1 or 2 comes first, each as often; then the other one, which is sure
    assert counted_nats(train, test, 3, 2, pad=0) == pytest.approx(np.log(2) / 2, abs=0.01)
    assert counted_nats(train, test, 3, 1, pad=0) == pytest.approx(np.log(2), abs=0.01)


def test_what_repeats_is_known_and_noise_is_not():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 8, 20_000)
    assert counted_nats(noise[:15_000], noise[15_000:], 8, 2) == pytest.approx(np.log(8), abs=0.02)
    circle = np.arange(900) % 9
    assert counted_nats(circle[:800], circle[800:], 9, 2) < 0.05
