"""Zstandard as it is really written: frames without data, dictionaries, large windows, and lies about all of them."""

import bz2
import gzip
import lzma
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings, strategies as st

from atom_data.errors import ConfigError, DataError
from atom_data.readers import Jsonl, Text, Warc, Wet
from atom_data.readers.streams.frames import header, is_chained
from tests.readers.archives import outcome, page, record, write

LINES = b"".join(b'{"text": "line %d"}\n' % n for n in range(9))
LONG = zstd.CompressionParameter.window_log


def skippable(data: bytes, number: int = 0) -> bytes:
    return struct.pack("<II", 0x184D2A50 + number, len(data)) + data


def pzstd(data: bytes) -> bytes:
    """As pzstd writes it: before each frame, a skippable one with its size."""
    frame = zstd.compress(data)
    return skippable(struct.pack("<I", len(frame))) + frame


def seekable(data: bytes) -> bytes:
    """As the seekable format and t2sz write it: a table of the frames at the end."""
    frame = zstd.compress(data)
    table = struct.pack("<II", len(frame), len(data)) + struct.pack("<IBI", 1, 0, 0x8F92EAB1)
    return frame + skippable(table, 0xE)


def dictionary(records: list[bytes]) -> zstd.ZstdDict:
    samples = [data + bytes([n]) for n, data in enumerate(records * 40)]
    return zstd.train_dict(samples, 2_000)


def wide(data: bytes, log: int) -> bytes:
    """A frame of unknown size with a window of 2 ** log bytes, as `zstd --long` makes it of a pipe."""
    made = zstd.compress(data, options={zstd.CompressionParameter.content_size_flag: 0, LONG: 10})
    assert made[5] == 0
    return made[:5] + bytes([(log - 10) << 3]) + made[6:]


RECORDS = [record(n) for n in range(5)]
WORDS = dictionary(RECORDS)
FRAMES = [zstd.compress(data, zstd_dict=WORDS) for data in RECORDS]


@pytest.mark.parametrize("number", range(16))
def test_jsonl_skips_frames_without_data_wherever_they_stand(tmp_path: Path, number: int) -> None:
    half, skip = len(LINES) // 2, skippable(b'no data (\xb5/\xfd\n{"text": "none"}\n' * 200, number)
    data = skip + skip + zstd.compress(LINES[:half]) + skip + zstd.compress(LINES[half:]) + skip + skippable(b"")
    result = outcome(Jsonl(write(tmp_path, "a.jsonl.zst", data)))
    assert [row["text"] for row in result.rows] == [f"line {n}" for n in range(9)]
    assert result.rejects == []
    assert result.inputs[0].bytes == len(data)


@pytest.mark.parametrize("pack", [pzstd, seekable])
def test_every_reader_reads_what_parallel_and_seekable_zstd_write(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    lines = outcome(Jsonl(write(tmp_path, "a.jsonl.zst", pack(LINES[:50]) + pack(LINES[50:]))))
    assert len(lines.rows) == 9
    text = outcome(Text(write(tmp_path, "a.txt.zst", pack(b"one\n") + pack(b"two\n")), unit="line"))
    assert [row["text"] for row in text.rows] == ["one", "two"]
    packed = [pack(data) for data in RECORDS]
    warc = outcome(Warc(write(tmp_path, "a.warc.zst", b"".join(packed))))
    assert warc.urls == ["0", "1", "2", "3", "4"]
    starts = [len(b"".join(packed[:n])) + (12 if pack is pzstd else 0) for n in range(5)]
    assert [row["offset"] for row in warc.rows] == starts
    wet = outcome(Wet(write(tmp_path, "a.wet.zst", b"".join(pack(record(n, b"text", "conversion")) for n in range(3)))))
    assert len(wet.rows) == 3
    assert lines.rejects == text.rejects == warc.rejects == wet.rejects == []


def test_warc_record_across_frames_with_others_between_is_read_whole(tmp_path: Path) -> None:
    stream = b"".join(record(n, page(b"%05d " % n * 2_000)) for n in range(3))
    data = b"".join(pzstd(stream[at : at + 5_000]) for at in range(0, len(stream), 5_000))
    result = outcome(Warc(write(tmp_path, "a.warc.zst", data)))
    assert [row["html"] for row in result.rows] == [b"%05d " % n * 2_000 for n in range(3)]
    assert result.rejects == []


@pytest.mark.parametrize("pack", [bytes, zstd.compress])
def test_warc_dictionary_in_the_first_frame_is_used(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    first = skippable(pack(WORDS.dict_content), 0xD)
    assert b"WARC/1.1" in WORDS.dict_content  # from which documents were once invented
    result = outcome(Warc(write(tmp_path, "a.warc.zst", first + b"".join(FRAMES))))
    assert result.urls == ["0", "1", "2", "3", "4"]
    assert result.rejects == []
    assert [row["offset"] for row in result.rows] == [len(first + b"".join(FRAMES[:n])) for n in range(5)]


def test_warc_frames_without_a_dictionary_stand_among_others(tmp_path: Path) -> None:
    data = skippable(WORDS.dict_content, 0xD) + FRAMES[0] + zstd.compress(RECORDS[1]) + FRAMES[2]
    assert outcome(Warc(write(tmp_path, "a.warc.zst", data))).urls == ["0", "1", "2"]
    foreign = skippable(b"the frame of another tool", 0xD) + zstd.compress(RECORDS[1])
    assert outcome(Warc(write(tmp_path, "b.warc.zst", foreign))).urls == ["1"]


@pytest.mark.parametrize("first", [b"", skippable(b"x"), skippable(dictionary([b"other words"]).dict_content, 0xD)])
def test_unknown_dictionary_is_a_sentence(tmp_path: Path, first: bytes) -> None:
    said = (
        rf"the zstd frame at byte {len(first)} needs dictionary {WORDS.dict_id}, and the file .*zstd -d -D DICTIONARY"
    )
    with pytest.raises(DataError, match=said):
        outcome(Warc(write(tmp_path, "a.warc.zst", first + b"".join(FRAMES))))
    with pytest.raises(DataError, match=said):
        outcome(Jsonl(write(tmp_path, "a.jsonl.zst", first + zstd.compress(LINES, zstd_dict=WORDS))))


def test_warc_unknown_dictionary_after_other_frames(tmp_path: Path) -> None:
    plain = zstd.compress(RECORDS[4])
    result = outcome(Warc(write(tmp_path, "a.warc.zst", plain + FRAMES[0] + plain)))
    assert (result.urls, result.rejects) == (["4", "4"], [("warc.bad_zstd", len(plain))])
    with pytest.raises(DataError, match="needs dictionary"):
        outcome(Warc(write(tmp_path, "a.warc.zst", plain + FRAMES[0] + FRAMES[1] + plain)))


@pytest.mark.parametrize(
    "content",
    [
        b"\x37\xa4\x30\xec" + b"\xff" * 60,
        zstd.compress(WORDS.dict_content)[:-9],
        zstd.compress(b"no dictionary"),
        zstd.compress(b"\0" * (65 << 20)),
        wide(b"x", 31),
    ],
)
def test_broken_dictionary_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.warc\.zst: the zstd dictionary in its first frame cannot be read"):
        outcome(Warc(write(tmp_path, "a.warc.zst", skippable(content, 0xD) + b"".join(FRAMES))))


def test_dictionary_of_absurd_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.zst"
    with path.open("wb") as file:
        file.write(struct.pack("<II", 0x184D2A5D, 3 << 30) + WORDS.dict_content)
        file.truncate(8 + (3 << 30))  # sparse: no block of it is on the disk
    with pytest.raises(DataError, match="its dictionary has 3,221,225,472 bytes, more than the 67,108,864 allowed"):
        outcome(Warc(str(path)))


@pytest.mark.parametrize("size", [6, 1 << 20, 0xFFFFFFFF])
def test_skippable_frame_beyond_the_end_is_said_and_allocates_nothing(tmp_path: Path, size: int) -> None:
    lie = struct.pack("<II", 0x184D2A53, size) + b"cut"
    good = zstd.compress(RECORDS[0])
    result = outcome(Warc(write(tmp_path, "a.warc.zst", good + lie)))
    assert (result.urls, result.rejects) == (["0"], [("warc.truncated", len(good))])
    with pytest.raises(DataError, match=f"ends inside the skippable zstd frame of {size:,} bytes"):
        outcome(Jsonl(write(tmp_path, "a.jsonl.zst", zstd.compress(LINES) + lie)))
    result = outcome(Warc(write(tmp_path, "b.warc.zst", struct.pack("<II", 0x184D2A53, 0xFFFFFFFF) + good)))
    assert (result.urls, result.rejects) == (["0"], [("warc.truncated", 0)])


@pytest.mark.parametrize("data", [skippable(b"x"), skippable(b"") * 3, zstd.compress(b"") * 2, gzip.compress(b"")])
def test_file_without_data_is_an_empty_file(tmp_path: Path, data: bytes) -> None:
    result = outcome(Warc(write(tmp_path, "a.warc.zst", data)))
    assert (result.rows, result.rejects, result.skipped) == ([], [], {"warc.empty": 1})
    assert outcome(Jsonl(write(tmp_path, "a.jsonl.zst", data))).rows == []


def test_empty_frames_among_others_change_nothing(tmp_path: Path) -> None:
    none = zstd.compress(b"") + wide(b"", 12)
    data = none + b"".join(zstd.compress(data) + none for data in RECORDS)
    result = outcome(Warc(write(tmp_path, "a.warc.zst", data)))
    assert (result.urls, result.rejects) == (["0", "1", "2", "3", "4"], [])


@pytest.mark.parametrize("log", [28, 31])
def test_large_window_needs_an_option_which_the_message_names(tmp_path: Path, log: int) -> None:
    said = (
        rf"a\.[a-z]+\.zst: the zstd frame at byte 0 has a window of {1 << log:,} bytes .*max_window_bytes={1 << log} "
    )
    lines = write(tmp_path, "a.jsonl.zst", wide(LINES, log))
    warc = write(tmp_path, "a.warc.zst", wide(RECORDS[0], log))
    wet = write(tmp_path, "a.wet.zst", wide(record(0, b"x", "conversion"), log))
    text = write(tmp_path, "a.txt.zst", wide(b"text", log))
    for path, reader in ((lines, Jsonl), (warc, Warc), (wet, Wet), (text, Text)):
        with pytest.raises(DataError, match=said):
            outcome(reader(path))
        assert outcome(reader(path, max_window_bytes=1 << log)).rows
    assert Jsonl(lines, max_window_bytes=1 << log).identity() == Jsonl(lines).identity()
    with pytest.raises(ConfigError, match="max_window_bytes is 0"):
        Jsonl(lines, max_window_bytes=0)


def test_window_that_no_decoder_has_is_damage(tmp_path: Path) -> None:
    good, bad = zstd.compress(RECORDS[0]), bytearray(wide(RECORDS[1], 31))
    bad[5] |= 7
    result = outcome(Warc(write(tmp_path, "a.warc.zst", good + bad + good), max_window_bytes=1 << 31))
    assert (result.urls, result.rejects) == (["0", "0"], [("warc.bad_zstd", len(good))])


def test_xz_dictionary_is_bounded_too(tmp_path: Path) -> None:
    packed = lzma.compress(LINES, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4 << 20}])
    path = write(tmp_path, "a.jsonl.xz", packed)
    assert len(outcome(Jsonl(path)).rows) == 9
    with pytest.raises(DataError, match=r"the xz stream at byte 0 .* above the 65,536 bytes allowed.*max_window_bytes"):
        outcome(Jsonl(path, max_window_bytes=1 << 16))


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2", ".xz"])
@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, bz2.compress, lzma.compress, bytes])
def test_first_bytes_say_more_than_the_name(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    assert len(outcome(Jsonl(write(tmp_path, f"a.jsonl{suffix}", pack(LINES)))).rows) == 9
    assert outcome(Warc(write(tmp_path, f"a.warc{suffix}", pack(b"".join(RECORDS))))).urls == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("suffix, name", [(".gz", "gzip"), (".zst", "zstd"), (".bz2", "bzip2"), (".xz", "xz")])
@pytest.mark.parametrize("data", [b"\0\1\2\n\xff" * 40, b"(\xb5/"])
def test_packed_name_without_text_is_never_read_as_lines(tmp_path: Path, suffix: str, name: str, data: bytes) -> None:
    with pytest.raises(DataError, match=f"is no {name} data"):
        outcome(Jsonl(write(tmp_path, f"a.jsonl{suffix}", data)))
    with pytest.raises(DataError, match="is not a WARC file"):
        outcome(Warc(write(tmp_path, f"a.warc{suffix}", data)))


LZ4_SENTENCES = {
    b"\x04\x22\x4d\x18rest": "lz4 data of the member at 0 is broken: .*Fetch the file again",
    b"\x02\x21\x4c\x18rest": r"is compressed with LZ4's legacy format, which is not read\. Decompress it: lz4 -d\.",
    skippable(b"x")[:3] + b"\1": "what stands at byte 0 is no lz4 data. Fetch the file again",
}


@pytest.mark.parametrize("data", LZ4_SENTENCES)
def test_broken_lz4_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    pytest.importorskip("lz4")
    with pytest.raises(DataError, match=LZ4_SENTENCES[data]):
        outcome(Jsonl(write(tmp_path, "a.jsonl.lz4", data)))


def test_lz4_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lz4", None)
    monkeypatch.setitem(sys.modules, "lz4.frame", None)
    with pytest.raises(
        DataError, match=r"is compressed with LZ4\. Install its library: pip install 'atom-data\[lz4\]'"
    ):
        outcome(Jsonl(write(tmp_path, "a.jsonl.lz4", b"\x04\x22\x4d\x18rest")))


@pytest.mark.parametrize("name", ["a.jsonl.lz4", "a.jsonl"])
def test_lz4_is_read_frame_by_frame(tmp_path: Path, name: str) -> None:
    frame = pytest.importorskip("lz4.frame")
    lines = [f'{{"id": "{number}", "text": "{"text " * 5000}"}}\n'.encode() for number in range(50)]
    data = frame.compress(b"".join(lines[:20])) + frame.compress(b"".join(lines[20:]), content_checksum=True)
    found = outcome(Jsonl(write(tmp_path, name, data)))
    assert [row["id"] for row in found.rows] == [str(number) for number in range(50)]
    with pytest.raises(DataError, match="ends inside the member at"):
        outcome(Jsonl(write(tmp_path, name, data[:-30])))


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_streams_behind_one_another_and_padding_are_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    data = pack(LINES[:40]) + b"\0" * 8 + pack(b"") + pack(LINES[40:]) + b"\0" * 512
    assert len(outcome(Jsonl(write(tmp_path, "a.jsonl.xz", data))).rows) == 9


@settings(max_examples=60, deadline=None)
@given(size=st.integers(0, 300_000), checksum=st.booleans(), known=st.booleans(), level=st.sampled_from([1, 9]))
def test_header_says_what_libzstd_says(size: int, checksum: bool, known: bool, level: int) -> None:
    parameters = zstd.CompressionParameter
    options = {
        parameters.checksum_flag: int(checksum),
        parameters.content_size_flag: int(known),
        parameters.compression_level: level,
    }
    made = zstd.compress(bytes(range(256)) * (size // 256) + b"x" * (size % 256), options=options, zstd_dict=WORDS)
    said = header(made)
    assert said is not None
    assert said.dictionary == zstd.get_frame_info(made).dictionary_id == WORDS.dict_id
    assert said.checksum == checksum
    assert size <= said.window_bytes
    assert is_chained(made)
    assert is_chained(b"x" + made[1:] + made)


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=40))
def test_header_of_anything_does_not_raise(data: bytes) -> None:
    for begin in (data, b"\x28\xb5\x2f\xfd" + data):
        header(begin)
        is_chained(begin)
