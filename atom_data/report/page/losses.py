"""Where documents went: the whole run in one bar, and a waterfall for each stage."""

from atom_data.charts.bars import Part, bar, legend
from atom_data.charts.text import in_bytes, in_short, percent, seconds, shown
from atom_data.report.facts import StageFacts
from atom_data.report.page.parts import row, section, table
from atom_data.report.report import Report, RuleLine
from atom_data.terminal.table import plural

SHADES = ("missed", "missed two", "missed three", "missed four")
WIDE = (4, 5, 6)


def overview(report: Report) -> str:
    """Return the head of the page: what came in, what is left, and what took the rest, by stage."""
    facts = report.facts
    text = sum(stage.text_bytes for stage in facts.ends)
    tokens = report.tokens
    work = sum(stage.cpu_seconds for stage in facts.stages.values())
    figures = [
        ("documents read", in_short(report.read), _exact(report.read)),
        ("documents kept", in_short(report.kept), _with(_exact(report.kept), percent(report.kept, report.read))),
        ("text kept", in_bytes(text), f"{text / report.kept:,.0f} bytes per document" if report.kept else ""),
        ("tokens", in_short(tokens) if tokens else "none yet", _with(_exact(tokens), _ratio(report))),
        ("processor time", seconds(work), f"{report.read / work:,.0f} documents per second" if work else ""),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>" for name, value, more in figures)
    made = f" by the recipe {shown(report.recipe)}" if report.recipe else ""
    return (
        '<header><button id="theme" type="button" hidden>Theme: auto</button>'
        f'<p class="eyebrow">Report of a corpus</p><h1>{shown(report.name)}</h1>'
        f'<p class="lead">Made{made} in {len(report.stages)} steps.</p>'
        f'<dl class="figures">{cells}</dl>{_strip(report)}</header>'
    )


def _exact(number: int) -> str:
    """Return a whole number in full where it is not already shown in full."""
    full = f"{number:,}"
    return "" if full == in_short(number) else full


def _with(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _ratio(report: Report) -> str:
    ratio = report.facts.bytes_per_token
    return f"{ratio:.2f} bytes per token" if ratio else ""


def _strip(report: Report) -> str:
    """Return one bar for all documents: what each stage took, and what is left."""
    losing = [stage for stage in report.facts.documents if stage.dropped]
    parts = [Part("kept", report.kept)]
    named = [("kept", "kept", report.kept)]
    for number, stage in enumerate(losing):
        lost = stage.dropped.total()
        shade = SHADES[number % len(SHADES)]
        parts.append(Part(shade, lost))
        named.append((shade, f"dropped in {stage.name}", lost))
    whole = sum(part.size for part in parts)
    if not whole:
        return ""
    labels = [(kind, f"{name}: {count:,} ({percent(count, whole)})") for kind, name, count in named]
    drawn = bar(parts, whole, f"{report.kept:,} documents kept of {whole:,}").replace('class="bar"', 'class="strip"', 1)
    return drawn + legend(labels)


def losses(report: Report) -> str:
    """Return a waterfall for each stage that documents go through."""
    lead = (
        "Each stage from the top: what it read, what each rule took, what is left. A document counts for the first rule that it "
        "misses; <em>alone</em> counts those that no other rule of the same card would have taken."
    )
    if report.facts.bytes_per_token:
        lead += " Tokens that were dropped are estimated from bytes of text."
    body = "".join(_waterfall(report, stage) for stage in report.facts.documents if stage.kind == "stage")
    return section("losses", "What was lost, and why", lead, body)


def _waterfall(report: Report, stage: StageFacts) -> str:
    left, ratio = stage.rows_in, report.facts.bytes_per_token
    titles = ("", "", "documents", "share", "alone", "text", *(["tokens"] if ratio else []))
    first = [bar([Part("rest", left)], left), f"{left:,}", percent(left, left), *[""] * (len(titles) - 4)]
    rows = [row("read", first, WIDE)]
    mine = [line for line in report.rules if line.stage == stage.name]
    for line in mine:
        if line.dropped or line.missed:
            left -= line.dropped
            rows.append(_rule(line, left, stage.rows_in, ratio))
    nothing = [line.name for line in mine if not line.dropped and not line.missed]
    if nothing:
        said = f"{plural(len(nothing), 'rule')} that took nothing"
        rows.append(row(said, [bar([], 1), "0", *[""] * (len(titles) - 3)], WIDE, ", ".join(nothing)))
    text = in_bytes(stage.text_bytes) if stage.text_bytes else ""
    tokens = [in_short(stage.text_bytes / ratio)] if ratio else []
    drawn = bar([Part("kept", stage.rows_out)], stage.rows_in)
    cells = [drawn, f"{stage.rows_out:,}", percent(stage.rows_out, stage.rows_in), "", text, *tokens]
    rows.append(row("kept", cells, WIDE, kind="sum"))
    return f"<h3>{shown(stage.name)}</h3>" + table(f"Documents of {stage.name} by reason", titles, rows, WIDE, "fall")


def _rule(line: RuleLine, left: int, read: int, ratio: float) -> str:
    """Return the row of a rule: what is left after it, and what it took."""
    alone = "" if line.alone is None else f"{line.alone:,}"
    text = in_bytes(line.text_bytes) if line.text_bytes else ""
    tokens = [in_short(line.text_bytes / ratio) if line.text_bytes else ""] if ratio else []
    drawn = bar([Part("rest", left), Part("missed", line.dropped)], read)
    cells = [drawn, f"{line.dropped:,}", percent(line.dropped, read), alone, text, *tokens]
    return row(line.name, cells, WIDE, line.bounds and f"{line.column}: {line.bounds}")
