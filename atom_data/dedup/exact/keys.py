"""Keys by which exact copies are found: a hash of the text's content, and a hash of the canonical URL.

A cryptographic hash, because a crawled page must not be able to pass for another one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa

from atom_data.assets import filters_folder
from atom_data.batch import column, with_columns
from atom_data.dedup.exact.canonical_urls import canonical_url
from atom_data.errors import ConfigError
from atom_data.text.buffers import string_buffers
from atom_data.text.similarity.content import content

HASH_BYTES = 16
_MOST_NAMES = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentHash:
    """Add `content_hash` (binary[16]) and `text_bytes` (int64, the bytes of `text` as it is).

    The hash is BLAKE2b of the text reduced to its content: runs of white space, control characters and punctuation
    (category P) are one space, the ends have none, letters are lowercase, invisible characters are gone (see
    `text.similarity.content`). A text with nothing left, such as a line of dashes, is hashed as it is, and never equals one
    with words. A null text has a null hash. Memory: as much again as the texts of a batch.
    """

    fold_case: bool = True
    skip_punctuation: bool = True

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Hash the content of every text of a batch."""
        text = column(batch, "text")
        buffers = string_buffers(text)
        reduced = content(buffers, self.fold_case, self.skip_punctuation)
        before, after = buffers.data.data, reduced.data.data
        edges, ends = buffers.offsets.tolist(), reduced.offsets.tolist()
        hashes: list[bytes | None] = []
        for row, is_valid in enumerate(text.is_valid().to_pylist()):
            start, end = ends[row], ends[row + 1]
            if not is_valid:
                hashes.append(None)
            elif start < end:
                hashes.append(blake2b(after[start:end], digest_size=HASH_BYTES).digest())
            else:
                whole = before[edges[row] : edges[row + 1]]
                hashes.append(blake2b(whole, digest_size=HASH_BYTES, person=b"no content").digest())
        return with_columns(
            batch, content_hash=pa.array(hashes, pa.binary(HASH_BYTES)), text_bytes=pa.array(np.diff(buffers.offsets))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CanonicalUrl:
    """Add `canonical_url` (string), `url_hash` (binary[16], BLAKE2b of it) and, where there is a `text`, `text_bytes` (int64).

    `canonical_url` spells alike what leads to the same page (`canonical_url` in `addresses` has the rules and their
    sources). Both are null for a null url and for one without scheme or host: such a document is not a copy of anything.
    """

    merge_schemes: bool = True
    """http and https are one."""
    drop_www: bool = True
    """The host has no `www.`."""
    parameters: Path | None = None
    """A file of tracking parameters; None takes `filters/lists/tracking_parameters.txt`."""

    def __post_init__(self) -> None:
        """Read the list, so that a wrong one is found before a document is read."""
        _tracking(self._parameters())

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Canonicalize every url of a batch."""
        is_tracking = _tracking(self._parameters())
        urls = [
            None
            if url is None
            else canonical_url(
                url.decode(errors="replace"), is_tracking, merge_schemes=self.merge_schemes, drop_www=self.drop_www
            )
            for url in column(batch, "url").cast(pa.large_binary()).to_pylist()
        ]
        hashes = [None if url is None else blake2b(url.encode(), digest_size=HASH_BYTES).digest() for url in urls]
        added = {"canonical_url": pa.array(urls, pa.string()), "url_hash": pa.array(hashes, pa.binary(HASH_BYTES))}
        if "text" in batch.schema.names:
            added["text_bytes"] = pa.array(np.diff(string_buffers(column(batch, "text")).offsets))
        return with_columns(batch, **added)

    def _parameters(self) -> Path:
        return filters_folder() / "lists" / "tracking_parameters.txt" if self.parameters is None else self.parameters


@cache
def _tracking(path: Path) -> Callable[[str], bool]:
    """Return what tells whether a parameter of this name stands in a file."""
    if not path.is_file():
        raise ConfigError(f"CanonicalUrl: no file {path} of parameters. Give the path of a list.")
    lines = path.read_text("utf-8", "replace").splitlines()
    names = [name for line in lines if (name := line.partition("#")[0].strip().lower())]
    wrong = [name for name in names if not re.fullmatch(r"[a-z0-9_.\-]+\*?", name)]
    if wrong or len(names) > _MOST_NAMES:
        what = f"the entry '{wrong[0]}'" if wrong else f"{len(names)} entries"
        raise ConfigError(
            f"{path.name}: {what}; it takes up to {_MOST_NAMES} names of letters, digits, _ . and -, with * after for more. "
            "Fix the list."
        )
    whole = frozenset(name for name in names if not name.endswith("*"))
    begun = tuple(name.rstrip("*") for name in names if name.endswith("*"))

    def is_tracking(name: str) -> bool:
        small = name.lower()
        return small in whole or small.startswith(begun)

    return is_tracking
