"""The options of `run`, as its help shows them."""

from enum import StrEnum
from typing import Annotated

import typer

CLUSTER = "On a cluster"


class Where(StrEnum):
    """Where a recipe runs."""

    here = "here"
    slurm = "slurm"
    ray = "ray"


class Log(StrEnum):
    """How a run speaks."""

    text = "text"
    json = "json"


Workers = Annotated[int, typer.Option("--workers", "-w", min=0, help="Worker processes; 0: one a core.")]
Retries = Annotated[
    int, typer.Option(min=0, help="Tries more for a shard whose worker died, or whose disk or store failed.")
]
StageName = Annotated[str | None, typer.Option(help="Run this stage only; what it reads must be finished.")]
Part = Annotated[
    str | None,
    typer.Option(metavar="I/N", help="Only shards I, I+N, I+2N, ... of --stage: one element of an array job."),
]
AcceptCode = Annotated[
    bool, typer.Option("--accept-code", help="Keep finished shards that another version of the code made.")
]
Accept = Annotated[bool, typer.Option("--accept", help="Go on where a pass or a card removes more than is allowed.")]
AllowFailed = Annotated[
    int,
    typer.Option(
        "--allow-failed",
        min=0,
        metavar="N",
        help="Finish a stage without up to N shards that fail: said in receipts and status, and exit code 3.",
    ),
]
CheckHashes = Annotated[
    bool,
    typer.Option("--check-hashes", help="Look at the content of finished shards, too, and make damaged ones again."),
]
Removals = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="removals/list.parquet of another folder: what is on it is not taken in, and taken down if it is here.",
    ),
]
TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over", help="Go on where a run on another machine died: one that gave no sign of life for five minutes."
    ),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace", help="Remove finished shards and make them again, however many, also those of another recipe."
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what would be made, made again and removed, why, and what that took; with --on slurm, write the scripts.",
    ),
]
LogForm = Annotated[Log, typer.Option(help="Lines for people, or JSON lines with stage and shard for programs.")]

Progress = Annotated[bool, typer.Option("--progress/--no-progress", help="Show how far each stage is while it runs.")]

On = Annotated[
    Where,
    typer.Option(
        help="Here; as Slurm arrays, one a stage; or on the Ray cluster that RAY_ADDRESS names.",
        rich_help_panel=CLUSTER,
    ),
]
Tasks = Annotated[
    int | None, typer.Option(min=1, help="At most so many elements in an array.", rich_help_panel=CLUSTER)
]
WorkersPerTask = Annotated[
    int | None, typer.Option(min=1, help="Worker processes, and cores, of an element.", rich_help_panel=CLUSTER)
]
Partition = Annotated[str | None, typer.Option(help="The partition of the cluster.", rich_help_panel=CLUSTER)]
TimeLimit = Annotated[
    str | None, typer.Option(help="The time limit of an element, as in 8:00:00.", rich_help_panel=CLUSTER)
]
Sbatch = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Any other option of sbatch; may be given again.", rich_help_panel=CLUSTER),
]
ProfilePath = Annotated[
    str | None, typer.Option(metavar="FILE", help="These settings, from a TOML file.", rich_help_panel=CLUSTER)
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="With the settings of the last submission; what is finished is kept either way.",
        rich_help_panel=CLUSTER,
    ),
]

Planned = Annotated[bool, typer.Option("--planned", hidden=True)]
RecipeSha256 = Annotated[str, typer.Option(hidden=True)]
Grace = Annotated[float, typer.Option(hidden=True)]
Requeue = Annotated[bool, typer.Option("--requeue", hidden=True)]
Close = Annotated[bool, typer.Option("--close", hidden=True)]
"""The hidden ones are what the scripts of an array say."""
