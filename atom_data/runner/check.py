"""What `check` looks at before a run: every fault of a recipe in one round, and the first file of each source."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from atom_data.batch import PROVENANCE
from atom_data.errors import AtomDataError, ConfigError, MissingColumn
from atom_data.graph import Job, RowJob, Source, is_stage, raw_sources, stage_of
from atom_data.runner.recipe import Recipe
from atom_data.storage.shards import Intake, Shard
from atom_data.workspace import Workspace


def faults_of(recipe: Recipe) -> list[ConfigError]:
    """Try every job on zero rows and return all that is wrong; what reads a job that cannot work is not tried."""
    found: list[ConfigError] = []
    broken: set[str] = set()
    for job in recipe.jobs:
        if any(before.name in broken for before in job.upstream()):
            broken.add(job.name)
            continue
        faults = _faults(job)
        if faults:
            broken.add(job.name)
            found += faults
    return found


def _faults(job: Job) -> list[ConfigError]:
    if isinstance(job, RowJob):  # it knows all its faults
        return job.faults()
    try:
        job.check()
    except ConfigError as error:
        return [error]
    return []


def require_no_faults(recipe: Recipe) -> None:
    """Raise one ConfigError with all that is wrong with a recipe, a line each."""
    found = faults_of(recipe)
    if len(found) == 1:
        raise found[0]
    if found:
        columns = tuple(name for error in found if isinstance(error, MissingColumn) for name in error.columns)
        raise MissingColumn("\n".join(map(str, found)), tuple(dict.fromkeys(columns)))


def first_files(recipe: Recipe) -> tuple[list[str], list[str]]:
    """Return a sentence on the first file of each source: how many rows its first batch has, and what is in them.

    The second list has those of the sources that have nothing to read. A source whose first file cannot be read says so in
    the first one. Memory and time: a batch of each source.
    """
    said, nothing = list[str](), list[str]()
    for source in raw_sources(recipe.nodes):
        try:
            shards = source.shards(Workspace(""))
        except ConfigError as error:
            nothing.append(f"{source.name}: {error}")
        except AtomDataError as error:
            said.append(f"{source.name}: {error}")
        else:
            if shards:
                said.append(_first_file(source, shards))
            else:
                nothing.append(f"{source.name}: there is no shard to read. Check the paths in the recipe.")
    return said, nothing


def _first_file(source: Source, shards: Sequence[Shard]) -> str:
    workspace, dead, first = Workspace(""), list[str](), shards[0]
    try:
        intake = Intake(reject=lambda reason, position, detail, raw: dead.append(f"{reason}: {detail}"))
        batch = next(iter(source.read(first, workspace, source.schema().names, intake)), None)
    except AtomDataError as error:
        return f"{source.name}: {error}"
    more = f" of {len(shards):,} shards" if len(shards) > 1 else ""
    where = f"{source.name}: {first.name}{more}"
    unread = f"; {len(dead):,} unreadable (the first: {dead[0]})" if dead else ""
    if batch is None:
        return f"{where} has no row{unread}"
    null = [name for name in batch.schema.names if batch.num_rows and batch.column(name).null_count == batch.num_rows]
    empty = f"; without a value: {', '.join(null)}" if null else ""
    rows = f"{batch.num_rows:,} row{'s' if batch.num_rows != 1 else ''}"
    return f"{where}: {rows} in the first batch{unread}{empty}"


def address_said(job: Job, written: pa.Schema) -> str:
    """Say which columns of provenance a stage drops, where its documents have no address afterwards; else nothing.

    An address is a url, or a file and the offset or row in it.
    """
    if not isinstance(job, RowJob) or _has_address(written.names):
        return ""
    before = job.reads.schema().names
    dropped = [name for name in PROVENANCE if name in before and name not in written.names]
    if not _has_address(before):
        return (
            ""
            if is_stage(job.reads)
            else f"{job.name}: no address: its source has neither url nor file with offset or row"
        )
    return (
        f"{job.name}: no address: it drops {', '.join(dropped)}, so that nothing leads from a token to its document's source. "
        "Leave provenance=False out, or write them."
    )


def _has_address(names: Collection[str]) -> bool:
    return "url" in names or ("file" in names and ("offset" in names or "row" in names))


def added(found: Source) -> list[pa.Field]:
    """Return the columns that a pass adds to what it reads."""
    before = {name for source in found.sources() for name in source.schema().names}
    return [field for field in found.schema() if field.name not in before]


def as_values(made: Mapping[str, pa.Schema], passes: Mapping[str, Source]) -> list[dict[str, Any]]:
    """Return the columns of each stage, those that each pass adds, and its jobs, as plain values."""
    found: dict[str, dict[str, Any]] = {}
    for name, schema in made.items():
        stage = found.setdefault(stage_of(name), {"stage": stage_of(name)})
        if name in passes:
            stage["adds"] = {field.name: str(field.type) for field in added(passes[name])}
        if name == stage["stage"] and name not in passes:
            stage["columns"] = {field.name: str(field.type) for field in schema}
        else:
            stage.setdefault("jobs", []).append(name)
    return list(found.values())
