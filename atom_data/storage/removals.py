"""The removal list of a corpus: keyed hashes of what must not come back, and of nothing else.

OUT/removals/list.parquet    a row an entry: `list` (which key), `kind` (id, url, domain, prefix), `length` (of a prefix, in bytes),
                             `hash` (16 bytes of keyed BLAKE2b); sorted. Its metadata has the keys, and `text_bytes`.

The list acts where documents are read from files, before any step: so building again gives what a takedown left. A URL counts
without scheme, `www.`, fragment and the slash at its end; a domain counts with all below it.
`text_bytes` says, for STAGE/SHARD, how much text a takedown took out: token shards are cut by what was there before, so that
shards it did not touch stay as they are, also when all is built again.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from atom_data.errors import DataError
from atom_data.storage.paths import create, exists, read_bytes

FOLDER = "removals"
LIST = f"{FOLDER}/list.parquet"
BEGUN = f"{FOLDER}/begun"
"""Of a takedown that is under way: what it has decided, and the new files until all are ready."""
REASON = "removed"
"""Why a document of the list is dropped, in receipts and ledgers."""
KINDS = ("id", "url", "domain", "prefix")
KEY_BYTES = 32
HASH_BYTES = 16
SCHEMA = pa.schema([("list", pa.string()), ("kind", pa.string()), ("length", pa.int32()), ("hash", pa.binary(16))])
_KEYS, _TEXT_BYTES = b"keys", b"text_bytes"
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_START = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:www\.)?")
_TARGET = re.compile(rb"(?im)^WARC-Target-URI:\s*<?([^\s>]+)")
_ARC = re.compile(rb"^(\S+://\S+) \S+ \d{14} ")
_FIELD = re.compile(rb'"(id|url)"\s*:\s*"((?:[^"\\]|\\.)*)"')


def plain_url(url: str) -> str:
    """Return a URL without scheme, `www.`, fragment and the slash at its end."""
    return _START.sub("", url).partition("#")[0].rstrip("/")


def plain_domain(domain: str) -> str:
    """Return a domain, or the host of a URL, in lowercase and as DNS has it (Punycode), without port and outer dots."""
    host = re.split(r"[/?#]", _SCHEME.sub("", domain.strip()), maxsplit=1)[0].rpartition("@")[2].lower()
    host = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0].strip(".")
    return host if host.isascii() else ".".join(map(_ascii_label, host.split(".")))


def _ascii_label(label: str) -> str:
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:  # no name that DNS could have: as it is written, then
        return label


def domains_above(url: str) -> Iterator[str]:
    """Yield the host of a URL, then each domain above it."""
    host = plain_domain(url)
    while host:
        yield host
        host = host.partition(".")[2]


def digest(key: bytes, kind: str, value: str) -> bytes:
    """Return the keyed hash of an id, a URL, a domain or the beginning of a URL, as it stands in a list."""
    data = value.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=HASH_BYTES, key=key, person=kind.encode()).digest()


def name_of(key: bytes) -> str:
    """Return what a key is called: the first digits of its hash, which say nothing of it."""
    return hashlib.sha256(key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that must not come back."""

    list: str
    kind: str
    length: int
    hash: bytes

    @property
    def order(self) -> tuple[str, str, int, bytes]:
        """What a list is sorted by."""
        return self.list, self.kind, self.length, self.hash


def entry(key: bytes, kind: str, value: str) -> Entry:
    """Return the entry of a value: a URL and a domain in their plain form."""
    value = plain_url(value) if kind == "url" else plain_domain(value) if kind == "domain" else value
    if kind == "prefix":
        value = _START.sub("", value)
    length = len(value.encode("utf-8", "replace")) if kind == "prefix" else 0
    return Entry(name_of(key), kind, length, digest(key, kind, value))


@dataclass(frozen=True, slots=True)
class Removals:
    """A removal list in memory: about 100 bytes per entry."""

    keys: Mapping[str, bytes] = field(default_factory=dict)
    entries: frozenset[Entry] = frozenset()
    text_bytes: Mapping[str, int] = field(default_factory=dict)
    """Of STAGE/SHARD, bytes of text that takedowns took out."""
    _known: dict[tuple[str, str, int], set[bytes]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the entries by key and kind."""
        for one in self.entries:
            self._known.setdefault((one.list, one.kind, one.length), set()).add(one.hash)

    def __bool__(self) -> bool:
        """Tell whether anything must not come back."""
        return bool(self.entries)

    def matches(self, identity: str | None, url: str | None) -> bool:
        """Tell whether a document is on the list, by its id or its URL."""
        for (name, kind, length), hashes in self._known.items():
            key = self.keys[name]
            if any(digest(key, kind, value) in hashes for value in _values(kind, length, identity, url)):
                return True
        return False

    def name(self, identity: str | None) -> str:
        """Return what stands for a removed document in a ledger."""
        key = self.keys[min(self.keys)]
        return f"{REASON}:{digest(key, 'id', identity or '').hex()}"

    def removed(self, ids: pa.Array, urls: pa.Array | None) -> list[str | None]:
        """Return, for each document, what stands for it in the ledger where it is on the list, and None elsewhere."""
        addresses: Sequence[str | None] = [None] * len(ids) if urls is None else _texts(urls)
        return [
            self.name(identity) if self.matches(identity, url) else None
            for identity, url in zip(_texts(ids), addresses, strict=True)
        ]

    def names_in(self, raw: bytes) -> bool:
        """Tell whether the record in a dead letter says that it is a document of the list."""
        found = [("url", value) for value in (*_TARGET.findall(raw), *_ARC.findall(raw))]
        found += [(kind.decode(), value) for kind, value in _FIELD.findall(raw)]
        pairs = ((kind, value.decode("utf-8", "replace")) for kind, value in found)
        return any(self.matches(*((value, None) if kind == "id" else (None, value))) for kind, value in pairs)


def _texts(values: pa.Array) -> list[str | None]:
    """Return texts; bytes that are not UTF-8 come as surrogates, so that nothing raises."""
    raw = values.cast(pa.large_binary()).to_pylist()
    return [None if value is None else value.decode("utf-8", "surrogateescape") for value in raw]


def _values(kind: str, length: int, identity: str | None, url: str | None) -> Iterator[str]:
    if kind == "id":
        if identity is not None:
            yield identity
    elif url:
        if kind == "url":
            yield plain_url(url)
        elif kind == "domain":
            yield from domains_above(url)
        else:
            start = _START.sub("", url).encode("utf-8", "replace")[:length]
            if len(start) == length:
                yield start.decode("utf-8", "replace")


def read_removals(path: str) -> Removals:
    """Return the removal list in a file, an empty one where there is none. DataError for what is not a list."""
    if not exists(path):
        return Removals()
    try:
        table = pq.ParquetFile(pa.BufferReader(read_bytes(path))).read()
        about = table.schema.metadata or {}
        keys = {name: bytes.fromhex(key) for name, key in json.loads(about[_KEYS]).items()}
        rows = table.select(SCHEMA.names).to_pylist()
        entries = frozenset(Entry(row["list"], row["kind"], row["length"], row["hash"]) for row in rows)
        found = Removals(keys, entries, json.loads(about[_TEXT_BYTES]))
    except (KeyError, ValueError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: is not a removal list ({type(error).__name__}: {error}). Bring back the one that atom-data takedown wrote: "
            "without it what was removed would come back."
        ) from error
    if any(one.list not in keys or one.kind not in KINDS for one in entries):
        raise DataError(
            f"{path}: has entries without a key, or of an unknown kind. Bring back the list as it was written."
        )
    return found


def write_removals(path: str, removals: Removals, token: str) -> None:
    """Write a list, whole or not at all; the same entries give the same bytes."""
    rows: list[dict[str, Any]] = [
        {"list": one.list, "kind": one.kind, "length": one.length, "hash": one.hash}
        for one in sorted(removals.entries, key=lambda one: one.order)
    ]
    keys = {name: key.hex() for name, key in removals.keys.items()}
    about = {
        _KEYS: json.dumps(keys, sort_keys=True).encode(),
        _TEXT_BYTES: json.dumps(dict(removals.text_bytes), sort_keys=True).encode(),
    }
    table = pa.Table.from_pylist(rows, SCHEMA.with_metadata(about))
    with create(path, token) as stream:
        pq.write_table(table, stream, compression="zstd")


def joined(one: Removals, other: Removals) -> Removals:
    """Return a list with the entries and keys of both; what the first says of text that was taken out stands."""
    return Removals({**other.keys, **one.keys}, one.entries | other.entries, {**other.text_bytes, **one.text_bytes})
