"""The report as one HTML page: no script, nothing loaded from elsewhere, and every text escaped."""

from collections.abc import Iterable, Sequence

from atom_data.charts.lines import Line, draw_lines
from atom_data.charts.text import shown
from atom_data.tune.counts import Amount, Group, Waterfall
from atom_data.tune.curve import Curve
from atom_data.tune.report import CURVE_GROUPS, Report, in_words, share, total_of
from atom_data.tune.sample import Sight

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{padding:.15rem .8rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child,td.left{text-align:left}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f6f6;
padding:.6rem}td.bar{min-width:10rem;text-align:left}td.bar div{background:#0b6e99;height:.7rem}.note{color:#8a5a00}
ul.legend{list-style:none;padding:0;margin:.3rem 0}ul.legend li{display:inline-block;margin-right:1.2rem}"""
HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">"""


def write_page(report: Report, title: str) -> str:
    """Return the page. What was crawled, its languages, domains and texts, cannot become markup."""
    total = total_of(report)
    parts = [f"<title>{shown(title)}</title><style>{STYLE}</style></head><body><h1>{shown(title)}</h1>"]
    parts.append(f"<p>{total.documents:,} documents, {in_words(total.tokens)} tokens; {shown(report.tokens_from)}.</p>")
    parts += [f'<p class="note">{shown(note)}</p>' for note in report.notes]
    parts.append(_waterfall("As the cards have it", report.answer.present))
    if report.answer.other is not None:
        parts.append(_waterfall("With the other bounds", report.answer.other))
        gained, lost = report.answer.gained, report.answer.lost
        parts.append(f"<p>{gained.documents:,} documents come in, {lost.documents:,} go out.</p>")
    if report.groups:
        parts.append(f"<h2>By {shown(str(report.by))}</h2><p>{len(report.groups)} of {report.values:,} values.</p>")
        parts.append(_table((report.by or "", "documents", "tokens", "kept", "%", ""), map(_group, report.groups)))
    names = [group.value for group in report.groups[:CURVE_GROUPS]]
    parts += [_curve(curve, report.groups, names) for curve in report.curves]
    parts += map(_sight, report.sights)
    return HEAD + "\n".join(parts) + "</body></html>\n"


def _table(titles: Sequence[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{shown(title)}</th>" for title in titles)
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _row(cells: Sequence[str], filled: float | None = None) -> str:
    drawn = "" if filled is None else f'<td class="bar"><div style="width:{filled:.2%}"></div></td>'
    return f"<tr>{''.join(f'<td>{shown(cell)}</td>' for cell in cells)}{drawn}</tr>"


def _cells(part: Amount, total: Amount) -> list[str]:
    return [f"{part.documents:,}", f"{share(part.documents, total.documents):.2%}", in_words(part.tokens)]


def _waterfall(title: str, waterfall: Waterfall) -> str:
    titles = (
        "rule",
        "bounds",
        *(f"{name}{unit}" for name in ("alone", "first", "only") for unit in ("", " %", " tokens")),
    )
    rows = []
    for loss in waterfall.losses:
        cells = [cell for part in (loss.alone, loss.first, loss.only) for cell in _cells(part, waterfall.total)]
        filled = share(loss.first.documents, waterfall.total.documents)
        rows.append(_row([loss.rule.name, loss.rule.rule.bounds(), *cells], filled))
    kept = ", ".join(_cells(waterfall.kept, waterfall.total))
    return f"<h2>{shown(title)}</h2>{_table((*titles, 'first'), rows)}<p>kept: {shown(kept)} tokens</p>"


def _group(group: Group) -> str:
    kept = group.kept if group.other is None else group.other
    cells = [
        "null" if group.value is None else group.value[:80],
        f"{group.total.documents:,}",
        in_words(group.total.tokens),
    ]
    filled = share(kept.documents, group.total.documents)
    return _row([*cells, f"{kept.documents:,}", f"{filled:.1%}"], filled)


def _curve(curve: Curve, groups: Sequence[Group], names: Sequence[str | None]) -> str:
    lines = [("all", [share(point.kept.documents, curve.total.documents) for point in curve.points])]
    if any(point.groups for point in curve.points):
        for number, name in enumerate(names):
            whole = groups[number].total.documents
            lines.append((str(name), [share(point.groups[number].documents, whole) for point in curve.points]))
    title = f"{curve.rule.name}.{curve.key}"
    rows = (
        _row(
            [f"{point.threshold:,.10g}", *_cells(point.kept, curve.total)],
            share(point.kept.documents, curve.total.documents),
        )
        for point in curve.points
    )
    titles = (curve.key, "kept", "%", "tokens", "")
    return f"<h2>{shown(title)}</h2>{_picture(curve, lines)}{_table(titles, rows)}"


def _picture(curve: Curve, lines: Sequence[Line]) -> str:
    points = [(point.threshold, point.threshold == curve.present) for point in curve.points]
    return draw_lines(f"{curve.rule.name}.{curve.key}", points, lines)


def _sight(sight: Sight) -> str:
    values = ", ".join(f"{name} {value}" for name, value in sight.values.items())
    line = f"{shown(sight.side)} {shown(sight.bound)}: {shown(values)}"
    return f"<h3>{line}</h3><p>{shown(sight.id)} {shown(sight.url)}</p><pre>{shown(sight.text)}</pre>"
