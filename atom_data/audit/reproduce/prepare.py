"""What is needed to make a corpus again, laid out in a new folder: the bundle of its run, with inputs where they are now."""

import glob
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from atom_data.errors import ConfigError, DataError
from atom_data.origins import file_hash
from atom_data.runner.bundle.again import MOVES, Moves, write_again
from atom_data.runner.bundle.bundle import AGAIN, NAME, Bundle, Kept, read_bundle
from atom_data.storage.beside import BUNDLE
from atom_data.storage.paths import is_remote
from atom_data.storage.removals import LIST
from atom_data.workspace import Workspace


def bundle_there(workspace: Workspace) -> Bundle:
    """Return the bundle of a run. DataError where there is none, and where one of its copies is not what it was."""
    found = read_bundle(workspace)
    if found is None:
        raise DataError(
            f"{workspace.root}: does not hold what its run was made with (no {BUNDLE}/{NAME}): a release before this one made it. "
            "Run its recipe once more: what is finished is kept, and the folder says from then on what made it."
        )
    for kept in found.files:
        path = workspace.local(BUNDLE, kept.copy)
        if kept.copy and (not path.is_file() or file_hash(path) != kept.sha256):
            what = "is not what the run was made with (SHA-256 differs)" if path.is_file() else "is not there"
            raise DataError(
                f"{path}: {what}: {kept.path} was {kept.sha256[:16]}... Bring it back, or run the recipe once more."
            )
    return found


def prepare(workspace: Workspace, new: Workspace, inputs: Sequence[str]) -> Path:
    """Lay out in a new folder what makes the corpus of another again; return the recipe to run. Nothing is run.

    `inputs`: where inputs lie now, `BEFORE=NOW` each, or one folder alone for the one that all of them lay in. A folder that
    was prepared before is prepared again, so that a run that was interrupted goes on. ConfigError for a folder that holds
    something else, DataError where an input or a large file is not there.
    """
    bundle, record = bundle_there(workspace), workspace.record()
    place, target = workspace.local(BUNDLE), new.local(BUNDLE)
    if new.local().is_dir() and not (target / AGAIN).is_file() and any(new.local().iterdir()):
        raise ConfigError(
            f"{new.root}: holds something already. Give a new or an empty folder to rebuild the corpus in."
        )
    target.mkdir(parents=True, exist_ok=True)
    for name in [NAME, *sorted({kept.copy for kept in bundle.files if kept.copy})]:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place / name, target / name)
    removals = workspace.local(LIST)
    if removals.is_file():  # a part of the corpus, and so of the one that is rebuilt
        new.local(LIST).parent.mkdir(exist_ok=True)
        shutil.copyfile(removals, new.local(LIST))
    moves = Moves(
        str((target / bundle.recipe).parent.absolute()),
        bundle.base,
        tuple(_inputs(bundle, inputs)),
        tuple(_files(bundle, target)),
    )
    _require_inputs(bundle, moves)
    return write_again(
        target.absolute(), str(workspace.local().absolute()), moves, bundle.recipe, record.settings if record else {}
    )


def _inputs(bundle: Bundle, given: Sequence[str]) -> list[tuple[str, str]]:
    """Return where inputs lay and lie: what the recipe gave relative to a folder, and what was said now."""
    said = [tuple(item.split("=", 1)) if "=" in item else (common(bundle), item) for item in given]
    now = [(os.path.abspath(before), os.path.abspath(after)) for before, after in said]  # noqa: PTH100 - links keep their names
    moves = Moves("", "", tuple(now))
    relative = [
        (one, whole) for source in bundle.sources for one, whole in zip(source.given, source.paths, strict=True) if one
    ]
    return [*now, *((one, _said(whole, moves)) for one, whole in relative)]


def _said(path: str, moves: Moves) -> str:
    return path if is_remote(path) else moves.input(path)


def common(bundle: Bundle) -> str:
    """Return the deepest folder that all local inputs lay in."""
    paths = [path for source in bundle.sources for path in source.paths if not is_remote(path)]
    if not paths:
        raise ConfigError("--input: the run has no input files. Leave it out.")
    return os.path.commonpath([_folder(path) for path in paths])


def _folder(path: str) -> str:
    """Return the folder that a file, a folder or a pattern is about, whether it is there or not."""
    words = path.split("/")
    literal = next((number for number, word in enumerate(words) if glob.has_magic(word)), len(words))
    place = Path("/".join(words[:literal]) or "/")
    is_file = place.is_file() or (not place.exists() and bool(place.suffix))
    return str(place.parent if is_file and literal == len(words) else place)


def _files(bundle: Bundle, target: Path) -> list[tuple[str, str]]:
    """Return where files lie now that a step holds: their copies; large ones have to be where they were."""
    found = []
    for kept in bundle.files:
        if kept.copy:
            found.append((kept.path, str((target / kept.copy).absolute())))
        else:
            _require_same(kept)
    return found


def _require_same(kept: Kept) -> None:
    path = Path(kept.path)
    if not path.is_file() or file_hash(path) != kept.sha256:
        what = "is another file now" if path.is_file() else "is not there"
        raise DataError(
            f"{kept.path}: {what}; the run was made with one of {kept.bytes:,} bytes and SHA-256 {kept.sha256[:16]}..., which was "
            "too large to keep a copy of. Bring it back."
        )


def _require_inputs(bundle: Bundle, moves: Moves) -> None:
    """Refuse where the folder of an input is not there: patterns would find nothing after everything else was done."""
    for source in bundle.sources:
        for path in source.paths:
            now = path if is_remote(path) else moves.input(path)
            if not is_remote(now) and not Path(_folder(now) if glob.has_magic(now) else now).exists():
                raise DataError(
                    f"{now}: is not there; it is an input of source '{source.name}'. Say where it is now: "
                    f"--input {_folder(path)}=FOLDER."
                )


def is_prepared(new: Workspace) -> bool:
    """Tell whether a folder is one in which a corpus is rebuilt."""
    return not new.is_remote and new.local(BUNDLE, MOVES).is_file()
