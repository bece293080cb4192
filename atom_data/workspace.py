"""The output folder of a run, as one object: the paths of its files, what is finished, and what was listed.

Each process makes one for a folder and hands it down. It holds what was read already, so that nothing is read twice, and
the token that temporary names carry, so that no two processes write the same file.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any, Literal, NamedTuple

from atom_data.errors import DataError
from atom_data.storage.manifest import Manifest, manifest_path, read_manifest, remove_manifest
from atom_data.storage.partials import scratch
from atom_data.storage.paths import create, is_remote, join, local, without_secrets
from atom_data.storage.receipts import (
    JOBS,
    PLAN,
    Reading,
    Receipt,
    ShardList,
    cleaned_path,
    finished_names,
    read_json,
    read_receipt,
    read_receipts,
    read_shard_list,
    write_json,
    write_receipt,
)
from atom_data.storage.record import RUN, SUBMISSION, RunRecord
from atom_data.storage.shards import Input, Shard

LISTINGS = "cluster/listings"
"""Where the listings of sources are kept that are made at submission for all array tasks."""

Listing = Literal["anew", "write", "read"]
"""What a process does with the listing of a source: makes it each time, writes it down as well, or reads what was written."""


class Finished(NamedTuple):
    """What another job needs to know of a finished shard."""

    output: Input
    """Its first file, as an input of the job that reads it."""
    text_bytes: int


class Workspace:
    """An output folder or URL, for one process. Memory: about 500 bytes per shard of each job that planning reads, and listings."""

    def __init__(self, root: str, token: str = "", listings: Listing = "anew") -> None:
        """Name the folder. `token` goes into temporary names; nothing is read or written yet."""
        self.root = root
        self.token = token
        self._listings: Listing = listings
        self._listed: dict[str, tuple[Shard, ...]] = {}
        self._remembered: dict[str, dict[str, Finished]] | None = None
        self._kept: dict[str, Any] = {}

    def __repr__(self) -> str:
        """Return the folder, without passwords."""
        return f"Workspace({without_secrets(self.root)!r})"

    def with_token(self, token: str) -> "Workspace":
        """Return the same folder for writing under another token; what was read is shared."""
        other = Workspace(self.root, token, self._listings)
        other._listed, other._kept = self._listed, self._kept
        return other

    def apart(self) -> "Workspace":
        """Return the same folder for looking ahead at what is not made yet: what is kept by either, the other forgets."""
        other = Workspace(self.root, self.token, self._listings)
        other._listed = self._listed
        return other

    @property
    def is_remote(self) -> bool:
        """Whether it is on an object store, which is not listed and has no half-written files."""
        return is_remote(self.root)

    def path(self, *names: str) -> str:
        """Return the path or URL of a file in it."""
        return join(self.root, *names)

    def local(self, *names: str) -> Path:
        """Return the path of a file in it, where it is a folder of this machine."""
        return local(join(self.root, *names))

    def folders(self) -> list[str]:
        """Return the folders of all jobs that were ever planned in it, sorted: `clean`, `near`, `near/links`. Not of a URL."""
        found = [*self.local().glob(f"*/{PLAN}"), *self.local().glob(f"*/*/{PLAN}")]
        return sorted(path.parent.relative_to(self.local()).as_posix() for path in found)

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Return a JSON object, or None when the file is not there. DataError when it is something else."""
        return read_json(self.path(name))

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file whole or not at all."""
        write_json(self.path(name), value, self.token)

    def record(self) -> RunRecord | None:
        """Return whose folder it is, or None where no run has said so: those of earlier releases did on object stores only."""
        value = self.read_json(RUN)
        if value is not None:
            return RunRecord.read(value, self.path(RUN))
        before = self.read_json(JOBS) if self.is_remote else None
        return None if before is None else RunRecord("", "", tuple(before.get("jobs", ())))

    def write_record(self, record: RunRecord) -> None:
        """Note whose folder it is from now on; nothing is written where the same stands there already."""
        before = self.record()
        if (made := record.after(before)) != before:
            self.write_json(RUN, made.value())

    @property
    def recipe(self) -> str:
        """The path of the recipe that the folder was last run with or submitted with; empty where it does not say."""
        for name in (RUN, SUBMISSION):
            try:
                found = (self.read_json(name) or {}).get("recipe")
            except DataError:  # a damaged file says nothing; `verify` names it
                continue
            if isinstance(found, str) and found:
                return found
        return ""

    def job_folders(self) -> list[str]:
        """Return the folders of the jobs that count, sorted: those of the record that have begun, without one all."""
        record = self.record()
        if self.is_remote:
            return sorted(record.jobs) if record else []
        return [name for name in self.folders() if record is None or name in record.jobs]

    def left_over(self, jobs: Collection[str] | None = None) -> list[str]:
        """Return the folders of stages that are in the recipe no more, sorted; `jobs` are what it has, or the record's."""
        record = self.record()
        if jobs is None:
            jobs = record.jobs if record else self.job_folders()
        if self.is_remote:
            return [name for name in (record.former if record else ()) if name not in jobs]
        return [name for name in self.folders() if name not in jobs]

    def shard_list(self, folder: str) -> ShardList | None:
        """Return the names of the shards that a job makes, or None where it was never planned."""
        return read_shard_list(self.root, folder)

    def shard_names(self, folder: str) -> tuple[str, ...]:
        """Return the names of the shards of a job that was planned. DataError where it was not."""
        found = self.shard_list(folder)
        if found is None:
            raise DataError(
                f"{folder}: there is no list of its shards, so it never ran. Run the stage '{folder}' first."
            )
        return found.shards

    def receipt(self, folder: str, shard: str) -> Receipt | None:
        """Return the receipt of a shard, or None. DataError when it was edited."""
        return read_receipt(self.root, folder, shard)

    def receipts(
        self, folder: str, shards: Sequence[str], look: Callable[[Receipt], bool] | None = None
    ) -> Iterator[Reading]:
        """Yield the receipts of many shards in their order, read many at a time: see `storage.receipts.read_receipts`."""
        return read_receipts(self.root, folder, shards, look)

    def write_receipt(self, receipt: Receipt) -> None:
        """Seal and write a receipt; from here on the shard exists."""
        write_receipt(self.root, receipt, self.token)

    def finished_names(self, folder: str) -> set[str] | None:
        """Return the shards with a receipt by one listing, or None on an object store."""
        return finished_names(self.root, folder)

    def is_cleaned(self, folder: str) -> bool:
        """Tell whether the files of a finished job were removed because nothing needed them any more; its receipts stay."""
        return not self.is_remote and self.local(cleaned_path(folder)).is_file()

    def scratch(self, folder: str) -> "tempfile.TemporaryDirectory[str]":
        """Return a folder on disk that is gone after the task, and after its worker's death too."""
        return scratch(self.path(folder), self.token)

    def manifest(self, folder: str) -> Manifest | None:
        """Return the manifest of a job, or None when the job is not finished."""
        return read_manifest(self.path(manifest_path(folder)))

    def remove_manifest(self, folder: str) -> None:
        """Remove the manifest of a job, because a shard is about to be rebuilt."""
        remove_manifest(self.path(manifest_path(folder)))

    def finished_receipt(self, folder: str, shard: str) -> Receipt:
        """Return the receipt of a finished shard. DataError when there is none."""
        receipt = self.receipt(folder, shard)
        if receipt is None:
            raise DataError(
                f"{folder}/{shard}: there is no receipt, so the shard is not finished. Run the stage '{folder}' first."
            )
        return receipt

    def finished_receipts(self, folder: str, shards: Sequence[str]) -> list[Receipt]:
        """Return the receipts of many finished shards, in their order. DataError when one is missing."""
        # One that is missing or was edited is read again, for the error that names it.
        return [found.receipt or self.finished_receipt(folder, found.shard) for found in self.receipts(folder, shards)]

    def finished(self, folder: str, shard: str) -> Finished:
        """Return what the receipt of a shard says, as far as other jobs ask. DataError when there is no receipt."""
        if self._remembered is not None:
            if folder not in self._remembered:
                self._remembered[folder] = self._all_finished(folder)
            found = self._remembered[folder].get(shard)
            if found is not None:
                return found
        return _finished(self.finished_receipt(folder, shard))

    def input(self, folder: str, shard: str) -> Input:
        """Return a finished shard as an input of the job that reads it. DataError when it is not finished."""
        return self.finished(folder, shard).output

    def inputs(self, folder: str, shards: Sequence[str]) -> tuple[Input, ...]:
        """Return many finished shards as inputs, from the manifest or one reading of all receipts."""
        with self.remembering():
            return tuple(self.input(folder, shard) for shard in shards)

    @contextmanager
    def remembering(self, really: bool = True) -> Iterator[None]:
        """Answer `finished` from one reading of all receipts of a job, or of its manifest: one by one takes too long.

        For as long as nothing is made; forgotten at the end of the block, or of the one around it.
        """
        if self._remembered is not None or not really:
            yield
            return
        self._remembered = {}
        try:
            yield
        finally:
            self._remembered = None

    def keep(self, key: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever `make` returns
        """Return what `make` returned when it was asked for first: of jobs that are complete, and stay so in this process."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _all_finished(self, folder: str) -> dict[str, Finished]:
        found = self.manifest(folder)
        if found is not None:
            columns = (
                found.table.column(name).to_pylist() for name in ("shard", "path", "bytes", "sha256", "text_bytes")
            )
            return {
                shard: Finished(Input(path, size, sha256), text)
                for shard, path, size, sha256, text in zip(*columns, strict=True)
                if path is not None
            }
        listed = self.shard_list(folder)
        readings = self.receipts(folder, listed.shards if listed else ())
        return {name: _finished(receipt) for name, receipt, *_ in readings if receipt and receipt.outputs}

    def listing(self, source: str, make: Callable[[], tuple[Shard, ...]]) -> tuple[Shard, ...]:
        """Return the shards of a source: what `make` lists, or the stored listing of this `source`, which is its whole repr.

        A thousand array tasks must not each list a folder of 90,000 files: `run --on slurm` lists once and stores it.
        Elsewhere a source is listed every time, to notice changes. URLs may hold a password and are not stored.
        """
        if self._listings == "anew":
            return make()
        name = f"{LISTINGS}/{hashlib.sha256(source.encode()).hexdigest()[:16]}.json"
        if name not in self._listed:
            self._listed[name] = (
                self._read_listing(name) if self._listings == "read" else self._write_listing(name, make())
            )
        return self._listed[name] or make()

    def _write_listing(self, name: str, shards: tuple[Shard, ...]) -> tuple[Shard, ...]:
        rows = [] if any(is_remote(shard.path) for shard in shards) else [astuple(shard) for shard in shards]
        with create(self.path(name), self.token) as stream:
            stream.write(json.dumps({"shards": rows}).encode())
        return shards

    def _read_listing(self, name: str) -> tuple[Shard, ...]:
        found = self.read_json(name)
        if found is None:
            raise DataError(
                f"{self.path(name)}: the listing of a source is not there. Start the array with atom-data run --on slurm."
            )
        return tuple(Shard(*row) for row in found["shards"])


def _finished(receipt: Receipt) -> Finished:
    data = receipt.outputs[0]
    return Finished(Input(data.path, data.bytes, data.sha256), receipt.text_bytes)
