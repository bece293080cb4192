"""A sample of documents measured again, where a run has not stored what its cards look at.

The steps of the stage run over some documents of its input, without its cards, in a folder that goes away.
"""

import contextlib
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from atom_data.batch import visible
from atom_data.errors import DataError
from atom_data.graph import RawSource, Source, rows_of
from atom_data.rules import Keep
from atom_data.runner.plan import plan_job, write_plan
from atom_data.runner.worker import do_task
from atom_data.stage import Stage
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.terminal.table import plural
from atom_data.text.hashes import hash_64
from atom_data.workspace import Workspace

DOCUMENTS = 5_000
"""So many are measured again, if there are more: a share of them is good to a percent or two."""
SHARDS = 16
"""They come from so many shards at most, drawn by a hash of their names."""
READ_FOR_EACH = 20
"""So many documents are read for one that is taken, at most: a sample of all of a large shard would take long."""


@dataclass(frozen=True, kw_only=True)
class SomeRows(RawSource):
    """Some documents of a source, drawn by a hash of their ids, read where the source is and not in the folder of the job."""

    of: Source
    there: Workspace
    chosen: tuple[Shard, ...] = field(repr=False)
    most: int
    """Documents of a shard."""
    shares: dict[str, float] = field(default_factory=dict)
    """By shard, the share of its documents that is drawn; all of them where it is not known how many there are."""
    name: str = "sample"

    def schema(self) -> pa.Schema:
        """Its source's."""
        return self.of.schema()

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """Those that were drawn."""
        return self.chosen

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """What its source says."""
        return self.of.current(shard, self.there)

    def identity(self) -> dict[str, object]:
        """Nothing that lasts."""
        return {"reads": "sample"}

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield documents until there are enough. Records that cannot be read are left out."""
        share, left = self.shares.get(shard.name, 1.0), self.most
        silent = Intake(reject=lambda *_: None)
        for batch in rows_of(self.of, shard, self.there, {*columns, "id"}, silent):
            ids = ((name or "").encode("utf-8", "replace") for name in batch.column("id").to_pylist())
            drawn = np.fromiter((hash_64(name) < share * 2**64 for name in ids), bool, batch.num_rows)
            some = batch.filter(pa.array(drawn)).slice(0, left)
            left -= some.num_rows
            yield some
            if not left:
                break


def without_cards(stage: Stage) -> Stage:
    """Return a stage that measures what this one measures, drops nothing and writes all of it but raw pages."""
    steps = tuple(step for step in stage.steps if not isinstance(step, Keep))
    whole = replace(stage, steps=steps, writes=(), provenance=True)
    schema = whole.check()
    raw = [name for name in schema.names if pa.types.is_binary(schema.field(name).type)]
    return replace(whole, writes=tuple(name for name in visible(schema.names) if name not in raw))


@contextlib.contextmanager
def measured_again(
    stage: Stage, there: Workspace, count: int, say: Callable[[int, int], None]
) -> Iterator[tuple[Stage, Workspace, str]]:
    """Measure up to `count` documents of what a stage reads; give the stage, the folder, and a sentence on what was done.

    `say` is told how many of how many are measured. DataError when there is nothing to read.
    Memory: that of one worker; disk: the sample, in the temporary folder.
    """
    shards = stage.reads.shards(there)
    drawn = sorted(shards, key=lambda shard: hash_64(shard.name.encode()))[:SHARDS]
    chosen = sorted(drawn, key=lambda shard: shard.name)
    if not chosen:
        raise DataError(f"stage '{stage.name}': there is no shard to read. Check the paths in the recipe.")
    each = -(-count // len(chosen))
    rows = {shard.name: _rows(stage, shard, there) for shard in chosen}
    shares = {name: max(each / number, 1 / READ_FOR_EACH) for name, number in rows.items() if number}
    source = SomeRows(of=stage.reads, there=there, chosen=tuple(chosen), most=each, shares=shares)
    job = replace(without_cards(stage), reads=source)
    with tempfile.TemporaryDirectory(prefix="atom-data-tune-") as folder:
        workspace, measured = Workspace(folder, "tune"), 0
        plan = plan_job(job, workspace)
        write_plan(plan, workspace)
        for task in job.tasks(workspace):
            before = measured
            receipt = do_task(job, task, workspace, lambda rows, *_, before=before: say(before + rows, count))
            measured += receipt.rows_out
        everything = len(chosen) == len(shards) and measured == sum(rows.values()) and all(rows.values())
        what = f"all {measured:,} documents" if everything else f"a sample of {plural(measured, 'document')}"
        were = "were" if everything and measured != 1 else "was"
        yield (
            job,
            workspace,
            f"The run has not stored what '{stage.name}' measures before its cards. {what[0].upper()}{what[1:]}, from "
            f"{len(chosen):,} of {plural(len(shards), 'shard')}, {were} measured again.",
        )


def _rows(stage: Stage, shard: Shard, there: Workspace) -> int:
    """Return the number of documents that a shard of the stage's input has, 0 where no receipt says so."""
    receipt = there.receipt(stage.name, shard.name)
    return receipt.rows_in if receipt else 0
