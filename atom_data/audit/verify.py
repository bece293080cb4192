"""`atom-data verify OUT`: every file against its receipt, every receipt against its seal, nothing missing, nothing over."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from atom_data.cluster.slurm import FOLDER as CLUSTER
from atom_data.errors import DataError
from atom_data.storage.manifest import manifest_path, manifest_row
from atom_data.storage.paths import PARTIAL, exists, sha256, size
from atom_data.storage.receipts import (
    JOBS,
    OutputFile,
    cleaned_path,
    plan_path,
    receipt_path,
    summary_path,
)
from atom_data.storage.record import RUN
from atom_data.tokens.exports import FOLDER as EXPORTS
from atom_data.tokens.manifest import manifest_of_receipts
from atom_data.workspace import Workspace

NOTES = ("failed", EXPORTS)


@dataclass(slots=True)
class Verdict:
    """What was checked, and every fault as `path: what is wrong`."""

    shards: int = 0
    files: int = 0
    bytes: int = 0
    cleaned: int = 0
    """Files that `atom-data clean` removed, as no one needs them; the fingerprint has them by their receipts."""
    faults: list[str] = field(default_factory=list)
    fingerprint: str = ""
    """One hash over the content of all shards: equal for equal corpora. Only stages of the recipe count."""
    left_over: list[str] = field(default_factory=list)
    """Folders of stages that the recipe has no more: not checked, and no fault."""


def verify(workspace: Workspace) -> Verdict:
    """Check an output folder or URL. DataError when there is nothing of ours in it; orphans are looked for in folders."""
    folders = workspace.job_folders()
    if not folders:
        raise DataError(
            f"{workspace.root}: there is no run in it (no plan.json in any folder). Give the --output of a run."
        )
    verdict, known, digest = Verdict(), {JOBS, RUN}, hashlib.sha256()
    for folder in folders:
        known |= {plan_path(folder), manifest_path(folder), summary_path(folder), cleaned_path(folder)}
        cleaned = workspace.is_cleaned(folder)
        shards = _shards(workspace, folder, verdict)
        for shard in shards:
            known.add(receipt_path(folder, shard))
            for item in _receipt(workspace, folder, shard, verdict):
                known.add(item.path)
                digest.update(f"{item.path} {item.sha256}\n".encode())
                _check_file(workspace, item, verdict, cleaned)
        _check_manifest(workspace, folder, shards, verdict)
        _check_summary(workspace, folder, verdict)
    verdict.left_over = workspace.left_over()
    others = tuple(f"{folder}/" for folder in verdict.left_over)
    orphans = (name for name in _orphans(workspace, known) if not name.startswith(others))
    verdict.faults += [f"{name}: an orphan; no receipt speaks of it" for name in orphans]
    verdict.fingerprint = digest.hexdigest()
    return verdict


def _shards(workspace: Workspace, folder: str, verdict: Verdict) -> Sequence[str]:
    try:
        found = workspace.shard_list(folder)
    except DataError as error:
        verdict.faults.append(str(error))
        return ()
    return found.shards if found else ()


def _receipt(workspace: Workspace, folder: str, shard: str, verdict: Verdict) -> Sequence[OutputFile]:
    """Return the files that a receipt names; those of an edited one as well, so that none of them is called an orphan."""
    name = receipt_path(folder, shard)
    try:
        receipt = workspace.receipt(folder, shard)
    except DataError:
        verdict.faults.append(f"{name}: the receipt was edited after it was written")
        return _edited(workspace, name)
    if receipt is None:
        verdict.faults.append(f"{name}: the receipt is missing, so shard '{shard}' of '{folder}' is not finished")
        return ()
    verdict.shards += 1
    closed = receipt.rows_in == receipt.rows_out + sum(receipt.dropped.values())
    if not closed:
        verdict.faults.append(f"{name}: rows in are not rows out plus dropped")
    return receipt.outputs


def _edited(workspace: Workspace, name: str) -> Sequence[OutputFile]:
    try:
        value = workspace.read_json(name)
        return tuple(OutputFile(**item) for item in value["outputs"]) if value else ()
    except (DataError, KeyError, TypeError):  # edited beyond that
        return ()


def _check_file(workspace: Workspace, item: OutputFile, verdict: Verdict, cleaned: bool) -> None:
    path = workspace.path(item.path)
    if not exists(path):
        if cleaned:
            verdict.cleaned += 1
        else:
            verdict.faults.append(f"{item.path}: the file is missing")
        return
    bytes_there = size(path)
    verdict.files += 1
    verdict.bytes += bytes_there
    if bytes_there != item.bytes:
        verdict.faults.append(f"{item.path}: {bytes_there:,} bytes; the receipt says {item.bytes:,}")
    elif sha256(path) != item.sha256:
        verdict.faults.append(f"{item.path}: the content is not what the receipt says (SHA-256 differs)")


def _check_manifest(workspace: Workspace, folder: str, shards: Sequence[str], verdict: Verdict) -> None:
    manifest = workspace.manifest(folder)
    if manifest is None:
        return
    rows = [manifest_row(found.receipt) for found in workspace.receipts(folder, shards) if found.receipt]
    if manifest.table.to_pylist() != rows:
        verdict.faults.append(f"{manifest_path(folder)}: is not what the receipts say")


def _check_summary(workspace: Workspace, folder: str, verdict: Verdict) -> None:
    name = summary_path(folder)
    try:
        found = workspace.read_json(name)
        if found and found != manifest_of_receipts(workspace.root, folder):
            verdict.faults.append(f"{name}: is not what the receipts say. Delete it; the next run writes it again")
    except DataError as error:
        verdict.faults.append(str(error))


def _orphans(workspace: Workspace, known: set[str]) -> Iterator[str]:
    """Yield files that nobody speaks of; scripts and logs of a cluster, failures and exports noted down, are no data."""
    root = workspace.local()
    for path in () if workspace.is_remote else sorted(root.rglob("*")):
        if path.is_file() and not any(part.endswith(PARTIAL) for part in path.relative_to(root).parts[:-1]):
            name = path.relative_to(root).as_posix()
            if name not in known and not name.startswith(f"{CLUSTER}/") and path.parent.name not in NOTES:
                yield name
