"""Read shuffled samples with another loader, in its own environment: `loader_peers.py TOOL FOLDER LENGTH SAMPLES`.

FOLDER has bench.bin and bench.idx (Megatron's) or rows/*.parquet; prints tokens, CPU seconds and a checksum as JSON.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

Rows = Iterator[Any]


def megatron(folder: Path, length: int, samples: int) -> Rows:
    """Megatron-core's GPTDataset, whose indexes are built off the clock."""
    from types import SimpleNamespace

    from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.utils import get_blend_from_list

    config = GPTDatasetConfig(
        random_seed=1,
        sequence_length=length,
        blend=get_blend_from_list([str(folder / "bench")]),
        split="1,0,0",
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
        path_to_cache=str(folder / "cache"),
        tokenizer=SimpleNamespace(vocab_size=100_000, eod=0, pad=-1, unique_identifiers={"name": "bench"}),
    )
    train = BlendedMegatronDatasetBuilder(GPTDataset, [samples, 0, 0], lambda: True, config).build()[0]
    return (train[number]["tokens"].numpy() for number in range(samples))


def grain(folder: Path, length: int, samples: int) -> Rows:
    """Grain's MapDataset over a memory map, shuffled."""
    import grain.python as pygrain

    ids = np.memmap(folder / "bench.bin", np.uint32, "r")

    class Windows:
        def __len__(self) -> int:
            return (len(ids) - 1) // length

        def __getitem__(self, number: int) -> Any:  # noqa: ANN401
            return np.array(ids[number * length : number * length + length + 1])

    made = pygrain.MapDataset.source(Windows()).shuffle(seed=1).repeat()
    return (made[number][:-1] for number in range(samples))


def datasets(folder: Path, length: int, samples: int) -> Rows:
    """HF datasets: rows of a Parquet file as Arrow, shuffled by an index, as numpy arrays."""
    from datasets import load_dataset

    files, cache = str(folder / "rows" / "*.parquet"), str(folder / "cache")
    made = load_dataset("parquet", data_files=files, split="train", cache_dir=cache)
    made = made.shuffle(seed=1).with_format("numpy")
    return (made[number % len(made)]["input_ids"] for number in range(samples))


def main() -> None:
    """Read, and say what it took."""
    tool, folder, length, samples = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    rows = {"megatron-core": megatron, "grain": grain, "datasets": datasets}[tool](folder, length, samples)
    next(rows)
    start, tokens, total = time.process_time(), 0, 0
    for row in rows:
        tokens += len(row)
        total += int(row[0])
    print(json.dumps({"tokens": tokens, "cpu_s": time.process_time() - start, "sum": total}))


if __name__ == "__main__":
    main()
