"""The options of `run`, as its help shows them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

CLUSTER = "On a cluster"


class Where(StrEnum):
    """Where a recipe runs."""

    here = "here"
    slurm = "slurm"
    ray = "ray"


class Log(StrEnum):
    """Log formats of a run."""

    text = "text"
    json = "json"


Workers = Annotated[int, typer.Option("--workers", "-w", min=0, help="Number of worker processes (0: one per core).")]
Retries = Annotated[int, typer.Option(min=0, help="Retries per shard after a worker crash or an I/O error.")]
StageName = Annotated[str | None, typer.Option(help="Run this stage only; what it reads must be finished.")]
Part = Annotated[
    str | None,
    typer.Option(metavar="I/N", help="Only shards I, I+N, I+2N, ... of --stage: one task of an array job."),
]
AcceptCode = Annotated[
    bool, typer.Option("--accept-code", help="Keep finished shards that another version of the code made.")
]
Accept = Annotated[bool, typer.Option("--accept", help="Continue when a pass or a card removes more than is allowed.")]
AllowFailed = Annotated[
    int,
    typer.Option(
        "--allow-failed",
        min=0,
        metavar="N",
        help="Finish a stage without up to N failed shards: recorded in receipts and status; exit code 3.",
    ),
]
CheckHashes = Annotated[
    bool,
    typer.Option("--check-hashes", help="Also check the content of finished shards, and rebuild damaged ones."),
]
GoneFile = Annotated[
    Path | None,
    typer.Option(
        "--gone",
        metavar="FILE",
        help="Ids and URLs that no file may name, one per line; passages of removed texts too.",
    ),
]
TokenizerFile = Annotated[
    Path | None,
    typer.Option("--tokenizer", help="With --gone: the tokenizer, if the recipe that names it cannot be loaded."),
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
        "--take-over", help="Take over from a run on another machine that has given no sign of life for five minutes."
    ),
]
Replace = Annotated[
    bool,
    typer.Option("--replace", help="Remove and rebuild finished shards, however many, also those of another recipe."),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Report what would be made, rebuilt and removed, why, and its cost so far; with --on slurm, write the scripts.",
    ),
]
LogForm = Annotated[Log, typer.Option(help="Log format: text for people, or JSON lines with stage and shard.")]

Progress = Annotated[bool, typer.Option("--progress/--no-progress", help="Show the progress of each stage.")]

On = Annotated[
    Where,
    typer.Option(
        help="Where to run: here; as Slurm arrays, one per stage; or on the Ray cluster at RAY_ADDRESS.",
        rich_help_panel=CLUSTER,
    ),
]
Tasks = Annotated[int | None, typer.Option(min=1, help="Maximum number of array tasks.", rich_help_panel=CLUSTER)]
WorkersPerTask = Annotated[
    int | None, typer.Option(min=1, help="Worker processes, and cores, per array task.", rich_help_panel=CLUSTER)
]
Partition = Annotated[str | None, typer.Option(help="The partition of the cluster.", rich_help_panel=CLUSTER)]
TimeLimit = Annotated[
    str | None, typer.Option(help="Time limit of an array task, such as 8:00:00.", rich_help_panel=CLUSTER)
]
Sbatch = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Any other option of sbatch; may be repeated.", rich_help_panel=CLUSTER),
]
ProfilePath = Annotated[
    str | None, typer.Option(metavar="FILE", help="Cluster settings from a TOML file.", rich_help_panel=CLUSTER)
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Use the settings of the last submission; finished work is kept either way.",
        rich_help_panel=CLUSTER,
    ),
]

Planned = Annotated[bool, typer.Option("--planned", hidden=True)]
RecipeSha256 = Annotated[str, typer.Option(hidden=True)]
Grace = Annotated[float, typer.Option(hidden=True)]
Requeue = Annotated[bool, typer.Option("--requeue", hidden=True)]
Close = Annotated[bool, typer.Option("--close", hidden=True)]
"""Hidden options are those of the scripts of an array."""
