"""`mix plan`: what a mixture comes to, before a run is started on it."""

from typing import Annotated

import typer
from rich.table import Table

from atom_data.commands.screen import console
from atom_data.mix import MixPlan, load_mix, plan_mix
from atom_data.mix.plan import FOREVER

app = typer.Typer(no_args_is_help=True)


@app.callback()
def mix() -> None:
    """Mixtures of token folders: try them before a run."""


@app.command()
def plan(
    file: Annotated[
        str, typer.Argument(metavar="MIX.toml", help="Sources, weights, stages: `atom-data show mix` has the form.")
    ],
) -> None:
    """Show the tokens of every source and how often a run reads them; refuse what cannot be.

    Only manifests are read. Exit code 2: the mix asks for more than there is, or for what cannot be.
    """
    planned = plan_mix(load_mix(file))
    screen = console()
    screen.print(_table(planned))
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
