"""A document in one folder of a run: kept with its columns, dropped with the numbers that decided it, or unread."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow.compute as pc

from atom_data.audit.answers.cards import Cards
from atom_data.audit.answers.folders import DEAD, DOCS, DROPS, Folder, Kind
from atom_data.audit.answers.keys import escaped, letter_name, url_of
from atom_data.audit.answers.rows import find_rows
from atom_data.errors import DataError
from atom_data.ledger import LEDGER
from atom_data.storage.parquet import read_parquet
from atom_data.workspace import Workspace

Outcome = Literal["kept", "dropped", "unread"]


@dataclass(frozen=True, slots=True)
class Station:
    """A stage or a folder of tokens that a document came to, and what stands there of it."""

    stage: str
    shard: str
    outcome: Outcome
    id: str
    row: int
    """In the file that it stands in: the shard, the ledger or the dead letters."""
    file: str
    """That file, relative to the output folder."""
    kind: Kind
    """Whether the folder holds texts or tokens."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """Of a document that was kept, without texts; of a record that could not be read, its place and what was said of it."""
    cards: tuple[str, ...] = ()
    """The cards of the stage, in the order in which they decide."""
    reason: str = ""
    missed: tuple[str, ...] = ()
    """What decided: `word_count is 12: min 50`, one for each rule that it failed."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """All that the card looked at or recorded."""

    @property
    def url(self) -> str:
        """Its URL, where it is known here."""
        return str(self.columns.get("url") or "")

    @property
    def source_shard(self) -> str:
        """The shard of the source; tokens have others."""
        return str(self.columns["shard"]) if self.kind == "tokens" and self.outcome == "kept" else self.shard

    @property
    def kept_instead(self) -> str:
        """Of a copy that was dropped: the id of the document that was kept."""
        found = (value for name, value in self.numbers.items() if name.endswith("copy_of") and value)
        return str(next(found, "")) if self.outcome == "dropped" else ""


def stations_in(
    workspace: Workspace, folder: Folder, shard: str, names: Mapping[str, str], cards: Cards | None = None
) -> Iterator[Station]:
    """Yield what stands in a shard of a folder of the documents that have a value in a column: {"id": ...}, {"url": ...}.

    Unread records are found by what they are called or by the URL in their bytes. Nothing where the shard has no receipt.
    """
    receipt = workspace.receipt(folder.name, shard)
    for place, item in enumerate(receipt.outputs if receipt else ()):
        path, inside = workspace.path(item.path), item.path.removeprefix(f"{folder.name}/")
        where = {column: [value] for column, value in names.items()}
        if inside.startswith(f"{DEAD}/"):
            yield from _unread(folder, shard, path, item.path, names)
        elif inside.startswith(f"{DROPS}/"):
            for number, row in find_rows(path, where):
                yield _dropped(folder, shard, number, item.path, row, cards or Cards((), {}))
        elif inside.endswith(DOCS) if folder.kind == "tokens" else place == 0:
            for number, row in find_rows(path, where):
                yield _kept(folder, shard, number, item.path, row, cards)


def _kept(folder: Folder, shard: str, number: int, file: str, row: dict[str, Any], cards: Cards | None) -> Station:
    identity = str(row.pop("id", ""))
    return Station(folder.name, shard, "kept", identity, number, file, folder.kind, row, cards.names if cards else ())


def _dropped(folder: Folder, shard: str, number: int, file: str, row: dict[str, Any], cards: Cards) -> Station:
    numbers = json.loads(row["numbers"] or "{}")
    return Station(
        stage=folder.name,
        shard=shard,
        outcome="dropped",
        id=str(row["id"]),
        row=number,
        file=file,
        kind=folder.kind,
        columns={"url": row["url"]} if row["url"] else {},
        cards=cards.names,
        reason=row["reason"],
        missed=tuple(cards.missed(rule, numbers) for rule in row["rules"] or ()),
        numbers=numbers,
    )


def _unread(folder: Folder, shard: str, path: str, file: str, names: Mapping[str, str]) -> Iterator[Station]:
    known = ("file", "position", "reason", "detail", "raw")
    wanted = {*names.values()}
    for number, row in find_rows(path, {"file": [shard]}, without=()):
        file_, position, reason, detail, raw = (row[name] for name in known)
        name, url = letter_name(file_, position), url_of(raw)
        if wanted & {name, url}:
            about: dict[str, Any] = {"url": url} if url else {}
            about |= {"position": position, "bytes_kept": len(raw or b"")}
            yield Station(folder.name, shard, "unread", name, number, file, folder.kind, about, (), reason, (detail,))


def copies_in(workspace: Workspace, folder: Folder, shard: str, kept: str, cards: Cards) -> Iterator[Station]:
    """Yield the documents that a shard's ledger says were dropped because `kept` was kept."""
    receipt, said = workspace.receipt(folder.name, shard), escaped(kept)
    for item in receipt.outputs if receipt else ():
        before = 0
        if not item.path.startswith(f"{folder.name}/{DROPS}/"):
            continue
        for batch in read_parquet(workspace.path(item.path), LEDGER.names):
            for place in pc.indices_nonzero(pc.match_substring(batch.column("numbers"), said)).to_pylist():
                (row,) = batch.slice(place, 1).to_pylist()
                station = _dropped(folder, shard, before + place, item.path, row, cards)
                if station.kept_instead == kept:
                    yield station
            before += batch.num_rows


def only(found: list[Station], where: str, identity: str) -> Station | None:
    """Return the one document of an id in a stage. DataError when two have it: stages of before passes refused that may."""
    if len(found) > 1:
        raise DataError(
            f"{where}: {len(found):,} documents have the id '{identity}'. It is unclear which is meant. "
            'Give the source ids="file" or ids="row" and run again.'
        )
    return found[0] if found else None
