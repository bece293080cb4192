"""The new files of one shard, made beside the old ones: its rows, ledger, dead letters and receipt without what goes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from atom_data.errors import DataError
from atom_data.storage.receipts import OutputFile, Receipt, write_receipt
from atom_data.storage.removals import REASON, Removals
from atom_data.storage.shards import Input
from atom_data.takedown.folder import Folder, Job, data_file, is_table, ledger_file, part_of
from atom_data.takedown.journal import FILES, Done, Journal
from atom_data.takedown.marks import loss_without, marks_without, positions_in, source_of
from atom_data.takedown.passages import note_passages
from atom_data.takedown.rows import Values, dead_without, holds, ledger_without, rows_in_ledger, without
from atom_data.takedown.tokens import Shard, token_files, tokens_without

NO_COPIES = "no copies"
"""What stands as the hash of the columns of a pass for a shard without copies, which has no file of them."""
_WORDS = re.compile(r"[^\s\"'<>,;()]+")


@dataclass(slots=True)
class Context:
    """What all shards of a takedown are written by."""

    folder: Folder
    journal: Journal
    removals: Removals
    ids: pa.Array
    values: Values
    patched: pa.Array
    """Ids of documents that stay, and of which something is said anew."""
    secret: frozenset[str]
    """Ids and URLs that no receipt may name."""
    at: Mapping[tuple[str, str], Sequence[str]]
    """The ids that were found in each shard of a stage that reads files."""
    changed: dict[str, list[Any]] = field(default_factory=dict)
    """Files that are replaced, as far as these lie ready."""
    positions: dict[str, list[int]] = field(default_factory=dict)
    """Of shards of stages, the rows that go."""

    def take(self, done: Done, path: str | None) -> None:
        """Note what lies ready, for the jobs after it."""
        self.changed |= done.files
        if done.positions and path:
            self.positions[path] = done.positions


def make(context: Context, job: Job, receipt: Receipt) -> Done:
    """Make the new files of a shard, and note them. A shard that lies ready is kept as it is."""
    workspace = context.folder.workspace
    done = Done.read(workspace, job.name, receipt.shard)
    if done is None:
        done = Done(job.name, receipt.shard)
        if job.kind == "pass":
            new = _pass(context, receipt, done)
        elif job.kind == "tokens" and token_files(receipt).get("bin"):
            new = _tokens(context, job, receipt, done)
        else:
            new = _stage(context, job, receipt, done)
        new = with_inputs(new, context)
        if done.files or new != receipt:
            done.receipt = True
            finish(new, context)
        done.write(workspace)
    return done


def finish(receipt: Receipt, context: Context) -> None:
    """Write a receipt where it waits. DataError when its numbers do not add up."""
    if receipt.rows_in != receipt.rows_out + sum(receipt.dropped.values()):
        raise DataError(
            f"{receipt.stage}/{receipt.shard}: {receipt.rows_in:,} documents in would not be {receipt.rows_out:,} out and "
            f"{sum(receipt.dropped.values()):,} dropped. Nothing was changed: look with atom-data verify first."
        )
    workspace = context.folder.workspace
    write_receipt(workspace.path(FILES), scrubbed(receipt, context.secret), workspace.token)


def _stage(context: Context, job: Job, receipt: Receipt, done: Done) -> Receipt:
    workspace, item = context.folder.workspace, data_file(receipt)
    outputs: list[OutputFile] = []
    rows_gone = 0
    if item is not None and holds(workspace.path(item.path), context.ids, context.patched):
        rest = without(item, context.ids, context.values, workspace)
        done.replaces(item, rest.file)
        note_passages(rest.texts, job.name, receipt.shard, workspace)
        done.positions, done.text_bytes, rows_gone = rest.positions, rest.text_bytes, len(rest.positions)
        outputs += [rest.file] if rest.file else []
    elif item is not None:
        outputs.append(item)
    dropped = _ledger(context, job, receipt, done, outputs)
    outputs += _dead(context, receipt, done)
    known = {"", "drops", "dead"}
    outputs += [one for one in receipt.outputs if part_of(one.path, receipt.stage) not in known]
    done.documents = rows_gone + _lines_gone(receipt, dropped)
    return replace(
        receipt,
        outputs=tuple([*outputs[:1], *sorted(outputs[1:], key=lambda one: one.path)] if item else outputs),
        rows_in=receipt.rows_in - (0 if job.is_first else done.documents),
        rows_out=receipt.rows_out - rows_gone,
        dropped=dropped,
        text_bytes=receipt.text_bytes - done.text_bytes,
    )


def _ledger(
    context: Context,
    job: Job,
    receipt: Receipt,
    done: Done,
    outputs: list[OutputFile],
    masked: Shard | None = None,
    gone_rows: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, int]:
    """Write the ledger where lines go or come; return how many documents are dropped for which reason.

    Documents that are `masked` are among the rows as before, and have no line.
    """
    workspace, item = context.folder.workspace, ledger_file(receipt)
    dropped, here = dict(receipt.dropped), context.at.get((job.name, receipt.shard), ()) if job.is_first else ()
    names = [context.removals.name(one) for one in here if masked is None or one not in masked.ids]
    there = item is not None and (bool(gone_rows) or holds(workspace.path(item.path), context.ids, context.patched))
    if not (there or names):
        outputs += [item] if item else []
        return dropped
    path = item.path if item else f"{receipt.stage}/drops/{receipt.shard}.parquet"
    rest = ledger_without(item, path, context.ids, context.values, names, workspace, gone_rows)
    done.replaces(item, rest.file)
    outputs += [rest.file] if rest.file else []
    for reason, count in rest.reasons.items():
        dropped[reason] -= count
    if names:
        dropped[REASON] = dropped.get(REASON, 0) + len(names)
    return {reason: count for reason, count in dropped.items() if count}


def _tokens(context: Context, job: Job, receipt: Receipt, done: Done) -> Receipt:
    workspace, files = context.folder.workspace, token_files(receipt)
    mask, outputs = context.journal.tokens == "mask", [files[end] for end in ("docs.parquet", "bin", "idx")]
    outputs += [files["masked"]] if "masked" in files else []
    shard, notes, ledger = None, receipt.notes, ledger_file(receipt)
    lost = rows_in_ledger(workspace.path(ledger.path), context.ids) if ledger else {}
    if lost or holds(workspace.path(files["docs.parquet"].path), context.ids, context.patched):
        shard = tokens_without(receipt, context.ids, context.values, mask, lost, workspace)
        before, outputs, notes = {one.path: one for one in outputs}, shard.files, shard.notes
        for item in shard.files:
            if before.get(item.path) != item:
                done.replaces(before.get(item.path), item)
        done.documents, done.tokens, done.text_bytes = shard.documents, shard.tokens, shard.text_bytes
    rows_gone = 0 if mask or shard is None else shard.documents
    first = list(outputs)
    dropped = _ledger(context, job, receipt, done, outputs, shard if mask else None, shard.rows if shard else {})
    outputs += _dead(context, receipt, done)
    lines = _lines_gone(receipt, dropped)
    done.documents += lines
    return replace(
        receipt,
        outputs=(*first, *sorted(outputs[len(first) :], key=lambda one: one.path)),
        rows_in=receipt.rows_in - (0 if job.is_first else rows_gone + lines),
        rows_out=receipt.rows_out - rows_gone,
        dropped=dropped,
        text_bytes=receipt.text_bytes - done.text_bytes,
        tokens=receipt.tokens - (0 if mask else done.tokens),
        notes=notes,
    )


def _lines_gone(receipt: Receipt, dropped: Mapping[str, int]) -> int:
    """Return how many lines a ledger loses: of documents that were dropped for another reason than being removed."""
    counts = (sum(count for key, count in each.items() if key != REASON) for each in (receipt.dropped, dropped))
    return next(counts) - next(counts)


def _dead(context: Context, receipt: Receipt, done: Done) -> list[OutputFile]:
    """Return the dead letters of a shard; those of documents that go lose what they say."""
    found = [item for item in receipt.outputs if part_of(item.path, receipt.stage) == "dead"]
    for place, item in enumerate(found):
        new = dead_without(item, context.removals, context.folder.workspace)
        if new is not None:
            done.replaces(item, new)
            found[place] = new
    return found


def _pass(context: Context, receipt: Receipt, done: Done) -> Receipt:
    """Write what a pass says of a shard. Its source lies ready already, or does not change."""
    workspace = context.folder.workspace
    reads = [item.path for item in receipt.inputs]
    known = [path for path in reads if path in context.positions]
    gone: Sequence[int] = context.positions[known[0]] if known else ()
    names = {one for one in receipt.outputs if is_table(one.path)}
    touched = any(holds(workspace.path(one.path), context.ids, context.patched) for one in names)
    if (not known and touched) or any(stage == receipt.shard for _, stage in context.at):
        source = source_of(receipt, _ready(context), workspace)
        gone = gone or positions_in(source.path, context.ids, workspace)
    if not (gone or touched):
        return receipt
    alone = {one.partition(" ")[2] for one in context.journal.patches.alone if one.startswith(f"{receipt.stage} ")}
    table, new = marks_without(receipt, context.ids, context.values, alone, gone, workspace)
    item = data_file(receipt)
    if item is not None:
        done.replaces(item, new)
    outputs = [new] if new else []
    loss = None
    if gone:
        source = source_of(receipt, _ready(context), workspace)
        loss = loss_without(receipt, table, source, context.ids, workspace)
    done.documents = len(gone)
    for one in receipt.outputs:
        if loss is not None and one.path == loss.path:
            done.replaces(one, loss)
            outputs.append(loss)
        elif item is None or one.path != item.path:
            outputs.append(one)
    return replace(
        receipt, outputs=tuple(outputs), rows_in=receipt.rows_in - len(gone), rows_out=receipt.rows_out - len(gone)
    )


def _ready(context: Context) -> set[str]:
    """Return the files of which new ones lie ready."""
    return {path for path, (_, after, _) in context.changed.items() if after}


def with_inputs(receipt: Receipt, context: Context) -> Receipt:
    """Return a receipt that names what it was made of as that is now."""

    def now(item: Input) -> Input:
        found = context.changed.get(item.path)
        if found is None:
            return item
        _, sha256, size = found
        return replace(item, bytes=size, sha256=sha256 or NO_COPIES)

    return replace(receipt, inputs=tuple(map(now, receipt.inputs)))


def scrubbed(receipt: Receipt, secret: frozenset[str]) -> Receipt:
    """Return a receipt whose notes and remarks name no document that goes."""

    def clean(value: Any) -> Any:  # noqa: ANN401 - plain JSON values
        if isinstance(value, str):
            return _WORDS.sub(lambda word: REASON if word[0] in secret else word[0], value)
        if isinstance(value, Mapping):
            return {clean(key): clean(item) for key, item in value.items()}
        return [clean(item) for item in value] if isinstance(value, (list, tuple)) else value

    return replace(receipt, notes=clean(receipt.notes), accepted=clean(receipt.accepted), failed=clean(receipt.failed))
