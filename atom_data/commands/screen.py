"""What every command shares: the screen it prints to, the arguments that all spell alike."""

import sys
from typing import Annotated

import typer
from rich.console import Console

RecipePath = Annotated[str, typer.Argument(metavar="RECIPE", help="Path of a Python file with a function stages().")]
Output = Annotated[str, typer.Option("--output", "-o", help="Folder of the run; made if it is not there.")]
DEFAULT_OUT = "out"


def console(stderr: bool = False) -> Console:
    """Return a console as wide as the terminal, or 160 columns where there is none."""
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, width=None if terminal else 160)


def printable(text: str) -> str:
    """Return text without control characters: crawled text must not move the cursor or set colors."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
