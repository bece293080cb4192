"""Lines over thresholds: what is kept as a bound moves."""

from collections.abc import Sequence

from atom_data.charts.text import shown

WIDTH, HEIGHT, MARGIN = 720, 280, 50
LABELS = 11
"""Thresholds that are written below a picture, at most."""
COLORS = ("#0b6e99", "#c2500f", "#2a7f56", "#7d4fc0", "#8a6200", "#007680", "#555555")
"""Told apart by people who see fewer colors, and each with a contrast of 4.5 and more on white."""

Line = tuple[str, Sequence[float]]
"""A name, and for each threshold a share."""


def draw_lines(name: str, points: Sequence[tuple[float, bool]], lines: Sequence[Line]) -> str:
    """Draw shares over thresholds, which stand as far apart as in a table: that is where the documents are.

    Each of `points` is a threshold and whether it is the present bound, which is marked.
    """
    last = max(len(points) - 1, 1)

    def across(number: int) -> float:
        return MARGIN + number / last * (WIDTH - 2 * MARGIN)

    def up(part: float) -> float:
        return HEIGHT - MARGIN - part * (HEIGHT - 2 * MARGIN)

    drawn = [
        f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{up(y)}" y2="{up(y)}" stroke="#ccc"/>'
        f'<text x="{MARGIN - 6}" y="{up(y) + 4}" text-anchor="end">{y:.0%}</text>'
        for y in (0, 0.25, 0.5, 0.75, 1)
    ]
    step = -(-len(points) // LABELS)
    for number, (threshold, present) in enumerate(points):
        x = across(number)
        if present:
            drawn.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{up(0)}" y2="{up(1)}" stroke="#555" stroke-dasharray="4"/>'
                f'<text x="{x:.1f}" y="{up(1) - 8}" text-anchor="middle">now {threshold:,.4g}</text>'
            )
        if number % step == 0:
            drawn.append(f'<text x="{x:.1f}" y="{HEIGHT - 20}" text-anchor="middle">{threshold:,.4g}</text>')
    for number, (_, parts) in enumerate(lines):
        dots = " ".join(f"{across(at):.1f},{up(part):.1f}" for at, part in enumerate(parts))
        drawn.append(f'<polyline points="{dots}" fill="none" stroke="{_color(number)}" stroke-width="2"/>')
    signs = "".join(
        f'<li><span style="color:{_color(number)}">&#9632;</span> {shown(of)}</li>'
        for number, (of, _) in enumerate(lines)
    )
    return (
        f'<ul class="legend">{signs}</ul><svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" font-size="12">'
        f"<title>share of documents kept by {shown(name)}</title>{''.join(drawn)}"
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">{shown(name)}</text></svg>'
    )


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]
