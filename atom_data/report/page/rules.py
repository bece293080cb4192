"""For each rule how its signal is spread over the documents, with the bound drawn in."""

import hashlib
from collections.abc import Sequence

from atom_data.charts.bars import legend
from atom_data.charts.histogram import Frame, bars_of, draw, ending_at_one, frame_of, paths_of
from atom_data.charts.text import cut, percent, plain, shown
from atom_data.report.page.parts import figure, section
from atom_data.report.report import Chart, Report
from atom_data.report.summary import Histogram
from atom_data.sketches.cells import REST
from atom_data.terminal.table import plural

LEGEND = legend(
    (("kept", "kept by the card"), ("missed", "missed this rule"), ("other", "dropped by another rule of the card"))
)
Shapes = dict[str, dict[str, list[str]]]


def rules(report: Report) -> str:
    """Return the section of the rules: a picture for each one that bounds a number."""
    body = []
    lists = {(line.stage, line.name) for line in report.rules if line.bounds}
    """Rules that are known: those of them without a bound of numbers ask for a value of a list, and have no picture."""
    for stage in report.facts.documents:
        charts = [
            chart
            for chart in report.charts
            if chart.stage == stage.name
            and "." in chart.measure
            and (chart.bounds or (chart.stage, chart.measure) not in lists)
        ]
        if charts:
            pictures = "".join(map(chart_figure, charts))
            body.append(
                f"<h3>{shown(stage.name)}</h3>{chooser(stage.name, charts)}"
                f'<div class="grid" data-charts="{shown(stage.name)}">{pictures}</div>'
            )
    lead = (
        "How the numbers lie that a rule looks at, and where its bound is. Axes are logarithmic where numbers are spread over "
        "several sizes. Bars are counted in bins of 3 to 6 % width, so next to a bound one of them may have both colors. One "
        "that is many times as high as the others is cut: it has a gap, and its number stands above."
    )
    missing = "<p>No sketch has numbers of rules: the run is of an earlier release, or its cards bound no numbers.</p>"
    return section("rules", "Rules and their bounds", lead, LEGEND + "".join(body) if body else missing)


def chart_figure(chart: Chart) -> str:
    """Return the picture of one rule, for all documents."""
    frame = frame_for(chart)
    whole = chart.whole
    words = said(whole, "missed it" if "." in chart.measure else "dropped")
    title = f"{chart.measure}: {words}"
    drawn = draw(
        frame, bars_of(frame, ending_at_one(whole.bins), whole.nothing), chart.bounds, title, chart_name(chart)
    )
    bounds = ", ".join(f"{key} {bound:,.12g}" for key, bound in chart.bounds.items())
    return figure(chart.measure, drawn, words, f"{chart.column} {bounds}".strip())


def chart_name(chart: Chart) -> str:
    """Return what a script finds a picture by."""
    return plain(f"{chart.stage}/{chart.measure}")


def frame_for(chart: Chart) -> Frame:
    """Return the axis of a chart, the same for all groups."""
    return frame_of(ending_at_one(chart.whole.bins), chart.whole.nothing, chart.bounds)


def said(found: Histogram, missed_it: str = "missed it") -> str:
    """Say how many documents there are and what became of them."""
    kept, missed, other = found.counts
    whole = kept + missed + other
    parts = [plural(whole, "document")]
    parts += [f"{missed:,} {missed_it} ({percent(missed, whole)})".replace(" %", "\u00a0%")] if missed else []
    parts += [f"{other:,} dropped otherwise"] if other else []
    return ", ".join(parts)


def chooser(stage: str, charts: Sequence[Chart]) -> str:
    """Return the choice of the documents that pictures show; nothing where there is none to make."""
    groups: dict[tuple[str, str], int] = {}
    for chart in charts:
        for key, found in chart.groups.items():
            groups[key] = max(groups.get(key, 0), sum(found.counts))
    names = sorted((key for key in groups if key[0]), key=lambda key: (key[0], key[1] == REST, -groups[key], key[1]))
    if not names:
        return ""
    options = "".join(f'<option value="{shown(group_name(key))}">{shown(_label(key))}</option>' for key in names)
    return (
        f'<div class="controls" hidden><label>Documents in the pictures of {shown(stage)} '
        f'<select data-stage="{shown(stage)}"><option value="">all</option>{options}</select></label></div>'
    )


def group_name(key: tuple[str, str]) -> str:
    """Return a group as a script names it: its value may hold anything, and a hash of it does not."""
    return hashlib.blake2b("=".join(key).encode(), digest_size=6).hexdigest() if key[0] else ""


def _label(key: tuple[str, str]) -> str:
    by, group = key
    value = "all others" if group == REST else group or "none"
    return f"{by}: {cut(value, 60)}"


def shapes_of(charts: Sequence[Chart]) -> Shapes:
    """Return the shapes of each picture for each group, as a script puts them in."""
    found: Shapes = {}
    for chart in charts:
        if len(chart.groups) < 2:
            continue
        frame = frame_for(chart)
        for key, histogram in chart.groups.items():
            paths, label = paths_of(bars_of(frame, ending_at_one(histogram.bins), histogram.nothing))
            shapes = [*paths, label, said(histogram)]
            found.setdefault(chart_name(chart), {})[group_name(key)] = shapes
    return found
