"""What each recipe keeps of the same pages, and FineWeb's stages beside datatrove's own chain on the same texts.

    python benchmarks/recipes.py                      BENCH_DATA or ../shared/data has wcxb-dev-500.warc.gz
    python benchmarks/recipes.py --peer PYTHON        with datatrove 0.10.1 and spaCy; else an environment is made

Writes benchmarks/results/recipes.json, and the tables of docs/recipes.md from it. The pages of the first are real, of seven
kinds, chosen to judge extraction: their yields are not those of a crawl.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from environment import environment
from inputs import DATA, arguments
from measure import RESULTS, ROOT
from table import placed

from atom_data import Stage, apply, run
from atom_data.runner.recipe import load_recipe

PAGE = ROOT / "docs" / "recipes.md"
BEGIN, END = "<!-- recipes:begin -->", "<!-- recipes:end -->"
SAMPLE = f"{ROOT}/pipelines/sample/*.warc.gz"
WCXB = f"{DATA}/wcxb-dev-500.warc.gz"
RECIPES = ("common_crawl", "fineweb_fast", "dclm_baseline")
"""Those that read WARC with what is installed; fineweb.py needs trafilatura."""
FILTERS = {"common_crawl": "english", "fineweb_fast": "filtered", "dclm_baseline": "heuristics"}
"""The stage of each that judges texts."""
PEER = ("datatrove==0.10.1", "xxhash<4", "spacy", "regex", "ftfy", "orjson", "tokenizers", "pyarrow", "numpy")


def main() -> None:
    """Run, compare, and write."""
    parser = arguments(__doc__)
    parser.add_argument("--peer", help="a Python with datatrove 0.10.1 and spaCy")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    peer = given.peer or str(environment("datatrove_spacy", PEER))
    with tempfile.TemporaryDirectory(prefix="recipes-") as folder:
        kept = [
            row
            for source, warcs in (("wcxb-dev-500", WCXB), ("sample", SAMPLE))
            for row in keeps(source, warcs, Path(folder), given.workers)
        ]
        beside = compared(Path(folder) / "sample-fineweb_fast", Path(folder), peer)
    report = {"name": "recipes", "kept": [*kept, *keeps_of_mixed()], "datatrove": beside}
    (RESULTS / "recipes.json").write_text(json.dumps(report, indent=1) + "\n")
    PAGE.write_text(placed(PAGE.read_text("utf-8"), page(report), BEGIN, END), "utf-8")
    print(page(report))


def keeps(source: str, warcs: str, folder: Path, workers: int) -> list[dict[str, Any]]:
    """Run each recipe on some WARCs; return what its stages read and kept."""
    rows = []
    for recipe in RECIPES:
        out = folder / f"{source}-{recipe}"
        lists = {} if recipe == "dclm_baseline" else {"url_lists": "datatrove"}
        stages = run(ROOT / "pipelines" / f"{recipe}.py", out, settings={"warcs": warcs, **lists}, workers=workers)
        found = {stage.name: [stage.rows_in, stage.rows_out] for stage in stages if "/" not in stage.name}
        rows.append(
            {
                "input": source,
                "recipe": recipe,
                "stages": {name: both for name, both in found.items() if _is_stage(out, name)},
            }
        )
    return rows


def keeps_of_mixed() -> list[dict[str, Any]]:
    """Return how many of the texts of mixed-000.parquet each recipe's rules keep, by kind of source: they are no crawl pages."""
    table = pq.read_table(DATA / "mixed-000.parquet").select(["id", "text", "source"])
    rows = []
    for recipe, stage in FILTERS.items():
        job = load_recipe(str(ROOT / "pipelines" / f"{recipe}.py"), {"warcs": SAMPLE}).job(stage)
        assert isinstance(job, Stage)
        left = apply(table, job.steps, filter=True)
        rows.append({"input": "mixed-000", "recipe": recipe, "stages": {stage: [table.num_rows, left.num_rows]}})
    return rows


def _is_stage(out: Path, name: str) -> bool:
    """Tell whether a folder has documents, and is not that of a pass."""
    return (out / name / "plan.json").is_file() and not any((out / name).glob("*/plan.json"))


def compared(ours: Path, folder: Path, peer: str) -> dict[str, Any]:
    """Give datatrove the texts of the stage `pages`, and compare what it keeps with our stages after it."""
    script = ROOT / "benchmarks" / "peers" / "datatrove_fineweb.py"
    theirs, clean = folder / "datatrove", {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [peer, str(script), "--data", str(ours / "pages"), "--out", str(theirs)]
    subprocess.run(command, check=True, env=clean, capture_output=True)
    pages, filtered, mine = rows_of(ours / "pages"), rows_of(ours / "filtered"), rows_of(ours / "deduped")
    his, kept = rows_of(theirs / "filtered"), rows_of(theirs / "kept")
    drops = rows_of(ours / "deduped" / "drops")
    cluster = {name: json.loads(row["numbers"])["near_copy_cluster"] for name, row in drops.items()}
    clusters = {cluster.get(name, name) for name in kept}
    sizes = [
        int(kept[name]["metadata"]["minhash_cluster_size"]) == mine[name]["near_copy_count"]
        for name in kept.keys() & mine.keys()
    ]
    return {
        "documents": len(pages),
        "filtered": len(filtered),
        "filtered_by_datatrove": len(his),
        "filtered_same_ids": filtered.keys() == his.keys(),
        "filtered_same_texts": sum(
            filtered[name]["text"] == his[name]["text"] for name in filtered.keys() & his.keys()
        ),
        "deduped": len(mine),
        "deduped_by_datatrove": len(kept),
        "clusters_with_one_of_theirs": len(clusters & mine.keys()),
        "same_survivor": len(kept.keys() & mine.keys()),
        "same_cluster_size": sum(sizes),
    }


def rows_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of all Parquet files of a folder by id."""
    return {row["id"]: row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()}


def page(report: dict[str, Any]) -> str:
    """Return both tables."""
    beside = report["datatrove"]
    lines = [
        f"Of {beside['documents']:,} English pages of the sample, with the texts of `fineweb_fast`:",
        "",
        "| | atom-data | datatrove | the same |\n|---|---:|---:|---|",
        f"| after the filters | {beside['filtered']:,} | {beside['filtered_by_datatrove']:,} | "
        f"{'all ids' if beside['filtered_same_ids'] else 'not all ids'}, {beside['filtered_same_texts']:,} texts |",
        f"| after MinHash | {beside['deduped']:,} | {beside['deduped_by_datatrove']:,} | one of theirs in "
        f"{beside['clusters_with_one_of_theirs']:,} of {beside['deduped']:,} clusters; {beside['same_survivor']:,} survivors, of "
        f"these {beside['same_cluster_size']:,} with the same size of cluster |",
        "",
        "## What each keeps of the same pages",
        "",
        "Documents after each stage. wcxb-dev-500 are 498 pages chosen to judge extraction, the sample is 1,397 pages of manuals "
        "and other free texts in 22 languages with many copies: neither is a crawl, and yields on one are others. mixed-000 are "
        "novels, manuals, news and pages as text, given to the stage that judges texts.",
        "",
        "| input | recipe | documents after each stage |\n|---|---|---|",
    ]
    for row in report["kept"]:
        first = next(iter(row["stages"].values()))[0]
        told = " → ".join(f"{name} {both[1]:,}" for name, both in row["stages"].items())
        lines.append(f"| {row['input']} | {row['recipe']} | {first:,} → {told} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
