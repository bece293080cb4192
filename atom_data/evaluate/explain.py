"""The S-curve as a picture: in letters for a terminal, as SVG for a page."""

from collections.abc import Sequence

import numpy as np

from atom_data.dedup.near.curve import Curve

BINS = ((0.5, 0.6), (0.6, 0.7), (0.7, 0.75), (0.75, 0.8), (0.8, 0.85), (0.85, 0.9), (0.9, 0.95), (0.95, 1.0))
BAND_BYTES = 8
SIGNATURE_BYTES = 4
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def picture(curve: Curve, min_jaccard: float, width: int = 64, height: int = 12) -> list[str]:
    """Return lines that draw the probability to be proposed over the Jaccard index, with a mark at the threshold."""
    places = (np.arange(width) + 0.5) / width
    eighths = np.round(curve.proposed(places) * height * 8).astype(int)
    lines = []
    for row in reversed(range(height)):
        label = f"{(row + 1) / height:4.0%}" if (row + 1) % (height // 4) == 0 else "    "
        lines.append(f"{label} │" + "".join(_EIGHTHS[value] for value in np.clip(eighths - 8 * row, 0, 8)))
    mark = min(int(min_jaccard * width), width - 1)
    lines.append("  0% └" + "".join("┴" if place == mark else "─" for place in range(width)))
    ticks = [f"{tick / 5:<{width // 5}.1f}" for tick in range(5)]
    lines.append("      " + "".join(ticks) + "1.0")
    lines.append("      Jaccard index")
    return [line.rstrip() for line in lines]


def curve_svg(curves: Sequence[Curve], min_jaccard: float) -> str:
    """Return a drawing of one or more curves as SVG."""
    colors = ("#1f6feb", "#8c959f", "#bf8700", "#2da44e")
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-60 -30 560 400" font-family="sans-serif" font-size="13">',
        '<rect x="-60" y="-30" width="560" height="400" fill="white"/>',
    ]
    for tick in range(0, 11, 2):
        x, y = 40 * tick, 300 - 30 * tick
        parts.append(f'<path d="M{x} 0V300M0 {y}H400" stroke="#d0d7de" fill="none"/>')
        parts.append(f'<text x="{x}" y="320" text-anchor="middle">{tick / 10:.1f}</text>')
        parts.append(f'<text x="-8" y="{y + 4}" text-anchor="end">{tick * 10}%</text>')
    for curve, color in zip(curves, colors, strict=False):
        places = np.linspace(0, 1, 201)
        points = " ".join(
            f"{400 * x:.1f},{300 - 300 * y:.1f}" for x, y in zip(places, curve.proposed(places), strict=True)
        )
        parts.append(f'<polyline points="{points}" stroke="{color}" stroke-width="2.5" fill="none"/>')
    for number, (curve, color) in enumerate(zip(curves, colors, strict=False)):
        parts.append(
            f'<text x="8" y="{18 + 18 * number}" fill="{color}">{curve.bands} bands of {curve.rows} rows</text>'
        )
    mark = 400 * min_jaccard
    parts.append(f'<path d="M{mark:.1f} 0V300" stroke="#cf222e" stroke-dasharray="4 4" fill="none"/>')
    parts.append(
        f'<text x="{mark:.1f}" y="-8" text-anchor="middle" fill="#cf222e">confirmed from {min_jaccard:g}</text>'
    )
    parts.append('<text x="200" y="345" text-anchor="middle">Jaccard index of two texts</text></svg>')
    return "\n".join(parts) + "\n"


def neighbors(curve: Curve) -> tuple[Curve, ...]:
    """Return curves a step away: stricter ones with a row more or fewer bands, wider ones with a row less or more bands."""
    step = max(1, curve.bands // 4)
    near = [(curve.bands, curve.rows + 1), (curve.bands - step, curve.rows), (curve.bands, curve.rows),
            (curve.bands + step, curve.rows), (curve.bands, curve.rows - 1)]  # fmt: skip
    return tuple(Curve(bands, rows) for bands, rows in near if bands > 0 and rows > 0)
