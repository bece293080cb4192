"""`dedup-index`: an index of near copies that crawls are added to and documents are taken out of."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from atom_data.commands.screen import console
from atom_data.dedup.index import Index, described, read_ids, statistics
from atom_data.dedup.minhash import BANDS, ROWS, MinHash
from atom_data.errors import DataError
from atom_data.run.display import Display
from atom_data.run.local import Options
from atom_data.run.local import run as run_jobs
from atom_data.run.places import refuse_overlap
from atom_data.run.recipe import load_recipe
from atom_data.run.server import warm_up

app = typer.Typer(
    no_args_is_help=True,
    help="Deduplicate a new crawl against all before it, take documents out, merge indices. The result is that of one "
    "pass over all sources in their order.",
    epilog="Start with: atom-data dedup-index add my_index crawl_1/*.parquet --name crawl_1",
)

Folder = Annotated[Path, typer.Argument(metavar="INDEX", help="Folder of the index.")]
Workers = Annotated[int, typer.Option("--workers", "-w", min=0, help="Worker processes; 0: one a core.")]
Accept = Annotated[bool, typer.Option("--accept", help="Go on where a source, language or domain loses nearly all.")]


@app.command()
def add(
    folder: Folder,
    files: Annotated[list[str], typer.Argument(help="Parquet or JSONL files, folders or URLs of the new source.")],
    name: Annotated[str, typer.Option(help="Name of the source.")],
    workers: Workers = 0,
    ngram: Annotated[
        int | None, typer.Option(min=1, help="Units in a shingle: 5. This and the next four: of a new index.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="What --ngram counts: words, or characters.")] = None,
    bands: Annotated[int | None, typer.Option(min=1, help=f"Bands of MinHash: {BANDS}.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help=f"Rows in a band: {ROWS}.")] = None,
    min_jaccard: Annotated[
        float | None, typer.Option(help="The Jaccard index from which a text is a near copy: 0.75.")
    ] = None,
    memory: Annotated[str | None, typer.Option(help="What a task may use: 2GB, or what the index has.")] = None,
    accept: Accept = False,
) -> None:
    """Add a source after all others: its documents are compared with each other and with all that were kept before.

    INDEX/out/kept then has the ids that stay, and in kept/drops those that are copies, with the document kept instead.
    """
    options = {"ngram": ngram, "unit": unit, "bands": bands, "rows": rows, "min_jaccard": min_jaccard}
    given = {option: value for option, value in options.items() if value is not None}
    for file in files:
        refuse_overlap(name, file, str(folder))
    if (folder / "index.json").exists():
        index = Index.load(folder).asked(given, memory)
    else:
        compare = {option: getattr(MinHash(**given), option) for option in options}  # type: ignore[arg-type]
        index = Index(folder=folder, compare=compare, memory=memory or Index.memory)
    index = index.added(name, tuple(files))
    _ = index.by
    index.save()
    _finish(index, workers, accept)


@app.command()
def remove(
    folder: Folder,
    ids: Annotated[Path, typer.Option("--ids", help="A text file with one id a line.")],
    workers: Workers = 0,
    accept: Accept = False,
) -> None:
    """Take documents out, with all that the index holds of them. Copies of them may stay now: one of each, by the rules."""
    _finish(Index.load(folder).without(read_ids(ids)), workers, accept)


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
    index = Index.load(folder).merged(Index.load(other))
    _finish(index, workers, accept)


@app.command()
def stats(folder: Folder) -> None:
    """Show the sources in their order: documents, how many stay, how many are copies, size."""
    _show(Index.load(folder))


def _finish(index: Index, workers: int, accept: bool) -> None:
    warm_up(str(index.folder / "index.py"))
    index = index.without(()) if index.purging else index
    count = workers or len(os.sched_getaffinity(0))
    # An index outlives versions: what is sketched stays, for the texts may be gone.
    options = Options(out=index.out, workers=count, accept_code=True, accept=accept)
    failures = run_jobs(load_recipe(str(index.folder / "index.py")), options, Display(console(stderr=True)))
    if failures:
        raise DataError(
            f"{index.folder}: {len(failures)} shards failed ({failures[0].stage}/{failures[0].shard}: {failures[0].message}). "
            f"Mend the cause, then go on by: atom-data run {index.folder}/index.py -o {index.out}"
        )
    _show(index)


def _show(index: Index) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("source")
    for title in ("shards", "documents", "kept", "copies", "sketches MB"):
        table.add_column(title, justify="right")
    for line in statistics(index):
        copies = line["documents"] - line["kept"]
        figures = (line["shards"], line["documents"], line["kept"], copies)
        table.add_row(line["source"], *(f"{figure:,}" for figure in figures), f"{line['bytes'] / 1e6:,.1f}")
    screen = console()
    screen.print(table)
    screen.print(f"{len(index.removed):,} documents removed; compares by {described(index)}", soft_wrap=True)
