"""A recipe of every kind over a few documents, and which kernels each calls: what `kernels.json` is made from.

`python -m tests.runner.kinds` writes that file anew: it does every recipe's tasks, and calls every exported step.
"""

import gzip
import json
import os
import sys
import tempfile
import textwrap
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba.core.dispatcher import Dispatcher

from atom_data.runner.needs import needs
from atom_data.runner.recipe import load_recipe
from atom_data.runner.worker import do_task
from atom_data.text.buffers import string_buffers
from atom_data.text.html.scan import scan
from atom_data.text.main_text.alignment import aligned
from atom_data.text.main_text.words import text_words
from atom_data.text.repeats import first_seen
from atom_data.text.signatures import FILE, encoded, kernel_name, load
from atom_data.text.similarity.pairs import similar_pairs
from atom_data.text.similarity.shingles import jaccard, shingle_set
from atom_data.workspace import Workspace
from tests.command import ROOT
from tests.readers.archives import members, page, record
from tests.tokens.corpus import tiny_tokenizer

PRELUDE = """
from functools import partial
from pathlib import Path
from atom_data import *
from atom_data import signals, rewrite, dedup
from atom_data.extract import MainText
from atom_data.signals import *
from atom_data.rewrite import *
from atom_data.text.buffers import string_buffers
from atom_data.text.lines import line_counts
import pyarrow as pa

MODEL = Path({model!r})
ROWS = Parquet("rows.parquet", source="test")

def stage(*steps, reads=ROWS, name="all"):
    return (Stage(name=name, reads=reads, steps=steps, allow_drop=1.0, allow_unreadable=1.0),)

def copies(by):
    return stage(reads=Copies(of=Parquet("rows.parquet", source="test"), by=by, allow_loss=1.0))

def repeats(by, column="repeated_lines"):
    return stage(RemoveSpans(spans=column), reads=Repeats(of=Parquet("rows.parquet", source="test"), by=by, allow_loss=1.0))

def own(least, batch):
    lines = line_counts(string_buffers(batch.column("text")))[:, 0]
    return batch.append_column("many_lines", pa.array(lines >= least))

def stages():
    return {stages}
"""
KINDS = {
    "near": "copies(MinHash())",
    "near_trusted": "copies(MinHash(confirm=False))",
    "near_characters": "copies(MinHash(unit='characters', ngram=9, min_containment=0.9))",
    "near_datasketch": "copies(MinHash(compatible='datasketch'))",
    "near_legacy": "copies(MinHash(compatible='datasketch-legacy'))",
    "near_datatrove": "copies(MinHash(compatible='datatrove', confirm=False))",
    "exact": "copies(SameText())",
    "content": "copies(SameContent())",
    "url": "copies(SameUrl())",
    "lines": "repeats(Lines(), 'repeated_lines')",
    "paragraphs": "repeats(Paragraphs(), 'repeated_paragraphs')",
    "bloom": "repeats(Lines(engine=Bloom(lines=1000)), 'repeated_lines')",
    "substrings": "repeats(Substrings(length=40), 'repeated_spans')",
    "substrings_words": "repeats(Substrings(length=8, unit='words'), 'repeated_spans')",
    "jsonl": "stage(count_words, reads=Jsonl('rows.jsonl', source='test'))",
    "jsonl_ids": "stage(count_words, reads=Jsonl('rows.jsonl', source='test', ids='row'))",
    "tables": "stage(count_words, reads=Tables('rows.csv', source='test'))",
    "text": "stage(count_lines, reads=Text('*.txt', source='test'))",
    "text_japanese": "stage(count_lines, reads=Text('*.txt', source='test', charset='shift_jis'))",
    "wet": "stage(count_characters, reads=Wet('pages.wet.gz', source='test'))",
    "warc": "stage(Extract(), reads=Warc('pages.warc.gz', source='test'))",
    "crawl_lists": "stage(Extract(), reads=CommonCrawl('warc.paths', base='.', source='test'))",
    "crawl_texts": "stage(count_characters, reads=CommonCrawlText('wet.paths', base='.', source='test'))",
    "crawl_index": "stage(Extract(), reads=CommonCrawlIndex('cdx-00000.gz', base='.', source='test'))",
    "main_text": "stage(Extract(engine=MainText(markdown=True, links=True, comments=False, metadata=True), url='url'), "
    "reads=Warc('pages.warc.gz', source='test'))",
    "urls": "stage(CheckUrl(domains=Path('domains.txt')))",
    "url_lists": "stage(CheckUrlLists(domains=Path('domains.txt'), words=Path('domains.txt'), parts=Path('domains.txt')))",
    "published": "stage(RemoveAddresses(), LimitNewlines(), RemoveDclmLines(), RemoveSymbolLines(), CountLoops())",
    "labels": "stage(FastTextLabel(model=MODEL))",
    "private": "stage(ReplacePrivate(), ReplacePrivate(by='hash'))",
    "statistics": "stage(count_words, count_characters, count_lines, count_sentences, count_units, measure_lines, "
    "measure_characters, measure_vocabulary, measure_repetition, count_placeholders, SampleUnit())",
    "words": "stage(FastTextLanguage(), CountBadWords(), CountStopWords())",
    "language": "stage(FastTextLanguage())",
    "language_segments": "stage(FastTextLanguage(segment_bytes=100, top=3))",
    "classifier": "stage(FastTextClassifier(model=MODEL, label='xx'))",
    "c4": "stage(RemoveC4Lines(), RemoveBoilerplateLines())",
    "datatrove": "stage(measure_as_datatrove, measure_as_nemo)",
    "unicode": "stage(RepairUnicode(entities=True), NormalizeUnicode(form='NFKC'))",
    "own_step": "stage(partial(own, 2))",
    "tokens": "(Tokenize(reads=Parquet('rows.parquet', source='test'), tokenizer='tokenizer.json', target_tokens=1000),)",
}
LETTERS = (
    "Das Wort, und noch eins: call +49 30 901820 or write to jane.roe@company.org, at 8.8.8.8; key sk-abc. Größe.\n"
)
JAPANESE = "日本語の文章です。これは二つ目の文です。"
TEXTS = [
    *("\n".join([f"Line {number} of this text, which says little.", LETTERS * 3, "a line that all share"] * 4)
      for number in range(12)),
    LETTERS * 40, LETTERS * 40 + "more", JAPANESE * 20, "caf\u00e9 cafe\u0301 \ufb01 &amp;", "", None,
]  # fmt: skip
SPANS = pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64())]))


def write_inputs(folder: Path) -> None:
    """Write the files that the recipes read."""
    table = pa.table(
        {
            "id": [f"{number}" for number in range(len(TEXTS))],
            "text": pa.array(TEXTS, pa.string()),
            "url": [f"https://www.host{number % 5}.example.org/{number}?utm_source=x" for number in range(len(TEXTS))],
            "repeated_lines": pa.array([[] for _ in TEXTS], SPANS),
        }
    )
    pq.write_table(table, folder / "rows.parquet")
    rows = table.select(["id", "text", "url"]).to_pylist()
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    (folder / "rows.csv").write_text("id,text\n1,some words\n,more of them\n", "utf-8")
    (folder / "one.txt").write_bytes((JAPANESE * 9).encode("shift_jis"))
    (folder / "domains.txt").write_text("host1.example.org\nother.example\n")
    tiny_tokenizer(folder / "tokenizer.json")
    html = f"<html><title>x</title><p>{LETTERS * 9}</p><p>{JAPANESE * 9}</p>"
    charsets = ["utf-8", "shift_jis", "euc-jp", "iso-2022-jp"]
    pages = [
        record(n, page(_encoded(html, c), f"Content-Type: text/html; charset={c}")) for n, c in enumerate(charsets)
    ]
    pages += [record(9, page(html.encode("utf-8"), "Content-Type: text/html"))]
    pages += [record(10, page(f"<meta charset=gb18030><p>{JAPANESE}".encode("gb18030"), "Content-Type: text/html"))]
    (folder / "pages.warc.gz").write_bytes(members(*pages))
    plain = [record(n, LETTERS.encode() * 5, "conversion") for n in range(4)]
    (folder / "pages.wet.gz").write_bytes(members(*plain))
    for name in ("pages.warc.gz", "pages.warc.wet.gz"):
        (folder / f"{name.split('.')[-2]}.paths").write_text(f"{name}\n")
    (folder / "pages.warc.wet.gz").write_bytes(members(*plain))
    entry = {
        "filename": "pages.warc.gz",
        "offset": 0,
        "length": len(members(pages[0])),
        "mime": "text/html",
        "status": "200",
    }
    (folder / "cdx-00000.gz").write_bytes(gzip.compress(json.dumps(entry).encode()))


def _encoded(text: str, charset: str) -> bytes:
    return text.encode(charset, "replace")


def write_recipe(folder: Path, kind: str) -> Path:
    """Write the recipe of a kind and return its path; `sample` is the one in `pipelines/`."""
    if kind == "sample":
        return ROOT / "pipelines" / "sample.py"
    model = ROOT / "tests" / "text" / "fasttext" / "models" / "softmax.bin"
    path = folder / f"{kind}.py"
    path.write_text(textwrap.dedent(PRELUDE).format(stages=KINDS[kind], model=str(model)))
    return path


def loaded() -> dict[str, set[tuple[Any, ...]]]:
    """Return the signatures that each kernel is compiled or loaded for in this process."""
    found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    spaces = [vars(module) for name, module in [*sys.modules.items()] if name.startswith("atom_data")]
    for thing in [thing for space in spaces for thing in space.values() if isinstance(thing, Dispatcher)]:
        name = kernel_name(thing)
        if name is not None:
            found[name].update(thing.signatures)
    return found


def do_tasks(path: Path, out: str) -> None:
    """Do all tasks of a recipe in this process, as a worker would."""
    for job in load_recipe(str(path)).jobs:
        for task in job.tasks(Workspace(out)):
            do_task(job, task, Workspace(out, "token"), lambda *_: None)


def loaded_by_workers(folder: Path, kind: str) -> list[str]:
    """Return the kernels that a worker loads for a recipe beyond those that the server has loaded for it."""
    path = write_recipe(folder, kind)
    for name in needs(load_recipe(str(path)).jobs).kernels:
        load(name)
    before = {name: set(signatures) for name, signatures in loaded().items()}
    do_tasks(path, f"out-{kind}")
    more = {name: signatures - before.get(name, set()) for name, signatures in loaded().items()}
    return sorted(f"{name}{signature}" for name, signatures in more.items() for signature in signatures)


def in_a_fork(work: Callable[[], list[str]]) -> list[str]:
    """Return what `work` returns in a child process, where it loads what this one must not have loaded."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = json.dumps(work())
        except BaseException as error:
            answer = json.dumps([repr(error)])
        os.write(writing, answer.encode()[:60_000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        found: list[str] = json.loads(stream.read())
    os.waitpid(child, 0)
    return found


def _call_steps() -> None:
    """Call every exported step on rows of all kinds."""
    from tests.test_contract import ODD, STEPS, batch

    for step in STEPS:
        step(batch([text for text in ODD if text is None or "�" not in text]))


def _call_others() -> None:
    """Call what no recipe of this size needs: the exact search of an evaluation, tables that are full, what training asks for."""
    text_words(scan(b"<p>One page."))
    aligned(np.arange(3, dtype=np.int32), np.arange(2, dtype=np.int32))
    shingles = shingle_set(string_buffers(pa.array([LETTERS, LETTERS + "more"])), 5)
    similar_pairs(shingles, 0.5)
    jaccard(shingles.hashes[:1], shingles.hashes[:1])
    slots = np.zeros((8, 8), np.uint64)
    first_seen._put_back(slots, slots[slots[:, 0] > 0])


def write_signatures() -> None:
    """Do all recipes and steps, and write what was called."""
    for kind in ["sample", *KINDS]:
        do_tasks(write_recipe(Path.cwd(), kind), f"out-{kind}")
    _call_steps()
    _call_others()
    pages: dict[str, dict[str, list[Any]]] = defaultdict(dict)
    found = {name: [[encoded(kind) for kind in one] for one in signatures] for name, signatures in loaded().items()}
    for name, signatures in sorted(found.items()):
        module, _, function = name.partition(":")
        pages[module][function] = sorted(signatures, key=json.dumps)
        if not pages[module][function]:
            sys.stderr.write(f"{name}: nothing calls it\n")
    lines = [
        f' "{module}": {{\n' + ",\n".join(_lines(functions)) + "\n }" for module, functions in sorted(pages.items())
    ]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def _lines(functions: dict[str, list[Any]]) -> list[str]:
    made = []
    for name, signatures in sorted(functions.items()):
        made.append(f'  "{name}": [\n' + ",\n".join(f"   {json.dumps(one)}" for one in signatures) + "\n  ]")
    return made


def main() -> None:
    """Answer what the test asks, as JSON; or write the file, without a question."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_inputs(Path(folder))
        if not sys.argv[1:]:
            write_signatures()
            return
        asked = [*KINDS, "sample"] if sys.argv[1] == "all" else sys.argv[1:]
        found = {kind: in_a_fork(lambda kind=kind: loaded_by_workers(Path(folder), kind)) for kind in asked}  # type: ignore[misc]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
