"""The record behind a document, in the file that it was read from: its bytes as they were crawled, and the page in it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from atom_data.audit.answers.rows import cell
from atom_data.audit.answers.station import Station
from atom_data.errors import AtomDataError, DataError
from atom_data.graph import Source, raw_sources
from atom_data.readers.archive import ArchiveSource
from atom_data.readers.jsonl import Jsonl
from atom_data.readers.lines import Lines
from atom_data.readers.records import Fault, Walk
from atom_data.readers.streams.compression import compression_of
from atom_data.readers.streams.window import Window
from atom_data.runner.settings.remembered import recipe_for
from atom_data.storage.paths import open_raw, without_secrets
from atom_data.storage.shards import Intake, Shard
from atom_data.workspace import Workspace

BEGIN = b"WARC/"


@dataclass(frozen=True, slots=True)
class Record:
    """A record of an input file."""

    file: str
    start: int | None
    """Its first byte in the file as it is stored; None where it is known by its row alone."""
    stop: int | None
    data: bytes
    """Decompressed: header and body of a WARC record, the line of a JSONL file, of other files the row as JSON."""
    whole: bool = True
    """False where these are the first bytes only, which a dead letter keeps."""


def record_of(workspace: Workspace, first: Station, recipe: str) -> Record:
    """Return the record that a document came from. DataError where the recipe or its input is gone, or is another by now."""
    if first.outcome == "unread":
        position = int(first.columns["position"])
        raw = cell(workspace.path(first.file), first.row, "raw") or b""
        return Record(first.shard, position, None, raw, whole=False)
    source, shard = _source(workspace, first, recipe)
    offset = _offset(workspace, source, shard, first)
    if isinstance(source, ArchiveSource):
        return _archived(source, shard, offset, first.url)
    if isinstance(source, Jsonl):
        return _line(shard, offset)
    row = _row(source, shard, workspace, first, lambda row: row["id"] == first.id, ())
    return Record(
        without_secrets(shard.path), None, None, json.dumps(row, ensure_ascii=False, default=str, indent=1).encode()
    )


def page_of(workspace: Workspace, first: Station, recipe: str) -> bytes:
    """Return the page of a WARC document, chunks and codings undone. DataError where its source has no pages."""
    if first.outcome == "unread":
        raise DataError(f"{first.id}: could not be read as a record, so it has no page. --raw shows its first bytes.")
    source, shard = _source(workspace, first, recipe)
    if "html" not in source.schema().names:
        raise DataError(f"{first.id}: its source '{source.name}' has no pages, but texts. --raw shows its record.")
    offset = _offset(workspace, source, shard, first)
    part = replace(shard, start=offset, stop=offset + 1)
    return _row(source, part, workspace, first, lambda row: row["offset"] == offset, ("html",))["html"] or b""


def _source(workspace: Workspace, first: Station, recipe: str) -> tuple[Source, Shard]:
    """Return the source of a document and its shard there, as the recipe names them."""
    if not recipe:
        raise DataError(
            f"{workspace.root}: does not say which recipe made it, so its input is not known. Give --recipe."
        )
    try:
        sources = raw_sources(recipe_for(recipe, workspace).nodes)
    except AtomDataError as error:
        raise DataError(
            f"{workspace.root}: its recipe cannot be loaded, so its input is not known ({error})."
        ) from error
    for source in sources:
        for shard in source.shards(workspace):
            if shard.name == first.source_shard:
                return source, shard
    named = ", ".join(source.name for source in sources)
    raise DataError(
        f"{recipe}: its sources ({named}) have no file of shard '{first.source_shard}' any more. "
        "Bring the input back to where it was."
    )


def _offset(workspace: Workspace, source: Source, shard: Shard, first: Station) -> int:
    """Return the offset of a document's record; of one that was dropped at once, the input is read for it."""
    found = first.columns.get("offset")
    if found is None and "offset" in source.schema().names:
        found = _row(source, shard, workspace, first, lambda row: row["id"] == first.id, ("offset",))["offset"]
    return int(found or 0)


def _row(
    source: Source,
    shard: Shard,
    workspace: Workspace,
    first: Station,
    same: Callable[[dict[str, Any]], bool],
    columns: tuple[str, ...],
) -> dict[str, Any]:
    """Return the row of a document as its source reads it; with all columns where none are named."""
    wanted = {"id", "offset", *columns} if columns else {*source.schema().names}
    known = [name for name in ("id", "offset", "row") if name in source.schema().names]
    for batch in source.read(shard, workspace, wanted, Intake(reject=lambda *_: None)):
        for place, row in enumerate(batch.select([name for name in known if name in batch.schema.names]).to_pylist()):
            if same(row):
                (found,) = batch.slice(place, 1).to_pylist()
                return dict(found)
    raise _other(shard.path, first.id)


def _other(path: str, identity: str) -> DataError:
    return DataError(
        f"{without_secrets(path)}: document '{identity}' is not there: the file is not as it was read. "
        "Bring back the input of the run; its bytes and SHA-256 stand in the receipt."
    )


def _archived(source: ArchiveSource, shard: Shard, offset: int, url: str) -> Record:
    window = Window(shard.path, offset, offset + 1)
    try:
        compression = compression_of(window)
        walk = Walk(
            window, lambda fields: False, source.max_record_bytes, source.max_header_bytes, source.max_window_bytes
        )
        found = [item for item in walk if not isinstance(item, Fault)]
        start, stop = walk.first, walk.after
    finally:
        window.close()
    if not found or start != offset:
        raise _other(shard.path, url or str(offset))
    with open_raw(shard.path) as stream:
        stream.seek(start)
        data = stream.read(stop - start)
    if compression is not None:
        data = compression.decompressor(source.max_window_bytes).decompress(data)
    return Record(without_secrets(shard.path), start, stop, data)


def _line(shard: Shard, offset: int) -> Record:
    window = Window(shard.path, shard.start, shard.stop)
    try:
        for line in _up_to(Lines(window), offset):
            if line.offset == offset:
                return Record(without_secrets(shard.path), offset, offset + line.bytes, line.data)
    finally:
        window.close()
    raise _other(shard.path, str(offset))


def _up_to(lines: Lines, offset: int) -> Iterator[Any]:
    return takewhile(lambda line: line.offset <= offset, lines)
