"""`dedup-index`: an index of near-duplicates: add crawls, remove documents, merge."""

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.commands.screen import console
from atom_data.dedup.index import Index
from atom_data.dedup.index.index import described, read_ids, statistics
from atom_data.dedup.index.staging import begin, commit, discard, settle
from atom_data.dedup.near.minhash import BANDS, ROWS, MinHash
from atom_data.errors import DataError
from atom_data.readers.fields.source import IDS
from atom_data.readers.rows import check_ids
from atom_data.runner.local import Options, run as run_jobs
from atom_data.runner.places import refuse_overlap
from atom_data.runner.recipe import load_recipe
from atom_data.runner.server import server
from atom_data.storage.sizes import GRAMMAR
from atom_data.terminal.display import Display
from atom_data.terminal.table import Column, plural, print_table

app = typer.Typer(
    no_args_is_help=True,
    epilog="Start with: atom-data dedup-index add my_index crawl_1/*.parquet --name crawl_1",
)

NAMED = 10
"""Number of missing ids to list."""

Folder = Annotated[Path, typer.Argument(metavar="INDEX", help="Folder of the index.")]
Workers = Annotated[int, typer.Option("--workers", "-w", min=0, help="Number of worker processes (0: one per core).")]
Accept = Annotated[
    bool, typer.Option("--accept", help="Continue when a source, language or domain loses nearly all of its documents.")
]


@app.callback()
def dedup_index() -> None:
    """Deduplicate a new crawl against all earlier ones, remove documents, merge indices.

    The result is that of one pass over all sources in their order.
    """


@app.command()
def add(
    folder: Folder,
    files: Annotated[list[str], typer.Argument(help="Parquet or JSONL files, folders or URLs of the new source.")],
    name: Annotated[str, typer.Option(help="Name of the source.")],
    ids: Annotated[
        str,
        typer.Option(
            "--ids",
            metavar="HOW",
            help="column: as they are. Where they repeat, file: SOURCE/FILE#ID, or row: SOURCE/FILE#PLACE.",
        ),
    ] = "column",
    workers: Workers = 0,
    ngram: Annotated[
        int | None, typer.Option(min=1, help="Units in a shingle: 5. This and the next four: of a new index.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="What --ngram counts: words, or characters.")] = None,
    bands: Annotated[int | None, typer.Option(min=1, help=f"Bands of MinHash: {BANDS}.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help=f"Rows in a band: {ROWS}.")] = None,
    min_jaccard: Annotated[float | None, typer.Option(help="Minimum Jaccard index of a near copy: 0.75.")] = None,
    memory: Annotated[
        str | None, typer.Option(help=f"Memory per task: 2GB. Default: that of the index. {GRAMMAR}.")
    ] = None,
    accept: Accept = False,
) -> None:
    """Add a source after all others: its documents are compared with each other and with all that were kept before.

    INDEX/out/kept then has the ids that stay, and in kept/drops those that are copies, with the document kept instead.
    All is made in INDEX.adding first: where it fails, the index stays as it was, and the same command goes on there.
    """
    check_ids("--ids", ids, IDS)
    options = {"ngram": ngram, "unit": unit, "bands": bands, "rows": rows, "min_jaccard": min_jaccard}
    given = {option: value for option, value in options.items() if value is not None}
    for file in files:
        refuse_overlap(name, file, str(folder))
    if (folder / "index.json").exists():
        index = _open(folder).asked(given, memory)
    else:
        compare = {option: getattr(MinHash(**given), option) for option in options}  # type: ignore[arg-type]
        index = Index(folder=folder, compare=compare, memory=memory or Index.memory)
    _ = index.by
    _put(folder, begin(folder, index.added(name, tuple(files), ids)), workers, accept)


@app.command()
def remove(
    folder: Folder,
    ids: Annotated[Path, typer.Option("--ids", help="A text file with one id per line.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Remove nothing if any id is not found, and exit with code 1.")
    ] = False,
    workers: Workers = 0,
    accept: Accept = False,
) -> None:
    """Remove documents and everything that the index holds of them. Copies of them may be kept now: one of each, by the rules.

    Reports how many documents were removed and which ids are not in the index. Exit code 1, and nothing removed, if none is.
    """
    index = _open(folder)
    discard(folder)  # what a failed add left has links to the same documents
    wanted = set(read_ids(ids))
    found = index.count(wanted)
    said = _removal(index, wanted, found, strict)
    _finish(index.without(found), workers, accept)
    console().prose(said)


@app.command()
def merge(
    folder: Folder,
    other: Annotated[
        Path, typer.Argument(metavar="OTHER", help="The index whose sources come after; it stays as it is.")
    ],
    workers: Workers = 0,
    accept: Accept = False,
) -> None:
    """Add all sources of another index, by its sketches: its files are not needed. What was removed there is removed here."""
    index, more = _open(folder), _open(other)
    index.require_mergeable(more)
    discard(folder)
    _put(folder, begin(folder, index).merged(more), workers, accept)


@app.command()
def stats(folder: Folder) -> None:
    """Show the sources in their order: documents, how many stay, how many are copies, size."""
    _show(settle(Index.load(folder)))


def _open(folder: Path) -> Index:
    """Return an index after finishing what a stopped command left undone."""
    index = settle(Index.load(folder))
    return index.without(()) if index.purging else index


def _removal(index: Index, ids: set[str], found: Counter[str], strict: bool) -> str:
    """Say what will be removed. DataError when nothing of it is in the index or, if strict, when one id is not."""
    before = (ids & index.removed) - set(found)
    missing = sorted(ids - set(found) - before)
    named = ", ".join(f"'{name[:200]}'" for name in missing[:NAMED]) + (", ..." if len(missing) > NAMED else "")
    if len(missing) == len(ids):
        raise DataError(
            f"{index.folder}: none of the ids ({len(ids):,}) is in the index: {named}. Nothing was removed. "
            f"{index.out}/kept and its drops have the ids that there are."
        )
    if missing and strict:
        raise DataError(
            f"{index.folder}: of {len(ids):,} ids {len(missing):,} are not in the index: {named}. Nothing was removed, as "
            "--strict asks. Correct the ids, or leave --strict out."
        )
    gone = f"; {len(before):,} had been removed before" if before else ""
    absent = f"; not in the index: {len(missing):,} ids ({named})" if missing else ""
    return f"documents taken out: {found.total():,}{gone}{absent}"


def _put(folder: Path, beside: Index, workers: int, accept: bool) -> None:
    """Make a change next to the index, then move it into place. DataError when it fails: then the index is as it was."""
    try:
        _run(beside, workers, accept)
    except DataError as error:
        raise type(error)(f"{error} Nothing was added: {folder} is as it was.") from error
    _show(commit(folder, beside))


def _finish(index: Index, workers: int, accept: bool) -> None:
    _run(index, workers, accept)
    _show(index)


def _run(index: Index, workers: int, accept: bool) -> None:
    """Run what is to do. DataError when shards fail."""
    recipe = str(index.folder / "index.py")
    server()
    # An index outlives versions: sketches are kept, because the texts may be gone.
    options = Options(
        out=index.out, workers=workers or len(os.sched_getaffinity(0)), accept_code=True, accept=accept, replace=True
    )
    failures = run_jobs(load_recipe(recipe), options, Display(console(stderr=True)))
    if failures:
        first = failures[0]
        raise DataError(
            f"{index.folder}: {plural(len(failures), 'shard')} failed ({first.stage}/{first.shard}: {first.message}). Fix the "
            "cause, then run the command again."
        )


def _show(index: Index) -> None:
    titles = (Column("shards", 2), Column("documents"), Column("kept"), Column("copies"), Column("sketches MB", 1))
    rows = []
    for line in statistics(index):
        copies = line["documents"] - line["kept"]
        figures = (line["shards"], line["documents"], line["kept"], copies)
        rows.append([escape(line["source"]), *(f"{figure:,}" for figure in figures), f"{line['bytes'] / 1e6:,.1f}"])
    screen = console()
    print_table(screen, (Column("source", left=True), *titles), rows)
    screen.prose(f"{plural(len(index.removed), 'document')} removed; compares by {described(index)}")
