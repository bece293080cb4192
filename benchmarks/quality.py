"""What every card and every chain of cards keeps of pages that people called good and bad.

    make bench-quality

The pages are those of golden.tar.xz (BENCH_DATA, or ../shared/data): DCLM's quality labels on which all its annotators agreed.
Writes benchmarks/results/quality.json, and the tables of docs/guides/quality.md from it.
"""

import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from inputs import DATA
from measure import RESULTS, ROOT
from table import placed

from atom_data import apply, keep
from atom_data.rewrite import RemoveBoilerplateLines, RemoveC4Lines, RemoveDclmLines
from atom_data.signals import (
    CountBadWords,
    CountLoops,
    FastTextLanguage,
    count_characters,
    count_lines,
    count_placeholders,
    count_sentences,
    count_words,
    measure_as_datatrove,
    measure_as_dclm,
    measure_as_nemo,
    measure_lines,
    measure_repetition,
)

LABELS = "golden/dclm/data/agreement_data.jsonl"
PAGE = ROOT / "docs" / "guides" / "quality.md"
BEGIN, END = "<!-- benchmarks/quality.py writes from here -->", "<!-- to here -->"

Step = Callable[[pa.RecordBatch], pa.RecordBatch]
WORDS: tuple[Step, ...] = (count_characters, count_words, count_lines)
HEURISTICS: tuple[Step, ...] = (
    FastTextLanguage(none_for_code=False),
    *WORDS,
    measure_repetition,
    RemoveBoilerplateLines(),
)
CARDS: dict[str, tuple[Step, ...]] = {
    "datatrove_gopher_quality": (measure_as_datatrove,),
    "gopher_quality": WORDS,
    "gopher_multilingual": WORDS,
    "datatrove_gopher_repetition": (measure_as_datatrove,),
    "gopher_repetition": (measure_repetition,),
    "datatrove_c4": (measure_as_datatrove,),
    "datatrove_c4_no_terminal": (measure_as_datatrove,),
    "c4": (count_placeholders, RemoveC4Lines(), count_sentences),
    "datatrove_fineweb": (measure_as_datatrove,),
    "fineweb": (*WORDS, measure_lines, measure_repetition),
    "nemo_heuristics": (measure_as_nemo, *WORDS, measure_repetition, count_sentences),
    "refinedweb": HEURISTICS,
    "dclm_heuristics": HEURISTICS,
    "dclm_page": (measure_as_dclm, measure_repetition),
    "dclm_lines": (RemoveDclmLines(),),
    "olmo2_loops": (CountLoops(),),
    "bad_words": (CountBadWords(language="en"),),
    "english": (FastTextLanguage(none_for_code=False),),
}
"""Each card with the steps that measure for it."""
GOPHER = (measure_as_datatrove, keep("datatrove_gopher_repetition"), keep("datatrove_gopher_quality"))
CHAINS: dict[str, tuple[Step, ...]] = {
    "fineweb.py: Gopher, C4, FineWeb": (
        *GOPHER, keep("datatrove_c4_no_terminal"), RemoveC4Lines(marks=None, min_words=3),
        measure_as_datatrove, keep("datatrove_fineweb"),
    ),
    "Gopher as datatrove has it": GOPHER,
    "dclm_baseline.py: pages, lines": (
        measure_as_dclm, measure_repetition, keep("dclm_page"), RemoveDclmLines(), keep("dclm_lines"),
    ),
    "sample.py: Gopher without English": (*WORDS, keep("gopher_multilingual")),
}  # fmt: skip


def main() -> None:
    """Measure, and write the figures and the page."""
    table, labels = labelled(DATA / "golden.tar.xz")
    good, bad = labels.count(1), labels.count(0)
    rows = [
        {"kind": "card", "name": name, **kept(table, labels, (*steps, keep(name)))} for name, steps in CARDS.items()
    ]
    rows += [{"kind": "chain", "name": name, **kept(table, labels, steps)} for name, steps in CHAINS.items()]
    report = {"name": "quality", "good": good, "bad": bad, "kept": rows}
    (RESULTS / "quality.json").write_text(json.dumps(report, indent=1) + "\n")
    PAGE.write_text(placed(PAGE.read_text("utf-8"), page(report), BEGIN, END), "utf-8")
    print(page(report))


def labelled(archive: Path) -> tuple[pa.Table, list[int]]:
    """Return the texts and what people said of each: 1 for good."""
    with tarfile.open(archive) as opened:
        stream = opened.extractfile(LABELS)
        assert stream is not None
        rows = [json.loads(line) for line in stream]
    texts = [row["text"] for row in rows]
    table = pa.table(
        {"id": [str(number) for number in range(len(texts))], "text": texts, "language": ["en"] * len(texts)}
    )
    return table, [int(row["label"]) for row in rows]


def kept(table: pa.Table, labels: Sequence[int], steps: Sequence[Step]) -> dict[str, float]:
    """Return the share of good and of bad pages that are left."""
    reasons = apply(table, tuple(steps)).column("drop_reason").to_pylist()
    left = [label for label, reason in zip(labels, reasons, strict=True) if reason is None]
    return {"good_kept": left.count(1) / list(labels).count(1), "bad_kept": left.count(0) / list(labels).count(0)}


def page(report: dict[str, Any]) -> str:
    """Return the tables: what separates best first."""
    parts = []
    for kind, title in (("chain", "chain"), ("card", "card")):
        rows = sorted((row for row in report["kept"] if row["kind"] == kind), key=_separation, reverse=True)
        parts.append(f"| {title} | good kept | bad kept | difference |\n|---|---:|---:|---:|")
        for row in rows:
            name = f"`{row['name']}`" if kind == "card" else row["name"]
            parts.append(f"| {name} | {row['good_kept']:.0%} | {row['bad_kept']:.0%} | {100 * _separation(row):.0f} |")
        parts.append("")
    return "\n".join(parts)


def _separation(row: dict[str, Any]) -> float:
    return float(row["good_kept"] - row["bad_kept"])


if __name__ == "__main__":
    main()
