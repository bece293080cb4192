"""The chain of the sample recipe, from datatrove's own blocks. Run by pipeline.py in an environment of its own.

One task, one worker, as few passes over the disk as the blocks allow: what datatrove's published recipes write and read
again between their steps is fused here wherever a block hands its documents on.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pylibmagic  # noqa: F401  gives python-magic a libmagic where the system has none
from datatrove.data import Document, DocumentsPipeline
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    ExactDedupFilter,
    ExactDedupSignature,
    ExactFindDedups,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.exact_dedup import ExactDedupConfig
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.extractors.base import BaseExtractor
from datatrove.pipeline.filters import GopherQualityFilter, LambdaFilter, LanguageFilter, URLFilter
from datatrove.pipeline.readers import ParquetReader, WarcReader
from datatrove.pipeline.tokens import DocumentTokenizer
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.hashing import HashConfig
from resiliparse.extract.html2text import extract_plain_text
from tldextract import TLDExtract

BUCKETS, ROWS, NGRAM = 14, 8, 5
COUNTED = ("documents", "total", "forwarded", "text_bytes", "tokens")


class Resiliparse(BaseExtractor):
    """resiliparse with the options of the recipe, in the sandbox process that all of datatrove's extractors use.

    The time limit is far above what a page takes, so that a busy machine drops none.
    """

    name = "resiliparse"

    def __init__(self, options: dict[str, object]) -> None:
        """Take the options of extract_plain_text."""
        super().__init__(timeout=60)
        self.options = options

    def extract(self, text: str) -> str:
        """Return the text of a page."""
        return extract_plain_text(text, **self.options)

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Hand on the pages that have text, and count its bytes."""
        for document in super().run(data, rank, world_size):
            self.stat_update("text_bytes", value=len(document.text.encode()))
            yield document


def text_of(document: Document) -> str:
    """What exact copies have in common; datatrove looks at the annotation."""
    return document.text


class Chain:
    """The stages in order, and what each step counted."""

    def __init__(self, out: Path) -> None:
        """Write below a folder."""
        self.out = out
        self.counts: dict[str, dict[str, int]] = {}

    def folder(self, name: str) -> str:
        """Name a folder of the run."""
        return str(self.out / name)

    def run(self, name: str, steps: Sequence[PipelineStep], tasks: int = 1) -> None:
        """Run one executor: one worker, in this process."""
        executor = LocalPipelineExecutor(
            pipeline=list(steps), tasks=tasks, workers=1, logging_dir=self.folder(f"logs/{name}")
        )
        for step, stats in zip(steps, executor.run().stats, strict=True):
            counted = {key: int(value.total) for key, value in stats.stats.items() if key in COUNTED}
            self.counts[f"{name}: {type(step).__name__}"] = counted


def url_filter(words: list[str], subwords: list[str]) -> URLFilter:
    """The filter with the recipe's words; suffixes come from tldextract's snapshot, for nothing may be downloaded."""
    step = URLFilter(use_integrated_lists=False, banned_words=words, banned_subwords=subwords)
    step.tldextractor = TLDExtract(suffix_list_urls=())
    return step


def length_filter(least: int | None, most: int | None) -> LambdaFilter:
    """Bounds on the characters of a text, for which datatrove has no block."""
    return LambdaFilter(lambda document: (least or 0) <= len(document.text) <= (most or len(document.text)))


def language_filter(model: Path, languages: list[str], threshold: float) -> LanguageFilter:
    """The filter with the model handed to it."""
    step = LanguageFilter(languages=languages, language_threshold=threshold)
    step.model.MODEL_URL = str(model)
    return step


def run(options: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Run the chain and return what each step counted."""
    recipe, chain = json.loads(options.recipe), Chain(options.out)
    at: Callable[[str], str] = chain.folder
    exact = ExactDedupConfig(content_getter=text_of)
    near = MinhashConfig(
        n_grams=NGRAM,
        num_buckets=BUCKETS,
        hashes_per_bucket=ROWS,
        hash_config=HashConfig(precision=64, hash_fc="xxhash"),
    )
    chain.run(
        "clean",
        [
            WarcReader(str(options.data), glob_pattern="*.warc.gz"),
            Resiliparse(recipe["extract"]),
            url_filter(recipe["words"], recipe["subwords"]),
            language_filter(options.model, recipe["languages"], recipe["language_score"]),
            length_filter(*recipe["characters"]),
            GopherQualityFilter(**recipe["gopher"]),
            ParquetWriter(at("clean")),
            ExactDedupSignature(at("exact-signatures"), config=exact),
        ],
    )
    chain.run("exact", [ExactFindDedups(at("exact-signatures"), at("exact-copies"), config=exact)])
    chain.run(
        "distinct",
        [
            ParquetReader(at("clean")),
            ExactDedupFilter(at("exact-copies"), config=exact),
            ParquetWriter(at("distinct")),
            MinhashDedupSignature(at("near-signatures"), config=near),
        ],
    )
    chain.run(
        "near-buckets", [MinhashDedupBuckets(at("near-signatures"), at("near-buckets"), config=near)], tasks=BUCKETS
    )
    chain.run("near-clusters", [MinhashDedupCluster(at("near-buckets"), at("near-copies"), config=near)])
    chain.run(
        "tokens",
        [
            ParquetReader(at("distinct")),
            MinhashDedupFilter(at("near-copies")),
            DocumentTokenizer(at("tokens"), str(options.tokenizer), eos_token=recipe["eos"], seed=0),
        ],
    )
    return chain.counts


def prepare(options: argparse.Namespace) -> None:
    """Copy the model into datatrove's cache and compile spaCy's modules, as a first run would."""
    recipe = json.loads(options.recipe)
    language_filter(options.model, recipe["languages"], recipe["language_score"]).model.predict(
        Document(text="a", id="a")
    )
    GopherQualityFilter().filter(Document(text="the first words are the slowest", id="a"))


def main() -> None:
    """Read the options, run, write the counts."""
    parser = argparse.ArgumentParser()
    for name in ("data", "out", "model", "tokenizer"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--recipe", required=True, help="JSON: extract, languages, language_score, eos")
    parser.add_argument("--prepare", action="store_true", help="fill the caches and run nothing")
    options = parser.parse_args()
    if options.prepare:
        prepare(options)
        return
    counts = run(options)
    (options.out / "counts.json").write_text(json.dumps(counts, indent=1), "utf-8")


if __name__ == "__main__":
    main()
