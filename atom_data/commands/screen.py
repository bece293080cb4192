"""What every command shares: the screen it prints to, the arguments that all spell alike."""

import shutil
import sys
from pathlib import Path
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


def called() -> str:
    """Return how this command line was called, so that a command that is printed can be pasted where the person stands."""
    program = sys.argv[0]
    if program.endswith(("__main__.py", "cli.py")):
        return f"{_shown(sys.executable)} -m atom_data"
    found = shutil.which("atom-data")
    return "atom-data" if found and Path(found).resolve() == Path(program).resolve() else _shown(program)


def _shown(program: str) -> str:
    """Return a path below the working folder as it is typed there."""
    here = Path.cwd()
    path = Path(program).absolute()
    return str(path.relative_to(here)) if path.is_relative_to(here) else program


def printable(text: str) -> str:
    """Return text without control characters: crawled text must not move the cursor or set colors."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
