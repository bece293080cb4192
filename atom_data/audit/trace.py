"""Promise 3, every token has an address: from a document in a token shard back through each stage to its source record."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from atom_data.audit.answers.cards import cards_of
from atom_data.audit.answers.folders import Folders, open_folders
from atom_data.audit.answers.station import Station, only, stations_in
from atom_data.errors import DataError
from atom_data.workspace import Workspace


def stations(folder: str, row: dict[str, Any]) -> list[Station]:
    """Return the stages that a document of tokens passed, last first: none where the tokens were made of files themselves.

    `row` is that of docs.parquet. DataError where the stages are not beside the tokens, and where two documents have the id.
    """
    path = Path(folder).absolute()
    folders = _folders(str(path.parent))
    found = []
    for name in reversed(_before(folders, path.name)):
        stage = folders.found[name]
        cards = cards_of(folders.workspace, stage.identity)
        there = [*stations_in(folders.workspace, stage, row["shard"], {"id": row["id"]}, cards)]
        station = only(there, folders.workspace.path(name, f"{row['shard']}.parquet"), row["id"])
        if station is not None:
            found.append(station)
    if not found and folders.found[path.name].is_cut_off:
        raise DataError(
            f"{folder}: the stages before it are not in {path.parent}. Trace in the folder of the whole run."
        )
    return found


@lru_cache(maxsize=8)
def _folders(out: str) -> Folders:
    return open_folders(Workspace(out))


def _before(folders: Folders, name: str) -> list[str]:
    """Return all stages behind a folder, those first that come first in the way of a document."""
    behind, waiting = set[str](), [name]
    while waiting:
        waiting += (new := [*{*folders.found[waiting.pop()].reads} - behind])
        behind.update(new)
    return [name for name in folders.found if name in behind]
