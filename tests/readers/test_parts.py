"""Large files in parts: every record in exactly one part, whatever the cuts, or a sentence that says so."""

import gzip
import hashlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from atom_data.errors import DataError
from atom_data.readers import Jsonl, Warc
from atom_data.storage.paths import sha256
from atom_data.storage.shards import check_spans
from atom_data.workspace import Workspace
from tests.readers.archives import Outcome, members, outcome, record, write

RECORDS = [
    record(n, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + bytes([65 + n]) * (n * 37 % 300), kind)
    for n, kind in enumerate(["warcinfo"] + ["request", "response", "metadata"] * 6)
]


def whole_and_parts(path: str, split_bytes: int) -> tuple[Outcome, Outcome]:
    return outcome(Warc(path, split_bytes=0)), outcome(Warc(path, split_bytes=split_bytes))


def assert_same(whole: Outcome, parts: Outcome, name: str = "file") -> None:
    if parts.spans[0] is not None:
        check_spans(name, [span for span in parts.spans if span is not None])
    assert parts.rows == whole.rows
    assert sorted(parts.rejects) == sorted(whole.rejects)
    assert parts.skipped == whole.skipped


@pytest.mark.parametrize("packed", [True, False])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(split_bytes=st.integers(1, 6_000))
def test_parts_give_the_rows_of_the_whole(tmp_path: Path, packed: bool, split_bytes: int) -> None:
    data = members(*RECORDS) if packed else b"".join(RECORDS)
    path = write(tmp_path, f"a.warc{'.gz' * packed}", data)
    whole, parts = whole_and_parts(path, max(split_bytes, len(data) // 200))
    assert_same(whole, parts)
    assert len(whole.rows) == 6


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    at=st.integers(0, len(members(*RECORDS)) - 1),
    length=st.integers(0, 400),
    inserted=st.binary(max_size=30),
    split_bytes=st.integers(100, 3_000),
    packed=st.booleans(),
)
def test_parts_of_a_damaged_file_account_for_the_same(
    tmp_path: Path, at: int, length: int, inserted: bytes, split_bytes: int, packed: bool
) -> None:
    data = members(*RECORDS) if packed else b"".join(RECORDS)
    path = write(tmp_path, f"a.warc{'.gz' * packed}", data[:at] + inserted + data[at + length :])
    try:
        whole = outcome(Warc(path, split_bytes=0))
    except DataError:
        return
    parts = outcome(Warc(path, split_bytes=split_bytes))
    try:
        assert_same(whole, parts)
    except DataError as error:
        assert "split_bytes=0" in str(error)
        assert not packed
    urls = Counter(row["url"] for row in whole.rows)
    assert max(urls.values(), default=0) <= 1 + (not packed)


def test_parts_of_one_gzip_stream_leave_all_to_the_first(tmp_path: Path) -> None:
    path = write(tmp_path, "a.warc.gz", gzip.compress(b"".join(RECORDS)))
    whole, parts = whole_and_parts(path, 100)
    assert_same(whole, parts)
    assert len(parts.spans) > 3
    assert [first == after for first, after in filter(None, parts.spans)] == [False, *[True] * (len(parts.spans) - 1)]


def test_parts_that_begin_inside_a_payload_are_refused(tmp_path: Path) -> None:
    trap = members(record(90), record(91))
    data = members(record(0)) + gzip.compress(record(1, trap * 20), compresslevel=0) + members(record(2))
    path = write(tmp_path, "trap.warc.gz", data)
    assert outcome(Warc(path, split_bytes=0)).urls == ["0", "1", "2"]
    parts = outcome(Warc(path, split_bytes=2_000))
    with pytest.raises(DataError, match=r"trap\.warc\.gz: its parts do not meet, .* Pass split_bytes=0"):
        check_spans("trap.warc.gz", [span for span in parts.spans if span is not None])


@pytest.mark.parametrize(
    "spans, meet",
    [
        ([], True),
        ([(0, 10)], True),
        ([(0, 10), (10, 20)], True),
        ([(0, 12), (10, 10), (12, 20)], True),
        ([(0, 20), (10, 10), (20, 20)], True),
        ([(0, 10), (11, 20)], False),
        ([(0, 12), (11, 20)], False),
        ([(3, 10)], False),
        ([(0, 15), (10, 10), (20, 20)], False),
    ],
)
def test_check_spans_accepts_only_parts_that_meet(spans: list[tuple[int, int]], meet: bool) -> None:
    if meet:
        check_spans("a.warc.gz", spans)
    else:
        with pytest.raises(DataError, match=r"^a\.warc\.gz: "):
            check_spans("a.warc.gz", spans)


def test_part_hashes_its_own_bytes(tmp_path: Path) -> None:
    data = members(*RECORDS)
    source = Warc(write(tmp_path, "a.warc.gz", data), split_bytes=700)
    shards = source.shards(Workspace(""))
    result = outcome(source)
    assert len(shards) > 3
    for shard, found in zip(shards, result.inputs, strict=True):
        assert found.sha256 == hashlib.sha256(data[shard.start : shard.stop]).hexdigest()
        assert found.sha256 == sha256(shard.path, shard.start, shard.stop)
        assert source.current(shard, Workspace(""))[0].bytes == found.bytes
    assert sum(found.bytes for found in result.inputs) == len(data)


def test_part_names_and_bounds_cover_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "a.warc.gz", members(*RECORDS))
    shards = Warc(path, split_bytes=1_000).shards(Workspace(""))
    assert [shard.name for shard in shards] == [f"a.warc.p{index:04}" for index in range(len(shards))]
    assert [shards[0].start, *(shard.stop for shard in shards)] == [
        *(shard.start for shard in shards),
        Path(path).stat().st_size,
    ]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lengths=st.lists(st.integers(0, 60), max_size=30),
    ended=st.booleans(),
    split_bytes=st.integers(1, 400),
)
def test_parts_of_jsonl_give_the_rows_of_the_whole(
    tmp_path: Path, lengths: list[int], ended: bool, split_bytes: int
) -> None:
    lines = [b'{"text": "%d%s"}' % (n, b"x" * length) for n, length in enumerate(lengths)]
    path = write(tmp_path, "a.jsonl", b"\n".join(lines) + b"\n" * ended)
    whole = outcome(Jsonl(path, split_bytes=0))
    parts = outcome(Jsonl(path, split_bytes=split_bytes))
    assert parts.rows == whole.rows
    assert len(whole.rows) == len(lines)
    if parts.spans[0] is not None:
        check_spans("a.jsonl", [span for span in parts.spans if span is not None])
