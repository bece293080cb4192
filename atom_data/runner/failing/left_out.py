"""`run --allow-failed N`: a stage finished without shards that fail, with a receipt for each that says why."""

from contextlib import ExitStack

from atom_data.graph import RowJob
from atom_data.job import Table, Work
from atom_data.runner.progress import Progress, last_line
from atom_data.runner.worker import without
from atom_data.storage.paths import join, write_errors
from atom_data.terminal.table import plural

MOST_WORDS = 500
"""Characters of the reason in a receipt; the whole message is in STAGE/failed/SHARD.json."""


def leave_out(progress: Progress) -> bool:
    """Finish a stage without its failed shards, if there are few enough; tell whether that was done.

    What stands in for a shard is an empty one, so that later stages read what there is. Only a stage can do without: of a
    pass each task looks at a part of the whole corpus, and a shard of tokens is made of several shards.
    """
    plan, job = progress.plan, progress.plan.job
    if not progress.allowed or len(progress.failures) > progress.allowed:
        return False
    if not isinstance(job, RowJob):
        progress.display.note(f"{job.name}: --allow-failed is for stages, and this is a pass: it needs every shard.")
        return False
    tasks = {task.name: task for task in plan.tasks}
    with write_errors(progress.workspace.root):
        for failure in progress.failures:
            work = Work()
            with ExitStack() as stack:
                path = join(job.name, f"{failure.shard}.parquet")
                Table(path, job.check(), progress.workspace, stack, work).open()
            why = last_line(failure.message)[:MOST_WORDS]
            receipt = without(job, tasks[failure.shard], work.outputs, progress.workspace, why)
            plan.done[failure.shard] = receipt.slim()
    names = ", ".join(sorted(failure.shard for failure in progress.failures))
    progress.display.note(
        f"{job.name}: going on without {plural(len(progress.failures), 'shard')} that failed, of "
        f"{progress.allowed:,} allowed: {names}",
        stage=job.name,
    )
    return True
