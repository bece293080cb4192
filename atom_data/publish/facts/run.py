"""What receipts, plans and the bundle of a run say: which stages hold the documents, and what each read, kept and dropped."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pyarrow.compute as pc

from atom_data.errors import ConfigError, DataError, meant
from atom_data.graph import INNER
from atom_data.publish.facts.facts import DataFile, StageFacts, Step, Takedowns, TokenFacts, Tool
from atom_data.runner.bundle.bundle import Bundle
from atom_data.runner.claims.takedowns import numbers, read_takedown
from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.storage.receipts import Receipt
from atom_data.storage.removals import LIST, REASON
from atom_data.workspace import Workspace

TABLE = ".parquet"
DOCS = ".docs.parquet"


@dataclass(slots=True)
class Job:
    """The receipts of a job, summed. Memory: about 300 bytes per shard, and a hash per input."""

    name: str
    identity: Mapping[str, Any]
    shards: int = 0
    failed: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    inputs: dict[str, int] = field(default_factory=dict)
    """Bytes by SHA-256."""
    folders: set[str] = field(default_factory=set)
    """The first folders of the paths that it read: a job of the run, where it is one."""
    tables: list[DataFile] = field(default_factory=list)
    docs: list[str] = field(default_factory=list)
    notes: Mapping[str, Any] = field(default_factory=dict)

    def add(self, receipt: Receipt) -> None:
        """Count a shard."""
        self.shards += 1
        self.failed += bool(receipt.failed)
        for name, count in (
            ("rows_in", receipt.rows_in), ("rows_out", receipt.rows_out),
            ("text_bytes", receipt.text_bytes), ("tokens", receipt.tokens),
        ):  # fmt: skip
            self.sums[name] += count
        self.dropped.update(receipt.dropped)
        self.unreadable.update(receipt.unreadable)
        self.skipped.update(receipt.skipped)
        self.notes = receipt.notes or self.notes
        for item in receipt.inputs:
            self.inputs[item.sha256 or item.path] = item.bytes
            self.folders.add(item.path.partition("/")[0])
        for output in receipt.outputs:
            if output.path.endswith(DOCS):
                self.docs.append(output.path)
            elif output.path.endswith(TABLE) and PurePosixPath(output.path).parent.as_posix() == self.name:
                name = PurePosixPath(output.path).name
                self.tables.append(DataFile(self.name, name, output.path, output.bytes, output.sha256, output.rows))

    def facts(self, there: Mapping[str, "Job"]) -> StageFacts:
        """Return what the papers say of the stage."""
        sums = self.sums
        return StageFacts(
            self.name, tuple(sorted(name for name in self.folders if name in there and name != self.name)),
            tuple(steps_of(self.identity)), self.shards, sums["rows_in"], sums["rows_out"],
            _sorted(self.dropped), _sorted(self.unreadable), _sorted(self.skipped), sums["text_bytes"], sums["tokens"],
            len(self.inputs), sum(self.inputs.values()),
            self.failed,
        )  # fmt: skip


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def read_jobs(workspace: Workspace) -> dict[str, Job]:
    """Return the jobs that count and are not inner ones of a pass, by name. DataError for a shard without a receipt."""
    found: dict[str, Job] = {}
    for folder in workspace.job_folders():
        if INNER in folder:
            continue
        plan = workspace.shard_list(folder)
        job = found[folder] = Job(folder, plan.identity if plan else {})
        for reading in workspace.receipts(folder, workspace.shard_names(folder)):
            job.add(reading.receipt or workspace.finished_receipt(folder, reading.shard))
    if not found:
        raise DataError(
            f"{workspace.root}: there is no run in it (no plan.json in any folder). Give the --output of a run."
        )
    return found


def document_stages(workspace: Workspace, jobs: Mapping[str, Job]) -> tuple[dict[str, Job], dict[str, Any]]:
    """Return the jobs whose shards are tables with a text, and the schema of each."""
    found, schemas = dict[str, Job](), dict[str, Any]()
    for name, job in jobs.items():
        if job.tables and not workspace.is_cleaned(name):
            with open_parquet(workspace.path(job.tables[0].path)) as file:
                schema = file.schema_arrow
            if "text" in schema.names and "id" in schema.names:
                found[name], schemas[name] = job, schema
    return found, schemas


def last_stages(found: Mapping[str, Job], jobs: Mapping[str, Job], asked: Sequence[str]) -> tuple[str, ...]:
    """Return the stages to publish: those asked for, or those that no other stage of documents reads.

    ConfigError for one that there is not; DataError where no stage holds documents.
    """
    for name in asked:
        if name not in found:
            there = ", ".join(found) or "none"
            raise ConfigError(
                f"--stage: '{name}' is not a stage of documents; there are {there}.{meant(name, found)} Give one of them."
            )
    if asked:
        return tuple(dict.fromkeys(asked))
    read = {folder for job in found.values() for folder in _below(job, jobs) if folder != job.name}
    last = tuple(name for name in found if name not in read)
    if not last:
        raise DataError(
            f"{', '.join(jobs)}: no stage holds documents with an id and a text. Give the --output of a run that has "
            "one; token shards alone are handed on by atom-data export."
        )
    return last


def _below(job: Job, jobs: Mapping[str, Job]) -> Iterator[str]:
    """Yield what a job reads, through the passes between."""
    waiting, seen = [job], {job.name}
    while waiting:
        for folder in sorted(waiting.pop().folders & jobs.keys() - seen):
            seen.add(folder)
            yield folder
            if not jobs[folder].sums["text_bytes"]:
                waiting.append(jobs[folder])


def token_stages(jobs: Mapping[str, Job], bundle: Bundle | None) -> tuple[TokenFacts, ...]:
    """Return what the receipts say of each token stage."""
    found = []
    for job in jobs.values():
        if job.docs or "tokenizer" in job.identity:
            files = job.identity.get("tokenizer") or ()
            name = str(files[0].get("file", "")) if isinstance(files, list) and files else ""
            sums, notes = job.sums, job.notes
            digest, size = str(notes.get("tokenizer", "")), int(notes.get("vocabulary", 0))
            found.append(TokenFacts(job.name, sums["rows_out"], sums["tokens"], digest, name, size))
    return tuple(found)


def steps_of(identity: Mapping[str, Any]) -> Iterator[Step]:
    """Yield the steps of a stage from its plan, what it reads first where that is a pass or a reader."""
    reads = identity.get("reads")
    if isinstance(reads, Mapping):
        by = reads.get("by")
        names = [reads.get("step"), by.get("step") if isinstance(by, Mapping) else None]
        yield from (Step(_short(name)) for name in names if isinstance(name, str))
    for step in identity.get("steps", ()):
        if isinstance(step, str):
            yield Step(_short(step))
        elif isinstance(step, Mapping) and "card" in step:
            yield Step(f"card {PurePosixPath(str(step['card'])).stem}", str(step.get("sha256", "")))
        elif isinstance(step, Mapping):
            yield Step(_short(str(step.get("step") or step.get("function") or "a step of the recipe's own")))


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def tools_of(bundle: Bundle | None) -> tuple[Tool, ...]:
    """Return the models, lists and cards of a run by hash, without the paths where they lay; the recipe is the first."""
    if bundle is None:
        return ()
    files = {(PurePosixPath(kept.path).name, kept.sha256): kept.bytes for kept in bundle.files}
    return tuple(Tool(name, digest, size) for (name, digest), size in files.items())


def takedowns_of(workspace: Workspace, jobs: Mapping[str, Job]) -> Takedowns:
    """Return what the receipts of takedowns say, and how many documents the list kept out."""
    receipts = [read_takedown(workspace, number) for number in numbers(workspace)]
    listed = 0
    if not workspace.is_remote and workspace.local(LIST).is_file():
        with open_parquet(workspace.path(LIST)) as file:
            listed = file.metadata.num_rows
    dropped = sum(job.dropped[REASON] for job in jobs.values())
    return Takedowns(len(receipts), sum(int(item["documents"]) for item in receipts), listed, dropped)


def source_names(workspace: Workspace, asked: Sequence[str]) -> list[str]:
    """Return the values of the column `source` of the documents to publish, sorted; none where there is no such column."""
    jobs = read_jobs(workspace)
    found, schemas = document_stages(workspace, jobs)
    names: set[str] = set()
    for stage in last_stages(found, jobs, asked):
        if "source" in schemas[stage].names:
            for file in found[stage].tables:
                for batch in read_parquet(workspace.path(file.path), ("source",)):
                    names |= {str(name) for name in pc.unique(batch.column("source")).to_pylist() if name is not None}
    return sorted(names)
