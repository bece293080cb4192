"""64-bit keys of ids and URLs: what the index of a corpus is sorted by.

A key only says where to look: what is found there is compared with the id or URL itself, so two of one key do no harm.
"""

import json
import re
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.text.buffers import string_buffers

COPY = "copy of "
"""Stands before the id of a kept document in the key of its copies."""
COPY_OF = r'"(?:[a-z_]*_)?copy_of": "(?P<kept>(?:[^"\\]|\\.)*)"'
TARGET = re.compile(
    rb"^(?:WARC-Target-URI:[ \t]*<?([^\s>]+)|([a-z][a-z0-9+.-]{1,20}://\S+) [0-9A-Fa-f.:]{1,45} \d{8})", re.M | re.I
)
"""The URL in a record that could not be read: of WARC, or of ARC."""
JSON_URL = re.compile(rb'"url"\s*:\s*"([^"\\\s]+)"')
GZIP = b"\x1f\x8b"
MASK = (1 << 64) - 1
SEED, MULTIPLIER, SIZES = 0x243F6A8885A308D3, 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93

Keys = npt.NDArray[np.uint64]


def key_of(name: str) -> int:
    """Return the key of one id or URL, as `text.hashes.hash_bytes` makes it, without loading what compiles that."""
    data = name.encode("utf-8", "replace")
    state = (SEED + len(data) * SIZES) & MASK
    for start in range(0, len(data), 8):
        state = ((state ^ int.from_bytes(data[start : start + 8], "little")) * MULTIPLIER) & MASK
        state ^= state >> 32
    return state


def keys_of(names: pa.Array) -> Keys:
    """Return the keys of a column of ids or URLs; nulls and empty ones have none."""
    from atom_data.text.hashes import hash_values  # noqa: PLC0415 - Numba, which a look-up does without
    from atom_data.text.memory import read_only  # noqa: PLC0415

    some = names.filter(pc.greater(pc.fill_null(pc.binary_length(names), 0), 0))
    buffers = string_buffers(some)
    found: Keys = hash_values(read_only(buffers.data), read_only(buffers.offsets))
    return found


def escaped(identity: str) -> str:
    """Return an id as it stands in the numbers of a ledger, which are JSON."""
    return json.dumps(identity, ensure_ascii=False)[1:-1]


def copy_keys(numbers: pa.Array) -> Keys:
    """Return the keys under which the copies of kept documents are found, from the numbers of ledger lines."""
    kept = pc.struct_field(pc.extract_regex(numbers, COPY_OF), "kept")
    return keys_of(pc.binary_join_element_wise(COPY, kept.drop_null(), ""))


def letter_name(file: str, position: int) -> str:
    """Return what a record that could not be read is called: the shard and the byte or row."""
    return f"{file}:{position}"


def url_of(raw: bytes | None) -> str:
    """Return the URL that the first bytes of an unreadable record name; empty where they name none."""
    data = _inflated(raw or b"")
    found = TARGET.search(data) or JSON_URL.search(data)
    return next((part.decode("utf-8", "replace") for part in found.groups() if part), "") if found else ""


def _inflated(raw: bytes) -> bytes:
    if not raw.startswith(GZIP):
        return raw
    try:
        return zlib.decompressobj(31).decompress(raw, 1 << 16)
    except zlib.error:
        return raw


def letter_keys(letters: pa.RecordBatch) -> Iterator[str]:
    """Yield the names under which dead letters are found: what they are called, and their URLs."""
    columns = (letters.column(name).to_pylist() for name in ("file", "position", "raw"))
    for file, position, raw in zip(*columns, strict=True):
        yield letter_name(file, position)
        yield url_of(raw)
