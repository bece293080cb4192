"""Our own jobs beside those of an earlier checkout of this project, in pairs: is anything slower than it was?

    git worktree add /tmp/before COMMIT
    python benchmarks/before.py --before /tmp/before            QUICK=1: one pair of each

Every run is a whole process on one worker, and each checkout runs its own recipes: the sample's over 498 pages, near
copies and repeated lines over texts, 2,000 shards of a document each, status and a dry run of a finished folder. The two
take turns, and what counts is CPU time, pair by pair: wall time says more about a busy machine than about the code.
"""

import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from contenders import SAMPLE, lay_out
from inputs import DATA, arguments
from measure import LOAD, QUICK, ROOT, Run, run, write_report

PAGES = "wcxb-dev-500.warc.gz"
PAIRS = 1 if QUICK else 5
SHARDS = 200 if QUICK else 2_000
NOISE = 0.05
"""What the median of five pairs of the same code differs by on a busy machine of two cores."""
TEXTS = "from atom_data import Copies, Lines, MinHash, Parquet, RemoveSpans, Repeats, SameText, Stage, keep\n\n\n"
RECIPES = {
    "dedup": "def stages():\n    reads = Copies(of=Parquet({texts!r}), by=MinHash(), allow_loss=1.0)\n"
    "    return (Stage(name='kept', reads=reads, steps=(keep('first_near_copy'),), writes=('id', 'text')),)\n",
    "repeats": "def stages():\n    reads = Repeats(of=Parquet({texts!r}), by=Lines())\n"
    "    return (Stage(name='kept', reads=reads, steps=(RemoveSpans(),), writes=('id', 'text')),)\n",
    "shards": "from atom_data import Jsonl\n\n\ndef stages():\n"
    "    return (Stage(name='first', reads=Jsonl({lines!r}, source='test')),)\n",
}


def main() -> None:
    """Measure in pairs, write the report, print a line for each job."""
    parser = arguments(__doc__)
    parser.add_argument("--before", type=Path, required=True, help="a checkout of the earlier commit")
    parser.add_argument("--only", nargs="*", help="these jobs only")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-before-") as place:
        rows = measured(given.before.resolve(), Path(place), given.only)
    for row in rows:
        low, middle, high = row["ratio"]
        took = f"{row['before_cpu_s']:7.2f} -> {row['now_cpu_s']:7.2f} CPU s"
        print(f"{row['job']:24} {took}, now / before {middle:.3f} ({low:.3f}-{high:.3f})")
    slower = [row["job"] for row in rows if row["ratio"][1] > 1 + NOISE]
    print(f"slower by more than {NOISE:.0%}: {', '.join(slower) or 'none'}")
    if not QUICK and not given.only:
        write_report("before", {"pairs": PAIRS, "load": round(LOAD, 1), "rows": rows, "slower": slower})


def measured(before: Path, scratch: Path, only: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return what each job took in both checkouts."""
    recipes = {
        checkout: lay_out_all(checkout, scratch / name) for name, checkout in (("before", before), ("now", ROOT))
    }
    jobs: dict[str, Callable[[Path, Path], list[str]]] = {}
    for name in recipes[ROOT]:
        jobs[name] = lambda checkout, folder, name=name: command(  # type: ignore[misc]
            checkout, "run", recipes[checkout][name], "--output", folder / "out", "--workers", "1"
        )
    for looks in ("status", "run --dry-run"):
        jobs[f"{looks} (shards)"] = lambda checkout, folder, looks=looks: command(  # type: ignore[misc]
            checkout, looks.split()[0], recipes[checkout]["shards"], "--output", scratch / f"shards-{_place(checkout)}" / "out",
            *looks.split()[1:],
        )  # fmt: skip
    return [pairs(name, job, before, scratch) for name, job in jobs.items() if not only or name in only]


def lay_out_all(checkout: Path, folder: Path) -> dict[str, Path]:
    """Write the recipes of a checkout, all over the same data; return them by name."""
    lines = folder / "lines"
    lines.mkdir(parents=True)
    for number in range(SHARDS):
        (lines / f"{number:06}.jsonl").write_text(json.dumps({"id": str(number), "text": f"text {number}"}) + "\n")
    pages = [DATA / PAGES] if (DATA / PAGES).exists() else sorted(SAMPLE.glob("*.warc.gz"))
    made = {"pipeline": lay_out(pages, 1, folder / "pipeline")}
    shutil.copy(checkout / "pipelines" / "sample.py", made["pipeline"])
    for name, text in RECIPES.items():
        made[name] = folder / f"{name}.py"
        made[name].write_text(TEXTS + text.format(texts=str(DATA / "mixed-*.parquet"), lines=str(lines)))
    return made


def _place(checkout: Path) -> str:
    return "now" if checkout == ROOT else "before"


def command(checkout: Path, *words: object) -> list[str]:
    """A command of atom-data in a checkout, which is the working folder: `-m` looks there first."""
    return [
        "env",
        "-C",
        str(checkout),
        f"PYTHONPATH={checkout}",
        sys.executable,
        "-m",
        "atom_data.cli",
        *map(str, words),
    ]


def pairs(name: str, job: Callable[[Path, Path], list[str]], before: Path, scratch: Path) -> dict[str, Any]:
    """Run a job in both checkouts, once untimed (kernels are compiled) and then in turn."""
    taken: dict[Path, list[Run]] = {before: [], ROOT: []}
    for turn in range(PAIRS + 1):
        for checkout in (before, ROOT) if turn % 2 else (ROOT, before):
            folder = scratch / f"{name.split()[0]}-{_place(checkout)}"
            if "(" not in name:
                shutil.rmtree(folder, ignore_errors=True)
            taken[checkout].append(run(job(checkout, folder), folder))
        print(f"  {name}: {taken[before][-1].cpu_s:.2f} and {taken[ROOT][-1].cpu_s:.2f} CPU s", file=sys.stderr)
    first, now = taken[before][1:], taken[ROOT][1:]
    ratios = sorted(after.cpu_s / earlier.cpu_s for earlier, after in zip(first, now, strict=True))
    return {
        "job": name,
        "before_cpu_s": round(statistics.median(item.cpu_s for item in first), 3),
        "now_cpu_s": round(statistics.median(item.cpu_s for item in now), 3),
        "ratio": [round(value, 3) for value in (ratios[0], statistics.median(ratios), ratios[-1])],
        "before_peak_mb": round(max(item.peak_mb for item in first), 1),
        "now_peak_mb": round(max(item.peak_mb for item in now), 1),
    }  # fmt: skip


if __name__ == "__main__":
    main()
