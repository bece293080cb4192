"""What a pass found on its way: its files may name what goes, and nothing of a finished run needs them.

They go as by `atom-data clean`: receipts stay, cleaned.json says so, and a run that needs one rebuilds it. Of jobs that
looked at each shard alone the other shards keep theirs.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from atom_data.storage.receipts import OutputFile, Receipt, read_receipt
from atom_data.storage.shards import Input
from atom_data.takedown.folder import Job
from atom_data.takedown.journal import FILES, Done
from atom_data.takedown.shards import Context, finish, scrubbed, with_inputs

NAME = "inner"
"""What stands for all shards of such a job."""
WHOLE = "/receipts"
"""How the receipt of a job ends the name of another of which it read everything."""


def make_inner(context: Context, job: Job) -> Done:
    """Note which files of a job within a pass go, and write receipts that name new inputs."""
    workspace = context.folder.workspace
    done = Done.read(workspace, job.name, NAME)
    if done is not None:
        return done
    done, touched = Done(job.name, NAME), {shard for _, shard in context.at}
    for receipt in context.folder.receipts(job, frozenset(job.shards)):
        new = with_inputs(_with_whole(receipt, context), context)
        is_global = any(item.path.endswith(WHOLE) for item in receipt.inputs)
        if new.inputs != receipt.inputs or is_global or receipt.shard in touched:
            for item in receipt.outputs:
                done.replaces(item, None)
        if new != receipt or scrubbed(new, context.secret) != receipt:
            finish(new, context)
            done.receipt = True
    done.write(workspace)
    return done


def _with_whole(receipt: Receipt, context: Context) -> Receipt:
    """Return a receipt of a job that read all that another made, with the hash of that as it is now."""

    def now(item: Input) -> Input:
        name = item.path.removesuffix(WHOLE)
        if name == item.path or not any(path.startswith(f"{name}/") for path in context.changed):
            return item
        job = next((one for one in context.folder.jobs if one.name == name and one.kind != "inner"), None)
        return item if job is None else _whole(item, context, job)

    return replace(receipt, inputs=tuple(map(now, receipt.inputs)))


def _whole(item: Input, context: Context, job: Job) -> Input:
    """Return all that a job made as one input, as `dedup.corpus` has it."""
    digest, size = hashlib.sha256(), 0
    for output in _outputs(context, job):
        digest.update(f"{output.path} {output.sha256}\n".encode())
        size += output.bytes
    return replace(item, bytes=size, sha256=digest.hexdigest())


def _outputs(context: Context, job: Job) -> Iterator[OutputFile]:
    for receipt in receipts_now(context, job):
        yield from receipt.outputs


def receipts_now(context: Context, job: Job) -> Iterator[Receipt]:
    """Yield the receipts of a job as they will be."""
    ready = context.folder.workspace.path(FILES)
    for receipt in context.folder.receipts(job, frozenset(job.shards)):
        yield read_receipt(ready, job.name, receipt.shard) or receipt
