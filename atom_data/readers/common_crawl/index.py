"""Single records of Common Crawl as documents, by its index: only their bytes are read."""

import hashlib
import io
import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from atom_data.assets import cache_folder
from atom_data.errors import ConfigError, DataError
from atom_data.readers.archive import IDS, Archive
from atom_data.readers.common_crawl.entries import SUFFIXES, entries, is_on_disk
from atom_data.readers.common_crawl.files import PATIENCE
from atom_data.readers.common_crawl.paths import BASE
from atom_data.readers.common_crawl.selection import Chosen, Filter, Placed, records_of, select, tasks_of
from atom_data.readers.files import listed
from atom_data.readers.records import HEADER_BYTES, RECORD_BYTES, SAMPLE_BYTES, Fault, Fields, Walk
from atom_data.readers.rows import Identities, Rows
from atom_data.readers.source import Places
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.readers.streams.window import Window
from atom_data.readers.warc import PAGE_MIMES, SCHEMA, TYPES, Warc
from atom_data.storage.paths import exists, is_remote, without_secrets
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.storage.state import state
from atom_data.storage.web.stream import WebFile, join_base, open_patiently
from atom_data.storage.web.traffic import Patience, Traffic
from atom_data.workspace import LISTINGS, Workspace

TASK_BYTES = 256 << 20
GAP_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, init=False)
class CommonCrawlIndex(Warc):
    """Web pages of Common Crawl by its index: those records whose entries fit, and only their bytes are read.

    Index files are those of the columnar index (`*.parquet`) or CDX files (`cdx-*.gz`), local or by URL. Rows are those of
    `CommonCrawl` for the same records. Of each parameter an empty tuple takes all; otherwise a record is taken where
    `languages` has its first language (`content_languages`, ISO 639-3: `deu`), `mimes` the type that was detected, else said
    (`text/html`), `statuses` its HTTP status, `digests` its digest, and `domains` its host or a domain above it (`example.org`).

    Records of a file that lie at most `gap_bytes` apart are asked for at once; a shard has records of as many files as make
    `task_bytes`. What was selected is kept below `cluster/listings` in the output folder, and selected again where the filter or a
    local index file is another one. `base` and `patience` as in `CommonCrawl`; files below a folder are read in the same way.

    Rejected, with the rest of the shard still read: what `Warc` rejects, and `warc.not_indexed` (no record where the index says).
    Errors: ConfigError for an index without the columns that are looked at, and where no record fits; DataError for an index
    that cannot be read, and a file that ends before its record.
    Memory: as `Warc`, 32 MiB, and 300 bytes per record of a shard; while it selects, see `select`.
    """

    base: str
    patience: Patience
    languages: tuple[str, ...]
    domains: tuple[str, ...]
    statuses: tuple[int, ...]
    digests: tuple[str, ...]
    served_mimes: tuple[str, ...]
    gap_bytes: int
    task_bytes: int
    suffixes = SUFFIXES

    def __init__(
        self,
        *paths: Places,
        languages: Sequence[str] = (),
        served_mimes: Sequence[str] = ("text/html", "application/xhtml+xml", "text/plain"),
        statuses: Sequence[int] = (200,),
        domains: Sequence[str] = (),
        digests: Sequence[str] = (),
        base: str = BASE,
        source: str = "web",
        patience: Patience = PATIENCE,
        gap_bytes: int = GAP_BYTES,
        task_bytes: int = TASK_BYTES,
        max_record_bytes: int = RECORD_BYTES,
        max_header_bytes: int = HEADER_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        mimes: tuple[str, ...] = PAGE_MIMES,
        ids: str = "record",
    ) -> None:
        """Name index files: files, globs, folders and URLs."""
        limits = {"max_record_bytes": max_record_bytes, "max_header_bytes": max_header_bytes, "split_bytes": 0}
        limits |= {"max_window_bytes": max_window_bytes, "gap_bytes": gap_bytes, "task_bytes": task_bytes}
        wanted = {"languages": languages, "served_mimes": served_mimes, "statuses": statuses, "digests": digests}
        wanted["domains"] = [name.lower().strip(".") for name in domains]
        filters = {name: _several(name, values) for name, values in wanted.items()}
        self._settle(paths, IDS, base=base, source=source, patience=patience, mimes=mimes, ids=ids, **limits, **filters)

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """A shard per task of the selection, numbered."""
        chosen = self._chosen(workspace)
        return tuple(Shard(f"{number:06}", "", task.bytes, number) for number, task in enumerate(chosen))

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The records of a shard as the index has them; their files are not asked."""
        chosen = self._chosen(workspace)[shard.start]
        return (Input(f"records/{shard.name}", chosen.record_bytes, "", 0, chosen.digest),)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB."""
        (found,) = self.current(shard, workspace)
        rows, identities, digest = Rows(SCHEMA, columns), Identities(), hashlib.sha256()
        for file, records in groupby(records_of(self._selection(workspace), shard.start), lambda record: record[0]):
            place = Shard(shard.name, join_base(self.base, file), 0)
            archive = self._opened(place, Input(file, 0, ""), None)
            traffic = Traffic(intake.network)
            with open_patiently(place.path, self.patience, traffic) as stream:
                for record in records:
                    data = _bytes_of(cast(BinaryIO, stream), record, place.path)
                    digest.update(data)
                    intake.bytes_read += len(data)
                    self._record(data, record[1], archive, rows, identities, intake)
                    if rows.full():
                        yield from rows.take()
        yield from rows.take()
        intake.inputs.append(Input(found.path, found.bytes, digest.hexdigest(), 0, found.etag))

    def _record(
        self, data: bytes, start: int, archive: Archive, rows: Rows, identities: Identities, intake: Intake
    ) -> None:
        """Add the row of a record, and report what is none."""

        def wanted(fields: Fields) -> bool:
            return fields.get(b"warc-type", b"").lower() in TYPES

        window = Window(archive.shard.path, stream=io.BytesIO(data))
        limits = (self.max_record_bytes, self.max_header_bytes, self.max_window_bytes)
        count = 0
        for count, item in enumerate(Walk(window, wanted, *limits), 1):  # noqa: B007 - counted
            item.offset += start
            fault: Fault | None
            if isinstance(item, Fault):
                fault = item
            elif wanted(item.fields):
                fault = self._add(item, archive, rows, identities, intake)
            else:
                intake.skipped["warc.other"] += 1
                continue
            if fault is not None:
                intake.reject(fault.reason, fault.offset, fault.detail, fault.sample)
        if not count:
            detail = f"the index has a record at byte {start} of {archive.found.path}, and there is none"
            intake.reject("warc.not_indexed", start, detail, data[:SAMPLE_BYTES])

    def _selection(self, workspace: Workspace) -> str:
        """Return the file of what was selected, made where it is not there yet."""
        files = listed(self.paths, SUFFIXES)
        states = [[file.relative, *([0, 0] if is_remote(file.path) else state(file.path)[:2])] for file in files]
        key = hashlib.sha256(json.dumps([self.identity(), states]).encode()).hexdigest()[:16]
        path = workspace.path(LISTINGS, f"records-{key}.parquet") if workspace.root else _in_cache(key)

        def made() -> str:
            if not exists(path):
                traffic = Traffic()
                here = [file.path for file in files if is_on_disk(file.path)]
                others = sorted({file.path for file in files}.difference(here))
                found = chain.from_iterable(entries(other, self.patience, traffic) for other in others)
                token = f"{workspace.token}.{os.getpid()}"
                select(found, here, self._filter(), path, self.gap_bytes, self.task_bytes, token)
            return path

        kept: str = workspace.keep(f"selection {path}", made)
        return kept

    def _chosen(self, workspace: Workspace) -> list[Chosen]:
        path = self._selection(workspace)
        chosen: list[Chosen] = workspace.keep(f"tasks {path}", lambda: tasks_of(path))
        if not chosen:
            shown = ", ".join(f"{name}={value}" for name, value in self._filters().items() if value)
            raise ConfigError(
                f"{self.source}: the index has no record with {shown}. Ask for others, or leave some out."
            )
        return chosen

    def _filter(self) -> Filter:
        return Filter(
            languages=self.languages,
            mimes=self.served_mimes,
            statuses=self.statuses,
            domains=self.domains,
            digests=self.digests,
        )

    def _filters(self) -> dict[str, object]:
        names = ("languages", "served_mimes", "statuses", "domains", "digests")
        values = (self.languages, self.served_mimes, self.statuses, self.domains, self.digests)
        return {name: list(value) for name, value in zip(names, values, strict=True)}

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        sizes = {"gap_bytes": self.gap_bytes, "task_bytes": self.task_bytes}
        return self._identity("common_crawl_index", {"mimes": list(self.mimes), **self._filters(), **sizes})


def _several(name: str, values: object) -> tuple[object, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ConfigError(f"CommonCrawlIndex: {name} is {values!r}; it is a list of values. Give {name}=({values!r},).")
    return tuple(values)


def _bytes_of(stream: BinaryIO, record: Placed, path: str) -> bytes:
    """Return the bytes of a record; where its file is on a web server, those of its range are asked for at once."""
    _, start, stop, end = record
    if isinstance(stream, WebFile):
        stream.stop = end
    stream.seek(start)
    data = stream.read(stop - start)
    if len(data) < stop - start:
        raise DataError(
            f"{without_secrets(path)}: ends at byte {start + len(data):,}, and the index has a record at {start:,} to {stop:,}. "
            "Fetch the file again, or take the index of the same crawl."
        )
    return data


def _in_cache(key: str) -> str:
    return str(Path(cache_folder()) / "selections" / f"records-{key}.parquet")
