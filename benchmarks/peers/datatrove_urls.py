"""datatrove's URL filter over the urls of a benchmark. Run by urls.py in an environment of its own."""

import argparse
import json
import time
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import URLFilter
from tldextract import TLDExtract


def main() -> None:
    """Read the list and check the urls, each on a clock; write verdicts and times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("inputs", type=Path)
    parser.add_argument("urls", type=int)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    urls = pq.read_table(given.inputs / "urls.parquet").column("url").slice(0, given.urls).to_pylist()
    documents = [Document(text="", id="", metadata={"url": url}) for url in urls]
    suffixes = TLDExtract(suffix_list_urls=())  # its snapshot, for nothing may be downloaded
    suffixes("http://a.example/")
    wall, cpu = time.perf_counter(), time.process_time()
    words = (given.inputs / "words.txt").read_text("utf-8").split()
    with (given.inputs / "domains.txt").open(encoding="utf-8") as listed:
        step = URLFilter(use_integrated_lists=False, extra_domains=listed, banned_words=words)
    step.tldextractor = suffixes
    step.filter(Document(text="", id="", metadata={"url": "http://a.example/"}))
    took = {"start_up_s": time.perf_counter() - wall, "start_up_cpu_s": time.process_time() - cpu}
    wall, cpu = time.perf_counter(), time.process_time()
    blocked = [step.filter(document) is not True for document in documents]
    took |= {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    (given.out / "result.json").write_text(json.dumps({"took": took, "blocked": blocked}), "utf-8")


if __name__ == "__main__":
    main()
