"""What is shown of single documents, in a terminal and on a page: which ones, what they are copies of, what their texts were."""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

import pyarrow as pa

from atom_data.readers.archive import ArchiveSource
from atom_data.readers.lookup import parts_with
from atom_data.rules import Keep
from atom_data.stage import Stage
from atom_data.storage.shards import Intake, Shard
from atom_data.workspace import Workspace

RECORDS = 16
"""Records that are read alone for a wanted one, at most: a request, a response and what is said of both have one URL."""


def place(identity: str) -> bytes:
    """Return where a document stands in the order of a hash of its id: the same ones are shown each time, and not the first."""
    return hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=8).digest()


def kept_instead(numbers: Mapping[str, Any]) -> str:
    """Return the id of the document that was kept instead of a copy, as its line in the ledger says; empty where it is none."""
    return next((str(value) for name, value in numbers.items() if name.endswith("copy_of") and value), "")


def texts_of(stage: Stage, shard: Shard, workspace: Workspace, wanted: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield id and text of documents that a stage read, rebuilt from its source by the steps before there is a text.

    `wanted` has their URLs by their ids, empty where they are not known: of WARC files those records are read alone. The shard
    of the source is read until the others are found.
    """
    columns, missing = {*stage.needed(), "id", "text"}, {*wanted}
    for part in chain(_alone(stage, shard, wanted), [shard]):
        for batch in stage.reads.read(part, workspace, columns, Intake(reject=lambda *_: None)):
            ids = batch.column("id").to_pylist()
            rows = [row for row, identity in enumerate(ids) if identity in missing]
            missing -= {ids[row] for row in rows}
            yield from _texts(stage, batch.take(rows)) if rows else ()
            if not missing:
                return


def _alone(stage: Stage, shard: Shard, wanted: Mapping[str, str]) -> Iterator[Shard]:
    urls = {url for url in wanted.values() if url}
    found = parts_with(shard, urls) if isinstance(stage.reads, ArchiveSource) else iter(())
    return islice(found, RECORDS * len(wanted))


def _texts(stage: Stage, some: pa.RecordBatch) -> Iterator[tuple[str, str]]:
    for step in stage.steps:
        if "text" in some.schema.names:
            break
        if not isinstance(step, Keep):
            some = step(some)
    texts = some.column("text").to_pylist() if "text" in some.schema.names else [""] * some.num_rows
    yield from zip(some.column("id").to_pylist(), (text or "" for text in texts), strict=True)
