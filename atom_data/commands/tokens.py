"""`batches` and `trace`: what a training loop sees, and where it came from."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from atom_data.audit.answers.removed import masked_by, removed, takedowns_text
from atom_data.audit.batches import draw
from atom_data.audit.trace import stations
from atom_data.audit.training_run import TrainingRun, open_run
from atom_data.commands.answers.stations import place_text, print_station
from atom_data.commands.screen import console
from atom_data.errors import ConfigError, DataError
from atom_data.loader.batches import Turns
from atom_data.terminal.called import command_line
from atom_data.terminal.screen import Screen
from atom_data.workspace import Workspace


def batches(
    tokens: Annotated[str, typer.Argument(metavar="OUT/TOKENS", help="A finished tokens folder.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Number of batches.")] = 3,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples per batch.")] = 4,
    length: Annotated[int, typer.Option(min=1, help="Tokens per sample.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the order.")] = 0,
) -> None:
    """Draw the first batches as a training loop would see them, and show where a document of each came from."""
    if tokens.endswith(".toml"):
        raise ConfigError(
            f"{tokens}: is a mix file, and batches are drawn from one folder. Name that, or ask for a sample of the mix: "
            f"{command_line('trace', tokens, '--sample', 0)}."
        )
    screen = console()
    for number, batch in enumerate(
        draw(tokens, count=count, batch_size=batch_size, sequence_length=length, seed=seed), 1
    ):
        rows, columns = batch.shape
        screen.print(
            f"[bold]batch {number}[/bold]  {rows} x {columns} tokens, samples {batch.samples}, {batch.documents} documents"
        )
        screen.prose(f"  begins with {batch.first_tokens}; to resume after it: {escape(str(batch.state))}")
        origin = batch.origin
        if origin["id"] is None:
            said = escape(_masked(tokens, origin["token_shard"]))
            screen.prose(f"  sample {batch.samples[0]}: most of its tokens are masked; {said}")
            continue
        screen.print(
            f"  sample {batch.samples[0]} is token {origin['sample_start']:,} on of {origin['token_shard']}; "
            f"{origin['tokens_here']} of its tokens are of document {origin['id']}"
        )
        screen.prose(f"    {escape(place_text(origin, {}))}")
    if origin["id"] is not None:
        screen.prose(f"\nFull lineage: atom-data trace {tokens} {origin['id']}")


def trace(
    tokens: Annotated[str, typer.Argument(metavar="OUT/TOKENS|MIX", help="A finished tokens folder, or a mix file.")],
    document: Annotated[str | None, typer.Argument(metavar="ID", help="The id of a document in it.")] = None,
    step: Annotated[int | None, typer.Option(min=0, help="A step of the training run, from 0.")] = None,
    sample: Annotated[int | None, typer.Option(min=0, help="A sample by its number, instead of a step.")] = None,
    rank: Annotated[int, typer.Option(min=0, help="The rank whose batch is traced.")] = 0,
    world: Annotated[int, typer.Option(min=1, help="How many ranks read.")] = 1,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples in a batch of one rank.")] = 4,
    length: Annotated[int, typer.Option(min=1, help="Tokens in a sample; a mix and a state know it.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the order; a mix and a state know it.")] = 0,
    state: Annotated[
        Path | None, typer.Option(help="A saved state of the loader: length, seed, what was seen.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="For a document: how many epochs ahead are told.")] = 1,
) -> None:
    """Follow tokens back to the record they came from, and a document on to the steps that read it.

    trace OUT/TOKENS ID: a document's way through every stage, and when a run reads it.
    trace OUT/TOKENS --step 1200 --rank 3 --world 8 --batch-size 4: all documents in that batch, and the way of each.

    A step counts batches of `world` x `batch-size` samples from the start of the run. Where that was not the same all
    along, give --sample, which every batch carries.
    """
    if [document, step, sample].count(None) != 2:
        raise ConfigError("trace: Give the id of a document, --step or --sample, one of the three.")
    run = open_run(tokens, length=length, seed=seed, state=state)
    ranks = Turns(batch_size, rank, world)
    screen = console()
    if document is not None:
        _trace_document(screen, run, ranks, document, epochs)
        return
    for number in [sample] if sample is not None else ranks.at(step or 0):
        address = run.samples.address(number)
        spans = ", ".join(f"{start:,} to {stop:,}" for start, stop in address.spans)
        screen.prose(
            f"[bold]sample {number}[/bold]  {address.source}, epoch {address.epoch}: tokens {spans} of {address.shard}",
        )
        folder = run.samples.sources[address.source].folder
        for row in run.samples.documents(number):
            place = f"tokens {row['first_here']:,} to {row['stop_here']:,}"
            if row["id"] is None:
                screen.prose(f"  [bold]masked[/bold]  {place}: {escape(_masked(folder, address.shard))}")
                continue
            screen.prose(f"  document {row['id']}  {place}")
            _way(screen, folder, row, "    ")


def _masked(folder: str, shard: str) -> str:
    """Say who masked the tokens of a document that is gone."""
    path = Path(folder).absolute()
    found = masked_by(Workspace(str(path.parent)), path.name, shard)
    by = takedowns_text(found) if found else "a takedown whose receipt is not beside these tokens"
    return f"their document was taken down by {by}. They are end tokens now, and no label counts there."


def _trace_document(screen: Screen, run: TrainingRun, ranks: Turns, document: str, epochs: int) -> None:
    _refuse_removed(run, document)
    name, shard, row = run.find(document)
    source = run.samples.sources[name]
    screen.print(f"[bold]tokens[/bold]  {row['tokens']:,} tokens in {source.shards[shard]['name']}")
    _way(screen, source.folder, row)
    reads = list(run.reads(name, shard, row, epochs))
    for read in reads:
        when = "seen " if read.sample < run.consumed else "to come"
        step, rank = ranks.turn(read.sample)
        screen.prose(
            f"[bold]{when}[/bold]  sample {read.sample} (epoch {read.epoch}): tokens {read.start:,} to {read.stop:,}; "
            f"with {ranks.world} x {ranks.batch_size} samples per step: step {step}, rank {rank}",
        )
    if not reads:
        screen.print("[bold]never[/bold]  it is in the rest of its shard that fills no sample, or no stage reaches it")


def _refuse_removed(run: TrainingRun, document: str) -> None:
    """Say of a document that was taken down by which takedown. DataError."""
    for source in run.samples.sources.values():
        gone = removed(Workspace(str(Path(source.folder).absolute().parent)), document)
        if gone is not None and source.find(document) is None:
            by = f" by {takedowns_text(gone.takedowns)}" if gone.takedowns else ""
            raise DataError(
                f"{source.folder}: '{document}' was taken down{by}. Its tokens are gone or masked: no sample reads them."
            )


def _way(screen: Screen, folder: str, row: dict[str, Any], indent: str = "") -> None:
    way = stations(folder, row)
    for station in way:
        print_station(screen, station, indent)
    first = way[-1].columns if way else row
    screen.prose(f"{indent}[bold]source[/bold]  {escape(place_text(row, first))}")
