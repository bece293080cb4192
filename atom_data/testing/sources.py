"""The contract of a source."""

from itertools import pairwise
from tempfile import TemporaryDirectory

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.graph import Source, whole_identity
from atom_data.graph.contract import check_shard_names
from atom_data.graph.protocols import SOURCE
from atom_data.identity import canonical
from atom_data.storage.shards import PUBLISHED, Shard
from atom_data.testing.fresh import try_elsewhere
from atom_data.testing.said import Reading, broken, differs, read_all, require, same, try_travel
from atom_data.workspace import Workspace


def check_source(source: Source, workspace: Workspace | None = None, shards: int = 3) -> None:
    """Try the contract of a source on its first few shards. AssertionError with a sentence for what does not hold.

    `workspace` is the output folder in which what it is made of is finished; a temporary one where nothing is needed. Each
    shard is read twice, and once for each column. Memory: a shard, twice.
    """
    where = type(source).__name__
    lacks = sorted(SOURCE - set(dir(source)))
    require(not lacks, f"{where} is not a source: it has no {', '.join(lacks)}. Subclass atom_data.extend.RawSource.")
    with TemporaryDirectory() as folder:
        workspace = workspace or Workspace(folder, "testing")
        try_words(source, where)
        listed = try_list(source, workspace, where)
        known: dict[str, str] = {}
        for shard in listed[:shards]:
            reading = try_shard(source, shard, workspace, f"{where}, shard '{shard.name}'")
            try_ids(reading.table["id"], shard.name, known, where)
        try_elsewhere(source, workspace, where)


def try_words(source: Source, where: str) -> None:
    """Look at the name, the schema, the identity, and what a forecast asks."""
    require(
        isinstance(source.name, str) and source.name != "", f"{where}: name is {source.name!r}. Give a short label."
    )
    schema = source.schema()
    require(isinstance(schema, pa.Schema), f"{where}: schema() gave a {type(schema).__name__}. Give a pyarrow.Schema.")
    require(source.schema().equals(schema), f"{where}: schema() is another one when it is asked again.")
    kind = schema.field("id").type if "id" in schema.names else None
    require(
        kind is not None and (pa.types.is_string(kind) or pa.types.is_large_string(kind)),
        f"{where}: schema() has no column 'id' of strings; it has {', '.join(schema.names)}. Every document needs one.",
    )
    copy = try_travel(source, where)
    require(
        source.with_sources(source.sources()) == source, f"{where}: with_sources(sources()) is not the same source."
    )
    for one in (source, copy):
        require(
            _identity(one, where) == _identity(source, where),
            f"{where}: identity() is another after a copy. Let it hang on the fields alone.",
        )


def _identity(source: object, where: str) -> str:
    try:
        return canonical(whole_identity(source))  # type: ignore[arg-type]
    except ConfigError as error:
        raise AssertionError(f"{where}: {error}") from error
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"{where}: identity() is not plain JSON: {error}. Return numbers, text, lists and dictionaries of these; "
            "atom_data.extend.describe makes them of values."
        ) from error


def try_list(source: Source, workspace: Workspace, where: str) -> tuple[Shard, ...]:
    """List the shards twice, and look at their names."""
    listed = source.shards(workspace)
    require(
        isinstance(listed, tuple) and len(listed) > 0, f"{where}: shards() gave {listed!r}. Give a tuple of Shards."
    )
    with broken(where):
        check_shard_names(where, [shard.name for shard in listed])
    again = source.shards(workspace)
    require(again == listed, f"{where}: shards() gave other shards when it was asked again: {listed} and {again}.")
    for shard in listed:
        size = source.text_bytes(shard, workspace)
        require(
            size >= 0,
            f"{where}: text_bytes() of '{shard.name}' is {size}. Give about how many bytes of text it has, or 0.",
        )
    return listed


def try_shard(source: Source, shard: Shard, workspace: Workspace, where: str) -> Reading:
    """Read a shard twice and column by column, and compare what was read with `current`."""
    names = source.schema().names
    first, again = (read_all(source, shard, workspace, names, where) for _ in range(2))
    found = differs(first.table, again.table)
    require(not found, f"{where}: read twice it is not the same: {found}.")
    require(first.rejected == again.rejected, f"{where}: read twice it rejects other records.")
    for name in names:
        alone = read_all(source, shard, workspace, {name}, where).table
        require(
            alone.num_rows == first.table.num_rows and same(alone[name], first.table[name]),
            f"{where}: with the column '{name}' alone it has {alone.num_rows:,} rows, with all columns "
            f"{first.table.num_rows:,}, or other values. The columns asked for must not change the rows.",
        )
    try_inputs(source, shard, workspace, first, where)
    return first


def try_inputs(source: Source, shard: Shard, workspace: Workspace, reading: Reading, where: str) -> None:
    """Compare what reading a shard reported with what `current` says: by that a run knows what is done."""
    read = {item.path: item for item in reading.inputs}
    now = {item.path: item for item in source.current(shard, workspace)}
    require(
        bool(read) and all(item.sha256 for item in read.values()),
        f"{where}: intake.inputs has {list(read)} after reading, or one without sha256. Add an Input for all that was read.",
    )
    require(
        read.keys() == now.keys(),
        f"{where}: read() reports {sorted(read)}, and current() {sorted(now)}: every run would read it again.",
    )
    for path, item in now.items():
        then = read[path]
        same_content = item.sha256 == then.sha256 if item.sha256 else item.bytes in (then.bytes, PUBLISHED)
        require(
            same_content and (item.sha256 != "" or item.modified == then.modified),
            f"{where}: of '{path}' read() reports {then}, and current() {item}: every run would read it again.",
        )


def try_ids(ids: pa.ChunkedArray, shard: str, known: dict[str, str], where: str) -> None:
    """Look for ids that repeat, in a shard or over those before."""
    require(
        not ids.null_count, f"{where}, shard '{shard}': a row has no id, so it could not be traced. Give each row one."
    )
    found = sorted(ids.to_pylist())
    twice = next((one for one, other in pairwise(found) if one == other), None)
    require(
        twice is None, f"{where}, shard '{shard}': two documents have the id '{twice}'. An id is what all else goes by."
    )
    both = next((one for one in found if one in known), None)
    require(both is None, f"{where}: shards '{known.get(both or '')}' and '{shard}' both have the id '{both}'.")
    known.update(dict.fromkeys(found, shard))
