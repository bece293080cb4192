"""datatrove's own FineWeb chain after the extraction, Parquet to Parquet, as examples/fineweb.py has it. Run by recipes.py.

`--data` is a folder of Parquet files with `id` and `text`; `--out` gets `filtered/` and `kept/`.
"""

import argparse
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.hashing import HashConfig

CONFIG = MinhashConfig(
    hash_config=HashConfig(hash_fc="sha1", precision=64), num_buckets=14, hashes_per_bucket=8, n_grams=5
)


def main() -> None:
    """Run the stages one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    place, tasks = str(given.out), len(list(given.data.glob("*.parquet")))
    filters = [
        GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter(),
    ]  # fmt: skip
    first = [ParquetReader(str(given.data), glob_pattern="*.parquet"), *filters, ParquetWriter(f"{place}/filtered")]
    reader = [ParquetReader(f"{place}/filtered")]
    stages = {
        "filters": (first, tasks),
        "signatures": ([*reader, MinhashDedupSignature(f"{place}/signatures", config=CONFIG)], tasks),
        "buckets": (
            [MinhashDedupBuckets(f"{place}/signatures", f"{place}/buckets", config=CONFIG)],
            CONFIG.num_buckets,
        ),
        "cluster": (
            [MinhashDedupCluster(f"{place}/buckets", f"{place}/remove", config=CONFIG, save_cluster_size=True)],
            1,
        ),
        "kept": (
            [*reader, MinhashDedupFilter(f"{place}/remove", load_cluster_sizes=True), ParquetWriter(f"{place}/kept")],
            tasks,
        ),
    }
    for name, (pipeline, count) in stages.items():
        LocalPipelineExecutor(pipeline=pipeline, tasks=count, workers=1, logging_dir=f"{place}/logs/{name}").run()


if __name__ == "__main__":
    main()
