"""Near copies: our pass beside its peers, Parquet to Parquet, and the signatures alone.

    make bench-dedup             QUICK=1: a tenth of the texts, without the peers that take minutes
    python benchmarks/dedup.py --data FOLDER
    python benchmarks/dedup.py --copies 1 --only data-prep-kit     twice the text: dedup_large.json

FOLDER holds mixed-* (the default is ../shared/data, or BENCH_DATA); without it the pages of the sample are taken. Edited
copies of known size are planted, of one text in six or of the share that --copies says. All sign with 112 hashes of word
5-grams, 14 bands of 8 rows, and may use two cores. What each keeps is held against the true Jaccard index of every pair.
Peers that cannot be installed or fail are listed with their error.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from environment import environment, version
from inputs import arguments
from measure import QUICK, ROOT, Run, in_turn, row
from smart_open import open as open_stream
from table import each, tell

from atom_data.dedup import BandHashes
from atom_data.evaluate.truth import shingles_of
from atom_data.text.buffers import string_buffers
from atom_data.text.similarity.minhash import signatures
from atom_data.text.similarity.pairs import Pairs, similar_pairs

PEERS = ROOT / "benchmarks" / "peers"
BANDS, ROWS, NGRAM, THRESHOLD = 14, 8, 5, 0.75
PERMUTATIONS = BANDS * ROWS
FILES = 4
OURS = "atom-data"
WIDE = "atom-data, defaults"
BLIND = "atom-data, unconfirmed"
OWN = (OURS, WIDE, BLIND)
WORK = "near copies removed, Parquet to Parquet"
SIGN = "signatures alone"
BINS = ((0.75, 0.8), (0.8, 0.85), (0.85, 0.9), (0.9, 1.01))
ARROW = ("pyarrow==26.0.1",)
INSTALLS: dict[str, tuple[str, ...]] = {
    "rensa": ("rensa==0.5.0", *ARROW),
    "datasketch": ("datasketch==2.0.0", *ARROW),
    "daft": ("daft==0.7.26",),
    "dupekit": ("marin-dupekit==0.1.1", *ARROW),
    "data-prep-kit": (
        "data-prep-toolkit-transforms==1.1.8", "polars", "disjoint-set", "scipy", "mmh3", "xxhash", "pyarrow<19", "numpy<2",
    ),
    "text-dedup": ("text-dedup==0.4.0",),
    "datatrove-minhash": (
        "datatrove==0.10.1", "xxhash<4", "spacy==3.8.18", "orjson==3.13.0", *ARROW, "regex==2026.11.15",
        "tokenizers==0.23.3", "fasteners==0.20", "nltk==3.10.4",
    ),
}  # fmt: skip
PACKAGES = {
    "dupekit": "marin-dupekit",
    "data-prep-kit": "data-prep-toolkit-transforms",
    "datatrove-minhash": "datatrove",
}
SLOW = ("datatrove-minhash", "text-dedup", "data-prep-kit")
"""Left out of a quick run."""
ENGINES = ("rensa", "datasketch", "daft")
"""Peers without a pipeline: peers/minhash_job.py does the rest."""

RECIPE = """
from atom_data import Copies, MinHash, Parquet, Stage, keep

def stages():
    copies = Copies(of=Parquet({data!r}), by=MinHash({options}), allow_loss=1.0)
    return (Stage(name="unique", reads=copies, steps=(keep("first_near_copy"),), writes=("id", "text")),)
"""


def main() -> None:
    """Measure, hold against the truth, write the report, print the table."""
    parser = arguments(__doc__, "the texts")
    parser.add_argument("--only", nargs="*", help="these tools beside ours")
    parser.add_argument("--copies", type=float, default=1 / 6, help="of how many texts an edited copy is added")
    parser.add_argument("--sign", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sign:
        (given.out / "clock.json").write_text(json.dumps(sign(given.sign)), "utf-8")
        return
    with tempfile.TemporaryDirectory(prefix="bench-dedup-") as place:
        report = measure(given.data, Path(place), given.only, given.copies)
    said = {name: json.dumps(report[name], indent=1) for name in ("quality", "ratios", "failed")}
    tell("dedup" if given.copies < 1 else "dedup_large", report, *each(said))


def sign(data: Path) -> dict[str, float]:
    """Time our signatures over all texts, after a first one has loaded the kernel; the fastest of five."""
    table = pa.concat_tables([pq.read_table(file, columns=["text"]) for file in sorted(data.glob("*.parquet"))])
    buffers = [string_buffers(chunk) for chunk in table.column("text").chunks]
    signatures(string_buffers(pa.array(["a text"])), NGRAM, PERMUTATIONS)
    runs = []
    for _ in range(5):
        wall, cpu = time.perf_counter(), time.process_time()
        for part in buffers:
            signatures(part, NGRAM, PERMUTATIONS)
        runs.append({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu})
    return min(runs, key=lambda run: run["cpu_s"])


def texts_of(data: Path) -> list[str]:
    """Return the texts of the mixed files, or of the sample's pages."""
    tables = [pq.read_table(file, columns=["text"]) for file in sorted(data.glob("mixed-*.parquet"))]
    texts = [text for table in tables for text in table.column("text").to_pylist()]
    for file in sorted(data.glob("mixed-*.jsonl.zst")):
        with open_stream(str(file), encoding="utf-8") as lines:
            texts += [json.loads(line)["text"] for line in lines]
    if not texts:
        from langid import instead

        texts = instead(data, "mixed-*")
    return [text for text in (texts[::10] if QUICK else texts) if text]


def corpus(data: Path, folder: Path, copies: float) -> pa.Table:
    """Write the texts and, for a share of them, an edited copy, in an order without meaning, as Parquet files."""
    chance = random.Random(4)
    texts = texts_of(data)
    for text in chance.sample(texts, int(len(texts) * copies)):
        if 60 <= len(words := text.split()) <= 20_000:
            wanted = chance.uniform(0.6, 1.0)
            for place in chance.sample(range(len(words)), round(len(words) * (1 - wanted) / (1 + wanted) / NGRAM)):
                words[place] = f"edited{chance.randrange(1000)}"
            texts.append(" ".join(words))
    chance.shuffle(texts)
    numbers = range(len(texts))
    table = pa.table({"id": [f"d{number:06}" for number in numbers], "text": texts, "int_id_column": list(numbers)})
    table = table.append_column("contents", table.column("text"))
    folder.mkdir()
    for part in range(FILES):
        rows = table.take(list(range(part, len(texts), FILES)))
        pq.write_table(rows.select(["id", "text"]), folder / f"part-{part}.parquet")
        (folder.parent / "contents").mkdir(exist_ok=True)
        pq.write_table(rows.select(["int_id_column", "contents"]), folder.parent / "contents" / f"part-{part}.parquet")
    return table


def jobs(data: Path, scratch: Path) -> dict[str, Callable[[Path], Sequence[str]]]:
    """Return the command of each whole job."""
    given = f"bands={BANDS}, rows={ROWS}, ngram={NGRAM}"
    recipes = {OURS: given, WIDE: "", BLIND: f"{given}, confirm=False"}
    found: dict[str, Callable[[Path], Sequence[str]]] = {}
    own = own_python()
    for number, (name, options) in enumerate(recipes.items()):
        path = scratch / f"recipe_{number}.py"
        path.write_text(RECIPE.format(data=str(data), options=options), "utf-8")
        run = [str(Path(own).with_name("atom-data")), "run", str(path), "--workers", "2", "--output"]
        found[name] = lambda folder, run=run: [*run, str(folder / "out")]
    script = str(PEERS / "minhash_job.py")
    for name in ENGINES:
        found[name] = lambda folder, name=name: [
            python_of(name), script, "--engine", name, "--data", str(data), "--out", str(folder),
        ]  # fmt: skip
    found["data-prep-kit"] = lambda folder: [
        python_of("data-prep-kit"), "-m", "dpk_fdedup.transform_python", "--input_folder", str(data.parent / "contents"),
        "--output_folder", str(folder / "out"), "--contents_column", "contents", "--document_id_column", "int_id_column",
        "--num_permutations", str(PERMUTATIONS), "--num_bands", str(BANDS), "--num_minhashes_per_band", str(ROWS),
        "--word_shingle_size", str(NGRAM), "--num_segments", "1", "--operation_mode", "filter_duplicates",
    ]  # fmt: skip
    found["text-dedup"] = lambda folder: [
        "env", "HF_HUB_OFFLINE=1", f"HF_HOME={folder / 'hub'}", python_of("text-dedup"), "-m", "text_dedup.minhash",
        "--path", "parquet", "--data_files", str(data / "*.parquet"), "--split", "train", "--cache_dir", str(folder / "cache"),
        "--output", str(folder / "out"), "--column", "text", "--batch_size", "10000", "--ngram", str(NGRAM),
        "--num_perm", str(PERMUTATIONS), "--b", str(BANDS), "--r", str(ROWS), "--num_proc", "2", "--min_length", "0",
    ]  # fmt: skip
    found["datatrove-minhash"] = lambda folder: [
        python_of("datatrove-minhash"), str(PEERS / "datatrove_minhash.py"), "--data", str(data), "--out", str(folder),
    ]  # fmt: skip
    return found


def signers(data: Path) -> dict[str, Callable[[Path], Sequence[str]]]:
    """Return the command of each contender that signs alone."""
    found: dict[str, Callable[[Path], Sequence[str]]] = {
        OURS: lambda folder: [sys.executable, __file__, "--sign", str(data), "--out", str(folder)]
    }
    given = ["--signatures", "--data", str(data), "--out"]
    script = str(PEERS / "minhash_job.py")
    for name in (*ENGINES, "dupekit"):
        found[name] = lambda folder, name=name: [python_of(name), script, "--engine", name, *given, str(folder)]
    found["datatrove-minhash"] = lambda folder: [
        python_of("datatrove-minhash"), str(PEERS / "datatrove_minhash.py"), *given, str(folder),
    ]  # fmt: skip
    return found


def own_python() -> str:
    """Return the Python of an environment into which ours is installed as users install it, as each peer has its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    python = environment("atom-data", tuple(project["dependencies"]))
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", str(ROOT)]
    subprocess.run(install, check=True)
    return str(python)


def python_of(name: str) -> str:
    """Return the Python of a peer's environment. RuntimeError when pip cannot make it."""
    return str(environment(name, INSTALLS[name]))


def kept_by(tool: str, folder: Path, table: pa.Table) -> np.ndarray:
    """Return which documents a job has left, read from what it wrote."""
    numbers = dict(zip(table.column("id").to_pylist(), range(len(table)), strict=True))
    left = np.zeros(len(table), bool)
    if tool == "data-prep-kit":
        files = sorted((folder / "out" / "cleaned").rglob("*.parquet"))
        found = [number for file in files for number in pq.read_table(file).column("int_id_column").to_pylist()]
    elif tool == "text-dedup":
        found = []
        for file in sorted((folder / "out").glob("*.arrow")):
            with pa.memory_map(str(file)) as stream:
                found += [numbers[one] for one in pa.ipc.open_stream(stream).read_all().column("id").to_pylist()]
    else:
        place = {**dict.fromkeys(OWN, "out/unique"), "datatrove-minhash": "kept"}.get(tool, ".")
        files = sorted((folder / place).glob("*.parquet"))
        found = [numbers[one] for file in files for one in pq.read_table(file, columns=["id"]).column("id").to_pylist()]
    left[found] = True
    return left


def quality(left: np.ndarray, pairs: Pairs) -> dict[str, Any]:
    """Return documents kept, recall by Jaccard bin (pairs of which one at most is left), and precision.

    A removed document is right when a document that is left has a Jaccard index of at least the threshold with it.
    """
    near = pairs.jaccard >= THRESHOLD
    caught = ~(left[pairs.left] & left[pairs.right])
    right = np.zeros(left.size, bool)
    for one, other in ((pairs.left, pairs.right), (pairs.right, pairs.left)):
        right[one[near & ~left[one] & left[other]]] = True
    removed = int((~left).sum())
    bins = {}
    for low, high in BINS:
        here = (pairs.jaccard >= low) & (pairs.jaccard < high)
        bins[f"{low:.2f}-{min(high, 1):.2f}"] = round(float(caught[here].mean()), 4) if here.any() else None
    return {
        "kept": int(left.sum()),
        "kept_share": round(float(left.mean()), 4),
        "recall": round(float(caught[near].mean()), 4),
        "precision": round(float(right[~left].sum()) / removed, 4) if removed else None,
        "recall_by_bin": bins,
    }


def measure(data: Path, scratch: Path, only: Sequence[str] | None, copies: float) -> dict[str, Any]:
    """Run everything and return the report without its name and machine."""
    table = corpus(data, scratch / "documents", copies)
    size = sum(len(text.encode()) for text in table.column("text").to_pylist())
    print(f"{len(table):,} documents, {size / 1e6:.1f} MB", file=sys.stderr)
    pairs = similar_pairs(shingles_of(table.column("text"), NGRAM), 0.5)
    BandHashes()(pa.record_batch({"text": ["compiles what a first run compiles"]}))
    chosen = None if only is None else {*OWN, *only}
    failed: dict[str, str] = {}
    whole = {name: job for name, job in jobs(scratch / "documents", scratch).items() if wanted(name, chosen, failed)}
    alone = {name: job for name, job in signers(scratch / "documents").items() if name in (OURS, "dupekit", *whole)}
    alone = {name: job for name, job in alone.items() if wanted(name, chosen, failed)}
    rounds = {name: 1 if name in SLOW or QUICK else 5 for name in whole}
    in_turn({OURS: whole[OURS]}, 1, scratch / "warm")
    runs = in_turn(whole, rounds, scratch / "whole", failed)
    clocks = {name: clocked(taken) for name, taken in in_turn(alone, 1, scratch / "alone", failed).items()}
    shutil.rmtree(scratch / "warm", ignore_errors=True)
    results = {name: quality(kept_by(name, taken[-1].folder, table), pairs) for name, taken in runs.items()}
    counts = {"megabytes": size / 1e6, "documents": len(table)}
    rows = [row(name, version_of(name), WORK, taken, **counts, result=results[name]) for name, taken in runs.items()]
    for name, (taken, kernel) in clocks.items():
        rows.append(row(f"{name}, {SIGN}", version_of(name), SIGN, taken, **counts, result=kernel))
    return {
        "input": {
            "what": f"web, books, manuals, and an edited copy of {'every one' if copies >= 1 else 'one in six'}",
            "bytes": size,
            "documents": len(table),
        },
        "truth": {"pairs from 0.75": int((pairs.jaccard >= THRESHOLD).sum()), "pairs from 0.5": len(pairs.left)},
        "rows": rows,
        "quality": results,
        "ratios": over_ours(runs, "") | over_ours({name: taken for name, (taken, _) in clocks.items()}, f", {SIGN}"),
        "failed": failed,
        "same_work": {
            "note": "All sign word 5-grams with 112 hashes in 14 bands of 8 rows, each with its own words; dupekit signs "
            "characters. Ours confirms on the text, data-prep-kit on signatures; all others, and ours unconfirmed, remove "
            "what hangs together by bands. The row of our defaults has 20 bands of 6 rows. Ours runs in two worker "
            "processes, datatrove in two tasks, text-dedup with num_proc=2; data-prep-kit's runtime is one process; Daft, "
            "Rensa and datasketch have the glue of peers/minhash_job.py around them, in one process."
        },
    }


def wanted(name: str, chosen: set[str] | None, failed: dict[str, str]) -> bool:
    """Tell whether a tool is to be run, and make its environment; what cannot be made is noted."""
    if (chosen is not None and name not in chosen) or (QUICK and name in SLOW):
        return False
    if name in INSTALLS:
        try:
            python_of(name)
        except RuntimeError as error:
            failed[name] = str(error).strip().splitlines()[-1]
            return False
    return True


def clocked(taken: Sequence[Run]) -> tuple[list[Run], dict[str, float]]:
    """Return runs with the times that the process itself took, and the rest of the last one's clock."""
    clocks = [json.loads((run.folder / "clock.json").read_bytes()) for run in taken[-1:]]
    runs = [replace(taken[-1], wall_s=clock["wall_s"], cpu_s=clock["cpu_s"]) for clock in clocks]
    return runs, {name: value for name, value in clocks[-1].items() if name.startswith("kernel")}


def version_of(name: str) -> str:
    """Return the version that a row is of."""
    if name in INSTALLS:
        return version(python_of(name), PACKAGES.get(name, name))
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def over_ours(runs: Mapping[str, Sequence[Run]], suffix: str) -> dict[str, float]:
    """How long the others take for each second of ours, by wall and by CPU time."""
    found = {}
    for name, taken in runs.items():
        if name not in OWN:
            for label, figure in (("", "wall_s"), (" CPU", "cpu_s")):
                theirs, ours = (statistics.median(getattr(run, figure) for run in some) for some in (taken, runs[OURS]))
                found[f"{name}{suffix}{label}"] = round(theirs / ours, 2)
    return found


if __name__ == "__main__":
    main()
