"""Common Crawl by its lists of files: from a folder, from a server that misbehaves, the same rows; and what is refused."""

import gzip
import json
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from atom_data import CommonCrawl, CommonCrawlText, Warc, Wet
from atom_data.errors import ConfigError, DataError
from atom_data.readers import Patience
from atom_data.storage.web import stream as streams
from atom_data.storage.web.asking import ask_for
from atom_data.storage.web.traffic import Traffic
from atom_data.testing import check_source
from atom_data.workspace import Workspace
from tests.command import atom_data, fingerprint, recipe
from tests.readers.archives import members, outcome, record
from tests.readers.common_crawl.server import Web, misbehaving

SEGMENT = "crawl-data/CC-MAIN-2026-22/segments/1.0"
HURRIED = Patience(pause=0.01, stall=0.4, seconds=20)
KEPT = ("id", "url", "date", "source", "offset", "html")


def noise(seed: int, count: int = 3000) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>" + random.Random(seed).randbytes(count).hex().encode()
    )


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """Make a crawl of three WARC files and two WET files, each with its list."""
    lists: dict[str, list[str]] = {"warc": [], "wet": []}
    for kind, count in (("warc", 3), ("wet", 2)):
        for part in range(count):
            name = f"{SEGMENT}/{kind}/CC-MAIN-20260522-{part:05}.warc{'.wet' if kind == 'wet' else ''}.gz"
            numbers = range(10 * part, 10 * part + 9)
            found = (
                [record(i, noise(i)) for i in numbers]
                if kind == "warc"
                else [record(i, f"text {i}".encode(), "conversion") for i in numbers]
            )
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(members(*found))
            lists[kind].append(name)
    for kind, names in lists.items():
        (tmp_path / f"{kind}.paths.gz").write_bytes(gzip.compress("".join(f"{name}\n" for name in names).encode()))
    return tmp_path


@pytest.fixture
def web(crawl: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """Serve the crawl, whose files are read in small parts."""
    monkeypatch.setattr("atom_data.readers.streams.window.CHUNK_BYTES", 1000)
    monkeypatch.setattr(streams.WebFile.__init__, "__defaults__", (8000, None))
    monkeypatch.setattr(streams.open_patiently, "__defaults__", (8000, None))
    files = {path.relative_to(crawl).as_posix(): path.read_bytes() for path in crawl.rglob("*.gz")}
    with misbehaving(Web(files)) as made:
        yield made


def by_list(crawl: Path, base: object) -> CommonCrawl:
    return CommonCrawl(f"{crawl}/warc.paths.gz", base=str(base), patience=HURRIED)


def test_rows_are_those_of_the_files(crawl: Path) -> None:
    listed, plain = outcome(by_list(crawl, crawl)), outcome(Warc(f"{crawl}/crawl-data"))
    assert len(listed.rows) == 27
    assert [[row[name] for name in KEPT] for row in listed.rows] == [[row[name] for name in KEPT] for row in plain.rows]
    assert listed.rows[0]["file"] == f"{SEGMENT}/warc/CC-MAIN-20260522-00000.warc.gz"
    assert [item.path for item in listed.inputs] == [
        f"{SEGMENT}/warc/CC-MAIN-20260522-{i:05}.warc.gz" for i in range(3)
    ]
    texts = CommonCrawlText(f"{crawl}/wet.paths.gz", base=str(crawl))
    assert [row["text"] for row in outcome(texts).rows] == [
        row["text"] for row in outcome(Wet(f"{crawl}/crawl-data")).rows
    ]


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_contract(kind: str, crawl: Path, web: Web) -> None:
    base = str(crawl) if kind == "folder" else web.url
    check_source(CommonCrawl(f"{crawl}/warc.paths.gz", base=base), shards=3)
    check_source(CommonCrawlText(f"{crawl}/wet.paths.gz", base=base), shards=2)


def test_list_by_url(crawl: Path, web: Web) -> None:
    web.faults["warc.paths.gz"] = ["503", "cut"]
    source = CommonCrawl(f"{web.url}/warc.paths.gz", base=f"{web.url}/", patience=HURRIED)
    assert outcome(source).rows == outcome(by_list(crawl, crawl)).rows


def test_shards_are_named_by_their_files_alone(crawl: Path) -> None:
    names = [shard.name for shard in by_list(crawl, crawl).shards(Workspace(""))]
    assert names == [f"CC-MAIN-20260522-{number:05}" for number in range(3)]
    (crawl / "few.paths").write_text(f"{SEGMENT}/warc/CC-MAIN-20260522-00001.warc.gz\n\n")
    few = CommonCrawl(f"{crawl}/few.paths", base="https://there.example/")
    assert [(shard.name, shard.path) for shard in few.shards(Workspace(""))] == [
        ("CC-MAIN-20260522-00001", f"https://there.example/{SEGMENT}/warc/CC-MAIN-20260522-00001.warc.gz")
    ]


@pytest.mark.parametrize(
    "faults",
    [["403"] * 5, ["503", "429", "500"], ["cut", "cut", "cut"], ["stall"], ["drip"], ["drop", "drop"], ["shift"],
     ["cut", "403", "drop", "503", "stall", "cut"]],
    ids=" ".join,
)  # fmt: skip
def test_faults_change_nothing(faults: list[str], crawl: Path, web: Web) -> None:
    name = f"{SEGMENT}/warc/CC-MAIN-20260522-00001.warc.gz"
    web.faults[name] = list(faults)
    found, local = outcome(by_list(crawl, web.url)), outcome(by_list(crawl, crawl))
    assert found.rows == local.rows and found.rejects == local.rejects == []
    assert [item.sha256 for item in found.inputs] == [item.sha256 for item in local.inputs]
    assert not web.faults[name]


def test_requests_and_bytes(crawl: Path, web: Web) -> None:
    """Every byte is asked for once, in parts of their size; what was cut is asked for from there on."""
    name = f"{SEGMENT}/warc/CC-MAIN-20260522-00000.warc.gz"
    size = len(web.files[name])
    parts = -(-size // 8000)
    web.faults[name] = ["403", "", "cut"]
    outcome(by_list(crawl, web.url))
    asked = [place for path, place in web.requests if path == name]
    assert len(asked) == parts + 2
    assert asked[:4] == ["bytes=0-7999", "bytes=0-7999", "bytes=8000-15999", "bytes=12000-15999"]
    assert web.sent[name] == size


def test_budget_ends(crawl: Path, web: Web) -> None:
    name = f"{SEGMENT}/warc/CC-MAIN-20260522-00000.warc.gz"
    web.faults[name] = ["403"] * 1000
    short = CommonCrawl(f"{crawl}/warc.paths.gz", base=web.url, patience=Patience(pause=0.01, seconds=0.1))
    with pytest.raises(
        DataError, match=r"00000.warc.gz: cannot be read \(HTTP Error 403: Forbidden\), after 4 requests and pauses"
    ):
        outcome(short)
    assert len(web.requests) == 4  # pauses of 10, 20 and 40 ms; 80 more would be above 100


@pytest.mark.parametrize(("status", "said"), [("404", "cannot be opened"), ("401", "cannot be opened")])
def test_what_will_not_come_is_not_waited_for(status: str, said: str, crawl: Path, web: Web) -> None:
    web.faults[f"{SEGMENT}/warc/CC-MAIN-20260522-00000.warc.gz"] = [status]
    with pytest.raises(DataError, match=f"{said} .*{status}.*Check (the URL|your access)"):
        outcome(by_list(crawl, web.url))
    assert len(web.requests) == 1


def test_other_version_and_server_without_parts(crawl: Path, web: Web) -> None:
    name = f"{SEGMENT}/warc/CC-MAIN-20260522-00000.warc.gz"
    web.faults[name] = ["", "other"]
    with pytest.raises(DataError, match='was changed while it was read: its ETag was "one" and is "other"'):
        outcome(by_list(crawl, web.url))
    web.faults[name] = ["", "whole"]
    with pytest.raises(DataError, match="its server gives whole files and no parts"):
        outcome(by_list(crawl, web.url))


def test_host_that_is_not_there_is_given_up(crawl: Path) -> None:
    nowhere = CommonCrawl(
        f"{crawl}/warc.paths.gz", base="http://127.0.0.1:9/", patience=Patience(pause=0.01, seconds=0.05)
    )
    with pytest.raises(DataError, match=r"cannot be read .*refused"):
        outcome(nowhere)


def test_a_host_is_asked_politely(web: Web) -> None:
    web.hold = 0.05
    few = Patience(requests=2)
    name = f"{SEGMENT}/warc/CC-MAIN-20260522-00000.warc.gz"
    with ThreadPoolExecutor(6) as pool:
        got = list(
            pool.map(lambda start: ask_for(f"{web.url}/{name}", start, start + 10, few, Traffic()).data, range(12))
        )
    assert got == [web.files[name][start : start + 10] for start in range(12)]
    assert web.most_at_once == 2


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "names no file. Give a list such as warc.paths.gz."),
        ("a/b.warc.gz\na/b.warc.gz\n", "line 2: a/b.warc.gz stands in .*line 1 as well"),
        ("../b.warc.gz\n", "line 1: '../b.warc.gz' is not a path below the base address"),
        ("https://x.org/b.warc.gz\n", "is not a path below the base"),
        (
            "a/b.warc.wet.gz\n",
            r"a/b.warc.wet.gz does not end in .warc.gz. CommonCrawl reads the files of warc.paths.gz",
        ),
        ("\x00\x01\n", "is not a path below the base address"),
    ],
)
def test_bad_lists(lines: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.paths").write_text(lines)
    with pytest.raises(ConfigError, match=said):
        CommonCrawl(f"{tmp_path}/x.paths").shards(Workspace(""))


def test_broken_list_is_a_sentence(crawl: Path) -> None:
    data = (crawl / "warc.paths.gz").read_bytes()
    (crawl / "warc.paths.gz").write_bytes(data[:-12])
    with pytest.raises(DataError, match=r"warc.paths.gz: .*Fetch the file again"):
        by_list(crawl, crawl).shards(Workspace(""))


RECIPE = """
    from atom_data import CommonCrawl, Stage
    from atom_data.readers import Patience

    def stages(*, base: str):
        pages = CommonCrawl({paths!r}, base=base, patience=Patience(pause=0.01, stall=0.5, seconds=30))
        return (Stage(name="pages", reads=pages),)
"""


def test_run_resumed_from_a_storm_gives_the_same_bytes(crawl: Path, web: Web, tmp_path: Path) -> None:
    """A run that a missing file ends goes on when it is there, asks for nothing twice, and has the bytes of a local run."""
    path = recipe(tmp_path, RECIPE.format(paths=f"{crawl}/warc.paths.gz"))
    names = sorted(name for name in web.files if "/warc/" in name)
    web.faults[names[0]] = ["403", "503", "cut"]
    gone = web.files.pop(names[2])
    first = atom_data("run", path, "-o", tmp_path / "far", "--workers", 2, "--set", f"base={web.url}")
    assert first.returncode == 1 and "00002.warc.gz: cannot be opened (HTTP Error 404" in first.stderr
    web.files[names[2]] = gone
    web.requests.clear()
    again = atom_data("run", path, "-o", tmp_path / "far", "--workers", 2)
    assert again.returncode == 0, again.stderr
    assert {name for name, _ in web.requests} == {names[2]}
    atom_data("run", path, "-o", tmp_path / "near", "--workers", 1, "--set", f"base={crawl}")
    assert fingerprint(tmp_path / "far") == fingerprint(tmp_path / "near")
    receipt = json.loads((tmp_path / "far/pages/receipts/CC-MAIN-20260522-00000.json").read_text())
    assert receipt["measured"]["network"] == {"again": 3, "bytes": len(web.files[names[0]]), "requests": 4}
    assert (
        "network"
        not in json.loads((tmp_path / "near/pages/receipts/CC-MAIN-20260522-00000.json").read_text())["measured"]
    )


def test_base_and_patience_decide_nothing(crawl: Path) -> None:
    one, other = by_list(crawl, crawl), CommonCrawl(f"{crawl}/warc.paths.gz", base="https://a.example/")
    assert one.identity() == other.identity()
    assert os.fspath(crawl) not in json.dumps(one.identity())
