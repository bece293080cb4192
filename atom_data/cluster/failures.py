"""Why shards are missing: recorded failures, and array tasks that ended without a final log line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atom_data.cluster.chain import FOLDER
from atom_data.cluster.slurm import submission
from atom_data.errors import DataError
from atom_data.storage.receipts import read_json
from atom_data.workspace import Workspace

TAIL_BYTES = 65_536


def stage_failures(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what is recorded about every failed shard: stage, shard, message, and the log of the attempt."""
    if workspace.is_remote:
        return []
    found = []
    for path in sorted([*workspace.local().glob("*/failed/*.json"), *workspace.local().glob("*/*/failed/*.json")]):
        try:
            failure = read_json(str(path))
        except DataError:
            continue
        if failure is not None:
            found.append(failure)
    return found


def silent_ends(workspace: Workspace, queue: Mapping[str, str]) -> list[Path]:
    """Return the logs of array tasks of the last submission that left the queue without a final log line.

    That is how a process killed by the kernel, a node that went down and a time limit without warning look.
    """
    record = submission(workspace) or {"jobs": []}
    numbers = {job["array"] for job in record["jobs"]} | {job["close"] for job in record["jobs"]}
    found = []
    for path in sorted(workspace.local(FOLDER, "logs").glob("*.log")):
        name = path.stem.rpartition("-")[2]
        if name.partition("_")[0] in numbers and name not in queue and not _has_ended(path):
            found.append(path)
    return found


def _has_ended(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().decode("utf-8", "replace").splitlines()
    for line in reversed(lines):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            return bool(event["event"] == "end")
    return False
