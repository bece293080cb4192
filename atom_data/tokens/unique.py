"""Whether an id repeats among all documents of a folder of tokens: `trace` and a takedown go by it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from atom_data.graph import Source
from atom_data.ids import HASH_BYTES, SUFFIX, ChecksIds, Shards, create_id_hashes
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import join
from atom_data.storage.pieces import share
from atom_data.workspace import Workspace

MEMORY = 1 << 30
"""What the hashes of one lap may take; a lap reads its share of them."""


def is_checked(reads: Source) -> bool:
    """Tell whether a pass before has looked at the ids of all documents that come: then it need not be repeated.

    Of a source made of several, each may have been looked at alone, so that says nothing of all.
    """
    below = reads.sources()
    return isinstance(reads, ChecksIds) or (len(below) == 1 and is_checked(below[0]))


def refuse_repeated_ids(workspace: Workspace, found: dict[str, Any]) -> None:
    """Raise DataError when two documents of a manifest have one id; it names both.

    Disk: 12 bytes per document below the folder, gone afterwards. Memory: MEMORY, or a shard's share of 200 MB.
    """
    name, shards = found["name"], found["shards"]
    paths = [workspace.path(shard["docs"]["path"]) for shard in shards]

    def ids_of(shard: int) -> Iterator[pa.Array]:
        for batch in read_parquet(paths[shard], ["id"]):
            yield batch.column("id")

    with workspace.scratch(name) as folder:
        for number in range(len(paths)):
            with create_id_hashes(f"{number}{SUFFIX}", Workspace(folder, "ids")) as (hashes, _):
                for ids in ids_of(number):
                    hashes.add(ids)
        documents = Shards(
            where=name,
            names=[shard["name"] for shard in shards],
            bases=np.cumsum([0, *(shard["documents"] for shard in shards)], dtype=np.int64),
            paths=[join(folder, f"{number}{SUFFIX}") for number in range(len(paths))],
            read=ids_of,
        )
        laps = -(-found["documents"] * HASH_BYTES // MEMORY)
        for lap in range(laps):
            documents.refuse_repeats(*share(lap, laps))
