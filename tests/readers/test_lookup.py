"""Records found by their URLs: the parts that a source reads alone, and what is left to reading all of a file."""

import gzip
import random
from pathlib import Path

import pytest

from atom_data import Warc
from atom_data.readers.lookup import PIECE_BYTES, parts_with
from atom_data.storage.shards import Shard
from tests.readers.archives import members, outcome, page, record

URL = "https://example.org/{}"


def shard_of(folder: Path, data: bytes) -> Shard:
    path = folder / "a.warc.gz"
    path.write_bytes(data)
    return Shard("a", str(path), len(data))


def found(shard: Shard, *numbers: int) -> list[int]:
    return [part.start for part in parts_with(shard, {URL.format(number) for number in numbers})]


def test_a_part_holds_its_record_alone_with_the_id_that_it_has_among_all(tmp_path: Path) -> None:
    chance = random.Random(4)
    pages = [record(number, page(chance.randbytes(chance.randint(10, 90_000)))) for number in range(80)]
    data = members(*pages)
    assert len(data) > 3 * PIECE_BYTES
    shard = shard_of(tmp_path, data)
    whole = {row["offset"]: row["id"] for row in outcome(Warc(shard.path)).rows}
    assert found(shard, *range(80)) == [*whole]
    for part in parts_with(shard, {URL.format(number) for number in (0, 41, 79)}):
        (row,) = outcome(Warc(shard.path), shards=(part,)).rows
        assert row["id"] == whole[part.start]


@pytest.mark.parametrize("before", [10, 700, 1023, 1024])
def test_a_member_across_two_pieces_is_found(tmp_path: Path, before: int) -> None:
    one = members(record(1))
    data = one + bytes(PIECE_BYTES - before - len(one)) + members(record(2)) + bytes(2000)
    assert found(shard_of(tmp_path, data), 1, 2) == [0, PIECE_BYTES - before]


def test_requests_and_responses_of_a_url_are_both_found(tmp_path: Path) -> None:
    shard = shard_of(tmp_path, members(record(1, b"GET / HTTP/1.1\r\n\r\n", kind="request"), record(1), record(2)))
    parts = [*parts_with(shard, {URL.format(1)})]
    assert [len(outcome(Warc(shard.path), shards=(part,)).rows) for part in parts] == [0, 1]


def test_only_what_begins_in_the_part_is_looked_at(tmp_path: Path) -> None:
    shard = shard_of(tmp_path, members(*map(record, range(6))))
    starts = found(shard, *range(6))
    assert len(starts) == 6
    within = Shard("a", shard.path, 0, starts[2], starts[4])
    assert found(within, *range(6)) == starts[2:4]


def test_what_is_no_member_and_a_damaged_one_hide_no_other(tmp_path: Path) -> None:
    damaged = b"\x1f\x8b\x08 no gzip" + members(record(1))[:40]
    assert found(shard_of(tmp_path, damaged + members(record(2))), 1, 2) == [len(damaged)]


def test_an_arc_record_is_found(tmp_path: Path) -> None:
    line = b"https://example.org/7 1.2.3.4 20260102030405 text/html 5\nhello\n"
    assert found(shard_of(tmp_path, gzip.compress(line)), 7) == [0]


def test_what_is_not_found(tmp_path: Path) -> None:
    two = gzip.compress(record(1) + record(2), mtime=0)
    assert found(shard_of(tmp_path, two), 2) == []  # it is the second of its member
    assert found(shard_of(tmp_path, record(1)), 1) == []  # it is not compressed
    long = record(1).replace(b"WARC-Target-URI", b"X-Long: " + b"x" * 5000 + b"\r\nWARC-Target-URI")
    assert found(shard_of(tmp_path, members(long)), 1) == []
    assert [*parts_with(Shard("a", "https://example.org/a.warc.gz", 5), {URL.format(1)})] == []
    assert found(shard_of(tmp_path, members(record(1)))) == []
