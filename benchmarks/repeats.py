"""Repeated lines and substrings: our passes beside datatrove, Dolma and a bare suffix array, on the same texts.

    make bench-repeats           QUICK=1: a part of the texts, one round
    python benchmarks/repeats.py --data FOLDER

FOLDER holds mixed-*.parquet (the default is ../shared/data, or BENCH_DATA). Every contender is a whole process on one
worker, from files to files: ours is `atom-data run` with both jobs of each round, the cutting of the texts, ledgers and
receipts. The suffix array is a bare loop in memory that only counts, and checks ours: every document must have the same
number of repeated bytes in both.
"""

import gzip
import json
import statistics
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from environment import environment, version
from inputs import arguments
from langid import instead
from measure import QUICK, ROOT, Run, in_turn, row
from table import each, tell

PEERS = Path(__file__).resolve().parent / "peers"
ROUNDS, PEER_ROUNDS = (1, 1) if QUICK else (3, 2)
QUICK_BYTES = 8_000_000
SHARDS = 4
LENGTH = 500
DATATROVE = (
    "datatrove==0.10.1",
    "xxhash<4",
    "pyarrow==26.0.1",
    "orjson==3.13.0",
    "regex==2026.11.15",
    "tokenizers==0.23.3",
)
# dolma's own bounds send pip through all versions of boto3; these are what uv finds at once.
DOLMA = (
    "dolma==1.2.1",
    "aiobotocore==2.5.4",
    "boto3==1.28.17",
    "botocore==1.31.17",
    "fsspec==2023.6.0",
    "s3fs==2023.6.0",
    "numpy==1.26.4",
    "tokenizers==0.19.1",
    "huggingface-hub==0.36.2",
    "urllib3==1.26.20",
)
SUFFIXES = ("pydivsufsort==0.0.20", "pyarrow==26.0.1")
RATE = 1e-6
LINES, SPANS = "RemoveSpans(spans='repeated_lines'), keep('repeated_lines')", "RemoveSpans(spans='repeated_spans')"
BY = {
    "atom-data, lines": ("Lines()", LINES),
    "atom-data, lines byte by byte": ("Lines(folded=False)", LINES),
    "atom-data, lines byte by byte, Bloom": (
        f"Lines(folded=False, engine=Bloom(lines=10**7, false_positive_rate={RATE}))",
        LINES,
    ),
    "atom-data, substrings": (f"Substrings(length={LENGTH})", f"{SPANS}, keep('repeated_spans')"),
}
WORK = {
    "atom-data, lines": "folded lines that came before cut out, empty documents to the ledger",
    "atom-data, lines byte by byte": "the same, lines compared as they are",
    "atom-data, lines byte by byte, Bloom": "the same, with a Bloom filter",
    "atom-data, substrings": f"what repeats of {LENGTH} bytes or more cut out",
    "datatrove, lines": "sentence deduplication set to one line; folded lines that came before cut out",
    "dolma, lines byte by byte, Bloom": "paragraphs (lines) that came before marked in attributes; nothing is cut",
    "suffix array, substrings": f"what repeats of {LENGTH} bytes or more counted, in memory; nothing is cut or written",
}
DIFFERENCES = (
    "datatrove folds a run of digits to one 0, takes all marks (Mn) for accents, and ends lines at more signs than the line "
    "feed; of the equal lines of two files it keeps the one of the smaller document number, whatever the file",
    "datatrove joins the lines that stay and strips the text; ours keeps every byte that is not in a span",
    "dolma reads gzipped JSON lines, made off the clock, and leaves the cutting to another command, its mixer",
    "the suffix array holds all texts and 13 bytes for each of theirs in memory",
)


def main() -> None:
    """Measure, compare what was removed, write the report, print the table."""
    parser = arguments(__doc__, "the texts")
    data = parser.parse_args().data
    with tempfile.TemporaryDirectory(prefix="bench-repeats-") as place:
        report = measure(data, Path(place))
    tell("repeats", report, *each(report["same_work"]))


def lay_out(data: Path, scratch: Path) -> dict[str, int]:
    """Write the texts as SHARDS Parquet files, and as JSON lines for dolma; return their size."""
    files = sorted(data.glob("mixed-*.parquet"))
    if files:
        table = pa.concat_tables(pq.read_table(path, columns=["id", "text"]) for path in files)
    else:
        texts = instead(data, "mixed-*.parquet")
        table = pa.table({"id": [str(number) for number in range(len(texts))], "text": texts})
    table = table.filter(pc.is_valid(table.column("text")))
    if QUICK:
        size = pc.sum(pc.binary_length(table.column("text"))).as_py()
        table = table.take(pa.array(range(0, len(table), max(1, size // QUICK_BYTES))))
    rows = -(-len(table) // SHARDS)
    for folder in ("parquet", "documents"):
        (scratch / folder).mkdir(parents=True)
    for number in range(SHARDS):
        part = table.slice(number * rows, rows)
        pq.write_table(part, scratch / "parquet" / f"part-{number}.parquet")
        with gzip.open(scratch / "documents" / f"part-{number}.jsonl.gz", "wt", compresslevel=1) as stream:
            stream.writelines(json.dumps({**line, "source": "mixed"}) + "\n" for line in part.to_pylist())
    return {"documents": len(table), "bytes": pc.sum(pc.binary_length(table.column("text"))).as_py()}


def ours(name: str, scratch: Path, folder: Path) -> list[str]:
    """`atom-data run` on a recipe of one pass and one stage."""
    by, steps = BY[name]
    recipe = folder / "recipe.py"
    recipe.write_text(
        "from atom_data import Bloom, Lines, Parquet, RemoveSpans, Repeats, Stage, Substrings, keep\n\n"
        f"PAGES = Parquet({str(scratch / 'parquet' / '*.parquet')!r})\n\n\n"
        f"def stages():\n    reads = Repeats(of=PAGES, by={by})\n"
        f"    return (Stage(name='kept', reads=reads, steps=({steps},)),)\n",
        "utf-8",
    )
    return [
        sys.executable,
        "-m",
        "atom_data.cli",
        "run",
        str(recipe),
        "--output",
        str(folder / "out"),
        "--workers",
        "1",
    ]


def datatrove(scratch: Path, folder: Path) -> list[str]:
    """The three stages, in an environment of their own."""
    script = [str(environment("datatrove-lines", DATATROVE)), str(PEERS / "datatrove_lines.py")]
    return [*script, "--data", str(scratch / "parquet"), "--out", str(folder)]


def dolma(scratch: Path, folder: Path) -> list[str]:
    """`dolma dedupe` of paragraphs; its attributes go where its documents are not."""
    documents = folder / "documents"
    documents.mkdir()
    for path in sorted((scratch / "documents").iterdir()):
        (documents / path.name).hardlink_to(path)
    options = {
        "documents": f"{documents}/*.jsonl.gz",
        "dedupe.name": "lines",
        "dedupe.paragraphs.attribute_name": "repeated",
        "bloom_filter.file": f"{folder}/bloom.bin",
        "bloom_filter.estimated_doc_count": "10000000",
        "bloom_filter.desired_false_positive_rate": str(RATE),
        "processes": "1",
    }
    command = [
        str(environment("dolma", DOLMA).parent / "dolma"),
        "dedupe",
        "--dedupe.skip_empty",
        "--no-bloom_filter.read_only",
    ]
    return [*command, *(word for name, value in options.items() for word in (f"--{name}", value))]


def suffixes(scratch: Path, folder: Path) -> list[str]:
    """The bare suffix array."""
    script = [str(environment("suffix-array", SUFFIXES)), str(PEERS / "suffix_array.py")]
    return [*script, "--data", str(scratch / "parquet"), "--length", str(LENGTH), "--out", str(folder)]


def measure(data: Path, scratch: Path) -> dict[str, Any]:
    """Run all contenders in turn and return the report without its name and machine."""
    size = lay_out(data, scratch)
    print(f"{size['documents']:,} documents, {size['bytes'] / 1e6:.1f} MB", file=sys.stderr)
    contenders: dict[str, Callable[[Path], list[str]]] = {name: partial(ours, name, scratch) for name in BY}
    contenders["datatrove, lines"] = partial(datatrove, scratch)
    contenders["dolma, lines byte by byte, Bloom"] = partial(dolma, scratch)
    contenders["suffix array, substrings"] = partial(suffixes, scratch)
    if not QUICK:  # kernels are compiled by whoever is first
        in_turn({name: contenders[name] for name in ("atom-data, lines", "atom-data, substrings")}, 1, scratch / "warm")
    failed: dict[str, str] = {}
    rounds = {name: ROUNDS if name in BY else PEER_ROUNDS for name in contenders}
    runs = in_turn(contenders, rounds, scratch / "runs", failed)
    removed = {name: removed_by(name, taken[-1].folder) for name, taken in runs.items()}
    rows = [
        row(
            name,
            version_of(name),
            WORK[name],
            taken,
            megabytes=size["bytes"] / 1e6,
            documents=size["documents"],
            result={"removed_bytes": sum(removed[name].values()), "removed_share": share(removed[name], size)},
        )
        for name, taken in runs.items()
    ]
    return {
        "input": {"what": f"web pages, books, news in {SHARDS} Parquet files", **size},
        "rows": rows,
        "ratios": over_ours(runs),
        "same_work": same_work(removed),
        "left_out": failed,
        "differences": list(DIFFERENCES),
    }


def share(removed: Mapping[str, int], size: Mapping[str, int]) -> float:
    """Return the share of bytes removed, rounded."""
    return round(sum(removed.values()) / size["bytes"], 5)


def removed_by(name: str, folder: Path) -> dict[str, int]:
    """Return the bytes that a contender removed from each document, or would have."""
    if name in BY:
        column = "repeated_span_bytes" if "substrings" in name else "repeated_line_bytes"
        passes = folder / "out" / ("repeated-spans" if "substrings" in name else "repeated-lines")
        lines = [
            line
            for path in passes.glob("*.parquet")
            for line in pq.read_table(path, columns=["id", column]).to_pylist()
        ]
        return {line["id"]: line[column] for line in lines}
    if name.startswith("suffix"):
        lines = pq.read_table(folder / "counts.parquet").to_pylist()
        return {line["id"]: line["bytes"] for line in lines if line["bytes"]}
    if name.startswith("dolma"):
        return dolma_removed(folder)
    return {"": _input_bytes(folder) - _bytes(sorted((folder / "kept").glob("*.parquet")))}


def _bytes(paths: list[Path]) -> int:
    return sum(
        pc.sum(pc.binary_length(pq.read_table(path, columns=["text"]).column("text"))).as_py() or 0 for path in paths
    )


def _input_bytes(folder: Path) -> int:
    return _bytes(sorted((folder.parent.parent / "parquet").glob("*.parquet")))


def dolma_removed(folder: Path) -> dict[str, int]:
    """Return the bytes in the spans that dolma marked; it counts in characters."""
    texts: dict[str, str] = {}
    for path in sorted((folder / "documents").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            texts |= {line["id"]: line["text"] for line in map(json.loads, stream)}
    removed: dict[str, int] = {}
    for path in sorted((folder / "attributes" / "lines").glob("*")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for line in map(json.loads, stream):
                text = texts[line["id"]]
                spans = [text[int(start) : int(end)] for start, end, *_ in line["attributes"].get("repeated", [])]
                removed[line["id"]] = sum(len(span.encode()) for span in spans)
    return removed


def same_work(removed: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Compare what was removed. SystemExit when the suffix array and our substrings do not agree on every document."""
    found: dict[str, Any] = {name: f"{sum(counts.values()):,} bytes" for name, counts in removed.items()}
    mine, other = removed["atom-data, substrings"], removed.get("suffix array, substrings")
    if other is not None:
        differing = [name for name in {*mine, *other} if mine.get(name, 0) != other.get(name, 0)]
        if differing:
            raise SystemExit(f"not the same work: {len(differing)} documents differ, {differing[0]} for one.")
        found["documents in which substrings and suffix array differ"] = 0
    return found


def version_of(name: str) -> str:
    """Return the version that a row is of."""
    if name.startswith("datatrove"):
        return version(environment("datatrove-lines", DATATROVE), "datatrove")
    if name.startswith("dolma"):
        return version(environment("dolma", DOLMA), "dolma")
    if name.startswith("suffix"):
        return f"pydivsufsort {version(environment('suffix-array', SUFFIXES), 'pydivsufsort')}"
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def over_ours(runs: Mapping[str, list[Run]]) -> dict[str, float]:
    """How long each peer takes for each second of ours."""
    pairs = {
        "datatrove, lines": "atom-data, lines",
        "dolma, lines byte by byte, Bloom": "atom-data, lines byte by byte, Bloom",
        "suffix array, substrings": "atom-data, substrings",
    }
    found = {}
    for peer, mine in pairs.items():
        if peer in runs:
            for label, figure in (("", "wall_s"), (" CPU", "cpu_s")):
                times = [statistics.median(getattr(run, figure) for run in runs[name]) for name in (peer, mine)]
                found[f"{peer}{label}"] = round(times[0] / times[1], 2)
    return found


if __name__ == "__main__":
    main()
