"""What Megatron-core makes of exported and merged shards, as JSON. Run by readers.py in an environment of its own."""

import filecmp
import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch
from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
from megatron.core.datasets.indexed_dataset import IndexedDataset, IndexedDatasetBuilder
from megatron.core.datasets.utils import get_blend_from_list


def main() -> None:
    """Read shards one by one, write them again with Megatron's writer, and draw samples from the merged prefixes."""
    exported, merged, length, vocabulary = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    prefixes = sorted(str(path.with_suffix("")) for path in exported.glob("*.idx"))
    shards = {Path(prefix).name: IndexedDataset(prefix) for prefix in prefixes}
    with tempfile.TemporaryDirectory() as place:
        same = {name: rewritten(shard, f"{place}/{name}", str(exported / name)) for name, shard in shards.items()}
        added = joined(prefixes, f"{place}/joined")
    found = {
        "documents": {name: [ids.tolist() for ids in shard] for name, shard in shards.items()},
        "dtype": sorted({str(shard.index.dtype.__name__) for shard in shards.values()}),
        "same_bytes": same,
        "joined": added,
        "samples": samples(merged, length, vocabulary),
    }
    print(json.dumps(found))


def rewritten(shard: IndexedDataset, prefix: str, ours: str) -> bool:
    """Write the documents with Megatron's own writer; tell whether both files are ours byte for byte."""
    builder = IndexedDatasetBuilder(f"{prefix}.bin", dtype=shard.index.dtype)
    for ids in shard:
        builder.add_document(torch.from_numpy(ids.astype("int64")), [len(ids)])
    builder.finalize(f"{prefix}.idx")
    return all(filecmp.cmp(f"{prefix}.{end}", f"{ours}.{end}", shallow=False) for end in ("bin", "idx"))


def joined(prefixes: list[str], prefix: str) -> int:
    """Merge with Megatron's writer, which reads our indexes; return the documents."""
    builder = IndexedDatasetBuilder(f"{prefix}.bin", dtype=IndexedDataset(prefixes[0]).index.dtype)
    for one in prefixes:
        builder.add_index(one)
    builder.finalize(f"{prefix}.idx")
    return len(IndexedDataset(prefix))


def samples(merged: Path, length: int, vocabulary: int) -> list[dict[str, object]]:
    """Draw samples of a blend with masks between documents, by the files that a run is started with."""
    tokenizer = SimpleNamespace(vocab_size=vocabulary, eod=0, pad=-1, unique_identifiers={"name": "ours"})
    config = GPTDatasetConfig(
        random_seed=1,
        sequence_length=length,
        blend=get_blend_from_list((merged / "blend.txt").read_text().split()),
        split="1,0,0",
        path_to_cache=str(merged / "cache"),
        tokenizer=tokenizer,
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
        sequences_per_dataset=json.loads((merged / "sequences.json").read_text()),
        inter_document_masking=True,
    )
    train, _, _ = BlendedMegatronDatasetBuilder(GPTDataset, [40, 0, 0], lambda: True, config).build()
    return [
        {key: value.tolist() for key, value in train[number].items() if hasattr(value, "tolist")}
        for number in range(40)
    ]


if __name__ == "__main__":
    main()
