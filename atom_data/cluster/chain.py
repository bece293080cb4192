"""Submitting a chain of arrays with sbatch, so that it can be continued after a failure in the middle.

OUT/cluster/submission.json is written before the first job is submitted, with the names of all, and again with each number:

    {"recipe": ..., "sha256": ..., "profile": {...}, "run": "sample-1a2b3c",
     "jobs": [{"stage": "clean", "name": "sample-1a2b3c-clean", "after": [], "parts": 8, "elements": 8,
               "array": "12", "close": "13"}]}

A number that is missing is of a job that was not submitted, or of one that Slurm took though its answer was lost: the name
tells, because it is of this submission alone.
"""

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from atom_data.cluster.asking import ask, number_of
from atom_data.errors import AtomDataError, DataError
from atom_data.graph import file_stem
from atom_data.storage.record import SUBMISSION
from atom_data.workspace import Workspace

FOLDER = "cluster"
CLOSE = "-close"
LOST = re.compile(
    r"timed? ?out|unable to contact|zero bytes|connect|communication|transport|no answer|exit code", re.IGNORECASE
)
"""How sbatch says that it does not know what became of a job (slurm_errno.h); anything else is a refusal."""
PAUSES = (0.0, 2.0, 5.0, 10.0)
"""Seconds before each look for a job whose answer was lost: a busy controller takes it up late."""


def run_name(recipe: str) -> str:
    """Return what the names of all jobs of one submission begin with: the recipe's name, and what no other one has."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(recipe).stem).strip("-") or "run"
    return f"{stem}-{secrets.token_hex(3)}"


def hand_over(workspace: Workspace, record: dict[str, Any], again: bool = False) -> None:
    """Submit the jobs of a record that have no number yet, each behind those it needs. DataError where sbatch fails.

    `again`: an earlier attempt may have submitted one whose number it never learned.
    """
    workspace.write_json(SUBMISSION, record)
    closers = {job["stage"]: job["close"] for job in record["jobs"]}
    for job in record["jobs"]:
        for part in ("array", "close"):
            if not job[part]:
                before = [closers[stage] for stage in job["after"]] if part == "array" else [job["array"]]
                known = number_of(job["name"] + ("" if part == "array" else CLOSE)) if again else ""
                job[part] = known or _submitted(workspace, record, job, part, before)
                workspace.write_json(SUBMISSION, record)
        closers[job["stage"]] = job["close"]


def _submitted(
    workspace: Workspace, record: Mapping[str, Any], job: Mapping[str, Any], part: str, after: Sequence[str]
) -> str:
    end = "" if part == "array" else CLOSE
    waits = [f"--dependency=afterok:{':'.join(after)}", "--kill-on-invalid-dep=yes"] if after else []
    script = str(workspace.local(FOLDER, f"{file_stem(job['stage'])}{end}.sh"))
    try:
        return ask("sbatch", "--parsable", *waits, script).strip().partition(";")[0]
    except DataError as error:
        found = _look_for(job["name"] + end, bool(LOST.search(str(error))))
        if found:
            return found
        what = "its array" if part == "array" else "the job that closes it"
        raise DataError(f"stage '{job['stage']}', {what}: {error} {_standing(workspace, record)}") from error


def _look_for(name: str, lost: bool) -> str:
    """Return the number of a job that Slurm may have taken, though sbatch failed."""
    for pause in PAUSES if lost else PAUSES[:1]:
        time.sleep(pause)
        try:
            found = number_of(name)
        except AtomDataError:
            continue
        if found:
            return found
    return ""


def _standing(workspace: Workspace, record: Mapping[str, Any]) -> str:
    """Say what is queued, what is not, and how to go on."""
    queued = [
        f"{job['stage']} ({', '.join(filter(None, (job['array'], job['close'])))})"
        for job in record["jobs"]
        if job["array"]
    ]
    missing = [job["stage"] for job in record["jobs"] if not job["close"]]
    if not queued:
        return "Nothing of it is queued. Fix the cause and submit again."
    return (
        f"Queued already: {', '.join(queued)}. Not queued, or not wholly: {', '.join(missing)}. Fix the cause and go on with "
        f"--resume, which hangs the rest behind them; or end them with atom-data cancel -o {workspace.root}."
    )


def is_broken(record: Mapping[str, Any]) -> bool:
    """Tell whether a submission ended in the middle of its chain."""
    return any(not job["close"] for job in record["jobs"])


def names(record: Mapping[str, Any]) -> list[str]:
    """Return the names of all jobs of a submission."""
    return [name for job in record["jobs"] if "name" in job for name in (job["name"], job["name"] + CLOSE)]


def numbers(record: Mapping[str, Any]) -> list[str]:
    """Return the numbers of all jobs of a submission, as far as they are known."""
    return [job[part] for job in record["jobs"] for part in ("array", "close") if job[part]]
