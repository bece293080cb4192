"""`atom-data plan` beside what then happened: forecast, run, compare, on the sample and on real data.

    make bench-plan              QUICK=1: one round
    python benchmarks/plan.py

Each round is three commands as a user gives them: plan, run, plan --compare. The errors are of the forecast against the
receipts of the run that followed; a busy machine makes CPU times differ from run to run, so `run_spread` says by how
much the runs of the rounds differ from each other: no forecast can be better than that.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import LOAD, QUICK, ROOT, write_report

DATA = ROOT.parent / "shared" / "data"
ROUNDS = 1 if QUICK else 4
AIM = 0.25
SHARE = 0.05
MIXED = """
from atom_data import Copies, Jsonl, MinHash, Parquet, SameText, Stage, Tokenize, keep
from atom_data.signals import FastTextLanguage, count_characters, count_lines, count_words


def stages():
    clean = Stage(
        name="clean",
        reads={reads},
        steps=(FastTextLanguage(), count_characters, count_words, count_lines, keep("gopher_multilingual")),
        writes=("id", "text", "language", "word_count"),
    )
    fuzzy_deduped = Stage(name="fuzzy_deduped", reads=Copies(of=clean, by=MinHash()), steps=(keep("first_near_copy"),))
    return (Tokenize(name="tokens", reads=fuzzy_deduped, tokenizer={tokenizer!r}, target_tokens=1 << 22),)
"""


def main() -> None:
    """Plan, run and compare each recipe some times; write the report, print a line per recipe."""
    with tempfile.TemporaryDirectory(prefix="bench-plan-") as place:
        found = {name: measure(recipe, Path(place) / name) for name, recipe in recipes(Path(place)).items()}
    report = {"aim": AIM, "share": SHARE, "load_before": LOAD, "recipes": found}
    write_report("plan", report)
    for name, item in found.items():
        rounds = ", ".join(f"CPU {r['cpu_error']:+.1%} output {r['output_error']:+.1%}" for r in item["rounds"])
        held = sum(r["held"] for r in item["rounds"]), sum(r["figures"] for r in item["rounds"])
        print(f"{name}: {rounds}; run to run {item['run_spread']:.1%}; {held[0]} of {held[1]} in their intervals")


def recipes(place: Path) -> dict[str, Path]:
    """Write the recipes: the sample's, the same over 498 web pages, and cleaning of mixed texts."""
    sample = ROOT / "pipelines" / "sample.py"
    found = {"sample": sample}
    if not DATA.is_dir():
        return found
    text = re.sub(r"^SAMPLE = .*$", f"SAMPLE = Path({str(sample.parent / 'sample')!r})", sample.read_text(), flags=re.M)
    pages = f"PAGES = Warc({str(DATA / 'wcxb-dev-500.warc.gz')!r}, source='web')"
    tokenizer = str(sample.parent / "sample" / "tokenizer.json")
    lines, tables = str(DATA / "mixed-002.jsonl.zst"), str(DATA / "mixed-00*.parquet")
    texts = {
        "web_warc": re.sub(r"^PAGES = .*$", pages, text, flags=re.M),
        "mixed_jsonl": MIXED.format(reads=f"Jsonl({lines!r}, source='mixed')", tokenizer=tokenizer),
        "mixed_parquet": MIXED.format(reads=f"Parquet({tables!r})", tokenizer=tokenizer),
    }
    for name, recipe in texts.items():
        found[name] = place / f"{name}.py"
        found[name].write_text(recipe)
    return found


def measure(recipe: Path, folder: Path) -> dict[str, Any]:
    """Return the errors of every round."""
    rounds = []
    for number in range(ROUNDS):
        out = str(folder / str(number))
        made = json.loads(ours("plan", recipe, "-o", out, "--share", SHARE, "--json"))
        ours("run", recipe, "-o", out)
        rounds.append(judged(made, json.loads(ours("plan", recipe, "-o", out, "--compare", "--json"))))
        ours("verify", out)
    cpu = [item["cpu_actual"] for item in rounds]
    return {"rounds": rounds, "run_spread": max(cpu) / min(cpu) - 1}


def judged(made: dict[str, Any], figures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a round's errors, in total and a stage."""
    every = {item["figure"]: item for item in figures if item["stage"] == "all"}
    stages = [
        item for item in figures if item["stage"] != "all" and item["actual"] and item["figure"] != "memory_bytes"
    ]
    return {
        "share": made["share"],
        "cpu_error": every["cpu_seconds"]["error"],
        "cpu_actual": every["cpu_seconds"]["actual"],
        "cpu_held": every["cpu_seconds"]["held"],
        "output_error": every["output_bytes"]["error"],
        "output_held": every["output_bytes"]["held"],
        "figures": len(stages),
        "held": sum(item["held"] for item in stages),
        "stages": [{name: item[name] for name in ("stage", "figure", "error", "actual", "held")} for item in stages],
    }


def ours(*arguments: object) -> str:
    """Run `atom-data` as a user does and return what it says. CalledProcessError when it fails."""
    command = [sys.executable, "-m", "atom_data.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
