"""`export`, `merge` and `pack`: token shards for other loaders, and plans of samples."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from atom_data.commands.screen import console
from atom_data.terminal.table import is_are, plural
from atom_data.tokens.export import export as export_shards
from atom_data.tokens.merge import TARGET_BYTES, merge as merge_shards
from atom_data.tokens.pack import pack_folder

Tokens = Annotated[str, typer.Argument(metavar="OUT/TOKENS", help="A finished tokens folder.")]
To = Annotated[
    str, typer.Option(metavar="FOLDER", help="Output folder; created if missing, and not inside the tokens.")
]
GB = 1_000_000_000


def export(
    tokens: Tokens,
    to: To,
    kind: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="megatron, olmo, datatrove, offsets or mds.")
    ] = "megatron",
    length: Annotated[int, typer.Option(min=0, help="Tokens per sample; only for mds.")] = 0,
) -> None:
    """Give finished token shards the names and sidecars that another loader wants; ids are linked, not copied.

    **megatron** .bin and .idx. **olmo** .npy and .csv.gz, for OLMo-core. **datatrove** .ds with its index and metadata,
    also for nanotron. **offsets** .bin and .offsets.npy, for torchtitan's pretokenized source. **mds** copies samples
    of --length tokens for MosaicML streaming.

    FOLDER must be empty, or hold an export of the same tokens, which is then updated.
    """
    with _bar("exporting") as progress:
        made = export_shards(tokens, to, kind, length=length, progress=progress)
    console().prose(
        f"{to}: {plural(made.shards, 'shard')}, {made.tokens:,} tokens as {made.kind}; "
        f"{made.linked:,} links, {made.written_bytes:,} bytes written",
    )
    if not made.noted:
        console().prose(f"{tokens}: may not be written, so it is not noted there that {to} was made of it.")


def merge(
    tokens: Tokens,
    to: To,
    gigabytes: Annotated[float, typer.Option("--gb", min=0.000001, help="Minimum size of a .bin, in 10^9 bytes.")] = (
        TARGET_BYTES / GB
    ),
) -> None:
    """Copy token shards into few large Megatron prefixes, with the blend file that a run is started with.

    Run again after an interruption: prefixes that are whole are kept. Other sources can be merged into the same FOLDER;
    the blend file names all of them. Train with `--data-args-path FOLDER/blend.txt
    --per-dataset-sequences-path FOLDER/sequences.json`.
    """
    with _bar("merging") as progress:
        made = merge_shards(tokens, to, max(1, round(gigabytes * GB)), progress)
    screen = console()
    for prefix in made:
        kept = ", was there already" if prefix.kept else ""
        screen.prose(
            f"{prefix.name}: {plural(prefix.shards, 'shard')}, {plural(prefix.documents, 'document')}, {prefix.tokens:,} tokens, "
            f"{prefix.bytes:,} bytes{kept}",
        )
    screen.print(f"Train with: --data-args-path {to}/blend.txt", soft_wrap=True)


def pack(
    tokens: Tokens,
    to: To,
    length: Annotated[int, typer.Option(min=1, help="Tokens per sample.")] = 4096,
) -> None:
    """Plan samples that cut no document that fits into one: best-fit decreasing, as an index; no token is copied.

    The loader's default, windows one after the other, needs no plan; this is for runs where truncation hurts.
    """
    with _bar("packing") as progress:
        made = pack_folder(tokens, to, length, progress)
    console().prose(
        f"{to}: {made.samples:,} samples of {made.length:,} tokens, {made.fill:.3%} full; {made.cut:,} of "
        f"{plural(made.documents, 'document')} {is_are(made.documents)} longer than one and cut; "
        f"windows would cut {made.cut_by_windows:,}",
    )


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.percentage:.0f}%"), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
