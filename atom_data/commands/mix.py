"""`mix plan`: what a mixture contains, before training on it."""

from typing import Annotated

import typer
from rich.table import Table

from atom_data.commands.screen import console
from atom_data.mix import MixPlan, load_mix, plan_mix
from atom_data.mix.plan import FOREVER

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
    screen.print(_table(planned))
    for number, mixture in enumerate(planned.mixtures):
        shares = ", ".join(f"{part.name} {part.shares[number]:.2%}" for part in planned.parts if part.shares[number])
        screen.print(f"from sample {mixture.start:,}: {shares}", soft_wrap=True)
    for name, end in planned.ends.items():
        when = f"at sample {end:,}" if end < FOREVER else "never"
        screen.print(f"{name}: max_epochs {planned.mix.sources[name].max_epochs:g} is passed {when}", soft_wrap=True)
    for remark in planned.remarks():
        screen.print(f"note: {remark}", soft_wrap=True)
    stop, _ = planned.stop
    if planned.mix.samples is None and stop is not None:
        screen.print(f"the loader ends the run after {stop:,} samples, for samples is not set", soft_wrap=True)
    if planned.mix.samples is not None:
        length = planned.mix.samples * planned.mix.sequence_length
        screen.print(f"the run: {planned.mix.samples:,} samples, {length:,} tokens", soft_wrap=True)


def _table(planned: MixPlan) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("source", "documents", "tokens", "samples there", "repeats", "samples read", "epochs"):
        table.add_column(title, justify="left" if title == "source" else "right", no_wrap=True)
    ends = planned.mix.samples is not None
    for part in planned.parts:
        read = (f"{part.samples:,}", f"{part.epochs:.2f}") if ends else ("", "")
        table.add_row(
            part.name, f"{part.documents:,}", f"{part.tokens:,}", f"{part.windows:,}", f"{part.repeats:g}", *read
        )
    return table
