"""A small corpus with all that a takedown meets: copies, near copies, dropped and unreadable records, several sites."""

import gzip
import hashlib
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.command import SAMPLE, atom_data, recipe

FILES, DOCUMENTS = 5, 40
SITES = ("news.example.org", "www.example.org", "example.com", "blog.test", "shop.test", "a.test", "b.test", "c.test")
RECIPE = f"""
    from pathlib import Path
    from atom_data import Copies, Jsonl, MinHash, SameText, Stage, Tokenize, keep
    from atom_data.signals import count_characters, count_lines, count_words

    def stages():
        read = Stage(name="read", reads=Jsonl("{{pages}}/*.jsonl.gz", source="test"), steps=(count_words,), provenance=True)
        exact = Stage(
            name="exact_deduped", reads=Copies(of=read, by=SameText()), steps=(keep("first_copy"),),
            writes=("id", "url", "text", "word_count", "copy_count", "copy_of"),
        )
        near = Stage(
            name="near_deduped", reads=Copies(of=exact, by=MinHash()), steps=(keep("first_near_copy"),),
            writes=("id", "url", "text", "copy_count", "near_copy_count"),
        )
        return Tokenize(
            name="tokens", reads=near, tokenizer=Path("{SAMPLE}/tokenizer.json"), target_tokens=2000,
            keeps=("url", "copy_count"),
        )
"""


def records(seed: int = 1) -> list[list[dict[str, Any]]]:
    """Return the documents of every file: of each ten one is a copy, one a near copy, one without text."""
    draw = random.Random(seed)
    words = [f"w{draw.randrange(10**6):x}" for _ in range(3000)]
    made: list[dict[str, Any]] = []
    for number in range(FILES * DOCUMENTS):
        text = " ".join(draw.choices(words, k=draw.randrange(60, 120)))
        if number > 20 and number % 10 in (1, 4):
            text = draw.choice(made[:20])["text"]
        elif number > 20 and number % 10 == 2:
            text = draw.choice(made[:20])["text"] + " " + draw.choice(words)
        elif number % 10 == 3:
            text = ""
        site = draw.choice(SITES)
        made.append({"id": f"doc-{seed}-{number:04}", "url": f"https://{site}/{seed}/{number}", "text": text})
    draw.shuffle(made)
    return [made[start : start + DOCUMENTS] for start in range(0, len(made), DOCUMENTS)]


def write_pages(folder: Path, files: Iterable[list[dict[str, Any]]]) -> Path:
    """Write JSON lines; the third line of each file is broken, and names a page of its own."""
    folder.mkdir()
    for number, documents in enumerate(files):
        lines = [json.dumps(document) for document in documents]
        lines.insert(
            2, json.dumps({"id": f"broken-{number}", "url": f"https://example.org/broken/{number}"})[:-1] + ', "te'
        )
        data = gzip.compress("\n".join(lines).encode(), mtime=0)
        (folder / f"pages-{number}.jsonl.gz").write_bytes(data)
    return folder


def build(folder: Path, out: Path, *options: object) -> None:
    """Run the recipe over the pages in a folder."""
    path = recipe(folder.parent, RECIPE.format(pages=folder), f"{folder.name}.py")
    done = atom_data("run", path, "--output", out, "--workers", 2, *options)
    assert done.returncode == 0, done.stderr


def parts(out: Path) -> Iterator[Path]:
    """Yield the files of the corpus: what passes found on their way, receipts and removals are none."""
    inner = {path.parent for path in out.glob("*/*/plan.json")}
    for path in sorted(out.rglob("*")):
        known = path.is_file() and path.suffix in (".parquet", ".bin", ".idx", ".npy")
        if known and path.parent not in inner and path.parent.name != "removals":
            yield path


def hashes(out: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of the corpus."""
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in parts(out)}


def everything(out: Path) -> dict[str, bytes]:
    """Return all files of a folder; of the receipts of takedowns what has no time in it."""
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith("removals/0")}


def rows(out: Path, stage: str) -> list[dict[str, Any]]:
    """Return all rows of a stage, with their shard."""
    tables = sorted((out / stage).glob("*.parquet"))
    return [row | {"shard": path.name} for path in tables for row in pq.read_table(path).to_pylist()]


def listed(folder: Path, ids: Iterable[str]) -> Path:
    """Write a file of ids."""
    path = folder / "ids.txt"
    path.write_text("\n".join(ids) + "\n")
    return path
