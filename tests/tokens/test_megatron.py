"""The bytes of .bin and .idx, against an answer written by hand from Megatron-core's layout."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from atom_data.errors import DataError
from atom_data.storage.parquet import Output
from atom_data.storage.paths import sha256
from atom_data.tokens.megatron import create_megatron, index_bytes, read_header, read_index, read_pair

KNOWN = (
    "4d 4d 49 44 49 44 58 00 00"  # magic
    "01 00 00 00 00 00 00 00"  # version
    "04"  # int32
    "03 00 00 00 00 00 00 00"  # sequences
    "04 00 00 00 00 00 00 00"  # documents + 1
    "02 00 00 00  01 00 00 00  03 00 00 00"  # lengths
    "00 00 00 00 00 00 00 00  08 00 00 00 00 00 00 00  0c 00 00 00 00 00 00 00"  # byte pointers
    "00 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00"  # document index
    "02 00 00 00 00 00 00 00  03 00 00 00 00 00 00 00"
)


def write(folder: Path, documents: list[list[int]], dtype: str = "<u4", parts: int = 1) -> tuple[str, Output, Output]:
    prefix = str(folder / "shard")
    binary, index = Output("shard.bin"), Output("shard.idx")
    with create_megatron(prefix, np.dtype(dtype), "test", binary, index) as shard:
        for part in range(parts):
            some = (
                documents[part::parts]
                if parts == 1
                else documents[len(documents) * part // parts : len(documents) * (part + 1) // parts]
            )
            ids = np.array([token for document in some for token in document], dtype)
            shard.write(ids, np.array([len(document) for document in some], np.int64))
    return prefix, binary, index


def test_index_bytes_known_answer() -> None:
    assert index_bytes(np.array([2, 1, 3], np.int32), np.dtype("<u4")) == bytes.fromhex(KNOWN)


def test_index_bytes_two_byte_ids_have_code_8_and_their_own_pointers() -> None:
    known = bytearray.fromhex(KNOWN)
    known[17] = 8
    known[54], known[62] = 4, 6
    assert index_bytes(np.array([2, 1, 3], np.int32), np.dtype("<u2")) == bytes(known)


def test_create_writes_both_files_and_their_hashes(tmp_path: Path) -> None:
    prefix, binary, index = write(tmp_path, [[7, 70_000], [1], [2, 3, 0]])
    assert Path(f"{prefix}.bin").read_bytes() == np.array([7, 70_000, 1, 2, 3, 0], "<i4").tobytes()
    assert Path(f"{prefix}.idx").read_bytes() == bytes.fromhex(KNOWN)
    assert (binary.bytes, binary.sha256, binary.rows) == (24, sha256(f"{prefix}.bin"), 3)
    assert (index.bytes, index.sha256, index.rows) == (102, sha256(f"{prefix}.idx"), 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shard.bin", "shard.idx"]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=st.lists(st.lists(st.integers(0, 65_535), max_size=8), max_size=20),
    dtype=st.sampled_from(["<u2", "<u4"]),
    parts=st.integers(1, 4),
)
def test_round_trip_any_documents_in_any_parts(
    tmp_path: Path, documents: list[list[int]], dtype: str, parts: int
) -> None:
    prefix, _, _ = write(tmp_path, documents, dtype, parts)
    index = read_pair(prefix)
    ids = np.fromfile(f"{prefix}.bin", index.dtype)
    assert index.dtype == np.dtype(dtype)
    assert [
        ids[start : start + count].tolist() for start, count in zip(index.starts, index.lengths, strict=True)
    ] == documents
    assert index.tokens == sum(map(len, documents))


def test_documents_of_a_range_are_those_that_share_a_token(tmp_path: Path) -> None:
    prefix, _, _ = write(tmp_path, [[1, 1], [], [2], [3, 3, 3], [4]])
    index = read_index(f"{prefix}.idx")
    owner = [0, 0, 2, 3, 3, 3, 4]
    for start in range(7):
        for stop in range(start + 1, 8):
            first, last = index.documents(start, stop)
            assert [n for n in range(first, last) if index.lengths[n]] == sorted(set(owner[start:stop]))
    assert index.documents(3, 3) == (0, 0)


def test_write_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="3 ids for documents of 4"),
        create_megatron(str(tmp_path / "a"), np.dtype("<u4"), "t", Output(""), Output("")) as shard,
    ):
        shard.write(np.zeros(3, "<u4"), np.array([4]))
    with (
        pytest.raises(ValueError, match="65536 does not fit into uint16"),
        create_megatron(str(tmp_path / "a"), np.dtype("<u2"), "t", Output(""), Output("")) as shard,
    ):
        shard.write(np.array([65_536], "<u4"), np.array([1]))
    with (
        pytest.raises(ValueError, match="2147483648 does not fit"),
        create_megatron(str(tmp_path / "a"), np.dtype("<u4"), "t", Output(""), Output("")) as shard,
    ):
        shard.write(np.array([2**31], "<u4"), np.array([1]))
    assert list(tmp_path.iterdir()) == []


def changed(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: data[:20], "it begins with"),
        (lambda data: b"", "it begins with b''"),
        (lambda data: changed(data, 0, 0), "not with b'MMIDIDX"),
        (lambda data: changed(data, 9, 2), "version 2 and dtype code 4"),
        (lambda data: changed(data, 17, 9), "version 1 and dtype code 9"),
        (lambda data: changed(data, 26, 9), "3 sequences and 9 document marks"),
        (lambda data: data[:-1], "101 bytes; 3 documents take 102"),
        (lambda data: data + b"\0", "103 bytes; 3 documents take 102"),
        (lambda data: changed(data, 33, 255), "document marks"),
        (lambda data: changed(data, 37, 255), "document 0 has -"),
        (lambda data: changed(data, 46, 1), "pointers are not the sums"),
        (lambda data: changed(data, 78, 3), "documents are not one sequence each"),
    ],
)
def test_read_damaged_index_says_what_is_wrong(tmp_path: Path, damage: object, says: str) -> None:
    prefix, _, _ = write(tmp_path, [[7, 70_000], [1], [2, 3, 0]])
    path = Path(f"{prefix}.idx")
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(DataError, match=says) as caught:
        read_index(str(path))
    assert str(caught.value).startswith(f"{path}: is not a whole Megatron index: ")
    assert str(caught.value).endswith("Rebuild the shard.")


def test_read_header_is_enough_for_type_and_count(tmp_path: Path) -> None:
    prefix, _, _ = write(tmp_path, [[1], [2]], "<u2")
    assert read_header(f"{prefix}.idx") == (np.dtype("<u2"), 2)


def test_read_pair_bin_that_does_not_fit_or_is_missing(tmp_path: Path) -> None:
    prefix, _, _ = write(tmp_path, [[1, 2], [3]])
    path = Path(f"{prefix}.bin")
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DataError, match=r"shard\.bin: 8 bytes, and the \.idx beside it speaks of 3 tokens in 12"):
        read_pair(prefix)
    path.unlink()
    with pytest.raises(DataError, match=r"shard\.bin: there is no such file"):
        read_pair(prefix)
