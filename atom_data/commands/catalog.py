"""`list` and `show`: what a recipe can name, in the terminal."""

import inspect
from importlib import import_module
from typing import Annotated

import typer
from rich.markup import escape

from atom_data.commands.screen import console
from atom_data.errors import ConfigError
from atom_data.library.catalog import KINDS, adders, entries, find, needs
from atom_data.library.documentation import own_text, paragraphs, parameters
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
        listed = entries(each)
        width = max(len(entry.name) for entry in listed) + 2
        for entry in listed:
            screen.prose(f"{entry.name:{width}}{escape(entry.summary)}", set_in=width)


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
        screen.prose(escape(inspect.getdoc(import_module("atom_data.mix.mix")) or ""))
        return
    thing = find(name)
    if isinstance(thing, Card):
        _show_card(thing)
        return
    screen.prose(f"[bold]{name}[/bold]\n\n{escape(paragraphs(own_text(thing)))}", set_in=0)
    for parameter in parameters(thing):
        declared = str(parameter).removeprefix(parameter.name)
        screen.prose(f"\n  [bold]{parameter.name}[/bold]{escape(declared)}")
        if parameter.text:
            screen.prose(f"    {escape(parameter.text)}")


def _show_card(card: Card) -> None:
    screen = console()
    screen.prose(f"[bold]{card.name}[/bold]  {escape(card.source)}\n{card.url}\n")
    names, columns = (
        max(map(len, each)) + 2
        for each in (
            ("reason", *(rule.reason for rule in card.rules)),
            ("column", *(rule.column for rule in card.rules)),
        )
    )
    screen.prose(f"[bold]{'reason':{names}}{'column':{columns}}kept where[/bold]")
    for rule in card.rules:
        screen.prose(f"{rule.reason:{names}}{rule.column:{columns}}{escape(rule.bounds())}", set_in=names + columns)
    screen.print("\n[bold]needs[/bold]")
    for column, who in needs(card).items():
        screen.prose(f"  {column}: {escape(', or '.join(who)) or 'a column of the source'}")
