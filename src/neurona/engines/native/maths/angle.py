"""Angles so large that pi / 2 must be known to a thousand digits to say where they point.

Source: Payne and Hanek 1983, "Radian reduction for trigonometric functions".
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

NEAR = 2.0**30  # from here on `angle` is right
_WORDS = 20  # of 64 bits; the first one is what stands before the point
_HALF_PI = 0xC90FDAA22168C235  # times 2^-63


def angle(f: Any) -> None:
    """Write (double %x0, ptr %y0, ptr %y1, ptr %y2): x = n pi / 2 + r + low; n, r and low.

    x is m 2^e, with m of 53 bits. Bits of 2 / pi that m 2^e makes multiples of 4 are left out; the
    192 behind them, times m, are n modulo 4 and a fraction of 137 bits that are right. At least 66
    of those remain where x is next to a multiple of pi / 2.
    """
    bits = f.let("bitcast double %x0 to i64")
    exponent = f.let(f"and i64 {f.let(f'lshr i64 {bits}, 52')}, 2047")
    m = f.let(f"or i64 {f.let(f'and i64 {bits}, {2**52 - 1}')}, {2**52}")
    first = f.let(f"sub i64 {exponent}, 1013")  # the bit of weight 2^(1 - e) among the words
    word, shift = f.let(f"lshr i64 {first}, 6"), f.let(f"and i64 {first}, 63")
    table = f.module.part("two_over_pi", _table())
    words = [f.let(f"load i64, ptr {f.address(table, 'i64', f.add(word, k))}") for k in range(4)]
    window = [_shifted(f, *pair, shift) for pair in itertools.pairwise(words)]
    high, middle, low = _product(f, m, window)

    n = f.let(f"lshr i64 {f.let(f'add i64 {high}, {2**61}')}, 62")  # to the nearest
    fraction = _joined(f, _shifted(f, high, middle, "2"), _shifted(f, middle, low, "2"))
    below = f.let(f"icmp slt i128 {fraction}, 0")
    opposite = f.let(f"sub i128 0, {fraction}")
    size = f.let(f"select i1 {below}, i128 {opposite}, i128 {fraction}")
    zeros = f.call("llvm.ctlz.i128", "i128", ("i128", size), ("i1", "false"))
    leading = f.let(f"shl i128 {size}, {zeros}")
    r = _upper(f, f.let(f"mul i128 {_wide(f, _upper(f, leading))}, {_HALF_PI}"))

    zeros = f.let(f"trunc i128 {zeros} to i64")
    power = f.let(f"shl i64 {f.let(f'sub i64 {1023 - 63}, {zeros}')}, 52")
    scale = f.let(f"bitcast i64 {power} to double")
    backwards = f.let(f"icmp slt i64 {bits}, 0")
    negative = f.let(f"xor i1 {backwards}, {below}")
    infinite = f.let(f"icmp eq i64 {exponent}, 2047")  # it points nowhere: NaN
    for place, part in (("%y1", -2048), ("%y2", 2047)):  # 53 bits, and the rest
        whole = f.let(f"uitofp i64 {f.let(f'and i64 {r}, {part}')} to double")
        value = f.let(f"fmul double {whole}, {scale}")
        turned = f.let(f"fneg double {value}")
        value = f.let(f"select i1 {negative}, double {turned}, double {value}")
        value = f.let(f"select i1 {infinite}, double 0x7FF8000000000000, double {value}")
        f.do(f"store double {value}, ptr {place}")
    turned = f.let(f"sub i64 0, {n}")
    f.do(f"store i64 {f.let(f'select i1 {backwards}, i64 {turned}, i64 {n}')}, ptr %y0")


def _shifted(f: Any, word: str, following: str, count: str) -> str:
    """A word that begins so many bits later."""
    return f.call("llvm.fshl.i64", "i64", ("i64", word), ("i64", following), ("i64", count))


def _product(f: Any, m: str, words: list[str]) -> tuple[str, str, str]:
    """m times the number of three words, without what does not fit into three."""
    first, second, third = (f.let(f"mul i128 {_wide(f, m)}, {_wide(f, w)}") for w in words)
    middle = f.let(f"add i128 {second}, {_wide(f, _upper(f, third))}")
    high = f.let(f"add i64 {_lower(f, first)}, {_upper(f, middle)}")
    return high, _lower(f, middle), _lower(f, third)


def _wide(f: Any, x: str) -> str:
    return f.let(f"zext i64 {x} to i128")


def _joined(f: Any, high: str, low: str) -> str:
    return f.let(f"or i128 {f.let(f'shl i128 {_wide(f, high)}, 64')}, {_wide(f, low)}")


def _upper(f: Any, x: str) -> str:
    return _lower(f, f.let(f"lshr i128 {x}, 64"))


def _lower(f: Any, x: str) -> str:
    return f.let(f"trunc i128 {x} to i64")


@functools.cache
def _table() -> str:
    """The bits of 2 / pi, by Machin's formula: pi / 4 = 4 arctan 1/5 - arctan 1/239."""
    bits = 64 * _WORDS

    def arctan_of_one_over(k: int) -> int:
        power, total, odd = (1 << bits) // k, 0, 1
        while power:
            total += power // odd if odd % 4 == 1 else -(power // odd)
            power, odd = power // (k * k), odd + 2
        return total

    half_pi = 2 * (4 * arctan_of_one_over(5) - arctan_of_one_over(239))
    found = (1 << 2 * bits - 64) // half_pi  # the last word but one is right
    words = [found >> bits - 64 * (k + 1) & 2**64 - 1 for k in range(_WORDS)]
    listed = ", ".join(f"i64 {word}" for word in words)
    return f"@two_over_pi = internal constant [{_WORDS} x i64] [{listed}]"
