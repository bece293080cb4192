"""The report as Markdown, for a pull request: tables of the run, and no text of any document."""

from collections.abc import Iterable, Sequence

from atom_data.charts.text import cut, in_bytes, in_short, percent, plain, seconds
from atom_data.report.compare import Pair, SideBySide
from atom_data.report.report import Report, ValueTable

VALUES = 10
CHANGES = 40
SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*_{}[]()#+!|~-"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
)


def write_markdown(report: Report) -> str:
    """Return the run as Markdown: every rule, the largest values, what could not be read, time and memory."""
    parts = [f"# {safe(report.name)}", _head(report)]
    for stage in report.facts.documents:
        if stage.kind == "stage":
            parts += [f"## {safe(stage.name)}", _losses(report, stage.name)]
    for found in report.tables:
        if found.name in ("language", "source", "domain"):
            parts += [f"## By {safe(found.name.replace('_', ' '))}", _values(found)]
    parts += _unread(report)
    parts += ["## Time and memory", _work(report)]
    if report.notes:
        parts.append("\n".join(f"- {safe(note)}" for note in report.notes))
    return "\n\n".join(parts) + "\n"


def safe(text: str) -> str:
    """Return text as Markdown shows it: nothing in it is a link, a mention, a table or a tag."""
    return cut(plain(text).replace("\n", " ").replace("\t", " "), 200).translate(SIGNS)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table: the first column is text, the others are numbers."""
    lines = [f"| {' | '.join(titles)} |", f"|---|{'---:|' * (len(titles) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _head(report: Report) -> str:
    said = f"{report.kept:,} of {report.read:,} documents kept ({percent(report.kept, report.read)})"
    tokens = f", {report.tokens:,} tokens, {report.facts.bytes_per_token:.2f} bytes per token" if report.tokens else ""
    recipe = f", recipe {safe(report.recipe)}" if report.recipe else ""
    return f"{said}{tokens}{recipe}."


def _losses(report: Report, name: str) -> str:
    stage = report.facts.stages[name]
    rows = [["read", "", f"{stage.rows_in:,}", "", "", ""]]
    for line in report.rules:
        if line.stage == name and (line.dropped or line.missed):
            alone = "" if line.alone is None else f"{line.alone:,}"
            text = in_bytes(line.text_bytes) if line.text_bytes else ""
            bounds = safe(f"{line.column}: {line.bounds}") if line.bounds else ""
            share = percent(line.dropped, stage.rows_in)
            rows.append([safe(line.name), bounds, f"{line.dropped:,}", share, alone, text])
    text = in_bytes(stage.text_bytes) if stage.text_bytes else ""
    rows.append(["**kept**", "", f"**{stage.rows_out:,}**", percent(stage.rows_out, stage.rows_in), "", text])
    return table(("", "bounds", "documents", "share", "alone", "text"), rows)


def _values(found: ValueTable) -> str:
    rows = []
    for line in found.lines[:VALUES]:
        dropped = sum(line.dropped.values())
        share = percent(line.kept, line.kept + dropped)
        rows.append([safe(line.value) or "none", f"{line.kept:,}", f"{dropped:,}", share])
    more = "" if found.complete else f"\n\nOf each value there may be up to {found.error:,} documents more."
    return table(("", "kept", "dropped", "kept of all"), rows) + more


def _unread(report: Report) -> list[str]:
    rows = [
        [safe(reason), safe(stage.name), f"{count:,}"]
        for stage in report.facts.documents
        for reason, count in sorted(stage.unreadable.items())
    ]
    return ["## Could not be read", table(("", "stage", "records"), rows)] if rows else []


def _work(report: Report) -> str:
    rows = [
        [
            safe(stage.name),
            f"{stage.finished:,}",
            seconds(stage.cpu_seconds),
            in_short(stage.rows_in / stage.wall_seconds) if stage.wall_seconds else "",
            in_bytes(stage.peak_memory_bytes),
            seconds(stage.times[-1]) if stage.times else "",
        ]
        for stage in report.stages
    ]
    titles = ("", "shards", "processor time", "documents per second and worker", "memory", "slowest shard")
    return table(titles, rows)


def write_comparison(both: SideBySide) -> str:
    """Return two runs side by side as Markdown: stages, rules that took another share, and what was made otherwise."""
    a, b = safe(both.a.name), safe(both.b.name)
    parts = [f"# {a} and {b}", f"A, {a}: {_head(both.a)}", f"B, {b}: {_head(both.b)}", "## Stages"]
    rows = [
        [safe(pair.stage), *_both(pair.rows_in), *_both(pair.rows_out), change(pair.rows_out, pair.rows_in)]
        for pair in both.stages
    ]
    parts.append(table(("", "read: A", "B", "kept: A", "B", "kept, B - A"), rows))
    changed = [pair for pair in both.rules if pair.dropped[0] != pair.dropped[1] or pair.bounds[0] != pair.bounds[1]]
    rows = []
    for one in changed[:CHANGES]:
        bounds = one.bounds[0] if one.bounds[0] == one.bounds[1] else f"{one.bounds[0]} -> {one.bounds[1]}"
        rows.append(
            [safe(f"{one.stage}: {one.name}"), safe(bounds), *_both(one.dropped), change(one.dropped, one.read)]
        )
    parts += [
        "## Rules that dropped otherwise",
        table(("", "bounds", "A", "B", "share, B - A"), rows) if rows else "None.",
    ]
    made = [
        f"- {safe(one.kind)} {safe(one.where)}: {safe(one.before)} -> {safe(one.after)}" for one in both.made[:CHANGES]
    ]
    if len(both.made) > CHANGES:
        made.append(f"- and {len(both.made) - CHANGES:,} more: `atom-data diff` has all")
    parts += [
        "## Made otherwise",
        "\n".join(made) or "Recipe, parameters, cards, code, libraries and inputs are the same.",
    ]
    return "\n\n".join(parts) + "\n"


def _both(pair: Pair) -> list[str]:
    return ["" if number is None else f"{number:,}" for number in pair]


def change(parts: Pair, wholes: Pair) -> str:
    """Return by how many points a share differs, `+1.2 points`; nothing where one of them has none."""
    shares = [part / whole if part is not None and whole else None for part, whole in zip(parts, wholes, strict=True)]
    if shares[0] is None or shares[1] is None:
        return ""
    return f"{100 * (shares[1] - shares[0]):+.1f} points"
