"""What `tune` prints: waterfall, curves, groups, texts. What was crawled cannot move the cursor or set colors."""

from collections.abc import Sequence

from rich.markup import escape

from atom_data.rules import BOUNDS, CHOICES, Rule
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import Column, next_lines, print_table, printable
from atom_data.tune.counts import Amount, Group, Waterfall
from atom_data.tune.curve import Curve, two_digits
from atom_data.tune.report import CURVE_GROUPS, Report, in_words, share, total_of
from atom_data.tune.sample import Sight

LOSSES = (
    Column("rule", left=True), Column("bounds", 4, left=True), Column("alone", 1), Column("alone %", 5),
    Column("alone tokens", 8), Column("first"), Column("first %", 2), Column("first tokens", 7), Column("only"),
    Column("only %", 3), Column("only tokens", 6),
)  # fmt: skip
GROUPS = (Column("documents", 1), Column("tokens", 5), Column("kept"), Column("%"), Column("tokens", 4))
POINTS = (
    Column("passed", 3), Column("%", 3), Column("kept"), Column("%"), Column("tokens", 5), Column("%", 6),
)  # fmt: skip
VALUES = 3
"""So many values of a list are shown in a table; `atom-data show CARD` has all."""
BAR = 24
EIGHTHS = " ▏▎▍▌▋▊▉█"


def print_report(report: Report, console: Screen) -> None:
    """Print all parts of a report."""
    total = total_of(report)
    console.prose(
        f"[bold]{report.stage}[/bold]  {total.documents:,} documents, {in_words(total.tokens)} tokens; "
        f"{escape(report.tokens_from)}",
    )
    for note in report.notes:
        console.prose(f"[yellow]note[/yellow]  {escape(note)}")
    answer = report.answer
    _print_waterfall("as the cards have it", answer.present, console)
    if answer.other is not None:
        _print_waterfall("with the other bounds", answer.other, console)
        before, after = answer.present.kept, answer.other.kept
        console.prose(
            f"\nkept {_kept(before, total)} -> [bold]{_kept(after, total)}[/bold]: "
            f"{_amount(answer.gained)} come in, {_amount(answer.lost)} go out",
        )
    if report.groups:
        _print_groups(report, console)
    for curve in report.curves:
        _print_curve(curve, report, console)
    for sight in report.sights:
        _print_sight(sight, console)


def bar(part: float, width: int = BAR) -> str:
    """Return a bar of `width` characters, filled to `part`, in eighths of a character."""
    eighths = round(min(max(part, 0.0), 1.0) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(width)


def _kept(part: Amount, total: Amount) -> str:
    return f"{part.documents:,} ({share(part.documents, total.documents):.2%}), {in_words(part.tokens)} tokens"


def _amount(part: Amount) -> str:
    return f"{part.documents:,} documents of {in_words(part.tokens)} tokens"


def _print_waterfall(title: str, waterfall: Waterfall, console: Screen) -> None:
    if not waterfall.losses:
        return
    console.prose(
        f"\n[bold]{title}[/bold]  alone: all that fails the rule; first: no rule before it; only: no other rule"
    )
    total, rows = waterfall.total, []
    for loss in waterfall.losses:
        cells = [cell for part in (loss.alone, loss.first, loss.only) for cell in _cells(part, total)]
        rows.append([escape(loss.rule.name), escape(_bounds(loss.rule.rule)), *cells])
    gone = sum((loss.first for loss in waterfall.losses), Amount())
    for title, part in (("dropped", gone), ("kept", waterfall.kept)):
        rows.append([f"[bold]{title}[/bold]", *[""] * 4, *_cells(part, total), *[""] * 3])
    print_table(console, LOSSES, rows)


def _bounds(rule: Rule) -> str:
    """Return the bounds of a rule; of a long list of values the first ones."""
    where = [(f"where {name} is one of", choice) for name, choice in rule.where]
    lists = [*((key, choice) for key in CHOICES if (choice := getattr(rule, key)) is not None), *where]
    parts = [f"{key} {getattr(rule, key)}" for key in BOUNDS if getattr(rule, key) is not None]
    for key, choice in lists:
        shown = ", ".join(str(value) for value in choice[:VALUES])
        more = f", ... ({len(choice)})" if len(choice) > VALUES else ""
        parts.append(f"{key} {shown}{more}")
    return ", ".join(parts)


def _cells(part: Amount, total: Amount) -> list[str]:
    return [f"{part.documents:,}", f"{share(part.documents, total.documents):.2%}", in_words(part.tokens)]


def _print_groups(report: Report, console: Screen) -> None:
    console.print(
        f"\n[bold]by {escape(str(report.by))}[/bold]  the largest {len(report.groups)} of {report.values:,} values"
    )
    what_if = report.answer.other is not None
    later = (Column("kept then"), Column("%", 1), Column("tokens", 4)) if what_if else ()
    titles = (Column(escape(str(report.by)), left=True), *GROUPS, *later, Column("share kept", 6, left=True))
    print_table(console, titles, [_group_cells(group) for group in report.groups])


def _group_cells(group: Group) -> list[str]:
    last = group.kept if group.other is None else group.other
    then = [] if group.other is None else _cells(group.other, group.total)
    drawn = bar(share(last.documents, group.total.documents))
    total = [f"{group.total.documents:,}", in_words(group.total.tokens)]
    return [_value(group.value), *total, *_cells(group.kept, group.total), *then, drawn]


def _value(value: str | None) -> str:
    return "[dim]null[/dim]" if value is None else escape(printable(value).replace("\n", " ")[:60])


def _print_curve(curve: Curve, report: Report, console: Screen) -> None:
    rest = "all rules" if len(report.rules) > 1 else "the rule"
    console.prose(
        f"\n[bold]{escape(curve.rule.name)}.{curve.key}[/bold]  passed: this rule with that bound; kept: {rest}",
    )
    groups = report.groups[:CURVE_GROUPS] if any(point.groups for point in curve.points) else []
    names = [f"{_value(group.value)} %" for group in groups]
    titles = (Column(curve.key), *POINTS, *(Column(name, 2) for name in names), Column("kept documents", 4, left=True))
    rows = []
    for point in curve.points:
        sign = " <" if point.threshold == curve.present else "  "
        parts = [
            f"{share(amount.documents, group.total.documents):.1%}"
            for amount, group in zip(point.groups, groups, strict=False)
        ]
        rows.append(
            [
                f"{point.threshold:,.10g}{sign}",
                f"{point.alone.documents:,}",
                f"{share(point.alone.documents, curve.total.documents):.2%}",
                *_cells(point.kept, curve.total),
                f"{share(point.kept.tokens, curve.total.tokens):.2%}",
                *(parts or [""] * len(names)),
                bar(share(point.kept.documents, curve.total.documents)),
            ]
        )
    print_table(console, titles, rows)
    if curve.present is not None:
        console.print("< the bound as it is now")


def _print_sight(sight: Sight, console: Screen) -> None:
    color = {"inside": "green", "comes in": "green"}.get(sight.side, "red")
    values = ", ".join(f"{name} {_number(value)}" for name, value in sight.values.items())
    console.prose(
        f"\n[{color}]{sight.side}[/{color}] {escape(sight.bound)}  {escape(printable(values))}  "
        f"[bold]{escape(printable(sight.id))}[/bold]  {escape(printable(sight.url))}",
    )
    console.prose(escape(printable(sight.text)), set_in=0)


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def commands(report: Report, command: str, width: int) -> Sequence[str]:
    """Return what one could ask next, as commands about the rule that costs most by itself."""
    if not report.answer.present.losses:
        return []
    item = max(report.answer.present.losses, key=lambda loss: loss.only.documents).rule
    key = next((key for key in ("min", "max", "above", "below") if getattr(item.rule, key) is not None), None)
    lines = []
    if key is not None and not report.curves:
        lines.append((f"{command} --sweep {item.name}.{key}", "what is kept as this bound moves"))
    if key is not None and report.answer.other is None:
        wider = _wider(key, getattr(item.rule, key))
        lines.append((f"{command} --set {item.name}.{key}={wider}", "another bound beside the present one"))
    if not report.sights:
        lines.append((f"{command} --sample 2", "texts just inside and just outside of a bound"))
    return next_lines(lines, width)


def _wider(key: str, bound: float) -> float:
    """Return a bound that lets about a fifth more through the gate, whole where the bound is whole."""
    up = key in ("max", "below")
    if isinstance(bound, int):
        step = max(1, abs(bound) // 5)
        return bound + step if up else bound - step
    share_of_it = abs(bound) / 5 or 0.1
    return two_digits(bound + share_of_it if up else bound - share_of_it, True)
