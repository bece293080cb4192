"""Documents on their way into batches: stable ids, clean text, and a bound on what waits."""

import hashlib
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from atom_data.errors import ConfigError

BATCH_ROWS = 1000
BATCH_BYTES = 8 << 20


class Rows:
    """Collects rows until they make a batch: 1,000 rows, or 8 MB of payload and the one row that went over it.

    Where no column of the schema is asked for, `source` is given, so that the rows can be counted.
    """

    def __init__(self, schema: pa.Schema, columns: Collection[str]) -> None:
        """Collect those of `columns` that the schema has, in its order."""
        chosen = [field for field in schema if field.name in columns] or [schema.field("source")]
        self.schema = pa.schema(chosen)
        self.waiting: dict[str, list[Any]] = {name: [] for name in self.schema.names}
        self.rows = self.bytes = 0

    def add(self, values: dict[str, Any], payload_bytes: int) -> None:
        """Add a row; values of columns that were not requested are left out."""
        for name, column in self.waiting.items():
            column.append(values[name])
        self.rows += 1
        self.bytes += payload_bytes

    def full(self) -> bool:
        """Tell whether it is time to take a batch."""
        return self.rows >= BATCH_ROWS or self.bytes >= BATCH_BYTES

    def take(self) -> Iterator[pa.RecordBatch]:
        """Yield what waits as one batch, or nothing."""
        if self.rows:
            arrays = [_array(self.waiting[field.name], field.type) for field in self.schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        self.waiting = {name: [] for name in self.schema.names}
        self.rows = self.bytes = 0


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if kind != pa.binary():
        return pa.array(values, type=kind)
    # pyarrow grows its buffer value by value, which copies pages three times over.
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum([0 if value is None else len(value) for value in values], out=offsets[1:])
    data = b"".join(value for value in values if value is not None)
    valid = pa.array([value is not None for value in values]).buffers()[1]
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(offsets), pa.py_buffer(data)])


class Identities:
    """Ids that hold wherever and however often a document is read; memory: about 150 bytes per document of the shard."""

    def __init__(self) -> None:
        """Begin a shard."""
        self.seen: dict[bytes, int] = {}

    def next(self, *parts: bytes) -> str:
        """Return 32 hexadecimal digits: BLAKE2b-128 over the parts and the number of equal ones before, mostly 0."""
        digest = hashlib.blake2b(digest_size=16)
        for part in parts:
            digest.update(b"%d:" % len(part))
            digest.update(part)
        key = digest.digest()
        count = self.seen.get(key, 0)
        self.seen[key] = count + 1
        digest.update(b"%d" % count)
        return digest.hexdigest()


def check_ids(where: str, ids: str, there: tuple[str, ...]) -> None:
    """Check that `ids` is a way of making ids that a source has. Errors: ConfigError."""
    if ids not in there:
        raise ConfigError(f"{where}: ids is '{ids}'; there are {', '.join(there)}. Take one.")


def file_prefix(source: str | None, file: str) -> str:
    """Return what ids of a file begin with: `FILE#`, after `SOURCE/` where the source was given a name.

    `file` is the path below the source's common folder, so no folder of a machine is in it, and two files of one name in
    two folders differ. `%` and `#` are escaped (RFC 3986, section 2.1), and `/` in the source's name: the first `#` ends
    the prefix, and two files never share one.
    """
    place = file.replace("%", "%25").replace("#", "%23")
    if source is None:
        return f"{place}#"
    return f"{source.replace('%', '%25').replace('#', '%23').replace('/', '%2F')}/{place}#"
