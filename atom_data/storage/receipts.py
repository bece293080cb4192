"""Receipts: the JSON file that commits one shard of one job. No receipt, no shard."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from atom_data.errors import DataError
from atom_data.storage.paths import create, exists, is_remote, join, local, plain, read_bytes
from atom_data.storage.receipt import (
    FORMAT as FORMAT,
    Measured as Measured,
    OutputFile as OutputFile,
    Receipt as Receipt,
    ShardList as ShardList,
)

PLAN = "plan.json"
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
SEVERAL = 2
_line = json.JSONEncoder(ensure_ascii=False).encode


class Reading(NamedTuple):
    """One of many receipts that were asked for."""

    shard: str
    receipt: Receipt | None
    """None where there is none, or none that can be trusted."""
    edited: bool = False
    """Whether there is a file that is not as it was written."""
    whole: bool = True
    """What `look` said of it."""


def receipt_path(folder: str, shard: str) -> str:
    """Return where a receipt stands, relative to the output folder."""
    return join(folder, "receipts", f"{shard}.json")


def seal(value: Mapping[str, Any]) -> bytes:
    """Return a receipt as it is written: JSON with a line a value, which ends with the hash of what stands before it.

    Python's own indented JSON, a line for every number, is not written in C: it was a sixth of the time of a shard of a document.
    """
    lines = (f'"{name}": {_lines(item)}' for name, item in value.items())
    body = ("{\n " + ",\n ".join(lines)).encode()
    return body + SEAL.format(hashlib.sha256(body).hexdigest()).encode()


def _lines(value: object) -> str:
    """Return a value in a line; a list of several, such as inputs and outputs, with a line for each."""
    if type(value) is int or value in ({}, []):  # as JSON has them: most values are one of these
        return str(value)
    if not isinstance(value, (list, tuple)) or len(value) < SEVERAL:
        return _line(value)
    return "[\n  " + ",\n  ".join(map(_line, value)) + "\n ]"


def is_sealed(data: bytes) -> bool:
    """Tell whether a receipt is as it was written."""
    body = data[:-SEAL_BYTES]
    return data[-SEAL_BYTES:] == SEAL.format(hashlib.sha256(body).hexdigest()).encode()


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=False, ensure_ascii=False) + "\n").encode()


def write_json(path: str, value: Mapping[str, Any], token: str) -> None:
    """Write a JSON file whole or not at all."""
    with create(path, token) as stream:
        stream.write(_json(value))


def write_receipt(root: str, receipt: Receipt, token: str) -> None:
    """Seal and write a receipt; from here on the shard exists."""
    with create(join(root, receipt_path(receipt.stage, receipt.shard)), token) as stream:
        stream.write(seal(receipt.value()))


def read_json(path: str) -> dict[str, Any] | None:
    """Return a JSON object, or None when the file is not there. DataError when it is something else."""
    data = _bytes(path)
    return None if data is None else _object(path, data)


def read_shard_list(root: str, folder: str) -> ShardList | None:
    """Return the names of the shards that a job makes, or None where it was never planned. DataError for what is none."""
    path = join(root, plan_path(folder))
    value = read_json(path)
    return None if value is None else ShardList.read(value, path)


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
        raise DataError(f"{path}: is not JSON ({error}). Delete it; the next run rebuilds its shard.") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: is not a JSON object. Delete it; the next run rebuilds its shard.")
    return value


def read_receipt(root: str, folder: str, shard: str) -> Receipt | None:
    """Return the receipt of a shard, or None. DataError when it was edited after it was sealed, or is none."""
    path = join(root, receipt_path(folder, shard))
    data = _bytes(path)
    if data is None:
        return None
    value = _object(path, data)
    if not is_sealed(data):
        raise DataError(
            f"{path}: the receipt was edited after it was written. Delete it; the next run rebuilds its shard."
        )
    return Receipt.read(value, path)


def read_receipts(
    root: str, folder: str, shards: Sequence[str], look: Callable[[Receipt], bool] | None = None
) -> Iterator[Reading]:
    """Yield the receipts of many shards, in their order.

    `look` is asked about each good one: where a file system must be asked more about a shard. Of every 4,096 the first 256
    are read one by one; where that was mostly waiting, the others are read 16 at a time.

    Of many the folder is listed once, so that receipts which are not there cost nothing; the few of an array task are asked
    for by name, because a thousand of these must not each list 100,000. Memory: 4,096 receipts at a time.
    """
    there = finished_names(root, folder) if len(shards) > CHUNK else None
    place = root if is_remote(root) else str(local(root))
    chunks = [shards[start : start + CHUNK] for start in range(0, len(shards), CHUNK)]

    def one(name: str) -> Reading:
        if there is not None and name not in there:
            return Reading(name, None)
        try:
            receipt = read_receipt(place, folder, name)
        except DataError:
            return Reading(name, None, edited=True)
        return Reading(name, receipt, whole=receipt is None or look is None or look(receipt))

    def read(names: Sequence[str]) -> list[Reading]:
        return [one(name) for name in names]

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


def finished_names(root: str, folder: str) -> set[str] | None:
    """Return the shards with a receipt by one listing, or None on an object store, which is not listed."""
    if is_remote(root):
        return None
    try:
        with os.scandir(local(join(root, folder, "receipts"))) as entries:
            return {entry.name.removesuffix(".json") for entry in entries}
    except OSError:
        return set()


def plan_path(folder: str) -> str:
    """Return where the list of a job's shards stands, relative to the output folder."""
    return join(folder, PLAN)


def failure_path(folder: str, shard: str) -> str:
    """Return where the last error of a shard stands, relative to the output folder."""
    return join(folder, "failed", f"{shard}.json")


def cleaned_path(folder: str) -> str:
    """Return where a job says that its files were no longer needed and removed, relative to the output folder."""
    return join(folder, "cleaned.json")


def summary_path(folder: str) -> str:
    """Return where the summary of a finished job stands, for jobs that have one, relative to the output folder."""
    return join(folder, "manifest.json")
