"""`atom-data peek`: documents that a stage kept, or dropped for a reason, and records that it could not read.

Which ones are shown is decided by a hash of their ids: the same ones each time, and not the first of the first shard.
"""

import heapq
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from atom_data.audit.answers.cards import missed
from atom_data.audit.difference import Difference, difference
from atom_data.audit.sights import kept_instead, place, texts_of
from atom_data.errors import ConfigError, DataError, meant
from atom_data.graph import Job
from atom_data.ledger import DEAD
from atom_data.rules import Keep, Rule, load_card
from atom_data.stage import Stage
from atom_data.storage.parquet import read_parquet
from atom_data.storage.receipts import Receipt
from atom_data.workspace import Workspace

LOOKED_AT = 8
"""Shards that kept documents are drawn from; of a large stage not every id is read."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One document or record as `peek` shows it."""

    id: str
    url: str = ""
    reason: str = ""
    missed: tuple[str, ...] = ()
    """What decided: `word_count is 12: min 50`, a rule each."""
    text: str = ""
    kept: str = ""
    """Of a copy: the id of the document that was kept instead."""
    difference: Difference | None = None
    """Of a copy: where its text differs from that of the kept one."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A document in a ledger."""

    shard: str
    url: str
    reason: str
    rules: tuple[str, ...]
    numbers: dict[str, Any] = field(default_factory=dict)


def peek(job: Job, workspace: Workspace, reason: str | None, count: int) -> list[Sight]:
    """Return up to `count` documents: kept ones, or those dropped or unreadable for `reason`.

    A reason is `card.rule`, a card's name, a rule's name alone, or that of dead letters (`jsonl.bad_json`). The text of a
    dropped document is rebuilt from its source by the steps before the card that dropped it. Memory: `count` documents
    and the ids of a shard. ConfigError for a pass and for a reason that nothing was dropped for.
    """
    if not isinstance(job, Stage):
        raise ConfigError(
            f"'{job.name}' is not a stage but a pass: it keeps every document. Peek into a stage that reads it."
        )
    receipts = list(_receipts(job, workspace))
    if reason is None:
        return _kept(receipts, workspace, count)
    found = _dropped(job, receipts, workspace, reason, count) or _dead(job, receipts, workspace, reason, count)
    if not found:
        seen = sorted({name for receipt in receipts for name in (*receipt.dropped, *receipt.unreadable)})
        raise ConfigError(
            f"{job.name}: nothing was dropped for '{reason}'; reasons there: {', '.join(seen) or 'none'}.{meant(reason, seen)}"
        )
    return found


def stage_with(reason: str, jobs: Iterable[Job], workspace: Workspace) -> str | None:
    """Return the first stage that dropped or could not read something for a reason; None where none did."""
    for job in jobs:
        if isinstance(job, Stage) and workspace.shard_list(job.name) is not None:
            for receipt in _receipts(job, workspace):
                if any(_matches(name, reason) for name in (*receipt.dropped, *receipt.unreadable)):
                    return job.name
    return None


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


def _kept(receipts: list[Receipt], workspace: Workspace, count: int) -> list[Sight]:
    some = heapq.nsmallest(LOOKED_AT, (r for r in receipts if r.rows_out), key=lambda receipt: place(receipt.shard))
    paths = [workspace.path(receipt.outputs[0].path) for receipt in some]
    ids = ((place(row["id"]), number, row["id"]) for number, path in enumerate(paths) for row in _rows(path, ("id",)))
    chosen: dict[int, list[str]] = {}
    order = heapq.nsmallest(count, ids)
    for _, number, identity in order:
        chosen.setdefault(number, []).append(identity)
    found = {}
    for number, wanted in chosen.items():
        for row in _rows(paths[number], ("id", "url", "text"), wanted):
            found[number, row["id"]] = Sight(row["id"], row.get("url") or "", text=row.get("text") or "")
    return [found[number, identity] for _, number, identity in order]


def _rows(path: str, columns: Collection[str], wanted: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    for batch in read_parquet(path, columns, batch_bytes=1 << 20):
        yield from (row for row in batch.to_pylist() if wanted is None or row["id"] in wanted)


def _dropped(stage: Stage, receipts: list[Receipt], workspace: Workspace, reason: str, count: int) -> list[Sight]:
    lines = ((place(identity), identity, line) for identity, line in _ledger(stage, receipts, workspace, reason))
    chosen = {identity: line for _, identity, line in heapq.nsmallest(count, lines, key=lambda item: item[:2])}
    shards = {shard.name: shard for shard in stage.reads.shards(workspace)}
    texts: dict[str, str] = {}
    for name in dict.fromkeys(line.shard for line in chosen.values()):
        if name in shards:
            wanted = {identity: line.url for identity, line in chosen.items() if line.shard == name}
            texts.update(texts_of(stage, shards[name], workspace, wanted))
    rules = _rules(stage)
    return [
        _sight(identity, line, texts.get(identity, ""), rules, receipts, workspace) for identity, line in chosen.items()
    ]


def _ledger(stage: Stage, receipts: list[Receipt], workspace: Workspace, reason: str) -> Iterator[tuple[str, _Line]]:
    for receipt in receipts:
        if any(_matches(name, reason) for name in receipt.dropped):
            path = workspace.path(stage.name, "drops", f"{receipt.shard}.parquet")
            for row in _rows(path, ("id", "url", "reason", "rules", "numbers")):
                if _matches(row["reason"], reason):
                    numbers = json.loads(row["numbers"] or "{}")
                    yield row["id"], _Line(receipt.shard, row["url"] or "", row["reason"], tuple(row["rules"]), numbers)


def _matches(name: str, reason: str) -> bool:
    return name == reason or name.startswith(f"{reason}.") or name.endswith(f".{reason}")


def _rules(stage: Stage) -> dict[str, Rule]:
    """Return every rule of the stage's cards by its full name."""
    cards = [load_card(step.card, step.folder) for step in stage.steps if isinstance(step, Keep)]
    return {f"{card.name}.{rule.reason}": rule for card in cards for rule in card.rules}


def _sight(
    identity: str,
    line: _Line,
    text: str,
    rules: dict[str, Rule],
    receipts: list[Receipt],
    workspace: Workspace,
) -> Sight:
    said = tuple(missed(rules[rule], line.numbers) if rule in rules else rule for rule in line.rules)
    kept = kept_instead(line.numbers)
    other = _text_of(kept, receipts, workspace) if kept else None
    return Sight(
        identity, line.url, line.reason, said, text, kept, difference(other, text) if other is not None else None
    )


def _text_of(identity: str, receipts: list[Receipt], workspace: Workspace) -> str | None:
    """Return the text of a document that the stage kept. Reads the ids of its shards until it is found."""
    for receipt in receipts:
        path = workspace.path(receipt.outputs[0].path)
        for row in _rows(path, ("id", "text"), {identity}):
            return row.get("text") or ""
    return None


def _dead(stage: Stage, receipts: list[Receipt], workspace: Workspace, reason: str, count: int) -> list[Sight]:
    letters = (
        (
            place(f"{row['file']}:{row['position']}"),
            row["file"],
            row["position"],
            row["detail"],
            row["raw"],
            row["reason"],
        )
        for receipt in receipts
        if any(_matches(name, reason) for name in receipt.unreadable)
        for batch in read_parquet(workspace.path(stage.name, "dead", f"{receipt.shard}.parquet"), DEAD.names)
        for row in batch.to_pylist()
        if _matches(row["reason"], reason)
    )
    return [
        Sight(f"{file} at {position:,}", reason=name, missed=(detail,), text=(raw or b"").decode("utf-8", "replace"))
        for _, file, position, detail, raw, name in heapq.nsmallest(count, letters, key=lambda item: item[:3])
    ]
