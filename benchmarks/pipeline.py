"""The sample recipe over 498 real pages, beside a bare loop of FastWARC + resiliparse and the same chain in datatrove.

    make bench-pipeline          QUICK=1: one round
    python benchmarks/pipeline.py --data FILE.warc.gz

Every contender is a whole process, start and imports included, on one worker. Ours is `atom-data run` on the recipe as it
stands in `pipelines/sample.py`: a copy of that file in a folder where the data has the place of the sample.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from contenders import PACKED, SAMPLE, datatrove_command, lay_out, loop_command, ours_command, versions
from measure import QUICK, ROOT, Contender, Run, in_turn, row, run, write_report
from table import section

from atom_data.dedup import hash_text
from atom_data.runner.recipe import Recipe, load_recipe

REAL = ROOT.parent / "shared" / "data" / "wcxb-dev-500.warc.gz"
COPIES = 3
ROUNDS = {"atom-data": 5, "bare loop": 5, "datatrove": 3, "atom-data x3": 3, "bare loop x3": 3}
WORK = {
    "atom-data": "read, extract, URL and language and quality filters, exact and near copies, tokenize; ledgers, receipts",
    "bare loop": "read and extract; nothing is filtered or written",
    "datatrove": "read, extract, URL and language and quality filters, exact and near copies, tokenize",
}
AIM = 1.3
EQUAL_TEXTS = 0.97
"""The least share of pages whose text must be the same as the loop's; broken records may differ."""
DIFFERENCES = (
    "the loop looks for the encoding with resiliparse's detect_encoding; ours asks the server's header and the page first",
    "datatrove calls resiliparse with the same options, but decodes pages itself (UTF-8, else cchardet)",
    "datatrove's filters have the bounds of our cards and our blocked words, not its 4.5 million blocked domains",
    "datatrove's words are spaCy's for English, punctuation too, so the same bounds keep fewer pages for its later stages",
    "datatrove writes after cleaning and after exact copies; ours after every stage, with ledgers, hashes and receipts",
    "datatrove removes what shares a band of MinHash; ours confirms every near copy on the text",
)


def main() -> None:
    """Measure, check that the work was the same, write the report, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, nargs="+", help="WARC files instead of the 498 pages or the sample")
    given = parser.parse_args().data
    files = (
        [path.resolve() for path in given] if given else [REAL] if REAL.exists() else sorted(SAMPLE.glob(f"*{PACKED}"))
    )
    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as place:
        report = measure(files, Path(place))
    path = write_report("pipeline", report)
    print(section(json.loads(path.read_bytes())))
    print(f"aim: at most {AIM} times the bare loop's time. Here, by wall and by CPU:")
    for name in [name for name in report["rounds"] if name.startswith("bare loop")]:
        wall, cpu = (1 / report["ratios"][name + figure] for figure in ("", " CPU"))
        print(f"  {wall:.2f} and {cpu:.2f} times the {name}")
    for name, reason in report["same_work"]["left out"].items():
        print(f"- {name} is left out: {reason}")
    for line in DIFFERENCES:
        print(f"- {line}")
    print(f"\nwritten: {path.relative_to(ROOT)}")


def measure(files: Sequence[Path], scratch: Path) -> dict[str, Any]:
    """Run all contenders and return the report without its name and machine."""
    once, thrice = lay_out(files, 1, scratch / "x1"), lay_out(files, COPIES, scratch / "x3")
    recipe = load_recipe(str(once))
    loop, ours = scratch / "texts", scratch / "warm"
    run([*loop_command(once, recipe, loop), "--texts"], loop)
    run(ours_command(once, ours), ours)  # untimed: compiles and caches what a first run compiles
    facts = json.loads((loop / "counts.json").read_bytes())
    same = same_work(facts, ours, recipe)
    contenders: dict[str, Contender] = {
        "atom-data": lambda folder: ours_command(once, folder),
        "bare loop": lambda folder: loop_command(once, recipe, folder),
    }
    if not QUICK:
        contenders["atom-data x3"] = lambda folder: ours_command(thrice, folder)
        contenders["bare loop x3"] = lambda folder: loop_command(thrice, recipe, folder)
    try:
        peer = datatrove_command(once, recipe)
        run([*peer, "--prepare", "--out", str(scratch)], scratch)
        contenders["datatrove"] = lambda folder: [*peer, "--out", str(folder)]
    except RuntimeError as error:
        same["left out"]["datatrove"] = "its environment could not be made"
        print(error, file=sys.stderr)
    runs = in_turn(contenders, 1 if QUICK else ROUNDS, scratch, same["left out"])
    return summary(files, facts, runs, same, recipe)


def receipts(recipe: Recipe, out: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of every job, in order, and each of its receipts."""
    for job in recipe.jobs:
        for path in sorted((out / job.name / "receipts").glob("*.json")):
            yield job.name, json.loads(path.read_bytes())


def stages(recipe: Recipe, took: Run) -> list[dict[str, Any]]:
    """One line per stage of our run, from its receipts, and one for all else: start, imports, plans, hashes, the end."""
    lines: dict[str, dict[str, Any]] = {}
    for name, receipt in receipts(recipe, took.folder / "out"):
        line = lines.setdefault(name, {"stage": name, "documents_in": 0, "kept": 0, "wall_s": 0.0, "cpu_s": 0.0})
        line["documents_in"] += receipt["rows_in"]
        line["kept"] += receipt["rows_out"]
        for measured in ("wall", "cpu"):
            line[f"{measured}_s"] = round(line[f"{measured}_s"] + receipt["measured"][f"{measured}_seconds"], 4)
    rest = {
        "stage": "outside the stages",
        "wall_s": round(took.wall_s - sum(line["wall_s"] for line in lines.values()), 4),
        "cpu_s": round(took.cpu_s - sum(line["cpu_s"] for line in lines.values()), 4),
    }
    return [*lines.values(), rest]


def outcome(recipe: Recipe, out: Path) -> dict[str, Any]:
    """What came out of our run: pages, kept pages, tokens, drops by reason."""
    done = list(receipts(recipe, out))
    first, last = recipe.jobs[0].name, recipe.jobs[-1].name
    dropped: dict[str, int] = {}
    for _, receipt in done:
        for reason, count in receipt["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + count
    return {
        "pages": sum(receipt["rows_in"] for name, receipt in done if name == first),
        "kept": sum(receipt["rows_out"] for name, receipt in done if name == last),
        "tokens": sum(receipt["tokens"] for name, receipt in done if name == last),
        "dropped": dict(sorted(dropped.items())),
    }


def same_work(loop: Mapping[str, Any], ours: Path, recipe: Recipe) -> dict[str, Any]:
    """Compare our pages and texts with the loop's. SystemExit when the work was not the same."""
    hashes, equal, seen = loop["hashes"], 0, 0
    for path in sorted((ours / "out" / recipe.jobs[0].name).glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(columns=["file", "offset", "text"]):
            marked = hash_text(batch)
            for file, offset, digest in zip(
                *(marked.column(n).to_pylist() for n in ("file", "offset", "text_hash")), strict=True
            ):
                if digest is not None:
                    seen += 1
                    equal += hashes.get(f"{file} {offset}") == digest.hex()
    pages = outcome(recipe, ours / "out")["pages"]
    share = equal / max(seen, 1)
    if pages < EQUAL_TEXTS * loop["pages"] or share < EQUAL_TEXTS:
        raise SystemExit(
            f"not the same work: {pages:,} pages here, {loop['pages']:,} in the loop; {equal:,} of {seen:,} texts are the same."
        )
    return {
        "pages": {"atom-data": pages, "bare loop": loop["pages"]},
        "texts equal to the loop's": {"equal": equal, "of": seen},
        "differences": list(DIFFERENCES),
        "left out": {},
    }


def results(tool: str, recipe: Recipe, took: Run, pages: int) -> dict[str, Any]:
    """What came out of a contender, in the same words for all."""
    if tool == "atom-data":
        result = outcome(recipe, took.folder / "out")
    else:
        counts = json.loads((took.folder / "counts.json").read_bytes())
        if tool == "bare loop":
            return {"pages": counts["pages"]}
        result = {
            "pages": counts["clean: WarcReader"]["documents"],
            "kept": counts["tokens: MinhashDedupFilter"]["forwarded"],
            "tokens": counts["tokens: DocumentTokenizer"]["tokens"],
            "counts": counts,
        }
    return result | {"kept_share": round(result["kept"] / pages, 4)}


def ratios(runs: Mapping[str, list[Run]]) -> dict[str, float]:
    """How long the others take for each second of ours, by median wall time and by median CPU time."""
    found = {}
    for name, taken in runs.items():
        tool, _, times = name.partition(" x")
        ours = runs[f"atom-data x{times}" if times else "atom-data"]
        if tool != "atom-data":
            for label, figure in (("", "wall_s"), (" CPU", "cpu_s")):
                theirs, mine = (statistics.median(getattr(item, figure) for item in group) for group in (taken, ours))
                found[name + label] = round(theirs / mine, 3)
    return found


def summary(
    files: Sequence[Path], loop: Mapping[str, Any], runs: Mapping[str, list[Run]], same: dict[str, Any], recipe: Recipe
) -> dict[str, Any]:
    """Put the report together."""
    warc = sum(path.stat().st_size for path in files) / 1e6
    text, pages = loop["text_bytes"] / 1e6, loop["pages"]
    rows = []
    for name, taken in runs.items():
        tool, _, times = name.partition(" x")
        copies = int(times or 1)
        result = results(tool, recipe, taken[-1], pages * copies)
        wall = statistics.median(item.wall_s for item in taken)
        result |= {"warc_mb_per_s": round(warc * copies / wall, 3), "text_mb_per_s": round(text * copies / wall, 3)}
        result["text_mb_per_s_core"] = round(text * copies / statistics.median(item.cpu_s for item in taken), 3)
        rows.append(
            row(
                name,
                versions(tool),
                WORK[tool],
                taken,
                megabytes=warc * copies,
                documents=pages * copies,
                result=result,
            )
        )
    return {
        "input": {
            "what": "498 web pages (WCXB)"
            if [path.name for path in files] == [REAL.name]
            else f"{len(files)} WARC files",
            "bytes": round(warc * 1e6),
            "text_bytes": loop["text_bytes"],
            "documents": pages,
        },
        "unit": "compressed WARC",
        "rounds": {name: len(taken) for name, taken in runs.items()},
        "rows": rows,
        "ratios": ratios(runs),
        "stages": stages(recipe, runs["atom-data"][-1]),
        "same_work": same,
    }


if __name__ == "__main__":
    main()
