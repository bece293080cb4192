"""datatrove's four MinHash stages, Parquet to Parquet. Run by dedup.py in an environment of its own.

`--signatures` times only shingling and signatures, in this process.
"""

import argparse
import json
import time
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.hashing import HashConfig

CONFIG = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=14, hashes_per_bucket=8, n_grams=5)


def main() -> None:
    """Run the stages one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--signatures", action="store_true")
    given = parser.parse_args()
    if given.signatures:
        sign(given.data, given.out)
        return
    place, tasks = str(given.out), len(list(given.data.glob("*.parquet")))
    reader = [ParquetReader(str(given.data), glob_pattern="*.parquet")]
    logs = f"{place}/logs"
    stages = {
        "signatures": ([*reader, MinhashDedupSignature(f"{place}/signatures", config=CONFIG)], tasks),
        "buckets": (
            [MinhashDedupBuckets(f"{place}/signatures", f"{place}/buckets", config=CONFIG)],
            CONFIG.num_buckets,
        ),
        "cluster": ([MinhashDedupCluster(f"{place}/buckets", f"{place}/remove", config=CONFIG)], 1),
        "filter": ([*reader, MinhashDedupFilter(f"{place}/remove"), ParquetWriter(f"{place}/kept")], tasks),
    }
    for name, (pipeline, count) in stages.items():
        executor = LocalPipelineExecutor(
            pipeline, tasks=count, workers=min(given.workers, count), logging_dir=f"{logs}/{name}"
        )
        executor.run()


def sign(data: Path, out: Path) -> None:
    """Time its own functions on every text."""
    step = MinhashDedupSignature(str(out / "signatures"), config=CONFIG)
    texts = [text for file in sorted(data.glob("*.parquet")) for text in pq.read_table(file).column("text").to_pylist()]
    step.get_signature(step.get_shingles("a text of a few words to begin with"))
    wall, cpu = time.perf_counter(), time.process_time()
    for text in texts:
        found = step.get_shingles(text)
        if found.size:
            step.get_signature(found)
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    (out / "clock.json").write_text(json.dumps(took), "utf-8")


if __name__ == "__main__":
    main()
