"""What it takes to ask of ten million documents: `why` by id, URL and words, `diff` of two corpora; takedown has its own part.

Made documents of about 80 bytes, through a recipe with a card, two stages and tokens; a second corpus in which every
hundredth text is another one, every two-hundredth document is gone, and a card keeps fewer. All are commands as a user gives them.

    make bench-answers           QUICK=1: 200,000 documents
"""

import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import LOAD, QUICK, RESULTS, ROOT, Run, run, write_report

DOCUMENTS = 200_000 if QUICK else 10_000_000
SHARDS = 4 if QUICK else 100
QUESTIONS = 3 if QUICK else 10
AIM = {"why_wall_s": 1.0, "diff_documents_per_s_core": 1e6}
CARD = 'source = "made"\n[[rule]]\nreason = "words"\ncolumn = "word_count"\nmin = {least}\n'
RECIPE = """
from pathlib import Path

from atom_data import Parquet, Stage, Tokenize, keep
from atom_data.signals import count_words

HERE = Path(__file__).parent


def stages():
    pages = Stage(name="pages", reads=Parquet(str(HERE / "in" / "*.parquet"), source="made"), writes=("id", "url", "text"))
    clean = Stage(name="clean", reads=pages, steps=(count_words, keep("words.toml")), writes=("id", "url", "text", "word_count"))
    return (Tokenize(name="tokens", reads=clean, tokenizer={tokenizer!r}, target_tokens=1 << 24),)
"""


def main() -> None:
    """Make two corpora, ask, compare, write the report; what another benchmark wrote of takedown stays."""
    scratch = Path(tempfile.mkdtemp(prefix="answers-"))
    try:
        first = corpus(scratch / "first", least=5, other=False)
        second = corpus(scratch / "second", least=6, other=True)
        report = {"aim": AIM, "load_before": LOAD, "documents": DOCUMENTS, "shards": SHARDS}
        report |= {"why": asked(first, scratch), "diff": compared(first, second, scratch)}
    finally:
        shutil.rmtree(scratch)
    place = RESULTS / "answers.json"
    before = json.loads(place.read_text()) if place.exists() else {}
    report["takedown"] = before.get("takedown", {})
    print(json.dumps(report, indent=1))
    if not QUICK:
        write_report("answers", report)


def corpus(folder: Path, least: int, other: bool) -> Path:
    """Make input and run the recipe over it; return the output folder."""
    (folder / "in").mkdir(parents=True)
    each = DOCUMENTS // SHARDS
    for shard in range(SHARDS):
        numbers = np.arange(shard * each, (shard + 1) * each)
        if other:
            numbers = numbers[numbers % 200 != 7]
        pq.write_table(made(numbers, other), folder / "in" / f"{shard:04}.parquet", compression="zstd")
    (folder / "words.toml").write_text(CARD.format(least=least))
    (folder / "recipe.py").write_text(RECIPE.format(tokenizer=str(ROOT / "pipelines" / "sample" / "tokenizer.json")))
    took = command(folder, "run", folder / "recipe.py", "-o", folder / "out")
    print(f"{folder.name}: {DOCUMENTS:,} documents in {took.wall_s:,.0f} s")
    return folder / "out"


def made(numbers: np.ndarray, other: bool) -> pa.Table:
    """Return documents: ids that are hashes, a URL of 20,000 hosts, and up to twelve words, of which some are rare."""
    mixed = (numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ np.uint64(0xD6E8FEB86659FD93)
    words, texts = ("alpha", "beta", "gamma", "delta", "crawl", "page", "token", "stage"), []
    for number, value in zip(numbers.tolist(), mixed.tolist(), strict=True):
        some = " ".join(words[value >> 4 * place & 7] for place in range(2 + value % 11))
        texts.append(f"{some} {number:x}{' changed' if other and number % 100 == 3 else ''}")
    ids = [f"{value:016x}{number:016x}" for number, value in zip(numbers.tolist(), mixed.tolist(), strict=True)]
    urls = [
        f"https://host{value % 20_000}.example.org/{number}"
        for number, value in zip(numbers.tolist(), mixed.tolist(), strict=True)
    ]
    return pa.table({"id": ids, "url": urls, "text": texts})


def asked(out: Path, scratch: Path) -> dict[str, Any]:
    """Return what questions take: the first one, which makes the index, then by id and URL of kept and dropped documents."""
    kept, dropped = some(out / "clean", "*.parquet"), some(out / "clean" / "drops", "*.parquet")
    found: dict[str, Any] = {"index": figures([command(scratch, "why", out, kept[0]["id"])])}
    found["index"]["bytes"] = sum(path.stat().st_size for path in (out / "lookup").iterdir())
    for name, rows, column in (("id_kept", kept, "id"), ("id_dropped", dropped, "id"), ("url_kept", kept, "url")):
        found[name] = figures([command(scratch, "why", out, row[column]) for row in rows[:QUESTIONS]])
    words = [
        command(scratch, "why", out, "no such words", exit_code=1),
        command(scratch, "why", out, kept[-1]["text"], "-n", 1000),
    ]
    found["words"] = figures(words) | {"text_bytes": text_bytes(out / "pages")}
    return found


def some(folder: Path, pattern: str) -> list[dict[str, Any]]:
    """Return documents of the shards of a folder, one of each of some."""
    files = sorted(folder.glob(pattern))
    step = max(1, len(files) // QUESTIONS)
    tables = [pq.read_table(file) for file in files[::step]]
    return [table.slice(table.num_rows * 2 // 3, 1).to_pylist()[0] for table in tables]


def text_bytes(folder: Path) -> int:
    """Return the bytes of text that the receipts of a stage count."""
    return sum(json.loads(path.read_text())["text_bytes"] for path in (folder / "receipts").glob("*.json"))


def compared(first: Path, second: Path, scratch: Path) -> dict[str, Any]:
    """Return what the comparison of both corpora takes: with texts, without, and of a corpus with itself."""
    found = {}
    for name, words in (
        ("texts", (first, second)),
        ("ids", (first, second, "--no-text")),
        ("itself", (first, first)),
    ):
        took = [command(scratch, "diff", *words, "--json") for _ in range(1 if QUICK else 2)]
        both = documents_of(words[0]) + documents_of(words[1])
        rate = both / statistics.median(one.cpu_s for one in took)
        found[name] = figures(took) | {"documents_of_both": both, "documents_per_s_core": round(rate)}
    return found


def documents_of(out: Path) -> int:
    """Return the documents of the stage that is compared."""
    return sum(json.loads(path.read_text())["rows_out"] for path in (out / "clean" / "receipts").glob("*.json"))


def command(scratch: Path, *words: object, exit_code: int = 0) -> Run:
    """Run a command of atom-data."""
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        environment = {"PYTHONPATH": str(ROOT)}
        return run([sys.executable, "-m", "atom_data", *map(str, words)], Path(place), environment, exit_code)


def figures(took: Sequence[Run]) -> dict[str, Any]:
    """Return the times and the memory of some runs."""
    return {
        "wall_s": [round(one.wall_s, 3) for one in took],
        "cpu_s": [round(one.cpu_s, 3) for one in took],
        "peak_mb": round(max(one.peak_mb for one in took), 1),
    }


if __name__ == "__main__":
    main()
