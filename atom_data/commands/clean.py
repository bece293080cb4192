"""`clean`: remove files of an output folder that are no longer needed."""

from typing import Annotated

import typer
from rich.markup import escape

from atom_data.commands import options
from atom_data.commands.screen import OutFolder, Set, console, load, recipe_of, require_folder
from atom_data.errors import ConfigError, DataError
from atom_data.forecast.limits import gigabytes
from atom_data.status.clean import Cleaning, clean as clean_folder
from atom_data.storage.record import RUN
from atom_data.terminal.table import Column, plural, print_table
from atom_data.workspace import Workspace


def clean(
    output: OutFolder,
    recipe: Annotated[
        str | None,
        typer.Option(metavar="RECIPE", help="The recipe, if the folder does not name it."),
    ] = None,
    given: Set = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would be removed.")] = False,
    stale: Annotated[
        bool, typer.Option("--stale", help="Also remove stages that the recipe does not have, with their ledgers.")
    ] = False,
    accept_code: options.AcceptCode = False,
) -> None:
    """Remove what nothing needs any more, and say what that frees: what passes found on their way, half-written files.

    What a pass found on its way goes when its columns are there and all that reads them is finished. Columns, ledgers and
    dead letters stay, and so do all receipts: verify is silent as before, and a later run rebuilds nothing that is
    not needed. Where something is needed again, because input came or a parameter changed, the run says so and makes it.
    """
    workspace = Workspace(output)
    if workspace.is_remote:
        raise ConfigError(
            f"{output}: only folders are cleaned. Remove what you do not need with the tools of your store."
        )
    require_folder(output)
    path = recipe or recipe_of(workspace)
    if not path:
        raise ConfigError(f"{output}: does not say which recipe made it (no {RUN}). Name it by --recipe.")
    loaded = load(path, Workspace(output), given)
    if not any(workspace.shard_list(job.name) for job in loaded.jobs):
        raise DataError(f"{output}: nothing of {path} is in it. Give the recipe that made it, and its --output.")
    _show(clean_folder(loaded, workspace, stale=stale, accept_code=accept_code, really=not dry_run), output, dry_run)


def _show(found: Cleaning, output: str, dry_run: bool) -> None:
    screen = console()
    if found.freed:
        columns = (Column("what", left=True), Column("files"), Column("MB"), Column("why", 1, left=True))
        rows = [[escape(item.what), f"{item.files:,}", f"{item.bytes / 1e6:,.1f}", item.why] for item in found.freed]
        print_table(screen, columns, rows)
    for line in found.kept:
        screen.prose(escape(line))
    if found.stale:
        names = ", ".join(found.stale)
        screen.prose(escape(f"not in the recipe: {names}. With --stale these go, too."))
    files, size = sum(item.files for item in found.freed), sum(item.bytes for item in found.freed)
    verb = "would be removed, which frees" if dry_run else "removed, which freed"
    said = f"{plural(files, 'file')} {verb} {gigabytes(size)}" if files else "nothing to remove"
    screen.prose(escape(f"{output}: {said}"))
