"""A removal list of another corpus, taken over: `run --removals LIST`."""

from atom_data.errors import ConfigError
from atom_data.ledger import removals_in
from atom_data.storage.paths import exists
from atom_data.storage.removals import LIST, joined, read_removals, write_removals
from atom_data.takedown.asked import Asked
from atom_data.takedown.search import Note
from atom_data.takedown.takedown import takedown
from atom_data.workspace import Workspace


def take_list(workspace: Workspace, path: str, workers: int, note: Note) -> None:
    """Make what is on a list part of the removal list of a folder, and take down what of it was made there already.

    Nothing is done where the folder has all of it. The folder must be claimed. ConfigError where there is no such list.
    """
    if not exists(path):
        raise ConfigError(f"--removals: {path}: there is no such file. Give OUT/{LIST} of the folder it comes from.")
    new, there = read_removals(path), removals_in(workspace)
    if new.entries <= there.entries:
        return
    if workspace.is_remote or not workspace.job_folders():
        write_removals(workspace.path(LIST), joined(there, new), workspace.token)
        return
    asked = Asked(removals=new, copies="promote", reason=f"on the removal list {path}")
    found = takedown(Workspace(workspace.root, workspace.token), asked, workers, True, note)
    note(f"{path}: {found.documents:,} documents here were on it, and are removed")
