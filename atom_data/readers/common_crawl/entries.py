"""Entries of Common Crawl's indexes, one for each record: of the columnar index (Parquet), and of CDX files (JSON in lines)."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from atom_data.errors import ConfigError, DataError
from atom_data.readers.files import has_suffix
from atom_data.readers.lines import Lines
from atom_data.readers.streams.window import Window
from atom_data.storage.paths import is_remote, local, reason, without_secrets
from atom_data.storage.web.stream import open_patiently
from atom_data.storage.web.traffic import Patience, Traffic

COLUMNAR = (".parquet",)
CDX = (".gz", ".cdx", ".cdxj")
SUFFIXES = (*COLUMNAR, *CDX)
NAMES = {
    "url": pa.string(),
    "fetch_status": pa.int32(),
    "content_digest": pa.string(),
    "content_mime_type": pa.string(),
    "content_mime_detected": pa.string(),
    "content_languages": pa.string(),
    "warc_filename": pa.string(),
    "warc_record_offset": pa.int64(),
    "warc_record_length": pa.int64(),
}
"""Columns of the columnar index (github.com/commoncrawl/cc-index-table) that are looked at."""
ENTRIES = pa.schema(list(NAMES.items()))
PATTERN = frozenset("*?[")
LINE_BYTES = 1 << 20
BATCH_ROWS = 1 << 16
PART_BYTES = 1 << 20
"""Of a remote columnar index, which is read column by column, asked for at once at least."""


def entries(path: str, patience: Patience, traffic: Traffic) -> Iterator[pa.RecordBatch]:
    """Yield the entries of an index file in batches; only the columns in NAMES are read.

    Errors: ConfigError for a file without one of these columns; DataError for one that cannot be read, and for a CDX line that
    cannot. Memory: a batch of 65,536 entries, and a row group of these columns.
    """
    if has_suffix(path, COLUMNAR):
        yield from _columnar(path, patience, traffic)
    else:
        yield from _cdx(path, patience, traffic)


def _columnar(path: str, patience: Patience, traffic: Traffic) -> Iterator[pa.RecordBatch]:
    where = without_secrets(path)
    with open_patiently(path, patience, traffic, PART_BYTES) as stream:
        try:
            file = pq.ParquetFile(pa.PythonFile(stream, mode="r"), pre_buffer=False)
            _refuse_others(where, file.schema_arrow.names)
            for batch in file.iter_batches(BATCH_ROWS, columns=list(NAMES)):
                yield pa.RecordBatch.from_arrays(
                    [batch.column(n).cast(kind) for n, kind in NAMES.items()], schema=ENTRIES
                )
        except (pa.ArrowException, OSError) as error:
            raise not_columnar(path, error) from error


def is_on_disk(path: str) -> bool:
    """Tell whether DuckDB can read a file itself: of the columnar index, on disk, with a name that it does not take for a pattern.

    ConfigError where it does not have the columns; DataError where it cannot be read.
    """
    if is_remote(path) or not has_suffix(path, COLUMNAR) or not PATTERN.isdisjoint(path):
        return False
    try:
        names = pq.read_schema(local(path)).names
    except (pa.ArrowException, OSError) as error:
        raise not_columnar(path, error) from error
    _refuse_others(path, names)
    return True


def not_columnar(path: str, error: BaseException) -> DataError:
    """Return the error for a file of the columnar index that cannot be read."""
    return DataError(f"{without_secrets(path)}: is not a file of the columnar index ({reason(error)}). Fetch it again.")


def _refuse_others(where: str, names: Sequence[str]) -> None:
    missing = [name for name in NAMES if name not in names]
    if missing:
        raise ConfigError(
            f"{where}: no column '{missing[0]}'; columns there: {', '.join(names)}. Give files of Common Crawl's columnar index "
            "(cc-index/table/cc-main/warc)."
        )


def _cdx(path: str, patience: Patience, traffic: Traffic) -> Iterator[pa.RecordBatch]:
    window = Window(path, stream=cast(BinaryIO, open_patiently(path, patience, traffic)))
    rows: list[dict[str, Any]] = []
    try:
        for number, line in enumerate(Lines(window, LINE_BYTES), 1):
            if line.data.strip() and not line.data.startswith((b" CDX", b"!")):
                rows.append(_entry(line.data, f"{without_secrets(path)}, line {number}"))
            if len(rows) == BATCH_ROWS:
                yield pa.RecordBatch.from_pylist(rows, schema=ENTRIES)
                rows = []
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=ENTRIES)
    finally:
        window.close()


def _entry(line: bytes, where: str) -> dict[str, Any]:
    """Return the JSON behind key and time, as a row of ENTRIES."""
    begin = line.find(b"{")
    try:
        found = json.loads(line[begin:]) if begin >= 0 else None
        if not isinstance(found, dict) or not isinstance(found.get("filename"), str):
            raise ValueError("it has no JSON with a filename")
        status = str(found.get("status"))
        return {
            "url": _text(found.get("url")),
            "fetch_status": int(status) if status.isdecimal() and len(status) < 9 else None,
            "content_digest": _text(found.get("digest")),
            "content_mime_type": _text(found.get("mime")),
            "content_mime_detected": _text(found.get("mime-detected")),
            "content_languages": _text(found.get("languages")),
            "warc_filename": found["filename"],
            "warc_record_offset": _number(found, "offset"),
            "warc_record_length": _number(found, "length"),
        }
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{where}: is not a line of a CDX index ({reason(error)}): {line[:80]!r}. "
            "Give Common Crawl's cdx-00000.gz and the like."
        ) from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(found: dict[str, Any], name: str) -> int:
    said = str(found.get(name))
    if not re.fullmatch(r"-?\d{1,18}", said):
        raise ValueError(f"its {name} is {said[:40]!r}")
    return int(said)
