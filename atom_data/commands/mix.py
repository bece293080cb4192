"""`mix plan`: what a mixture contains, before training on it."""

from typing import Annotated

import typer
from rich.markup import escape

from atom_data.commands.screen import console
from atom_data.mix import MixPlan, load_mix, plan_mix
from atom_data.mix.plan import FOREVER
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import Column, print_table

app = typer.Typer(no_args_is_help=True)


@app.callback()
def mix() -> None:
    """Mixtures of token folders."""


@app.command()
def plan(
    file: Annotated[
        str, typer.Argument(metavar="MIX.toml", help="Sources, weights, stages: `atom-data show mix` has the form.")
    ],
) -> None:
    """Show the tokens of every source and how often a run reads them; refuse mixtures that are not possible.

    Only manifests are read. Exit code 2: the mix needs more tokens than there are, or is not possible.
    """
    planned = plan_mix(load_mix(file))
    screen = console()
    _table(planned, screen)
    for number, mixture in enumerate(planned.mixtures):
        shares = ", ".join(f"{part.name} {part.shares[number]:.2%}" for part in planned.parts if part.shares[number])
        screen.prose(f"from sample {mixture.start:,}: {shares}")
    for name, end in planned.ends.items():
        when = f"at sample {end:,}" if end < FOREVER else "never"
        screen.prose(f"{name}: max_epochs {planned.mix.sources[name].max_epochs:g} is passed {when}")
    for remark in planned.remarks():
        screen.prose(f"note: {remark}")
    stop, _ = planned.stop
    if planned.mix.samples is None and stop is not None:
        screen.prose(f"the loader ends the run after {stop:,} samples, for samples is not set")
    if planned.mix.samples is not None:
        length = planned.mix.samples * planned.mix.sequence_length
        screen.prose(f"the run: {planned.mix.samples:,} samples, {length:,} tokens")


def _table(planned: MixPlan, screen: Screen) -> None:
    titles = (
        Column("documents", 3), Column("tokens"), Column("samples there", 2), Column("repeats", 1), Column("samples read"),
        Column("epochs"),
    )  # fmt: skip
    ends, rows = planned.mix.samples is not None, []
    for part in planned.parts:
        read = (f"{part.samples:,}", f"{part.epochs:.2f}") if ends else ("", "")
        numbers = (f"{part.documents:,}", f"{part.tokens:,}", f"{part.windows:,}", f"{part.repeats:g}")
        rows.append([escape(part.name), *numbers, *read])
    print_table(screen, (Column("source", left=True), *titles), rows)
