"""Which documents go: by what is asked, by their URLs, and as copies of others that go."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import DataError
from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.receipts import Receipt
from atom_data.storage.removals import domains_above, plain_url
from atom_data.takedown.asked import Asked
from atom_data.takedown.clusters import copies_of
from atom_data.takedown.folder import Folder, data_file, ledger_file

ASKED, SAME_URL, COPY, TEXT = "asked", "same url", "copy", "holds the text"
_START = r"^(?:[A-Za-z][A-Za-z0-9+.\-]*://)?(?:www\.)?"

Note = Callable[[str], None]


@dataclass(slots=True)
class Document:
    """A document that goes."""

    id: str
    url: str | None
    why: str
    job: str
    shard: str
    """Where it was found: a stage that reads files, and its shard."""


@dataclass(slots=True)
class Found:
    """What a search came to. Memory: about 500 bytes per document that goes."""

    documents: dict[str, Document] = field(default_factory=dict)
    looked_at: int = 0
    """Documents in all that were read from files."""
    nowhere: list[str] = field(default_factory=list)
    """What was asked for and is in no file: ids, domains and beginnings of URLs."""

    @property
    def ids(self) -> pa.Array:
        """The ids, sorted."""
        return pa.array(sorted(self.documents), pa.string())


def search(folder: Folder, asked: Asked, workers: int, note: Note = lambda said: None) -> Found:
    """Find what goes. It reads ids and URLs of all documents, once or a few times, and texts where these are asked for.

    Where copies leave too (`asked.copies`), so do other documents of the same URLs: the removal list names them all.
    """
    found, leave = Found(), asked.copies == "leave"
    ids, urls = set(asked.ids), {plain_url(url) for url in asked.urls}
    texts = _by_text(folder, asked, workers) if asked.matching else set()
    first, why = True, dict.fromkeys(texts, TEXT)
    ids |= texts
    looked_for = set(urls)
    while first or ids or urls:
        note(f"looking for {len(ids):,} ids and {len(urls):,} URLs")
        match = partial(_match, asked if first else Asked(), pa.array(sorted(ids), pa.string()), sorted(urls))
        new = _scan(folder, match, found, workers, first, why)
        ids, urls, first = set(), set(), False
        if leave and new:
            urls = {plain_url(one.url) for one in new if one.url} - looked_for
            looked_for |= urls
            ids = copies_of(folder, [one.id for one in new], workers) - set(found.documents)
            why = dict.fromkeys(ids, COPY)
    found.nowhere = _nowhere(asked, found)
    return found


def _nowhere(asked: Asked, found: Found) -> list[str]:
    """Return which ids, domains and beginnings of URLs have no document."""
    urls = {one.url for one in found.documents.values() if one.url}
    plain = {plain_url(url) for url in urls}
    domains = {domain for url in urls for domain in domains_above(url)} if asked.domains else set()
    missing = [
        one for one in asked.ids if one not in found.documents and not ("://" in one and plain_url(one) in plain)
    ]
    missing += [one for one in asked.domains if one not in domains]
    starts = [(one, re.sub(_START, "", one)) for one in asked.prefixes]
    missing += [one for one, start in starts if not any(re.sub(_START, "", url).startswith(start) for url in urls)]
    return sorted(missing)


def _scan(
    folder: Folder,
    match: Callable[[pa.RecordBatch], pa.Array],
    found: Found,
    workers: int,
    first: bool,
    why: dict[str, str],
) -> list[Document]:
    """Look at all documents; add those that match and were not found yet, and return them."""
    new: list[Document] = []
    for receipt, count, hits in _each(folder, match, workers):
        found.looked_at += count if first else 0
        for identity, url in hits:
            if identity is not None and identity not in found.documents:
                reason = why.get(identity, ASKED if first else SAME_URL)
                document = Document(identity, url, reason, receipt.stage, receipt.shard)
                found.documents[identity] = document
                new.append(document)
    return new


Hits = list[tuple[str | None, str | None]]


def _each(
    folder: Folder, match: Callable[[pa.RecordBatch], pa.Array], workers: int
) -> Iterator[tuple[Receipt, int, Hits]]:
    """Yield, for each shard of the stages that read files, its documents in all, and those that match."""

    def look(receipt: Receipt) -> tuple[Receipt, int, Hits]:
        count, hits = 0, Hits()
        for item in (data_file(receipt), ledger_file(receipt)):
            for batch in read_parquet(folder.workspace.path(item.path), ("id", "url")) if item else ():
                count += batch.num_rows
                rows = batch.filter(match(batch))
                urls = rows.column("url") if "url" in rows.schema.names else pa.nulls(rows.num_rows)
                hits += zip(rows.column("id").to_pylist(), urls.to_pylist(), strict=True)
        return receipt, count, hits

    with ThreadPoolExecutor(workers) as pool:
        for job in folder.first:
            yield from pool.map(look, folder.receipts(job, frozenset(job.shards)))


def _match(asked: Asked, ids: pa.Array, urls: Sequence[str], batch: pa.RecordBatch) -> pa.Array:
    """Tell of each row whether it goes."""
    own = pc.fill_null(pc.is_in(batch.column("id"), ids), False)
    if "url" not in batch.schema.names or not pa.types.is_string(batch.column("url").type):
        return pc.or_(own, _by_list(asked, batch, None))
    column = batch.column("url")
    found = [own, _by_list(asked, batch, column)]
    if urls:
        found.append(pc.is_in(plain_urls(column), pa.array(urls, pa.string())))
    if asked.prefixes:
        started = pc.replace_substring_regex(column, _START, "")
        found += [
            pc.starts_with(started, pc.replace_substring_regex(pa.scalar(one), _START, "").as_py())
            for one in asked.prefixes
        ]
    found += [_by_domain(column, one) for one in asked.domains]
    whole = found[0]
    for one in found[1:]:
        whole = pc.or_(whole, pc.fill_null(one, False))
    return whole


def plain_urls(urls: pa.Array) -> pa.Array:
    """Return URLs as `storage.removals.plain_url` has them."""
    found = pc.replace_substring_regex(urls, _START, "")
    return pc.replace_substring_regex(pc.replace_substring_regex(found, r"(?s)#.*", ""), r"/+$", "")


def _by_domain(urls: pa.Array, domain: str) -> pa.Array:
    """Tell which URLs are of a domain: those that hold its name, or letters that DNS writes in another way, are few."""
    named = pc.or_(pc.match_substring(urls, domain, ignore_case=True), pc.match_substring_regex(urls, r"[^\x00-\x7f]"))
    some = np.flatnonzero(pc.fill_null(named, False).to_numpy(False))
    hits = np.zeros(len(urls), np.bool_)
    hits[[row for row in some.tolist() if domain in domains_above(urls[row].as_py())]] = True
    return pa.array(hits)


def _by_list(asked: Asked, batch: pa.RecordBatch, urls: pa.Array | None) -> pa.Array:
    if not asked.removals:
        return pa.array(np.zeros(batch.num_rows, np.bool_))
    return pa.array([name is not None for name in asked.removals.removed(batch.column("id"), urls)], pa.bool_())


def _by_text(folder: Folder, asked: Asked, workers: int) -> set[str]:
    """Return the ids of documents that hold one of the texts, in whatever stage. It reads all texts."""

    def look(receipt: Receipt) -> set[str]:
        item, ids = data_file(receipt), set[str]()
        path = folder.workspace.path(item.path) if item else ""
        if item is None or "text" not in open_parquet(path).schema_arrow.names:
            return ids
        for batch in read_parquet(path, ("id", "text")):
            for text in asked.matching:
                hit = pc.fill_null(pc.match_substring(batch.column("text"), text), False)
                ids.update(batch.column("id").filter(hit).to_pylist())
        return ids

    found: set[str] = set()
    with ThreadPoolExecutor(workers) as pool:
        for job in folder.jobs:
            if job.kind == "stage":
                found.update(*pool.map(look, folder.receipts(job, frozenset(job.shards))))
    return found


def refuse_many(folder: Folder, found: Found, accept: bool) -> None:
    """Refuse to remove more than half of all documents, unless a person accepts it. DataError says the count."""
    count = len(found.documents)
    if count * 2 > found.looked_at and not accept:
        raise DataError(
            f"{folder.workspace.root}: {count:,} of {found.looked_at:,} documents would go, more than half. Look at them with "
            "--dry-run; --accept removes them."
        )
