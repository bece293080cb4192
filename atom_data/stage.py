"""Stages: the steps of a recipe over every shard of what they read.

A step is a callable RecordBatch -> RecordBatch: same rows, same order, pure. A stage runs steps over every shard of what it reads,
takes out the rows that a card marked, and leaves kept rows, a ledger of the dropped, and dead letters.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import PROVENANCE, REPLACED, damage, empty, visible
from atom_data.culprit import culprit, fails_on_no_row
from atom_data.errors import AtomDataError, ConfigError, DataError, MissingColumn, Refusal, meant
from atom_data.graph import Job, Source, check_name, check_source, check_steps, reference, rows_of
from atom_data.identity import describe, label
from atom_data.job import Progress, Table, Task, Work
from atom_data.ledger import DEAD, LEDGER, Drops, intake_of, ledger_lines, note_removed, refuse_unreadable, removals_in
from atom_data.rules import REASON, RULES, Keep
from atom_data.storage.parquet import read_parquet
from atom_data.storage.paths import join
from atom_data.storage.receipts import Receipt
from atom_data.storage.removals import REASON as REMOVED
from atom_data.storage.shards import Input, Intake, Shard, parts_meet
from atom_data.workspace import Workspace

Step = Callable[[pa.RecordBatch], pa.RecordBatch]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Steps over every shard of what it reads. It keeps the shard names of its source, and it can be a source itself."""

    name: str
    """The state of the data after it, and its folder."""
    reads: Source
    """Files (`Jsonl`, `Parquet`, `Text`, `Warc`, `Wet`), another stage, or a pass (`Copies`, `Repeats`)."""
    steps: tuple[Step, ...] = ()
    """Signals, rewrites and cards, in their order; a step sees the columns of those before it."""
    writes: tuple[str, ...] = ()
    """Columns to write, in this order; all but scratch columns when empty. After them come those of `PROVENANCE` that its
    source has and `writes` does not name, so that each document keeps its address."""
    provenance: bool = True
    """Whether it carries those columns; False writes what `writes` names and no more."""
    allow_unreadable: float = 0.05
    """The share of records that may be unreadable before the stage fails."""
    allow_drop: float = 0.98
    """The share of documents that one card may drop (of 1,000 or more) before the stage fails; 1.0 turns this off."""
    expects: tuple[float, float] | None = None
    """The share of its documents that it should keep, from and to: a run and `status` say so where it is another."""

    def __post_init__(self) -> None:
        """Refuse a name that cannot be a folder, and steps that are not callables."""
        check_name("stage", self.name)
        check_source(f"stage '{self.name}'", self.reads)
        check_steps(self.name, self.steps)
        if self.expects is not None and not 0 <= self.expects[0] <= self.expects[1] <= 1:
            raise ConfigError(f"stage '{self.name}': expects is {self.expects}. Give two shares that grow: (0.2, 0.5).")

    def jobs(self) -> tuple[Job, ...]:
        """A stage is its own job."""
        return (self,)

    @property
    def task_tokens(self) -> int:
        """Its tasks are not cut by size."""
        return 0

    @property
    def a_task_a_shard(self) -> bool:
        """It has a task for each shard of its source."""
        return True

    def sources(self) -> tuple[Source, ...]:
        """What it reads."""
        return (self.reads,)

    def with_sources(self, sources: tuple[Source, ...]) -> "Stage":
        """The same stage over another source."""
        return replace(self, reads=sources[0])

    def upstream(self) -> tuple[Job, ...]:
        """The jobs behind what it reads."""
        return self.reads.jobs()

    def check(self) -> pa.Schema:
        """Push zero rows through every step; return the schema written."""
        return self._written

    @cached_property
    def _written(self) -> pa.Schema:
        batch = empty(self.reads.schema())
        for number, step in enumerate(self.steps, 1):
            batch = self._tried(number, step, batch)
        names = self.writes or tuple(visible(batch.schema.names))
        if self.provenance:
            known = {*self.reads.schema().names} & {*batch.schema.names}
            names = (*names, *(name for name in PROVENANCE if name in known and name not in names))
        missing = [name for name in names if name not in batch.schema.names]
        if missing:
            close = meant(missing[0], visible(batch.schema.names))
            raise MissingColumn(
                f"stage '{self.name}' writes '{missing[0]}', but no step adds it; "
                f"columns here: {', '.join(visible(batch.schema.names))}.{close} Correct the name or add the step.",
                () if close else tuple(missing),
            )
        if "id" not in names:
            raise ConfigError(
                f"stage '{self.name}' does not write 'id'; it writes: {', '.join(names)}. Add 'id' to writes."
            )
        return pa.schema([batch.schema.field(name).with_nullable(True).remove_metadata() for name in names])

    def faults(self) -> list[ConfigError]:
        """Try every step on zero rows, also those after one that cannot work; return what is wrong, each thing once."""
        try:
            batch = empty(self.reads.schema())
        except ConfigError as error:
            return [error]
        found: list[ConfigError] = []
        for number, step in enumerate(self.steps, 1):
            try:
                batch = self._tried(number, step, batch)
            except ConfigError as error:
                found.append(error)
        if not found:
            try:
                self.check()
            except ConfigError as error:
                found.append(error)
        return found

    def schema(self) -> pa.Schema:
        """The columns that it writes."""
        return self.check()

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """The shards of its source, as they are in its own folder."""
        return tuple(
            Shard(shard.name, workspace.path(self.name, f"{shard.name}.parquet"), shard.bytes)
            for shard in self.reads.shards(workspace)
        )

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """One task per shard of the source."""
        return tuple(Task(shard.name, shard.bytes, (shard,)) for shard in self.reads.shards(workspace))

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """The inputs of a task as they are now."""
        return self.reads.current(task.shards[0], workspace)

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """What the receipt says of the shard that it wrote."""
        return (workspace.input(self.name, shard.name),)

    def text_bytes(self, shard: Shard, workspace: Workspace) -> float:
        """What the receipt of the shard says, and what takedowns took out: they move no document to another token shard."""
        found = workspace.finished(self.name, shard.name).text_bytes
        return found + removals_in(workspace).text_bytes.get(f"{self.name}/{shard.name}", 0)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows that this stage wrote for a shard."""
        source = workspace.input(self.name, shard.name)
        intake.inputs.append(source)
        for batch in read_parquet(shard.path, columns):
            intake.bytes_read += batch.nbytes
            yield batch

    def identity(self) -> dict[str, object]:
        """Source, steps with their parameters, cards with their bytes, columns written."""
        return {
            "reads": reference(self.reads),
            "steps": [describe(step) for step in self.steps],
            "writes": list(self.writes),
            **({} if self.provenance else {"provenance": False}),
        }

    def needed(self) -> tuple[str, ...]:
        """The columns of the source that are needed, found by leaving each out and trying zero rows."""
        return self._read

    @cached_property
    def _read(self) -> tuple[str, ...]:
        whole, target = empty(self.reads.schema()), self.check()
        needed = []
        for name in whole.schema.names:
            if name in target.names or self._breaks(whole.drop_columns([name]), target):
                needed.append(name)
        return tuple(needed)

    def _breaks(self, batch: pa.RecordBatch, target: pa.Schema) -> bool:
        try:
            for step in self.steps:
                batch = step(batch)
            return any(batch.schema.field(field.name).type != field.type for field in target)
        except Exception:  # whatever a step says of a missing column, it needs it
            return True

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Read, run the steps, write kept rows, ledger and dead letters; in = out + dropped, or it raises."""
        shard, work, schema = task.shards[0], Work(), self.check()
        with ExitStack() as stack:
            rows = Table(join(self.name, f"{shard.name}.parquet"), schema, workspace, stack, work)
            ledger = Table(join(self.name, "drops", f"{shard.name}.parquet"), LEDGER, workspace, stack, work)
            dead = Table(join(self.name, "dead", f"{shard.name}.parquet"), DEAD, workspace, stack, work)
            rows.open()
            intake = intake_of(shard, dead, work, removals_in(workspace))
            for batch in rows_of(self.reads, shard, workspace, self.needed(), intake):
                work.rows_in += batch.num_rows
                kept = self._apply(batch, ledger, work)
                rows.write(kept.select(schema.names))
                if "text" in schema.names:
                    work.text_bytes += pc.sum(pc.binary_length(kept.column("text"))).as_py() or 0
                progress(work.rows_in + work.unreadable.total(), intake.bytes_read, rows.rows)
            note_removed(intake.removed, ledger, work)
        work.outputs[1:] = sorted(work.outputs[1:], key=lambda output: output.path)
        work.rows_out, work.dropped_rows = rows.rows, ledger.rows
        work.take(shard, intake)
        return work

    def _apply(self, batch: pa.RecordBatch, ledger: Table, work: Work) -> pa.RecordBatch:
        """Run the steps. The ledger's lines come in the order of the documents, however these are cut into batches."""
        drops = Drops(batch.num_rows)
        for number, step in enumerate(self.steps, 1):
            before = batch
            batch = self._call(number, step, batch)
            self._same_rows(number, step, before, batch)
            if REPLACED in batch.schema.names and REPLACED not in before.schema.names:
                work.notes.setdefault("damage", Counter()).update(damage(batch))
            if REASON in batch.schema.names and isinstance(step, Keep):
                kept = pc.is_null(batch.column(REASON)) if batch.column(REASON).null_count < batch.num_rows else None
                if kept is not None:
                    gone = batch.filter(pc.invert(kept))
                    lines = ledger_lines(gone, gone.column(REASON), gone.column(RULES), step.numbers(gone))
                    work.dropped.update(gone.column(REASON).to_pylist())
                    drops.add(kept, lines)
                batch = batch.drop_columns([REASON, RULES])
                if number == len(self.steps):  # what is not written need not be copied: pages are large
                    batch = batch.select(self.check().names)
                batch = batch if kept is None else batch.filter(kept)
        drops.write(ledger)
        return batch

    def _call(self, number: int, step: Step, batch: pa.RecordBatch) -> pa.RecordBatch:
        try:
            return step(batch)
        except MissingColumn as error:
            raise MissingColumn(
                f"stage '{self.name}', step {number} ({label(step)}): {error}", error.columns
            ) from error
        except AtomDataError as error:
            raise type(error)(f"stage '{self.name}', step {number} ({label(step)}): {error}") from error
        except Exception as error:
            error.add_note(f"in stage '{self.name}', step {number} ({label(step)}), {culprit(step, batch, error)}")
            raise

    def _tried(self, number: int, step: Step, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Call a step with no row; ConfigError where it raises anything."""
        try:
            return self._call(number, step, batch)
        except AtomDataError:
            raise
        except Exception as error:
            raise fails_on_no_row(f"stage '{self.name}', step {number} ({label(step)})", error) from error

    def _same_rows(self, number: int, step: Step, before: pa.RecordBatch, after: pa.RecordBatch) -> None:
        ids = after.column("id") if "id" in after.schema.names else None
        if after.num_rows != before.num_rows or ids is None or not ids.equals(before.column("id")):
            raise DataError(
                f"stage '{self.name}', step {number} ({label(step)}): the step was given {before.num_rows} rows and "
                f"returned {after.num_rows}, not the same ids in the same order. "
                "A step measures or rewrites; to drop rows, add a column and a card that bounds it."
            )

    def accept(self, receipts: Sequence[Receipt]) -> None:
        """Refuse too many unreadable records, a card that drops almost all, and parts of a file that do not meet."""
        read = sum(receipt.rows_in for receipt in receipts)
        refuse_unreadable(f"stage '{self.name}'", self.name, receipts, self.allow_unreadable)
        dropped: Counter[str] = Counter()
        for receipt in receipts:
            for reason, count in receipt.dropped.items():
                dropped[reason.split(".")[0]] += count if reason != REMOVED else 0
        for card, count in sorted(dropped.items()):
            if read >= 1000 and count > self.allow_drop * read:
                raise Refusal(
                    f"stage '{self.name}': the card '{card}' dropped {count:,} of {read:,} documents; allowed are "
                    f"{self.allow_drop:.0%}. Check the card and the input, or set allow_drop=1.0 in the recipe."
                )
        parts_meet(span for receipt in receipts for span in receipt.spans)

    def summary(self, workspace: Workspace) -> dict[str, Any] | None:
        """Its manifest says all there is."""
        return None
