"""Tokenizing: Parquet to committed Megatron shards, beside the bare encoders and what others use.

    make bench-tokens            QUICK=1: 3 MB of text, one round of each
    python benchmarks/tokens.py --data FOLDER

FOLDER holds mixed-*.parquet and tokenizers.tar.xz (the default is ../shared/data, or BENCH_DATA); without it, the pages
and the tokenizer of the sample are taken. Every contender is a process of its own that first builds its encoder, off
the clock; then it works once over all documents. What each does is in its row: the bare encoders get Python strings, in
the batches in which the pass encodes them, on one thread, and throw the ids away; the others read Parquet (dolma: JSON
lines) and write files. dolma's figures are of the whole process. The ids that are compared are made off the clock.
Every encoder begins with an empty cache of words, every process with a gigabyte that the machine has at hand.
All must give the same ids for the same documents, or there are no figures (dolma: as many tokens, to 1 in 10,000).
"""

import argparse
import contextlib
import gc
import gzip
import importlib.util
import json
import os
import statistics
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tokenizers
import xxhash
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.tokens import DocumentTokenizer
from environment import environment, version
from inputs import arguments
from langid import sample_texts
from measure import QUICK, ROOT, Run, in_turn, note, row
from table import each, tell

from atom_data import Parquet, Tokenize
from atom_data.reach import code_identity
from atom_data.runner.server import ENVIRONMENT, SMALL_PAGES, allow_huge_pages
from atom_data.runner.worker import do_task
from atom_data.storage.shards import Intake
from atom_data.tokens import manifest
from atom_data.tokens.megatron import read_pair
from atom_data.tokens.tokenize import ENCODED_BYTES
from atom_data.tokens.tokenizer.encode import Encoder, load_encoder, pieces
from atom_data.tokens.tokenizer.vocabulary import load_vocabulary
from atom_data.workspace import Workspace

ROUNDS, SLOW_ROUNDS = (1, 1) if QUICK else (9, 2)
QUICK_BYTES = 3_000_000
LOOSE = 1e-4
DOLMA = ("dolma==1.2.1", "boto3==1.26.161", "aiobotocore==2.5.2")
"""The last two are those that its s3fs goes with: pip looks for them for many minutes where nobody says so."""
WORK = {
    "atom-data": "Parquet to .bin, .idx, docs.parquet and receipt, a sample checked with tokenizers",
    "fastokens, bare": "strings to ids, thrown away",
    "gigatoken, bare": "strings to ids, thrown away",
    "tokenizers, bare": "strings to ids, thrown away (encode_batch_fast)",
    "datatrove": "Parquet to .ds and its index (DocumentTokenizer, shuffled as ours)",
    "dolma": "JSON lines to .npy and .csv.gz (dolma tokens); the whole process",
}
SLOW = ("tokenizers, bare", "datatrove", "dolma")


def main() -> None:
    """Measure, check that the ids are the same, write the report, print the table."""
    parser = arguments(__doc__, "the texts")
    parser.add_argument("--tool", choices=list(WORK), help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.tool:
        took = TOOLS[given.tool](given.place, given.out)
        note(given.place / f"{given.tool}.clock", took)
        return
    with tempfile.TemporaryDirectory(prefix="bench-tokens-") as place:
        report = measure(given.data, Path(place))
    tell("tokens", report, *each(report["ratios"]))


def clocked(work: Callable[[], object]) -> dict[str, float]:
    """Return what a call took in this process, its threads included, in the state of a worker amid its work.

    What was imported is not garbage. And memory has been touched before: a virtual machine's host takes back what nobody
    uses for seconds, and finding it again made one run of three slower by a quarter, bare encoders too. That memory is no
    peak of the contender's, so Linux is told to forget it.
    """
    allow_huge_pages()
    gc.freeze()
    np.ones(1 << 30, np.uint8)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def ours(place: Path, out: Path) -> dict[str, float]:
    """Run the pass as a worker runs it."""
    job = Tokenize(
        reads=Parquet(str(place / "texts.parquet")), tokenizer=place / "tokenizer.json", target_tokens=1 << 30
    )
    load_encoder(place / "tokenizer.json")
    code_identity(job)  # a process does this once, however much it reads, as pyarrow imports numpy.ma
    pa.array(np.zeros(1))
    tasks = job.tasks(Workspace(str(out)))
    for shard in tasks[0].shards:  # memory that pyarrow has for the first time costs as much as reading, see `bare`
        for _ in job.reads.read(shard, Workspace(str(out)), ("id", "text"), Intake(reject=lambda *_: None)):
            pass
    took = clocked(lambda: [do_task(job, task, Workspace(str(out), "bench"), lambda *_: None) for task in tasks])
    (out / "tokens" / "plan.json").write_text(json.dumps({"shards": [task.name for task in tasks]}))
    found = manifest(str(out))
    documents = []
    for shard in found["shards"]:
        index = read_pair(str(out / "tokens" / shard["name"]))
        ids = np.fromfile(out / "tokens" / f"{shard['name']}.bin", index.dtype)
        documents += [ids[start : start + count] for start, count in zip(index.starts, index.lengths, strict=True)]
    answer(out, documents)
    return took


def bare(place: Path, out: Path, backend: str) -> dict[str, float]:
    """Encode strings, which are made before, and throw the ids away; then once more to keep them, off the clock."""
    vocabulary = load_vocabulary(place / "tokenizer.json")
    encoder = Encoder(vocabulary, "fastokens" if backend == "tokenizers" else backend)
    reference = tokenizers.Tokenizer.from_str(vocabulary.definition)
    reference.encode_special_tokens = True
    column = pq.read_table(place / "texts.parquet", columns=["text"])
    groups = [
        piece.column("text").to_pylist() for batch in column.to_batches() for piece in pieces(batch, ENCODED_BYTES)
    ]

    def encode(texts: list[str]) -> list[Any]:
        if backend == "tokenizers":
            return [one.ids for one in reference.encode_batch_fast(texts, add_special_tokens=False)]
        return list(encoder.encode(texts))

    def work() -> None:
        for texts in groups:
            encode(texts)

    took = clocked(work)
    each: list[Any] = []
    for texts in groups:
        made = encode(texts)
        each += made if backend == "tokenizers" else [made[0][a:b] for a, b in pairwise(made[1])]
    answer(out, [np.append(np.asarray(ids, np.uint32), np.uint32(vocabulary.eos_id)) for ids in each])
    return took


def datatrove(place: Path, out: Path) -> dict[str, float]:
    """Run datatrove's reader and tokenizer, one task, in this process."""
    vocabulary = load_vocabulary(place / "tokenizer.json")
    step = DocumentTokenizer(str(out), str(place / "tokenizer.json"), eos_token=vocabulary.eos, seed=0)
    assert step.tokenizer is not None
    reader = ParquetReader(str(place), glob_pattern="texts.parquet")
    took = clocked(lambda: list(step.run(reader.run(), rank=0, world_size=1) or ()))
    answer(
        out, [ids for path in sorted(out.glob("*.ds")) for ids in at_ends(path, vocabulary.eos_id, vocabulary.dtype)]
    )
    return took


def dolma(place: Path, out: Path) -> dict[str, float]:
    """Run `dolma tokens` in its environment; the clock is that of the process around it."""
    from subprocess import run

    vocabulary = load_vocabulary(place / "tokenizer.json")
    python = environment("dolma", DOLMA)
    command = [python, python.parent / "dolma", "tokens", "--documents", place / "texts.jsonl.gz"]
    options = {
        "destination": out,
        "tokenizer.name_or_path": old_form(place),
        "tokenizer.eos_token_id": vocabulary.eos_id,
        "tokenizer.pad_token_id": vocabulary.eos_id,
        "dtype": vocabulary.dtype.name,
        "processes": 1,
    }
    flags = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    run([*map(str, command), *flags], check=True, capture_output=True)
    documents = [
        ids for path in sorted(out.rglob("*.npy")) for ids in at_ends(path, vocabulary.eos_id, vocabulary.dtype)
    ]
    answer(out, documents)
    return {}


def old_form(place: Path) -> Path:
    """Write the tokenizer as dolma's tokenizers 0.19 reads it: merges as strings."""
    page = json.loads((place / "tokenizer.json").read_text())
    page["model"]["merges"] = [one if isinstance(one, str) else " ".join(one) for one in page["model"]["merges"]]
    (place / "old.json").write_text(json.dumps(page))
    return place / "old.json"


TOOLS: dict[str, Callable[[Path, Path], dict[str, float]]] = {
    "atom-data": ours,
    "fastokens, bare": partial(bare, backend="fastokens"),
    "gigatoken, bare": partial(bare, backend="gigatoken"),
    "tokenizers, bare": partial(bare, backend="tokenizers"),
    "datatrove": datatrove,
    "dolma": dolma,
}


def at_ends(path: Path, end: int, dtype: np.dtype[Any]) -> list[np.ndarray[Any, Any]]:
    """Return raw ids cut after each end token."""
    ids = np.fromfile(path, dtype)
    return [part for part in np.split(ids, np.flatnonzero(ids == end) + 1) if len(part)]


def answer(out: Path, documents: Sequence[np.ndarray[Any, Any]]) -> None:
    """Note documents, tokens, and a sum of hashes of their ids that no order changes."""
    hashes = (xxhash.xxh3_64_intdigest(ids.astype("<u4").tobytes()) for ids in documents)
    found = {
        "documents": len(documents),
        "tokens": sum(len(ids) for ids in documents),
        "ids": f"{sum(hashes) % 2**64:016x}",
    }
    (out / "answer.json").write_text(json.dumps(found))


def prepare(data: Path, place: Path) -> tuple[str, int, int]:
    """Write texts and tokenizer for all contenders; return what they are, documents and bytes."""
    mixed, archive = sorted(data.glob("mixed-*.parquet")), data / "tokenizers.tar.xz"
    if mixed and archive.exists():
        what = "the mixed corpus, GPT-2's tokenizer"
        texts = [text for path in mixed for text in pq.read_table(path, columns=["text"]).column("text").to_pylist()]
        for path in sorted(data.glob("mixed-*.jsonl.zst")):
            with pa.input_stream(path, compression="zstd") as lines:
                texts += [json.loads(line)["text"] for line in lines.read().splitlines()]
        with tarfile.open(archive) as opened:
            opened.extractall(place, filter="data")
        vocabulary = load_vocabulary(place / "tokenizers" / "gpt2")
    else:
        what = "pages of the sample, the sample's tokenizer"
        texts = sample_texts()
        vocabulary = load_vocabulary(ROOT / "pipelines" / "sample" / "tokenizer.json")
    (place / "tokenizer.json").write_text(vocabulary.definition)
    texts = [text for text in texts if text and text.strip()]
    step = max(1, sum(len(text.encode()) for text in texts) // QUICK_BYTES) if QUICK else 1
    texts = texts[::step]
    table = pa.table({"id": [f"d{number}" for number in range(len(texts))], "text": texts})
    pq.write_table(table, place / "texts.parquet", compression="zstd", row_group_size=2_000)
    with gzip.open(place / "texts.jsonl.gz", "wt", encoding="utf-8", compresslevel=1) as file:
        for line in table.to_pylist():
            file.write(json.dumps({**line, "source": "bench"}) + "\n")
    return what, len(texts), sum(len(text.encode()) for text in texts)


def measure(data: Path, place: Path) -> dict[str, Any]:
    """Run all contenders in turn and return the report without its name and machine."""
    what, documents, size = prepare(data, place)
    print(f"{what}: {documents:,} documents, {size / 1e6:.1f} MB", file=sys.stderr)
    failed: dict[str, str] = {}
    try:
        if QUICK:
            raise RuntimeError("not in the quick run: its environment takes longer than a minute")
        environment("dolma", DOLMA)
    except RuntimeError as error:
        failed["dolma"] = str(error).strip().splitlines()[-1][:200]
    if importlib.util.find_spec("gigatoken") is None:
        failed["gigatoken, bare"] = "not installed: pip install 'atom-data[gigatoken]'"
    os.environ.update(ENVIRONMENT | SMALL_PAGES, FASTOKENS_BPE_THREADS="1", RAYON_NUM_THREADS="1")

    def command(tool: str, folder: Path) -> list[str]:
        return [sys.executable, __file__, "--tool", tool, "--place", str(place), "--out", str(folder)]

    contenders = {tool: partial(command, tool) for tool in WORK if tool not in failed}
    rounds = {tool: SLOW_ROUNDS if tool in SLOW else ROUNDS for tool in contenders}
    runs = {
        tool: on_its_clock(place, tool, taken)
        for tool, taken in in_turn(contenders, rounds, place / "runs", failed).items()
    }
    same = same_work(runs)
    rows = [
        row(tool, version_of(tool), WORK[tool], taken, megabytes=size / 1e6, documents=documents, result=same[tool])
        for tool, taken in runs.items()
    ]
    for line in rows:
        tokens = same[line["tool"]]["tokens"]
        line["tokens_per_s_core"] = round(tokens / statistics.median(run.cpu_s for run in runs[line["tool"]]))
    cpu = {tool: statistics.median(run.cpu_s for run in taken) for tool, taken in runs.items()}
    ratios = {f"{tool} CPU": round(took / cpu["atom-data"], 2) for tool, took in cpu.items() if tool != "atom-data"}
    wall = {tool: statistics.median(run.wall_s for run in taken) for tool, taken in runs.items()}
    return {
        "input": {"what": what, "bytes": size, "documents": documents},
        "rows": rows,
        "ratios": ratios,
        "share_of_bare_speed": round(wall["fastokens, bare"] / wall["atom-data"], 3),
        "share_of_bare_speed_per_core": round(cpu["fastokens, bare"] / cpu["atom-data"], 3),
        "same_work": same,
        "left_out": failed,
    }


def on_its_clock(place: Path, tool: str, taken: Sequence[Run]) -> list[Run]:
    """Return runs with the times that the contender took itself, where it has some."""
    lines = (place / f"{tool}.clock").read_text("utf-8").splitlines()
    return [replace(run, **json.loads(line)) for run, line in zip(taken, lines, strict=True)]


def same_work(runs: Mapping[str, Sequence[Run]]) -> dict[str, dict[str, Any]]:
    """Return what each contender made. SystemExit when they did not all make the same ids.

    dolma, with tokenizers 0.19, gives 13 ids fewer in 1.1 million, and we do not know why: of it, documents and about as
    many tokens.
    """
    found = {tool: json.loads((taken[-1].folder / "answer.json").read_bytes()) for tool, taken in runs.items()}
    ours = found["atom-data"]
    for tool, one in found.items():
        close = one["documents"] == ours["documents"] and abs(one["tokens"] / ours["tokens"] - 1) < LOOSE
        if one != ours and not (tool == "dolma" and close):
            raise SystemExit(f"not the same work: {json.dumps(found, indent=1)}")
    return found


def version_of(tool: str) -> str:
    """Return the version that a row is of."""
    if tool == "atom-data":
        return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])
    python = environment("dolma", DOLMA) if tool == "dolma" else sys.executable
    return version(python, tool.partition(",")[0])


if __name__ == "__main__":
    main()
