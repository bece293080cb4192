"""A persistent index of near copies: crawls are added one after the other, documents removed, indices merged.

INDEX/index.json     the sources in order, what was removed, how documents are compared
INDEX/index.py       the recipe that makes the rest, so that an index runs as any recipe does, also as an array
INDEX/out/           its run: `sketches` (all that comparing takes, in place of the texts), the jobs of the pass, and
                     `kept` with the ids of the documents that stay and, in its ledger, those that are copies

An earlier source comes before a later one, whatever the texts: adding a crawl never changes what was kept of those before
it. The result is that of one pass over all sources in this order, without the documents that were removed.
"""

import re
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.dedup.copies import Copies
from atom_data.dedup.index.purge import purge
from atom_data.dedup.index.series import FORMAT, SKETCHES, Series, Source
from atom_data.dedup.near.minhash import MinHash, Sketch
from atom_data.errors import ConfigError, DataError
from atom_data.readers.open import kind_of
from atom_data.rules import keep
from atom_data.stage import Stage
from atom_data.storage.parquet import read_parquet
from atom_data.storage.receipts import read_json, receipt_path, write_json
from atom_data.storage.shards import Shard
from atom_data.workspace import Workspace

RECIPE = '''"""The index in this folder. Made by `atom-data dedup-index`; run it as an array by `atom-data run`."""

from pathlib import Path

from atom_data.dedup.index import Index


def stages():
    return Index.load(Path(__file__).parent).stages()
'''


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index as its index.json says it."""

    folder: Path
    compare: dict[str, Any]
    """The parameters of MinHash."""
    sources: tuple[Source, ...] = ()
    removed: frozenset[str] = field(default_factory=frozenset)
    memory: str = "2GB"
    purging: bool = False
    """Whether sketches may still have documents that were removed, because the command that removes them was stopped."""
    moving: bool = False
    """Whether `out` may still be that from before the last change, because the command was stopped at its very end."""

    @classmethod
    def load(cls, folder: Path) -> "Index":
        """Read an index. DataError when there is none."""
        page = read_json(str(folder / "index.json"))
        if page is None:
            raise DataError(
                f"{folder}: there is no index in it (no index.json). Make one by atom-data dedup-index add."
            )
        sources = tuple(
            Source(
                name=source["name"],
                files=tuple(source["files"]),
                is_jsonl=source["is_jsonl"],
                shards=tuple(Shard(*shard) for shard in source["shards"]),
                ids=source.get("ids", "column"),
            )
            for source in page["sources"]
        )
        known = {name: page[name] for name in ("compare", "memory", "purging")}
        moving = page.get("moving", False)
        return cls(folder=folder, sources=sources, removed=frozenset(page["removed"]), moving=moving, **known)

    def save(self) -> None:
        """Write index.json, whole or not at all, and the recipe beside it."""
        sources = [
            {
                "name": source.name,
                "files": list(source.files),
                "is_jsonl": source.is_jsonl,
                "shards": [[s.name, s.path, s.bytes, s.start, s.stop] for s in source.shards],
                **({} if source.ids == "column" else {"ids": source.ids}),
            }
            for source in self.sources
        ]
        page = {
            "format": FORMAT,
            "compare": self.compare,
            "memory": self.memory,
            "purging": self.purging,
            "sources": sources,
            **({"moving": True} if self.moving else {}),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(str(self.folder / "index.json"), {**page, "removed": sorted(self.removed)}, "index")
        recipe = self.folder / "index.py"
        if not recipe.exists() or recipe.read_text() != RECIPE:
            recipe.write_text(RECIPE)

    @property
    def workspace(self) -> Workspace:
        """The output folder of its run, to change it."""
        return Workspace(self.out, "index")

    @property
    def out(self) -> str:
        """The output folder of its run."""
        return str(self.folder / "out")

    @property
    def by(self) -> MinHash:
        """The comparison."""
        return MinHash(**self.compare, shingles="shingles")

    def stages(self) -> tuple[Stage, ...]:
        """The jobs that make it: sketches, the pass, and who stays. DataError while documents are being removed."""
        if self.purging:
            raise DataError(
                f"{self.folder}: documents were being removed. Run atom-data dedup-index remove again first."
            )
        if self.moving:
            raise DataError(
                f"{self.folder}: the last change is not yet in its place. Run atom-data dedup-index stats first."
            )
        by = self.by
        sketch = Sketch(ngram=by.ngram, bands=by.bands, rows=by.rows, seed=by.seed, unit=by.unit)
        sketches = Stage(
            name=SKETCHES,
            reads=Series(crawls=self.sources, removed=self.removed),
            steps=(sketch,),
            writes=("id", "url", "date", "source", "language", "text_bytes", "band_hashes", "shingles"),
            provenance=False,
        )
        order = tuple(source.name for source in self.sources)
        copies = Copies(of=sketches, by=self.by, keep=("source", "longest"), prefer=order, memory=self.memory)
        kept = Stage(
            name="kept",
            reads=copies,
            steps=(keep("first_near_copy"),),
            writes=("id", "url", "source"),
            allow_drop=1.0,
            provenance=False,
        )
        return (kept,)

    def asked(self, compare: Mapping[str, Any], memory: str | None) -> "Index":
        """Return the index with this memory. ConfigError when it does not compare as asked: its sketches are made so."""
        for name, value in compare.items():
            if value != getattr(self.by, name):
                raise ConfigError(
                    f"--{name.replace('_', '-')}: {value}, and {self.folder} has {getattr(self.by, name)}. An index compares "
                    "as it did when it was made: leave the option out, or make another index."
                )
        return replace(self, memory=memory or self.memory)

    def added(self, name: str, files: tuple[str, ...], ids: str = "column") -> "Index":
        """Return the index with a source more, after all others. ConfigError for a name that is taken or no name."""
        if not re.fullmatch(r"[A-Za-z0-9_.]+(-[A-Za-z0-9_.]+)*", name):
            raise ConfigError(
                f"--name: '{name}' is not a name of a source. Use letters, digits, dots and single dashes."
            )
        if any(source.name == name for source in self.sources):
            there = ", ".join(source.name for source in self.sources)
            raise ConfigError(f"--name: '{name}' is in the index already; sources there: {there}. Give another name.")
        files = tuple(str(Path(file).absolute()) if "://" not in file else file for file in files)
        is_jsonl = kind_of("dedup-index add", files, ("JSON lines", "Parquet")) == "JSON lines"
        source = Source(name=name, files=files, is_jsonl=is_jsonl, shards=(), ids=ids)
        return replace(self, sources=(*self.sources, replace(source, shards=source.reads.shards(self.workspace))))

    def count(self, ids: Collection[str]) -> Counter[str]:
        """Return how many documents with each of some ids are sketched. Reads the ids of all sketches."""
        found, wanted = Counter[str](), pa.array(sorted(ids), pa.string())
        for shard in Series(crawls=self.sources, removed=frozenset()).shards(self.workspace):
            if self.workspace.receipt(SKETCHES, shard.name) is None:
                continue
            for batch in read_parquet(f"{self.out}/{SKETCHES}/{shard.name}.parquet", ["id"]):
                column = batch.column("id")
                found.update(column.filter(pc.is_in(column, wanted)).to_pylist())
        return found

    def without(self, ids: Collection[str]) -> "Index":
        """Remove documents from the index and from every sketch, and return it; the following run decides again.

        Until all are purged the index says so, and no job runs: what a crash leaves is purged by the next command.
        """
        index = replace(self, removed=self.removed | set(ids), purging=True)
        index.save()
        for shard in Series(crawls=index.sources, removed=index.removed).shards(index.workspace):
            purge(index.workspace, shard.name, index.removed)
        index = replace(index, purging=False)
        index.save()
        return index

    def require_mergeable(self, other: "Index") -> None:
        """Raise ConfigError when the two compare differently or share the name of a source."""
        if self.by != other.by:
            raise ConfigError(
                f"{other.folder}: it compares by {other.compare}, {self.folder} by {self.compare}. Make it anew."
            )
        both = {source.name for source in self.sources} & {source.name for source in other.sources}
        if both:
            raise ConfigError(f"{other.folder}: both indices have a source '{min(both)}'. Each source must be in one.")

    def merged(self, other: "Index") -> "Index":
        """Return the index with all sources of another after its own, with their sketches copied here.

        ConfigError when the two compare differently or share the name of a source.
        """
        self.require_mergeable(other)
        for shard in Series(crawls=other.sources, removed=frozenset()).shards(other.workspace):
            if other.workspace.receipt(SKETCHES, shard.name) is None:
                raise DataError(
                    f"{other.folder}: '{shard.name}' is not sketched. Run atom-data run {other.folder}/index.py first."
                )
            for path in (f"{SKETCHES}/{shard.name}.parquet", receipt_path(SKETCHES, shard.name)):
                target = Path(self.out) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(other.out) / path, target)
        index = replace(self, sources=(*self.sources, *other.sources))
        return index.without(other.removed)


def statistics(index: Index) -> list[dict[str, Any]]:
    """Return, for each source, its documents, how many of them stay, and the bytes of its sketches."""
    lines = []
    for source in index.sources:
        line: dict[str, Any] = {
            "source": source.name,
            "shards": len(source.shards),
            "documents": 0,
            "kept": 0,
            "bytes": 0,
        }
        for shard in Series(crawls=(source,), removed=frozenset()).shards(index.workspace):
            sketch, kept = (index.workspace.receipt(name, shard.name) for name in (SKETCHES, "kept"))
            line["documents"] += sketch.rows_out if sketch else 0
            line["bytes"] += sketch.output_bytes if sketch else 0
            line["kept"] += kept.rows_out if kept else 0
        lines.append(line)
    return lines


def read_ids(path: Path) -> list[str]:
    """Return the ids in a text file, one per line. ConfigError when there are none."""
    try:
        ids = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}). Give a text file with one id a line.") from error
    if not ids:
        raise ConfigError(f"{path}: there is no id in it. Give a text file with one id a line.")
    return ids


def described(index: Index) -> str:
    """Return how an index compares, in one line."""
    return ", ".join(f"{name} {value}" for name, value in sorted(index.compare.items()))
