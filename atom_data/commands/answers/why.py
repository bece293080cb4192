"""`why`: everything about a document, kept or dropped."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from atom_data.audit.answers.index import Say, index_place
from atom_data.audit.answers.removed import Removed, removed, takedowns_text
from atom_data.audit.answers.search import search
from atom_data.audit.answers.station import Station
from atom_data.audit.answers.tokens import Layout
from atom_data.audit.answers.why import Answer, Answers, Copy, not_there, open_answers, run_folder
from atom_data.commands.answers.stations import place_text, print_station, say
from atom_data.commands.look import print_difference
from atom_data.commands.screen import AsJson, OutFolder, console, recipe_of, require_folder
from atom_data.errors import ConfigError, DataError
from atom_data.runner.claims.files import others_at_work
from atom_data.runner.claims.life import me
from atom_data.storage.paths import create
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import plural
from atom_data.workspace import Workspace

READS = 8
"""Samples that are shown of those that read a document."""
RECORDS = "The record"
TRAINING = "Training samples"


Query = Annotated[str, typer.Argument(metavar='ID|URL|"SOME TEXT"', help="An id, a URL, or some words of its text.")]
Count = Annotated[int, typer.Option("--count", "-n", min=1, help="How many documents are shown where many match.")]
WithText = Annotated[bool, typer.Option("--text", help="Print its text, too.")]
Raw = Annotated[
    bool, typer.Option("--raw", help="Print the bytes of its record, and nothing else.", rich_help_panel=RECORDS)
]
Html = Annotated[bool, typer.Option("--html", help="Print its page, and nothing else.", rich_help_panel=RECORDS)]
RecipeOption = Annotated[
    str | None, typer.Option(metavar="RECIPE", help="Where the folder does not say it.", rich_help_panel=RECORDS)
]
Length = Annotated[
    int | None, typer.Option(min=1, help="Tokens in a sample: which samples read it?", rich_help_panel=TRAINING)
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the order, with --length.", rich_help_panel=TRAINING)]
State = Annotated[
    Path | None,
    typer.Option(help="A saved state of the loader: length, seed, what was seen.", rich_help_panel=TRAINING),
]
MixFile = Annotated[Path | None, typer.Option(help="The mix file that is trained on.", rich_help_panel=TRAINING)]


def why(
    output: OutFolder,
    query: Query,
    count: Count = 5,
    text: WithText = False,
    raw: Raw = False,
    html: Html = False,
    recipe: RecipeOption = None,
    length: Length = None,
    seed: Seed = 0,
    state: State = None,
    mix: MixFile = None,
    as_text: AsJson = False,
) -> None:
    """Say everything about a document, kept or dropped: its record, each stage's columns and decision, copies, tokens.

    why OUT 015efcf1c23785140c9252d3406bf2ba: by its id. Of a record that could not be read: SHARD:POSITION.
    why OUT https://example.org/page: all documents and unread records of a URL, as it was crawled.
    why OUT "some words of its text": a scan over all texts. Any white space may stand between the words, of which there are two
    at least, unless the writing has no spaces.
    why OUT ID --raw: the bytes of the record that it came from; --html: the page in it. Both need the input of the run.

    Of an id or URL that was taken down: by which takedown, when and why, and nothing else.

    The first question makes an index of ids and URLs in OUT/lookup, about 40 bytes per document; later ones add what is new.
    OUT may be a folder of tokens whose run is gone: then docs.parquet answers. With --json a list of answers.
    """
    require_folder(output)
    if raw and html:
        raise ConfigError("why: --raw and --html both print to the same place. Give one of them.")
    workspace = Workspace(run_folder(output), me().token)
    made_by = recipe or recipe_of(workspace)
    with _open(workspace, made_by) as answers:
        found = answers.named(query) or _with_text(answers, query, count)
        gone = None if found else removed(workspace, query)
        if gone is not None:
            _print_removed(gone, raw or html, as_text)
            return
        if not found:
            raise not_there(answers, query)
        if raw or html:
            _print_bytes(workspace, found, query, made_by, html)
            return
        layout = Layout(length or 512, seed, mix, state) if length or mix or state else None
        given = [answers.answer(first, layout) for first in found[:count]]
        if as_text:
            typer.echo(json.dumps([asdict(answer) for answer in given], indent=1, ensure_ascii=False, default=str))
            return
        _print_all(answers, given, len(found), text, layout)


def _print_removed(gone: Removed, record: bool, as_text: bool) -> None:
    """Say of what a takedown took out that it did, and no more."""
    by = takedowns_text(gone.takedowns) if gone.takedowns else "the list came from another corpus"
    if record:
        raise DataError(f"why: '{gone.id}' was taken down, so its record is not read: {by}.")
    if as_text:
        typer.echo(json.dumps([asdict(gone)], indent=1, ensure_ascii=False))
        return
    screen = console()
    screen.prose(f"[bold]{escape(gone.id)}[/bold]")
    verb = "was taken down" if gone.was_here else "is on the removal list"
    screen.prose(f"  {verb}: {escape(by)}")
    screen.prose("  Nothing else of it is in this folder, and it does not come back when the folder is built again.")


def _print_all(answers: Answers, given: list[Answer], found: int, text: bool, layout: Layout | None) -> None:
    screen = console()
    for number, answer in enumerate(given):
        if number:
            screen.print()
        _print(screen, answer, layout is not None)
        if text:
            said = answers.text(answer.stations)
            screen.prose(escape(said) if said is not None else "  (no stage of this folder has its text)")
    if found > len(given):
        screen.print("\nThere are more; --count shows more of them.")
    for claim in others_at_work(answers.workspace)[:1]:
        note = f"{claim.what} is at work in this folder ({claim.who}): what it has not finished is not in this answer"
        console(stderr=True).prose(escape(note))
    if any(folder.is_cut_off for folder in answers.folders.found.values()):
        console(stderr=True).print("the stages before these tokens are not here, so docs.parquet is all that answers")


@contextmanager
def _open(workspace: Workspace, recipe: str) -> Iterator[Answers]:
    """Open a folder with its index; where nothing may be written, with one that is gone afterwards."""
    with tempfile.TemporaryDirectory() as elsewhere:
        place = index_place(workspace)
        if workspace.is_remote or not _writable(workspace):
            place = elsewhere
            console(stderr=True).print(
                f"{workspace.root}: nothing can be kept there, so the index of ids is made for this question alone"
            )
        with _progress("reading ids and URLs") as progress:
            answers = open_answers(workspace, place, recipe, progress)
        yield answers


def _writable(workspace: Workspace) -> bool:
    try:
        with create(workspace.path(".try"), workspace.token):
            pass
        workspace.local(".try").unlink()
    except (DataError, OSError):
        return False
    return True


@contextmanager
def _progress(what: str) -> Iterator[Say]:
    """Show how far a scan is, on a terminal."""
    screen = console(stderr=True)
    bar = Progress(
        TextColumn(what),
        BarColumn(24),
        TextColumn("{task.percentage:.0f} %"),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
    with bar:
        row = bar.add_task("", total=None)
        yield lambda done, whole: bar.update(row, completed=done, total=whole)


def _with_text(answers: Answers, query: str, count: int) -> list[Station]:
    """Return where documents came in whose text has some words; nothing for what looks like an id or a URL."""
    if "://" in query or not (len(query.split()) > 1 or not query.isascii()):
        return []
    with _progress("reading texts") as progress:
        hits = search(answers.folders, query, count + 1, progress)
    found = [(hit, station) for hit in hits for station in answers.named(hit.id)]
    return [station for hit, station in found if station.shard == hit.shard]


def _print_bytes(workspace: Workspace, found: list[Station], query: str, recipe: str, html: bool) -> None:
    from atom_data.audit.answers.record import page_of, record_of  # noqa: PLC0415 - readers compile their kernels

    if len(found) > 1:
        ids = ", ".join(station.id for station in found[:5])
        raise ConfigError(f"why: '{query}' is {plural(len(found), 'document')} ({ids}). Give the id of one of them.")
    if html:
        data = page_of(workspace, found[0], recipe)
    else:
        record = record_of(workspace, found[0], recipe)
        data = record.data
        stop = f" to {record.stop:,}" if record.stop is not None else ""
        at = f", bytes {record.start:,}{stop}" if record.start is not None else ""
        part = "" if record.whole else "; the first bytes, which are what is kept of it"
        console(stderr=True).prose(escape(f"{record.file}{at}{part}"))
    sys.stdout.flush()
    try:
        sys.stdout.buffer.write(data)
    except AttributeError:  # a stream of text, as in tests
        sys.stdout.write(data.decode("utf-8", "replace"))


def _print(screen: Screen, answer: Answer, asked: bool) -> None:
    verb = {"kept": "kept", "dropped": "dropped", "unread": "could not be read"}[answer.outcome]
    screen.prose(f"[bold]{escape(answer.id)}[/bold]  {escape(answer.url)}")
    screen.prose(f"  {verb}: {answer.stage}/{answer.stations[-1].shard}")
    first = answer.stations[0]
    screen.prose(f"  [bold]source[/bold]  {escape(_place(first))}")
    known: dict[str, object] = {}
    for station in answer.stations:
        print_station(screen, station, "  ", known)
        known.update(station.columns)
    for one in answer.tokens:
        where = f"{one.start:,} to {one.stop:,} of {one.shard}, document {one.document:,}"
        screen.prose(f"  [bold]tokens[/bold]  {one.stop - one.start:,} in {one.folder}: {where}")
    if answer.kept_instead:
        _print_kept(screen, answer.kept_instead)
    for copy in answer.copies:
        scores = ", ".join(f"{name} {value:.3f}" for name, value in copy.numbers.items() if isinstance(value, float))
        screen.prose(f"  [bold]copy[/bold]  {escape(f'{copy.id}  {copy.url}')}")
        say(screen, "        ", [f"dropped by {copy.stage}", *([scores] if scores else [])])
    _print_reads(screen, answer, asked)


def _place(first: Station) -> str:
    if first.outcome == "unread":
        return f"record at {int(first.columns['position']):,} of shard {first.shard}"
    return place_text({"shard": first.shard}, first.columns)


def _print_kept(screen: Screen, kept: Copy) -> None:
    verb = {"kept": "is kept in", "dropped": "was itself dropped by", "unread": "could not be read by"}[kept.outcome]
    where = f"{verb} {kept.stage}" if kept.stage else "is not in this folder"
    screen.prose(f"  [bold]kept instead[/bold]  {escape(f'{kept.id}  {kept.url}')}; it {where}")
    print_difference(screen, kept.difference, "    ")


def _print_reads(screen: Screen, answer: Answer, asked: bool) -> None:
    for read in answer.reads[:READS]:
        when = "seen" if read.seen else "to come"
        said = f"sample {read.sample} (epoch {read.epoch}): its tokens {read.start:,} to {read.stop:,}"
        screen.print(f"  [bold]{when}[/bold]  {said}")
    if len(answer.reads) > READS:
        screen.print(f"  and {len(answer.reads) - READS:,} samples more")
    if asked and answer.tokens and not answer.reads:
        screen.print(
            "  [bold]never[/bold]  it lies in the rest of its shard that fills no sample, or no stage gets to it"
        )
