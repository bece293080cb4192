"""`status`, `peek`, `verify`, `fingerprint`: what a run has made."""

from typing import Annotated

import typer
from rich.markup import escape

from atom_data.commands.screen import DEFAULT_OUT, Output, RecipePath, console, printable
from atom_data.errors import DataError
from atom_data.run.peek import peek as peek_documents
from atom_data.run.recipe import load_recipe
from atom_data.run.status import job_status, print_status
from atom_data.run.verify import verify as verify_folder


def status(recipe: RecipePath, output: Output = DEFAULT_OUT) -> None:
    """Show how far a run has come: documents in, kept and dropped by reason, bytes, tokens, time, speed."""
    loaded = load_recipe(recipe)
    print_status([job_status(job, output) for job in loaded.jobs], console())


def peek(
    recipe: RecipePath,
    output: Output = DEFAULT_OUT,
    stage: Annotated[str, typer.Option(help="The stage to look into.")] = "clean",
    reason: Annotated[
        str | None, typer.Option(help="Documents dropped for this: card.reason, or a card's name.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 3,
    characters: Annotated[int, typer.Option(min=0, help="How much of each text.")] = 400,
) -> None:
    """Look at documents: those a stage kept, or those it dropped for one reason, with the numbers that decided it."""
    screen = console()
    for sight in peek_documents(load_recipe(recipe).job(stage), output, reason, count):
        screen.print(f"[bold]{sight.id}[/bold]  {escape(sight.url)}", soft_wrap=True)
        if sight.reason:
            screen.print(f"  [red]{sight.reason}[/red]  {escape(sight.numbers)}", soft_wrap=True)
        screen.print(escape(printable(sight.text[:characters])) + "\n", soft_wrap=True)


def verify(output: Annotated[str, typer.Argument(metavar="OUT", help="The --output of a run.")]) -> None:
    """Check every file against its receipt; silent and exit code 0 when all is well, else each fault by name."""
    verdict = verify_folder(output)
    if verdict.faults:
        for fault in verdict.faults:
            console(stderr=True).print(escape(fault), soft_wrap=True)
        raise DataError(
            f"{output}: {len(verdict.faults)} faults in {verdict.files:,} files. "
            "Run the recipe again: it makes again what is missing or damaged; delete orphans yourself."
        )


def fingerprint(output: Annotated[str, typer.Argument(metavar="OUT", help="The --output of a run.")]) -> None:
    """Print one hash over the content of all shards: equal for equal corpora."""
    verdict = verify_folder(output)
    if verdict.faults:
        raise DataError(f"{output}: {verdict.faults[0]}. Run atom-data verify for the rest.")
    console().print(verdict.fingerprint)
