"""`atom-data takedown` on many small documents: time by the shards that are touched, and memory.

    make bench-takedown          QUICK=1: 200,000 documents instead of 10 million
    python benchmarks/takedown.py

Made documents (about 150 bytes) in files of 50,000 (QUICK: 10,000); one in twenty is a copy. Each takedown is done by a
process of its own, so that its memory is its own: 1,000 ids that lie in one shard in a hundred, the same number in all
shards, a domain that lies in one shard in a hundred, and one spread over all. What is searched (ids and URLs of all
documents) and what is written again (the shards that hold some) is timed apart. Afterwards the folder is verified, and a
run of the recipe must find nothing to do.
"""

import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import QUICK, ROOT, write_report

from atom_data.runner.claims.life import me
from atom_data.takedown.asked import Asked
from atom_data.takedown.folder import Folder
from atom_data.takedown.search import search
from atom_data.takedown.takedown import begin, finish
from atom_data.workspace import Workspace

DOCUMENTS, EACH = (200_000, 10_000) if QUICK else (10_000_000, 50_000)
FILES = DOCUMENTS // EACH
SOME = max(FILES // 100, 2)
"""Files that a site of a few shards is in."""
IDS = 1_000
WORKERS = 2
RECIPE = """
from pathlib import Path
from atom_data import Copies, Parquet, SameText, Stage, Tokenize, keep

def stages():
    read = Stage(name="read", reads=Parquet({pages!r}))
    exact = Stage(name="unique", reads=Copies(of=read, by=SameText()), steps=(keep("first_copy"),), writes=("id", "url", "text"))
    return Tokenize(name="tokens", reads=exact, tokenizer=Path({tokenizer!r}), target_tokens=1 << 20, keeps=("url",))
"""


def main() -> None:
    """Build, take down, check; write the report and print a line a takedown."""
    place = Path(os.environ.get("ATOM_DATA_BENCH", tempfile.gettempdir())) / f"bench-takedown-{DOCUMENTS}"
    out = place / "out"
    built = build(place, out)
    rows = [one(out, name, asked) for name, asked in takedowns().items()]
    verified = atom_data("verify", out)
    again = atom_data("run", place / "recipe.py", "--output", out, "--dry-run")
    assert "Nothing to do." in again
    page = {
        "input": {"what": "made documents", "documents": DOCUMENTS, "shards": FILES, "bytes": built["bytes"]},
        "build": built, "workers": WORKERS, "rows": rows, "verify": verified or "without fault",
    }  # fmt: skip
    if not QUICK:
        write_report("takedown", page)
    for row in rows:
        print(
            f"{row['name']}: {row['documents']:,} documents from {row['shards']:,} files of shards ({row['written_mb']:,.0f} MB): "
            f"search {row['search_s']:.1f} s, write {row['write_s']:.1f} s, peak {row['peak_mb']:,.0f} MB"
        )


def atom_data(*arguments: object) -> str:
    """Run a command and return what it says."""
    command = [sys.executable, "-m", "atom_data", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def build(place: Path, out: Path) -> dict[str, Any]:
    """Make the documents and run the recipe over them, unless that was done before and nothing was taken down."""
    pages, start = place / "pages", time.monotonic()
    pages.mkdir(parents=True, exist_ok=True)
    words = np.array([f"word{number}" for number in range(4096)])
    for number in range(FILES):
        path = pages / f"part-{number:05}.parquet"
        if not path.exists():
            pq.write_table(documents(number, words), path)
    recipe = place / "recipe.py"
    tokenizer = ROOT / "pipelines" / "sample" / "tokenizer.json"
    recipe.write_text(RECIPE.format(pages=f"{pages}/*.parquet", tokenizer=str(tokenizer)))
    atom_data("run", recipe, "--output", out, "--workers", WORKERS)
    size = sum(path.stat().st_size for path in pages.iterdir())
    return {"seconds": round(time.monotonic() - start, 1), "bytes": size}


def documents(number: int, words: np.ndarray) -> pa.Table:
    """Return the documents of a file: 20 words each; one in twenty has the text of another in the file."""
    draw = np.random.default_rng(number)
    texts = [" ".join(row) for row in words[draw.integers(0, len(words), (EACH, 20))]]
    for copy in range(0, EACH, 20):
        texts[copy] = texts[(copy + 7) % EACH]
    first = number * EACH
    sites = [f"s{place % 997}.test" for place in range(EACH)]
    for place in range(0, EACH, 100):
        sites[place] = "wide.test"
    if number < SOME:
        sites[5::10] = ["narrow.test"] * len(sites[5::10])
    urls = [f"https://{site}/{first + place}" for place, site in enumerate(sites)]
    return pa.table({"id": [f"doc-{first + place:010}" for place in range(EACH)], "url": urls, "text": texts})


def takedowns() -> dict[str, Asked]:
    """Return what is taken down."""
    narrow = tuple(f"doc-{number:010}" for number in range(3, SOME * EACH, SOME * EACH // IDS))[:IDS]
    wide = tuple(f"doc-{number:010}" for number in range(11, DOCUMENTS, DOCUMENTS // IDS))[:IDS]
    return {
        "1,000 ids in 1 of 100 shards": Asked(ids=narrow),
        "a domain in 1 of 100 shards": Asked(domains=("narrow.test",)),
        "1,000 ids in all shards": Asked(ids=wide),
        "a domain in all shards": Asked(domains=("wide.test",)),
    }


def one(out: Path, name: str, asked: Asked) -> dict[str, Any]:
    """Take down in a process of its own, and return what it took."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=take_down, args=(str(out), asked, theirs))
    process.start()
    found: dict[str, Any] = {"name": name, **ours.recv()}
    process.join()
    return found


def take_down(out: str, asked: Asked, pipe: Any) -> None:  # noqa: ANN401
    """Take down, and send what it took."""
    start = time.monotonic()
    folder = Folder(Workspace(out, me().token))
    found = search(folder, asked, WORKERS)
    searched = time.monotonic()
    cpu = time.process_time()
    done = finish(folder, begin(folder, asked, found, WORKERS), WORKERS)
    ended = time.monotonic()
    shards = [one for one in done.done if one.files and one.shard != "inner"]
    pipe.send({
        "documents": done.documents,
        "looked_at": found.looked_at,
        "shards": len(shards),
        "written_mb": round(sum(size for one in shards for _, _, size in one.files.values()) / 1e6, 1),
        "search_s": round(searched - start, 2),
        "write_s": round(ended - searched, 2),
        "write_cpu_s": round(time.process_time() - cpu, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    })  # fmt: skip


if __name__ == "__main__":
    main()
