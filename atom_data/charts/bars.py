"""Bars that lie: one for each value, with its label and number beside it as text that can be read and copied."""

from collections.abc import Sequence
from dataclasses import dataclass

from atom_data.charts.text import shown


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar."""

    kind: str
    """Its color: `kept`, `missed`, `other` or `gone`; the last is a part that is left free."""
    size: float


def bar(parts: Sequence[Part], whole: float, label: str = "") -> str:
    """Return a bar as SVG that is as wide as its place. It says nothing that does not stand beside it in numbers."""
    at, drawn = 0.0, []
    for part in parts:
        wide = 1000 * part.size / whole if whole else 0.0
        if wide > 0 and part.kind != "gone":
            drawn.append(f'<rect class="{part.kind}" x="{at:.2f}" y="0" width="{max(wide, 2):.2f}" height="10"/>')
        at += wide
    name = f' role="img" aria-label="{shown(label)}"' if label else ' aria-hidden="true"'
    return f'<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none"{name}>{"".join(drawn)}</svg>'


def spark(numbers: Sequence[float], label: str) -> str:
    """Return numbers over time as one shape, as wide as its place and each as high as its share of the largest."""
    most = max(numbers, default=0.0) or 1.0
    steps = "".join(f"V{20 - 19 * number / most:.2f}h1" for number in numbers)
    return (
        f'<svg class="spark" viewBox="0 0 {len(numbers)} 20" preserveAspectRatio="none" role="img" aria-label="{shown(label)}">'
        f'<path class="kept" d="M0 20{steps}V20z"/></svg>'
    )


def legend(labels: Sequence[tuple[str, str]]) -> str:
    """Return what each color means, as a list."""
    signs = (
        f'<li><svg viewBox="0 0 1 1" aria-hidden="true"><rect class="{kind}" width="1" height="1"/></svg>{shown(name)}</li>'
        for kind, name in labels
    )
    return f'<ul class="legend">{"".join(signs)}</ul>'


def columns(counts: Sequence[tuple[str, float, float]], label: str) -> str:
    """Return upright bars, for an order such as months: of each a name, what was kept and what was dropped."""
    wide, high, floor = 720, 150, 126
    most = max((kept + gone for _, kept, gone in counts), default=0) or 1
    step = (wide - 20) / max(len(counts), 1)
    every = max(1, -(-len(counts) * 62 // (wide - 20)))
    parts = [f'<rect class="frame" x="10" y="{floor}" width="{wide - 20}" height="1"/>']
    for number, (name, kept, gone) in enumerate(counts):
        left, width = 10 + number * step, max(step - 2, 1)
        tall, more = (count / most * (floor - 8) for count in (kept, gone))
        parts.append(
            f'<rect class="kept" x="{left:.1f}" y="{floor - tall:.1f}" width="{width:.1f}" height="{tall:.1f}"/>'
        )
        top = floor - tall - more
        parts.append(f'<rect class="missed" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{more:.1f}"/>')
        if number % every == 0 and left + 45 < wide:  # a name must not stand out of the picture
            parts.append(f'<text class="tick" x="{left:.1f}" y="{floor + 16}">{shown(name)}</text>')
    return f'<svg class="columns" viewBox="0 0 {wide} {high}" role="img" aria-label="{shown(label)}">{"".join(parts)}</svg>'
