"""Axes: where a number stands between 0 and 1, and which numbers are written below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

TICKS = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from `low` to `high`; on a logarithmic one both are above 0."""

    low: float
    high: float
    logarithmic: bool = False

    def place(self, number: float) -> float:
        """Return where a number stands, from 0 to 1; what is outside stands at the end."""
        if self.logarithmic:
            if number <= 0:
                return 0.0
            low, high, at = math.log(self.low), math.log(self.high), math.log(number)
        else:
            low, high, at = self.low, self.high, number
        return min(1.0, max(0.0, (at - low) / (high - low))) if high > low else 0.5

    def ticks(self) -> Sequence[float]:
        """Return a few round numbers on it."""
        return self._decades() if self.logarithmic else self._steps()

    def _steps(self) -> list[float]:
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        rough = span / TICKS
        unit = 10.0 ** math.floor(math.log10(rough))
        step = unit * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * unit >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first + 1
        return [round((first + number) * step, 12) for number in range(count)]

    def _decades(self) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        step = max(1, -(-(last - first) // TICKS))
        factors = (1, 2, 5) if last - first <= 2 else (1,)
        numbers = [factor * 10.0**power for power in range(first, last + 1, step) for factor in factors]
        return [number for number in numbers if self.low * 0.999 <= number <= self.high * 1.001]


def written(number: float) -> str:
    """Return a number as it stands below an axis: `0.25`, `500`, `20 k`."""
    if abs(number) >= 10_000:
        for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(number) >= size:
                return f"{number / size:.4g} {unit}"
    return f"{number:,.4g}"
