"""Two runs side by side as a page."""

from atom_data.charts.bars import Part, bar
from atom_data.charts.histogram import bars_of, draw, ending_at_one, frame_of
from atom_data.charts.text import in_short, percent, shown
from atom_data.report.compare import Pair, SideBySide
from atom_data.report.markdown import change
from atom_data.report.page.documents import MEASURES, TITLES
from atom_data.report.page.page import page_of
from atom_data.report.page.parts import figure, row, section, table
from atom_data.report.page.rules import LEGEND, chart_name, said
from atom_data.report.report import Chart, Report

FIRST_VALUES = 12
WIDE = (3, 4)


def write_comparison(both: SideBySide) -> str:
    """Return the page. Nothing of the documents is in it but values such as domains, which are text in it."""
    heads = "".join(_head(name, report) for name, report in (("A", both.a), ("B", both.b)))
    header = (
        '<header><button id="theme" type="button" hidden>Theme: auto</button><p class="eyebrow">Two runs side by side</p>'
        f'<h1>{shown(both.a.name)} and {shown(both.b.name)}</h1><dl class="figures">{heads}</dl></header>'
    )
    body = [
        header,
        '<main id="main">',
        _stages(both),
        _rules(both),
        _charts(both),
        _values(both),
        _made(both),
        "</main>",
    ]
    title = f"{both.a.name} and {both.b.name}"
    return page_of(title, body, {"shapes": {}, "samples": []})


def _head(name: str, report: Report) -> str:
    kept = f"{report.kept:,} kept, {percent(report.kept, report.read)}"
    tokens = f", {in_short(report.tokens)} tokens" if report.tokens else ""
    return (
        f"<div><dt>{name}: {shown(report.name)}</dt><dd>{in_short(report.read)} documents"
        f"<small>{kept}{tokens}</small></dd></div>"
    )


def _both(pair: Pair) -> list[str]:
    return ["" if number is None else f"{number:,}" for number in pair]


def _stages(both: SideBySide) -> str:
    rows = [
        row(pair.stage, [*_both(pair.rows_in), *_both(pair.rows_out), change(pair.rows_out, pair.rows_in)])
        for pair in both.stages
    ]
    body = table("Stages of both", ("", "read: A", "B", "kept: A", "B", "kept, B - A"), rows)
    return section("stages", "Stages", "Documents that each stage read and kept.", body)


def _rules(both: SideBySide) -> str:
    rows = []
    for pair in both.rules:
        before, after = pair.bounds
        bounds = before if before == after else f"A {before or 'not there'}; B {after or 'not there'}"
        pictures = [
            bar([Part("missed", part)], whole) if part is not None and whole else ""
            for part, whole in zip(pair.dropped, pair.read, strict=True)
        ]
        cells = ["".join(pictures) or bar([], 1), *_both(pair.dropped), change(pair.dropped, pair.read)]
        rows.append(row(f"{pair.stage}: {pair.name}", cells, below=bounds))
    body = table("Rules of both", ("", "A above B", "A", "B", "share, B - A"), rows, kind="fall")
    return section("rules", "Rules", "Documents that each rule dropped, as a share of what its stage read.", body)


def _charts(both: SideBySide) -> str:
    drawn = []
    for one, other in both.charts:
        bins = [ending_at_one(chart.whole.bins) for chart in (one, other)]
        nothing = [sum(counts) for counts in zip(one.whole.nothing, other.whole.nothing, strict=True)]
        bounds = {f"{key}": bound for chart in (other, one) for key, bound in chart.bounds.items()}
        frame = frame_of([*bins[0], *bins[1]], nothing, bounds)
        for name, chart, some in (("A", one, bins[0]), ("B", other, bins[1])):
            bars = bars_of(frame, some, chart.whole.nothing)
            title = f"{name}: {MEASURES.get(chart.measure, chart.measure)}"
            words = said(chart.whole, "missed it" if "." in chart.measure else "dropped")
            picture = draw(frame, bars, chart.bounds, f"{title}, {words}", f"{name}/{chart_name(chart)}")
            drawn.append(figure(title, picture, words, f"{chart.stage} {_below(chart)}".strip()))
    body = (
        f'{LEGEND}<div class="grid pairs">{"".join(drawn)}</div>'
        if drawn
        else "<p>They have no sketches of the same numbers.</p>"
    )
    return section("distributions", "Distributions", "Both on one axis; the height is that of each alone.", body)


def _below(chart: Chart) -> str:
    return ", ".join(f"{key} {bound:,.12g}" for key, bound in chart.bounds.items())


def _values(both: SideBySide) -> str:
    wholes = (both.a.kept, both.b.kept)
    body = []
    for name, pairs in both.values.items():
        rows = [row(one.value or "none", [*_both(one.kept), change(one.kept, wholes)]) for one in pairs[:FIRST_VALUES]]
        title = TITLES.get(name, name).partition(",")[0]
        body.append(f"<div><h3>{shown(title)}</h3>{table(title, ('', 'A', 'B', 'share, B - A'), rows)}</div>")
    if not body:
        return ""
    return section(
        "documents", "The documents", "Kept documents by what they are.", f'<div class="two">{"".join(body)}</div>'
    )


def _made(both: SideBySide) -> str:
    lines = "".join(
        f"<li><b>{shown(one.kind)}</b> {shown(one.where)}: <bdi>{shown(one.before[:300])}</bdi> &rarr; "
        f"<bdi>{shown(one.after[:300])}</bdi></li>"
        for one in both.made
    )
    body = (
        f'<ul class="notes">{lines}</ul>'
        if lines
        else "<p>Recipe, parameters, cards, code, libraries and inputs are the same.</p>"
    )
    lead = "What differs in how they were made. Which documents differ: <code>atom-data diff</code>."
    return section("made", "Made otherwise", lead, body)
