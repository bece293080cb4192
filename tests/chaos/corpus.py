"""A small corpus with copies, near copies and repeats in it, and a recipe of every kind of job over it.

Each job takes tenths of a second, so that a fault can be put into each of them a thousand times.
"""

import gzip
import json
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.processes import Ended, command
from tests.chaos.starter import Starter
from tests.command import ROOT

SHARDS, DOCUMENTS, JOBS = 4, 30, 20
WORDS = (  # noqa: SIM905
    "river boat mill child bridge clock garden letter window morning market winter station music stone paper "
    "silver mountain kitchen village forest doctor summer table the the the and of to in that is was for with as on"
).split()

RECIPE = """
    import os
    import time
    from pathlib import Path

    from atom_data import Copies, Extract, Jsonl, Lines, MinHash, RemoveSpans, Repeats, SameText, Stage, Tokenize, Warc, keep
    from atom_data.signals import count_words

    FOLDER = {folder!r}
    WHERE = ("id", "url", "text")

    def linger(batch):
        if batch.num_rows and os.environ.get("CHAOS_LINGER"):
            time.sleep(float(os.environ["CHAOS_LINGER"]))
        return batch

    def stages():
        pages = Stage(
            name="pages", reads=Warc(*{warcs!r}), steps=(Extract(), linger, keep("web_page")),
            writes=(*WHERE, "source"),
        )
        lines = Stage(name="lines", reads=Jsonl(*{lines!r}), steps=(count_words, linger), writes=(*WHERE, "source", "word_count"))
        distinct = Stage(name="distinct", reads=Copies(of=pages, by=SameText()), steps=(keep("first_copy"),), writes=pages.writes)
        unique = Stage(
            name="unique", reads=Copies(of=distinct, by=MinHash()), steps=(keep("first_near_copy"),), writes=pages.writes
        )
        own = Stage(
            name="own", reads=Repeats(of=unique, by=Lines(), partitions=2),
            steps=(RemoveSpans(spans="repeated_lines"), keep("repeated_lines")), writes=pages.writes,
        )
        tokens = Tokenize(name="tokens", reads=own, tokenizer=Path({tokenizer!r}), target_tokens=1 << 14)
        return (lines, tokens)
"""


@dataclass(frozen=True)
class Corpus:
    """A recipe, the hash of its clean run, and its jobs in the order in which they are done."""

    recipe: Path
    fingerprint: str
    jobs: tuple[str, ...]


def write_inputs(folder: Path, shards: int = SHARDS, documents: int = DOCUMENTS) -> None:
    """Write WARC and JSONL files: the same bytes each time."""
    folder.mkdir(parents=True)
    chance = random.Random(13)
    texts = [_text(chance) for _ in range(shards * documents)]
    for number in range(shards):
        mine = texts[number * documents : (number + 1) * documents]
        if number:
            mine[0], mine[1] = texts[2], texts[3] + " and a few words more"
        warc = b"".join(gzip.compress(_record(number, place, text), mtime=0) for place, text in enumerate(mine))
        (folder / f"part-{number}.warc.gz").write_bytes(warc)
        rows = [json.dumps({"id": f"{number}-{place}", "text": text}) + "\n" for place, text in enumerate(mine)]
        (folder / f"part-{number}.jsonl.gz").write_bytes(gzip.compress("".join(rows).encode(), mtime=0))


def _text(chance: random.Random) -> str:
    lines = [" ".join(chance.choices(WORDS, k=chance.randint(12, 30))).capitalize() + "." for _ in range(8)]
    return "\n".join([*lines, "All rights reserved by the people who wrote this page for you."])


def _record(number: int, place: int, text: str) -> bytes:
    body = "".join(f"<p>{line}</p>" for line in text.split("\n"))
    page = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>{body}</body></html>".encode()
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-{number:04}-{place:012}>\r\n"
        f"WARC-Target-URI: https://example.org/{number}/{place}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(page)}\r\n\r\n"
    )
    return head.encode() + page + b"\r\n\r\n"


def write_recipe(folder: Path, warcs: Sequence[str], lines: Sequence[str], name: str = "recipe.py") -> Path:
    """Write the recipe over some inputs."""
    from tests.command import recipe

    tokenizer = str(ROOT / "pipelines" / "sample" / "tokenizer.json")
    text = RECIPE.format(folder=str(folder), warcs=list(warcs), lines=list(lines), tokenizer=tokenizer)
    return recipe(folder, text, name)


def make(folder: Path) -> Corpus:
    """Write inputs and recipe below a folder, run it once without any fault, and check that a second run does nothing."""
    write_inputs(folder / "in")
    recipe = write_recipe(folder, [str(folder / "in" / "*.warc.gz")], [str(folder / "in" / "*.jsonl.gz")])
    clean = folder / "clean"
    for _ in range(2):
        done = run(recipe, clean, workers=2)
        if done.code != 0:
            raise RuntimeError(f"the clean run ends with {done.code}: {done.said}")
    plans = [path for pattern in ("*/plan.json", "*/*/plan.json") for path in clean.glob(pattern)]
    jobs = [
        path.parent.relative_to(clean).as_posix() for path in sorted(plans, key=lambda path: path.stat().st_mtime_ns)
    ]
    if len(jobs) != JOBS:
        raise RuntimeError(f"the recipe has {len(jobs)} jobs, not {JOBS}: {', '.join(jobs)}")
    made = Corpus(recipe, fingerprint(clean), tuple(jobs))
    shutil.rmtree(clean)
    return made


def run(recipe: Path, out: Path | str, workers: int = 1, more: Sequence[str] = (), **environment: str) -> Ended:
    """Run a recipe to its end."""
    words = ["run", str(recipe), "--output", str(out), "--workers", str(workers), "--log", "json", *more]
    return command(*words, environment=environment)


def fingerprint(out: Path | str, starter: Starter | None = None, **environment: str) -> str:
    """Return the hash of a run that is without fault; else a sentence about what is wrong. Also what `verify` says counts."""
    done = command("fingerprint", str(out), environment=environment, starter=starter)
    if done.code:
        return f"exit code {done.code}: {done.said}"
    silent = command("verify", str(out), environment=environment, starter=starter)
    if silent.code or silent.said or silent.printed:
        return f"verify: {silent.said}{silent.printed}"
    return done.printed.strip()


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a command, with some variables more."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}
