"""A split of a data set as documents: of a folder, or of the Hugging Face Hub."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.graph import RawSource, Source
from atom_data.readers.fields.mapping import Field, checked, said
from atom_data.readers.files import files_below
from atom_data.readers.hub.card import DEFAULT, Card, choose, read_card
from atom_data.readers.jsonl import Jsonl
from atom_data.readers.open import kind_of
from atom_data.readers.parquet import Parquet
from atom_data.readers.plain_text import Text
from atom_data.readers.tables.tables import Tables
from atom_data.storage.paths import is_remote, plain, read_bytes
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.storage.web.hub import hub_info, hub_place
from atom_data.workspace import Workspace

PAGE = "README.md"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a data set has of a split."""

    files: tuple[str, ...]
    revision: str | None
    """The commit; None of a folder."""
    license: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDataset(RawSource):
    """A split of a data set: a folder, or `hf://datasets/OWNER/NAME@REVISION` on the Hugging Face Hub.

    Which files belong to `config` and `split` says the YAML of its README.md, else their names (`train`, `validation`, `test`).
    They are read as `Parquet`, `Jsonl`, `Tables` or `Text` does, by their ending, with these columns, rejected records and
    errors; all of a split have one format. Of the hub one commit is read: name it after `@`, because a branch
    moves on. Receipts have `dataset` in their notes: configuration, split, commit, license.

    Errors: ConfigError for a configuration or split that there is not, with those there are, and for a page whose YAML is broken;
    DataError where the hub does not answer. The hub needs the extra `hub`, and HF_ENDPOINT names another one. Memory: as the source
    of the format.
    """

    path: str
    config: str = DEFAULT
    split: str = "train"
    source: str = "hub"
    text: Field = "text"
    id: str = "id"
    url: str = "url"
    date: str = "date"
    ids: str = "file"
    """How ids are made: as in `Parquet`; `file` by default, because splits seldom have any."""

    def __post_init__(self) -> None:
        """Check the address and the text."""
        object.__setattr__(self, "text", checked("HubDataset", self.text))
        if is_remote(self.path) and not self.path.startswith("hf://datasets/"):
            raise ConfigError(
                f"HubDataset: path is {self.path}; it is a folder, or hf://datasets/OWNER/NAME@REVISION. Give one."
            )

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source

    def schema(self) -> pa.Schema:
        """Columns and types of the files."""
        return self._inner().schema()

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        """Those of the files."""
        return self._inner().shards(workspace)

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The file as it is now."""
        return self._inner().current(shard, workspace)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield what the source of the format yields."""
        chosen = self._chosen()
        intake.notes["dataset"] = {
            "config": self.config,
            "split": self.split,
            "revision": chosen.revision,
            "license": chosen.license,
        }
        yield from self._inner().read(shard, workspace, columns, intake)

    def _chosen(self) -> Chosen:
        if is_remote(self.path):
            return _of_the_hub(self.path, self.config, self.split)
        return _of_a_folder(self.path, self.config, self.split)

    def _inner(self) -> Source:
        files = self._chosen().files
        kind = kind_of(f"{self.path}, split '{self.split}'", files, ("Parquet", "JSON lines", "tables", "text"))
        if kind == "text":
            return Text(*files, source=self.source)
        source: type[Parquet | Jsonl | Tables] = {"Parquet": Parquet, "JSON lines": Jsonl}.get(kind, Tables)
        return source(
            *files, source=self.source, text=self.text, id=self.id, url=self.url, date=self.date, ids=self.ids
        )

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        fields = {"text": said(self.text), "id": self.id, "url": self.url, "date": self.date}
        return {
            "reads": "hub_dataset",
            "source": self.source,
            "config": self.config,
            "split": self.split,
            "fields": fields,
            "ids": self.ids,
        }


@lru_cache(maxsize=64)
def _of_the_hub(path: str, config: str, split: str) -> Chosen:
    place = hub_place(path.rstrip("/"))
    info = hub_info(place.repository, place.revision)
    below = f"{place.path.strip('/')}/" if place.path else ""
    names = [name.removeprefix(below) for name in info.files if name.startswith(below)]
    card = Card(None, {})
    if PAGE in names:
        address = place.at(info.commit, below + PAGE)
        card = read_card(read_bytes(address).decode("utf-8", "replace"), address)
    files = choose(card, names, config, split, path)
    return Chosen(tuple(place.at(info.commit, below + name) for name in files), info.commit, card.license)


def _of_a_folder(path: str, config: str, split: str) -> Chosen:
    folder = Path(plain(path))
    if not folder.is_dir():
        raise ConfigError(
            f"{path}: is not a folder. Give the folder of a data set, or hf://datasets/OWNER/NAME@REVISION."
        )
    names = [name.removeprefix(f"{folder}/") for name in files_below(str(folder))]
    page = folder / PAGE
    card = read_card(page.read_text("utf-8", "replace"), str(page)) if page.is_file() else Card(None, {})
    return Chosen(tuple(f"{folder}/{name}" for name in choose(card, names, config, split, path)), None, card.license)
