"""`atom-data verify OUT`: every file against its receipt, every receipt against its seal, nothing missing, nothing over."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atom_data.errors import DataError
from atom_data.storage.paths import PARTIAL, sha256
from atom_data.storage.receipts import manifest_path, plan_path, read_json, read_receipt, receipt_path
from atom_data.tokens.manifest import manifest_of_receipts


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
    """Check an output folder. DataError when there is nothing of ours in it."""
    root = Path(out)
    plans = sorted(root.glob("*/plan.json"))
    if not plans:
        raise DataError(f"{out}: there is no run in it (no plan.json in any folder). Give the --output of a run.")
    verdict, known, digest = Verdict(), set[str](), hashlib.sha256()
    for path in plans:
        folder = path.parent.name
        known.add(plan_path(folder))
        plan = _plan(path, verdict)
        for shard in plan.get("shards", []):
            known.add(receipt_path(folder, shard))
            for item in _receipt(out, folder, shard, verdict):
                known.add(item["path"])
                digest.update(f"{item['path']} {item['sha256']}\n".encode())
                _check_file(root, item, verdict)
        known.add(manifest_path(folder))
        _check_manifest(out, folder, verdict)
    verdict.faults += [f"{name}: an orphan; no receipt speaks of it" for name in _orphans(root, known)]
    verdict.fingerprint = digest.hexdigest()
    return verdict


def _plan(path: Path, verdict: Verdict) -> dict[str, Any]:
    try:
        return read_json(str(path)) or {}
    except DataError as error:
        verdict.faults.append(str(error))
        return {}


def _receipt(out: str, folder: str, shard: str, verdict: Verdict) -> list[dict[str, Any]]:
    name = receipt_path(folder, shard)
    try:
        receipt = read_receipt(out, folder, shard)
    except DataError:
        verdict.faults.append(f"{name}: the receipt was edited after it was written")
        receipt = read_json(str(Path(out) / name)) if _is_json(Path(out) / name) else None
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


def _check_manifest(out: str, folder: str, verdict: Verdict) -> None:
    name = manifest_path(folder)
    try:
        found = read_json(str(Path(out) / name))
        if found is not None and found != manifest_of_receipts(out, folder):
            verdict.faults.append(f"{name}: is not what the receipts say. Delete it; the next run writes it again")
    except DataError as error:
        verdict.faults.append(str(error))


def _is_json(path: Path) -> bool:
    try:
        return read_json(str(path)) is not None
    except DataError:
        return False


def _check_file(root: Path, item: dict[str, Any], verdict: Verdict) -> None:
    path = root / item["path"]
    if not path.is_file():
        verdict.faults.append(f"{item['path']}: the file is missing")
        return
    size = path.stat().st_size
    verdict.files += 1
    verdict.bytes += size
    if size != item["bytes"]:
        verdict.faults.append(f"{item['path']}: {size:,} bytes; the receipt says {item['bytes']:,}")
    elif sha256(str(path)) != item["sha256"]:
        verdict.faults.append(f"{item['path']}: the content is not what the receipt says (SHA-256 differs)")


def _orphans(root: Path, known: set[str]) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(part.endswith(PARTIAL) for part in path.relative_to(root).parts[:-1]):
            name = path.relative_to(root).as_posix()
            if name not in known:
                yield name
