"""Where a corpus was published to, noted beside its stages, so that a takedown can say what still holds the documents.

OUT/run/published/HASH.json    one for each folder: {"format": 1, "to": "/absolute/folder"}; no part of the corpus
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from atom_data.errors import DataError
from atom_data.storage.beside import BUNDLE
from atom_data.storage.made import read_made
from atom_data.workspace import Workspace

FOLDER = f"{BUNDLE}/published"
FORMAT = 1
BY = "publish"
"""What the record of such a folder calls the command."""


def note_published(workspace: Workspace, place: Path) -> bool:
    """Note in an output folder that it was published to `place`. False where that folder may not be written: say so."""
    name = hashlib.sha256(str(place).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    path, page = f"{FOLDER}/{name}.json", {"format": FORMAT, "to": str(place)}
    try:
        if workspace.read_json(path) != page:
            workspace.write_json(path, page)
    except (DataError, OSError):
        return False
    return True


def published_of(workspace: Workspace) -> Iterator[str]:
    """Yield the folders that still hold something published, in the order of their notes."""
    for note in sorted(workspace.local(FOLDER).glob("*.json")):
        page = workspace.read_json(f"{FOLDER}/{note.name}") or {}
        if isinstance(page.get("to"), str) and any(made.by == BY for made in read_made(page["to"])):
            yield page["to"]
