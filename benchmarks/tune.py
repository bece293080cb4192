"""`atom-data tune` over a million stored rows, beside measuring them again.

    make bench-tune              QUICK=1: a tenth of the rows, two rounds
    python benchmarks/tune.py --rows 1000000

Documents are made of lines of the sample's pages, about 700 bytes each, and given addresses of 50,000 domains. A real run
measures them (stage `measured`: characters, words, lines, language, domain) and applies a card (stage `clean`). Then each
question is a process of its own, timed as a whole: Python's start, imports, the recipe, the query, the printing. First it
is checked that tune counts for every reason what the run's ledger has counted. The row `measure again` is what a change of
a bound costs without stored signals: the run of the same stage by one worker.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from inputs import arguments
from measure import QUICK, ROOT, Run, in_turn, row, run
from table import tell

from atom_data import Extract, Warc
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace

ROWS = 100_000 if QUICK else 1_000_000
SHARD_ROWS = 25_000
ROUNDS = 2 if QUICK else 7
LINES, DOMAINS, SEED = 7, 50_000, 0
"""Lines of a document in the median, domains, and the seed of both draws."""
WHAT = "documents made of lines of the sample's pages, as a run has stored them"
RECIPE = """
from atom_data import Parquet, Stage, keep
from atom_data.signals import CheckUrl, FastTextLanguage, count_characters, count_lines, count_words

def stages():
    steps = (CheckUrl(), FastTextLanguage(), count_characters, count_words, count_lines)
    measured = Stage(name="measured", reads=Parquet("PAGES/*.parquet", source="made"), steps=steps)
    return (Stage(name="clean", reads=measured, steps=(keep("gopher_quality"),)),)
"""
QUESTIONS = {
    "the card": [],
    "another bound": ["--set", "word_count.min=30"],
    "a curve": ["--sweep", "mean_word_chars.max=4:12:0.5"],
    "by language": ["--by", "language"],
    "by domain": ["--by", "domain"],
    "texts": ["--sample", "3"],
    "all of it": [
        "--set", "word_count.min=30", "--sweep", "mean_word_chars.max=4:12:0.5", "--by", "language", "--sample", "3",
    ],
}  # fmt: skip


def main() -> None:
    """Make the rows, measure, check, write the report, print the table."""
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="documents to make")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-tune-") as place:
        report = measure(given.rows, Path(place))
    tell("tune", report, f"slowest question, as a whole process: {report['slowest_wall_s']} s")


def measure(rows: int, scratch: Path) -> dict[str, Any]:
    """Return the report without its name and machine."""
    pages = scratch / "pages"
    pages.mkdir()
    size = make_pages(pages, rows)
    recipe = scratch / "recipe.py"
    recipe.write_text(RECIPE.replace("PAGES", str(pages)))
    print(f"{rows:,} documents, {size / 1e6:,.0f} MB: the run that measures them", file=sys.stderr)
    out = scratch / "out"
    run(command("check", str(recipe)), scratch / "warm")  # compiles what a first run compiles
    again = run(command("run", str(recipe), "-o", str(out), "--workers", "1", "--stage", "measured"), scratch / "one")
    run(command("run", str(recipe), "-o", str(out), "--workers", "1"), scratch / "two")
    ask = command("tune", str(recipe), "-o", str(out), "--stage", "measured")
    same = same_work(ask, out, rows)
    taken = in_turn({name: lambda _, more=more: [*ask, *more] for name, more in QUESTIONS.items()}, ROUNDS, scratch)
    made = [line(f"atom-data tune, {name}", name, runs, size, rows) for name, runs in taken.items()]
    made.append(line("atom-data run, measure again", "signals of the same rows", [again], size, rows))
    slowest = max(statistics.median(item.wall_s for item in runs) for runs in taken.values())
    stored = list((out / "measured").glob("*.parquet"))
    return {
        "input": {"what": WHAT, "bytes": size, "documents": rows},
        "stored": {"parquet_bytes": sum(path.stat().st_size for path in stored), "shards": len(stored)},
        "rows": made,
        "ratios": {f"measure again, {name} CPU": over(again, runs) for name, runs in taken.items()},
        "slowest_wall_s": round(slowest, 2),
        "same_work": same,
    }  # fmt: skip


def command(*arguments: str) -> list[str]:
    """Return `atom-data` as a process."""
    return [sys.executable, "-m", "atom_data.cli", *arguments]


def line(tool: str, work: str, runs: Sequence[Run], size: int, rows: int) -> dict[str, Any]:
    """Return one line of the report."""
    version = str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])
    return row(tool, version, work, runs, megabytes=size / 1e6, documents=rows, result={})


def over(again: Run, runs: Sequence[Run]) -> float:
    """Return how many times the CPU time of a question measuring again takes."""
    return round(again.cpu_s / statistics.median(item.cpu_s for item in runs), 1)


def same_work(ask: Sequence[str], out: Path, rows: int) -> dict[str, Any]:
    """Compare tune's counts with the receipts of the run. SystemExit when they are not the same."""
    done = subprocess.run([*ask, "--json"], capture_output=True, text=True, check=True, cwd=ROOT)
    answer = json.loads(done.stdout)["present"]
    counted = {rule["name"]: rule["first"]["documents"] for rule in answer["rules"] if rule["first"]["documents"]}
    dropped: Counter[str] = Counter()
    for path in (out / "clean" / "receipts").glob("*.json"):
        dropped.update(json.loads(path.read_bytes())["dropped"])
    if counted != dict(dropped) or answer["total"]["documents"] != rows:
        raise SystemExit(f"not the same work: tune counts {counted} of {answer['total']}, the run dropped {dropped}.")
    return {"dropped by reason, tune and ledger alike": counted, "kept": answer["kept"]["documents"]}


def make_pages(folder: Path, rows: int) -> int:
    """Write documents of lines drawn from the sample's pages; return the bytes of their text."""
    lines = sample_lines()
    draw, size = np.random.default_rng(SEED), 0
    for number, start in enumerate(range(0, rows, SHARD_ROWS)):
        count = min(SHARD_ROWS, rows - start)
        lengths = np.maximum(1, draw.lognormal(np.log(LINES), 0.8, count)).astype(int)
        begins = draw.integers(0, len(lines) - 500, count)
        # Neighboring lines are of one page or two, so that a text has mostly one language.
        texts = ["\n".join(lines[at : at + min(many, 500)]) for at, many in zip(begins, lengths, strict=True)]
        hosts = draw.zipf(1.3, count) % DOMAINS
        urls = [f"https://site-{host}.example/{start + at}" for at, host in enumerate(hosts)]
        ids = [f"{start + at:08x}" for at in range(count)]
        size += sum(len(text.encode()) for text in texts)
        pq.write_table(pa.table({"id": ids, "url": urls, "text": texts}), folder / f"{number:04d}.parquet")
    return size


def sample_lines() -> list[str]:
    """Return the lines of the sample's pages."""
    pages = Warc(str(ROOT / "pipelines" / "sample" / "*.warc.gz"), source="sample")
    lines = []
    for shard in pages.shards(Workspace("")):
        for batch in pages.read(shard, Workspace(""), pages.schema().names, Intake(reject=lambda *_: None)):
            texts = Extract()(batch).column("text").to_pylist()
            lines += [part for text in texts for part in (text or "").splitlines() if part.strip()]
    return lines


if __name__ == "__main__":
    main()
