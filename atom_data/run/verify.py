"""`atom-data verify OUT`: every file against its receipt, every receipt against its seal, nothing missing, nothing over."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from atom_data.errors import DataError
from atom_data.run.slurm import FOLDER as CLUSTER
from atom_data.storage.manifest import manifest_path, manifest_row, read_manifest, slim
from atom_data.storage.paths import PARTIAL, exists, is_remote, join, local, sha256, size
from atom_data.storage.receipts import (
    JOBS,
    plan_path,
    read_json,
    read_receipt,
    read_receipts,
    receipt_path,
    summary_path,
)
from atom_data.tokens.exports import FOLDER as EXPORTS
from atom_data.tokens.manifest import manifest_of_receipts

NOTES = ("failed", EXPORTS)


@dataclass(slots=True)
class Verdict:
    """What was checked, and every fault as `path: what is wrong`."""

    shards: int = 0
    files: int = 0
    bytes: int = 0
    faults: list[str] = field(default_factory=list)
    fingerprint: str = ""
    """One hash over the content of all shards: equal for equal corpora."""


def verify(out: str) -> Verdict:
    """Check an output folder or URL. DataError when there is nothing of ours in it; orphans are looked for in folders."""
    folders = _folders(out)
    if not folders:
        raise DataError(f"{out}: there is no run in it (no plan.json in any folder). Give the --output of a run.")
    verdict, known, digest = Verdict(), {JOBS}, hashlib.sha256()
    for folder in folders:
        known |= {plan_path(folder), manifest_path(folder), summary_path(folder)}
        plan = _plan(join(out, plan_path(folder)), verdict)
        for shard in plan.get("shards", []):
            known.add(receipt_path(folder, shard))
            for item in _receipt(out, folder, shard, verdict):
                known.add(item["path"])
                digest.update(f"{item['path']} {item['sha256']}\n".encode())
                _check_file(out, item, verdict)
        _check_manifest(out, folder, plan.get("shards", []), verdict)
        _check_summary(out, folder, verdict)
    verdict.faults += [f"{name}: an orphan; no receipt speaks of it" for name in _orphans(out, known)]
    verdict.fingerprint = digest.hexdigest()
    return verdict


def _folders(out: str) -> list[str]:
    """Return the folders of the jobs; an object store is not listed, but was told the names of the jobs."""
    if is_remote(out):
        return sorted((read_json(join(out, JOBS)) or {}).get("jobs", []))
    return sorted(path.parent.name for path in local(out).glob("*/plan.json"))


def _plan(path: str, verdict: Verdict) -> dict[str, Any]:
    try:
        return read_json(path) or {}
    except DataError as error:
        verdict.faults.append(str(error))
        return {}


def _receipt(out: str, folder: str, shard: str, verdict: Verdict) -> list[dict[str, Any]]:
    name = receipt_path(folder, shard)
    try:
        receipt = read_receipt(out, folder, shard)
    except DataError:
        verdict.faults.append(f"{name}: the receipt was edited after it was written")
        receipt = read_json(join(out, name)) if _is_json(join(out, name)) else None
        return receipt.get("outputs", []) if receipt else []
    if receipt is None:
        verdict.faults.append(f"{name}: the receipt is missing, so shard '{shard}' of '{folder}' is not finished")
        return []
    verdict.shards += 1
    closed = receipt["rows_in"] == receipt["rows_out"] + sum(receipt["dropped"].values())
    if not closed:
        verdict.faults.append(f"{name}: rows in are not rows out plus dropped")
    outputs: list[dict[str, Any]] = receipt["outputs"]
    return outputs


def _is_json(path: str) -> bool:
    try:
        return read_json(path) is not None
    except DataError:
        return False


def _check_file(out: str, item: dict[str, Any], verdict: Verdict) -> None:
    path = join(out, item["path"])
    if not exists(path):
        verdict.faults.append(f"{item['path']}: the file is missing")
        return
    bytes_there = size(path)
    verdict.files += 1
    verdict.bytes += bytes_there
    if bytes_there != item["bytes"]:
        verdict.faults.append(f"{item['path']}: {bytes_there:,} bytes; the receipt says {item['bytes']:,}")
    elif sha256(path) != item["sha256"]:
        verdict.faults.append(f"{item['path']}: the content is not what the receipt says (SHA-256 differs)")


def _check_manifest(out: str, folder: str, shards: Sequence[str], verdict: Verdict) -> None:
    found = read_manifest(out, folder)
    if found is None:
        return
    receipts = dict(read_receipts(out, folder, shards))
    rows = [manifest_row(slim(receipt)) for receipt in receipts.values() if receipt]
    if found.table.to_pylist() != rows:
        verdict.faults.append(f"{manifest_path(folder)}: is not what the receipts say")


def _check_summary(out: str, folder: str, verdict: Verdict) -> None:
    name = summary_path(folder)
    try:
        found = read_json(join(out, name))
        if found and found != manifest_of_receipts(out, folder):
            verdict.faults.append(f"{name}: is not what the receipts say. Delete it; the next run writes it again")
    except DataError as error:
        verdict.faults.append(str(error))


def _orphans(out: str, known: set[str]) -> Iterator[str]:
    """Yield files that nobody speaks of; scripts and logs of a cluster, failures and exports noted down, are no data."""
    root = local(out)
    for path in () if is_remote(out) else sorted(root.rglob("*")):
        if path.is_file() and not any(part.endswith(PARTIAL) for part in path.relative_to(root).parts[:-1]):
            name = path.relative_to(root).as_posix()
            if name not in known and not name.startswith(f"{CLUSTER}/") and path.parent.name not in NOTES:
                yield name
