"""What the default engine changes behind it: kept share by card, copies, languages, and twenty texts side by side.

    make bench-extract_downstream        BENCH_DATA or ../shared/data has wcxb-dev-500.warc.gz; without it the sample alone

The same pages through `Extract(engine=Resiliparse())`, the default before, and `Extract()`. Cards are asked one by one about
all texts, so that a share says something of its card alone; copies are those of the recipe of the sample. Writes
results/extract_downstream.json, and the table and the texts of docs/extraction_examples.md.
"""

import difflib
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from extract_speed import read
from inputs import DATA
from measure import ROOT, write_report
from pipeline_results import outcome
from table import placed, table

from atom_data import Extract, apply, keep, run
from atom_data.extract import Resiliparse
from atom_data.runner.recipe import load_recipe
from atom_data.signals import (
    CountLoops,
    FastTextLanguage,
    count_characters,
    count_lines,
    count_words,
    measure_as_datatrove,
)

PAGE = ROOT / "docs" / "extraction_examples.md"
INPUTS = {"sample": sorted((ROOT / "pipelines" / "sample").glob("*.warc.gz")), "WCXB": [DATA / "wcxb-dev-500.warc.gz"]}
ENGINES = {"resiliparse": "Extract(engine=Resiliparse())", "atom-data": "Extract()"}
CARDS: dict[str, tuple[Any, ...]] = {
    "gopher_multilingual": (count_characters, count_words, count_lines),
    "olmo2_loops": (CountLoops(),),
    "english": (FastTextLanguage(),),
    "datatrove_gopher_repetition": (measure_as_datatrove,),
    "datatrove_gopher_quality": (measure_as_datatrove,),
    "datatrove_c4_no_terminal": (measure_as_datatrove,),
    "datatrove_fineweb": (measure_as_datatrove,),
}
TEXTS, A_HOST, ROWS, CELL = 20, 3, 9, 110
WORD = re.compile(r"\w+")


def main() -> int:
    """Extract, ask the cards, run the recipe, write."""
    sys.path.insert(0, str(ROOT))
    rows, texts = [], {}
    for name, files in INPUTS.items():
        if all(path.exists() for path in files):
            texts[name] = extracted(files)
            rows += [measured(name, engine, files, texts[name]) for engine in ENGINES]
    report = {"input": {name: len(found["url"]) for name, found in texts.items()}, "rows": rows}
    write_report("extract_downstream", report)
    made = "\n".join([*summary(rows), "", *shown(texts["sample"])])
    PAGE.write_text(
        placed(PAGE.read_text("utf-8"), made, "<!-- extract_downstream:begin -->", "<!-- extract_downstream:end -->")
    )
    print("\n".join(summary(rows)))
    return 0


def extracted(files: list[Path]) -> dict[str, list[str]]:
    """Return the addresses of pages, and their texts by engine; empty where there is none."""
    batches = read(files)
    found = {"url": [url for batch in batches for url in batch.column("url").to_pylist()]}
    for name, step in (("resiliparse", Extract(engine=Resiliparse())), ("atom-data", Extract())):
        found[name] = [text or "" for batch in batches for text in step(batch).column("text").to_pylist()]
    return found


def measured(name: str, engine: str, files: list[Path], found: dict[str, list[str]]) -> dict[str, Any]:
    """Return what cards keep of the texts of one engine, languages, and what the recipe of the sample makes of the pages."""
    texts = [text for text in found[engine] if text]
    asked = pa.table({"id": [str(number) for number in range(len(texts))], "text": texts})
    kept = {card: apply(asked, (*steps, keep(card)), filter=True).num_rows for card, steps in CARDS.items()}
    languages = Counter(apply(asked, (FastTextLanguage(),)).column("language").to_pylist())
    with tempfile.TemporaryDirectory(prefix="downstream-") as place:
        path = Path(place) / "sample.py"
        recipe = (ROOT / "pipelines" / "sample.py").read_text("utf-8").replace("Extract()", ENGINES[engine])
        path.write_text(f"from atom_data.extract import Resiliparse\n{recipe}")
        (Path(place) / "sample").mkdir()
        (Path(place) / "sample" / "tokenizer.json").symlink_to(ROOT / "pipelines" / "sample" / "tokenizer.json")
        for file in files:
            (Path(place) / "sample" / file.name).symlink_to(file)
        run(path, Path(place) / "out", workers=1)
        made = outcome(load_recipe(str(path)), Path(place) / "out")
        clean = sum(pq.read_metadata(file).num_rows for file in (Path(place) / "out" / "clean").glob("*.parquet"))
    return {
        "input": name,
        "engine": engine,
        "texts": len(texts),
        "words": sum(len(WORD.findall(text)) for text in texts),
        "kept_by_card": kept,
        "languages": dict(sorted(languages.items(), key=lambda pair: (-pair[1], str(pair[0])))[:12]),
        "clean": clean,
        "exact_copies": made["dropped"].get("first_copy.copy", 0),
        "near_copies": made["dropped"].get("first_near_copy.near_copy", 0),
        "kept": made["kept"],
        "tokens": made["tokens"],
    }


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """Return the table of what changes."""
    names = [f"{row['input']}, {row['engine']}" for row in rows]
    lines: list[tuple[str, ...]] = [("pages with a text", *(f"{row['texts']:,}" for row in rows))]
    lines.append(("words", *(f"{row['words']:,}" for row in rows)))
    for card in CARDS:
        lines.append((f"kept by `{card}`", *(f"{row['kept_by_card'][card] / row['texts']:.1%}" for row in rows)))
    languages = [", ".join(f"{name} {count}" for name, count in [*row["languages"].items()][:6]) for row in rows]
    lines.append(("languages", *languages))
    for name, what in (
        ("clean", "kept by the cards of `sample.py`"),
        ("exact_copies", "of these exact copies"),
        ("near_copies", "near copies"),
        ("kept", "left"),
        ("tokens", "tokens"),
    ):
        lines.append((what, *(f"{row[name]:,}" for row in rows)))
    return table(("", *names), lines)


def shown(found: dict[str, list[str]]) -> list[str]:
    """Return the texts that differ most, at most A_HOST of a host, line by line."""
    pairs = sorted(
        (shared(one, other), url, one, other)
        for url, one, other in zip(found["url"], found["resiliparse"], found["atom-data"], strict=True)
        if one or other
    )
    hosts: Counter[str] = Counter()
    lines = []
    for f1, url, one, other in pairs:
        host = urlsplit(url).netloc
        hosts[host] += 1
        if hosts[host] > A_HOST or sum(min(count, A_HOST) for count in hosts.values()) > TEXTS:
            continue
        words = (len(WORD.findall(one)), len(WORD.findall(other)))
        lines += [f"### {url}", "", f"{words[0]:,} words and {words[1]:,}; F1 of one against the other {f1:.2f}.", ""]
        lines += [*table(("resiliparse", "atom-data"), [*beside(one, other)]), ""]
    return lines


def shared(one: str, other: str) -> float:
    """Return the F1 over words of two texts."""
    left, right = Counter(WORD.findall(one.lower())), Counter(WORD.findall(other.lower()))
    return round(2 * (left & right).total() / max(1, left.total() + right.total()), 4)


def beside(one: str, other: str) -> Iterator[tuple[str, str]]:
    """Yield rows of lines side by side, at most ROWS; lines that are alike are counted."""
    left, right = ([" ".join(line.split()) for line in text.splitlines() if line.strip()] for text in (one, other))
    count = 0
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if count >= ROWS:
            yield "...", "..."
            return
        if kind == "equal":
            yield (f"*{b - a} line{'s' * (b - a != 1)} alike*",) * 2
            continue
        for row in range(min(max(b - a, d - c), ROWS - count)):
            yield cell(left, a + row, b), cell(right, c + row, d)
            count += 1
        if max(b - a, d - c) > ROWS - count and count >= ROWS:
            yield f"*{b - a} lines in all*", f"*{d - c} lines in all*"
            return


def cell(lines: list[str], place: int, end: int) -> str:
    """Return a line for a table, cut."""
    line = lines[place] if place < end else ""
    line = line if len(line) <= CELL else line[:CELL].rstrip() + " ..."
    return re.sub(r"([\\`*_<>\[\]#])", r"\\\1", line)


if __name__ == "__main__":
    sys.exit(main())
