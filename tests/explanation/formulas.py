"""Reads printed formulas back and computes them: with the operands' values, or as they are printed.

A number that was printed with four digits stands for all numbers that are printed so. Printed
formulas are therefore computed with intervals, and the printed result must lie in the one that
comes out.
"""

import math
import operator
import re

_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<number>\d+\.?\d*(?:e[+-]?\d+)?|True|False|true|false|inf)"
    r"|(?P<rest>⟨\d+ more(?:, \d+)?⟩)"
    r"|(?P<name>(?:∂L\d*/∂)?(?![\d²³])(?:[^\W²³]|\.)+′?(?:\(t=[\d,]+\))?(?:\[[\d, ]+\])?)"
    r"|(?P<mark>[-+·/^()\[\],=≠<≤>≥√²³]))"
)


class Interval:
    """All numbers from `low` to `high`."""

    def __init__(self, low, high=None):
        self.low, self.high = low, low if high is None else high

    @classmethod
    def printed(cls, text):
        """Return the numbers that are printed so: with four digits, zeros at the end left out."""
        value = float({"true": 1, "false": 0}.get(text, text))
        if value == 0 or not math.isfinite(value):
            return cls(value)
        unit = 10.0 ** (math.floor(math.log10(abs(value))) - 3)
        return cls(value - unit / 2, value + unit / 2)

    def __add__(self, other):
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __mul__(self, other):
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def over(self, other):
        if other.low <= 0 <= other.high:
            if other.low == other.high == 0:
                return Interval(-math.inf, math.inf)
            return Interval(-math.inf, math.inf)
        return self * Interval(1 / other.high, 1 / other.low)

    def through(self, fn, start=-math.inf):
        """Apply a function that grows from `start` on."""
        return Interval(fn(max(self.low, start)), fn(max(self.high, start)))

    def power(self, other):
        if other.low == other.high:
            ends = [self.low**other.low, self.high**other.low]
            if self.low <= 0 <= self.high and other.low > 0:
                ends.append(0.0)
            return Interval(min(ends), max(ends))
        ends = [
            a**b for a in (max(self.low, 0), max(self.high, 0)) for b in (other.low, other.high)
        ]
        return Interval(min(ends), max(ends))


def _exp(x):
    return math.exp(x) if x < 700 else math.inf


def _log(x):
    return math.log(x) if x > 0 else -math.inf


_GROWING = {
    "ln": (_log, -math.inf),
    "√": (math.sqrt, 0.0),
    "tanh": (math.tanh, -math.inf),
    "σ": (lambda x: 1 / (1 + _exp(-x)), -math.inf),
    "erf": (math.erf, -math.inf),
    "floor": (math.floor, -math.inf),
    "round": (round, -math.inf),
    "trunc": (math.trunc, -math.inf),
    "sign": (lambda x: (x > 0) - (x < 0), -math.inf),
}


_HOLDS = {
    "=": operator.eq, "≠": operator.ne, "<": operator.lt, "≤": operator.le, ">": operator.gt,
    "≥": operator.ge,
}  # fmt: skip


class Formula:
    """A formula, computed while it is read."""

    def __init__(self, text, value_of):
        self.tokens, self.value_of = [], value_of
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            assert match, f"{text!r} cannot be read at {at}"
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.tokens.append(("end", ""))

    def next(self, *texts):
        """Take the next token if it is one of these."""
        if self.tokens[0][1] in texts:
            return self.tokens.pop(0)[1]
        return None

    def take(self, text):
        assert self.next(text), f"{text!r} expected before {self.tokens[:3]}"

    def result(self):
        value = self.sum()
        assert self.tokens[0][0] == "end", self.tokens
        return value

    def sum(self):
        value = -self.product() if self.next("-") else self.product()
        while sign := self.next("+", "-"):
            value = value + (self.product() if sign == "+" else -self.product())
        return value

    def product(self):
        value = self.factor()
        while sign := self.next("·", "/"):
            value = value * self.factor() if sign == "·" else value.over(self.factor())
        return value

    def factor(self):
        value = self.atom()
        while sign := self.next("²", "³", "^"):
            exponent = {"²": Interval(2.0), "³": Interval(3.0)}.get(sign) or self.atom()
            value = value.power(exponent)
        return value

    def arguments(self):
        self.take("(")
        found = [self.condition()]
        while self.next(","):
            found.append(self.condition())
        self.take(")")
        return found

    def condition(self):
        """A sum, or two that are compared: 1 if that holds."""
        a = self.sum()
        if (sign := self.tokens[0][1]) not in _HOLDS:
            return a
        self.tokens.pop(0)
        b = self.sum()
        return Interval(float(_HOLDS[sign]((a.low + a.high) / 2, (b.low + b.high) / 2)))

    def atom(self):
        kind, text = self.tokens.pop(0)
        if kind == "number":
            if self.tokens[0][0] == "rest":
                self.tokens.pop(0)
            return self.value_of(text, True)
        if text == "(":
            value = self.sum()
            self.take(")")
            return value
        if text == "[":
            value = self.condition()
            self.take("]")
            return value
        if text == "-":
            return -self.atom()
        if text == "e" and self.next("^"):
            return self.atom().through(_exp)
        if self.tokens[0][1] == "(" and kind in ("name", "mark"):
            xs = self.arguments()
            if text in _GROWING:
                fn, start = _GROWING[text]
                return xs[0].through(fn, start)
            if text == "abs":
                ends = [abs(xs[0].low), abs(xs[0].high)]
                return Interval(0.0 if xs[0].low <= 0 <= xs[0].high else min(ends), max(ends))
            if text in ("max", "min"):
                fn = {"max": max, "min": min}[text]
                return Interval(fn(x.low for x in xs), fn(x.high for x in xs))
            if text in ("and", "or", "not"):
                true = [x.low != 0 for x in xs]
                holds = {"and": all(true), "or": any(true), "not": not true[0]}[text]
                return Interval(float(holds))
            if text in ("sin", "cos"):
                y = getattr(math, text)((xs[0].low + xs[0].high) / 2)
                near = (xs[0].high - xs[0].low) / 2
                return Interval(y - near, y + near)
            if text in ("mod", "floordiv"):
                x, y = (a.low for a in xs)
                return Interval(x % y if text == "mod" else x // y)
            raise AssertionError(f"no function {text!r}")
        return self.value_of(text, False)


def exactly(line):
    """Compute the formula of a line (of `to_dict`) from its operands."""

    def value_of(text, is_number):
        if not is_number:
            return Interval(float(line["operands"][text]))
        return Interval(float({"True": 1, "False": 0, "true": 1, "false": 0}.get(text, text)))

    return Formula(line["formula"], value_of).result()


def as_printed(line):
    """Compute the formula of a line as its numbers are printed."""

    def value_of(text, is_number):
        assert is_number, f"{text!r} stands in {line['numbers']!r}"
        return Interval.printed(text)

    return Formula(line["numbers"], value_of).result()


def check(line, tolerance):
    """Assert that a line is right: in its operands, and in what is printed."""
    if line.get("given"):
        return
    value = float(line["value"])
    found = exactly(line)
    if not math.isfinite(value):
        assert str(value) == str(found.low) == str(found.high) == line["result"], line
        return
    slack = tolerance * max(1.0, abs(value))
    assert found.low - slack <= value <= found.high + slack, (line, found.low, found.high)
    printed, result = as_printed(line), Interval.printed(line["result"])
    assert printed.low - slack <= result.high, (line, printed.low, printed.high)
    assert printed.high + slack >= result.low, (line, printed.low, printed.high)
