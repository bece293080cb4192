"""The receipts of takedowns, one after the other: OUT/removals/0001.json and so on, each with the hash of the one before.

What was asked for stands there as a count of each kind, never as an id, a URL or a domain: the removal list has their
keyed hashes. `sha256` seals each as it seals every receipt.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from atom_data.errors import DataError
from atom_data.storage.paths import is_remote, join, local
from atom_data.storage.receipts import is_sealed
from atom_data.storage.removals import BEGUN, FOLDER, LIST

JOURNAL = f"{BEGUN}/journal.json"


def name_of(number: int) -> str:
    """Return where the receipt of a takedown stands."""
    return f"{FOLDER}/{number:04}.json"


def passages_path(number: int) -> str:
    """Return where the passages of what a takedown removed stand, as hashes."""
    return f"{FOLDER}/{number:04}.passages.npy"


def numbers(root: str) -> list[int]:
    """Return the numbers of the takedowns of a folder, in order; none of a URL, where there are none."""
    if is_remote(root):
        return []
    return sorted(int(path.stem) for path in local(join(root, FOLDER)).glob("[0-9]*.json") if path.stem.isdigit())


def file_of(root: str, number: int) -> Path:
    """Return the file of a receipt."""
    return local(join(root, name_of(number)))


def read_takedown(root: str, number: int) -> dict[str, Any]:
    """Return a receipt. DataError for one that was edited."""
    path = file_of(root, number)
    data = path.read_bytes()
    if not is_sealed(data):
        raise DataError(f"{path}: the receipt of a takedown was edited. Bring back the one that was written.")
    value: dict[str, Any] = json.loads(data)
    return value


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a small file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def faults_of(root: str) -> list[tuple[str, str]]:
    """Return path and fault of each receipt that does not fit the one before it, or the list."""
    found, before, listed = list[tuple[str, str]](), "", ""
    for place, number in enumerate(numbers(root), 1):
        try:
            value = read_takedown(root, number)
        except DataError:
            found.append((name_of(number), "the receipt of a takedown was edited after it was written"))
            continue
        if number != place or value["before"] != before:
            found.append((name_of(number), "does not follow the one before it: a receipt is missing or is another"))
        before, listed = hash_of(file_of(root, number)), value["list"]["sha256"]
        held = local(join(root, passages_path(number)))
        if not (held.is_file() and hash_of(held) == value["passages"]["sha256"]):
            found.append((passages_path(number), "is not what the takedown left of the texts that went"))
    there = local(join(root, LIST))
    if listed and not (there.is_file() and hash_of(there) == listed):
        found.append((LIST, "is not the removal list that the last takedown left"))
    return found


def refuse_begun(root: str) -> None:
    """Refuse to work in a folder, or to judge it, while a takedown is half done. DataError."""
    if not is_remote(root) and local(join(root, JOURNAL)).is_file():
        raise DataError(
            f"{root}: a takedown that was begun is not finished. Finish it first: atom-data takedown {root}"
        )
