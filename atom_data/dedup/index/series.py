"""The sources of an index, one after the other, as one source."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.batch import with_columns
from atom_data.graph import RawSource
from atom_data.readers.jsonl import Jsonl
from atom_data.readers.parquet import Parquet
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace

FORMAT = 1
SKETCHES = "sketches"
COLUMNS = pa.schema([(name, pa.string()) for name in ("id", "text", "url", "date", "source", "language")])


@dataclass(frozen=True, kw_only=True)
class Source:
    """A crawl, or whatever else was added at once."""

    name: str
    files: tuple[str, ...]
    is_jsonl: bool
    shards: tuple[Shard, ...]
    """As they were when it was added: the files may go once they are sketched."""
    ids: str = "column"
    """How ids are made, as `Jsonl` and `Parquet` have it; with "file" and "row" they begin with the source's name."""

    @property
    def reads(self) -> Parquet | Jsonl:
        """The files."""
        named = None if self.ids == "column" else self.name
        kind = Jsonl if self.is_jsonl else Parquet
        return kind(*self.files, source=named, ids=self.ids)


@dataclass(frozen=True, kw_only=True)
class Series(RawSource):
    """All sources of an index, with the name of each in `source`, without the documents that were removed."""

    crawls: tuple[Source, ...]
    removed: frozenset[str]
    name: str = "series"

    def schema(self) -> pa.Schema:
        """Id, text, url, date, source, language; null where a source lacks one."""
        return COLUMNS

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """The shards of each source, after its name."""
        found = [replace(s, name=f"{source.name}--{s.name}") for source in self.crawls for s in source.shards]
        return tuple(sorted(found, key=lambda shard: shard.name))

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The file as it is; once it is gone, as it was when it was sketched."""
        receipt = workspace.receipt(SKETCHES, shard.name)
        if receipt is not None and not Path(shard.path).exists():
            return tuple(replace(item, modified=0, etag="") for item in receipt.inputs)
        source, own = self._source(shard)
        return source.reads.current(own, workspace)

    def _source(self, shard: Shard) -> tuple[Source, Shard]:
        name, _, rest = shard.name.partition("--")
        return next(source for source in self.crawls if source.name == name), replace(shard, name=rest)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield the documents of a shard that were not removed."""
        source, own = self._source(shard)
        gone = pa.array(sorted(self.removed), pa.string())
        for batch in source.reads.read(own, workspace, {*columns, "id"}, intake):
            kept = batch.filter(pc.invert(pc.is_in(batch.column("id"), gone)))
            more = {f.name: pa.nulls(kept.num_rows, f.type) for f in COLUMNS if f.name not in kept.schema.names}
            yield with_columns(kept, **more, source=pa.array([source.name] * kept.num_rows, pa.string()))

    def identity(self) -> dict[str, object]:
        """Nothing but what is in a shard decides about it: so a source more leaves the others as they are."""
        return {"series": FORMAT}
