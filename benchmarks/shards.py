"""A hundred thousand planned shards: what submitting, status and resuming cost whoever sits at the login node.

Every shard is real and tiny: a file of one document, read and written by two worker processes, with its receipt. Then the
commands that look at all of them are timed as whole processes: a dry run of the submission before anything is done and
when half is done, status while the receipts stand alone and when the stage is closed, and an element of the next stage.

    make bench-shards            QUICK=1: 5,000 shards, one round
    TMPDIR=/dev/shm              where making 100,000 files and as many fsyncs would take a disk a quarter of an hour
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import QUICK, run, write_report

SHARDS = 5_000 if QUICK else 100_000
ROUNDS = 1 if QUICK else 3
LIMITS = {"wall_s": 10.0, "peak_mb": 500.0}
"""What the commands of whoever sits at the login node may take."""

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
    over = [row["what"] for row in rows if row["limited"] and any(_most(row[name]) > LIMITS[name] for name in LIMITS)]
    print(f"over the limits of {LIMITS}: {', '.join(over) or 'none'}")
    if not QUICK:
        write_report("shards", {"shards": SHARDS, "limits": LIMITS, "over": over, "rows": rows})


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
    rows = [timed("plan and scripts (dry run), nothing done", submit, scratch)]
    rows.append(timed("half of the shards made", (*half, "0/2"), scratch, limited=False))
    rows += [timed("resume (dry run), half done", submit, scratch), timed("status, half done", status, scratch)]
    rows.append(timed("the other half made", (*half, "1/2"), scratch, limited=False))
    rows += [
        timed("resume (dry run), one stage done", submit, scratch),
        timed("status, one stage closed", status, scratch),
    ]
    element = ("run", recipe, "-o", out, "--stage", "second", "--part", f"7/{SHARDS}", "--planned", "--log", "json")
    rows.append(timed("an element of one shard of the next stage", element, scratch, limited=False))
    return rows


def timed(what: str, words: Sequence[object], scratch: Path, limited: bool = True) -> dict[str, Any]:
    """Run a command as a process of its own, as often as it changes nothing; return what each time took."""
    command = [sys.executable, "-m", "atom_data.cli", *map(str, words)]
    taken = [run(command, scratch / f"run-{turn}") for turn in range(ROUNDS if limited else 1)]
    row = {
        "what": what,
        "limited": limited,
        "wall_s": [round(item.wall_s, 2) for item in taken],
        "cpu_s": [round(item.cpu_s, 2) for item in taken],
        "peak_mb": round(max(item.peak_mb for item in taken), 1),
    }
    print(f"{what:42} wall {row['wall_s']} s, CPU {row['cpu_s']} s, {row['peak_mb']:.0f} MB", file=sys.stderr)
    return row


def _most(figure: float | list[float]) -> float:
    return max(figure) if isinstance(figure, list) else figure


if __name__ == "__main__":
    main()
