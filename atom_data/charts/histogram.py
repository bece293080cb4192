"""Histograms of a signal: what was kept and what was dropped, and the bound between them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from atom_data.charts.axis import Axis, written
from atom_data.charts.text import in_short, shown

WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 10, 350, 34, 162
BARS = 56
WIDE = 40.0
"""From how many times the smallest number the largest is, an axis is logarithmic."""
STEPS = 31
"""Whole numbers up to this have a bar each."""
FATES = ("kept", "missed", "other")
SLOTS = 5
"""Whole numbers that there is room for, at least: a single bar should not fill the picture."""
GAP = 22
"""Room for the bars of zero and of no value, left of a logarithmic axis."""
MANY, TALLEST = 8, 50
"""From how many times the next one on a bar is cut, as the others could not be seen beside it; and how many times taller
than the whole picture it may be: one document must not look like many."""
CUT = (TOP + 24.0, TOP + 30.0)
"""Where a bar that is cut has its gap."""

Bin = tuple[float, float, Sequence[int]]
"""From, to, and how many documents of each of FATES."""


@dataclass(slots=True)
class Bar:
    """One bar."""

    left: float
    right: float
    counts: list[float]


@dataclass(slots=True)
class Frame:
    """The axis that all groups of a histogram share, and what stands left of it."""

    axis: Axis
    discrete: bool = False
    """Whether each bar is a whole number."""
    asides: list[str] = field(default_factory=list)
    """Bars left of the axis: `0` and `none`, where there are any."""

    @property
    def start(self) -> float:
        """Where the axis begins."""
        return LEFT + GAP * len(self.asides)

    def at(self, number: float) -> float:
        """Return where a number stands in the picture."""
        return self.start + self.axis.place(number) * (RIGHT - self.start)


def ending_at_one(bins: Sequence[Bin]) -> list[Bin]:
    """Return the bins of shares: those that are exactly 1 stand below 1 and not above, where there is none."""
    if any(low > 1 for low, *_ in bins) or all(float(low).is_integer() for low, *_ in bins):
        return [*bins]
    return [(31 / 32, 1.0, counts) if low == 1 else (low, high, counts) for low, high, counts in bins]


def frame_of(bins: Sequence[Bin], nothing: Sequence[int], bounds: Mapping[str, float]) -> Frame:
    """Choose an axis for numbers and bounds: logarithmic where the numbers are spread over more than one size."""
    filled = [one for one in bins if sum(one[2])]
    marks = [bound for bound in bounds.values() if math.isfinite(bound)]
    lows = [low for low, *_ in filled] + marks
    highs = [high for _, high, _ in filled] + marks
    low, high = min(lows, default=0.0), max(highs, default=1.0)
    aside = ["none"] if sum(nothing) else []
    if not lows:
        return Frame(Axis(0.0, 1.0), False, aside)
    whole = all(float(low).is_integer() for low, *_ in filled)
    if whole and low >= 0 and high <= STEPS + 1:
        last = max([low for low, *_ in filled] + marks + [min(lows) + SLOTS - 1])
        return Frame(Axis(min(lows) - 0.5, last + 0.5), True, aside)
    positive = [low for low, high, _ in filled if low > 0]
    smallest = min([one for one in [*positive, *marks] if one > 0], default=0.0)
    if low >= 0 and smallest and high / smallest > WIDE and not _mostly_large(filled, high):
        zero = ["0"] if any(high == 0 for _, high, _ in filled) or 0.0 in marks else []
        return Frame(Axis(smallest, high, True), False, [*aside, *zero])
    if low >= 0 and high <= 1.0:
        low, high = 0.0, 1.0 if high > 0.5 else high
    return Frame(Axis(low, high if high > low else low + 1), False, aside)


def _mostly_large(bins: Sequence[Bin], high: float) -> bool:
    """Tell whether half of the documents lie within the largest tenth to whole of the axis: then it is a plain one."""
    whole = sum(sum(counts) for *_, counts in bins)
    return sum(sum(counts) for low, _, counts in bins if low >= high / 10) > whole / 2


def bars_of(frame: Frame, bins: Sequence[Bin], nothing: Sequence[int]) -> list[Bar]:
    """Return the bars: documents of a bin that lies over several are shared among them by its width."""
    found: dict[int, Bar] = {}
    asides = {"none": list(nothing), "0": [0, 0, 0]}
    wide = (RIGHT - frame.start) / BARS
    for low, high, counts in bins:
        if frame.discrete:
            bar = found.setdefault(int(low), Bar(frame.at(low - 0.5) + 0.5, frame.at(low + 0.5) - 0.5, [0.0] * 3))
            _more(bar.counts, counts, 1)
        elif low == high and "0" in frame.asides:
            _more(asides["0"], counts, 1)
        else:
            _share(found, frame, wide, (low, high, counts))
    left = [
        Bar(LEFT + GAP * place + 2, LEFT + GAP * (place + 1) - 6, [float(count) for count in asides[name]])
        for place, name in enumerate(frame.asides)
    ]
    return left + [found[number] for number in sorted(found)]


def _share(found: dict[int, Bar], frame: Frame, wide: float, one: Bin) -> None:
    low, high, counts = one
    first, last = ((frame.at(number) - frame.start) / wide for number in (low, high))
    middle = min(BARS - 1, int((first + last) / 2))
    # A value in the middle of a bin stands for all of it where the bin is not wider than a bar.
    places = range(int(first), min(BARS - 1, int(last)) + 1) if last - first > 1 else [middle]
    for number in places:
        part = (min(last, number + 1) - max(first, number)) / (last - first) if len(places) > 1 else 1.0
        left = frame.start + number * wide
        bar = found.setdefault(number, Bar(left + 0.25, left + wide - 0.25, [0.0] * 3))
        _more(bar.counts, counts, max(0.0, part))


def _more(counts: list[float] | list[int], others: Sequence[int], part: float) -> None:
    for number, count in enumerate(others):
        counts[number] += count * part  # type: ignore[call-overload]


def heights(bars: Sequence[Bar]) -> tuple[float, str]:
    """Return how many documents the whole height stands for, and how the picture says so.

    One or two bars that are many times as high as the next are cut, and the height is twice that of the next.
    """
    sizes = sorted((sum(bar.counts) for bar in bars), reverse=True)
    for place, (upper, lower) in enumerate(pairwise(sizes[:3]), 1):
        if lower and upper > MANY * lower:
            cut = " and ".join(in_short(round(size)) for size in sizes[:place])
            full = math.ceil(max(2 * lower, upper / TALLEST))
            return full, f"full height {in_short(full)}, cut: {cut}"
    most = sizes[0] if sizes else 0.0
    return most, f"highest bar {in_short(round(most))}"


def paths_of(bars: Sequence[Bar]) -> tuple[list[str], str]:
    """Return the shapes of kept, missed and other documents, stacked, and what is said of their heights."""
    most, label = heights(bars)
    drawn: list[list[str]] = [[], [], []]
    for bar in bars:
        floor, whole = float(BOTTOM), sum(bar.counts)
        for fate in (0, 2, 1):  # what the rule drops stands on top
            tall = bar.counts[fate] / max(most, whole) * (BOTTOM - TOP) if most else 0.0
            if tall > 0:
                tall = max(tall, 0.7)
                drawn[fate].append(_shape(bar, floor - tall, floor, whole > most))
                floor -= tall
    return ["".join(parts) for parts in drawn], label


def _shape(bar: Bar, top: float, floor: float, cut: bool) -> str:
    """Return a part of a bar, without what lies in the gap of one that is cut."""
    pieces = [(top, min(floor, CUT[0])), (max(top, CUT[1]), floor)] if cut else [(top, floor)]
    wide = bar.right - bar.left
    return "".join(
        f"M{bar.left:.1f} {low:.1f}h{wide:.1f}v{high - low:.1f}h{-wide:.1f}z" for high, low in pieces if low > high
    )


def draw(frame: Frame, bars: Sequence[Bar], bounds: Mapping[str, float], title: str, name: str) -> str:
    """Return the picture as SVG. `title` says in words what it shows; `name` is what a script finds its shapes by."""
    paths, label = paths_of(bars)
    parts = [f'<rect class="frame" x="{LEFT}" y="{BOTTOM}" width="{RIGHT - LEFT}" height="1"/>']
    parts += [_shade(frame, key, bound) for key, bound in bounds.items()]
    parts += [f'<path class="{fate}" d="{path}"/>' for fate, path in zip(FATES, paths, strict=True)]
    parts += _below(frame)
    places: list[float] = []
    for key, bound in sorted(bounds.items(), key=lambda item: item[1]):
        parts.append(_mark(frame, key, bound, places))
    parts.append(f'<text class="most" x="{RIGHT}" y="12" text-anchor="end">{label}</text>')
    return (
        f'<svg class="histogram" data-name="{shown(name)}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{shown(title)}">{"".join(parts)}</svg>'
    )


def _below(frame: Frame) -> list[str]:
    parts = [
        f'<text class="tick" x="{LEFT + GAP * place + GAP / 2 - 2:.1f}" y="{BOTTOM + 16}" text-anchor="middle">{name}</text>'
        for place, name in enumerate(frame.asides)
    ]
    last = -99.0
    for number in frame.axis.ticks():
        if frame.discrete and not float(number).is_integer():
            continue
        place, label = frame.at(number), written(number)
        half = len(label) * 3.2
        free = place - half > last + 6 and (not frame.asides or place - half > frame.start)
        if free and place + half < WIDTH + 4:
            parts.append(f'<text class="tick" x="{place:.1f}" y="{BOTTOM + 16}" text-anchor="middle">{label}</text>')
            parts.append(f'<rect class="frame" x="{place:.1f}" y="{BOTTOM}" width="1" height="4"/>')
            last = place + half
    return parts


def _edge(frame: Frame, key: str, bound: float) -> float:
    """Return where a bound is drawn: of whole numbers between the last that passes and the first that does not."""
    shift = {"min": -0.5, "below": -0.5, "max": 0.5, "above": 0.5}[key] if frame.discrete else 0.0
    return frame.at(bound + shift)


def _shade(frame: Frame, key: str, bound: float) -> str:
    """Return a light field over the numbers that miss a bound."""
    place = _edge(frame, key, bound)
    left, right = (frame.start, place) if key in ("min", "above") else (place, float(RIGHT))
    return (
        f'<rect class="shade" x="{left:.1f}" y="{TOP}" width="{max(0.0, right - left):.1f}" height="{BOTTOM - TOP}"/>'
    )


def _mark(frame: Frame, key: str, bound: float, places: list[float]) -> str:
    place, label = _edge(frame, key, bound), f"{key} {written(bound)}"
    high = TOP - 5 - (11 if any(abs(place - other) < 62 for other in places) else 0)
    places.append(place)
    side = "start" if place < WIDTH / 2 else "end"
    line = f'<rect class="bound" x="{place - 0.75:.1f}" y="{high + 2}" width="1.5" height="{BOTTOM - high - 2}"/>'
    return f'{line}<text class="boundlabel" x="{place:.1f}" y="{high}" text-anchor="{side}">{label}</text>'
