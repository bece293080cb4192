"""The pictures and tables of docs/extraction.md, from benchmarks/results/extract.json.

    python benchmarks/extract_pictures.py

Writes docs/pictures/extract_confidence.svg and docs/pictures/extract_bounds.svg, plain SVG, and the tables of docs/extraction.md
between their marks. The same bytes for the same report.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from measure import RESULTS, ROOT

PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 400, 62, 18, 18, 48
INK, GRAY, BLUE, ORANGE = "#222", "#999", "#1f6fb2", "#d9730d"
Point = tuple[float, float]
PAGE = ROOT / "docs" / "extraction.md"
LEAST_PAGES = 20
"""Of a language that is in the table."""


class Plot:
    """Axes with a scale, and what is drawn on them."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float], names: tuple[str, str]) -> None:
        """Take the range of both axes, and what stands beside them."""
        self.across, self.up = across, up
        self.parts: list[str] = []
        for value in _ticks(across):
            x, _ = self.place((value, up[0]))
            self.line([(value, up[0]), (value, up[1])], "#e6e6e6", 1)
            self.text(x, HEIGHT - BOTTOM + 18, f"{value:g}", GRAY, "middle")
        for value in _ticks(up):
            _, y = self.place((across[0], value))
            self.line([(across[0], value), (across[1], value)], "#e6e6e6", 1)
            self.text(LEFT - 8, y + 4, f"{value:g}", GRAY, "end")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, names[0], INK, "middle")
        middle = (TOP + HEIGHT - BOTTOM) / 2
        self.text(14, middle, names[1], INK, "middle", f' transform="rotate(-90 14 {middle:.1f})"')

    def place(self, point: Point) -> Point:
        """Return where a point lies in the picture."""
        share = (point[0] - self.across[0]) / (self.across[1] - self.across[0])
        rise = (point[1] - self.up[0]) / (self.up[1] - self.up[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - rise * (HEIGHT - TOP - BOTTOM)

    def line(self, points: Iterable[Point], color: str, width: float = 2, more: str = "") -> None:
        """Draw a line through points."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.place, points))
        self.parts.append(f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="{width}"{more}/>')

    def dot(self, point: Point, color: str, radius: float = 4) -> None:
        """Draw a point."""
        x, y = self.place(point)
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{color}"/>')

    def text(self, x: float, y: float, text: str, color: str, anchor: str, more: str = "") -> None:
        """Write a text at a place of the picture."""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}"{more}>{text}</text>')

    def label(self, point: Point, text: str, color: str, shift: Point = (8, 4), anchor: str = "start") -> None:
        """Write a text beside a point."""
        x, y = self.place(point)
        self.text(x + shift[0], y + shift[1], text, color, anchor)

    def svg(self, title: str) -> str:
        """Return the picture."""
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">\n'
            f'<title>{title}</title>\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n{body}\n</svg>\n'
        )


def main() -> None:
    """Draw both."""
    report = json.loads((RESULTS / "extract.json").read_text("utf-8"))
    english = report["wcxb"]
    PICTURES.mkdir(exist_ok=True)
    for name, picture in (
        ("extract_confidence", confidence(english["expected_f1"])),
        ("extract_bounds", bounds(english["bounds"], english["by_kind"]["all"])),
    ):
        (PICTURES / f"{name}.svg").write_text(picture, "utf-8")
        print(f"written: docs/pictures/{name}.svg")
    text = PAGE.read_text("utf-8")
    for name, rows, least in (
        ("kinds", english["by_kind"], 0),
        ("languages", report["multilingual"]["by_language"], LEAST_PAGES),
        ("scripts", report["multilingual"]["by_script"], 0),
        ("news", report["news"]["by_language"], 0),
    ):
        text = _placed(text, name, table(rows, least))
    PAGE.write_text(text, "utf-8")
    print("written: docs/extraction.md")


def table(rows: dict[str, dict[str, Any]], least: int) -> str:
    """Return F1 by group as a table of Markdown; the best of a row is bold. Groups of fewer pages are left out."""
    engines = [name for name, value in rows["all"].items() if isinstance(value, dict)]
    lines = [f"| | pages | {' | '.join(engines)} |", "|---|---|" + "---|" * len(engines)]
    for group, row in rows.items():
        if row["pages"] >= least:
            best = max(row[engine]["f1"] for engine in engines)
            cells = (f"**{f1:.3f}**" if (f1 := row[engine]["f1"]) == best else f"{f1:.3f}" for engine in engines)
            lines.append(f"| {group} | {row['pages']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _placed(text: str, name: str, found: str) -> str:
    """Return a page with a table between its marks."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    first, last = text.index(start) + len(start), text.index(end)
    return f"{text[:first]}{found}\n{text[last:]}"


def confidence(rows: Sequence[dict[str, float]]) -> str:
    """Return F1 found over F1 expected, by deciles of pages, beside the line on which both are the same."""
    plot = Plot(
        (0.4, 1.0), (0.4, 1.0), ("F1 that the model expects (extract_confidence)", "F1 found, on sites held out")
    )
    plot.line([(0.4, 0.4), (1, 1)], GRAY, 1, ' stroke-dasharray="4 4"')
    points = [(row["expected"], row["found"]) for row in rows]
    plot.line(points, BLUE)
    for point in points:
        plot.dot(point, BLUE)
    return plot.svg("Expected and found F1 by deciles of pages")


def bounds(rows: Sequence[dict[str, float]], engines: dict[str, Any]) -> str:
    """Return precision over recall for bounds on the probability of blocks, with the choice by expected F1 and other engines."""
    plot = Plot((0.6, 1.0), (0.55, 1.0), ("recall", "precision"))
    points = [(row["recall"], row["precision"]) for row in rows]
    plot.line(points, BLUE)
    for row, point in zip(rows, points, strict=True):
        if 0.6 <= point[0] <= 1:
            plot.dot(point, BLUE, 3)
            plot.label(point, f"{row['bound']:g}", BLUE, (-8, 14), "end")
    for name, row in engines.items():
        if isinstance(row, dict) and row["recall"] >= 0.6 and row["precision"] >= 0.55:
            ours = name == "atom-data"
            plot.dot((row["recall"], row["precision"]), ORANGE if ours else GRAY)
            plot.label((row["recall"], row["precision"]), 'favor="f1"' if ours else name, ORANGE if ours else GRAY)
    return plot.svg("Precision and recall on WCXB, by the least probability of a block")


def _ticks(ends: tuple[float, float]) -> list[float]:
    first, last = round(ends[0] * 10), round(ends[1] * 10)
    return [step / 10 for step in range(first, last + 1) if ends[0] <= step / 10 <= ends[1]]


if __name__ == "__main__":
    main()
