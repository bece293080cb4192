"""Receipts: the JSON file that commits one shard of one job. No receipt, no shard.

OUT/clean/plan.json               the names of all shards that the job makes
OUT/clean/receipts/NAME.json      written last: inputs, identity, rows, outputs with their hashes, time and memory
OUT/clean/manifest.json           for tokens: what all receipts say together, once all shards are there
OUT/clean/NAME.parquet            the data
OUT/clean/drops/NAME.parquet      the ledger, where something was dropped
OUT/clean/dead/NAME.parquet       records that could not be read, where there were any
"""

import hashlib
import json
from typing import Any

from atom_data.errors import DataError
from atom_data.storage.paths import create, exists, is_remote, join, local, read_bytes

FORMAT = 1


def receipt_path(folder: str, shard: str) -> str:
    """Return where a receipt stands, relative to the output folder."""
    return join(folder, "receipts", f"{shard}.json")


def seal(receipt: dict[str, Any]) -> str:
    """Return the hash that a receipt carries of all else in it, so that an edited receipt is noticed."""
    body = {key: value for key, value in receipt.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def write_json(path: str, value: dict[str, Any], token: str) -> None:
    """Write a JSON file whole or not at all."""
    with create(path, token) as stream:
        stream.write((json.dumps(value, indent=1, sort_keys=False, ensure_ascii=False) + "\n").encode())


def write_receipt(out: str, receipt: dict[str, Any], token: str) -> dict[str, Any]:
    """Seal and write a receipt; from here on the shard exists."""
    sealed = {**receipt, "sha256": seal(receipt)}
    write_json(join(out, receipt_path(receipt["stage"], receipt["shard"])), sealed, token)
    return sealed


def read_json(path: str) -> dict[str, Any] | None:
    """Return a JSON object, or None when the file is not there. DataError when it is something else."""
    if not is_remote(path) and not local(path).exists():
        return None
    if is_remote(path) and not exists(path):
        return None
    try:
        value = json.loads(read_bytes(path))
    except ValueError as error:
        raise DataError(f"{path}: is no JSON ({error}). Delete it; the next run makes its shard again.") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: is no JSON object. Delete it; the next run makes its shard again.")
    return value


def read_receipt(out: str, folder: str, shard: str) -> dict[str, Any] | None:
    """Return the receipt of a shard, or None. DataError when it was edited after it was sealed."""
    path = join(out, receipt_path(folder, shard))
    receipt = read_json(path)
    if receipt is not None and receipt.get("sha256") != seal(receipt):
        raise DataError(
            f"{path}: the receipt was edited after it was written. Delete it; the next run makes its shard again."
        )
    return receipt


def plan_path(folder: str) -> str:
    """Return where the list of a job's shards stands, relative to the output folder."""
    return join(folder, "plan.json")


def manifest_path(folder: str) -> str:
    """Return where the summary of a finished job stands, for jobs that have one, relative to the output folder."""
    return join(folder, "manifest.json")
