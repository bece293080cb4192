"""Where a run writes, compared with what it reads: an output folder must not be part of the input.

Refused are an output folder below a folder that is read, or where a pattern that is read can reach (`data/**/*.jsonl`
and data/out), and input below the output folder. Sibling folders are fine, and so is a pattern that
never gets there: `data/*.jsonl` and data/out. What a stage reads of a stage before it is not input in this sense.
Hidden folders are not read (readers/files.py), so output in one is fine as well.
"""

import fnmatch
import glob
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from atom_data.errors import ConfigError
from atom_data.graph import INNER, Job, raw_sources, stage_of
from atom_data.job import Task
from atom_data.readers.source import FileSource
from atom_data.runner.claims.claim import FOLDER as CLAIMS
from atom_data.runner.recipe import Recipe
from atom_data.storage.beside import BESIDE
from atom_data.storage.made import RECORD, STAGES, stage_around
from atom_data.storage.paths import PARTIAL, is_remote, local, plain, without_secrets
from atom_data.storage.receipts import JOBS, PLAN
from atom_data.storage.record import RUN
from atom_data.storage.removals import FOLDER as REMOVALS
from atom_data.workspace import LISTINGS, Workspace

WRITTEN = (".parquet", ".pq", ".json", ".bin", ".idx", ".sh", ".log")
"""What the names of a run's files end in; shards are named after their input and one of these."""
CLUSTER = LISTINGS.split("/", maxsplit=1)[0]
"""Scripts, logs, listings and forecasts of a run."""
EVERYWHERE = "**"
LOGS = (".log", ".out", ".err")
"""What a shell may have made in an empty folder before a run begins in it."""
NAMED = 3


def check_places(recipe: Recipe, workspace: Workspace) -> None:
    """Refuse an output folder that is not for a run of a recipe. ConfigError; nothing is listed but the folder itself."""
    for source in raw_sources(recipe.nodes):
        if isinstance(source, FileSource):
            for path in source.paths:
                refuse_overlap(source.name, path, workspace.root)
    for job in recipe.jobs:
        if job.name in (CLAIMS, CLUSTER, *BESIDE):
            raise ConfigError(f"stage '{job.name}': that folder of the output is reserved. Choose another name.")
    if not workspace.is_remote:
        _refuse_foreign(recipe.jobs, workspace.local())


def refuse_overlap(source: str, path: str, out: str) -> None:
    """Refuse a path, folder, pattern or URL of a source that reaches into `out`, or is in it. ConfigError."""
    if _store(path) != _store(out):
        return
    literal, pattern = _cut(path)
    place = _parts(out)
    inside = literal[: len(place)] == place
    if pattern:
        around = _reaches([*map(glob.escape, literal), *pattern], place)
    else:
        around = place[: len(literal)] == literal and not any(part[0] == "." for part in place[len(literal) :])
    shown, here = f"source '{source}': it reads {without_secrets(path)}", without_secrets(out)
    if inside:
        raise ConfigError(
            f"{shown}, which is inside the output folder {here}: a run replaces and removes what is there. "
            "Keep input and output apart: give another --output."
        )
    if around:
        raise ConfigError(
            f"{shown}, and the output folder {here} is inside it: the next run would read what this one writes. "
            "Give an --output beside the input, or a narrower pattern."
        )


def refuse_own_output(job: Job, tasks: Sequence[Task], workspace: Workspace) -> None:
    """Refuse files of any source that are in the output folder, also behind a link. ConfigError.

    Only for a job that reads no other job. Folders are resolved once each, so that 100,000 files cost little.
    """
    if job.upstream() or workspace.is_remote:
        return
    place = os.path.realpath(workspace.local()) + "/"
    folders: dict[str, bool] = {}
    for path in (shard.path for task in tasks for shard in task.shards):
        if not path or is_remote(path):
            continue
        folder, _, name = plain(path).rpartition("/")
        if folder not in folders:
            folders[folder] = (os.path.realpath(folder or ".") + "/").startswith(place)
        if folders[folder] or (os.path.islink(path) and os.path.realpath(path).startswith(place)):  # noqa: PTH114
            raise ConfigError(
                f"stage '{job.name}': {folder}/{name} is inside the output folder {workspace.root}: a run must not read what it "
                "writes. Keep input and output apart: give another --output."
            )


def _store(path: str) -> tuple[str, str]:
    """Return scheme and host of a URL, without credentials; nothing for a local path. s3a and s3n are names of s3."""
    if not is_remote(path):
        return "", ""
    parts = urlsplit(without_secrets(path))
    return "s3" if parts.scheme in ("s3a", "s3n") else parts.scheme, parts.netloc


def _parts(path: str) -> list[str]:
    """Return the components of a path below its root or bucket; of a local one with its links resolved."""
    text = urlsplit(without_secrets(path)).path if is_remote(path) else os.path.realpath(plain(path))
    return [part for part in text.split("/") if part not in ("", ".")]


def _cut(path: str) -> tuple[list[str], list[str]]:
    """Return the components before the first that is a pattern, and from there on: none where a path is not a pattern."""
    if is_remote(path):
        parts = _parts(path)
    elif local(path).exists():
        return _parts(path), []
    else:
        parts = os.path.abspath(plain(path)).split("/")  # noqa: PTH100 - links are resolved in _parts
    first = next((number for number, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    literal = parts[:first] if is_remote(path) else _parts("/".join(parts[:first]) or "/")
    return literal, parts[first:]


def _reaches(pattern: Sequence[str], place: Sequence[str]) -> bool:
    """Tell whether a pattern can match something that a run writes below a folder."""
    if not place:
        return EVERYWHERE in pattern or (bool(pattern) and _may_end(pattern[-1]))
    if not pattern:
        return False
    first, hidden = pattern[0], place[0].startswith(".")
    if first == EVERYWHERE:
        return _reaches(pattern[1:], place) or (not hidden and _reaches(pattern, place[1:]))
    if (hidden and not first.startswith(".")) or not fnmatch.fnmatchcase(place[0], first):
        return False
    return _reaches(pattern[1:], place[1:])


def _may_end(pattern: str) -> bool:
    """Tell whether the last component of a pattern can match the name of a file that a run writes."""
    tail = pattern[max(pattern.rfind(mark) for mark in "*?]") + 1 :]
    return any(tail.endswith(ending) or ending.endswith(tail) for ending in WRITTEN)


def _refuse_foreign(jobs: Sequence[Job], place: Path) -> None:
    """Refuse a folder of unrelated files: a run would put its stages among them, and verify would call them orphans.

    A folder that a run has used before may hold more: it was taken as it is until now.
    """
    stage = stage_around(place)
    if stage is not None:
        raise ConfigError(
            f"{place}: belongs to the stage '{stage.name}' of the run in {stage.parent}. Give another --output."
        )
    if not place.is_dir():
        return
    below = {job.name: {other.name.removeprefix(f"{job.name}{INNER}") for other in jobs} for job in jobs}
    for job in jobs:
        folder = place / job.name
        strange = [name for name in _strange(folder) if name not in below[job.name]]
        # Asked last: another task of an array may begin the job while this one looks.
        if strange and not _begun(folder):
            _refuse(folder, strange, f"and stage '{job.name}' has its files there")
    if _used(place):
        return
    ours = {JOBS, RUN, CLUSTER, CLAIMS, REMOVALS, *BESIDE, *(stage_of(job.name) for job in jobs)}
    strange = [name for name in _strange(place) if name not in ours and not name.endswith(LOGS)]
    if strange or (place / RECORD).exists():
        _refuse(place, strange or [RECORD], "and no run of atom-data")


def _refuse(place: Path, strange: list[str], why: str) -> None:
    more = f" and {len(strange) - NAMED:,} more" if len(strange) > NAMED else ""
    raise ConfigError(
        f"{place}: holds {', '.join(strange[:NAMED])}{more}, {why}. An output folder is a run's own: give a new or an "
        "empty folder as --output."
    )


def _strange(folder: Path) -> list[str]:
    """Return what is in a folder but for hidden and half-written files."""
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    return sorted(name for name in names if name[0] != "." and not name.endswith(PARTIAL))


def _begun(folder: Path) -> bool:
    """Tell whether a job has begun in a folder; in an array that starts at once, some tasks are quicker than others."""
    return any((folder / name).exists() for name in (PLAN, "receipts", "failed")) or any(folder.glob(f"*/{PLAN}"))


def _used(place: Path) -> bool:
    """Tell whether a run has begun in an output folder, of this recipe or another."""
    return (
        any((place / name).exists() for name in (JOBS, RUN))
        or (place / CLUSTER).is_dir()
        or any(any(place.glob(end)) for end in STAGES)
    )
