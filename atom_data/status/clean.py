"""What can be removed from an output folder: intermediate files of passes, stages no longer in the recipe, half-written files.

A pass's own columns, ledgers, dead letters and everything else that a stage wrote stay. Of the jobs below a pass's folder
the files are removed once the pass and all that reads it are finished; receipts and manifests stay, so that a later run knows what
was done. STAGE/cleaned.json is written before the first file is removed: with it, a missing file is not a fault. Code that
needs such a file again removes it (`runner.cleaned`), and the job is rebuilt as any other whose files are lost.
"""

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from atom_data.errors import AtomDataError
from atom_data.graph import Job, stage_of
from atom_data.runner.plan import plan_job
from atom_data.runner.recipe import Recipe
from atom_data.sketches.store import remove_sketch
from atom_data.storage.beside import LOOKUP
from atom_data.storage.manifest import manifest_path
from atom_data.storage.paths import PARTIAL, write_errors
from atom_data.storage.receipts import cleaned_path, failure_path, plan_path, receipt_path, summary_path
from atom_data.workspace import Workspace

FORMAT = 1
DAY = 86_400.0
"""A half-written file of another machine counts as abandoned after this many seconds without a write."""


@dataclass(frozen=True, slots=True)
class Freed:
    """Something that may be removed, or was."""

    what: str
    """A job, or `half-written files`."""
    why: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What `clean` found."""

    freed: tuple[Freed, ...]
    kept: tuple[str, ...]
    """What cannot be removed yet, each with the reason."""
    stale: tuple[str, ...]
    """Folders of stages that the recipe does not have, where these were not asked for."""


def clean(
    recipe: Recipe, workspace: Workspace, *, stale: bool = False, accept_code: bool = False, really: bool = True
) -> Cleaning:
    """Remove what is not needed or, unless `really`, only list it. The output must be a folder."""
    freed, kept = [], []
    with write_errors(workspace.root):
        for job, fault in _intermediates(recipe, workspace, accept_code):
            if fault:
                kept.append(fault)
            else:
                freed.append(_clean_job(job, workspace, really))
        others = workspace.left_over([job.name for job in recipe.jobs])
        if stale:
            freed += [_remove_stage(folder, workspace, really) for folder in others]
        freed += [_half_written(workspace, really), _lookup(workspace, really)]
    return Cleaning(
        tuple(item for item in freed if item.files), tuple(dict.fromkeys(kept)), () if stale else tuple(others)
    )


def _intermediates(recipe: Recipe, workspace: Workspace, accept_code: bool) -> Iterator[tuple[Job, str]]:
    """Yield the jobs whose files only other jobs of their pass read, with why they are still needed, or nothing."""
    for name in dict.fromkeys(stage_of(job.name) for job in recipe.jobs):
        mine = _jobs_of(name, recipe.jobs)
        read = {before.name for job in mine for before in job.upstream()}
        inner = [job for job in mine if job.name != name and job.name in read]
        if not inner or not any((workspace.local(job.name) / "receipts").is_dir() for job in inner):
            continue
        readers = [job for job in recipe.jobs if any(before in mine for before in job.upstream())]
        fault = _unfinished(name, [*mine, *(job for job in readers if job not in mine)], workspace, accept_code)
        yield from ((job, fault) for job in inner)


def _jobs_of(name: str, jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if stage_of(job.name) == name]


def _unfinished(name: str, jobs: Sequence[Job], workspace: Workspace, accept_code: bool) -> str:
    """Return why the intermediates of a pass may still be needed; an empty string when all is finished and accepted."""
    for job in jobs:
        try:
            plan = plan_job(job, workspace, accept_code)
        except AtomDataError as error:
            return f"{name}: its intermediates stay, because '{job.name}' is not finished ({error})"
        if not plan.complete:
            why = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(plan.reasons.items()))
            return f"{name}: its intermediates stay, because '{job.name}' is not finished ({why})"
        if workspace.manifest(job.name) is None:
            return f"{name}: its intermediates stay, because '{job.name}' as a whole was not accepted yet"
    return ""


def _clean_job(job: Job, workspace: Workspace, really: bool) -> Freed:
    """Remove what a job made. Its receipts, plan and manifest stay."""
    plan, paths, size = workspace.shard_list(job.name), list[Path](), 0
    for _, receipt, *_ in workspace.receipts(job.name, plan.shards if plan else ()):
        for item in receipt.outputs if receipt else ():
            path = workspace.local(item.path)
            if path.is_file():
                paths.append(path)
                size += path.stat().st_size
    if really and paths:
        workspace.write_json(cleaned_path(job.name), {"format": FORMAT, "stage": job.name})
        _unlink(paths)
    return Freed(job.name, "intermediate", len(paths), size)


def _remove_stage(folder: str, workspace: Workspace, really: bool) -> Freed:
    """Remove a stage: its shards by their receipts, then the receipts, last its plan, so that a clean that dies goes on."""
    plan, count, size = workspace.shard_list(folder), 0, 0
    for name, receipt, *_ in workspace.receipts(folder, plan.shards if plan else ()):
        paths = [workspace.local(item.path) for item in receipt.outputs] if receipt else []
        paths = [path for path in [*paths, workspace.local(receipt_path(folder, name))] if path.is_file()]
        count, size = count + len(paths), size + sum(path.stat().st_size for path in paths)
        if really:
            _unlink([*paths, workspace.local(failure_path(folder, name))])
            remove_sketch(workspace, folder, name)
    last = [manifest_path(folder), summary_path(folder), cleaned_path(folder), plan_path(folder)]
    rest = [path for path in map(workspace.local, last) if path.is_file()]
    if really:
        _unlink(rest)
        _remove_empty(workspace.local(folder))
        with contextlib.suppress(OSError):
            workspace.local(stage_of(folder)).rmdir()
    return Freed(folder, "not in the recipe", count + len(rest), size)


def _lookup(workspace: Workspace, really: bool) -> Freed:
    """Remove the index of ids: the next question rebuilds it."""
    folder = workspace.local(LOOKUP)
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    size = sum(path.stat().st_size for path in files)
    if really and files:
        _unlink(files)
        _remove_empty(folder)
    return Freed("index of ids", "the next atom-data why rebuilds it", len(files), size)


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those in it, as far as they are empty."""
    for place, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(place).rmdir()


def _half_written(workspace: Workspace, really: bool) -> Freed:
    """Remove files of killed attempts; not those that a process of this machine, or recently of another, still writes."""
    count = size = 0
    for place, folders, files in os.walk(workspace.local()):
        for name in [name for name in (*folders, *files) if name.endswith(PARTIAL)]:
            path = Path(place) / name
            if _is_written(path):
                continue
            inside = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
            count, size = count + len(inside) + (path.is_dir()), size + sum(file.stat().st_size for file in inside)
            if really:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        folders[:] = [name for name in folders if not name.endswith(PARTIAL)]
    return Freed("half-written files", "left by attempts that were killed", count, size)


def _is_written(path: Path) -> bool:
    """Tell whether the process that began a file may still write it: its token begins with host and process."""
    _, sign, rest = path.name.removesuffix(PARTIAL).rpartition(f".{socket.gethostname()}-")
    process = rest.partition("-")[0]
    if sign and process.isdigit():
        return Path(f"/proc/{process}").exists()
    return time.time() - path.stat().st_mtime < DAY
