"""A hundred thousand planned shards: what submitting, status and resuming cost whoever sits at the login node.

Every shard is real and tiny: a file of one document, read and written by two worker processes, with its receipt. Then the
commands that look at all of them are timed as whole processes: a dry run of the submission before anything is done and
when half is done, status while the receipts stand alone and when the stage is closed, and a run with nothing to do.
QUICK=1 takes 5,000 shards.
"""

import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import QUICK, machine, run

SHARDS = 5_000 if QUICK else 100_000
ROUNDS = 1 if QUICK else 3
REPORT = Path(__file__).parent / "results" / "shards" / "report.json"

RECIPE = """
from atom_data import Jsonl, Stage

def stages():
    first = Stage(name="first", reads=Jsonl({folder!r}, source="test"))
    return (Stage(name="second", reads=first),)
"""


def main() -> None:
    """Make the shards, time the commands, write the report."""
    scratch = Path(tempfile.mkdtemp(prefix="shards-"))
    try:
        rows = measured(scratch)
    finally:
        shutil.rmtree(scratch)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    report = {"name": "shards", "machine": machine(), "shards": SHARDS, "rows": rows}
    REPORT.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    for row in rows:
        print(f"{row['what']:34} {row['wall_s']:7.2f} s wall {row['cpu_s']:7.2f} s CPU {row['peak_mb']:6.0f} MB")


def measured(scratch: Path) -> list[dict[str, Any]]:
    """Return what each command took."""
    source, out = scratch / "in", scratch / "out"
    source.mkdir()
    for number in range(SHARDS):
        (source / f"{number:06}.jsonl").write_text(json.dumps({"id": str(number), "text": f"text {number}"}) + "\n")
    recipe = scratch / "recipe.py"
    recipe.write_text(RECIPE.format(folder=str(source)))
    submit = ("run", recipe, "-o", out, "--on", "slurm", "--dry-run", "--tasks", 500)
    status = ("status", recipe, "-o", out)
    half = ("run", recipe, "-o", out, "--stage", "first", "--workers", 2, "--part")
    rows = [timed("submit, nothing done", submit, scratch)]
    rows.append(timed("half of the shards made", (*half, "0/2"), scratch, 1))
    rows += [timed("resume, half done", submit, scratch), timed("status, half done", status, scratch)]
    rows.append(timed("the other half made", (*half, "1/2"), scratch, 1))
    rows += [timed("resume, one stage done", submit, scratch), timed("status, one stage closed", status, scratch)]
    element = ("run", recipe, "-o", out, "--stage", "second", "--part", "7/5000", "--planned", "--log", "json")
    rows.append(timed("an element of the next stage", element, scratch, 1))
    return rows


def timed(what: str, words: Sequence[object], scratch: Path, rounds: int = ROUNDS) -> dict[str, Any]:
    """Run a command as a process of its own; return the median of its times, and the most memory."""
    command = [sys.executable, "-m", "atom_data.cli", *map(str, words)]
    taken = [run(command, scratch / f"run-{turn}") for turn in range(rounds)]
    print(f"  {what}", file=sys.stderr)
    return {
        "what": what,
        "wall_s": round(statistics.median(item.wall_s for item in taken), 2),
        "cpu_s": round(statistics.median(item.cpu_s for item in taken), 2),
        "peak_mb": round(max(item.peak_mb for item in taken), 1),
    }


if __name__ == "__main__":
    main()
