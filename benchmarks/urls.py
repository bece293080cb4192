"""URL check of a list of 5 million domains: our step beside datatrove's filter, with the same list and words.

    make bench-urls              QUICK=1: fewer urls, two rounds

The list is the 4.6 million domains that datatrove carries (from the blacklists of the University of Toulouse), made up to 5
million by numbered names. The urls are made from a seed: a tenth of listed domains, a tenth below them, a few with a
listed word, the rest of other names. Every contender is a process of its own. Its start-up is on one clock: from the path
of the list to the first url checked, without imports and compilation; the check of all urls on another.
"""

import argparse
import json
import random
import statistics
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from contenders import DATATROVE, PEERS
from environment import environment, version
from inputs import arguments
from measure import QUICK, ROOT, Run, in_turn, row
from table import tell

from atom_data.assets import filters_folder
from atom_data.signals import CheckUrl

DOMAINS = 5_000_000
URLS = 200_000 if QUICK else 1_000_000
PEER_URLS = 20_000 if QUICK else 100_000
"""datatrove is some twenty times as slow, so it gets the first so many."""
ROUNDS = 2 if QUICK else 5
BATCH_ROWS = 10_000
TOOLS = ("atom-data", "datatrove")
WORK = f"domain and words of each url against {DOMAINS / 1e6:.0f} million domains"
SYLLABLES = (
    "ba",
    "co",
    "di",
    "fu",
    "ge",
    "ho",
    "in",
    "jo",
    "ka",
    "lo",
    "mi",
    "nu",
    "or",
    "pa",
    "re",
    "sta",
    "vo",
    "web",
    "shop",
)
SUFFIXES = ["com", "net", "org", "de", "co.uk", "ru", "fr", "info", "io", "com.br"]


def main() -> None:
    """Measure, compare the verdicts, write the report, print the table."""
    parser = arguments(__doc__)
    parser.add_argument("--contend", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contend:
        contend(given.contend, given.out)
        return
    with tempfile.TemporaryDirectory(prefix="bench-urls-") as place:
        report = measure(Path(place))
    starts = {line["tool"]: min(line["result"]["start_up_cpu_s"]) for line in report["rows"]}
    said = [f"{tool}: start-up {seconds:.2f} s of CPU" for tool, seconds in starts.items()]
    tell("urls", report, *said, str(report["same_work"]))


def contend(inputs: Path, out: Path) -> None:
    """Read the list and check all urls with our step, each on a clock; write verdicts and times."""
    batches = pq.read_table(inputs / "urls.parquet").to_batches(max_chunksize=BATCH_ROWS)
    first = pa.record_batch({"url": ["http://a.example/"]})
    (out / "one.txt").write_text("a.example\n", "utf-8")
    CheckUrl(domains=out / "one.txt", words=inputs / "words.txt")(first)
    wall, cpu = time.perf_counter(), time.process_time()
    step = CheckUrl(domains=inputs / "domains.txt", words=inputs / "words.txt")
    step(first)
    took = {"start_up_s": time.perf_counter() - wall, "start_up_cpu_s": time.process_time() - cpu}
    wall, cpu = time.perf_counter(), time.process_time()
    checked = [step(batch) for batch in batches]
    took |= {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    blocked = [one for batch in checked for one in batch.column("is_blocked_url").to_pylist()]
    (out / "result.json").write_text(json.dumps({"took": took, "blocked": blocked}), "utf-8")


def measure(scratch: Path) -> dict[str, Any]:
    """Run both tools in turn and return the report without its name and machine."""
    inputs = scratch / "inputs"
    inputs.mkdir()
    size = make_inputs(inputs)
    python = environment("datatrove", DATATROVE)
    commands = {
        "atom-data": [sys.executable, __file__, "--contend", str(inputs)],
        "datatrove": [str(python), str(PEERS / "datatrove_urls.py"), str(inputs), str(PEER_URLS)],
    }
    contenders = {tool: partial(_command, command) for tool, command in commands.items()}
    in_turn({"atom-data": contenders["atom-data"]}, 1, scratch / "warm")  # compiles what a first run compiles
    results: dict[str, list[dict[str, Any]]] = {tool: [] for tool in TOOLS}
    runs: dict[str, list[Run]] = {tool: [] for tool in TOOLS}
    for turn in range(ROUNDS):
        for tool, (run,) in in_turn(contenders, 1, scratch / f"turn-{turn}").items():
            result = json.loads((run.folder / "result.json").read_bytes())
            results[tool].append(result)
            runs[tool].append(replace(run, wall_s=result["took"]["wall_s"], cpu_s=result["took"]["cpu_s"]))
    versions = {
        "atom-data": str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]),
        "datatrove": version(python, "datatrove"),
    }
    return {
        "input": {"what": f"made urls, {DOMAINS:,} listed domains", "bytes": size, "documents": URLS},
        "rows": [_row(tool, versions[tool], runs[tool], results[tool], size) for tool in TOOLS],
        "ratios": _ratios(runs, results),
        "same_work": same_work(results, inputs),
    }


def _command(command: list[str], folder: Path) -> list[str]:
    return [*command, "--out", str(folder)]


def _row(tool: str, number: str, runs: list[Run], results: list[dict[str, Any]], size: int) -> dict[str, Any]:
    urls = len(results[-1]["blocked"])
    times = {name: [round(result["took"][name], 3) for result in results] for name in ("start_up_s", "start_up_cpu_s")}
    result = {"urls": urls, "blocked": sum(results[-1]["blocked"]), **times}
    return row(tool, number, WORK, runs, megabytes=size / 1e6 * urls / URLS, documents=urls, result=result)


def _ratios(runs: Mapping[str, list[Run]], results: Mapping[str, list[dict[str, Any]]]) -> dict[str, float]:
    """How long datatrove takes for each second of ours: for a url, and to start."""
    found = {}
    for label, figure in (("", "wall_s"), (" CPU", "cpu_s")):
        ours, theirs = (
            statistics.median(getattr(run, figure) for run in runs[tool]) / len(results[tool][-1]["blocked"])
            for tool in TOOLS
        )
        found[f"datatrove{label}"] = round(theirs / ours, 2)
    starts = [statistics.median(result["took"]["start_up_cpu_s"] for result in results[tool]) for tool in TOOLS]
    return {**found, "datatrove start-up CPU": round(starts[1] / starts[0], 2)}


def same_work(results: Mapping[str, list[dict[str, Any]]], inputs: Path) -> dict[str, Any]:
    """Compare the verdicts on the urls that both looked at. SystemExit when datatrove blocks one that we do not.

    The other way there are some: datatrove looks up the registered domain and the whole host, and nothing between.
    """
    ours, theirs = (results[tool][-1]["blocked"] for tool in TOOLS)
    urls = pq.read_table(inputs / "urls.parquet").column("url").to_pylist()
    missed = [url for url, mine, other in zip(urls, ours, theirs, strict=False) if other and not mine]
    more = sum(mine and not other for mine, other in zip(ours, theirs, strict=False))
    if missed:
        raise SystemExit(f"not the same work: datatrove blocks {len(missed)} urls that we do not, such as {missed[0]}")
    return {
        "urls compared": len(theirs),
        "blocked by both": sum(theirs),
        "by datatrove alone": len(missed),
        "by us alone (a listed name between registered domain and host)": more,
    }


def make_inputs(folder: Path) -> int:
    """Write the list, the words and the urls; return the bytes of the urls."""
    rng = random.Random(7)
    listed = list(dict.fromkeys(carried_domains()))[:DOMAINS]
    listed += [f"{name(rng)}{number}.example" for number in range(DOMAINS - len(listed))]
    (folder / "domains.txt").write_text("\n".join(listed) + "\n", "utf-8")
    entries = (filters_folder() / "lists" / "url_words.txt").read_text("utf-8").splitlines()
    words = [entry for entry in entries if entry.isalpha()]
    (folder / "words.txt").write_text("\n".join(words) + "\n", "utf-8")
    urls = [make_url(rng, listed, words) for _ in range(URLS)]
    pq.write_table(pa.table({"url": urls}), folder / "urls.parquet")
    return sum(len(url.encode()) for url in urls)


def carried_domains() -> list[str]:
    """Return the domains in the list that datatrove carries: host names, in lower case and of ASCII."""
    place = Path(find_spec("datatrove").origin).parent / "assets" / "url_filterblacklistsv0_3_0.tar.gz"
    with tarfile.open(place) as archive:
        lines = archive.extractfile("domains").read().decode("utf-8", "replace").split("\n")
    return [line for line in lines if line and line.isascii() and line == line.lower().strip(" .#") and " " not in line]


def make_url(rng: random.Random, listed: list[str], words: list[str]) -> str:
    """Return a url; one in five is of a listed domain or below one."""
    kind = rng.random()
    host = rng.choice(listed) if kind < 0.2 else f"{name(rng)}{rng.randint(0, 99)}.{rng.choice(SUFFIXES)}"
    below = rng.choice(("www.", "", "", "m.", "shop.")) if kind >= 0.1 else ""
    path = "/".join(name(rng) for _ in range(rng.randint(0, 4)))
    word = f"/{rng.choice(words)}" if rng.random() < 0.02 else ""
    return f"{rng.choice(('http', 'https'))}://{below}{host}/{path}{word}" + ("?id=7" if kind > 0.7 else "")


def name(rng: random.Random) -> str:
    """Return a name that somebody could have chosen."""
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 5)))


if __name__ == "__main__":
    main()
