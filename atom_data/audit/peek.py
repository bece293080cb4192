"""`atom-data peek`: documents that a stage kept, or dropped for one reason, with the beginning of their text."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from atom_data.errors import ConfigError, DataError
from atom_data.graph import Job
from atom_data.rules import Keep
from atom_data.stage import Stage
from atom_data.storage.parquet import read_parquet
from atom_data.storage.receipts import Receipt
from atom_data.storage.shards import Intake, Shard
from atom_data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Sight:
    """One document as `peek` shows it."""

    id: str
    url: str
    reason: str
    numbers: str
    text: str


def peek(job: Job, workspace: Workspace, reason: str | None, count: int) -> list[Sight]:
    """Return up to `count` documents: kept ones, or those dropped for `reason` (`card.reason`, or a card's name).

    The text of a dropped document is made again from its source by the steps before the card that dropped it.
    """
    if not isinstance(job, Stage):
        raise ConfigError(
            f"'{job.name}' is no stage but a pass: it keeps every document. Peek into a stage that reads it."
        )
    if reason is None:
        return list(itertools.islice(_kept(job, workspace), count))
    found = list(itertools.islice(_dropped(job, workspace, reason), count))
    if not found:
        seen = sorted({name for receipt in _receipts(job, workspace) for name in receipt.dropped})
        raise ConfigError(
            f"{job.name}: nothing was dropped for '{reason}'; reasons there: {', '.join(seen) or 'none'}."
        )
    return found


def _receipts(job: Job, workspace: Workspace) -> Iterator[Receipt]:
    plan = workspace.shard_list(job.name)
    if plan is None:
        raise DataError(
            f"{workspace.root}: stage '{job.name}' has not begun there. Run the recipe first, or give its --output."
        )
    for shard in plan.shards:
        receipt = workspace.receipt(job.name, shard)
        if receipt is not None:
            yield receipt


def _kept(stage: Stage, workspace: Workspace) -> Iterator[Sight]:
    for receipt in _receipts(stage, workspace):
        for batch in read_parquet(workspace.path(receipt.outputs[0].path), ("id", "url", "text"), batch_bytes=1 << 20):
            for row in batch.to_pylist():
                yield Sight(row["id"], row.get("url") or "", "", "", row.get("text") or "")


def _dropped(stage: Stage, workspace: Workspace, reason: str) -> Iterator[Sight]:
    shards = {shard.name: shard for shard in stage.reads.shards(workspace)}
    for receipt in _receipts(stage, workspace):
        if not any(_matches(name, reason) for name in receipt.dropped) or receipt.shard not in shards:
            continue
        path = workspace.path(stage.name, "drops", f"{receipt.shard}.parquet")
        lines = {}
        for batch in read_parquet(path, ("id", "url", "reason", "numbers")):
            lines.update({row["id"]: row for row in batch.to_pylist() if _matches(row["reason"], reason)})
        for identity, text in _texts(stage, shards[receipt.shard], workspace, set(lines)):
            line = lines[identity]
            yield Sight(identity, line["url"] or "", line["reason"], line["numbers"], text)


def _matches(name: str, reason: str) -> bool:
    return name == reason or name.startswith(f"{reason}.")


def _texts(stage: Stage, shard: Shard, workspace: Workspace, wanted: set[str]) -> Iterator[tuple[str, str]]:
    columns = {*stage.needed(), "id", "text"}
    for batch in stage.reads.read(shard, workspace, columns, Intake(reject=lambda *_: None)):
        rows = [row for row, identity in enumerate(batch.column("id").to_pylist()) if identity in wanted]
        if not rows:
            continue
        some = batch.take(rows)
        for step in stage.steps:
            if "text" in some.schema.names:
                break
            if not isinstance(step, Keep):
                some = step(some)
        texts = some.column("text").to_pylist() if "text" in some.schema.names else [""] * some.num_rows
        yield from zip(some.column("id").to_pylist(), (text or "" for text in texts), strict=True)
