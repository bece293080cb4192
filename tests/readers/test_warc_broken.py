"""Warc on files that are cut off, damaged, lying or not there: one record lost at most, and said; or one clear error."""

import gzip
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from atom_data.errors import ConfigError, DataError
from atom_data.readers import Warc
from atom_data.storage.shards import Intake
from atom_data.storage.web import stream
from atom_data.storage.web.traffic import Patience
from atom_data.workspace import Workspace
from tests.readers.archives import members, outcome, page, record, served, write


def cut_off(whole: bytes) -> bytes:
    return whole[:-20]


def flipped(whole: bytes) -> bytes:
    at = len(members(record(0), record(1))) + 60
    return whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]


def wrong_checksum(whole: bytes) -> bytes:
    at = len(members(record(0), record(1), record(2))) - 6
    return whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]


FOUR = members(*(record(n) for n in range(4)))
BEFORE = len(members(record(0), record(1)))


@pytest.mark.parametrize(
    "data, urls, rejects",
    [
        (cut_off(FOUR), "012", [("warc.truncated", len(members(*map(record, range(3)))))]),
        (FOUR[:-8], "012", [("warc.truncated", len(members(*map(record, range(3)))))]),
        (FOUR + FOUR[:5], "0123", [("warc.truncated", len(FOUR))]),
        (flipped(FOUR), "013", [("warc.bad_gzip", BEFORE)]),
        (wrong_checksum(FOUR), "013", [("warc.bad_gzip", BEFORE)]),
        (FOUR[:BEFORE] + b"<html>stray</html>" + FOUR[BEFORE:], "0123", [("warc.bad_gzip", BEFORE)]),
        (FOUR + b"rubbish", "0123", [("warc.bad_gzip", len(FOUR))]),
        (FOUR[:BEFORE] + members(b"no record") + FOUR[BEFORE:], "0123", [("warc.bad_header", BEFORE)]),
        (FOUR[:BEFORE] + FOUR[BEFORE + 100 :], "013", [("warc.bad_gzip", BEFORE)]),
    ],
)
def test_warc_broken_member_is_the_only_loss(
    tmp_path: Path, data: bytes, urls: str, rejects: list[tuple[str, int]]
) -> None:
    result = outcome(Warc(write(tmp_path, "a.warc.gz", data)))
    assert (result.urls, result.rejects) == (list(urls), rejects)
    assert all(len(sample) <= 1 << 16 for sample in result.samples)


@pytest.mark.parametrize(
    "bad, reason",
    [
        (record(1, length=5_000), "warc.truncated"),
        (record(1, length=10**17), "warc.truncated"),
        (record(1, length=-5), "warc.bad_header"),
        (record(1, length=""), "warc.bad_header"),
        (record(1, headers="X: " + "x" * 70_000), "warc.bad_header"),
        (b"WARC/1.0\r\nno end of it", "warc.truncated"),
    ],
)
def test_warc_lie_in_a_member_stays_in_it(tmp_path: Path, bad: bytes, reason: str) -> None:
    result = outcome(Warc(write(tmp_path, "a.warc.gz", members(record(0), bad, record(2)))))
    assert (result.urls, result.rejects) == (["0", "2"], [(reason, len(members(record(0))))])


CHECKED = {zstd.CompressionParameter.checksum_flag: 1}
PACKS: dict[str, Callable[[bytes], bytes]] = {
    "a.warc.gz": members,
    "a.warc.zst": lambda data: zstd.compress(data, options=CHECKED),
}


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("hit", [range(3, 5), range(3, 6), range(8, 10)])
@pytest.mark.parametrize("places", [(0, 0, 0), (2, 3, 1), (12, 20, 15), (90, 12, 0), (100, 90, 110), (10, 11, 12)])
def test_warc_damaged_members_behind_one_another_are_all_counted(
    tmp_path: Path, name: str, hit: range, places: tuple[int, ...]
) -> None:
    packed = [bytearray(PACKS[name](record(n, page(random.Random(n).randbytes(300))))) for n in range(10)]
    for number, place in zip(hit, places, strict=False):
        packed[number][place] ^= 0x6B
    starts = [len(b"".join(packed[:n])) for n in range(10)]
    result = outcome(Warc(write(tmp_path, name, b"".join(packed))))
    lost = [place for _, place in result.rejects]
    assert len(result.rows) + len(lost) == 10
    assert set(lost) <= {starts[n] for n in hit}
    assert set(result.reasons) <= {"warc.bad_gzip", "warc.bad_zstd"}


def test_warc_damaged_request_is_counted_once(tmp_path: Path) -> None:
    bad = bytearray(members(record(1, b"GET / HTTP/1.1\r\n\r\n", "request")))
    bad[-6] ^= 0xFF
    result = outcome(Warc(write(tmp_path, "a.warc.gz", members(record(0)) + bad + members(record(2)))))
    assert (result.urls, result.reasons, result.skipped) == (["0", "2"], ["warc.bad_gzip"], {})


def test_warc_undamaged_blocks_behind_a_damaged_member_are_no_further_loss(tmp_path: Path) -> None:
    packed = bytearray(members(record(0), record(1)[:200], record(1)[200:], record(2)))
    packed[len(members(record(0))) + 40] ^= 0xFF
    result = outcome(Warc(write(tmp_path, "a.warc.gz", bytes(packed))))
    assert (result.urls, len(result.rejects)) == (["0", "2"], 1)


def test_warc_payload_that_looks_like_a_record_invents_none(tmp_path: Path) -> None:
    block = page(b"<pre>\r\n\r\n" + record(99) + record(98) + b"</pre>")
    data = members(record(0), record(1, block, length=20), record(2))
    result = outcome(Warc(write(tmp_path, "a.warc.gz", members(record(0), record(1, block), record(2)))))
    assert result.urls == ["0", "1", "2"]
    assert result.rejects == []
    bad = record(1, block).replace(b"Content-Length", b"Content-Size", 1)
    assert outcome(Warc(write(tmp_path, "b.warc.gz", members(record(0), bad, record(2))))).urls == ["0", "2"]
    assert "99" not in outcome(Warc(write(tmp_path, "c.warc.gz", data))).urls[:2]


def test_warc_plain_file_goes_on_after_a_broken_record(tmp_path: Path) -> None:
    bad = record(1).replace(b"Content-Length", b"Content-Size")
    data = record(0) + bad + b"rubbish\r\n" + record(2) + record(3, length=10_000) + record(4)
    result = outcome(Warc(write(tmp_path, "a.warc", data)))
    assert result.urls == ["0", "2", "4"]
    assert result.reasons == ["warc.bad_header", "warc.truncated"]


def test_warc_record_too_large_is_rejected_alone(tmp_path: Path) -> None:
    data = members(record(0), record(1, page(b"x" * 3_000)), record(2, b"i" * 9_000, "request"), record(3))
    result = outcome(Warc(write(tmp_path, "a.warc.gz", data), max_record_bytes=1_000))
    assert (result.urls, result.reasons) == (["0", "3"], ["warc.too_large"])
    assert result.samples[0].startswith(b"WARC/1.1\r\n")
    assert outcome(Warc(str(tmp_path)), columns=("url",)).urls == ["0", "1", "3"]
    assert outcome(Warc(str(tmp_path), max_record_bytes=1_000), columns=("url",)).urls == ["0", "3"]


def test_warc_http_header_too_long_is_rejected(tmp_path: Path) -> None:
    data = members(record(0), record(1, page(b"x", "X: " + "y" * 70_000)), record(2))
    result = outcome(Warc(write(tmp_path, "a.warc.gz", data)))
    assert (result.urls, result.reasons) == (["0", "2"], ["warc.bad_http"])


def test_warc_file_that_shrinks_while_it_is_read_is_a_data_error(tmp_path: Path) -> None:
    noise = random.Random(0).randbytes(5_000_000)
    path = write(tmp_path, "a.warc.gz", members(*(record(n, page(noise)) for n in range(4))))
    source = Warc(path)
    batches = source.read(source.shards(Workspace(""))[0], Workspace(""), ["html"], Intake(reject=lambda *_: None))
    next(batches)
    os.truncate(path, 17_000_000)
    with pytest.raises(DataError, match=r"a\.warc\.gz: ended at byte 17000000 of 20\d+"):
        list(batches)


@pytest.mark.parametrize(
    "data, said",
    [
        (b"%PDF-1.7 nothing of a crawl", "is not a WARC file; it begins with b'%PDF-1.7 nothing'"),
        (gzip.compress(b"hello"), "is not a WARC file"),
    ],
)
def test_warc_file_that_is_none_is_a_data_error(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        outcome(Warc(write(tmp_path, "a.warc.gz", data)))


def test_warc_empty_file_is_rejected(tmp_path: Path) -> None:
    result = outcome(Warc(write(tmp_path, "a.warc.gz", b"")))
    assert (result.rows, result.reasons) == ([], ["warc.empty"])


def test_warc_file_with_only_a_cut_off_record_is_rejected(tmp_path: Path) -> None:
    result = outcome(Warc(write(tmp_path, "a.warc.gz", members(record(1))[:-20])))
    assert (result.rows, result.reasons) == ([], ["warc.truncated"])


def test_warc_over_http_gives_the_same_rows(tmp_path: Path) -> None:
    bad = flipped(FOUR)
    local = outcome(Warc(write(tmp_path, "a.warc.gz", bad)))
    with served({"/a.warc.gz": bad}) as url:
        remote = outcome(Warc(f"{url}/a.warc.gz"))
    assert (remote.rows, remote.rejects) == (local.rows, local.rejects)
    assert remote.inputs[0].sha256 == local.inputs[0].sha256


@pytest.mark.parametrize("says_length", [True, False])
def test_warc_broken_connection_is_no_broken_file(says_length: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server breaks off is asked for again; one that never gives the rest is an error, and not a cut-off record."""
    monkeypatch.setattr(stream, "PATIENCE", Patience(pause=0.01, seconds=0.1))
    with served({"/a.warc.gz": FOUR}, cut=len(FOUR) - 20, says_length=says_length) as url:
        assert len(outcome(Warc(f"{url}/a.warc.gz")).rows) == 4
    with (
        served({"/a.warc.gz": FOUR}, cut=0, says_length=says_length) as url,
        pytest.raises(DataError, match="broke off"),
    ):
        outcome(Warc(f"{url}/a.warc.gz"))


def test_warc_limits_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="max_record_bytes is 0"):
        Warc("a.warc", max_record_bytes=0)
