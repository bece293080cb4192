"""What a source, a pass and the tasks of a job must hold to, looked at while they run: `docs/own_sources.md` has it whole.

The sources and passes of this package hold to it by their tests; those of a user are looked at batch by batch.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

import pyarrow as pa

from atom_data.batch import column
from atom_data.errors import ConfigError, DataError


def check_shard_names(job: str, names: Sequence[str]) -> None:
    """Refuse shards of a job that share a name, are out of order, or have a name that is not a file's. ConfigError says which."""
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise ConfigError(
            f"stage '{job}': two shards are named '{twice}', and each is a file of that name. Let its source name each "
            "shard once."
        )
    if list(names) != sorted(names):
        late = next(after for before, after in pairwise(names) if after < before)
        raise ConfigError(f"stage '{job}': the shard '{late}' is out of order. Sort the shards of its source by name.")
    wrong = next((name for name in names if not name or name[0] == "." or set(name) & set("/\\\0\n")), None)
    if wrong is not None:
        raise ConfigError(
            f"stage '{job}': a shard is named {wrong!r}, which cannot be a file. Use letters, digits, dot, dash and "
            "underscore."
        )


def as_declared(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, columns: Collection[str], where: str
) -> Iterator[pa.RecordBatch]:
    """Yield batches that have the columns asked for, in the types of `schema`; else DataError."""
    wanted = [field for field in schema if field.name in columns]
    for batch in batches:
        for field in wanted:
            place = batch.schema.get_field_index(field.name)
            found = "no such column" if place < 0 else batch.schema.field(place).type
            if found != field.type:
                raise DataError(
                    f"{where}: column '{field.name}' is {field.type} by schema(), and read() gave {found}. Let both say the same."
                )
        yield batch


def added_to(before: pa.RecordBatch, after: pa.RecordBatch, added: pa.Schema, where: str) -> pa.RecordBatch:
    """Return what a step of a pass made of a batch. DataError unless it has the same rows, and the columns `added`."""
    if after.num_rows != before.num_rows or not column(after, "id").equals(before.column("id")):
        raise DataError(
            f"{where}: the step was given {before.num_rows:,} rows and returned {after.num_rows:,}, not the same ids in the same "
            "order. A pass adds columns; to drop rows, let the stage that reads it have a card that bounds one."
        )
    next(as_declared((after,), added, added.names, where))
    return after


def same_rows(
    batches: Iterable[pa.RecordBatch], before: Iterable[pa.RecordBatch], where: str
) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a pass whose ids are those of what it reads, however both are cut; DataError at the first other.

    Memory: a batch of each.
    """
    ids, row = (batch.column("id") for batch in before), 0
    waiting: pa.Array = pa.array([], pa.string())
    for batch in batches:
        own = column(batch, "id")
        while len(waiting) < len(own):
            more = next(ids, None)
            if more is None:
                raise DataError(
                    f"{where}: it has more rows than what it reads, from row {row + len(waiting):,} on. {_WHY}"
                )
            waiting = pa.concat_arrays([waiting.cast(more.type), more])
        if not waiting.slice(0, len(own)).equals(own.cast(waiting.type)):
            pairs = zip(own.to_pylist(), waiting.to_pylist(), strict=False)
            place, (mine, its) = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
            raise DataError(f"{where}: row {row + place:,} is '{mine}', and '{its}' in what it reads. {_WHY}")
        waiting, row = waiting.slice(len(own)), row + len(own)
        yield batch
    left = len(waiting) + sum(len(more) for more in ids)
    if left:
        raise DataError(f"{where}: it ends after {row:,} rows, and what it reads has {left:,} more. {_WHY}")


_WHY = "A pass has the same rows in the same order; to drop rows, let the stage that reads it have a card that bounds a column."
