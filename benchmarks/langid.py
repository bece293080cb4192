"""Language identification: our step beside the fastText library, with the same model on the same texts.

    make bench-langid            QUICK=1: a part of the texts, two rounds
    python benchmarks/langid.py --data FOLDER

FOLDER holds mixed-*.parquet and langid.tar.xz (the default is ../shared/data, or BENCH_DATA); without it, the pages of
the sample are taken. Every contender is a process of its own that first predicts one text, so that nothing is compiled
or loaded on the clock; then it is timed over all texts, once. The library gets Python strings, made off the clock.
"""

import argparse
import json
import statistics
import sys
import tarfile
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import fasttext
import pyarrow as pa
import pyarrow.parquet as pq
from environment import version
from inputs import arguments
from measure import QUICK, ROOT, Run, in_turn, note, row
from table import each, tell

from atom_data import Extract, Warc
from atom_data.signals import FastTextLanguage
from atom_data.signals.language_model import language_model
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace

SAMPLE = ROOT / "pipelines" / "sample"
ROUNDS = 2 if QUICK else 7
QUICK_BYTES = 3_000_000
BATCH_ROWS = 1_000
LINES = 15
"""Sentences a document, of the files that hold one per line."""
TOLERANCE = 1e-4
TOOLS = ("atom-data", "fasttext")
WORK = "the best of 176 labels and its score"
UDHR, SENTENCES = "/udhr/data/udhr/", "/language-testdata/sentences/"


def main() -> None:
    """Measure, check that the answers are the same, write the report, print the table."""
    parser = arguments(__doc__, "the texts")
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--texts", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--clocks", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.tool:
        answers, took = contend(given.tool, given.texts)
        pq.write_table(answers, given.out / "answers.parquet")
        note(given.clocks / f"{given.tool}.jsonl", took)
        return
    with tempfile.TemporaryDirectory(prefix="bench-langid-") as place:
        report = measure(given.data, Path(place))
    tell("langid", report, *each(report["same_work"]))


def contend(tool: str, texts: Path) -> tuple[pa.Table, dict[str, float]]:
    """Predict all texts, on the clock; return the answers and the times."""
    table = pq.read_table(texts)
    batches = table.to_batches(max_chunksize=BATCH_ROWS)
    if tool == "atom-data":
        step = FastTextLanguage()
        step(pa.record_batch({"text": ["a text"]}))
        wall, cpu = time.perf_counter(), time.process_time()
        measured = [step(batch) for batch in batches]
        took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        answers = pa.Table.from_batches(measured).select(["language", "language_score"])
    else:
        model = fasttext.load_model(str(language_model()))
        strings = [text for batch in batches for text in batch["text"].to_pylist()]
        model.predict("a text")
        wall, cpu = time.perf_counter(), time.process_time()
        found = [model.predict(text.replace("\n", " ")) for text in strings]
        took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        names = [labels[0].removeprefix("__label__") for labels, _ in found]
        scores = pa.array([float(scores[0]) for _, scores in found], pa.float32())
        answers = pa.table({"language": names, "language_score": scores})
    return answers, took


def inputs(data: Path) -> dict[str, list[str]]:
    """Return the texts of each row of the table."""
    mixed = sorted(data.glob("mixed-*.parquet"))
    archive = data / "langid.tar.xz"
    if not mixed or not archive.exists():
        return {"sample pages": sample_texts()}
    columns = pa.concat_tables(pq.read_table(path, columns=["text", "lang"]) for path in mixed).to_pylist()
    english = [line["text"] for line in columns if line["lang"] in ("en", "eng", "en-US", "en-GB")]
    texts = {"English": english, "many languages": archive_texts(archive)}
    return texts if QUICK else {**texts, "web and books": [line["text"] for line in columns]}


def archive_texts(archive: Path) -> list[str]:
    """Return the declarations of human rights, and test sentences, some to a document."""
    texts = []
    with tarfile.open(archive) as opened:
        for member in opened:
            name = f"/{member.name}"
            if member.isfile() and UDHR in name and name.endswith(".xml"):
                texts.append(" \n".join(part.strip() for part in xml_parts(opened.extractfile(member).read())))
            elif member.isfile() and SENTENCES in name:
                lines = opened.extractfile(member).read().decode("utf-8").splitlines()
                texts += ["\n".join(lines[start : start + LINES]) for start in range(0, len(lines), LINES)]
    return texts


def xml_parts(document: bytes) -> list[str]:
    """Return the pieces of text in an XML document."""
    return [part for part in ElementTree.fromstring(document).itertext() if part.strip()]


def sample_texts() -> list[str]:
    """Return the texts of the sample's pages."""
    pages, intake = Warc(str(SAMPLE / "*.warc.gz")), Intake(reject=lambda *_: None)
    names = set(pages.schema().names)
    batches = (
        batch for shard in pages.shards(Workspace("")) for batch in pages.read(shard, Workspace(""), names, intake)
    )
    texts = [text for batch in batches for text in Extract()(batch).column("text").to_pylist()]
    return [text for text in texts if text]


def instead(data: Path, wanted: str) -> list[str]:
    """Say that the data is not here, and return the sample's texts in its place."""
    print(
        f"{data}: no {wanted} there, so the pages of the sample are taken. Name a folder that has it by --data.",
        file=sys.stderr,
    )
    return sample_texts()


def measure(data: Path, scratch: Path) -> dict[str, Any]:
    """Run both tools on every input in turn and return the report without its name and machine."""
    rows: list[dict[str, Any]] = []
    ratios: dict[str, float] = {}
    same: dict[str, Any] = {}
    sizes: list[tuple[int, int]] = []
    for name, texts in inputs(data).items():
        chosen = part_of(texts) if QUICK else texts
        path = scratch / f"{name}.parquet"
        pq.write_table(pa.table({"text": pa.array(chosen, pa.string())}), path)
        sizes.append((len(chosen), sum(len(text.encode()) for text in chosen)))
        print(f"{name}: {sizes[-1][0]:,} documents, {sizes[-1][1] / 1e6:.1f} MB", file=sys.stderr)
        taken = compare(path, scratch / name)
        same[name] = same_work(taken)
        for tool, runs in taken.items():
            result = {"input": name, "documents": sizes[-1][0], "bytes": sizes[-1][1]}
            made = row(
                f"{tool}, {name}",
                version_of(tool),
                WORK,
                runs,
                megabytes=sizes[-1][1] / 1e6,
                documents=sizes[-1][0],
                result=result,
            )
            rows.append(made)
        ratios |= over_ours(taken, name)
    documents, size = (sum(column) for column in zip(*sizes, strict=True))
    return {
        "input": {"what": ", ".join(same), "bytes": size, "documents": documents},
        "model": "lid.176.ftz",
        "rows": rows,
        "ratios": ratios,
        "same_work": same,
    }


def version_of(tool: str) -> str:
    """Return the version that a row is of."""
    if tool == "fasttext":
        return version(sys.executable, "fasttext-predict")
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def part_of(texts: Sequence[str]) -> list[str]:
    """Return every n-th text, so that they come to about QUICK_BYTES."""
    step = max(1, sum(len(text.encode()) for text in texts) // QUICK_BYTES)
    return list(texts[::step])


def compare(texts: Path, scratch: Path) -> dict[str, list[Run]]:
    """Run both tools in turn; their times are those of the predictions, their memory that of the process."""

    def command(tool: str, folder: Path) -> list[str]:
        what = ["--tool", tool, "--texts", str(texts), "--clocks", str(scratch / "warm"), "--out", str(folder)]
        return [sys.executable, __file__, *what]

    contenders = {tool: partial(command, tool) for tool in TOOLS}
    in_turn({"atom-data": contenders["atom-data"]}, 1, scratch / "warm")  # compiles what a first run compiles
    clocks = {tool: scratch / "warm" / f"{tool}.jsonl" for tool in TOOLS}
    clocks["atom-data"].unlink()
    runs = in_turn(contenders, ROUNDS, scratch)
    return {
        tool: [replace(run, **json.loads(line)) for run, line in zip(taken, clocks[tool].open(), strict=True)]
        for tool, taken in runs.items()
    }


def same_work(taken: Mapping[str, list[Run]]) -> dict[str, Any]:
    """Compare the answers of the last runs. SystemExit when they are not the same."""
    ours, theirs = (pq.read_table(taken[tool][-1].folder / "answers.parquet").to_pylist() for tool in TOOLS)
    asked = [(mine, other) for mine, other in zip(ours, theirs, strict=True) if mine["language_score"] is not None]
    differing = sum(mine["language"] != other["language"] for mine, other in asked)
    furthest = max(abs(mine["language_score"] - other["language_score"]) for mine, other in asked)
    if differing or furthest > TOLERANCE:
        raise SystemExit(f"not the same work: {differing} labels differ, and scores by up to {furthest:.1e}.")
    return {
        "labels compared": len(asked),
        "labels that differ": differing,
        "largest difference of scores": float(f"{furthest:.1e}"),
        "texts that are not language, not compared": len(ours) - len(asked),
    }


def over_ours(taken: Mapping[str, list[Run]], name: str) -> dict[str, float]:
    """How long the library takes for each second of ours."""
    found = {}
    for label, figure in (("", "wall_s"), (" CPU", "cpu_s")):
        ours, theirs = (statistics.median(getattr(run, figure) for run in taken[tool]) for tool in TOOLS)
        found[f"fasttext, {name}{label}"] = round(theirs / ours, 2)
    return found


if __name__ == "__main__":
    main()
