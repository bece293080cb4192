"""Copies among the rows of a table in memory, found by the passes that find them in a corpus."""

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from atom_data.dedup.copies import Comparison, Copies
from atom_data.dedup.exact.exact import SameContent, SameText, SameUrl
from atom_data.dedup.near.minhash import MinHash
from atom_data.errors import ConfigError
from atom_data.graph import RawSource, in_order
from atom_data.library.tables import Data, as_table, batches_of
from atom_data.runner.worker import do_task
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace

SHARD = "table"
KINDS = {"text": SameText, "content": SameContent, "url": SameUrl}


@dataclass(frozen=True)
class TableSource(RawSource):
    """A table in memory as a source of one shard."""

    table: pa.Table
    name: str = SHARD

    def schema(self) -> pa.Schema:
        """The table's."""
        return self.table.schema

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """One."""
        return (Shard(SHARD, "", self.table.nbytes),)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows."""
        intake.inputs += self.current(shard, workspace)
        yield from batches_of(self.table.select([name for name in self.table.column_names if name in columns]))

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The table, which does not change."""
        return (Input(SHARD, self.table.nbytes, "in memory"),)

    def identity(self) -> dict[str, object]:
        """Nothing that lasts."""
        return {"reads": "table"}


def exact_copies(data: Data, by: str = "text", **options: Any) -> pa.Table:  # noqa: ANN401 - those of Copies
    """Return the table with columns that say which rows are copies of which, by `text`, `content` or `url`.

    `content` leaves case, punctuation and white space out. Adds `copy_rank` (int64: 0 for the one to keep), `copy_count`
    (int64: 1 for a row that is alone) and `copy_of` (string: the id of the row to keep, null where a row is that itself): see
    `atom_data.dedup.SameText`. Options are those of `Copies`: `keep`, `prefer`. Rows need an `id`, or get their number.
    ConfigError for a missing column; DataError when an id repeats.
    """
    if by not in KINDS:
        raise ConfigError(f"exact_copies: by is '{by}'; there are {', '.join(KINDS)}. Take one.")
    return _marked(data, KINDS[by](), options, "exact_copies")


def near_copies(data: Data, **options: Any) -> pa.Table:  # noqa: ANN401 - those of MinHash and of Copies
    """Return the table with columns that say which rows are near copies of which: MinHash proposes, the texts confirm.

    Adds `near_copy_rank`, `near_copy_count` and `near_copy_of`: see `atom_data.MinHash`. Options are those of `MinHash` (`ngram`,
    `bands`, `rows`, `min_jaccard`, ...) and of `Copies` (`keep`, `prefer`). Rows need an `id`, or get their number.

    Memory: the table, and what the pass states; it works in a temporary folder that is removed.
    ConfigError for a missing column or an unknown option; DataError when an id repeats.
    """
    own = {name: value for name, value in options.items() if name in Copies.__dataclass_fields__}
    rest = {name: value for name, value in options.items() if name not in own}
    try:
        by = MinHash(**rest)
    except TypeError as error:
        raise ConfigError(f"near_copies: {error}. Give parameters of MinHash or of Copies.") from error
    return _marked(data, by, own, "near_copies")


def _marked(data: Data, by: Comparison, options: dict[str, Any], where: str) -> pa.Table:
    table = as_table(data, where)
    if "id" not in table.column_names:
        table = table.append_column("id", pa.array([str(row) for row in range(table.num_rows)], pa.string()))
    source = TableSource(table)
    copies = Copies(of=source, by=by, **{"allow_loss": 1.0, "allow_domain_loss": 1.0, **options})
    with tempfile.TemporaryDirectory(prefix="atom-data-") as folder:
        workspace = Workspace(folder, where.replace("_", "-"))
        for job in in_order(copies.jobs()):
            job.check()
            job.accept([do_task(job, task, workspace, lambda *_: None) for task in job.tasks(workspace)])
        intake = Intake(reject=lambda *_: None)
        batches = list(copies.read(copies.shards(workspace)[0], workspace, copies.schema().names, intake))
    return pa.Table.from_batches(batches, batches[0].schema if batches else copies.schema())
