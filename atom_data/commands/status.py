"""`status`: how far a run has come."""

import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from atom_data.cluster.metrics import write_metrics
from atom_data.cluster.slurm import in_queue, submission
from atom_data.commands.screen import AsJson, Jobs, Run, RunOutput, Set, console, load, require_folder, run_of
from atom_data.runner.claims.files import others_at_work
from atom_data.status.status import JobStatus, job_status
from atom_data.status.table import as_json, print_status, remarks, status_lines
from atom_data.storage.made import refuse_file
from atom_data.workspace import Workspace


def status(
    run: Run,
    output: RunOutput = None,
    given: Set = None,
    jobs: Jobs = False,
    as_text: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Repeat until no run is at work there or queued.")] = False,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds between updates, with --watch.")] = 5.0,
    metrics: Annotated[
        str | None, typer.Option(metavar="FILE", help="Also write the figures as OpenMetrics text.")
    ] = None,
) -> None:
    """Show how far a run has come: documents in, kept and dropped by reason, bytes, tokens, time, speed.

    A pass is one line, with what all its jobs took; --jobs shows each. It reads receipts, and asks Slurm where arrays were
    submitted, so it works from any machine that sees the folder.
    """
    recipe, output = run_of(run, output)
    require_folder(output)
    workspace, screen = Workspace(output), console()
    loaded = load(recipe, workspace, given)
    if metrics:
        refuse_file(Path(metrics), "--metrics")
    before: dict[str, JobStatus] = {}

    def look() -> tuple[list[JobStatus], bool]:
        record = submission(workspace)
        queue = in_queue(workspace) if record else {}
        statuses = [job_status(job, workspace, record, queue, before.get(job.name)) for job in loaded.jobs]
        before.update({status.name: status for status in statuses})
        if metrics:
            write_metrics(metrics, statuses, f"status-{os.getpid()}")
        return statuses, bool(queue) or bool(others_at_work(workspace))

    statuses, busy = look()
    if watch and not as_text:
        with Live(console=screen, auto_refresh=False, transient=True) as live:  # the last table is printed below
            while busy:
                lines = [*status_lines(statuses, screen.width, jobs), *remarks(statuses, workspace)]
                live.update(Text.from_markup("\n".join(lines)), refresh=True)
                time.sleep(seconds)
                statuses, busy = look()
    if as_text:
        typer.echo(json.dumps(as_json(statuses), indent=1))
        return
    print_status(statuses, workspace, screen, jobs)
