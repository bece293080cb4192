"""`list` and `show`: what a recipe can name, in the terminal."""

import inspect
from importlib import import_module
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from atom_data.commands.screen import console
from atom_data.errors import ConfigError
from atom_data.library.catalog import KINDS, adders, entries, find, needs
from atom_data.library.documentation import own_text, parameters
from atom_data.rules import Card

MIX = "mix"
"""What shows the form of a mix file."""


def list_entries(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.")] = "",
) -> None:
    """List what a recipe can name: signals, rewrites, extractors, cards, sources, passes.

    Example: atom-data list signals
    """
    screen = console()
    for each in [kind] if kind else KINDS:
        if not kind:
            screen.print(f"[bold]{each}[/bold]")
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column()
        for entry in entries(each):
            table.add_row(entry.name, escape(entry.summary))
        screen.print(table)


def show(
    name: Annotated[
        str,
        typer.Argument(
            help="A card, signal, rewrite, source or pass: fineweb, count_words, MinHash; mix: the mix file."
        ),
    ] = "",
    column: Annotated[str, typer.Option("--column", help="Say who adds a column instead.")] = "",
) -> None:
    """Show one of them: a card's rules and the signals that make its columns, or a step's parameters and columns.

    Example: atom-data show fineweb
    """
    screen = console()
    if column:
        found = adders(column)
        if not found:
            raise ConfigError(f"show: no step adds a column '{column}'. A source may have it, or a step of your own.")
        screen.print("\n".join(found))
        return
    if not name:
        raise ConfigError("show: no name given. Give a card, a signal or a step; `atom-data list` shows them all.")
    if name == MIX:
        screen.print(escape(inspect.getdoc(import_module("atom_data.mix.mix")) or ""), soft_wrap=True)
        return
    thing = find(name)
    if isinstance(thing, Card):
        _show_card(thing)
        return
    screen.print(f"[bold]{name}[/bold]\n\n{escape(own_text(thing))}", soft_wrap=True)
    for parameter in parameters(thing):
        declared = str(parameter).removeprefix(parameter.name)
        screen.print(f"\n  [bold]{parameter.name}[/bold]{escape(declared)}", soft_wrap=True)
        if parameter.text:
            screen.print(f"    {escape(parameter.text)}", soft_wrap=True)


def _show_card(card: Card) -> None:
    screen = console()
    screen.print(f"[bold]{card.name}[/bold]  {escape(card.source)}\n{card.url}\n", soft_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("reason", "column", "kept where"):
        table.add_column(title, no_wrap=title != "kept where")
    for rule in card.rules:
        table.add_row(rule.reason, rule.column, escape(rule.bounds()))
    screen.print(table)
    screen.print("\n[bold]needs[/bold]")
    for column, who in needs(card).items():
        screen.print(f"  {column}: {escape(', or '.join(who)) or 'a column of the source'}", soft_wrap=True)
