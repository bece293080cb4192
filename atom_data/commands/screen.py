"""Shared by all commands: the console, and common arguments."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from atom_data.errors import ConfigError
from atom_data.runner.recipe import Recipe
from atom_data.runner.settings.remembered import recipe_for
from atom_data.storage.paths import is_remote, local
from atom_data.storage.record import RUN
from atom_data.terminal.called import near
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import printable as printable
from atom_data.workspace import Workspace

RecipePath = Annotated[str, typer.Argument(metavar="RECIPE", help="Path of a Python file with a function stages().")]
Output = Annotated[str, typer.Option("--output", "-o", help="Output folder of the run; created if missing.")]
DEFAULT_OUT = "out"
PIPED = 1000
"""Columns where no terminal is."""
Run = Annotated[
    str, typer.Argument(metavar="RECIPE|OUT", help="The recipe, or the --output of a run, which knows its recipe.")
]
RunOutput = Annotated[
    str | None,
    typer.Option("--output", "-o", help="Output folder of the run, with a recipe. Default: out."),
]
OutFolder = Annotated[str, typer.Argument(metavar="OUT", help="The --output of a run.")]
Jobs = Annotated[bool, typer.Option("--jobs", help="Also show a line for each job of a pass.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of the recipe, see check; may be repeated. Default: as in the last run into the folder.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def settings_of(texts: list[str] | None) -> dict[str, str]:
    """Return what `--set` says, by name. ConfigError for what is not NAME=VALUE, and for a name twice."""
    found: dict[str, str] = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise ConfigError(f"--set: '{text}' is not NAME=VALUE. For example --set crawl=CC-MAIN-2026-22.")
        if name.strip() in found:
            raise ConfigError(f"--set: '{name.strip()}' is given twice. Give each parameter once.")
        found[name.strip()] = value
    return found


def load(recipe: str, workspace: Workspace, given: list[str] | None) -> Recipe:
    """Load a recipe with the parameters of `--set`, and for the rest those that the output folder knows."""
    return recipe_for(recipe, workspace, settings_of(given))


def run_of(first: str, output: str | None) -> tuple[str, str]:
    """Return recipe and output folder of a run, given either of them. ConfigError when there is no such run."""
    if first.endswith(".py") or (output is not None and Path(first).is_file()):
        return first, output or DEFAULT_OUT
    if output is not None:
        raise ConfigError(
            f"{first}: is not a recipe, and --output is {output}. Give a recipe with --output, or an output folder alone."
        )
    require_folder(first)
    recipe = recipe_of(Workspace(first))
    if not recipe:
        raise ConfigError(
            f"{first}: does not say which recipe made it (no {RUN}). Give the recipe, and the folder by -o {first}."
        )
    return recipe, first


def recipe_of(workspace: Workspace) -> str:
    """Return the recipe that a folder was run with, relative to the working folder if below it; empty when unknown."""
    return near(workspace.recipe)


def require_folder(output: str) -> None:
    """Refuse a missing output folder: a mistyped name looks like a run that has not started. ConfigError."""
    if not is_remote(output) and not local(output).is_dir():
        raise ConfigError(f"{output}: there is no such folder. Give the --output of a run.")


def console(stderr: bool = False) -> Screen:
    """Return a console as wide as the terminal, or wide enough for anything where there is none."""
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Screen(stderr=stderr, highlight=False, width=None if terminal else PIPED)
