"""Reading Parquet: CPU and memory of our batches beside pyarrow's plain `iter_batches`, by how a file was written.

python benchmarks/parquet.py; results go to results/parquet.json. QUICK=1 takes a tenth of the text.
`python benchmarks/parquet.py read HOW FILE` is one run; HOW is plain or ours. Both give the same number of rows and bytes.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from measure import QUICK, Run, in_turn, write_report

from atom_data.storage.parquet import BATCH_BYTES, read_parquet

TEXT_BYTES = 745_000_000 // (10 if QUICK else 1)
BIG_ROWS = 2_500 // (10 if QUICK else 1)
BIG_BYTES = 1_050_000
ROUNDS = 1 if QUICK else 3
WORDS = 30_000
RESULT = "result.json"


def main() -> None:
    """Write the files, read each both ways, and report."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        cases = {}
        for name, path in files(folder).items():
            contenders = {how: partial(command, how, path) for how in ("plain", "ours")}
            taken = in_turn(contenders, ROUNDS, folder / f"runs-{name}")
            results = {how: json.loads((runs[-1].folder / RESULT).read_text()) for how, runs in taken.items()}
            if results["plain"] != results["ours"]:
                raise RuntimeError(f"{name}: the two did not read the same: {results}")
            cases[name] = {"file_mb": path.stat().st_size / 1e6, **results["ours"]}
            cases[name] |= {how: figures(runs) for how, runs in taken.items()}
            path.unlink()
    print(write_report("parquet", {"pyarrow": pa.__version__, "cases": cases}))


def figures(runs: Sequence[Run]) -> dict[str, object]:
    """Return the CPU seconds of every run, their median, and the largest resident memory."""
    return {
        "cpu_s": [round(run.cpu_s, 2) for run in runs],
        "median_cpu_s": round(statistics.median(run.cpu_s for run in runs), 2),
        "peak_mb": round(max(run.peak_mb for run in runs)),
    }


def command(how: str, path: Path, folder: Path) -> list[str]:
    """Return the command of one run."""
    return [sys.executable, __file__, "read", how, str(path), str(folder / RESULT)]


def files(folder: Path) -> dict[str, Path]:
    """Write one file a case: the default writer, our row groups, the DELTA encodings, a dictionary, one page of a GB."""
    table = texts()
    groups = {"row_group_size": table.num_rows}
    options: dict[str, dict[str, object]] = {
        "one row group": groups,
        "row groups of 32 MB": {"row_group_size": table.num_rows * 32_000_000 // TEXT_BYTES},
        "DELTA_LENGTH_BYTE_ARRAY": {**groups, "use_dictionary": False, "column_encoding": "DELTA_LENGTH_BYTE_ARRAY"},
        "DELTA_BYTE_ARRAY": {**groups, "use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"},
        "one dictionary": {**groups, "dictionary_pagesize_limit": 1 << 30},
    }
    made = {}
    for name, given in options.items():
        made[name] = folder / f"{len(made)}.parquet"
        pq.write_table(table, made[name], compression="zstd", **given)
    made["pages of a gigabyte"] = folder / "big.parquet"
    big = pa.array([f"{number} ".ljust(BIG_BYTES, "x") for number in range(BIG_ROWS)], pa.large_string())
    options_of_big = {"use_dictionary": False, "compression": "zstd", "row_group_size": BIG_ROWS}
    pq.write_table(pa.table({"text": big}), made["pages of a gigabyte"], **options_of_big)
    return made


def texts() -> pa.Table:
    """Return texts of Zipf's words, of sizes as on the web, with ids and addresses."""
    draw = np.random.default_rng(1)
    words = np.array(["".join(map(chr, draw.integers(97, 123, int(size)))) for size in draw.integers(2, 11, WORDS)])
    found, size = [], 0
    while size < TEXT_BYTES:
        found.append(" ".join(words[(draw.pareto(1.1, int(draw.lognormal(6, 1)) + 5) * 50).astype(int) % WORDS]))
        size += len(found[-1])
    ids = [f"doc-{number}" for number in range(len(found))]
    return pa.table({"id": ids, "text": found, "url": [f"https://example.org/{one}" for one in reversed(ids)]})


def read(how: str, path: str, report: str) -> None:
    """Read a file once and write down how much it held."""
    names, rows, size = pq.read_schema(path).names, 0, 0
    for batch in read_parquet(path, names) if how == "ours" else plain(path):
        rows += batch.num_rows
        size += sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in batch.columns)
    Path(report).write_text(json.dumps({"rows": rows, "text_bytes": size}))


def plain(path: str) -> Iterator[pa.RecordBatch]:
    """Yield what pyarrow gives by itself, in batches of about the same size as ours."""
    file = pq.ParquetFile(path)
    size = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
    yield from file.iter_batches(batch_size=max(1, BATCH_BYTES * file.metadata.num_rows // size))


if __name__ == "__main__":
    if sys.argv[1:2] == ["read"]:
        read(*sys.argv[2:])
    else:
        main()
