"""`batches` and `trace`: what a training loop sees, and where it came from."""

from typing import Annotated

import typer
from rich.markup import escape

from atom_data.commands.screen import console, printable
from atom_data.publish.batches import draw
from atom_data.publish.trace import find_document, stations


def batches(
    tokens: Annotated[str, typer.Argument(metavar="OUT/TOKENS", help="A finished tokens folder.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many batches.")] = 3,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples in a batch.")] = 4,
    length: Annotated[int, typer.Option(min=1, help="Tokens in a sample.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the order.")] = 0,
) -> None:
    """Draw the first batches as a training loop would see them, and show where a document of each came from."""
    screen = console()
    for number, batch in enumerate(
        draw(tokens, count=count, batch_size=batch_size, sequence_length=length, seed=seed), 1
    ):
        rows, columns = batch.shape
        screen.print(
            f"[bold]batch {number}[/bold]  {rows} x {columns} tokens, samples {batch.samples}, {batch.documents} documents"
        )
        screen.print(
            f"  begins with {batch.first_tokens}; to resume after it: {escape(str(batch.state))}", soft_wrap=True
        )
        origin = batch.origin
        screen.print(
            f"  sample {batch.samples[0]} is token {origin['sample_start']:,} on of {origin['token_shard']}; "
            f"{origin['tokens_here']} of its tokens are of document {origin['id']}"
        )
        screen.print(f"    {escape(_source(origin))}", soft_wrap=True)
    screen.print(f"\nAll of its way: atom-data trace {tokens} {origin['id']}", soft_wrap=True)


def _source(row: dict[str, object]) -> str:
    where = (
        f"record at byte {row['offset']:,} of {row['file']}"
        if "offset" in row and "file" in row
        else f"shard {row['shard']}"
    )
    return f"{row.get('url') or '(no address)'}   {where}"


def trace(
    tokens: Annotated[str, typer.Argument(metavar="OUT/TOKENS", help="A finished tokens folder.")],
    document: Annotated[str, typer.Argument(metavar="ID", help="The id of a document in it.")],
) -> None:
    """Follow a document from its tokens back through every stage to the record it came from."""
    shard, row = find_document(tokens, document)
    screen = console()
    screen.print(f"[bold]tokens[/bold]  {row['tokens']:,} tokens in {shard}")
    for station in stations(tokens, shard, row):
        values = ", ".join(f"{name} {value}" for name, value in station.columns.items() if name != "id")
        screen.print(f"[bold]{station.stage}[/bold]  {escape(printable(values))}", soft_wrap=True)
    screen.print(f"[bold]source[/bold]  {escape(_source(row))}", soft_wrap=True)
