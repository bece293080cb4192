"""`warm`: compile kernels before a run, for the image of a container or the nodes of a cluster."""

from typing import Annotated

import typer

from atom_data.commands.screen import console
from atom_data.errors import DataError
from atom_data.run.compiling import can_keep, load_kernels, said_of_compiling
from atom_data.run.needs import needs
from atom_data.run.recipe import load_recipe
from atom_data.terminal.display import Display, JsonLog
from atom_data.text.kernel_cache import kernels_folder
from atom_data.text.signatures import declared, not_compiled


def warm(
    recipe: Annotated[
        str | None, typer.Argument(metavar="[RECIPE]", help="Compile what this recipe can call, not everything.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Progress as JSON lines.")] = False,
) -> None:
    """Compile the kernels for this machine and keep them, so that no run has to: on all cores, in less than a minute.

    A run does so by itself, for what its recipe needs; this is for the image of a container, and for the nodes of a
    cluster before an array of a thousand tasks starts. What is compiled already is left as it is.

    Kernels are kept in $ATOM_DATA_CACHE, else $XDG_CACHE_HOME/atom-data, else ~/.cache/atom-data, apart for each kind of
    processor, each version of the sources, and each version of Python, Numba and NumPy; every environment of a machine
    has the same ones. The folder may be shared by many machines, and read-only where it is complete.
    """
    names = tuple(declared()) if recipe is None else needs(load_recipe(recipe).jobs).kernels
    missing, folder = not_compiled(names), kernels_folder()
    if missing and not can_keep():
        raise DataError(f"{folder}: it cannot be written to. Name a folder that can by ATOM_DATA_CACHE.")
    if missing:
        display = (JsonLog if as_json else Display)(console(stderr=True))
        why = said_of_compiling(len(missing))
        load_kernels(missing, lambda compiled, kernels: display.compiling(compiled, kernels, why))
    files = [path.stat().st_size for path in folder.glob("*.bin")]
    done = f"{len(missing)} compiled now" if missing else "all compiled before"
    console().print(
        f"{len(names)} kernels, {done}; {folder} has {len(files)}, {sum(files) / 1e6:.1f} MB", soft_wrap=True
    )
