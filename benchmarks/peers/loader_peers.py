"""Read shuffled samples with another loader, in its own environment: `loader_peers.py TOOL FOLDER LENGTH SAMPLES`.

FOLDER has bench.bin and bench.idx (Megatron's) or rows/*.parquet; prints tokens, CPU seconds and a checksum as JSON.
"""

import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
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


def olmo(folder: Path, length: int, samples: int) -> Rows:
    """OLMo-core's chunks of documents, drawn by an index shuffled off the clock."""
    from olmo_core.data.composable import ConcatAndChunkInstanceSource, NumpyDocumentSource
    from olmo_core.data.tokenizer import TokenizerConfig

    work = folder / "olmo"
    tokenizer = TokenizerConfig(vocab_size=100_000, eos_token_id=0, pad_token_id=0)
    source = NumpyDocumentSource(
        source_paths=[folder / "bench.bin"], dtype=np.uint32, work_dir=work, tokenizer=tokenizer
    )
    chunks = ConcatAndChunkInstanceSource(source, sequence_length=length, work_dir=work)
    order = np.random.default_rng(1).permutation(len(chunks)).tolist()
    return (np.asarray(chunks[order[number % len(order)]]["input_ids"]) for number in range(samples))


def streaming(folder: Path, length: int, samples: int) -> Rows:
    """MosaicML's StreamingDataset over MDS shards, which are written off the clock; its own shuffle."""
    import shutil
    from importlib.machinery import ModuleSpec
    from unittest.mock import MagicMock

    for name in (
        "torchvision",
        *(f"torchvision.{part}" for part in ("datasets", "transforms", "transforms.functional")),
    ):
        sys.modules[name] = MagicMock(
            VisionDataset=object, __spec__=ModuleSpec(name, None)
        )  # its wheel does not go with torch for CPUs
    from streaming import MDSWriter, StreamingDataset

    ids = np.memmap(folder / "bench.bin", np.uint32, "r")
    shutil.rmtree(folder / "mds", ignore_errors=True)
    with MDSWriter(out=str(folder / "mds"), columns={"tokens": f"ndarray:uint32:{length}"}) as writer:
        for number in range(len(ids) // length):
            writer.write({"tokens": np.array(ids[number * length : (number + 1) * length])})

    def endless() -> Rows:
        made = StreamingDataset(local=str(folder / "mds"), batch_size=1, shuffle=True, shuffle_seed=1)
        while True:
            yield from (sample["tokens"] for sample in made)

    return islice(endless(), samples)


TOOLS = {
    "megatron-core": megatron,
    "ai2-olmo-core": olmo,
    "mosaicml-streaming": streaming,
    "grain": grain,
    "datasets": datasets,
}


def main() -> None:
    """Read, and say what it took."""
    tool, folder, length, samples = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    rows = TOOLS[tool](folder, length, samples)
    next(rows)
    start, tokens, total = time.process_time(), 0, 0
    for row in rows:
        tokens += len(row)
        total += int(row[0])
    print(json.dumps({"tokens": tokens, "cpu_s": time.process_time() - start, "sum": total}))


if __name__ == "__main__":
    main()
