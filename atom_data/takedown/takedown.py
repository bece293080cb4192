"""Taking documents out of a folder: decided first and written down, made beside what is there, then put in its place.

    1. search       what goes, with its copies; the journal is written
    2. make         the new files of every shard that holds some of it, each noted when it lies ready
    3. put          all are renamed into their places, what no one needs goes, exports are rebuilt

A takedown that is killed goes on with the next call. Until the third step the corpus is as it was.
"""

import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pyarrow as pa

from atom_data.errors import ConfigError
from atom_data.ledger import removals_in
from atom_data.runner.claims.takedowns import numbers
from atom_data.storage.manifest import manifest_path, manifest_row, write_manifest
from atom_data.storage.paths import PARTIAL
from atom_data.storage.receipts import Receipt
from atom_data.storage.removals import (
    BEGUN,
    FOLDER as REMOVALS,
    KEY_BYTES,
    LIST,
    Removals,
    entry,
    joined,
    name_of,
    read_removals,
    write_removals,
)
from atom_data.takedown import chain
from atom_data.takedown.asked import Asked
from atom_data.takedown.clusters import patches_of
from atom_data.takedown.folder import Folder, Job
from atom_data.takedown.inner import make_inner, receipts_now
from atom_data.takedown.journal import FILES, READY, Done, Journal
from atom_data.takedown.passages import join_passages
from atom_data.takedown.put import Put, put
from atom_data.takedown.search import Found, Note, refuse_many, search
from atom_data.takedown.shards import Context, make
from atom_data.workspace import Workspace


@dataclass(slots=True)
class Takedown:
    """What a takedown came to."""

    journal: Journal
    done: list[Done] = field(default_factory=list)
    put: Put = field(default_factory=Put)

    @property
    def documents(self) -> int:
        """Documents that went."""
        return len(self.journal.documents)


def begin(folder: Folder, asked: Asked, found: Found, workers: int) -> Journal:
    """Write down what a takedown decided. Nothing else is changed yet."""
    workspace = folder.workspace
    place = workspace.local(BEGUN)
    if place.exists():
        shutil.rmtree(place)
    documents = [[one.id, one.url, one.why, one.job, one.shard] for _, one in sorted(found.documents.items())]
    journal = Journal(
        number=len(numbers(workspace)) + 1,
        when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        asked=asked.counted(),
        reason=asked.reason,
        by=asked.by,
        copies=asked.copies,
        tokens=asked.tokens,
        documents=documents,
        nowhere=found.nowhere,
        patches=patches_of(folder, found.documents.keys(), workers),
    )
    write_removals(workspace.path(FILES, LIST), _listed(removals_in(workspace), asked, journal), workspace.token)
    journal.write(workspace)
    return journal


def _listed(before: Removals, asked: Asked, journal: Journal) -> Removals:
    """Return the removal list with all that goes: by id and URL, or by id alone where copies are promoted."""
    keys = dict(before.keys)
    if not keys and not asked.removals.keys:
        key = secrets.token_bytes(KEY_BYTES)
        keys = {name_of(key): key}
    keys |= asked.removals.keys
    key = keys[min(before.keys or keys)]
    values = [("domain", one) for one in asked.domains] + [("prefix", one) for one in asked.prefixes]
    values += [("id", one) for one in asked.ids] + [("url", one) for one in asked.urls]
    if not asked.removals:
        values += [("id", identity) for identity in journal.ids]
        values += [("url", url) for url in journal.urls] if asked.copies == "leave" else []
    new = Removals(keys, frozenset(entry(key, kind, value) for kind, value in values))
    return joined(joined(before, new), asked.removals)


def finish(folder: Folder, journal: Journal, workers: int, note: Note = lambda said: None) -> Takedown:
    """Make all new files, or those that do not lie ready yet, and put them in their places."""
    workspace = folder.workspace
    takedown = Takedown(journal)
    if workspace.read_json(READY) is None:
        context = _context(folder, journal)
        for job in folder.jobs:
            takedown.done += _make_job(context, job, workers, note)
        removals = replace(context.removals, text_bytes=_text_bytes(context, takedown.done))
        write_removals(workspace.path(FILES, LIST), removals, workspace.token)
        chain.write(workspace, journal, takedown.done, join_passages(journal, workspace))
        workspace.write_json(READY, {"jobs": [job.name for job in folder.jobs]})
    else:
        takedown.done = list(_ready(folder))
    takedown.put = put(folder, journal, takedown.done, note)
    return takedown


def _context(folder: Folder, journal: Journal) -> Context:
    at: dict[tuple[str, str], list[str]] = {}
    for identity, _, _, job, shard in journal.documents:
        at.setdefault((job, shard), []).append(identity)
    ids, values = journal.ids, journal.patches.values
    return Context(
        folder=folder,
        journal=journal,
        removals=read_removals(folder.workspace.path(FILES, LIST)),
        ids=pa.array(sorted(ids), pa.string()),
        values=values,
        patched=pa.array(sorted(values), pa.string()),
        secret=frozenset(ids | journal.urls),
        at=at,
    )


def _make_job(context: Context, job: Job, workers: int, note: Note) -> list[Done]:
    """Make the new files of a job, some shards at a time, and its manifest where it has one."""
    if job.kind == "empty":
        return []
    if job.kind == "inner":
        found = [make_inner(context, job)]
    else:
        receipts = list(_chosen(context, job))
        if receipts:
            note(f"{job.name}: {len(receipts):,} shards")
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(lambda receipt: make(context, job, receipt), receipts))
        for done, receipt in zip(found, receipts, strict=True):
            context.take(done, receipt.outputs[0].path if receipt.outputs else None)
    if any(done.receipt for done in found):
        _write_manifest(context, job)
    return found


def _chosen(context: Context, job: Job) -> Iterator[Receipt]:
    """Yield the receipts of shards that may hold something: stages keep the names of shards, others say what they read."""
    touched = {shard for _, shard in context.at}
    touched |= {shard for shards in context.journal.patches.shards.values() for shard in shards}
    for receipt in context.folder.receipts(job, frozenset(context.folder.candidates(job, touched))):
        reads = any(item.path in context.changed for item in receipt.inputs)
        dead = job.is_first and any("/dead/" in item.path for item in receipt.outputs)
        if reads or dead or receipt.shard in touched:
            yield receipt


def _write_manifest(context: Context, job: Job) -> None:
    workspace = context.folder.workspace
    before = workspace.manifest(job.name)
    if before is not None:
        rows = map(manifest_row, receipts_now(context, job))
        write_manifest(
            workspace.path(FILES, manifest_path(job.name)), before.identity, rows, workspace.token, before.failed
        )


def _text_bytes(context: Context, done: Sequence[Done]) -> dict[str, int]:
    """Return what all takedowns so far took out of each shard of a stage."""
    found, before = dict(context.removals.text_bytes), removals_in(context.folder.workspace).text_bytes
    stages = {job.name for job in context.folder.jobs if job.kind == "stage"}
    for one in done:
        if one.job in stages and one.text_bytes:
            name = f"{one.job}/{one.shard}"
            found[name] = before.get(name, 0) + one.text_bytes
    return found


def _ready(folder: Folder) -> Iterator[Done]:
    for job in folder.jobs:
        for path in sorted(folder.workspace.local(BEGUN, "done", job.name).glob("*.json")):
            done = Done.read(folder.workspace, job.name, path.stem)
            if done is not None:
                yield done


def takedown(
    workspace: Workspace, asked: Asked, workers: int, accept: bool, note: Note = lambda said: None
) -> Takedown:
    """Take down what is asked for, or go on with a takedown that was begun.

    The folder must be claimed. ConfigError where one was begun and another is asked for; DataError for more than half of
    all documents without `accept`.
    """
    folder = Folder(workspace)
    for left in workspace.local(REMOVALS).glob(f"begun.*{PARTIAL}"):
        shutil.rmtree(left)  # of one that was finished, and killed while it cleared up
    journal = Journal.read(workspace)
    if journal is not None:
        if not asked.is_empty:
            raise ConfigError(
                f"{workspace.root}: the takedown that was begun at {journal.when} is not finished. Finish it first: "
                f"atom-data takedown {workspace.root}"
            )
        return finish(folder, journal, workers, note)
    if asked.is_empty:
        raise ConfigError(
            f"takedown: nothing is asked for, and none was begun in {workspace.root}. Give --ids, --domain, --url-prefix or "
            "--matching."
        )
    found = search(folder, asked, workers, note)
    refuse_many(folder, found, accept)
    return finish(folder, begin(folder, asked, found, workers), workers, note)
