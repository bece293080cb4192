"""What OLMo-core makes of exported shards, as JSON. Run by readers.py in an environment of its own."""

import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from olmo_core.data.collator import DataCollator
from olmo_core.data.composable import ComposableDataLoader, ConcatAndChunkInstanceSource, NumpyDocumentSource
from olmo_core.data.tokenizer import TokenizerConfig
from olmo_core.data.utils import iter_document_indices


def main() -> None:
    """Read document bounds from ids and from the metadata, instances, and one epoch of batches with document lengths."""
    folder, length, itemsize = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    dtype = {2: np.uint16, 4: np.uint32}[itemsize]
    paths = sorted(folder.glob("*.npy"))
    tokenizer = TokenizerConfig(vocab_size=400, eos_token_id=0, pad_token_id=0)
    with tempfile.TemporaryDirectory() as work:
        sources = [
            NumpyDocumentSource(source_paths=[p], dtype=dtype, work_dir=work, tokenizer=tokenizer) for p in paths
        ]
        chunks = ConcatAndChunkInstanceSource(*sources, sequence_length=length, work_dir=work)
        loader = ComposableDataLoader(
            chunks,
            collator=DataCollator(pad_token_id=0),
            tokenizer=tokenizer,
            work_dir=work,
            global_batch_size=2 * length,
            seed=1,
            generate_doc_lengths=True,
            display_source_visualization=False,
        )
        loader.reshuffle(epoch=1)
        batches = [
            {"input_ids": batch["input_ids"].tolist(), "doc_lens": batch["doc_lens"].tolist()} for batch in loader
        ]
        found = {
            "offsets": {p.stem: pairs(s.get_document_offsets()) for p, s in zip(paths, sources, strict=True)},
            "metadata": {p.stem: pairs(iter_document_indices(p, use_array_if_local=False)) for p in paths},
            "instances": [np.asarray(chunks[number]["input_ids"]).tolist() for number in range(len(chunks))],
            "batches": batches,
        }
    print(json.dumps(found))


def pairs(bounds: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return bounds as plain numbers."""
    return [[int(start), int(end)] for start, end in bounds]


if __name__ == "__main__":
    main()
