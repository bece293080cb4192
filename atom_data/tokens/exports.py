"""Where the exports of a run's tokens are: recorded in the folder of the run, for a later takedown.

OUT/TOKENS/exports/HASH.json    one a target folder: {"format": 1, "to": "/absolute/folder"}. What is there is said by the
                                record in that folder (storage/made.py).

The notes are not part of the corpus: verify and fingerprint pass over them.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from atom_data.errors import ConfigError, DataError
from atom_data.storage.made import Made, read_made
from atom_data.storage.paths import is_remote, local
from atom_data.storage.receipts import read_json, write_json

FOLDER = "exports"
FORMAT = 1


class Export(NamedTuple):
    """A folder that something was made in of a run's tokens."""

    folder: str
    made: tuple[Made, ...]
    """What its record says was made of these tokens; empty where the folder is gone, or holds something else now."""


def folders_of(command: str, done: str, folder: str, target: str) -> tuple[Path, Path]:
    """Return the absolute paths of tokens and of what is made of them. ConfigError where one is remote or in the other's run."""
    if is_remote(folder) or is_remote(target):
        raise ConfigError(
            f"{command}: {folder} to {target}: only local or mounted folders are {done}. Copy them first."
        )
    path, place = local(folder).absolute(), local(target).absolute()
    refuse_inside_run(command, target, path)
    return path, place


def note_export(tokens: Path, place: Path) -> bool:
    """Note in a tokens folder that `place` is made of it. False where that folder may not be written: say so."""
    name = hashlib.sha256(str(place).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    path, page = str(tokens / FOLDER / f"{name}.json"), {"format": FORMAT, "to": str(place)}
    try:
        if read_json(path) != page:
            write_json(path, page, f"note-{os.getpid()}")
    except (DataError, OSError):
        return False
    return True


def exports_of(tokens: str) -> Iterator[Export]:
    """Yield the folders that exports, merges and packings of a tokens folder were made in, in the order of their notes."""
    source = os.path.realpath(local(tokens))
    for note in sorted((Path(source) / FOLDER).glob("*.json")):
        page = read_json(str(note)) or {}
        if page.get("format") != FORMAT or not isinstance(page.get("to"), str):
            raise DataError(f"{note}: is not a note of an export in format {FORMAT}. Delete it, and export again.")
        # A run that was moved is no longer where its exports say, and nothing else is there.
        made = [item for item in read_made(page["to"]) if item.of == source or not Path(item.of).exists()]
        yield Export(page["to"], tuple(made))


def refuse_inside_run(command: str, target: str, tokens: Path) -> None:
    """Refuse a target in the folder of the tokens, or elsewhere in the output folder of their run. ConfigError."""
    place, run = Path(os.path.realpath(local(target))), Path(os.path.realpath(tokens.parent))
    inside = Path(os.path.realpath(tokens))
    if place == inside or inside in place.parents:
        raise ConfigError(
            f"{command}: {target} is inside the tokens folder, where verify calls it an orphan. Take another."
        )
    if place == run or run in place.parents:
        raise ConfigError(
            f"{command}: {target} is inside the run's output folder {tokens.parent}, where verify calls it an orphan, or "
            "where it would replace a stage. Take a folder beside it."
        )
