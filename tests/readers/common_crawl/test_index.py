"""Common Crawl by its index: the records that fit, and only their bytes."""

import gzip
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from atom_data import CommonCrawlIndex, Warc
from atom_data.errors import ConfigError, DataError
from atom_data.readers import Patience
from atom_data.readers.common_crawl.selection import Filter, records_of, select, tasks_of
from atom_data.testing import check_source
from atom_data.workspace import Workspace
from tests.command import atom_data, fingerprint, recipe
from tests.readers.archives import outcome
from tests.readers.common_crawl.indexed import Entry, write_crawl, write_indexes
from tests.readers.common_crawl.server import Web, misbehaving

ALL: dict[str, Any] = {"served_mimes": (), "statuses": ()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crawl")


@pytest.fixture(scope="module")
def entries(folder: Path) -> list[Entry]:
    return write_crawl(folder)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is selected without an output folder lie in a cache of the test."""
    monkeypatch.setenv("ATOM_DATA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def web(folder: Path, entries: list[Entry]) -> Iterator[Web]:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    with misbehaving(Web(files)) as made:
        yield made


FILTERS: dict[str, tuple[dict[str, Any], Callable[[Entry], bool]]] = {
    "defaults": ({}, lambda e: e.status == 200 and e.mime == "text/html"),
    "all": (ALL, lambda e: True),
    "language": ({**ALL, "languages": ["deu"]}, lambda e: e.language.startswith("deu")),
    "mime": ({**ALL, "served_mimes": ["application/pdf"]}, lambda e: e.mime == "application/pdf"),
    "status": ({**ALL, "statuses": [404]}, lambda e: e.status == 404),
    "domain": (
        {**ALL, "domains": ["Example.ORG", "b.example.com"]},
        lambda e: "/notexample" not in e.url.replace("@", "/") and ("example.org" in e.url or "b.example.com" in e.url),
    ),
    "digest": ({**ALL, "digests": ["DIGEST3", "DIGEST77"]}, lambda e: e.digest in ("DIGEST3", "DIGEST77")),
    "two": ({"languages": ["jpn"], "statuses": [200]},
            lambda e: e.language == "jpn" and e.status == 200 and e.mime == "text/html"),
}  # fmt: skip


@pytest.mark.parametrize("index", ["cdx-00000.gz", "part-*.parquet"])
@pytest.mark.parametrize("name", FILTERS)
def test_rows_are_the_records_that_fit(name: str, index: str, folder: Path, entries: list[Entry]) -> None:
    """The rows are those of the whole files, without the ones that the filter leaves out."""
    chosen, fits = FILTERS[name]
    places = {(entry.file.removeprefix("crawl-data/warc/"), entry.start) for entry in entries if fits(entry)}
    whole = outcome(Warc(f"{folder}/crawl-data/warc")).rows
    expected = [
        row | {"file": f"crawl-data/warc/{row['file']}"} for row in whole if (row["file"], row["offset"]) in places
    ]
    found = outcome(CommonCrawlIndex(f"{folder}/{index}", base=str(folder), **chosen))
    assert 0 < len(places) == len(found.rows) and found.rows == expected and not found.rejects


def test_a_name_that_is_a_pattern_is_one_file(tmp_path: Path) -> None:
    """DuckDB would take brackets for a pattern, and `part-[01].parquet` for files of other names."""
    folder, entries = tmp_path / "crawl", write_crawl(tmp_path / "crawl")
    (folder / "part-1.parquet").rename(folder / "part-[01].parquet")
    one = CommonCrawlIndex(f"{folder}/part-[[]01].parquet", base=str(folder), **ALL)
    assert len(outcome(one).rows) == len(entries) // 2
    both = CommonCrawlIndex(f"{folder}/part-*.parquet", base=str(folder), **ALL)
    assert len(outcome(both).rows) == len(entries)


def test_contract(folder: Path, entries: list[Entry], web: Web) -> None:
    for base in (str(folder), web.url):
        check_source(CommonCrawlIndex(f"{folder}/cdx-00000.gz", base=base, task_bytes=60_000), shards=2)


def test_index_by_url(folder: Path, entries: list[Entry], web: Web) -> None:
    """A remote columnar index is read by its columns, a remote CDX file from beginning to end, both with patience."""
    local = outcome(CommonCrawlIndex(f"{folder}/cdx-00000.gz", base=str(folder))).rows
    for names in (["cdx-00000.gz"], ["part-0.parquet", "part-1.parquet"]):
        web.faults[names[0]] = ["403", "cut"]
        urls = [f"{web.url}/{name}" for name in names]
        assert outcome(CommonCrawlIndex(urls, base=web.url, patience=Patience(pause=0.01))).rows == local


def test_only_their_bytes_are_asked_for(folder: Path, entries: list[Entry], web: Web) -> None:
    """One request for each range; ranges that are near are one. Faults cost requests, and change no row."""
    wanted = {"languages": ["jpn"], **ALL}
    source = CommonCrawlIndex(
        f"{folder}/cdx-00000.gz", base=web.url, gap_bytes=1, **wanted, patience=Patience(pause=0.01)
    )
    apart = outcome(source)
    records = [entry for entry in entries if entry.language == "jpn"]
    assert web.requests == [(e.file, f"bytes={e.start}-{e.start + e.length - 1}") for e in records]
    assert sum(web.sent.values()) == sum(entry.length for entry in records) < sum(map(len, web.files.values())) / 3
    web.requests.clear()
    web.faults[records[0].file] = ["403", "cut", "503"]
    near = outcome(CommonCrawlIndex(f"{folder}/cdx-00000.gz", base=web.url, **wanted, patience=Patience(pause=0.01)))
    assert near.rows == apart.rows
    assert len(web.requests) == len({entry.file for entry in records}) + 3


def test_shards_hold_as_much_as_they_may(folder: Path, entries: list[Entry]) -> None:
    source = CommonCrawlIndex(f"{folder}/cdx-00000.gz", base=str(folder), task_bytes=50_000, **ALL)
    shards = source.shards(Workspace(""))
    assert [shard.name for shard in shards] == [f"{number:06}" for number in range(len(shards))]
    assert all(45_000 < shard.bytes <= 50_000 for shard in shards[:-1])
    assert sum(shard.bytes for shard in shards) == sum(entry.length for entry in entries)
    assert len(outcome(source).rows) == len(entries)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(1, 12)), min_size=1, max_size=30),
    st.integers(1, 8),
    st.integers(1, 40),
)
def test_ranges_hold_every_record_once(rows: list[tuple[str, int, int]], gap: int, most: int) -> None:
    """Against a plain look at the rules: each record once and in order, ranges as far as the gaps allow, tasks not above `most`."""
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    nothing = {name: pa.nulls(len(rows), pa.string()) for name in ("content_mime_type", "content_mime_detected")}
    batch = pa.RecordBatch.from_pydict(
        {
            "url": ["x"] * len(rows), "fetch_status": [200] * len(rows), "content_digest": ["D"] * len(rows), **nothing,
            "content_languages": ["eng"] * len(rows), "warc_filename": columns[0], "warc_record_offset": columns[1],
            "warc_record_length": columns[2],
        }
    )  # fmt: skip
    every = Filter(languages=(), mimes=(), statuses=(), domains=(), digests=())
    with tempfile.TemporaryDirectory() as name:
        path = f"{name}/selected.parquet"
        select([batch], (), every, path, gap, most, "t")
        tasks = tasks_of(path)
        placed = [list(records_of(path, number)) for number in range(len(tasks))]
    lengths: dict[tuple[str, int], int] = {}
    for file, start, length in rows:
        lengths[file, start] = max(length, lengths.get((file, start), 0))
    expected = [(file, start, start + length) for (file, start), length in sorted(lengths.items())]
    assert [record[:3] for task in placed for record in task] == expected
    for task, records in zip(tasks, placed, strict=True):
        ranges: list[list[Any]] = []
        for file, start, stop, end in records:
            if ranges and ranges[-1][0] == file and start - ranges[-1][2] <= gap:
                ranges[-1][2] = max(ranges[-1][2], stop) if stop > ranges[-1][2] else ranges[-1][2]
            else:
                ranges.append([file, start, stop, end])
            assert end >= stop
        assert task.records == len(records) and task.record_bytes == sum(stop - start for _, start, stop, _ in records)
        assert task.bytes == sum(stop - start for _, start, stop, _ in ranges)
        assert task.bytes <= most or len(records) == 1


def test_what_is_no_record_is_a_dead_letter(tmp_path: Path) -> None:
    entries = write_crawl(tmp_path, 1, 6)
    moved = [
        Entry(**{**vars(entry), "start": entry.start + (7 if number == 2 else 0)})
        for number, entry in enumerate(entries)
    ]
    write_indexes(tmp_path, moved)
    found = outcome(CommonCrawlIndex(f"{tmp_path}/cdx-00000.gz", base=str(tmp_path), **ALL))
    assert len(found.rows) == 5
    assert [reason for reason, place in found.rejects if moved[2].start <= place < moved[3].start]
    assert all(place >= moved[2].start for _, place in found.rejects)


def test_empty_selection_and_short_file(tmp_path: Path) -> None:
    entries = write_crawl(tmp_path, 1, 4)
    index = f"{tmp_path}/cdx-00000.gz"
    with pytest.raises(
        ConfigError, match=r"the index has no record with languages=\['tlh'\], served_mimes=.*Ask for others"
    ):
        CommonCrawlIndex(index, languages=["tlh"], base=str(tmp_path)).shards(Workspace(""))
    path = tmp_path / entries[0].file
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        DataError, match=r"0.warc.gz: ends at byte .*and the index has a record at .*Fetch the file again"
    ):
        outcome(CommonCrawlIndex(index, base=str(tmp_path), **ALL))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gzip.compress(b'key 2026 {"url": 1}\n'), "line 1: is not a line of a CDX index"),
        (gzip.compress(b"key 2026 no json\n"), "is not a line of a CDX index"),
        (
            gzip.compress(b'key 2026 {"filename": "a", "offset": "-5", "length": "9"}\n'),
            "a record of a at -5 with a length of 9",
        ),
        (gzip.compress(b'key 2026 {"filename": "a", "offset": "5"}\n'), "its length is 'None'"),
        (gzip.compress(b"\n" * 99)[:-10], "Fetch the file again"),
    ],
)
def test_broken_cdx(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "cdx-00000.gz").write_bytes(data)
    with pytest.raises(DataError, match=said):
        CommonCrawlIndex(f"{tmp_path}/cdx-00000.gz", **ALL).shards(Workspace(""))


def test_broken_columnar_index(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no PAR1")
    with pytest.raises(DataError, match=r"a.parquet: is not a file of the columnar index"):
        CommonCrawlIndex(f"{tmp_path}/a.parquet").shards(Workspace(""))
    pq.write_table(pa.table({"url": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(
        ConfigError, match=r"no column 'fetch_status'; columns there: url. Give files of Common Crawl's columnar"
    ):
        CommonCrawlIndex(f"{tmp_path}/a.parquet").shards(Workspace(""))
    write_crawl(tmp_path / "crawl")
    data = bytearray((tmp_path / "crawl/part-0.parquet").read_bytes())
    end = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    data[4:end] = bytes(end - 4)
    (tmp_path / "a.parquet").write_bytes(data)
    with pytest.raises(DataError, match=r"a.parquet: is not a file of the columnar index \(.*\). Fetch it again."):
        CommonCrawlIndex(f"{tmp_path}/a.parquet", **ALL).shards(Workspace(""))
    with pytest.raises(ConfigError, match=r"languages is 'deu'; it is a list of values. Give languages=\('deu',\)."):
        CommonCrawlIndex("a.parquet", languages="deu")


RECIPE = """
    from atom_data import CommonCrawlIndex, Stage

    def stages(*, base: str, language: str = "deu"):
        pages = CommonCrawlIndex({index!r}, base=base, languages=(language,), task_bytes=40_000)
        return (Stage(name="pages", reads=pages),)
"""


def test_run_is_the_same_from_near_and_far_and_follows_its_index(tmp_path: Path) -> None:
    entries = write_crawl(tmp_path)
    path = recipe(tmp_path, RECIPE.format(index=f"{tmp_path}/cdx-00000.gz"))
    files = {file.relative_to(tmp_path).as_posix(): file.read_bytes() for file in tmp_path.rglob("*.warc.gz")}
    with misbehaving(Web(files)) as web:
        done = atom_data("run", path, "-o", tmp_path / "far", "--workers", 2, "--set", f"base={web.url}")
        assert done.returncode == 0, done.stderr
        receipts = [json.loads(file.read_text()) for file in sorted((tmp_path / "far/pages/receipts").glob("*.json"))]
        assert sum(receipt["measured"]["network"]["bytes"] for receipt in receipts) == sum(web.sent.values())
        assert sum(receipt["measured"]["network"]["requests"] for receipt in receipts) == len(web.requests)
        web.requests.clear()
        assert "done already" in atom_data("run", path, "-o", tmp_path / "far").stderr
        assert not web.requests
    near = atom_data("run", path, "-o", tmp_path / "near", "--workers", 1, "--set", f"base={tmp_path}")
    assert near.returncode == 0, near.stderr
    assert fingerprint(tmp_path / "near") == fingerprint(tmp_path / "far")
    write_indexes(tmp_path, entries[:60])
    assert atom_data("run", path, "-o", tmp_path / "near", "--workers", 1, "--replace").returncode == 0
    rows = sum(pq.ParquetFile(file).metadata.num_rows for file in (tmp_path / "near/pages").glob("*.parquet"))
    assert rows == len(
        [e for e in entries[:60] if e.language.startswith("deu") and e.status == 200 and e.mime == "text/html"]
    )
