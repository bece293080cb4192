"""Reading shuffled samples of 4,096 tokens: this loader beside five other loaders, and its start-up.

    make bench-loader            QUICK=1: fewer samples, one round
    python benchmarks/loader.py

All read the same tokens (uint32, in the page cache), one process each, samples in shuffled order; building indexes and
the first sample are off the clock. Ours finds documents, positions and labels, and makes batches of 8; Megatron's finds
labels and positions, sample by sample; all others give ids alone. `ratios` compare our whole batches with each of them.
Start-up is measured on 10,000 shards that speak of 2 billion samples: sparse files, with true receipts and headers.
A peer whose environment cannot be made is left out, and the report says so.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from environment import environment, version
from measure import QUICK, ROOT, Run, row, write_report

from atom_data.loader import Batches, Samples, TokenShards
from atom_data.storage.receipts import OutputFile, Receipt, ShardList, plan_path, write_json, write_receipt
from atom_data.tokens.manifest import manifest_of_receipts
from atom_data.tokens.megatron import index_bytes

LENGTH, BATCH = 4_096, 8
TOKENS = 20_000_000 if QUICK else 200_000_000
SAMPLES = 2_000 if QUICK else 20_000
ROUNDS = 1 if QUICK else 3
SHARDS, PLANNED = 10_000, 2_000_000_000
DTYPE = np.dtype("<u4")
PEERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "megatron-core": (
        ("torch==2.13.0", "numpy", "triton", "packaging"),
        ("--no-deps", "--ignore-requires-python", "megatron-core==0.19.2"),
    ),
    "ai2-olmo-core": (("torch==2.13.0", "ai2-olmo-core==3.0.0"), ()),
    "mosaicml-streaming": (("torch==2.13.0", "mosaicml-streaming==0.13.0"), ()),
    "grain": (("grain==0.2.18",), ()),
    "datasets": (("datasets",), ()),
}
ENVIRONMENTS = {"megatron-core": "megatron", "ai2-olmo-core": "olmo", "mosaicml-streaming": "streaming"}
WORK = {
    "atom-data": "batches of 8: ids, labels, positions, cu_seqlens, source, sample",
    "atom-data, ids only": "order and ids, by pread",
    "megatron-core": "GPTDataset: ids, labels, loss mask, positions",
    "ai2-olmo-core": "chunks of the raw file (ConcatAndChunk), drawn by a shuffled index: ids",
    "mosaicml-streaming": "StreamingDataset over MDS, shuffled: ids",
    "grain": "MapDataset over a memory map, shuffled: ids, no document is looked for",
    "datasets": "Arrow rows, shuffled by an index, numpy format: ids",
}


def main() -> None:
    """Measure in turn, write the report, print the figures; `--read FOLDER` and `--open FOLDER` are its own processes."""
    if len(sys.argv) == 3:
        print(json.dumps({"--read": read, "--ids": read_ids, "--open": start}[sys.argv[1]](sys.argv[2])))
        return
    with tempfile.TemporaryDirectory(prefix="bench-loader-") as place:
        report = measure(Path(place))
    path = write_report("loader", report)
    for one in report["rows"]:
        print(f"{one['tool']} {one['version']}: {one['result']['million_tokens_per_s_core']:,} M tokens/s per core")
    print(f"start-up: {report['start_up']}\nleft out: {report['left_out']}\nwritten: {path.relative_to(ROOT)}")


def read(folder: str) -> dict[str, float]:
    """Read as a training loop does."""
    batches = iter(Batches(Samples(TokenShards(folder, sequence_length=LENGTH), seed=1), batch_size=BATCH))
    next(batches)
    clock, tokens, total = time.process_time(), 0, 0
    for batch in islice(batches, SAMPLES // BATCH):
        tokens += batch["input_ids"].size
        total += int(batch["input_ids"][0, 0])
    return {"tokens": tokens, "cpu_s": time.process_time() - clock, "sum": total}


def read_ids(folder: str) -> dict[str, float]:
    """Read ids alone, one sample at a time, as the peers' rows do."""
    samples = Samples(TokenShards(folder, sequence_length=LENGTH), seed=1)
    source, order = samples.sources["tokens"], samples.order
    source.window(order(0).window)
    clock, tokens, total = time.process_time(), 0, 0
    for number in range(1, SAMPLES):
        ids = source.window(order(number).window).ids
        tokens += len(ids) - 1
        total += int(ids[0])
    return {"tokens": tokens, "cpu_s": time.process_time() - clock, "sum": total}


def start(folder: str) -> dict[str, float]:
    """Open many shards, and find places all over the run."""
    before = resident()
    wall, cpu = time.perf_counter(), time.process_time()
    samples = Samples(TokenShards(folder, sequence_length=LENGTH), seed=1)
    Batches(samples, batch_size=BATCH).resume(samples.state(PLANNED // 2))
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    clock = time.process_time()
    for number in range(0, PLANNED, PLANNED // 1_000):
        samples.address(number)
    return {
        **{name: round(value, 3) for name, value in took.items()},
        "us_per_place": round((time.process_time() - clock) * 1e3, 1),
        "memory_mb": round((resident() - before) / 1e6, 1),
        "samples": len(samples.sources["tokens"]),
        "state_bytes": len(json.dumps(samples.state(PLANNED))),
    }


def resident() -> int:
    """Return the memory that this process holds now, in bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def measure(place: Path) -> dict[str, Any]:
    """Run all contenders in turn and return the report without its name and machine."""
    small, large = place / "small", place / "large"
    make_tokens(small)
    make_shards(large)
    pythons, left_out = dict[str, str](), dict[str, str]()
    for tool, wanted in PEERS.items():
        try:
            pythons[tool] = str(environment(ENVIRONMENTS.get(tool, tool), *wanted))
        except RuntimeError as error:
            left_out[tool] = str(error).strip().splitlines()[-1][:200]
    script, own = str(ROOT / "benchmarks" / "peers" / "loader_peers.py"), [sys.executable, __file__]
    commands = {
        "atom-data": [*own, "--read", str(small / "tokens")],
        "atom-data, ids only": [*own, "--ids", str(small / "tokens")],
    }
    for tool, python in pythons.items():
        commands[tool] = [python, script, tool, str(small), str(LENGTH), str(SAMPLES)]
    runs: dict[str, list[dict[str, float]]] = {tool: [] for tool in commands}
    for _ in range(ROUNDS):
        for tool in [tool for tool in commands if tool not in left_out]:
            try:
                runs[tool].append(answer(commands[tool]))
            except RuntimeError as error:
                left_out[tool] = str(error)
    starts = [answer([*own, "--open", str(large / "tokens")]) for _ in range(ROUNDS)]
    rows, speed = [], dict[str, float]()
    for tool, found in runs.items():
        if tool not in left_out:
            best = min(found, key=lambda one: one["cpu_s"] / one["tokens"])
            speed[tool] = round(best["tokens"] / best["cpu_s"] / 1e6, 1)
            rows.append(row_of(tool, pythons.get(tool), found, speed[tool]))
    return {
        "input": {
            "what": f"shuffled samples of {LENGTH} tokens, best round",
            "bytes": TOKENS * 4,
            "documents": SAMPLES,
        },
        "rows": rows,
        "ratios": {tool: round(speed["atom-data"] / one, 2) for tool, one in speed.items() if tool != "atom-data"},
        "start_up": min(starts, key=lambda one: one["cpu_s"]),
        "same_work": {tool: int(found[0]["tokens"]) for tool, found in runs.items() if found},
        "left_out": left_out,
    }


def row_of(tool: str, python: str | None, found: list[dict[str, float]], speed: float) -> dict[str, Any]:
    """Return one line of the report; the wall time is not taken, for other processes share the machine."""
    taken = [Run(one["cpu_s"], one["cpu_s"], 0.0, ROOT) for one in found]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    what = version(python, tool) if python else str(project)
    result = {"million_tokens_per_s_core": speed}
    made = row(tool, what, WORK[tool], taken, megabytes=SAMPLES * LENGTH * 4 / 1e6, documents=SAMPLES, result=result)
    return {name: value for name, value in made.items() if name not in ("wall_s", "peak_mb")}


def answer(command: list[str]) -> dict[str, float]:
    """Run a command and return the JSON of its last line. RuntimeError with the end of what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1][:200] if done.stderr.strip() else "it failed")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def make_tokens(folder: Path) -> None:
    """Write documents of about 700 random ids as one shard of ours, as Megatron's pair, and as rows of Parquet."""
    chance = np.random.default_rng(0)
    ids = chance.integers(1, 100_000, TOKENS, dtype=DTYPE)
    ends = np.unique(np.append(chance.integers(0, TOKENS, TOKENS // 700), TOKENS - 1))
    ids[ends] = 0
    index = index_bytes(np.diff(ends, prepend=-1).astype(np.int32), DTYPE)
    shard(folder, "bench", ids.tobytes(), len(ids), index, len(ends))
    finish(folder, ["bench"])
    for ending in ("bin", "idx"):
        (folder / f"bench.{ending}").hardlink_to(folder / "tokens" / f"bench.{ending}")
    whole = ids[: TOKENS // LENGTH * LENGTH]
    (folder / "rows").mkdir()
    table = pa.table(
        {"input_ids": pa.FixedSizeListArray.from_arrays(pa.array(whole), LENGTH).cast(pa.list_(pa.uint32()))}
    )
    pq.write_table(table, folder / "rows" / "rows.parquet")


def make_shards(folder: Path) -> None:
    """Write shards whose .bin takes no room on the disk; what is opened and checked is as in true ones."""
    tokens = PLANNED // SHARDS * LENGTH + 1
    index = index_bytes(np.array([tokens], np.int32), DTYPE)
    names = [f"shard-{number:05}" for number in range(SHARDS)]
    for name in names:
        shard(folder, name, None, tokens, index, 1)
    finish(folder, names)


def shard(folder: Path, name: str, binary: bytes | None, tokens: int, index: bytes, documents: int) -> None:
    """Write a shard and its receipt."""
    (folder / "tokens").mkdir(parents=True, exist_ok=True)
    outputs = []
    for ending, data in (("bin", binary), ("idx", index), ("docs.parquet", b"PAR1")):
        path = folder / "tokens" / f"{name}.{ending}"
        with path.open("wb") as file:
            if data is None:
                file.truncate(tokens * DTYPE.itemsize)
            else:
                file.write(data)
        outputs.append(OutputFile(f"tokens/{name}.{ending}", path.stat().st_size, "0" * 64, documents))
    notes = {"tokenizer": "0" * 64, "vocabulary": 100_000, "eos": "<eos>", "eos_id": 0, "dtype": "uint32"}
    receipt = Receipt("tokens", name, rows_out=documents, tokens=tokens, notes=notes, outputs=tuple(outputs))
    write_receipt(str(folder), receipt, "bench")


def finish(folder: Path, names: list[str]) -> None:
    """Write plan and manifest, as a finished pass leaves them."""
    write_json(f"{folder}/{plan_path('tokens')}", ShardList("tokens", tuple(names)).value(), "bench")
    write_json(f"{folder}/tokens/manifest.json", manifest_of_receipts(str(folder)), "bench")


if __name__ == "__main__":
    main()
