"""Receipts: the JSON file that commits one shard of one job. No receipt, no shard.

OUT/clean/plan.json               the names of all shards that the job makes
OUT/clean/receipts/NAME.json      written last: inputs, identity, rows, outputs with their hashes, time and memory
OUT/clean/receipts/all.pq         written when the whole job is finished: what the receipts say, a row each
OUT/tokens/manifest.json          for tokens: what all receipts say together, for readers
OUT/clean/NAME.parquet            the data
OUT/clean/drops/NAME.parquet      the ledger, where something was dropped
OUT/clean/dead/NAME.parquet       records that could not be read, where there were any
OUT/clean/failed/NAME.json        the last error of a shard that could not be finished, until it is
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from atom_data.errors import DataError
from atom_data.storage.paths import create, exists, is_remote, join, local, plain, read_bytes

FORMAT = 2
JOBS = "jobs.json"
"""On an object store, which is not listed: the names of the jobs of a run."""
READERS = 16
"""Receipts read at a time: on a network file system each waits for a server, so that 100,000 in turn take minutes."""
SLOW_SECONDS = 0.0002
"""Waiting for one receipt that is worth threads: on a local disk handing over Python's lock takes longer than reading."""
CHUNK = 256
BLOCK = 1 << 16

SEAL = ',\n "sha256": "{}"\n}}\n'
"""How a receipt ends: the SHA-256 of all before it, so that an edited receipt is noticed."""
SEAL_BYTES = len(SEAL.format("0" * 64))


def receipt_path(folder: str, shard: str) -> str:
    """Return where a receipt stands, relative to the output folder."""
    return join(folder, "receipts", f"{shard}.json")


def seal(receipt: dict[str, Any]) -> bytes:
    """Return a receipt as it is written: readable JSON that ends with the hash of what stands before it."""
    plain = {key: value for key, value in receipt.items() if key != "sha256"}
    body = json.dumps(plain, indent=1, ensure_ascii=False).removesuffix("\n}").encode()
    return body + SEAL.format(hashlib.sha256(body).hexdigest()).encode()


def is_sealed(data: bytes) -> bool:
    """Tell whether a receipt is as it was written."""
    body = data[:-SEAL_BYTES]
    return data[-SEAL_BYTES:] == SEAL.format(hashlib.sha256(body).hexdigest()).encode()


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=False, ensure_ascii=False) + "\n").encode()


def write_json(path: str, value: dict[str, Any], token: str) -> None:
    """Write a JSON file whole or not at all."""
    with create(path, token) as stream:
        stream.write(_json(value))


def write_receipt(out: str, receipt: dict[str, Any], token: str) -> None:
    """Seal and write a receipt; from here on the shard exists."""
    with create(join(out, receipt_path(receipt["stage"], receipt["shard"])), token) as stream:
        stream.write(seal(receipt))


def read_json(path: str) -> dict[str, Any] | None:
    """Return a JSON object, or None when the file is not there. DataError when it is something else."""
    data = _bytes(path)
    return None if data is None else _object(path, data)


def _bytes(path: str) -> bytes | None:
    if is_remote(path):
        return read_bytes(path) if exists(path) else None
    try:
        return _local_bytes(plain(path))
    except FileNotFoundError:
        return None
    except OSError:
        return read_bytes(path)  # says what is wrong


def _local_bytes(path: str) -> bytes:
    """Return a small file; the calls of the system alone, for of 100,000 receipts Python's own take seconds."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, BLOCK)
        while len(data) % BLOCK == 0 and (more := os.read(descriptor, BLOCK)):
            data += more
        return data
    finally:
        os.close(descriptor)


def _object(path: str, data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise DataError(f"{path}: is no JSON ({error}). Delete it; the next run makes its shard again.") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: is no JSON object. Delete it; the next run makes its shard again.")
    return value


def read_receipt(out: str, folder: str, shard: str) -> dict[str, Any] | None:
    """Return the receipt of a shard, or None. DataError when it was edited after it was sealed."""
    path = join(out, receipt_path(folder, shard))
    data = _bytes(path)
    if data is None:
        return None
    receipt = _object(path, data)
    if not is_sealed(data):
        raise DataError(
            f"{path}: the receipt was edited after it was written. Delete it; the next run makes its shard again."
        )
    return receipt


def read_receipts(
    out: str, folder: str, shards: Sequence[str], look: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield the receipts of many shards, in their order: None for one that is missing, {} for one that was edited.

    `look` sees each good one and returns it: where more has to be asked of a file system about a shard. Of every 4,096
    the first 256 are read one by one; where that was mostly waiting, the others are read 16 at a time.

    Of many the folder is listed once, so that receipts which are not there cost nothing; the few of an array's element
    are asked for by name, for a thousand elements must not each list 100,000. Memory: 4,096 receipts at a time.
    """
    there = finished_names(out, folder) if len(shards) > CHUNK else None
    place = out if is_remote(out) else str(local(out))
    chunks = [shards[start : start + CHUNK] for start in range(0, len(shards), CHUNK)]

    def good(name: str) -> dict[str, Any] | None:
        receipt = _good(place, folder, name) if there is None or name in there else None
        return look(receipt) if look and receipt else receipt

    def read(names: Sequence[str]) -> list[tuple[str, dict[str, Any] | None]]:
        return [(name, good(name)) for name in names]

    with ThreadPoolExecutor(READERS) as pool:
        for start in range(0, len(chunks), READERS):
            first, *others = chunks[start : start + READERS]
            before = _waited()
            found = read(first)
            each = pool.map if _waited() - before > SLOW_SECONDS * len(first) else map
            yield from found
            for found in each(read, others):
                yield from found


def _waited() -> float:
    """Return the seconds that this thread has spent not computing, from some moment on."""
    return time.perf_counter() - time.thread_time()


def finished_names(out: str, folder: str) -> set[str] | None:
    """Return the shards with a receipt by one listing, or None on an object store, which is not listed."""
    if is_remote(out):
        return None
    try:
        with os.scandir(local(join(out, folder, "receipts"))) as entries:
            return {entry.name.removesuffix(".json") for entry in entries}
    except OSError:
        return set()


def _good(out: str, folder: str, shard: str) -> dict[str, Any] | None:
    try:
        return read_receipt(out, folder, shard)
    except DataError:
        return {}


def plan_path(folder: str) -> str:
    """Return where the list of a job's shards stands, relative to the output folder."""
    return join(folder, "plan.json")


def failure_path(folder: str, shard: str) -> str:
    """Return where the last error of a shard stands, relative to the output folder."""
    return join(folder, "failed", f"{shard}.json")


def summary_path(folder: str) -> str:
    """Return where the summary of a finished job stands, for jobs that have one, relative to the output folder."""
    return join(folder, "manifest.json")
