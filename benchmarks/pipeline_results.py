"""What came out of the contenders of pipeline.py: stages from receipts, counts, and whether the work was the same."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from measure import Run

from atom_data.dedup import hash_text
from atom_data.runner.recipe import Recipe

EQUAL_TEXTS = 0.97
"""The least share of pages whose text must be the same as the loop's; broken records may differ."""
DIFFERENCES = (
    "the loop looks for the encoding with resiliparse's detect_encoding; ours asks the server's header and the page first",
    "the loop and datatrove take main content with resiliparse; ours with MainText, which keeps other text",
    "datatrove calls resiliparse with the same options, but decodes pages itself (UTF-8, else cchardet)",
    "datatrove's filters have the bounds of our cards and our blocked words, not its 4.5 million blocked domains",
    "datatrove's words are spaCy's for English, punctuation too, so the same bounds keep fewer pages for its later stages",
    "datatrove writes after cleaning and after exact copies; ours after every stage, with ledgers, hashes and receipts",
    "datatrove removes what shares a band of MinHash; ours confirms every near copy on the text",
)


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
