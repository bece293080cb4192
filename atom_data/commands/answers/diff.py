"""`diff`: two corpora, or two runs of one recipe, side by side."""

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.audit.diff.comparison import Comparison, Line, Reason, Sample, compare
from atom_data.audit.diff.documents import KINDS, Limits
from atom_data.commands.answers.stations import say
from atom_data.commands.look import print_difference
from atom_data.commands.screen import AsJson, console, require_folder
from atom_data.storage.sizes import parse_bytes
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import Column, plural, print_table, printable

SAID = {
    "same": "in both, as they are",
    "moved": "in both, in another shard",
    "changed": "in both, with another text",
    "renamed": "the same text with another id",
    "out": "only in A",
    "in": "only in B",
}
REASONS = 12


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="The --output of a run.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The --output of another.")],
    stage: Annotated[
        list[str] | None, typer.Option(help="Compare this stage; the last ones if it is left out. May be repeated.")
    ] = None,
    text: Annotated[
        bool, typer.Option("--text/--no-text", help="Compare texts, too; without, ids and places alone.")
    ] = True,
    count: Annotated[int, typer.Option("--count", "-n", min=0, help="Documents shown of each kind.")] = 3,
    memory: Annotated[str, typer.Option(help="What the comparison may use; the rest goes to disk.")] = "2GB",
    workers: Annotated[int, typer.Option("--workers", "-w", min=0, help="Threads; 0: one per core.")] = 0,
    scratch: Annotated[str | None, typer.Option(metavar="FOLDER", help="Where what does not fit goes.")] = None,
    as_text: AsJson = False,
) -> None:
    """Compare two corpora, or two runs of a recipe: documents in, out, moved, changed, and what was made otherwise.

    diff monday tuesday: the documents of the last stages by id; by text where ids differ. For what is in one alone, why the
    other dropped it. By source, language, domain and stage, with samples, which are the same each time.

    Beside it stands what differs in how they were made: recipe, parameters, cards, code, libraries, inputs.
    Shards that are the same in both are not read. Exit code 0, whatever differs; --json has it all.
    """
    for folder in (first, second):
        require_folder(folder)
    limits = Limits(parse_bytes(memory, "--memory"), workers or len(os.sched_getaffinity(0)), scratch)
    found = compare(first, second, limits, stages=tuple(stage or ()), text=text, samples=count)
    if as_text:
        typer.echo(json.dumps(asdict(found), indent=1, ensure_ascii=False))
        return
    screen = console()
    _print_counts(screen, found)
    _print_reasons(screen, "Only in A: what B dropped them for", found.out_for)
    _print_reasons(screen, "Only in B: what A dropped them for", found.in_despite)
    for name, lines in found.groups.items():
        _print_group(screen, name, lines)
    _print_stages(screen, found)
    _print_made(screen, found)
    for sample in found.samples:
        _print_sample(screen, sample)


def _print_counts(screen: Screen, found: Comparison) -> None:
    for name, number in ((found.a, 0), (found.b, 1)):
        tokens = f", {plural(found.tokens[number], 'token')}" if found.tokens[number] else ""
        screen.prose(f"{escape(name)}: {plural(found.documents[number], 'document')}{tokens}")
    screen.print(f"compared by {found.compared_by}\n")
    columns = (Column("documents"), Column("", left=True), Column("tokens in A", 1), Column("in B", 1))
    rows = []
    for kind, said in SAID.items():
        before, after = found.token_counts.get(kind, (0, 0))
        shown = [f"{value:,}" if value else "" for value in (before, after)]
        rows.append([f"{found.counts[kind]:,}", said, *shown])
    print_table(screen, columns, rows)


def _print_reasons(screen: Screen, title: str, reasons: list[Reason]) -> None:
    if not reasons:
        return
    rows = [[f"{one.count:,}", escape(one.stage), escape(one.reason)] for one in reasons[:REASONS]]
    screen.print(f"\n{title}")
    print_table(screen, (Column("documents"), Column("stage", left=True), Column("reason", left=True)), rows)
    if len(reasons) > REASONS:
        screen.print(f"and {len(reasons) - REASONS:,} reasons more")


def _print_group(screen: Screen, name: str, lines: list[Line]) -> None:
    columns = [Column(name, left=True), *(Column(kind) for kind in KINDS)]
    rows = [
        [escape(printable(line.value)) or "(none)", *(_count(line.kinds.get(kind, 0)) for kind in KINDS)]
        for line in lines
    ]
    screen.print()
    print_table(screen, columns, rows)


def _count(count: int) -> str:
    return f"{count:,}" if count else ""


def _print_stages(screen: Screen, found: Comparison) -> None:
    rows = []
    for line in found.stages:
        rows.append([escape(line.stage), *(f"{value:,}" for value in (*line.rows_in, *line.rows_out))])
        for reason, (before, after) in line.dropped.items():
            if before != after:
                rows.append([f"  {escape(reason)}", "", "", f"{before:,}", f"{after:,}"])
    screen.print()
    columns = (Column("stage", left=True), Column("in: A", 1), Column("B", 1), Column("out: A"), Column("B"))
    print_table(screen, columns, rows)


def _print_made(screen: Screen, found: Comparison) -> None:
    screen.print()
    if not found.made:
        screen.print("made alike: recipe, parameters, cards, code, libraries and inputs are the same")
    for one in found.made:
        where = f" {one.where}" if one.where else ""
        say(screen, f"[bold]{one.kind}[/bold]{where}  ", [f"{one.before} -> {one.after}" if one.before else one.after])


def _print_sample(screen: Screen, sample: Sample) -> None:
    places = f"{sample.before or '-'} -> {sample.after or '-'}"
    screen.prose(f"\n[bold]{sample.kind}[/bold]  {escape(sample.id)}  {escape(places)}")
    if sample.other:
        screen.prose(f"  its id there: {escape(sample.other)}")
    if sample.reason:
        screen.prose(f"  {escape(sample.reason)}")
    if sample.difference is not None:
        print_difference(screen, sample.difference, "  ")
