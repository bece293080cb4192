"""The receipts of takedowns, one after the other: OUT/removals/0001.json and so on, each with the hash of the one before.

What was asked for stands there as a count of each kind, never as an id, a URL or a domain: the removal list has their
keyed hashes. `sha256` seals each as it seals every receipt.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from atom_data.errors import DataError
from atom_data.storage.receipts import is_sealed
from atom_data.storage.removals import BEGUN, FOLDER, LIST
from atom_data.workspace import Workspace

JOURNAL = f"{BEGUN}/journal.json"


def name_of(number: int) -> str:
    """Return where the receipt of a takedown stands."""
    return f"{FOLDER}/{number:04}.json"


def passages_path(number: int) -> str:
    """Return where the passages of what a takedown removed stand, as hashes."""
    return f"{FOLDER}/{number:04}.passages.npy"


def numbers(workspace: Workspace) -> list[int]:
    """Return the numbers of the takedowns of a folder, in order; none of a URL, where there are none."""
    if workspace.is_remote:
        return []
    return sorted(int(path.stem) for path in workspace.local(FOLDER).glob("[0-9]*.json") if path.stem.isdigit())


def file_of(workspace: Workspace, number: int) -> Path:
    """Return the file of a receipt."""
    return workspace.local(name_of(number))


def read_takedown(workspace: Workspace, number: int) -> dict[str, Any]:
    """Return a receipt. DataError for one that was edited."""
    path = file_of(workspace, number)
    data = path.read_bytes()
    if not is_sealed(data):
        raise DataError(f"{path}: the receipt of a takedown was edited. Bring back the one that was written.")
    value: dict[str, Any] = json.loads(data)
    return value


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a small file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def faults_of(workspace: Workspace) -> list[tuple[str, str]]:
    """Return path and fault of each receipt that does not fit the one before it, or the list."""
    found, before, listed = list[tuple[str, str]](), "", ""
    for place, number in enumerate(numbers(workspace), 1):
        try:
            value = read_takedown(workspace, number)
        except DataError:
            found.append((name_of(number), "the receipt of a takedown was edited after it was written"))
            continue
        if number != place or value["before"] != before:
            found.append((name_of(number), "does not follow the one before it: a receipt is missing or is another"))
        before, listed = hash_of(file_of(workspace, number)), value["list"]["sha256"]
        held = workspace.local(passages_path(number))
        if not (held.is_file() and hash_of(held) == value["passages"]["sha256"]):
            found.append((passages_path(number), "is not what the takedown left of the texts that went"))
    there = workspace.local(LIST)
    if listed and not (there.is_file() and hash_of(there) == listed):
        found.append((LIST, "is not the removal list that the last takedown left"))
    return found


def refuse_begun(workspace: Workspace) -> None:
    """Refuse to work in a folder, or to judge it, while a takedown is half done. DataError."""
    if not workspace.is_remote and workspace.local(JOURNAL).is_file():
        raise DataError(
            f"{workspace.root}: a takedown that was begun is not finished. Finish it first: atom-data takedown {workspace.root}"
        )
