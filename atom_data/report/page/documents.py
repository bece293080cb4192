"""What the documents are: languages, sources, domains, dates, kinds, lengths."""

from atom_data.charts.bars import Part, bar, columns, legend
from atom_data.charts.text import cut, percent, shown
from atom_data.report.page.parts import row, section, table
from atom_data.report.page.rules import chart_figure, shapes_of as shapes_of
from atom_data.report.report import Chart, Report, ValueLine, ValueTable

TITLES = {
    "language": "Languages",
    "source": "Sources, and what each lost",
    "domain": "Domains",
    "tld": "Top-level domains",
    "month": "Months",
    "page_kind": "Kinds of pages",
}
MEASURES = {
    "text_bytes": "Length of a text in bytes",
    "tokens": "Length of a document in tokens",
    "tokens_per_word": "Tokens per word",
    "bytes_per_token": "Bytes of text per token",
}
LEGEND = legend((("kept", "kept"), ("missed", "dropped")))
FIRST_LINES = 15
VALUE_CHARACTERS = 60
REASONS = 6


def documents(report: Report) -> str:
    """Return the section of what the documents are."""
    tables = {found.name: found for found in report.tables}
    body = ['<div class="two">']
    body += [_values(tables[name]) for name in TITLES if name in tables and name != "month"]
    body.append("</div>")
    if "month" in tables:
        body.append(_months(tables["month"]))
    pictures = [_last(report, name) for name in MEASURES]
    drawn = [chart_figure(_titled(chart)) for chart in pictures if chart]
    if drawn:
        body.append(f'<h3>Lengths</h3><div class="grid">{"".join(drawn)}</div>')
    lead = (
        "Kept: in the last stages. Dropped: by all stages that already knew the value. Documents that were dropped before a "
        "language was found count in no language."
    )
    body.insert(0, LEGEND)
    missing = "<p>No sketch has values of documents: the run is of an earlier release.</p>"
    return section("documents", "The documents", lead, "".join(body) if report.tables or drawn else missing)


def _last(report: Report, measure: str) -> Chart | None:
    """Return the histogram of the last stage that has one: that is what the corpus is like."""
    return next((chart for chart in reversed(report.charts) if chart.measure == measure), None)


def _titled(chart: Chart) -> Chart:
    return Chart(chart.stage, MEASURES[chart.measure], f"in {chart.stage}", {}, {("", ""): chart.whole})


def _values(found: ValueTable) -> str:
    most = max((line.kept + sum(line.dropped.values()) for line in found.lines), default=0)
    rows = [_line(line, most, found.name == "source") for line in found.lines]
    titles = ("", "", "kept", "dropped", "kept of all")
    shown_first = table(f"{TITLES[found.name]}", titles, rows[:FIRST_LINES], kind=f"values {found.name}")
    rest = ""
    if len(rows) > FIRST_LINES:
        more = table(f"{TITLES[found.name]}, continued", titles, rows[FIRST_LINES:], kind=f"values {found.name}")
        rest = f"<details><summary>{len(rows) - FIRST_LINES} more</summary>{more}</details>"
    error = ""
    if not found.complete:
        error = (
            f'<p class="soft">{found.values:,} values are named in sketches; of each there may be up to {found.error:,} documents '
            "more than stand here, in shards where it was not among the largest.</p>"
        )
    return f"<div><h3>{TITLES[found.name]}</h3>{shown_first}{rest}{error}</div>"


def _line(line: ValueLine, most: int, reasons: bool) -> str:
    dropped = sum(line.dropped.values())
    drawn = bar([Part("kept", line.kept), Part("missed", dropped)], most)
    named = list(line.dropped.items())[: REASONS if reasons else 0]
    why = "; ".join(f"{reason.partition(': ')[2]} {count:,}" for reason, count in named)
    return row(
        cut(line.value, VALUE_CHARACTERS) or "none",
        [drawn, f"{line.kept:,}", f"{dropped:,}", percent(line.kept, line.kept + dropped)],
        below=why,
    )


def _month(name: str, line: ValueLine | None) -> tuple[str, float, float]:
    return (name, float(line.kept), float(sum(line.dropped.values()))) if line else (name, 0.0, 0.0)


def _between(first: str, last: str) -> list[str]:
    """Return all months from one to another, `2024-05`, so that a gap is seen as one."""
    if not first:
        return []
    start, stop = (int(month[:4]) * 12 + int(month[5:7]) - 1 for month in (first, last))
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(start, stop + 1)]


def _months(found: ValueTable) -> str:
    dated = [line for line in found.lines if line.value]
    undated = sum(line.kept for line in found.lines if not line.value)
    first, last = (dated[0].value, dated[-1].value) if dated else ("", "")
    lines = {line.value: line for line in dated}
    counts = [
        (month, float(lines[month].kept), float(sum(lines[month].dropped.values())))
        if month in lines
        else (month, 0.0, 0.0)
        for month in _between(first, last)
    ]
    said = f"{len(dated)} months with documents, from {first} to {last}; {undated:,} kept documents have no date."
    drawn = f'<figure class="scroll" tabindex="0" aria-label="Months">{columns(counts, said)}</figure>'
    return f'<h3>{TITLES["month"]}</h3><p class="soft">{shown(said)}</p>{drawn}'
