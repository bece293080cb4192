"""Repeated lines removed by datatrove's sentence deduplication, set to lines. Run by repeats.py in an environment of its own.

One sentence a span, split at line ends, one task per file, one worker. Its word tokenizer is only asked for documents that
became too short, which no document is here, so it gets one that is never called.
"""

import argparse
import json
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups
from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.word_tokenizers import WordTokenizer


class NoWords(WordTokenizer):
    """Stands where a tokenizer is asked for."""

    def word_tokenize(self, text: str) -> list[str]:
        """Raise: nobody should call it."""
        raise NotImplementedError

    sent_tokenize = span_tokenize = word_tokenize


def main() -> None:
    """Run the three stages."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    config = SentDedupConfig(
        n_sentences=1,
        split_sentences=False,
        min_doc_words=0,
        min_num_sentences=0,
        hash_config=HashConfig(precision=64),
    )
    tasks = len(list(given.data.glob("*.parquet")))

    def run(name: str, steps: list[object], count: int) -> None:
        LocalPipelineExecutor(steps, tasks=count, workers=1, logging_dir=str(given.out / "logs" / name)).run()

    reader = ParquetReader(str(given.data), glob_pattern="*.parquet")
    signatures, found = str(given.out / "signatures"), str(given.out / "found")
    tokenizer = NoWords()
    run("1", [reader, SentenceDedupSignature(signatures, config=config, language=tokenizer)], tasks)
    run("2", [SentenceFindDedups(signatures, found, config=config)], 1)
    kept = ParquetWriter(str(given.out / "kept"))
    run("3", [reader, SentenceDedupFilter(found, config=config, language=tokenizer), kept], tasks)
    (given.out / "done.json").write_text(json.dumps({"tasks": tasks}), "utf-8")


if __name__ == "__main__":
    main()
