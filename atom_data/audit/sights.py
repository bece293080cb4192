"""What is shown of single documents, in a terminal and on a page: which ones, what they are copies of, what their texts were."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from atom_data.rules import Keep
from atom_data.stage import Stage
from atom_data.storage.shards import Intake, Shard
from atom_data.workspace import Workspace


def place(identity: str) -> bytes:
    """Return where a document stands in the order of a hash of its id: the same ones are shown each time, and not the first."""
    return hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=8).digest()


def kept_instead(numbers: Mapping[str, Any]) -> str:
    """Return the id of the document that was kept instead of a copy, as its line in the ledger says; empty where it is none."""
    return next((str(value) for name, value in numbers.items() if name.endswith("copy_of") and value), "")


def texts_of(stage: Stage, shard: Shard, workspace: Workspace, wanted: set[str]) -> Iterator[tuple[str, str]]:
    """Yield id and text of documents that a stage read, rebuilt from its source by the steps before there is a text.

    It reads the shard of the source until all are found.
    """
    columns, missing = {*stage.needed(), "id", "text"}, len(wanted)
    for batch in stage.reads.read(shard, workspace, columns, Intake(reject=lambda *_: None)):
        if missing <= 0:
            return
        rows = [row for row, identity in enumerate(batch.column("id").to_pylist()) if identity in wanted]
        if not rows:
            continue
        missing -= len(rows)
        some = batch.take(rows)
        for step in stage.steps:
            if "text" in some.schema.names:
                break
            if not isinstance(step, Keep):
                some = step(some)
        texts = some.column("text").to_pylist() if "text" in some.schema.names else [""] * some.num_rows
        yield from zip(some.column("id").to_pylist(), (text or "" for text in texts), strict=True)
