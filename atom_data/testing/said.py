"""What the checks share: a sentence for what does not hold, and what a source gives, held in memory."""

import pickle
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from atom_data.errors import AtomDataError
from atom_data.graph import Source
from atom_data.graph.contract import as_declared
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace

BATCH_BYTES = 64 << 20
"""Maximum bytes of a batch of more than one row: workers hold several."""


@dataclass(kw_only=True)
class Reading:
    """What reading a shard once gave."""

    table: pa.Table
    inputs: list[Input]
    rejected: list[tuple[str, int]] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)


def require(holds: bool, sentence: str) -> None:
    """Raise an AssertionError with the sentence unless it holds."""
    if not holds:
        raise AssertionError(sentence)


@contextmanager
def broken(where: str) -> Iterator[None]:
    """Raise what goes wrong in the block as an AssertionError."""
    try:
        yield
    except AssertionError:
        raise
    except AtomDataError as error:
        raise AssertionError(f"{where}: {error}") from error
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise AssertionError(f"{where}: it raised {what}. Odd documents must not end a run.") from error


def read_all(source: Source, shard: Shard, workspace: Workspace, columns: Collection[str], where: str) -> Reading:
    """Read a shard into memory, and look at each batch."""
    rejected: list[tuple[str, int]] = []
    intake = Intake(reject=lambda reason, position, detail, raw: rejected.append((reason, position)))
    schema = pa.schema([item for item in source.schema() if item.name in columns])
    batches = []
    with broken(where):
        for batch in as_declared(source.read(shard, workspace, columns, intake), schema, columns, where):
            require(
                isinstance(batch, pa.RecordBatch), f"{where}: read() gave a {type(batch).__name__}. Give RecordBatches."
            )
            require(
                batch.nbytes <= BATCH_BYTES or batch.num_rows == 1,
                f"{where}: a batch has {batch.nbytes:,} bytes in {batch.num_rows:,} rows. Cut it: memory is a batch.",
            )
            batches.append(batch.select(schema.names))
    table = pa.Table.from_batches([batch.cast(schema) for batch in batches], schema)
    return Reading(table=table, inputs=intake.inputs, rejected=rejected, skipped=dict(intake.skipped))


def same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Tell whether two columns have the same values; NaN is itself."""
    return one.equals(other) or repr(one.to_pylist()) == repr(other.to_pylist())


def differs(one: pa.Table, other: pa.Table) -> str:
    """Return what is different between two tables of the same columns, or an empty string."""
    if one.num_rows != other.num_rows:
        return f"{one.num_rows:,} rows and {other.num_rows:,}"
    return next((f"column '{name}'" for name in one.schema.names if not same(one[name], other[name])), "")


def try_travel(thing: object, where: str) -> object:
    """Return a thing as another process would get it. AssertionError when it does not travel."""
    try:
        return pickle.loads(pickle.dumps(thing))
    except Exception as error:
        raise AssertionError(
            f"{where}: it cannot go to another process: {error}. Hold numbers, text, paths, tuples and frozen dataclasses; open "
            "files and connections where you read."
        ) from error
